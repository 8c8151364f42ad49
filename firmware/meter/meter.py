"""The core: step(frame), and what it owns. Synchronous and deterministic: it never waits and reads no clock.

Time comes from the sample count. The same frames, configuration and storage give the same bytes on flash, always.

    Frame -> HalfCycles -> half seconds -> Span of a second -> energy -> load profile -> Fifo
                             |                                    \\-> checkpoint -> Journal, every ten
                             |                                        minutes and before each record;
                             |                                        to the Nvram, where there is one, each second
                             \\-> Span of 1.5 s -> instantaneous values, diagnostics
"""

import struct

from meter.clock import TICKS, Clock
from meter.compat import const
from meter.metrology.diagnostics import Diagnostics
from meter.metrology.span import Span
from meter.registers.energy import Energy
from meter.registers.load_profile import LoadProfile
from meter.xnp import FLOAT

CHECKPOINT_S = const(600)
AVERAGE_TICKS = const(3)  # instantaneous values are averages of 1.5 s (the manual, Registers, Instantaneous)
_STATE_VERSION = const(4)
_HEAD = "<BI"  # version, UTC second of the checkpoint
_PART = "<H"  # bytes of the load profile's state that follows
_PART_SIZE = const(2)


class StateError(Exception):
    """The stored state cannot be used. The message says why."""


class Meter:
    """One meter.

    rate        samples per second of the converter
    utc         UTC second at sample 0
    journal     where checkpoints go and come from
    profile     Fifo of load profile 1
    channels, interval_min  of load profile 1
    half_cycles HalfCycles: the metrology as configured
    observer    called with the Span of each second, or None
    diagnostics Diagnostics for the connection and frequency, or None: three elements, 60 Hz
    profile_options     dict: further arguments of LoadProfile for load profile 1, or None
    profile_2   dict: the arguments of LoadProfile for load profile 2 (without energy), or None: there is none

    load_profile, load_profiles     load profile 1; both, or the one that there is

    latest      the Span of the last 1.5 s, or None: the instantaneous values
    restored_at UTC second of the checkpoint, or of the second in the Nvram, it started from, or None
    """

    def __init__(
        self, rate, utc, journal, profile, channels, interval_min, half_cycles, observer=None, dtype=FLOAT,
        diagnostics=None, profile_options=None, profile_2=None,
    ):  # fmt: skip
        self.clock = Clock(rate, utc)
        self.energy = Energy()
        self.load_profile = LoadProfile(
            profile, self.energy, channels, interval_min, **(profile_options or {})
        )
        self.load_profiles = (self.load_profile,)
        if profile_2:
            self.load_profiles += (LoadProfile(energy=self.energy, **profile_2),)
        self.diagnostics = diagnostics or Diagnostics()
        self.latest = None
        self._journal = journal
        self._observer = observer
        self._half_cycles = half_cycles
        spans = [Span(dtype, half_cycles.connection) for _ in range(4)]
        self._piece, self._span, self._average, self._spare = spans
        self._restore(utc)

    def step(self, frame):
        """Meter one Frame."""
        rows = self._half_cycles.process(frame)
        start = 0
        for stop, tick in self.clock.cuts(frame.ends):
            self._piece.add(rows, frame.seconds, frame.flags, start, stop)
            start = stop
            self._tick(tick)
        self._piece.add(rows, frame.seconds, frame.flags, start, frame.n)

    def _tick(self, tick):
        self._share()
        if tick % AVERAGE_TICKS == 0:
            self._show()
        if tick % TICKS == 0:
            self._close(tick // TICKS)

    def _close(self, second):
        self._book(second)
        # First the checkpoint, then the record: whatever is cut off between or after, resume() counts it once.
        due = [profile for profile in self.load_profiles if profile.due(second)]
        if due or second % CHECKPOINT_S == 0:
            self.checkpoint()
        for profile in due:
            profile.close(second)
        if self._journal.keeps_seconds:
            self._journal.save_second(self._state(second), second)

    def _share(self):
        self._span.merge(self._piece)
        self._average.merge(self._piece)
        self._piece.clear()

    def _show(self):
        """Renew the instantaneous values."""
        average = self._average
        average.end = self.clock.second
        self.latest, self._average = average, self._spare
        self._spare = average
        self._average.clear()
        self.diagnostics.take(average)

    def _book(self, second):
        """Book what was integrated since the last second."""
        span = self._span
        span.end = second
        self.energy.add(span)
        for profile in self.load_profiles:
            profile.take(span)
        if self._observer:
            self._observer(span)
        span.clear()

    def take(self, span):
        """Meter a Span of a load model up to span.end, and close what is due there. It is used until the next one."""
        self.clock.set(span.end, 0)
        self.latest = span
        self.diagnostics.take(span)
        self._span.merge(span)
        self._close(span.end)

    def next_boundary(self):
        """Return the UTC second at which a Span of a load model must end at the latest."""
        now = self.clock.second
        ends = [profile.next_boundary(now) for profile in self.load_profiles]
        return min(ends + [(now // CHECKPOINT_S + 1) * CHECKPOINT_S])

    def checkpoint(self):
        """Store the state: registers, and the load-profile interval that is running."""
        now = self.clock.second
        self._journal.save(self._state(now), now)

    def _state(self, now):
        state = struct.pack(_HEAD, _STATE_VERSION, now) + self.energy.state()
        for profile in self.load_profiles:
            part = profile.state()
            state += struct.pack(_PART, len(part)) + part
        return state

    def event(self, kind, before=None, after=None):
        """End the load profiles' records with an event. kind, before, after: see LoadProfile.event()."""
        self._share()
        if self._span.half_cycles:
            self._book(self.clock.second)
        self.checkpoint()
        for profile in self.load_profiles:
            profile.event(kind, self.clock.second, before, after)

    def finish(self):
        """The supply fails or the recording has ended: book what is metered and store the state."""
        self._share()
        if self._span.half_cycles:
            self._book(self.clock.second)
        self.checkpoint()

    def _restore(self, utc):
        stored = self._journal.load()
        self.restored_at = None
        if stored is None:
            for profile in self.load_profiles:
                profile.begin(utc)
            return
        saved_at, state = stored
        head = struct.calcsize(_HEAD)
        if state[0] != _STATE_VERSION:
            raise StateError("stored registers have version %d, not %d" % (state[0], _STATE_VERSION))
        self.energy.restore(state[head : head + Energy.STATE_SIZE])
        at = head + Energy.STATE_SIZE
        for profile in self.load_profiles:
            if at == len(state):  # this one is new
                profile.begin(utc)
                continue
            start = at + _PART_SIZE
            at = start + struct.unpack_from(_PART, state, at)[0]
            profile.resume(state[start:at], saved_at, utc)
        self.restored_at = saved_at
