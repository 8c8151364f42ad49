"""ulab.numpy: the functions. Those that ulab lacks are lacking here too, and those nobody needed yet."""

import builtins
import math
from array import array as buffer_array

from ulab import fft as fft
from ulab.core import (
    _STORAGE,
    BOOL,
    COMPLEX,
    FLOAT,
    INT8,
    INT16,
    UINT8,
    UINT16,
    as_operand,
    broadcast_shape,
    count,
    expand,
    from_iterable,
    make,
    ndarray,
    upcast,
)

float = FLOAT
bool, uint8, int8, uint16, int16, complex = BOOL, UINT8, INT8, UINT16, INT16, COMPLEX
pi, e, inf, nan = math.pi, math.e, math.inf, math.nan

_any, _all, _max, _min, _sum = builtins.any, builtins.all, builtins.max, builtins.min, builtins.sum
_float, _is_number = builtins.float, (builtins.int, builtins.float, builtins.bool)


# Making arrays


def array(values, *, dtype=FLOAT):
    """Return a new array. Always float unless a dtype is given, also from an integer array."""
    return ndarray(values, dtype)


def asarray(values, *, dtype=None):
    """Return the array itself if it is one of the dtype, else a new one."""
    if isinstance(values, ndarray) and dtype in (None, values.dtype):
        return values
    return ndarray(values, FLOAT if dtype is None else dtype)


def full(shape, value, *, dtype=FLOAT):
    shape = _shape(shape)
    return make([value] * count(shape), shape, dtype)


def zeros(shape, *, dtype=FLOAT):
    return full(shape, 0, dtype=dtype)


def empty(shape, *, dtype=FLOAT):
    return full(shape, 0, dtype=dtype)


def ones(shape, *, dtype=FLOAT):
    return full(shape, 1, dtype=dtype)


def eye(n, *, dtype=FLOAT):
    return make([1 if r == c else 0 for r in range(n) for c in range(n)], (n, n), dtype)


def arange(*limits, dtype=None):
    """arange(stop), arange(start, stop), arange(start, stop, step). int16 for small integers, else float."""
    start, stop, step = ((0,) + limits + (1,) if len(limits) == 1 else limits + (1,))[:3]
    if dtype is None:
        small = _all(isinstance(v, builtins.int) and abs(v) <= 32768 for v in limits)
        dtype = INT16 if small else FLOAT
    n = _max(0, math.ceil((stop - start) / step))
    return make([start + i * step for i in range(n)], (n,), dtype)


def linspace(start, stop, num=50, *, endpoint=True, retstep=False, dtype=FLOAT):
    if num < 2:
        raise ValueError("number of points must be at least 2")
    step = (stop - start) / (num - 1 if endpoint else num)
    made = make([start + i * step for i in range(num)], (num,), dtype)
    return (made, step) if retstep else made


def frombuffer(buffer, *, dtype=FLOAT, offset=0, count=-1):
    """Return an array of a buffer's elements. A copy here; ulab gives a view."""
    code, size = _STORAGE[dtype]
    data = bytes(memoryview(buffer))[offset:]
    if len(data) % size:
        raise ValueError("buffer size must be a multiple of element size")
    elements = buffer_array(code, data)
    n = len(elements) if count < 0 else count
    if n > len(elements):
        raise ValueError("buffer is smaller than requested size")
    return make(elements[:n], (n,), dtype)


def concatenate(arrays, *, axis=0):
    if not isinstance(arrays, tuple):
        raise TypeError("first argument must be a tuple of ndarrays")
    first = arrays[0]
    if _any(a.dtype != first.dtype or len(a.shape) != len(first.shape) for a in arrays):
        raise ValueError("input arrays are not compatible")
    if len(first.shape) == 1 or axis == 0:
        if _any(a.shape[1:] != first.shape[1:] for a in arrays):
            raise ValueError("input arrays are not compatible")
        shape = (_sum(a.shape[0] for a in arrays),) + first.shape[1:]
        return make([v for a in arrays for v in a.values()], shape, first.dtype)
    return concatenate(tuple(a.T for a in arrays)).T.copy()


def _shape(shape):
    shape = (shape,) if isinstance(shape, builtins.int) else tuple(shape)
    if len(shape) > 2:
        raise TypeError("too many dimensions")
    return shape


# Element by element


def _elementwise(function):
    """Return the array function of a function of one number: f(number), f(iterable), f(array, out=array)."""

    def apply(a, *, out=None):
        if isinstance(a, _is_number):
            return _guard(function, a)
        a = a if isinstance(a, ndarray) else from_iterable(a)
        if a.dtype == COMPLEX:
            raise NotImplementedError("not implemented for complex dtype")
        values = [_guard(function, v) for v in a.values()]
        if out is None:
            return make(values, a.shape, FLOAT)
        if out.dtype != FLOAT or out.shape != a.shape:
            raise ValueError("input and output shapes differ")
        out._write(values)
        return out

    return apply


def _guard(function, value):
    """C's mathematics: nan where Python raises."""
    try:
        return _float(function(value))
    except ValueError:
        return -inf if value == 0 else nan
    except OverflowError:
        return value if value != value or value in (inf, -inf) else inf


acos, acosh = _elementwise(math.acos), _elementwise(math.acosh)
asin, asinh = _elementwise(math.asin), _elementwise(math.asinh)
atan, atanh = _elementwise(math.atan), _elementwise(math.atanh)
sin, cos, tan = _elementwise(math.sin), _elementwise(math.cos), _elementwise(math.tan)
sinh, cosh, tanh = _elementwise(math.sinh), _elementwise(math.cosh), _elementwise(math.tanh)
exp, expm1, sqrt = _elementwise(math.exp), _elementwise(math.expm1), _elementwise(math.sqrt)
log, log2, log10 = _elementwise(math.log), _elementwise(math.log2), _elementwise(math.log10)
floor, ceil = _elementwise(math.floor), _elementwise(math.ceil)
degrees, radians = _elementwise(math.degrees), _elementwise(math.radians)


def around(a, *, decimals=0):
    return make([round(v, decimals) for v in a.values()], a.shape, FLOAT)


def real(a):
    return a.real


def imag(a):
    return a.imag


def conjugate(a):
    return make([v.conjugate() for v in a.values()], a.shape, a.dtype) if a.dtype == COMPLEX else a.copy()


def isfinite(a):
    return _test(a, math.isfinite)


def isinf(a):
    return _test(a, math.isinf)


def _test(a, function):
    if isinstance(a, _is_number):
        return function(a)
    return make([function(v) for v in a.values()], a.shape, BOOL)


def arctan2(y, x):
    return _pairwise(y, x, math.atan2, FLOAT)


def minimum(a, b):
    return _pairwise(a, b, _min)


def maximum(a, b):
    return _pairwise(a, b, _max)


def equal(a, b):
    return _pairwise(a, b, lambda x, y: x == y, BOOL)


def not_equal(a, b):
    return _pairwise(a, b, lambda x, y: x != y, BOOL)


def clip(a, low, high):
    return minimum(high, maximum(a, low))


def _pairwise(a, b, function, dtype=None):
    if isinstance(a, _is_number) and isinstance(b, _is_number):
        return function(a, b)
    a = as_operand(a, b.dtype if isinstance(b, ndarray) else 0)
    b = as_operand(b, a.dtype)
    shape = broadcast_shape(a.shape, b.shape)
    values = [function(x, y) for x, y in zip(expand(a, shape), expand(b, shape))]
    return make(values, shape, upcast(a.dtype, b.dtype) if dtype is None else dtype)


def where(condition, a, b):
    condition, a = as_operand(condition, 0), as_operand(a, 0)
    b = as_operand(b, 0)
    shape = broadcast_shape(broadcast_shape(condition.shape, a.shape), b.shape)
    rows = zip(expand(condition, shape), expand(a, shape), expand(b, shape))
    return make([x if c else y for c, x, y in rows], shape, upcast(a.dtype, b.dtype))


def interp(x, xp, fp, *, left=None, right=None):
    """Linear interpolation; xp must ascend."""
    x, xs, ys = as_operand(x, FLOAT), as_operand(xp, FLOAT).values(), as_operand(fp, FLOAT).values()
    left, right = ys[0] if left is None else left, ys[-1] if right is None else right
    return make([_interpolate(v, xs, ys, left, right) for v in x.values()], x.shape, FLOAT)


def _interpolate(v, xs, ys, left, right):
    if v < xs[0]:
        return left
    if v > xs[-1]:
        return right
    low, high = 0, len(xs) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if xs[middle] <= v else (low, middle)
    if v == xs[high]:
        return ys[high]
    return ys[low] + (ys[high] - ys[low]) * (v - xs[low]) / (xs[high] - xs[low])


# Along an axis


def _reduce(a, axis, keepdims, function, dtype, of_ints=None):
    """Return function(values) of the whole array or of each line along the axis."""
    if not isinstance(a, ndarray):
        a = from_iterable(a)
    if a.dtype == COMPLEX:
        raise NotImplementedError("not implemented for complex dtype")
    if axis is not None and not isinstance(axis, builtins.int):
        raise TypeError("axis must be None, or an integer")
    if axis is None or len(a.shape) == 1:
        if axis not in (None, 0, -1):
            raise ValueError("index out of range")
        result = make([function(a.values())], (1,), dtype) if dtype is not None else None
        value = result[0] if dtype == FLOAT else function(a.values())
        return make([value], (1,) * len(a.shape), a.dtype if dtype is None else dtype) if keepdims else value
    if axis not in (0, 1, -1, -2):
        raise ValueError("index out of range")
    across = axis in (1, -1)
    lines = [line.values() for line in (a if across else a.T)]
    shape = (len(lines),) if not keepdims else ((len(lines), 1) if across else (1, len(lines)))
    return make([function(line) for line in lines], shape, a.dtype if dtype is None else dtype)


def _dtype_of_sum(a):
    return FLOAT if not isinstance(a, ndarray) or a.dtype == FLOAT else None


def sum(a, *, axis=None, keepdims=False):
    """Integers along an axis wrap, as they do in ulab."""
    return _reduce(a, axis, keepdims, _sum, _dtype_of_sum(a))


def max(a, *, axis=None, keepdims=False):
    return _reduce(a, axis, keepdims, _max, _dtype_of_sum(a))


def min(a, *, axis=None, keepdims=False):
    return _reduce(a, axis, keepdims, _min, _dtype_of_sum(a))


def mean(a, *, axis=None, keepdims=False):
    return _reduce(a, axis, keepdims, _mean, FLOAT)


def std(a, *, axis=None, ddof=0, keepdims=False):
    return _reduce(a, axis, keepdims, lambda line: _deviation(line, ddof), FLOAT)


def median(a, *, axis=None, keepdims=False):
    return _reduce(a, axis, keepdims, _median, FLOAT)


def all(a, *, axis=None):
    return (
        _reduce(a, axis, False, _all, BOOL) and True if axis is None else _reduce(a, axis, False, _all, BOOL)
    )


def any(a, *, axis=None):
    return _reduce(a, axis, False, _any, BOOL)


def argmax(a, *, axis=None):
    return _reduce(a, axis, False, lambda line: _find(line, _max(line)), INT16)


def argmin(a, *, axis=None):
    return _reduce(a, axis, False, lambda line: _find(line, _min(line)), INT16)


def _mean(line):
    return _sum(line) / len(line)


def _deviation(line, ddof):
    middle = _mean(line)
    return math.sqrt(_sum((v - middle) ** 2 for v in line) / (len(line) - ddof))


def _median(line):
    ordered = sorted(line)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _find(line, value):
    for i in range(len(line)):
        if line[i] == value:
            return i


def sort(a, axis=-1):
    """Return a sorted copy; axis=None flattens."""
    if axis is None:
        return make(sorted(a.values()), (a.size,), a.dtype)
    return _by_line(a, axis, sorted)


def flip(a, *, axis=None):
    if axis is None:
        return make(list(reversed(list(a.values()))), a.shape, a.dtype)
    return _by_line(a, axis, lambda line: list(reversed(list(line))))


def roll(a, distance, *, axis=None):
    if axis is None:
        return make(_rolled(list(a.values()), distance), a.shape, a.dtype)
    return _by_line(a, axis, lambda line: _rolled(list(line), distance))


def diff(a, *, n=1, axis=-1):
    for _ in range(n):
        a = _by_line(a, axis, lambda line: [line[i + 1] - line[i] for i in range(len(line) - 1)])
    return a


def _rolled(values, distance):
    k = distance % len(values) if values else 0
    return values[len(values) - k :] + values[: len(values) - k]


def _by_line(a, axis, function):
    """Return an array of function(line) for each line along the axis."""
    if not isinstance(a, ndarray):
        raise TypeError("argument must be an ndarray")
    if len(a.shape) == 1:
        values = function(a.values())
        return make(values, (len(values),), a.dtype)
    across = axis in (1, -1)
    lines = [function(line.values()) for line in (a if across else a.T)]
    made = make([v for line in lines for v in line], (len(lines), len(lines[0])), a.dtype)
    return made if across else made.T.copy()


def argsort(a, *, axis=-1):
    if axis is None:
        raise NotImplementedError("argsort is not implemented for flattened arrays")
    indices = lambda line: sorted(range(len(line)), key=lambda i: line[i])  # noqa: E731
    return asarray(_by_line(a, axis, indices), dtype=UINT16)


# The rest


def size(a, *, axis=None):
    return a.size if axis is None else a.shape[axis]


def dot(a, b):
    """Always float, also of integers."""
    if not isinstance(a, ndarray) or not isinstance(b, ndarray):
        raise TypeError("arguments must be ndarrays")
    if COMPLEX in (a.dtype, b.dtype):
        raise NotImplementedError("not implemented for complex dtype")
    if a.shape[-1] != b.shape[0]:
        raise ValueError("dimensions do not match")
    if len(a.shape) == len(b.shape) == 1:
        return make([_inner(a.values(), b.values())], (1,), FLOAT)[0]
    rows = [row.values() for row in a] if len(a.shape) == 2 else [a.values()]
    columns = [column.values() for column in b.T] if len(b.shape) == 2 else [b.values()]
    shape = (len(rows), len(columns)) if len(a.shape) == len(b.shape) else (len(rows) * len(columns),)
    return make([_inner(row, column) for row in rows for column in columns], shape, FLOAT)


def _inner(p, q):
    return _sum([x * y for x, y in zip(p, q)])


def convolve(a, v):
    p, q = a.values(), v.values()
    n = len(p) + len(q) - 1
    out = [0.0] * n
    for i in range(len(p)):
        for j in range(len(q)):
            out[i + j] += p[i] * q[j]
    return make(out, (n,), upcast(a.dtype, v.dtype))


def take(a, indices, axis=None):
    if not isinstance(a, ndarray):
        raise TypeError("input is not an array")
    indices = [builtins.int(i) for i in indices]
    n = a.size if axis is None else a.shape[axis]
    if _any(not -n <= i < n for i in indices):
        raise ValueError("index out of range")
    if axis is None or len(a.shape) == 1:
        values = a.values()
        return make([values[i] for i in indices], (len(indices),), a.dtype)
    return _by_line(a, axis, lambda line: [line[i] for i in indices])


def compress(condition, a):
    chosen = [v for v, c in zip(a.values(), condition) if c]
    return make(chosen, (len(chosen),), a.dtype)


def nonzero(a):
    """Return a tuple of index arrays, one for each dimension."""
    places = [i for i, v in enumerate(as_operand(a, 0).values()) if v]
    if len(a.shape) == 1:
        return (make(places, (len(places),), UINT16),)
    columns = a.shape[1]
    rows = make([i // columns for i in places], (len(places),), UINT16)
    return (rows, make([i % columns for i in places], (len(places),), UINT16))


def trace(a):
    return _sum(a[i, i] for i in range(a.shape[0]))
