"""A recording as a source of samples for the simulated ADC, at another rate than it was recorded with.

Band-limited interpolation by a Kaiser-windowed sinc over 32 samples of the slower of the two rates: flat to
0.01 % up to 0.4 of that rate, more than 80 dB down from 0.6 of it. The kernel is cut into its unit intervals
and each is a polynomial in the position between two samples (a Farrow structure), so that any ratio costs the
same and no table is looked up:

    y(i + u) = sum over p of v**p * (sum over k of C[p, k] * x[i + k]),    v = 2 u - 1,  0 <= u < 1

At both ends the recording is continued by its reflection in the end point (x[-n] = 2 x[0] - x[n]): value and
slope stay continuous, so nothing rings. Each channel's time skew is taken out. Rates equal to 1 ppm without
skew: samples are passed on unchanged.
"""

from collections.abc import Mapping
from math import ceil, prod

import numpy as np

from ferraris.recordings.errors import InputError
from ferraris.recordings.model import Recording
from ferraris.recordings.samples import Floats

SAMPLES_PER_CYCLE = 512
HALF_TAPS = 16
KAISER_BETA = 9.4
DEGREE = 7
# samples that are worked on at once, so that they stay in the cache
BLOCK = 3000
MULTIPLICATIONS = 1 << 18
SAME_RATE = 1e-6


def farrow_matrix(slowdown: float) -> Floats:
    """Return C (DEGREE + 1, 2 * half), the kernel's pieces as polynomials.

    slowdown: input rate / output rate, at least 1.
    """
    half = ceil(HALF_TAPS * slowdown)
    nodes = np.cos(np.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1))
    distance = (nodes[:, None] + 1) / 2 + half - 1 - np.arange(2 * half)
    window = np.i0(KAISER_BETA * np.sqrt(np.maximum(0, 1 - (distance / half) ** 2)))
    kernel = np.sinc(distance / slowdown) * window
    kernel /= kernel.sum(axis=1, keepdims=True)
    return np.asarray(np.linalg.solve(nodes[:, None] ** np.arange(DEGREE + 1), kernel), np.float64)


def fold(matrix: Floats) -> Floats:
    """Return (2, (DEGREE + 1) / 2, half): for sums and differences of mirrored taps, even and odd powers.

    The kernel is even, so C[p, k] = (-1)**p C[p, 2 half - 1 - k]: half of the products are enough.
    """
    half = matrix.shape[1] // 2
    return np.stack([matrix[0::2, :half], matrix[1::2, :half]])


class RecordingSource:
    """The mapped channels of a recording at `rate`.

    channels: names of the meter's channels, in the order of the rows of read()
    rate: samples per second that are given out, a float
    length: samples of each channel in all; the last one is not later than the last one recorded
    """

    def __init__(
        self,
        recording: Recording,
        mapping: Mapping[str, int],
        frequency: float,
        rate_out: float | None = None,
    ) -> None:
        """mapping: from map_channels(). frequency: nominal or estimated, in hertz.

        rate_out: samples/s, by default 512 * frequency. InputError: the recording is too short.
        """
        self.channels = tuple(mapping)
        self.rate = float(rate_out or SAMPLES_PER_CYCLE * frequency)
        self._samples = recording.samples
        self._groups = _groups_of_equal_skew(recording, mapping)
        ratio = recording.rate / self.rate
        self._unchanged = abs(ratio - 1) <= SAME_RATE and not any(self._groups)
        if self._unchanged:
            self.rate, self.length = recording.rate, recording.length
            return
        self._ratio, self._rate_in = ratio, recording.rate
        self._matrix = fold(farrow_matrix(max(1.0, ratio)))
        self._half = self._matrix.shape[2]
        self._buffers = [np.empty(0), np.empty(0)]
        if recording.length < 2 * self._half + 2:
            raise InputError(f"{recording.path}: {recording.length} samples are too few to be resampled")
        self.length = int((recording.length - 1) / ratio + 1e-9) + 1

    def read(self, first: int, count: int) -> Floats:
        """Return samples first ... first + count - 1 as float64 (n_channels, count'), shorter at the end."""
        if first < 0 or count < 0:
            raise ValueError(f"first {first} and count {count} must not be negative")
        count = max(0, min(count, self.length - first))
        if self._unchanged:
            return self._samples.read(next(iter(self._groups.values()))[1], first, count)
        result = np.empty((len(self.channels), count))
        step = ceil(BLOCK / max(1.0, self._ratio))
        for start in range(0, count, step):
            stop = min(start + step, count)
            for skew, (rows, columns) in self._groups.items():
                result[rows, start:stop] = self._block(
                    first + start, stop - start, skew * self._rate_in, columns
                )
        return result

    def _block(self, first: int, count: int, shift: float, columns: list[int]) -> Floats:
        """Return `count` samples of `columns`, which were sampled `shift` input intervals late."""
        position = np.arange(first, first + count) * self._ratio - shift
        whole = np.floor(position)
        v = 2 * (position - whole) - 1
        index = whole.astype(np.int64) - int(whole[0])
        start = int(whole[0]) - self._half + 1
        x = self._extended(start, start + int(index[-1]) + 2 * self._half, columns)
        width = int(index[-1]) + 1
        folded = self._buffer(0, (2, self._half, len(columns), width))
        for k in range(self._half):
            mirror = 2 * self._half - 1 - k
            left, right = x[:, k : k + width], x[:, mirror : mirror + width]
            np.add(left, right, out=folded[0, k])
            np.subtract(left, right, out=folded[1, k])
        terms = self._buffer(1, (2, (DEGREE + 1) // 2, len(columns), width))
        self._multiply(folded.reshape(2, self._half, -1), terms.reshape(2, (DEGREE + 1) // 2, -1))
        result = np.zeros((len(columns), count))
        for p in range(DEGREE, -1, -1):
            result *= v
            result += np.take(terms[p % 2, p // 2], index, axis=1)
        return result

    def _multiply(self, folded: Floats, terms: Floats) -> None:
        """terms = matrix @ folded, in pieces for one thread of BLAS: several fight on a busy PC."""
        piece = max(1, MULTIPLICATIONS // self._matrix[0].size)
        for at in range(0, folded.shape[2], piece):
            np.matmul(self._matrix, folded[:, :, at : at + piece], out=terms[:, :, at : at + piece])

    def _buffer(self, number: int, shape: tuple[int, ...]) -> Floats:
        """Return working memory that is kept from block to block: new pages cost more than the arithmetic."""
        size = prod(shape)
        if self._buffers[number].size < size:
            self._buffers[number] = np.empty(size)
        return self._buffers[number][:size].reshape(shape)

    def _extended(self, start: int, stop: int, columns: list[int]) -> Floats:
        """Return input samples start ... stop - 1, continued by point reflection at both ends."""
        last = self._samples.length - 1
        before, after = max(0, -start), max(0, stop - 1 - last)
        low, high = max(0, start), min(last + 1, stop)
        parts = [self._samples.read(columns, low, high - low)]
        if before:
            head = self._samples.read(columns, 0, before + 1)
            parts.insert(0, 2 * head[:, :1] - head[:, :0:-1])
        if after:
            tail = self._samples.read(columns, last - after, after + 1)
            parts.append(2 * tail[:, -1:] - tail[:, -2::-1])
        return np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]


def _groups_of_equal_skew(
    recording: Recording, mapping: Mapping[str, int]
) -> dict[float, tuple[list[int], list[int]]]:
    """Return {skew in seconds: (rows of the output, channels of the recording)}."""
    groups: dict[float, tuple[list[int], list[int]]] = {}
    for row, column in enumerate(mapping.values()):
        rows, columns = groups.setdefault(recording.channels[column].skew, ([], []))
        rows.append(row)
        columns.append(column)
    return groups
