"""The core: step(frame), and what it owns. Synchronous and deterministic: it never waits and reads no clock.

Time comes from the sample count. The same frames, configuration and storage give the same bytes on flash, always.

    Frame -> HalfCycles -> Span, cut at each second -> energy -> load profile -> Fifo
                                                          \\-> checkpoint -> Journal, every ten minutes
                                                              and before each load-profile record
"""

import struct

from meter.clock import Clock
from meter.compat import const
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.span import Span
from meter.registers.energy import Energy
from meter.registers.load_profile import LoadProfile
from meter.xnp import FLOAT

CHECKPOINT_S = const(600)
_STATE_VERSION = const(2)
_HEAD = "<BI"  # version, UTC second of the checkpoint


class StateError(Exception):
    """The stored state cannot be used. The message says why."""


class Meter:
    """One meter.

    rate        samples per second of the converter
    utc         UTC second at sample 0
    journal     where checkpoints go and come from
    profile     Fifo of load profile 1
    channels, interval_min  of load profile 1
    observer    called with each closed Span, or None

    latest      the last closed Span, or None
    restored_at UTC second of the checkpoint it started from, or None
    """

    def __init__(self, rate, utc, journal, profile, channels, interval_min, observer=None, dtype=FLOAT):
        self.clock = Clock(rate, utc)
        self.energy = Energy()
        self.load_profile = LoadProfile(profile, self.energy, channels, interval_min)
        self.latest = None
        self._journal = journal
        self._observer = observer
        self._half_cycles = HalfCycles(dtype)
        self._span = Span(dtype)
        self._spare = Span(dtype)
        self._restore(utc)

    def step(self, frame):
        """Meter one Frame."""
        rows = self._half_cycles.process(frame)
        start = 0
        for stop, second in self.clock.cuts(frame.ends):
            self._span.add(rows, frame.seconds, frame.flags, start, stop)
            start = stop
            self._close(second)
        self._span.add(rows, frame.seconds, frame.flags, start, frame.n)

    def _close(self, second):
        self._book(second)
        # First the checkpoint, then the record: whatever is cut off between or after, resume() counts it once.
        due = self.load_profile.due(second)
        if due or second % CHECKPOINT_S == 0:
            self.checkpoint()
        if due:
            self.load_profile.close(second)

    def _book(self, second):
        span = self._span
        span.end = second
        self.energy.add(span)
        if self._observer:
            self._observer(span)
        self._span, self._spare = self._spare, span
        self._span.clear()
        self.latest = span

    def checkpoint(self):
        """Store the state: registers, and the load-profile interval that is running."""
        now = self.clock.second
        state = struct.pack(_HEAD, _STATE_VERSION, now) + self.energy.state() + self.load_profile.state()
        self._journal.save(state, now)

    def finish(self):
        """The supply fails or the recording has ended: book what is metered and store the state."""
        if self._span.half_cycles:
            self._book(self.clock.second)
        self.checkpoint()

    def _restore(self, utc):
        stored = self._journal.load()
        self.restored_at = None
        if stored is None:
            self.load_profile.begin(utc)
            return
        saved_at, state = stored
        head = struct.calcsize(_HEAD)
        if state[0] != _STATE_VERSION:
            raise StateError("stored registers have version %d, not %d" % (state[0], _STATE_VERSION))
        self.energy.restore(state[head : head + Energy.STATE_SIZE])
        self.load_profile.resume(state[head + Energy.STATE_SIZE :], saved_at, utc)
        self.restored_at = saved_at
