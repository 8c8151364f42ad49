"""The kernel: what is computed from every sample, as sums and extremes over each half cycle.

It is the one place where every sample is touched, kept apart so that a faster one can replace it, tested equal:
there is one for a single half cycle, where the calls cost most, and one for long frames.
Reactive power multiplies the current with the voltage of a quarter cycle before, which is the same as advancing
the current by 90 degrees and needs no sample from the future. The cross products give the line-to-line voltages
and the neutral current without a further pass over samples. Source: the manual's Measurement Formulas.
"""

from math import pi

from meter.compat import const
from meter.metrology.frame import HALF, QUARTER
from meter.xnp import FLOAT, floats, np, row_dots

# Rows of the result, three each (A, B, C) where nothing else is said.
V2 = const(0)  # v * v
I2 = const(3)  # i * i
W = const(6)  # v * i
VAR = const(9)  # v90 * i
VV = const(12)  # v * v of the next phase: AB, BC, CA
II = const(15)  # i * i of the next phase
VD = const(18)  # v, and then i
ID = const(21)
MEANS = const(24)  # rows up to here are means; they add up to those of a cycle
PHASORS = const(24)  # v * cos, v * -sin, i * cos, i * -sin at the fundamental, times sqrt(2): RMS phasors
MAXIMA = const(36)  # rows up to here change sign from one half cycle to the next. Of VA VB VC IA IB IC
MINIMA = const(42)
ROWS = const(48)


class Kernel:
    """Computes the rows of half cycles. dtype: the type of the samples."""

    def __init__(self, dtype=FLOAT):
        angle = np.arange(HALF) * (2 * pi / (2 * HALF))
        factor = 1.4142135623730951 / HALF
        self._carrier = np.zeros((HALF, 3), dtype=dtype)
        self._carrier[:, 0] = np.cos(angle) * factor
        self._carrier[:, 1] = np.sin(angle) * (-1.0 * factor)
        self._carrier[:, 2] = 1.0 / HALF

    def one(self, samples):
        """One half cycle, all channels at once, as products of matrices. Return a list of ROWS floats.

        samples: (6, QUARTER + HALF).
        """
        now = samples[:, QUARTER:]
        mean = 1.0 / HALF
        # To floats at once: each look into an array costs a Pico 224 bytes.
        products = floats(np.dot(now, now.transpose()).reshape((36,)))
        shifted = floats(np.dot(samples[0:3, :HALF], now[3:6].transpose()).reshape((9,)))
        turned = floats(np.dot(now, self._carrier).reshape((18,)))
        out = [0.0] * ROWS
        for p in range(3):
            v, i, following = 7 * p, 7 * p + 21, (p + 1) % 3  # places in the diagonal
            out[V2 + p] = products[v] * mean
            out[I2 + p] = products[i] * mean
            out[W + p] = products[v + 3] * mean
            out[VAR + p] = shifted[4 * p] * mean
            out[VV + p] = products[6 * p + following] * mean
            out[II + p] = products[6 * p + 21 + following] * mean
        for p in range(6):
            first = PHASORS + p if p < 3 else PHASORS + 3 + p
            out[first], out[first + 3], out[VD + p] = turned[3 * p : 3 * p + 3]
        out[MAXIMA:MINIMA] = floats(np.max(now, axis=1))
        out[MINIMA:] = floats(np.min(now, axis=1))
        return out

    def many(self, samples, out):
        """Write the rows of n half cycles to out (ROWS, n), channel by channel. samples: (6, QUARTER + n * HALF)."""
        size = samples.shape[1] - QUARTER
        shape = (size // HALF, HALF)
        rows = [samples[p, QUARTER:].reshape(shape) for p in range(6)]
        mean = 1.0 / HALF
        for p in range(3):
            v, i, following = rows[p], rows[3 + p], (p + 1) % 3
            out[V2 + p] = row_dots(v, v) * mean
            out[I2 + p] = row_dots(i, i) * mean
            out[W + p] = row_dots(v, i) * mean
            out[VAR + p] = row_dots(samples[p, :size].reshape(shape), i) * mean
            out[VV + p] = row_dots(v, rows[following]) * mean
            out[II + p] = row_dots(i, rows[3 + following]) * mean
        for p in range(6):
            turned = np.dot(rows[p], self._carrier)
            first = PHASORS + p if p < 3 else PHASORS + 3 + p
            out[first] = turned[:, 0]
            out[first + 3] = turned[:, 1]
            out[VD + p] = turned[:, 2]
            out[MAXIMA + p] = np.max(rows[p], axis=1)
            out[MINIMA + p] = np.min(rows[p], axis=1)


def before_the_first(now):
    """Return the rows of the half cycle before the first one: the same, with phasors of the other sign."""
    return now[:PHASORS] + [-x for x in now[PHASORS:MAXIMA]] + now[MAXIMA:]
