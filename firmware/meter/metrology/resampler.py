"""Interpolation between samples: a signal's values at any positions of the converter's sample stream.

Six-point Lagrange interpolation. Its gain is flat to 0.007 % up to the 40th harmonic at 512 samples a cycle
(error at most 225/46080 * w**6 for w radians a sample), and it settles within six samples after a gap.

A converter that runs near the wanted rate gives one sample for each position, with a slip now and then. Between two
slips the samples are taken as slices, which costs a Pico no index array. Where slips are frequent a host gathers.
"""

from meter.compat import const
from meter.metrology.frame import BEFORE
from meter.xnp import GATHER_ABOVE_RUNS, copy, gather, multiply, np

_LONG = const(4096)  # positions from which channels are taken one by one, to stay in a processor's cache


# Lagrange weights for the samples -2 to 3: products of the factors mu + 2 ... mu - 3, one left out, over a constant.
_SHIFTS = (2.0, 1.0, 0.0, -1.0, -2.0, -3.0)
_SCALES = (-1.0 / 120.0, 1.0 / 24.0, -1.0 / 12.0, 1.0 / 12.0, -1.0 / 24.0, 1.0 / 120.0)


class Resampler:
    """Interpolates several channels at the same positions. Its buffers are reused: a Pico's memory is small.

    largest     how many positions there may be. channels: how many channels there are. dtype: of the samples.
    """

    def __init__(self, largest, channels, dtype):
        self._weights = np.zeros((6, largest), dtype=dtype)
        self._factors = np.zeros((3, largest), dtype=dtype)
        self._scratch = np.zeros((channels, min(largest, _LONG)), dtype=dtype)
        self._row = np.zeros((1, largest), dtype=dtype)
        self._positions = np.zeros((2, largest))
        self._one = np.array([1.0])
        # As arrays: a number that meets an array costs a Pico an array each time.
        self._shifts = [np.array([shift], dtype=dtype) for shift in _SHIFTS]
        self._scales = [np.array([scale], dtype=dtype) for scale in _SCALES]
        self._size = 0

    def prepare(self, positions):
        """Take the positions: (m,) floats, in samples from the start of the channels' buffers, rising.

        BEFORE samples must precede the first and AFTER samples follow the last.
        """
        if len(positions) != self._size:
            self._view(len(positions))
        index, fraction = self._whole, self._fraction
        np.floor(positions, out=index)
        copy(positions, fraction)
        fraction -= index
        self._weigh(fraction)
        slips = self._slips()
        self._index = index if len(slips) >= GATHER_ABOVE_RUNS else None
        if self._index is None:
            starts = [0] + [int(slip) + 1 for slip in slips]
            self._runs = tuple(
                (start, stop, int(index[start]) - BEFORE)
                for start, stop in zip(starts, starts[1:] + [self._size])
            )

    def _slips(self):
        """Return where the next position is not one sample further, whole numbers. Overwrites the fractions."""
        more = self._fraction[1:]
        copy(self._whole[1:], more)
        more -= self._whole[: self._size - 1]
        more -= self._one
        return np.nonzero(more)[0]

    def _view(self, size):
        self._size = size
        self._whole, self._fraction = [self._positions[k, :size] for k in range(2)]
        self._factor, self._left, self._right = [self._factors[k, :size] for k in range(3)]
        self._w = [self._weights[k, :size] for k in range(6)]

    def _weigh(self, mu):
        """Compute the six weights of the fractions mu, each the product of five factors."""
        factor, left, right, w = self._factor, self._left, self._right, self._w
        # w[k] collects the factors before k from the left, then those after k from the right.
        copy(mu, left)
        left += self._shifts[0]
        for k in range(1, 6):
            multiply(left, self._scales[k], w[k])
            if k < 5:
                self._factor_of(mu, k)
                left *= factor
        copy(mu, right)
        right += self._shifts[5]
        for k in range(4, 0, -1):
            weight = w[k]
            weight *= right
            self._factor_of(mu, k)
            right *= factor
        multiply(right, self._scales[0], w[0])

    def _factor_of(self, mu, k):
        """Write mu + _SHIFTS[k] to the factor."""
        factor = self._factor
        copy(mu, factor)
        factor += self._shifts[k]

    def run(self, samples, out):
        """Write the samples of all channels, interpolated at all positions, to out. samples: (c, ...), out: (c, m)."""
        if self._index is not None:
            for p in range(len(samples)):
                gather(samples[p], self._index, BEFORE, self._w, out[p])
            return
        for start, stop, first in self._runs:
            if stop - start <= _LONG:
                self._slice(samples, out, self._scratch, start, stop, first)
            else:
                for p in range(len(samples)):
                    self._slice(samples[p : p + 1], out[p : p + 1], self._row, start, stop, first)

    def _slice(self, samples, out, scratch, start, stop, first):
        count = stop - start
        total, part = out[:, start:stop], scratch[:, :count]
        multiply(samples[:, first : first + count], self._weights[0, start:stop], total)
        for k in range(1, 6):
            multiply(samples[:, first + k : first + k + count], self._weights[k, start:stop], part)
            total += part
