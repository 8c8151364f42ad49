"""The array: a typed buffer with offset, shape and strides (counted in elements), so that slices are views.

dtypes are the integers that ulab uses: the character codes of the buffer's type. Complex arrays keep a list.
"""

from array import array
from math import floor, inf, nan

from ulab.precision import CODE

FLOAT = ord(CODE)
UINT8, INT8, UINT16, INT16, BOOL, COMPLEX = (ord(c) for c in "BbHh?c")

# dtype -> (type code of the buffer, bytes of an element)
_STORAGE = {
    UINT8: ("B", 1),
    INT8: ("b", 1),
    UINT16: ("H", 2),
    INT16: ("h", 2),
    BOOL: ("B", 1),
    FLOAT: (CODE, 4 if CODE == "f" else 8),
    COMPLEX: ("", 8 if CODE == "f" else 16),
}
# dtype -> (what is added before wrapping, mask)
_WRAP = {UINT8: (0, 0xFF), INT8: (0x80, 0xFF), UINT16: (0, 0xFFFF), INT16: (0x8000, 0xFFFF)}


# Bytes that ulab would have taken from the heap so far: OBJECT for each array or view, and the data of new arrays.
OBJECT = 96  # measured on the 32-bit unix port: an array object and what comes with its making
allocated = [0]


def store(values, dtype):
    """Return the values as a buffer of the dtype, converted as ulab does."""
    values = list(values)
    allocated[0] += len(values) * (_STORAGE[dtype][1] if dtype in _STORAGE else 8)
    if dtype == FLOAT:
        return array(CODE, values)
    if dtype == COMPLEX:
        return [complex(v) for v in values]
    if dtype == BOOL:
        return array("B", [1 if v else 0 for v in values])
    if dtype not in _WRAP:
        raise TypeError("data type not understood")
    add, mask = _WRAP[dtype]
    return array(_STORAGE[dtype][0], [((to_int(v) + add) & mask) - add for v in values])


def to_int(value):
    """Return a float rounded half away from zero, as ulab does (numpy truncates). Integers stay."""
    if isinstance(value, float):
        return floor(value + 0.5) if value >= 0 else -floor(0.5 - value)
    return int(value)


def dense_strides(shape):
    """Return the strides of an array without gaps."""
    return (shape[1], 1) if len(shape) == 2 else (1,)


def count(shape):
    """Return the number of elements of a shape."""
    return shape[0] * shape[1] if len(shape) == 2 else shape[0]


def make(values, shape, dtype):
    """Return a new dense array of the values in row order."""
    return ndarray(None, _view=(store(values, dtype), 0, shape, dense_strides(shape), dtype))


def from_iterable(values, dtype=FLOAT):
    """Return a new array of a list, tuple or range of numbers, or of rows of equal length."""
    values = list(values)
    if not values or not _is_line(values[0]):
        return make(values, (len(values),), dtype)
    rows = [list(row) for row in values]
    if any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("iterables are not of the same length")
    if rows[0] and _is_line(rows[0][0]):
        raise ValueError("too many dimensions")
    return make([v for row in rows for v in row], (len(rows), len(rows[0])), dtype)


def _is_line(value):
    return isinstance(value, (list, tuple, range, array, ndarray))


def as_operand(value, other_dtype):
    """Return a number or iterable as an array, in the type that ulab gives it beside other_dtype."""
    if isinstance(value, ndarray):
        return value
    if isinstance(value, bool):
        return make([value], (1,), BOOL)
    if isinstance(value, int):
        return make([value], (1,), _int_dtype(value, other_dtype))
    if isinstance(value, float):
        return make([value], (1,), FLOAT)
    if isinstance(value, complex):
        return make([value], (1,), COMPLEX)
    if value is None or isinstance(value, str):
        raise TypeError("wrong operand type")
    return from_iterable(value)


def _int_dtype(value, other_dtype):
    if other_dtype == FLOAT or not -32768 < value < 32768:
        return FLOAT
    if value < 0:
        return INT8 if value > -128 else INT16
    if other_dtype in (INT8, INT16):
        return INT8 if value < 128 else INT16
    return UINT8 if value < 256 else UINT16


def upcast(a, b):
    """Return the dtype of the sum of two dtypes. int16 with uint16 is float: there are no 32-bit integers."""
    a, b = (UINT8 if d == BOOL else d for d in (a, b))
    if a == b:
        return a
    for wide in (COMPLEX, FLOAT):
        if wide in (a, b):
            return wide
    pair = (min(a, b), max(a, b))
    if pair == (min(INT16, UINT16), max(INT16, UINT16)):
        return FLOAT
    return UINT16 if UINT16 in pair else INT16


def broadcast_shape(a, b):
    """Return the shape of an operation on two shapes, or raise ValueError."""
    ndim = max(len(a), len(b))
    a, b = ((1,) * (ndim - len(s)) + s for s in (a, b))
    if any(m != n and 1 not in (m, n) for m, n in zip(a, b)):
        raise ValueError("operands could not be broadcast together")
    return tuple(n if m == 1 else m for m, n in zip(a, b))


def expand(a, shape):
    """Return the values of the array repeated to the shape, as a list or buffer in row order."""
    if a.shape == shape:
        return a.values()
    if count(a.shape) == 1:
        return [a._data[a._offset]] * count(shape)
    if len(shape) == 1:
        return a.values()
    rows, columns = shape
    if a.shape[-1] == 1:
        return [v for v in a.values() for _ in range(columns)]
    return list(a.values()) * rows


# Operations on two equally long sequences


def _divide(p, q):
    try:
        return [x / y for x, y in zip(p, q)]
    except ZeroDivisionError:
        return [x / y if y else (nan if x == 0 or x != x else inf if x > 0 else -inf) for x, y in zip(p, q)]


def _divide_integers(p, q):
    """C's integer division, which ulab uses between integer arrays: towards zero."""
    return [(abs(x) // abs(y)) * (1 if (x < 0) == (y < 0) else -1) for x, y in zip(p, q)]


def _power(p, q):
    return [_power_of(x, y) for x, y in zip(p, q)]


def _power_of(x, y):
    try:
        result = x**y
    except (ZeroDivisionError, OverflowError):
        return inf
    return nan if isinstance(result, complex) and not isinstance(x, complex) else result


_ARITHMETIC = {
    "+": lambda p, q: [x + y for x, y in zip(p, q)],
    "-": lambda p, q: [x - y for x, y in zip(p, q)],
    "*": lambda p, q: [x * y for x, y in zip(p, q)],
    "//": lambda p, q: [x // y for x, y in zip(p, q)],
    "%": lambda p, q: [x % y for x, y in zip(p, q)],
    "/": _divide,
    "**": _power,
}
_COMPARISON = {
    "<": lambda p, q: [x < y for x, y in zip(p, q)],
    "<=": lambda p, q: [x <= y for x, y in zip(p, q)],
    ">": lambda p, q: [x > y for x, y in zip(p, q)],
    ">=": lambda p, q: [x >= y for x, y in zip(p, q)],
    "==": lambda p, q: [x == y for x, y in zip(p, q)],
    "!=": lambda p, q: [x != y for x, y in zip(p, q)],
}
_LOGIC = {
    "&": lambda p, q: [x & y for x, y in zip(p, q)],
    "|": lambda p, q: [x | y for x, y in zip(p, q)],
    "^": lambda p, q: [x ^ y for x, y in zip(p, q)],
}


def operate(symbol, a, b):
    """Return a new array: a (an array) with b (anything) after the symbol."""
    b = as_operand(b, a.dtype)
    shape = broadcast_shape(a.shape, b.shape)
    function, dtype = _choose(symbol, a.dtype, b.dtype)
    return make(function(expand(a, shape), expand(b, shape)), shape, dtype)


def _choose(symbol, a, b):
    """Return the function and the dtype of the result for a symbol and two dtypes."""
    if symbol in _COMPARISON:
        if COMPLEX in (a, b) and symbol not in ("==", "!="):
            raise NotImplementedError("not implemented for complex dtype")
        return _COMPARISON[symbol], BOOL
    if symbol in _LOGIC:
        if FLOAT in (a, b) or COMPLEX in (a, b):
            raise TypeError("operation not supported for the input types")
        return _LOGIC[symbol], BOOL if a == b == BOOL else upcast(a, b)
    dtype = upcast(a, b)
    if symbol == "/" and dtype != COMPLEX:
        return (_divide if FLOAT in (a, b) else _divide_integers), FLOAT
    if symbol == "**" and dtype != COMPLEX:
        dtype = FLOAT
    return _ARITHMETIC[symbol], dtype


def inplace_multiply(a, b):
    """`a *= b` where the interpreter does not ask the object: the test build writes this call instead."""
    return a.__imul__(b) if isinstance(a, ndarray) else a * b  # `a *= b` would be written as this call, too


def inplace_divide(a, b):
    """`a /= b`, likewise."""
    return a.__itruediv__(b) if isinstance(a, ndarray) else a / b


class ndarray:
    """An array of one or two dimensions."""

    def __init__(self, values, dtype=FLOAT, _view=None):
        if _view is None:
            if isinstance(values, ndarray):
                _view = (store(values.values(), dtype), 0, values.shape, dense_strides(values.shape), dtype)
            else:
                made = from_iterable(values, dtype)
                _view = (made._data, 0, made.shape, made._strides, dtype)
        self._data, self._offset, self.shape, self._strides, self.dtype = _view
        allocated[0] += OBJECT

    # Properties and methods

    @property
    def ndim(self):
        return len(self.shape)

    @property
    def size(self):
        return count(self.shape)

    @property
    def itemsize(self):
        return _STORAGE[self.dtype][1]

    @property
    def strides(self):
        return tuple(s * self.itemsize for s in self._strides)

    @property
    def T(self):
        return self.transpose()

    @property
    def real(self):
        return (
            self.copy() if self.dtype != COMPLEX else make([v.real for v in self.values()], self.shape, FLOAT)
        )

    @property
    def imag(self):
        imaginary = [v.imag for v in self.values()] if self.dtype == COMPLEX else [0.0] * self.size
        return make(imaginary, self.shape, FLOAT)

    @property
    def flat(self):
        return iter(self.flatten())

    def transpose(self):
        return self._same_data(self._offset, tuple(reversed(self.shape)), tuple(reversed(self._strides)))

    def reshape(self, shape):
        shape = _resolve_shape((shape,) if isinstance(shape, int) else shape, self.size)
        if not self._is_dense():
            return make(self.values(), shape, self.dtype)
        return self._same_data(self._offset, shape, dense_strides(shape))

    def copy(self):
        return make(self.values(), self.shape, self.dtype)

    def flatten(self):
        return make(self.values(), (self.size,), self.dtype)

    def tolist(self):
        values = [self._item(v) for v in self.values()]
        if len(self.shape) == 1:
            return values
        rows, columns = self.shape
        return [values[r * columns : (r + 1) * columns] for r in range(rows)]

    def tobytes(self):
        if not self._is_dense():
            raise ValueError("tobytes can be invoked for dense arrays only")
        return bytes(store(self.values(), self.dtype))

    def sort(self, axis=-1):
        from ulab import numpy

        self[:] = numpy.sort(self, axis=axis)

    # Where the elements are

    def _same_data(self, offset, shape, strides):
        return ndarray(None, _view=(self._data, offset, shape, strides, self.dtype))

    def _is_dense(self):
        return self._strides == dense_strides(self.shape)

    def values(self):
        """Return all elements in row order: a copy of the buffer, or a list. Bools come as 0 and 1."""
        data, start = self._data, self._offset
        if self._is_dense():
            return data[start : start + self.size]
        if len(self.shape) == 1:
            return [data[i] for i in self._indices()]
        step, n = self._strides[1], self.shape[1]
        return [
            data[r + c * step] for r in range_of(start, self._strides[0], self.shape[0]) for c in range(n)
        ]

    def _indices(self):
        """Return the places of all elements in the buffer, in row order."""
        start = self._offset
        if len(self.shape) == 1:
            return range_of(start, self._strides[0], self.shape[0])
        rows = range_of(start, self._strides[0], self.shape[0])
        return [i for r in rows for i in range_of(r, self._strides[1], self.shape[1])]

    def _item(self, value):
        return bool(value) if self.dtype == BOOL else value

    # Indices

    def __len__(self):
        return self.shape[0]

    def __iter__(self):
        for i in range(self.shape[0]):
            yield self[i]

    def __getitem__(self, key):
        if isinstance(key, ndarray):
            chosen = [v for v, m in zip(self.values(), _mask(key, self)) if m]
            return make(chosen, (len(chosen),), self.dtype)
        view = self._view(key)
        return self._item(self._data[view]) if isinstance(view, int) else view

    def __setitem__(self, key, value):
        value = as_operand(value, self.dtype)
        if value.dtype == COMPLEX and self.dtype != COMPLEX:
            raise TypeError("cannot convert complex to dtype")
        if isinstance(key, ndarray):
            return self._set_masked(_mask(key, self), value)
        view = self._view(key)
        if isinstance(view, int):
            if value.size != 1:
                raise ValueError("operands could not be broadcast together")
            self._data[view] = store(value.values(), self.dtype)[0]
        else:
            view._assign(value)

    def _set_masked(self, mask, value):
        places = [i for i, m in zip(self._indices(), mask) if m]
        values = store(value.values(), self.dtype)
        if len(values) == 1:
            values = [values[0]] * len(places)
        for i, v in zip(places, values):
            self._data[i] = v

    def _assign(self, value):
        """Write an array, broadcast to this one's shape, through to the buffer."""
        if broadcast_shape(self.shape, value.shape) != self.shape:
            raise ValueError("operands could not be broadcast together")
        self._write(expand(value, self.shape))

    def _write(self, values):
        values = store(values, self.dtype)
        if self._is_dense():
            self._data[self._offset : self._offset + self.size] = values
        else:
            for i, v in zip(self._indices(), values):
                self._data[i] = v

    def _view(self, key):
        """Return the view of an index, or the place in the buffer of a single element."""
        keys = key if isinstance(key, tuple) else (key,)
        if len(keys) > len(self.shape):
            raise IndexError("too many indices")
        offset, shape, strides = self._offset, [], []
        for axis in range(len(self.shape)):
            n, stride = self.shape[axis], self._strides[axis]
            if axis >= len(keys):
                shape.append(n)
                strides.append(stride)
            elif isinstance(keys[axis], slice):
                start, stop, step = keys[axis].indices(n)
                offset += start * stride
                shape.append(max(0, (stop - start + step - (1 if step > 0 else -1)) // step))
                strides.append(step * stride)
            else:
                offset += _position(keys[axis], n) * stride
        if not shape:
            return offset
        return self._same_data(offset, tuple(shape), tuple(strides))

    # Operators

    def __add__(self, other):
        return operate("+", self, other)

    def __sub__(self, other):
        return operate("-", self, other)

    def __mul__(self, other):
        return operate("*", self, other)

    def __truediv__(self, other):
        return operate("/", self, other)

    def __floordiv__(self, other):
        return operate("//", self, other)

    def __mod__(self, other):
        return operate("%", self, other)

    def __pow__(self, other):
        return operate("**", self, other)

    def __and__(self, other):
        return operate("&", self, other)

    def __or__(self, other):
        return operate("|", self, other)

    def __xor__(self, other):
        return operate("^", self, other)

    def __radd__(self, other):
        return operate("+", as_operand(other, self.dtype), self)

    def __rsub__(self, other):
        return operate("-", as_operand(other, self.dtype), self)

    def __rmul__(self, other):
        return operate("*", as_operand(other, self.dtype), self)

    def __rtruediv__(self, other):
        return operate("/", as_operand(other, self.dtype), self)

    def __rpow__(self, other):
        return operate("**", as_operand(other, self.dtype), self)

    def __lt__(self, other):
        return operate("<", self, other)

    def __le__(self, other):
        return operate("<=", self, other)

    def __gt__(self, other):
        return operate(">", self, other)

    def __ge__(self, other):
        return operate(">=", self, other)

    def __eq__(self, other):
        return True if other is self else operate("==", self, other)

    def __ne__(self, other):
        return False if other is self else operate("!=", self, other)

    def __neg__(self):
        return make([-v for v in self.values()], self.shape, self.dtype)

    def __pos__(self):
        return self.copy()

    def __abs__(self):
        return make(
            [abs(v) for v in self.values()], self.shape, FLOAT if self.dtype == COMPLEX else self.dtype
        )

    def __invert__(self):
        if self.dtype in (FLOAT, COMPLEX):
            raise ValueError("operation is not supported for given type")
        flip = [1 - v for v in self.values()] if self.dtype == BOOL else [~v for v in self.values()]
        return make(flip, self.shape, self.dtype)

    def __iadd__(self, other):
        return self._inplace("+", other)

    def __isub__(self, other):
        return self._inplace("-", other)

    def __imul__(self, other):
        return self._inplace("*", other)

    def __itruediv__(self, other):
        return self._inplace("/", other)

    def __ipow__(self, other):
        return self._inplace("**", other)

    def _inplace(self, symbol, other):
        other = as_operand(other, self.dtype)
        needs_float = symbol in ("/", "**") or other.dtype == FLOAT
        if COMPLEX in (self.dtype, other.dtype):
            raise NotImplementedError("not implemented for complex dtype")
        if self.dtype != FLOAT and needs_float:
            raise TypeError("cannot cast output with casting rule")
        if broadcast_shape(self.shape, other.shape) != self.shape:
            raise ValueError("operands could not be broadcast together")
        function, _ = _choose(symbol, self.dtype, other.dtype)
        self._write(function(self.values(), expand(other, self.shape)))
        return self

    def __bool__(self):
        raise TypeError("the truth of an array is not defined: use np.any() or np.all()")

    def __repr__(self):
        return f"array({self.tolist()}, dtype={chr(self.dtype)})"


def range_of(start, step, n):
    """Return the n indices from start on, a step apart. A step of 0 is allowed."""
    return range(start, start + n * step, step) if step else [start] * n


def _position(key, n):
    if isinstance(key, bool) or not isinstance(key, int):
        raise TypeError("indices must be integers, slices, or Boolean arrays")
    if not -n <= key < n:
        raise IndexError("index is out of bounds")
    return key + n if key < 0 else key


def _mask(key, target):
    if len(key.shape) > 1 or key.dtype != BOOL:
        raise NotImplementedError("operation is implemented for 1D Boolean arrays only")
    if key.size != target.size:
        raise ValueError("array and index length must be equal")
    return key.values()


def _resolve_shape(shape, size):
    if not isinstance(shape, tuple):
        raise TypeError("shape must be integer or tuple of integers")
    if len(shape) > 2:
        raise ValueError("maximum number of dimensions is 2")
    if -1 in shape:
        known = -count(shape)
        shape = tuple(size // known if n == -1 else n for n in shape)
    if count(shape) != size:
        raise ValueError("cannot reshape array")
    return shape
