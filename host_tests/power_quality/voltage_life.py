"""Runs of Dips for the tests: from half-cycle RMS values written out, and from waves through the whole metrology."""

import numpy as np
from meter.clock import Clock
from meter.metrology.connection import Connection
from meter.metrology.frame import Frame
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.tracking import CHANNELS, Tracker
from meter.power_quality.dips import Dips
from meter.quantities import ROWS
from meter.quantities import START as ROW_OF

from host_tests.harness import RATE, SCALES, START, THRESHOLD, blocks

HALF_CYCLE = 1 / 120


class Life:
    """Dips fed with RMS values of half cycles. events: those that have ended."""

    def __init__(self, row="V2", **options):
        options.setdefault("dtype", np.float64)
        self.dips = Dips(**options)
        self.clock = Clock(RATE, START)
        self.events = []
        self.dips.observers.append(self.events.append)
        self._row, self._sample = ROW_OF[row], 0

    def run(self, volts, n=1, amps=(), flags=0):
        """Take half cycles in frames of n. volts, amps: of each half cycle (A, B, C). flags: of the first frame."""
        for at in range(0, len(volts), n):
            self._take(np.array(volts[at : at + n], float).T, np.array(amps[at : at + n], float).T, flags)
            flags = 0
        return self

    def _take(self, volts, amps, flags):
        n = volts.shape[1]
        rows = np.zeros((ROWS, n))
        rows[self._row : self._row + 3] = volts**2 * HALF_CYCLE
        if amps.size:
            rows[ROW_OF["A"] : ROW_OF["A"] + 3] = amps * HALF_CYCLE
            for p in range(3):  # in phase: power factor 1, delivered
                for name in ("W", "VA"):
                    rows[ROW_OF[name] + p] = volts[p] * amps[p] * HALF_CYCLE
        ends = [self._sample + 256 * (k + 1) for k in range(n)]
        self._sample = ends[-1]
        self.dips.take(Frame(n, None, np.full(n, HALF_CYCLE), ends, flags), rows, self.clock)

    def finish(self):
        self.dips.finish(self.clock)
        return self

    def told(self):
        """Return (kind, phase, first half cycle, half cycle after the last) of each event."""
        return [(e.kind, e.phase, e.first // 256, e.last // 256) for e in self.events]


def metered(samples, n=120, dtype=np.float64, connection=None, chunks=None, **options):
    """Return the events of (6, count) samples, metered in frames of n half cycles."""
    connection = connection or Connection()
    tracker = Tracker(CHANNELS, SCALES, RATE, 60, n, THRESHOLD, dtype=dtype)
    half_cycles = HalfCycles(connection, dtype=dtype)
    dips, clock, events = Dips(connection, dtype=dtype, **options), Clock(RATE, START), []
    dips.observers.append(events.append)
    frames = [chunk for chunk in chunks or blocks(samples, 4096)]
    for chunk in frames:
        for frame in tracker.feed(*chunk):
            dips.take(frame, half_cycles.process(frame), clock)
    for frame in tracker.flush():
        dips.take(frame, half_cycles.process(frame), clock)
    dips.finish(clock)
    return sorted(events, key=lambda event: (event.first, event.phase))
