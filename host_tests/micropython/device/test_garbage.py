"""What a half cycle leaves behind for the collector: a Pico must not spend its time collecting.

The figure counts the arrays that ulab would have made, without the floats and lists of Python. On MicroPython 1.26
with ulab 6.12 (32-bit, single precision) all together was measured at 88 KB.
"""

from array import array
from math import cos, pi, sin

from meter.metrology.half_cycles import HalfCycles
from meter.metrology.span import Span
from meter.metrology.tracking import Tracker

CHANNELS = ("VA", "VB", "VC", "IA", "IB", "IC")
RATE = 30720.0
BLOCK = 256


def block(number):
    """Return half a cycle at 60.02 Hz: 120 V and 5 A, 60 degrees lagging, as a converter gives it."""
    data = array("i", [0] * (6 * BLOCK))
    for k in range(BLOCK):
        turn = 2 * pi * 60.02 * (number * BLOCK + k) / RATE
        for p in range(3):
            angle = turn - p * 2 * pi / 3
            data[6 * k + p] = int(1697056 * sin(angle))
            data[6 * k + 3 + p] = int(70711 * sin(angle - pi / 3))
    return data


class Core:
    """Tracker, half cycles and a span, fed half a cycle at a time."""

    def __init__(self):
        self.tracker = Tracker(CHANNELS, (1e-4,) * 6, RATE, 60, 1, 2.4)
        self.half_cycles = HalfCycles()
        self.span = Span()
        self.frames = 0

    def take(self, number, data):
        for frame in self.tracker.feed(number * BLOCK, BLOCK, data):
            rows = self.half_cycles.process(frame)
            self.span.add(rows, frame.seconds, frame.flags, 0, frame.n)
            self.frames += 1


def test_each_half_cycle_that_comes_in_goes_out_as_a_frame():
    core = Core()
    for number in range(10):
        core.take(number, block(number))
    assert core.frames in (6, 7)  # three cycles to lock, one to look ahead
    watts = float(core.span.sums[0]) / core.span.seconds
    assert abs(watts - 120 * 5 * cos(pi / 3)) < 0.05, watts


def heap_arrays_of_a_half_cycle():
    """Return as many bytes as the arrays take that one half cycle makes and leaves to the collector."""
    from ulab import core

    metered = Core()
    for number in range(8):
        metered.take(number, block(number))
    before, frames = core.allocated[0], metered.frames
    for number in range(8, 12):
        metered.take(number, block(number))
    return bytearray((core.allocated[0] - before) // (metered.frames - frames))
