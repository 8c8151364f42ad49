"""The contract of hal Adc (meter/hal/__init__.py). A backend that passes this can be metered.

To test another backend, add a row to BACKENDS: () -> an Adc that ends after some blocks of at most a second.
"""

import asyncio
from time import monotonic

import numpy as np
import pytest
from meter.hal.sim.adc import Adc
from meter.hal.sim.front_end import FrontEnd, scale
from meter.hal.sim.synthesizer import CHANNELS, Synthesizer, three_phase

from host_tests.hal import linux_backends, rp2_devices
from host_tests.harness import read_all

RATE = 7680.0
SCALES = (scale(300.0),) * 3 + (scale(20.0),) * 3


def synthesizer(rate=RATE):
    return Synthesizer(rate, 60.0, three_phase((120,) * 3, (5,) * 3, (30,) * 3))


class Recorded:
    """A source that ends, with some of the channels only."""

    channels = ("IA", "VA")
    rate = RATE
    length = 1000

    def read(self, first, count):
        stop = min(first + count, self.length)
        return np.arange(first, stop) * np.array([[SCALES[3]], [SCALES[0]]])


def make(source=None, scales=SCALES, **options):
    return Adc(source or synthesizer(), FrontEnd(scales), **options)


BACKENDS = {
    "sim": lambda: make(last=3000),
    "sim in odd blocks": lambda: make(block=251, last=3000),
    "sim from a later sample": lambda: make(block=500, first=1234, last=3000),
    "sim paced": lambda: make(block=256, last=1024, speed=100.0),
    "sim of a recording": lambda: make(Recorded(), (SCALES[3], SCALES[0]), block=300),
    "rp2": rp2_devices.adc,
    **linux_backends.ADCS,
}


@pytest.fixture(params=BACKENDS)
def adc(request):
    device = BACKENDS[request.param]()
    yield device
    device.close()


def test_channels_are_known_names_and_each_has_a_scale(adc):
    assert adc.channels and len(set(adc.channels)) == len(adc.channels)
    assert set(adc.channels) <= {*CHANNELS, "IN"}
    assert len(adc.scales) == len(adc.channels)
    assert all(isinstance(unit, float) and unit > 0 for unit in adc.scales)


def test_the_rate_is_a_float(adc):
    assert isinstance(adc.rate, float) and adc.rate > 0


def test_setting_the_rate_tells_the_rate_that_is(adc):
    assert adc.set_rate(adc.rate * 1.001) == adc.rate


def test_blocks_join_on(adc):
    blocks = read_all(adc)
    assert len(blocks) > 1
    for (first, count, _), (following, _, _) in zip(blocks, blocks[1:]):
        assert following == first + count


def test_a_block_holds_all_channels_of_all_its_samples(adc):
    for first, count, data in read_all(adc):
        assert isinstance(first, int) and isinstance(count, int) and count > 0
        assert len(data) == count * len(adc.channels) * 4


def test_samples_fit_in_24_bits(adc):
    for _, _, data in read_all(adc):
        counts = np.frombuffer(data, dtype="<i4")
        assert -(1 << 23) <= np.min(counts) and np.max(counts) < 1 << 23


def test_the_end_is_none_and_stays(adc):
    read_all(adc)
    assert asyncio.run(adc.read()) is None
    assert asyncio.run(adc.read()) is None


def test_nothing_is_lost_unseen(adc):
    read_all(adc)
    assert adc.overruns == 0


def test_others_may_run_while_it_is_read(adc):
    async def both():
        turns = 0

        async def other():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        while await adc.read():
            pass
        task.cancel()
        return turns

    assert asyncio.run(both()) >= 3


# What only the simulated converter promises.


def test_blocks_are_a_tenth_of_a_second_unless_told_otherwise():
    assert [count for _, count, _ in read_all(make(last=2000))] == [768, 768, 464]
    assert [first for first, _, _ in read_all(make(block=300, first=100, last=1000))] == [100, 400, 700]


def test_a_source_without_end_is_read_on():
    assert len(read_all(make(block=100), most=50)) == 50


def test_the_end_of_a_recording_gives_a_short_block_and_then_none():
    blocks = read_all(BACKENDS["sim of a recording"]())
    assert [(first, count) for first, count, _ in blocks] == [(0, 300), (300, 300), (600, 300), (900, 100)]


def test_samples_are_interleaved_in_the_order_of_the_channels():
    (_, count, data) = read_all(BACKENDS["sim of a recording"]())[1]
    counts = np.frombuffer(data, dtype="<i4").reshape((count, 2))
    assert np.array_equal(counts, np.arange(300, 600).reshape((-1, 1)) * [[1, 1]])


@pytest.mark.parametrize("block", (100, 333, 3000))
def test_the_same_samples_come_in_blocks_of_any_size(block):
    whole = b"".join(data for _, _, data in read_all(make(last=3000, block=1), most=4000))
    assert b"".join(data for _, _, data in read_all(make(last=3000, block=block))) == whole


def test_the_pace_is_that_of_the_rate_times_speed():
    adc = make(block=128, last=1024, speed=1.0)
    started = monotonic()
    blocks = read_all(adc)
    elapsed = monotonic() - started
    assert len(blocks) == 8
    # Eight blocks of 1/60 s: it may be late on a busy machine, never early.
    assert elapsed >= 8 / 60 - 0.002


def test_a_block_that_was_read_late_does_not_delay_those_after_it():
    adc = make(block=768, last=3072, speed=1.0)

    async def read():
        await adc.read()
        await asyncio.sleep(0.25)
        started = monotonic()
        await adc.read()
        await adc.read()
        return monotonic() - started

    assert asyncio.run(read()) < 0.15  # both were due in the pause; waiting for them anew takes 0.2 s


def test_without_a_speed_it_does_not_wait():
    started = monotonic()
    read_all(make(last=int(20 * RATE)), most=1000)
    assert monotonic() - started < 10
