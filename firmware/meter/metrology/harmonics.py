"""Harmonics: what remains beside the fundamental, order by order, from windows of 10 cycles (50 Hz) or 12 (60 Hz).

Frames are in step with the signal, so the mean of a window's cycles has, as its 512-point transform, exactly the lines
of the window's own transform that lie on harmonics (IEC 61000-4-7; the lines beside them, which make subgroups, belong
to power quality). That takes an addition for each sample and one short transform for each window.
Sources: the manual's Measurement Formulas, Percent THD and TDD (IEEE 519).
"""

from meter.compat import const
from meter.metrology.frame import GAP, HALF, QUARTER
from meter.xnp import FLOAT, floats, np, power_spectrum

THD_ORDERS = const(128)  # orders that count for THD
TDD_ORDERS = const(63)  # and for TDD
# Rows: sums of squares of odd and even orders from 2 on, each for A, B, C. V2, A2, and percent squared for TDD.
ROWS = const(18)


class Harmonics:
    """Sums of the squares of harmonics over the last whole window.

    nominal     50 or 60 Hz
    demand_a    maximum demand load current IL of IEEE 519, amperes: what TDD is a part of

    pieces      of the frame that was added: (first half cycle, squares, 1.0 if known else 0.0), ...
    wave        (6, 2 * HALF) array: the sum of the cycles of the window so far
    known       1.0 if a window was whole, else 0.0
    squares     list of ROWS floats, of the last whole window: V odd A B C, V even, A odd, A even, TDD odd, TDD even
    """

    def __init__(self, nominal=60, demand_a=5.0, dtype=FLOAT):
        self._window = 20 if nominal == 50 else 24  # half cycles
        self._percent = 10000.0 / (demand_a * demand_a)
        self._dtype = dtype
        self._orders = None  # made when it is needed
        self.wave = np.zeros((6, 2 * HALF), dtype=dtype)
        self._clear()
        self.squares = [0.0] * ROWS
        self.known = 0.0
        self.pieces = ()

    def _clear(self):
        self._count = 0
        self.wave *= 0.0

    def half(self, flags):
        """Return to which half of the wave the next half cycle belongs, 0 or 1. flags: of its frame."""
        if flags & GAP:
            self._clear()
        return self._count % 2

    def added(self, count, sums_of=None):
        """Count half cycles that were added to the wave. Return True if that makes the window whole.

        sums_of: function that returns what _sums_of() does, in its place.
        """
        self._count += count
        if self._count < self._window:
            return False
        # RMS of a line: sqrt(2) / points * |X|, and the wave is a sum of so many cycles.
        scale = 2.0 / (2 * HALF * (self._window // 2)) ** 2
        sums_of = sums_of or self._sums_of()
        squares = [0.0] * ROWS
        for p in range(3):
            volts, (odd, even, odd_tdd, even_tdd) = sums_of(p)
            rows = (volts[0], volts[1], odd, even, odd_tdd * self._percent, even_tdd * self._percent)
            for place, square in enumerate(rows):
                squares[3 * place + p] = square * scale
        self.squares, self.known = squares, 1.0
        self._clear()
        return True

    def add(self, frame):
        """Take a Frame."""
        self.half(frame.flags)
        pieces, start = [(0, self.squares, self.known)], 0
        while start < frame.n:
            count = min(self._window - self._count, frame.n - start)
            self._sum(frame.samples[:, QUARTER + start * HALF : QUARTER + (start + count) * HALF], count)
            start += count
            if self.added(count):
                # A window counts from the half cycle that completes it on.
                pieces.append((start - 1, self.squares, self.known))
        self.pieces = pieces

    def be_without(self):
        """What follows is known to have no harmonics: a load without waveforms."""
        self.squares, self.known = [0.0] * ROWS, 1.0
        self.pieces = ((0, self.squares, self.known),)

    def _sum(self, samples, count):
        """Add half cycles to the first and the second half of the cycle, by turns. samples: (6, count * HALF)."""
        if count == 1:
            half = self.wave[:, HALF:] if self._count % 2 else self.wave[:, :HALF]
            half += samples
            return
        turns = np.zeros((2, count), dtype=self._dtype)
        for k in range(count):
            turns[(self._count + k) % 2, k] = 1.0
        for p in range(6):
            sums = np.dot(turns, samples[p].reshape((count, HALF)))
            self.wave[p, :HALF] += sums[0]
            self.wave[p, HALF:] += sums[1]

    def _sums_of(self):
        """Return a function that returns sums of |X|**2 of lines of the wave's transform.

        Of element p: (odd, even, odd for TDD, even for TDD) of the voltage, and those of the current.
        """
        if self._orders is None:
            self._orders = _orders(self._dtype)
        sums = np.dot(power_spectrum(self.wave), self._orders)
        return lambda p: (floats(sums[p]), floats(sums[3 + p]))


def _orders(dtype):
    """Return a matrix that adds up lines: odd and even orders for THD, odd and even ones for TDD. (HALF, 4)."""
    out = np.zeros((HALF, 4), dtype=dtype)
    for order in range(2, THD_ORDERS + 1):
        out[order, 1 - order % 2] = 1.0
        if order <= TDD_ORDERS:
            out[order, 3 - order % 2] = 1.0
    return out
