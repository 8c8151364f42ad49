"""The kernel: the sums of products over each half cycle, the reference in terms of xnp.

It is the one place where every sample is touched, kept apart so that a faster one can replace it, tested equal.
Source: the manual's Measurement Formulas. Reactive power multiplies the current with the voltage of a quarter cycle
before, which is the same as advancing the current by 90 degrees and needs no sample from the future.
"""

from meter.metrology.frame import HALF, QUARTER
from meter.xnp import row_dots


def half_cycle_means(frame, out, column):
    """Write the half-cycle means of a frame into out[:, column:column + n].

    frame: a Frame of n half cycles. out: (12, at least column + n): rows of v*v, i*i, v*i and v90*i, each for the
    elements A, B, C, in V2, A2, W and var.
    """
    n = frame.n
    end = column + n
    size = n * HALF
    for p in range(3):
        samples = frame.v[p]
        v = samples[QUARTER : QUARTER + size].reshape((n, HALF))
        v90 = samples[:size].reshape((n, HALF))
        i = frame.i[p][:size].reshape((n, HALF))
        out[p, column:end] = row_dots(v, v) / HALF
        out[3 + p, column:end] = row_dots(i, i) / HALF
        out[6 + p, column:end] = row_dots(v, i) / HALF
        out[9 + p, column:end] = row_dots(v90, i) / HALF
