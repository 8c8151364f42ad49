"""ulab.numpy.fft: one dimension, a power of two long, complex result."""

from cmath import exp, pi

from ulab.core import COMPLEX, make, ndarray


def fft(a):
    """Return the discrete Fourier transform of a 1-D array."""
    return _checked(a, -1, 1)


def ifft(a):
    """Return the inverse transform of a 1-D array."""
    return _checked(a, 1, a.size)


def _checked(a, sign, divisor):
    if not isinstance(a, ndarray):
        raise NotImplementedError("FFT is defined for ndarrays only")
    if len(a.shape) != 1:
        raise TypeError("FFT is implemented for linear arrays only")
    n = a.size
    if n & (n - 1) or not n:
        raise ValueError("input array length must be power of 2")
    result = _transform(
        [complex(v) for v in a.values()], [exp(sign * 2j * pi * k / n) for k in range(n // 2)]
    )
    return make([v / divisor for v in result], (n,), COMPLEX)


def _transform(x, roots):
    """Radix 2, in time. roots: the first half of the n-th roots of unity."""
    if len(x) == 1:
        return x
    even = _transform(x[0 : len(x) : 2], roots[0 : len(roots) : 2])
    odd = [w * v for w, v in zip(roots, _transform(x[1 : len(x) : 2], roots[0 : len(roots) : 2]))]
    return [e + o for e, o in zip(even, odd)] + [e - o for e, o in zip(even, odd)]
