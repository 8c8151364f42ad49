"""From the kernel's sums to what flowed in each half cycle, by direction and quadrant, and to what is averaged.

RMS values, volt-amperes and the signs are those of a full cycle, renewed each half cycle (the manual's Measurement
Formulas); the watts and vars that are booked are those of the half cycle alone, so that their integral is exact.
Direction and quadrant therefore do not flicker with the ripple of a half cycle, and no energy is smeared in time.
"""

from meter.metrology import kernel as k
from meter.metrology.booking import Booking, stuck
from meter.metrology.connection import Connection
from meter.metrology.correction import Correction
from meter.metrology.frame import GAP, HALF, QUARTER, STUCK
from meter.metrology.harmonics import Harmonics
from meter.metrology.kernel import Kernel
from meter.quantities import ROWS
from meter.xnp import FLOAT, floats, np

# One by one: imports within imports would need more of a stack than a board has (see parts).
_NATIVE = ("kernel_thumb", "tape_thumb", "spectrum_thumb", "tape", "spectrum", "native")


class HalfCycles:
    """Computes, frame by frame, the (ROWS, n) matrix of integrals over each half cycle. Keeps one half cycle.

    connection      what the inputs see
    correction      of the elements
    loss            LossCompensation, or None
    starting_a      amperes RMS of an element below which nothing is registered: the meter must not creep
    harmonics       Harmonics, or None: one for 60 Hz and 5 A

    rows            (ROWS, n) after process(): the rows of quantities, times seconds
    """

    def __init__(
        self, connection=None, correction=None, loss=None, starting_a=0.0, harmonics=None, dtype=FLOAT
    ):  # fmt: skip
        self.connection = connection or Connection()
        self._booking = Booking(self.connection, correction or Correction(), loss, starting_a)
        self._silent = [row for p in (0, 1, 2) if p not in self.connection.elements for row in _rows_of(p)]
        self._harmonics = harmonics or Harmonics(dtype=dtype)
        self._kernel = None  # made when it is needed
        self._native = _native(self._booking, self._silent, self._harmonics.wave)
        self._dtype = dtype
        self._n = 0
        self._list = [0.0] * ROWS
        self._last = None  # the kernel's rows of the last half cycle; or the Native that has them

    def process(self, frame):
        """Take a Frame. Return the (ROWS, n) matrix of integrals, valid until the next call."""
        if frame.flags & GAP:
            self._last = None
        if self._last is None:
            _bridge(frame)
        if frame.n == 1 and self._native and self._native.takes(frame.samples):
            self._natively(frame, self._native)
        else:
            self._in_python(frame)
        return self.rows

    def _natively(self, frame, native):
        if self._last is not native and self._last is not None:
            native.set_before(self._last)
        half = self._harmonics.half(frame.flags)
        if native.run(float(frame.seconds[0]), half, self._harmonics, self._last is None):
            frame.flags |= STUCK
        self._last = native
        self.rows = native.rows

    def _in_python(self, frame):
        if frame.n != self._n:
            self._n = frame.n
            self._half = np.zeros((k.ROWS, frame.n + 1), dtype=self._dtype)
            self._rows = np.zeros((ROWS, frame.n), dtype=self._dtype)
        self.rows = self._rows
        self._kernel = self._kernel or Kernel(self._dtype)
        if self._last is not None and self._last is self._native:
            self._last = self._native.before()
        self._harmonics.add(frame)
        if frame.n == 1:
            self._one(frame)
        else:
            self._many(frame)

    def _one(self, frame):
        """A half cycle in floats: on a Pico small arrays would cost more than the arithmetic."""
        now = self._kernel.one(frame.samples)
        for row in self._silent:
            now[row] = 0.0
        before = self._last or k.before_the_first(now)
        self._last = now[:]
        if stuck(now):
            frame.flags |= STUCK
        rows = self._list
        self._booking.one(now, before, float(frame.seconds[0]), self._harmonics.pieces, rows)
        self.rows[:, 0] = np.array(rows)

    def _many(self, frame):
        n, half = frame.n, self._half
        self._kernel.many(frame.samples, half[:, 1:])
        for row in self._silent:
            half[row] = half[row] * 0.0
        half[:, 0] = np.array(self._last or k.before_the_first(floats(half[:, 1])), dtype=self._dtype)
        self._last = floats(half[:, n])
        if np.any(stuck(half[:, 1:]) > 0.5):
            frame.flags |= STUCK
        now, before = half[:, 1:], half[:, :n]
        cycle = (now[: k.MEANS] + before[: k.MEANS]) * 0.5
        phasors = (now[k.PHASORS : k.MAXIMA] - before[k.PHASORS : k.MAXIMA]) * 0.5
        self._booking.book(now, cycle, phasors, before, frame.seconds, self._harmonics.pieces, self.rows)

    def steady(self, now, seconds):
        """Book loads that do not change, of sinusoids, in place of samples. Return a new (ROWS, n) matrix.

        now: (kernel.ROWS, n), overwritten: the rows of n half cycles, each of a load of its own, as they are where it
        is preceded and followed by its own negative. seconds: (n,): for how long each load flows.
        """
        for row in self._silent:
            now[row] = now[row] * 0.0
        rows = np.zeros((ROWS, len(seconds)), dtype=self._dtype)
        # A cycle's means are those of its half cycles; but for the offset, of which two halves leave nothing.
        cycle = now[: k.MEANS] * 1.0
        cycle[k.VD : k.MEANS] = 0.0
        self._harmonics.be_without()
        self._booking.book(now, cycle, now[k.PHASORS : k.MAXIMA], now, seconds, self._harmonics.pieces, rows)
        return rows


def _bridge(frame):
    # Nothing is known before the first half cycle. A periodic signal without even harmonics is the negative of what
    # follows half a cycle later; one half cycle is metered so, instead of being lost.
    voltages = frame.samples[0:3]
    voltages[:, :QUARTER] = voltages[:, HALF : HALF + QUARTER] * -1.0


def _rows_of(p):
    """Return the kernel's rows in which element p has a part."""
    rows = [start + p for start in range(0, k.VV, 3)] + [k.VD + p, k.ID + p]
    rows += [start + q for start in (k.VV, k.II) for q in (p, (p + 2) % 3)]
    rows += [start + p for start in range(k.PHASORS, k.ROWS, 3)]
    return rows


def _native(booking, silent, wave):
    """Return a Native, or None where the processor or the interpreter has no use for it."""
    try:
        for name in _NATIVE:
            __import__("meter.metrology." + name)
        from meter.metrology.native import Native

        return Native(booking, silent, wave)
    except (ImportError, ValueError, SyntaxError, MemoryError):
        return None
