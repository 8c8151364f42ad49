"""From the kernel's means to what flowed in each half cycle, by direction and quadrant.

RMS values, volt-amperes and the signs are those of a full cycle, renewed each half cycle (the manual's Measurement
Formulas); the watts and vars that are booked are those of the half cycle alone, so that their integral is exact.
Direction and quadrant therefore do not flicker with the ripple of a half cycle, and no energy is smeared in time.
"""

from meter.metrology.frame import GAP, HALF, QUARTER
from meter.metrology.kernel import half_cycle_means
from meter.quantities import BASE_START, ROWS
from meter.xnp import FLOAT, np

_MEANS = 12  # rows of the kernel: v2, i2, w, var of three elements


class HalfCycles:
    """Computes, frame by frame, the (ROWS, n) matrix of integrals over each half cycle. Keeps one half cycle between.

    rows        (ROWS, n) array after process(): quantities.BASE and SQUARES, times seconds
    cycle       (12, n) array: full-cycle means of v2, i2, w, var of elements A, B, C
    """

    def __init__(self, dtype=FLOAT):
        self._dtype = dtype
        self._n = 0
        self._fresh = True
        self._last = np.zeros((_MEANS, 1), dtype=dtype)

    def process(self, frame):
        """Take a Frame. Return the (ROWS, n) matrix of integrals, valid until the next call."""
        n = frame.n
        if n != self._n:
            self._resize(n)
        fresh = self._fresh or frame.flags & GAP
        if fresh:
            self._bridge(frame)
        means = self._means
        half_cycle_means(frame, means, 1)
        means[:, 0:1] = means[:, 1:2] if fresh else self._last
        self._fresh = False
        self._last[:, :] = means[:, n : n + 1]
        self.cycle = (means[:, 0:n] + means[:, 1 : n + 1]) * 0.5
        self._book(means[:, 1 : n + 1], self.cycle, frame.seconds)
        return self.rows

    def _resize(self, n):
        self._n = n
        self._means = np.zeros((_MEANS, n + 1), dtype=self._dtype)
        self._w = np.zeros((4, n), dtype=self._dtype)
        self._var = np.zeros((4, n), dtype=self._dtype)
        self._va = np.zeros((4, n), dtype=self._dtype)
        self._wc = np.zeros((4, n), dtype=self._dtype)
        self._varc = np.zeros((4, n), dtype=self._dtype)
        self.rows = np.zeros((ROWS, n), dtype=self._dtype)

    @staticmethod
    def _bridge(frame):
        # Nothing is known before the first half cycle. A periodic signal without even harmonics is the negative of
        # what follows half a cycle later; one half cycle is metered so, instead of being lost.
        for v in frame.v:
            v[:QUARTER] = -v[HALF : HALF + QUARTER]

    def _book(self, half, cycle, seconds):
        w, var, va, wc, varc = self._w, self._var, self._va, self._wc, self._varc
        for rows, source, start in ((w, half, 6), (var, half, 9), (wc, cycle, 6), (varc, cycle, 9)):
            rows[0:3] = source[start : start + 3]
            rows[3] = np.sum(source[start : start + 3], axis=0)
        va[0:3] = np.sqrt(cycle[0:3] * cycle[3:6])
        va[3] = np.sum(va[0:3], axis=0)
        delivered = (wc >= 0) * seconds
        received = (wc < 0) * seconds
        inductive = varc >= 0
        vector = np.sqrt(wc * wc + varc * varc)
        lag = var * inductive
        lead = lag - var
        self._put("W", w * delivered, w * -received)
        self._put("VAR", lag * delivered, lag * received, lead * received, lead * delivered)
        self._put("VA", va * delivered, va * received)
        self._put("VAv", vector * delivered, vector * received)
        squares = BASE_START["V2"]
        self.rows[squares : squares + 6] = half[0:6] * seconds

    def _put(self, name, *parts):
        row = BASE_START[name]
        for part in parts:
            self.rows[row : row + 4] = part
            row += 4
