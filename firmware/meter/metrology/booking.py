"""What is booked of half cycles: from the kernel's rows of each, and of the full cycle that ends with it, all rows.

A value here is that of one half cycle, a float, or those of n half cycles, an array (n,): the same lines serve short
frames, where small arrays would cost more than the arithmetic, and long ones. It may also be an Unknown: then the
lines are written down once, to be run without Python (see tape).
"""

from meter.metrology import kernel as k
from meter.metrology.flows import Flows
from meter.quantities import START
from meter.xnp import Unknown, larger, root, step

_MISSING = 0.1
_ROUNDING = 1e-6  # of a value: six samples times their weights, in single precision
_A, _V2, _A2, _N2, _VLL2 = START["A"], START["V2"], START["A2"], START["N2"], START["VLL2"]
_VF2, _AF2, _VH2, _AH2 = START["VF2"], START["AF2"], START["VH2"], START["AH2"]
_VP, _VR, _VD = START["VP"], START["VR"], START["VD"]
_HV, _HS = START["HVo"], START["HS"]


class Booking:
    """Books half cycles.

    connection      what the inputs see
    correction      of the elements
    loss            LossCompensation, or None
    starting_a      amperes RMS of an element below which nothing is registered: the meter must not creep

    has_curve       True if the correction depends on the current
    """

    def __init__(self, connection, correction, loss, starting_a):
        self._connection = connection
        self._correction = correction
        self.has_curve = correction.has_curve
        self._starting = starting_a * starting_a
        self._flows = Flows(connection, loss, correction.var_gain)

    def factors(self, amperes, p):
        """Return the factors that mend the current of element p: see Correction."""
        return self._correction.factors(amperes, p)

    def one(self, now, before, seconds, pieces, rows, factors=None):
        """Write the rows of one half cycle to the list `rows`. now: changed. before: of the half cycle before."""
        cycle = [(a + b) * 0.5 for a, b in zip(now[: k.MEANS], before)]
        phasors = [(now[row] - before[row]) * 0.5 for row in range(k.PHASORS, k.MAXIMA)]
        self.book(now, cycle, phasors, before, seconds, pieces, rows, factors)

    def book(self, now, cycle, phasors, before, seconds, pieces, rows, factors=None):
        """Write all rows.

        now, cycle, phasors, before, rows: sequences of rows; a row is a float, an array (n,) or an Unknown.
        seconds: a row. pieces: of the harmonics (see Harmonics). factors: of the correction, where they are known.
        """
        ratios = self._correct(now, cycle, phasors, factors) if self._correction.active else (1.0, 1.0, 1.0)
        started = [step(cycle[k.I2 + p] - self._starting) for p in range(3)]
        self._flows.book(now, cycle, phasors, started, seconds, rows)
        self._squares(now, cycle, phasors, started, seconds, rows)
        self._line_to_line(now, seconds, rows)
        self._phasors(phasors, started, seconds, rows)
        self._distortion(started, seconds, pieces, rows)
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
        if self._connection.line_to_line:
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
            if self._connection.line_to_line:
                # Voltages to the mean of the conductors from AB and CB; the current of B from the others.
                if part > 1:
                    b = (a + c) * -1.0
                else:
                    a, b, c = (a * 2.0 - c) * (1 / 3), (a + c) * (-1 / 3), (c * 2.0 - a) * (1 / 3)
            for p, value in enumerate((a, b, c)):
                rows[_VR + 3 * part + p] = value * upright

    def _distortion(self, started, seconds, pieces, rows):
        """Write the harmonics' rows, and for how long they are known."""
        # Rows of currents repeat by three: an element that has not started has no harmonics.
        weights = [seconds] * 3 + [started[p] * seconds for p in range(3)]
        if isinstance(seconds, (float, Unknown)):
            _, squares, known = pieces[-1]
            for row, square in enumerate(squares):
                rows[_HV + row] = weights[row % 3 + (3 if row > 5 else 0)] * square
            rows[_HS] = seconds * known
            return
        ends = [piece[0] for piece in pieces[1:]] + [len(seconds)]
        for (start, squares, known), end in zip(pieces, ends):
            for row, square in enumerate(squares):
                weight = weights[row % 3 + (3 if row > 5 else 0)]
                rows[_HV + row, start:end] = weight[start:end] * square
            rows[_HS, start:end] = seconds[start:end] * known

    def _correct(self, now, cycle, phasors, factors):
        """Mend watts, vars, currents and their phasors, in place. Return the ratios of the currents, three."""
        correction, ratios = self._correction, []
        for p in range(3):
            known = factors[p] if factors else self.factors(root(cycle[k.I2 + p]), p)
            real, imag, square = known
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
        if self._connection.line_to_line:
            # Inputs see AB and CB: CA is CB - AB.
            squares = (a, c, a + c - now[k.VV + 2] * 2.0)
        else:
            squares = (a + b - now[k.VV] * 2.0, b + c - now[k.VV + 1] * 2.0, c + a - now[k.VV + 2] * 2.0)
        for p in range(3):
            rows[_VLL2 + p] = squares[p] * seconds


def _reference(a, b, c):
    """Return the reference by which the grid is laid (see phase), from one part of the voltages' phasors."""
    alpha, total = a - (b + c) * 0.5, a + b + c
    same = step(total * total * (_MISSING * _MISSING) - alpha * alpha)
    return alpha + (total - alpha) * same


def stuck(now):
    """Return how many channels had one and the same value, not zero, through the half cycle. now: kernel rows."""
    count = 0.0
    for channel in range(6):
        high, low = now[k.MAXIMA + channel], now[k.MINIMA + channel]
        size = larger(high, high * -1.0)
        is_zero = step(size * -1.0)
        is_one = step(size * _ROUNDING - (high - low))  # interpolation rounds
        count = is_one - is_one * is_zero + count
    return count
