"""From the kernel's sums to what flowed in each half cycle, by direction and quadrant, and to what is averaged.

RMS values, volt-amperes and the signs are those of a full cycle, renewed each half cycle (the manual's Measurement
Formulas); the watts and vars that are booked are those of the half cycle alone, so that their integral is exact.
Direction and quadrant therefore do not flicker with the ripple of a half cycle, and no energy is smeared in time.
"""

from meter.metrology import kernel as k
from meter.metrology.connection import Connection
from meter.metrology.correction import Correction
from meter.metrology.flows import Flows
from meter.metrology.frame import GAP, HALF, QUARTER, STUCK
from meter.metrology.harmonics import Harmonics
from meter.metrology.kernel import Kernel
from meter.quantities import ROWS, START
from meter.xnp import FLOAT, floats, larger, np, root, step

_MISSING = 0.1
_ROUNDING = 1e-6  # of a value: six samples times their weights, in single precision
_A, _V2, _A2, _N2, _VLL2 = START["A"], START["V2"], START["A2"], START["N2"], START["VLL2"]
_VF2, _AF2, _VH2, _AH2 = START["VF2"], START["AF2"], START["VH2"], START["AH2"]
_VP, _VR, _VD = START["VP"], START["VR"], START["VD"]
_HV, _HS = START["HVo"], START["HS"]


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
        self._correction = correction or Correction()
        self._starting = starting_a * starting_a
        self._silent = [row for p in (0, 1, 2) if p not in self.connection.elements for row in _rows_of(p)]
        self._harmonics = harmonics or Harmonics(dtype=dtype)
        self._kernel = Kernel(dtype)
        self._flows = Flows(self.connection, loss, self._correction.var_gain)
        self._dtype = dtype
        self._n = 0
        self._list = [0.0] * ROWS
        self._last = None

    def process(self, frame):
        """Take a Frame. Return the (ROWS, n) matrix of integrals, valid until the next call."""
        if frame.n != self._n:
            self._n = frame.n
            self._half = np.zeros((k.ROWS, frame.n + 1), dtype=self._dtype)
            self.rows = np.zeros((ROWS, frame.n), dtype=self._dtype)
        if frame.flags & GAP:
            self._last = None
        if self._last is None:
            _bridge(frame)
        self._harmonics.add(frame)
        if frame.n == 1:
            self._one(frame)
        else:
            self._many(frame)
        return self.rows

    def _one(self, frame):
        """A half cycle in floats: on a Pico small arrays would cost more than the arithmetic."""
        now = self._kernel.one(frame.samples)
        for row in self._silent:
            now[row] = 0.0
        before = self._last or _before_the_first(now)
        self._last = now[:]
        if _is_stuck(now):
            frame.flags |= STUCK
        cycle = [(a + b) * 0.5 for a, b in zip(now[: k.MEANS], before)]
        phasors = [(now[row] - before[row]) * 0.5 for row in range(k.PHASORS, k.MAXIMA)]
        rows = self._list
        self._book(now, cycle, phasors, before, float(frame.seconds[0]), rows)
        self.rows[:, 0] = np.array(rows)

    def _many(self, frame):
        n, half = frame.n, self._half
        self._kernel.many(frame.samples, half[:, 1:])
        for row in self._silent:
            half[row] = half[row] * 0.0
        half[:, 0] = np.array(self._last or _before_the_first(floats(half[:, 1])), dtype=self._dtype)
        self._last = floats(half[:, n])
        for column in range(1, n + 1) if _may_be_stuck(half[:, 1:]) else ():
            if _is_stuck(floats(half[:, column])):
                frame.flags |= STUCK
        now, before = half[:, 1:], half[:, :n]
        cycle = (now[: k.MEANS] + before[: k.MEANS]) * 0.5
        phasors = (now[k.PHASORS : k.MAXIMA] - before[k.PHASORS : k.MAXIMA]) * 0.5
        self._book(now, cycle, phasors, before, frame.seconds, self.rows)

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
        self._book(now, cycle, now[k.PHASORS : k.MAXIMA], now, seconds, rows)
        return rows

    def _book(self, now, cycle, phasors, before, seconds, rows):
        """Write all rows. Everything but `rows` is a sequence of rows; a row is a float, or an array (n,)."""
        ratios = self._correct(now, cycle, phasors) if self._correction.active else (1.0, 1.0, 1.0)
        started = [step(cycle[k.I2 + p] - self._starting) for p in range(3)]
        self._flows.book(now, cycle, phasors, started, seconds, rows)
        self._squares(now, cycle, phasors, started, seconds, rows)
        self._line_to_line(now, seconds, rows)
        self._phasors(phasors, started, seconds, rows)
        self._distortion(started, seconds, rows)
        for channel in range(6):
            high = larger(now[k.MAXIMA + channel], before[k.MAXIMA + channel])
            low = larger(now[k.MINIMA + channel] * -1.0, before[k.MINIMA + channel] * -1.0)
            weight = seconds * ratios[channel - 3] * started[channel - 3] if channel > 2 else seconds
            rows[_VP + channel] = larger(high, low) * weight  # and AP
            rows[_VD + channel] = cycle[k.VD + channel] * seconds  # and AD

    def _squares(self, now, cycle, phasors, started, seconds, rows):
        """Write RMS amperes and the mean squares."""
        neutral, any_current = 0.0, 0.0
        for p in range(3):
            i2, weight = now[k.I2 + p], started[p] * seconds
            rows[_A + p] = root(cycle[k.I2 + p]) * weight
            rows[_V2 + p] = now[k.V2 + p] * seconds
            rows[_A2 + p] = i2 * weight
            neutral = i2 + now[k.II + p] * 2.0 + neutral
            any_current = started[p] + any_current
            vr, vi, ir, ii = [phasors[part + p] for part in (0, 3, 6, 9)]
            vf2, af2 = vr * vr + vi * vi, ir * ir + ii * ii
            rows[_VF2 + p] = vf2 * seconds
            rows[_AF2 + p] = af2 * weight
            rows[_VH2 + p] = (cycle[k.V2 + p] - vf2) * seconds
            rows[_AH2 + p] = (cycle[k.I2 + p] - af2) * weight
        if self.connection.line_to_line:
            # Three wires: what the others carry comes back through B, and there is no neutral.
            b2 = neutral * step(any_current - 0.5)
            rows[_A2 + 1] = b2 * seconds
            rows[_A + 1] = root(larger(b2, b2 * 0.0)) * seconds
            neutral = neutral * 0.0
        rows[_N2] = neutral * step(any_current - 0.5) * seconds

    def _phasors(self, phasors, started, seconds, rows):
        """Write the phasors. Half cycles alternate in sign: turn all so that the grid's reference points one way."""
        # The grid is laid where the reference passes zero: its imaginary part holds it.
        upright = (step(_reference(phasors[3], phasors[4], phasors[5])) * 2.0 - 1.0) * seconds
        for part in range(4):
            a, b, c = phasors[3 * part], phasors[3 * part + 1], phasors[3 * part + 2]
            if part > 1:
                a, b, c = a * started[0], b * started[1], c * started[2]
            if self.connection.line_to_line:
                # Voltages to the mean of the conductors from AB and CB; the current of B from the others.
                if part > 1:
                    b = (a + c) * -1.0
                else:
                    a, b, c = (a * 2.0 - c) * (1 / 3), (a + c) * (-1 / 3), (c * 2.0 - a) * (1 / 3)
            for p, value in enumerate((a, b, c)):
                rows[_VR + 3 * part + p] = value * upright

    def _distortion(self, started, seconds, rows):
        """Write the harmonics' rows, and for how long they are known."""
        pieces = self._harmonics.pieces
        if type(seconds) is float:
            _, squares, known = pieces[-1]
            for row, square in enumerate(squares):
                # Rows of currents repeat by three: an element that has not started has no harmonics.
                rows[_HV + row] = seconds * square * (started[row % 3] if row > 5 else 1.0)
            rows[_HS] = seconds * known
            return
        weights = np.zeros((3, len(seconds)), dtype=self._dtype)
        for p in range(3):
            weights[p] = started[p] * seconds
        ends = [piece[0] for piece in pieces[1:]] + [len(seconds)]
        for (start, squares, known), end in zip(pieces, ends):
            there = seconds[start:end]
            column = np.array(squares, dtype=self._dtype).reshape((len(squares), 1))
            rows[_HV : _HV + 6, start:end] = column[:6] * there
            for row in range(6, len(squares), 3):
                rows[_HV + row : _HV + row + 3, start:end] = column[row : row + 3] * weights[:, start:end]
            rows[_HS, start:end] = there * known

    def _correct(self, now, cycle, phasors):
        """Mend watts, vars, currents and their phasors, in place. Return the ratios of the currents, three."""
        correction, ratios = self._correction, []
        for p in range(3):
            real, imag, square = correction.factors(root(cycle[k.I2 + p]), p)
            for rows in (now, cycle):
                rows[k.W + p], rows[k.VAR + p] = correction.mend(
                    rows[k.W + p], rows[k.VAR + p] * 1.0, real, imag
                )
                rows[k.I2 + p] = rows[k.I2 + p] * square
            re, im = phasors[6 + p] * 1.0, phasors[9 + p] * 1.0
            phasors[6 + p] = re * real - im * imag
            phasors[9 + p] = re * imag + im * real
            ratios.append(root(square))
        for p in range(3):
            for rows in (now, cycle):
                rows[k.II + p] = rows[k.II + p] * (ratios[p] * ratios[(p + 1) % 3])
        return ratios

    def _line_to_line(self, now, seconds, rows):
        a, b, c = [now[k.V2 + p] for p in range(3)]
        if self.connection.line_to_line:
            # Inputs see AB and CB: CA is CB - AB.
            squares = (a, c, a + c - now[k.VV + 2] * 2.0)
        else:
            squares = (a + b - now[k.VV] * 2.0, b + c - now[k.VV + 1] * 2.0, c + a - now[k.VV + 2] * 2.0)
        for p in range(3):
            rows[_VLL2 + p] = squares[p] * seconds


def _bridge(frame):
    # Nothing is known before the first half cycle. A periodic signal without even harmonics is the negative of what
    # follows half a cycle later; one half cycle is metered so, instead of being lost.
    voltages = frame.samples[0:3]
    voltages[:, :QUARTER] = voltages[:, HALF : HALF + QUARTER] * -1.0


def _before_the_first(now):
    """Return the rows of the half cycle before the first one: the same, with phasors of the other sign."""
    return now[: k.PHASORS] + [-x for x in now[k.PHASORS : k.MAXIMA]] + now[k.MAXIMA :]


def _rows_of(p):
    """Return the kernel's rows in which element p has a part."""
    rows = [start + p for start in range(0, k.VV, 3)] + [k.VD + p, k.ID + p]
    rows += [start + q for start in (k.VV, k.II) for q in (p, (p + 2) % 3)]
    rows += [start + p for start in range(k.PHASORS, k.ROWS, 3)]
    return rows


def _reference(a, b, c):
    """Return the reference by which the grid is laid (see phase), from one part of the voltages' phasors."""
    alpha, total = a - (b + c) * 0.5, a + b + c
    same = step(total * total * (_MISSING * _MISSING) - alpha * alpha)
    return alpha + (total - alpha) * same


def _is_stuck(now):
    """Return True if a channel had one and the same value, not zero, through the half cycle."""
    for channel in range(6):
        high, low = now[k.MAXIMA + channel], now[k.MINIMA + channel]
        if high - low <= _ROUNDING * abs(high):  # interpolation rounds
            if high:
                return True
    return False


def _may_be_stuck(half):
    high, low = half[k.MAXIMA : k.MINIMA], half[k.MINIMA :]
    span = high - low
    return bool(np.any(span * span <= high * high * (_ROUNDING * _ROUNDING)))
