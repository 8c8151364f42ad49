"""ulab.utils: buffers of integers as they come from a converter, to arrays of floats."""

from array import array

from ulab.core import FLOAT, make


def from_int16_buffer(buffer, *, count=-1, offset=0, out=None):
    return _convert(buffer, "h", 2, count, offset, out)


def from_uint16_buffer(buffer, *, count=-1, offset=0, out=None):
    return _convert(buffer, "H", 2, count, offset, out)


def from_int32_buffer(buffer, *, count=-1, offset=0, out=None):
    return _convert(buffer, "i", 4, count, offset, out)


def from_uint32_buffer(buffer, *, count=-1, offset=0, out=None):
    return _convert(buffer, "I", 4, count, offset, out)


def _convert(buffer, code, size, n, offset, out):
    data = bytes(memoryview(buffer))[offset:]
    if len(data) % size:
        raise ValueError("buffer size must be a multiple of element size")
    length = len(data) // size
    if n > length:
        raise ValueError("buffer is smaller than requested size")
    length = n if n > 0 else length
    integers = array(code, data[: length * size])
    if out is None:
        return make(integers, (length,), FLOAT)
    if out.dtype != FLOAT or not out._is_dense():
        raise TypeError("out must be a float dense array")
    if out.size < length:
        raise ValueError("out array is too small")
    # As ulab does: the beginning of out is filled whatever its shape.
    out._same_data(out._offset, (length,), (1,))._write(integers)
    return out
