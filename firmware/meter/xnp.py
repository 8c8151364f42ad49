"""The seam to the array library: ulab on MicroPython, numpy on CPython. Nothing else imports either.

Code written against `np` here uses only what both have (tools/ulab_lint.py checks it). The few operations that
one side lacks, or does much faster in its own way, are functions of this module.
FLOAT is the device's float: 32 bits on a Pico, 64 bits on a host. Metrology takes the type as an argument, so that
a host can run in single precision and see what a Pico sees.
"""

from math import atan2, sqrt


class Unknown:
    """A number that is not known yet, with the arithmetic of a float, and root(), step() and larger(): see tape."""


try:
    from ulab import numpy as np
    from ulab import utils

    FLOAT = np.float

    class Samples:
        """Turns blocks of little-endian int32 samples into arrays (count, width) of numbers, in one buffer."""

        def __init__(self):
            self._buffer = None

        def read(self, block, count, width):
            """Return the block as an array (count, width), valid until the next."""
            if self._buffer is None or len(self._buffer) != count * width:
                self._buffer = np.zeros(count * width)
            utils.from_int32_buffer(block, out=self._buffer)
            return self._buffer.reshape((count, width))

    def row_dots(a, b):
        """Return the dot product of each row of a with the same row of b. a, b: (n, m). Result: (n,)."""
        return np.sum(a * b, axis=1)

    def copy(a, out):
        """Write a to out. ulab's slice assignment would make a temporary array of the same size."""
        out -= out
        out += a

    def move_down(a, distance, count):
        """Move count columns of a 2-D array down by so many: to where it begins, from `distance` on."""
        at = 0
        while at < count:
            # Pieces that do not overlap: an assignment would make a temporary array of all.
            stop = min(at + distance, count)
            copy(a[:, at + distance : stop + distance], a[:, at:stop])
            at = stop

    def multiply(a, b, out):
        """Write a * b to out without a temporary array. b: an array that fits, or a number, which costs more."""
        out -= out
        out += a
        out *= b

    def floats(a):
        """Return a 1-D array as a list of floats."""
        return list(a)

    def root(x):
        """Return the square root of a float, an array or an Unknown."""
        if type(x) is float:
            return sqrt(x)
        return x.root() if isinstance(x, Unknown) else np.sqrt(x)

    def step(x):
        """Return 1 where x is 0 or more, else 0; x: a float, an array or an Unknown."""
        if type(x) is float:
            return 1.0 if x >= 0 else 0.0
        return x.step() if isinstance(x, Unknown) else (x >= 0) * 1.0

    def arc_tangent(y, x):
        """Return the angle of (x, y) in radians; both floats or both arrays."""
        return atan2(y, x) if type(x) is float else np.arctan2(y, x)

    def larger(a, b):
        """Return the larger of each pair; a, b: both floats, arrays or Unknowns."""
        if type(a) is float:
            return max(a, b)
        return a.larger(b) if isinstance(a, Unknown) else np.maximum(a, b)

    def power_spectrum(waves):
        """Return |X|**2 of the first half of each row's discrete Fourier transform. waves: (c, n), n a power of two."""
        rows, points = waves.shape
        out = np.zeros((rows, points // 2))
        for row in range(rows):
            lines = np.fft.fft(waves[row])[: points // 2]
            real, imag = np.real(lines), np.imag(lines)
            real *= real
            imag *= imag
            real += imag
            copy(real, out[row, :])
        return out

    # ulab's take() walks a list of int objects: slices are faster however many there are.
    GATHER_ABOVE_RUNS = 1 << 30

    gather = None  # never called: see the line above

except ImportError:
    import numpy as np

    FLOAT = np.float64
    # numpy 2 has it, twice as fast as einsum
    _vecdot = getattr(np, "vecdot", None) or (lambda a, b: np.einsum("ij,ij->i", a, b))

    class Samples:
        """Turns blocks of little-endian int32 samples into arrays (count, width) of numbers."""

        def read(self, block, count, width):
            """Return the block as an array (count, width), valid until the next."""
            return np.frombuffer(block, dtype="<i4", count=count * width).reshape((count, width))

    def row_dots(a, b):
        """Return the dot product of each row of a with the same row of b. a, b: (n, m). Result: (n,)."""
        return _vecdot(a, b)

    def copy(a, out):
        """Write a to out."""
        np.copyto(out, a)

    def move_down(a, distance, count):
        """Move count columns of a 2-D array down by so many: to where it begins, from `distance` on."""
        a[:, :count] = a[:, distance : distance + count]

    def multiply(a, b, out):
        """Write a * b to out without a temporary array. b: an array that fits, or a number."""
        np.multiply(a, b, out=out, casting="same_kind")

    def floats(a):
        """Return a 1-D array as a list of floats."""
        return a.tolist()

    def root(x):
        """Return the square root of a float, an array or an Unknown."""
        if type(x) is float:
            return sqrt(x)
        return x.root() if isinstance(x, Unknown) else np.sqrt(x)

    def step(x):
        """Return 1 where x is 0 or more, else 0; x: a float, an array or an Unknown."""
        if type(x) is float:
            return 1.0 if x >= 0 else 0.0
        return x.step() if isinstance(x, Unknown) else (x >= 0).astype(x.dtype)

    def arc_tangent(y, x):
        """Return the angle of (x, y) in radians; both floats or both arrays."""
        return atan2(y, x) if type(x) is float else np.arctan2(y, x)

    def larger(a, b):
        """Return the larger of each pair; a, b: both floats, arrays or Unknowns."""
        if type(a) is float:
            return max(a, b)
        return a.larger(b) if isinstance(a, Unknown) else np.maximum(a, b)

    def power_spectrum(waves):
        """Return |X|**2 of the first half of each row's discrete Fourier transform. waves: (c, n), n a power of two."""
        lines = np.fft.rfft(waves, axis=1)[:, : waves.shape[1] // 2]
        return lines.real**2 + lines.imag**2

    GATHER_ABOVE_RUNS = 24

    def gather(samples, index, before, weights, out):
        """Write sum over k of samples[index + k - before] * weights[k] to out. index: (m,), whole numbers."""
        first = index.astype(np.intp) - before
        piece = np.empty(len(first), dtype=samples.dtype)
        for k, weight in enumerate(weights):
            np.take(samples, first + k, out=piece if k else out, mode="clip")
            if k:
                np.multiply(piece, weight, out=piece)
                np.add(out, piece, out=out)
            else:
                np.multiply(out, weight, out=out)
