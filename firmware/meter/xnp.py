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
