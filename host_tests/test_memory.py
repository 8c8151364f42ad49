"""A meter that runs for long takes no more memory than one that runs for a minute; its cost grows with time alone."""

import gc
import sys

from meter.hal.sim.front_end import FrontEnd, scale
from meter.hal.sim.synthesizer import CHANNELS, Synthesizer, three_phase
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.tracking import Tracker

from host_tests.harness import Bench

RATE, SECOND = 30720.0, 30720
SCALES = [scale(300.0)] * 3 + [scale(20.0)] * 3


def one_second():
    """A block of a second at 60 Hz: sixty whole cycles, so that it can be repeated."""
    tones = three_phase((120.0,) * 3, (5.0,) * 3, (30.0,) * 3)
    return FrontEnd(SCALES).convert(Synthesizer(RATE, 60.0, tones), 0, SECOND)[1]


def run(bench, tracker, block, first, seconds):
    for second in range(first, first + seconds):
        for frame in tracker.feed(second * SECOND, SECOND, block):
            bench.meter.step(frame)


def allocated():
    """Blocks of memory in use: an array counts as its object, and none grows."""
    gc.collect()
    return sys.getallocatedblocks()


def test_memory_does_not_grow_over_an_hour():
    # The flash is full length from the start; what is looked at is everything beside it.
    bench, block = Bench(minutes=1), one_second()
    bench.meter._observer = None  # the bench would remember every second
    tracker = Tracker(CHANNELS, SCALES, RATE, 60, 120, 2.4)
    run(bench, tracker, block, 0, 700)  # past a checkpoint, so every path has been taken
    before = allocated()
    run(bench, tracker, block, 700, 3600)
    grown = allocated() - before
    assert bench.meter.clock.second - bench.meter.latest.end <= 2
    assert len(bench.records()) > 60
    assert grown < 100, f"{grown} blocks more after an hour"


def test_cost_grows_linearly_with_time():
    # Calls, not seconds: they do not depend on what else the machine does.
    calls = []
    for seconds in (9, 18, 36):  # instantaneous values are renewed every 1.5 s
        bench, tracker = Bench(), Tracker(CHANNELS, SCALES, RATE, 60, 120, 2.4)
        block, count = one_second(), [0]

        def counted(frame, event, argument, count=count):
            count[0] += 1

        sys.setprofile(counted)
        run(bench, tracker, block, 0, seconds)
        sys.setprofile(None)
        calls.append(count[0])
    first, second = calls[1] - calls[0], calls[2] - calls[1]
    assert abs(second / first - 2) < 0.05, calls


def test_a_long_frame_takes_few_more_calls_than_a_short_one():
    calls = {}
    for half_cycles in (2, 120):
        tracker, metrology, count = Tracker(CHANNELS, SCALES, RATE, 60, half_cycles, 2.4), HalfCycles(), [0]

        def counted(frame, event, argument, count=count):
            count[0] += 1

        frames = [
            frame for second in range(2) for frame in tracker.feed(second * SECOND, SECOND, one_second())
        ][:1]
        sys.setprofile(counted)
        metrology.process(frames[0])
        sys.setprofile(None)
        calls[half_cycles] = count[0]
    assert calls[120] < 2 * calls[2], calls  # for sixty times the half cycles
