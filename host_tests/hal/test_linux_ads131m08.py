"""hal/linux's ADS131M08: polls, numbers, damaged frames, a reader that comes late, a brown-out, a silent chip."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from meter.hal import ads131m08 as chip
from meter.hal.linux.ads131m08_reader import Pipe, Silence
from meter.hal.linux.spi import Frames, Spi

from host_tests.hal.linux_backends import GAINS, INPUTS, OPTIONS, ads131m08, numbered
from host_tests.hal.models.ads131m08_linux import Kernel
from host_tests.harness import read_all

FIRMWARE = Path(__file__).parents[2] / "firmware"


def decoded(adc):
    """Return (number as the meter gets it, conversion it is of) of every sample that was read."""
    pairs = []
    for first, count, data in read_all(adc, most=10_000):
        samples = np.frombuffer(data, dtype="<i4").reshape(count, 6)
        for k, row in enumerate(samples):
            signs = {value < 0 for value in row[1:].tolist()}
            assert len(signs) == 1 and np.abs(row).tolist() == [abs(row[0]) + c for c in range(6)], row
            pairs.append((first + k, abs(int(row[0])) // 8))
    return pairs


def offsets(pairs):
    """Return by how much the numbers lag behind the conversions, in order, without repeats."""
    found = []
    for number, conversion in pairs:
        if not found or found[-1] != conversion - number:
            found.append(conversion - number)
    return found


def test_every_conversion_arrives_once_and_in_order():
    kernel = Kernel(numbered)
    adc, reader = ads131m08(kernel, turns=40)
    pairs = decoded(adc)
    assert len(pairs) > 1500 and [number for number, _ in pairs] == list(range(len(pairs)))
    # Those of the first microseconds, while the chip was set up, are not numbered.
    assert len(offsets(pairs)) == 1
    assert adc.overruns == adc.bad_frames == adc.resets == 0
    assert kernel.frames > 1.3 * len(pairs), "polls come faster than samples, those without one are left out"


def test_a_block_is_as_long_as_asked_for():
    adc, _ = ads131m08(turns=40, block=512)
    lengths = [count for _, count, _ in read_all(adc)]
    assert lengths and all(512 <= count < 512 + 140 for count in lengths)


def test_counts_are_those_of_the_chip_at_both_ends_of_the_range():
    extremes = (0x7FFFFF, -0x800000, -1, 0, 1, 0x123456, 7, 8)
    adc, _ = ads131m08(Kernel(lambda n: extremes))
    _, count, data = read_all(adc)[0]
    assert np.frombuffer(data, dtype="<i4").reshape(count, 6)[5].tolist() == list(extremes[:6])


def test_inputs_are_taken_in_the_order_that_is_asked_for():
    adc, _ = ads131m08(Kernel(lambda n: tuple(range(8))), inputs=(7, 5, 0, 1, 2, 3))
    assert np.frombuffer(read_all(adc)[0][2], dtype="<i4")[:6].tolist() == [7, 5, 0, 1, 2, 3]


@pytest.mark.feature("MET-06")
def test_the_chip_is_set_to_its_highest_rate_and_the_gains_and_locked():
    kernel = Kernel(numbered)
    ads131m08(kernel, gains=(1, 2, 4, 8, 16, 32, 64, 128))
    registers = kernel.chip.registers
    assert registers[0x03] == 0xFF82 and kernel.chip.period_ns() == pytest.approx(1e9 / 25600)
    assert (registers[0x04], registers[0x05]) == (0x3210, 0x7654)
    assert kernel.chip.status() & 0x8400 == 0x8000


def test_scales_are_those_of_the_reference_and_the_gain():
    adc, _ = ads131m08()
    assert adc.scales[0] == pytest.approx(220.0 * 1.2 / 2**23)
    assert adc.scales[3] == pytest.approx(20.0 * 1.2 / 2**23)


@pytest.mark.parametrize("frame", (3300, 3301, 3302, 3303))
def test_a_frame_with_a_wrong_crc_is_left_out_and_its_sample_is_a_gap(frame):
    kernel = Kernel(numbered)
    kernel.damage[frame] = lambda data: data[:10] + bytes([data[10] ^ 0x40]) + data[11:]
    adc, reader = ads131m08(kernel, turns=48)
    pairs = decoded(adc)
    assert len(offsets(pairs)) == 1, "the numbers after the gap are right"
    # A frame without a new sample may be damaged without harm.
    assert adc.overruns == adc.bad_frames == reader.bad_frames <= 1
    assert pairs[-1][0] + 1 - len(pairs) == adc.overruns


def test_some_frame_of_four_in_a_row_has_a_sample_and_its_damage_is_counted():
    kernel = Kernel(numbered)
    for frame in range(3300, 3304):
        kernel.damage[frame] = lambda data: bytes([data[0], data[1], 0xAA]) + data[3:]
    adc, _ = ads131m08(kernel, turns=48)
    assert len(offsets(decoded(adc))) == 1
    assert 2 <= adc.bad_frames == adc.overruns <= 4


def test_a_sample_whose_status_was_damaged_is_counted_as_lost_within_a_fifth_of_a_second():
    kernel = Kernel(numbered)
    for frame in range(3300, 3302):  # one of two polls has a sample, at least
        kernel.damage[frame] = lambda data: data[:1] + b"\0" + data[2:]
    adc, _ = ads131m08(kernel, turns=70)
    pairs = decoded(adc)
    lags = offsets(pairs)
    assert lags[0] == lags[-1] and 1 <= adc.overruns <= 2
    # Between the damage and the count of it the numbers are behind by as much.
    behind = [number for number, conversion in pairs if conversion - number != lags[0]]
    assert max(behind) - min(behind) < 5120


@pytest.mark.parametrize("late_us", (1_000, 20_000, 200_000))
def test_what_the_reader_came_too_late_for_is_a_gap_of_the_right_length(late_us):
    kernel = Kernel(numbered)
    kernel.stalls[26] = late_us
    adc, _ = ads131m08(kernel, turns=48)
    pairs = decoded(adc)
    lags = offsets(pairs)
    assert max(lags) - min(lags) <= 2 and abs(lags[-1] - lags[0]) <= 1
    assert adc.overruns == pytest.approx(late_us * 0.0256, abs=4)
    numbers = [number for number, _ in pairs]
    assert numbers == sorted(set(numbers))


def test_two_samples_of_delay_lose_nothing():
    kernel = Kernel(numbered)
    kernel.stalls = dict.fromkeys(range(20, 50, 3), 30)
    adc, _ = ads131m08(kernel, turns=48)
    assert len(offsets(decoded(adc))) == 1 and adc.overruns == 0


def test_polls_that_are_too_slow_lose_samples_and_say_so():
    kernel = Kernel(numbered, overhead_us=40.0)  # a kernel that needs longer than a sample for each transfer
    adc, _ = ads131m08(kernel, turns=48)
    pairs = decoded(adc)
    assert adc.overruns > len(pairs) * 0.2
    lags = offsets(pairs)
    assert abs(lags[-1] - lags[0]) < 136, "it does not drift: what is not yet counted came in the last call"


def test_a_brown_out_sets_the_chip_up_anew_and_leaves_a_gap_of_its_length():
    kernel = Kernel(numbered)
    kernel.before[26] = lambda chip: (chip.power_up(), chip.advance(8_000_000))
    adc, reader = ads131m08(kernel, turns=48)
    blocks = read_all(adc)
    assert adc.resets == reader.resets == 1
    assert kernel.chip.registers[0x03] == 0xFF82, "at its full rate again"
    assert 8 <= adc.overruns / 25.6 < 90, "milliseconds without samples"
    elapsed = kernel.chip.now_ns / 1e9
    assert (blocks[-1][0] + blocks[-1][1]) / 25600 == pytest.approx(elapsed, abs=0.1)


def test_a_chip_whose_clock_stops_is_an_error_within_a_second():
    kernel = Kernel(numbered)
    kernel.before[26] = lambda chip: setattr(chip, "is_clocked", False)
    with pytest.raises(Silence, match="gives no samples"):
        ads131m08(kernel, turns=10_000)
    assert kernel.chip.now_ns < 1.5e9


def test_missing_drdy_edges_are_an_error_and_not_silence():
    """Samples arrive, but the line DRDY is not connected: the numbers would not be right."""
    kernel = Kernel(numbered)
    kernel.before = {k: lambda chip: setattr(chip, "events", []) for k in range(1, 400)}
    kernel.readable = lambda fd: False
    with pytest.raises(OSError, match="DRDY"):
        ads131m08(kernel, turns=400)


def test_a_chip_that_is_not_there_is_an_error():
    kernel = Kernel(numbered)
    kernel.chip.is_powered = False
    with pytest.raises(chip.ChipError):
        ads131m08(kernel)


def test_another_chip_is_an_error():
    kernel = Kernel(numbered)
    kernel.chip.registers[0] = 0x2403
    power_up = kernel.chip.power_up
    kernel.chip.power_up = lambda: (power_up(), kernel.chip.registers.update({0: 0x2403}))
    with pytest.raises(chip.ChipError, match="2403"):
        ads131m08(kernel)


def test_edge_numbers_may_wrap_at_32_bits():
    kernel = Kernel(numbered)
    kernel.chip.edges = 0xFFFFFFFF - 1500

    def wrap(events):
        return [(ns, number & 0xFFFFFFFF) for ns, number in events]

    read = kernel.read
    kernel.read = lambda fd, size: (setattr(kernel.chip, "events", wrap(kernel.chip.events)), read(fd, size))[
        1
    ]
    adc, _ = ads131m08(kernel, turns=48)
    pairs = decoded(adc)
    assert len(pairs) > 2500 and len(offsets(pairs)) == 1 and adc.overruns == 0


def test_what_the_meter_does_not_read_is_dropped_whole_and_shows_as_a_gap():
    kernel = Kernel(numbered)
    adc, _ = ads131m08(kernel, turns=700, block=256)  # more than the pipe holds
    first_blocks = read_all(adc, most=10_000)
    for _, count, data in first_blocks:
        assert len(data) == count * 24
    assert len(first_blocks) > 50


def test_a_full_pipe_drops_records_and_goes_on_with_whole_ones():
    read, write = os.pipe()
    pipe = Pipe(write)
    records = [bytes([k]) * 100_000 for k in range(40)]
    for each in records:
        pipe.put(each)
    os.set_blocking(read, False)
    taken = os.read(read, 1 << 22)
    pipe.put(b"end")
    pipe.put(b"end")
    taken += os.read(read, 1 << 22)
    os.close(read)
    os.close(write)
    whole, rest = divmod(taken.index(b"end"), 100_000)
    assert rest == 0 and 0 < whole < 40 and taken[:100] == b"\0" * 100


def test_more_frames_than_the_kernel_takes_in_one_call_are_refused():
    with pytest.raises(ValueError, match="4096"):
        Frames(Spi("/dev/spidev0.0", 1_000_000, 1, Kernel(numbered)), 137, 30, 0)


def test_the_process_says_what_is_wrong_and_its_adc_raises():
    """The real process on this machine, which has no such device."""
    options = {**OPTIONS, "spi": "/nonexistent/spidev9.9"}
    result = subprocess.run(
        [sys.executable, "-m", "meter.hal.linux.ads131m08_reader", json.dumps(options)],
        cwd=FIRMWARE, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert result.returncode == 1 and "/nonexistent/spidev9.9" in result.stderr

    from meter.hal.linux.adc_ads131m08 import Adc, start

    child = start(options["spi"], "/dev/gpiochip0", 25, INPUTS, GAINS, 25600.0)
    adc = Adc(child, ("VA",) * 6, (1.0,) * 6, 25600.0)
    with pytest.raises(OSError, match="cannot be read"):
        asyncio.run(adc.read())
    adc.close()


def test_closing_ends_a_read_that_waits():
    read, write = os.pipe()
    from host_tests.hal.linux_backends import CHANNELS, Ads131m08
    from host_tests.hal.linux_backends import Pipe as Source

    adc = Ads131m08(Source(read), CHANNELS, (1.0,) * 6, 25600.0)

    async def talk():
        reading = asyncio.create_task(adc.read())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not reading.done()
        adc.close()
        return await reading

    assert asyncio.run(talk()) is None
    os.close(write)
