"""hal/linux's AD7606: what sysfs says of a scan, gaps by its times, and what is written to sysfs."""

import asyncio

import numpy as np
import pytest
from meter.hal.linux.adc_ad7606 import Adc, Element, FormatError, layout

from host_tests.hal.models.iio import TYPES, Device
from host_tests.harness import read_all

CHANNELS = ("VA", "VB", "VC", "IA", "IB", "IC")
INPUTS = (0, 1, 2, 4, 5, 6)
UNITS = (100.0,) * 3 + (10.0,) * 3


def adc_of(device, **options):
    options = {"rate": 25600, "trigger": str(device.trigger), "block": 100, **options}
    return Adc(str(device.device), str(device.node), CHANNELS, INPUTS, UNITS, **options)


def samples(block):
    return np.frombuffer(block[2], dtype="<i4").reshape(block[1], len(CHANNELS))


@pytest.mark.parametrize("kind", TYPES)
def test_counts_of_each_kind_of_converter_are_made_24_bits_wide(tmp_path, kind):
    device = Device(tmp_path, kind)
    adc = adc_of(device)
    counts = [-3, 5, -(1 << (device.bits - 1)), 999, (1 << (device.bits - 1)) - 2, 0, 7, 998]
    device.convert(counts)
    device.end()
    wide = 1 << (24 - device.bits)
    assert samples(read_all(adc)[0])[0].tolist() == [counts[n] * wide for n in INPUTS]
    assert adc.scales[0] == pytest.approx(100.0 * 0.000152587890 / wide)
    adc.close()


def test_the_end_of_the_range_is_the_end_of_24_bits_so_the_meter_sees_it_clip(tmp_path):
    device = Device(tmp_path)
    adc = adc_of(device)
    device.convert([32767, -32768, 32766, 0, 1, 0, 0, 0])
    device.end()
    assert samples(read_all(adc)[0])[0].tolist() == [0x7FFFFF, -0x800000, 32766 << 8, 1 << 8, 0, 0]
    adc.close()


def test_only_the_inputs_that_are_metered_and_the_time_are_in_the_scan(tmp_path):
    device = Device(tmp_path)
    (device.device / "scan_elements" / "in_voltage7_en").write_text("1")
    adc = adc_of(device)
    assert device.enabled() == list(INPUTS)
    assert device.attribute("scan_elements/in_timestamp_en") == "1"
    assert device.attribute("trigger/current_trigger") == "ferraris-hrtimer"
    assert device.attribute("buffer/enable") == "1" and int(device.attribute("buffer/length")) >= 8192
    adc.close()
    assert device.attribute("buffer/enable") == "0"


def test_the_rate_is_what_the_trigger_says_it_is(tmp_path):
    device = Device(tmp_path, rate=25600.0)
    adc = adc_of(device)
    assert adc.rate == 25600.0
    assert adc.set_rate(30720) == adc.rate == 30720.0
    assert (device.trigger / "sampling_frequency").read_text() == "30720"
    adc.close()


def test_scans_that_the_kernel_dropped_are_a_gap_in_the_numbers_and_counted(tmp_path):
    device = Device(tmp_path)
    adc = adc_of(device)
    for lost in (0, 0, 0, 7, 0, 1, 0):
        device.convert([1] * 8, lost)
    device.end()
    assert [(first, count) for first, count, _ in read_all(adc)] == [(0, 3), (10, 2), (13, 2)]
    assert adc.overruns == 8
    adc.close()


def test_a_gap_between_two_reads_is_seen_too(tmp_path):
    device = Device(tmp_path)
    adc = adc_of(device, block=2)
    for lost in (0, 0, 5, 0):
        device.convert([1] * 8, lost)
    device.end()
    assert [(first, count) for first, count, _ in read_all(adc)] == [(0, 2), (7, 2)]
    adc.close()


def test_a_jitter_of_a_third_of_a_sample_is_no_gap(tmp_path):
    device = Device(tmp_path)
    adc = adc_of(device)
    for k in range(50):
        device.time += (-1) ** k * 13_000
        device.convert([1] * 8)
    device.end()
    assert [(first, count) for first, count, _ in read_all(adc)] == [(0, 50)]
    assert adc.overruns == 0
    adc.close()


def test_a_read_waits_for_the_device_and_closing_ends_it(tmp_path):
    device = Device(tmp_path)
    adc = adc_of(device)

    async def talk():
        reading = asyncio.create_task(adc.read())
        for _ in range(3):
            await asyncio.sleep(0)
        assert not reading.done()
        device.convert([2] * 8)
        first = await reading
        reading = asyncio.create_task(adc.read())
        for _ in range(3):
            await asyncio.sleep(0)
        adc.close()
        return first, await reading

    first, last = asyncio.run(talk())
    assert samples(first).tolist() == [[512] * 6] and last is None
    device.end()


def test_an_input_may_have_a_scale_of_its_own(tmp_path):
    device = Device(tmp_path)
    (device.device / "in_voltage4_scale").write_text("0.305175781")
    adc = adc_of(device)
    assert adc.scales[3] == pytest.approx(10.0 * 0.000305175781 / 256)
    assert adc.scales[4] == pytest.approx(10.0 * 0.000152587890 / 256)
    adc.close()
    device.end()


@pytest.mark.parametrize("text", ("", "le:s16/16", "me:s16/16>>0", "le:s16/24>>0", "le:s12/16X4>>0"))
def test_a_format_that_is_not_known_is_an_error_that_shows_it(text):
    with pytest.raises(FormatError):
        Element("in_voltage0", text, 0)


@pytest.mark.parametrize(
    "types, places, size",
    [
        (("le:s16/16>>0",) * 6 + ("le:s64/64>>0",), (0, 2, 4, 6, 8, 10, 16), 24),
        (("le:s16/16>>0", "le:s64/64>>0"), (0, 8), 16),
        (("le:s32/32>>0", "le:s16/16>>0", "le:s32/32>>0"), (0, 4, 8), 12),
        (("le:u8/8>>0",), (0,), 1),
    ],
)
def test_elements_are_aligned_to_their_size_and_the_scan_to_its_largest(types, places, size):
    elements = [Element("e", text, k) for k, text in enumerate(types)]
    assert layout(elements) == size
    assert tuple(element.at for element in elements) == places


def test_a_converter_that_counts_from_zero_is_centred(tmp_path):
    device = Device(tmp_path)
    device.type, device._code = "le:u16/16>>0", "<H"
    for n in range(8):
        (device.device / "scan_elements" / f"in_voltage{n}_type").write_text(device.type)
    adc = adc_of(device)
    device.convert([0, 0x8000, 0xFFFF, 0, 0x8001, 0, 0, 0])
    device.end()
    assert samples(read_all(adc)[0])[0].tolist() == [-0x800000, 0, 0x7FFFFF, 256, -0x800000, -0x800000]
    adc.close()
