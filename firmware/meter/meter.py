"""The core: step(frame), and what it owns. Synchronous and deterministic: it never waits and reads no clock.

Time comes from the sample count. The same frames, configuration and storage give the same bytes on flash, always.

    Frame -> HalfCycles -> half seconds -> Span of a second -> Engine (registers, tariffs, load profile, storage)
                             \\-> Span of 1.5 s -> instantaneous values, diagnostics
    load model -> Span up to the next boundary ---------------^
"""

from meter.clock import TICKS, Clock
from meter.compat import const
from meter.metrology.diagnostics import Diagnostics
from meter.metrology.span import Span
from meter.power_quality.dips import Dips
from meter.xnp import FLOAT

TICK_MS = 1000 // TICKS
AVERAGE_TICKS = const(3)  # instantaneous values are averages of 1.5 s (the manual, Registers, Instantaneous)


class Meter:
    """One meter.

    rate        samples per second of the converter
    utc         UTC second at sample 0
    engine      Engine: the registers
    half_cycles HalfCycles: the metrology as configured
    observer    called with the Span of each second, or None
    diagnostics Diagnostics for the connection and frequency, or None: three elements, 60 Hz
    dips        Dips, or None: those of a 4-wire wye of 120 V
    lost        None, or what is done as the clock was lost (registers.engine.RESPONSES)

    latest      the Span of the last 1.5 s, or None: the instantaneous values
    restored_at UTC second of the checkpoint, or of the second in the Nvram, it started from, or None
    """

    def __init__(
        self, rate, utc, engine, half_cycles, observer=None, dtype=FLOAT, diagnostics=None, lost=None,
        dips=None,
    ):  # fmt: skip
        self.engine = engine
        self.diagnostics = diagnostics or Diagnostics()
        self.dips = dips or Dips(dtype=dtype)
        self.latest = None
        self._observer = observer
        self._dtype = dtype
        self._sample = 0
        self.measure(half_cycles)
        utc, self.restored_at = engine.start(utc, lost)
        self.clock = Clock(rate, utc)

    def let_go(self):
        """Free what measures: measure() follows."""
        self._half_cycles = None

    def measure(self, half_cycles):
        """Go on with other HalfCycles. cut() comes before."""
        self._half_cycles = half_cycles
        spans = [Span(self._dtype, half_cycles.connection) for _ in range(4)]
        self._piece, self._span, self._average, self._spare = spans

    def configure(self, engine, diagnostics, dips):
        """Go on with what another configuration makes, on what was metered until now. A running dip ends.

        cut() and the old engine's checkpoint() come before, measure() comes after.
        """
        now = self.clock.second
        engine.resume(self.engine.state(now), now, now, is_outage=False)
        engine.is_clock_doubtful = self.engine.is_clock_doubtful
        self.dips.finish(self.clock)
        dips.observers = self.dips.observers
        self.engine, self.diagnostics, self.dips = engine, diagnostics, dips

    @property
    def energy(self):
        """The Energy of the billing registers."""
        return self.engine.bank.energy

    @property
    def load_profiles(self):
        """The load profiles that there are."""
        return self.engine.profiles

    @property
    def load_profile(self):
        """Load profile 1."""
        return self.engine.profiles[0]

    def step(self, frame):
        """Meter one Frame."""
        rows = self._half_cycles.process(frame)
        self.dips.take(frame, rows, self.clock)
        start = 0
        for stop, tick in self.clock.cuts(frame.ends):
            self._piece.add(rows, frame.seconds, frame.flags, start, stop)
            start = stop
            self._tick(tick)
        self._piece.add(rows, frame.seconds, frame.flags, start, frame.n)
        self._sample = frame.ends[-1]

    def _tick(self, tick):
        self._share()
        if tick % AVERAGE_TICKS == 0:
            self._show(tick % TICKS * TICK_MS)
        if tick % TICKS == 0:
            self._book(tick // TICKS)
            self.engine.close(tick // TICKS)

    def _share(self):
        self._span.merge(self._piece)
        self._average.merge(self._piece)
        self._piece.clear()

    def _show(self, ms):
        """Renew the instantaneous values. ms: milliseconds of this second."""
        average = self._average
        average.end = self.clock.second
        self._average, self._spare = self._spare, average
        self._average.clear()
        self._shown(average, ms)

    def _shown(self, span, ms=0):
        self.latest = span
        self.diagnostics.take(span)
        self.engine.show(span, self.diagnostics.state, ms)

    def _book(self, second):
        """Book what was integrated since the last second."""
        span = self._span
        span.end = second
        self.engine.take(span)
        if self._observer:
            self._observer(span)
        span.clear()

    def take(self, span):
        """Meter a Span of a load model up to span.end, and close what is due there. It is used until the next one."""
        self.clock.set(span.end, 0)
        self.engine.take(span)
        self._shown(span)
        if self._observer:
            self._observer(span)
        self.engine.close(span.end)

    def next_boundary(self):
        """Return the UTC second at which a Span of a load model must end at the latest."""
        return self.engine.next_boundary

    def cut(self):
        """Book what is metered up to now: before a command, so that it acts on all of it. Return the UTC second."""
        self._share()
        if self._span.half_cycles:
            self._book(self.clock.second)
        return self.clock.second

    def set_time(self, utc, **who):
        """Set the clock to this UTC second. who: as for the Engine's commands."""
        before = self.cut()
        self.clock.set(utc, self._sample)
        self.engine.set_time(before, utc, **who)

    def finish(self):
        """The supply fails or the recording has ended: book what is metered and store the state."""
        self.engine.checkpoint(self.cut())  # first what counts, then what tells
        self.dips.finish(self.clock)
