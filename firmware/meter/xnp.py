"""The seam to the array library: ulab on MicroPython, numpy on CPython. Nothing else imports either.

Code written against `np` here uses only what both have (tools/ulab_lint.py checks it). The few operations that
one side lacks, or does much faster in its own way, are functions of this module.
FLOAT is the device's float: 32 bits on a Pico, 64 bits on a host. Metrology takes the type as an argument, so that
a host can run in single precision and see what a Pico sees.
"""

try:
    from ulab import numpy as np
    from ulab import utils

    FLOAT = np.float
    FLOAT32 = np.float

    def floats_from_int32(buffer, out):
        """Convert little-endian int32 samples to floats in `out` (1-D, as long as buffer / 4). Return out."""
        return utils.from_int32_buffer(buffer, out=out)

    def row_dots(a, b):
        """Return the dot product of each row of a with the same row of b. a, b: (n, m). Result: (n,)."""
        return np.sum(a * b, axis=1)

    def running_sum(a):
        """Return the cumulative sum of a 1-D array."""
        out = np.zeros(len(a))
        total = 0.0
        for k in range(len(a)):
            total += a[k]
            out[k] = total
        return out

    # ulab's take() walks a list of int objects: slices are faster however many there are.
    GATHER_ABOVE_RUNS = 1 << 30

    def gather(samples, index, before, weights, out):
        """Not used with ulab."""
        raise NotImplementedError

except ImportError:
    import numpy as np

    FLOAT = np.float64
    FLOAT32 = np.float32

    def floats_from_int32(buffer, out):
        """Convert little-endian int32 samples to floats in `out` (1-D, as long as buffer / 4). Return out."""
        out[:] = np.frombuffer(buffer, dtype="<i4", count=len(out))
        return out

    def row_dots(a, b):
        """Return the dot product of each row of a with the same row of b. a, b: (n, m). Result: (n,)."""
        return np.einsum("ij,ij->i", a, b)

    def running_sum(a):
        """Return the cumulative sum of a 1-D array."""
        return np.cumsum(a)

    GATHER_ABOVE_RUNS = 16

    def gather(samples, index, before, weights, out):
        """Write sum over k of samples[index + k - before] * weights[k] to out. index: (m,), whole numbers."""
        first = index.astype(np.intp) - before
        out[:] = samples[first] * weights[0]
        for k in range(1, len(weights)):
            out += samples[first + k] * weights[k]
