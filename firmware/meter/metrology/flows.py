"""Booking of what flows: watts, vars, volt-amperes and Q into delivered and received, and into quadrants.

Quadrants by the signs of W and VAR: q1 ++, q2 -+, q3 --, q4 +-. The polyphase value has a direction of its own, that
of the sum; volt-amperes have the sign of the watts. Source: the manual's Measurement Formulas.

A value here is that of one half cycle, a float, or those of n half cycles, an array (n,): the same lines serve a Pico's
short frames, where small arrays would cost more than the arithmetic, and a host's long ones.
"""

from meter.metrology import kernel as k
from meter.quantities import START
from meter.xnp import larger, root, step

_HALF_ROOT_3 = 0.8660254037844386
_W, _WC, _VARF = START["W"], START["Wc"], START["VARf"]


class Flows:
    """Books the flow rows.

    connection  which elements there are
    loss        LossCompensation, or None
    """

    def __init__(self, connection, loss=None, var_gain=1.0):
        self._loss = loss if loss is not None and loss.active else None
        self._line_to_line = connection.line_to_line
        self._var_gain = var_gain

    def book(self, half, cycle, phasors, started, seconds, rows):
        """Write the flow rows.

        half, cycle: kernel rows of the half cycles, and of the full cycles. phasors: 12 rows. started: 1 where an
        element carries its starting current, else 0, for three. seconds: the duration. rows: written to.
        """
        w = [half[k.W + p] * started[p] for p in range(3)]
        var = [half[k.VAR + p] * started[p] for p in range(3)]
        wc = [cycle[k.W + p] * started[p] for p in range(3)]
        varc = [cycle[k.VAR + p] * started[p] for p in range(3)]
        va = [root(cycle[k.V2 + p] * cycle[k.I2 + p]) * started[p] for p in range(3)]
        self._power(w, var, wc, varc, va, seconds, rows, _W)
        watts = _with_total(wc)
        if self._loss is None:
            rows[_WC : _WC + _WC - _W] = rows[_W:_WC]
        else:
            self._compensated(cycle, w, var, wc, varc, va, started, seconds, rows)
        fundamental = _with_total(
            [
                (phasors[3 + p] * phasors[6 + p] - phasors[p] * phasors[9 + p])
                * (started[p] * self._var_gain)
                for p in range(3)
            ]
        )
        for p in range(4):
            _quadrants(fundamental[p], watts[p], fundamental[p], seconds, rows, _VARF + p)

    def _compensated(self, cycle, w, var, wc, varc, va, started, seconds, rows):
        """Book the same with the losses added. The distortion that volt-amperes hold beside W and VAR stays."""
        lossy = [[], [], [], [], []]
        for p in range(3):
            watts, vars_ = self._loss.losses(cycle[k.V2 + p], cycle[k.I2 + p] * started[p], wc[p])
            apparent = _grown(va[p], wc[p], varc[p], watts, vars_)
            values = (w[p] + watts, var[p] + vars_, wc[p] + watts, varc[p] + vars_, apparent)
            for three, value in zip(lossy, values):
                three.append(value)
        self._power(lossy[0], lossy[1], lossy[2], lossy[3], lossy[4], seconds, rows, _WC)

    def _power(self, w, var, wc, varc, va, seconds, rows, row):
        """Book W, VAR, VA, VAv and Q from `row` on. w, var: what is booked; wc, varc: by whose signs. Three each."""
        values = [_with_total(three) for three in (w, var, wc, varc, va)]
        if self._line_to_line:
            # The volt-amperes of two line-to-line elements overlap: those of a balanced load are sqrt(3) of one, not
            # twice. An unbalanced one has no less than the vector's.
            watts, vars_ = values[2][3], values[3][3]
            values[4][3] = larger(values[4][3] * _HALF_ROOT_3, root(watts * watts + vars_ * vars_))
        for p in range(4):
            watts, vars_, watts_cycle, vars_cycle, apparent = [four[p] for four in values]
            forth = step(watts_cycle) * seconds
            back = seconds - forth
            rows[row + p] = watts * forth
            rows[row + 4 + p] = watts * back * -1.0
            _quadrants(vars_, watts_cycle, vars_cycle, seconds, rows, row + 8 + p)
            rows[row + 24 + p] = apparent * forth
            rows[row + 28 + p] = apparent * back
            vector = root(watts_cycle * watts_cycle + vars_cycle * vars_cycle)
            rows[row + 32 + p] = vector * forth
            rows[row + 36 + p] = vector * back
            q = (watts * 0.5 + vars_ * _HALF_ROOT_3) * seconds
            positive = q * step(watts_cycle * 0.5 + vars_cycle * _HALF_ROOT_3)
            rows[row + 40 + p] = positive
            rows[row + 44 + p] = positive - q


def _quadrants(var, watts, vars_, seconds, rows, row):
    """Book vars by the signs of watts and vars_, into every fourth row from `row` on."""
    forth = step(watts) * seconds
    back = seconds - forth
    up = var * step(vars_)
    down = up - var
    rows[row] = up * forth
    rows[row + 4] = up * back
    rows[row + 8] = down * back
    rows[row + 12] = down * forth


def _with_total(three):
    return [three[0], three[1], three[2], three[0] + three[1] + three[2]]


def _grown(va, w, var, watts, vars_):
    """Return volt-amperes after watts and vars were added to W and VAR: the distortion beside them stays."""
    distortion = larger(va * va - w * w - var * var, va * 0.0)
    w, var = w + watts, var + vars_
    return root(w * w + var * var + distortion)
