"""A-XDR: the values of COSEM attributes as bytes and back (IEC 61334-6; the data types of IEC 62056-6-2, 4.1.5).

    tag                              contents
    0   null-data                    -
    1   array             } count of the elements, each with its own tag
    2   structure         }
    3   boolean                      one byte
    4   bit-string                   count of bits, then bytes, the first bit the highest
    5   double-long                  int32        6   double-long-unsigned   uint32
    9   octet-string                 length and bytes
    10  visible-string               length and ASCII
    12  utf8-string                  length and UTF-8
    13  bcd                          one byte
    15  integer                      int8         17  unsigned               uint8
    16  long                         int16        18  long-unsigned          uint16
    20  long64                       int64        21  long64-unsigned        uint64
    22  enum                         uint8
    23  float32                      24  float64
    25  date-time, 26 date, 27 time  12, 5 and 4 bytes

All numbers are big-endian. A count or length is one byte up to 127, else 0x80 + n and n bytes.
"""

import struct
from collections import namedtuple

from meter.compat import const

NULL = const(0)
ARRAY = const(1)
STRUCTURE = const(2)
BOOLEAN = const(3)
BIT_STRING = const(4)
DOUBLE_LONG = const(5)
DOUBLE_LONG_UNSIGNED = const(6)
OCTET_STRING = const(9)
VISIBLE_STRING = const(10)
UTF8_STRING = const(12)
BCD = const(13)
INTEGER = const(15)
LONG = const(16)
UNSIGNED = const(17)
LONG_UNSIGNED = const(18)
LONG64 = const(20)
LONG64_UNSIGNED = const(21)
ENUM = const(22)
FLOAT32 = const(23)
FLOAT64 = const(24)
DATE_TIME = const(25)
DATE = const(26)
TIME = const(27)

DEEPEST = const(8)  # levels of arrays and structures that are read

# tag, format of its contents
_FIXED = (
    (BOOLEAN, ">B"),
    (DOUBLE_LONG, ">i"),
    (DOUBLE_LONG_UNSIGNED, ">I"),
    (BCD, ">B"),
    (INTEGER, ">b"),
    (LONG, ">h"),
    (UNSIGNED, ">B"),
    (LONG_UNSIGNED, ">H"),
    (LONG64, ">q"),
    (LONG64_UNSIGNED, ">Q"),
    (ENUM, ">B"),
    (FLOAT32, ">f"),
    (FLOAT64, ">d"),
)
_FORMATS = {tag: (form, struct.calcsize(form)) for tag, form in _FIXED}
_TEXTS = {OCTET_STRING: None, VISIBLE_STRING: None, UTF8_STRING: None}
_TIMES = {DATE_TIME: 12, DATE: 5, TIME: 4}

# A value that was read. value: int, float, bytes (of strings and times), list of Data (array and structure),
# tuple (count of bits, bytes) of a bit-string, None of null-data.
Data = namedtuple("Data", ("tag", "value"))


class BadData(Exception):
    """The bytes are no A-XDR: cut off, an unknown tag, too deep. The message says which and where."""


# Writing. Each function returns bytes, tag and all.


def length(count):
    """Return a length or count."""
    if count < 0x80:
        return bytes((count,))
    if count < 0x100:
        return bytes((0x81, count))
    if count < 0x10000:
        return struct.pack(">BH", 0x82, count)
    return struct.pack(">BI", 0x84, count)


def null():
    """Return null-data."""
    return b"\x00"


def number(tag, value):
    """Return a number of one of the fixed types. OverflowError or struct.error if it does not fit: our bug."""
    return bytes((tag,)) + struct.pack(_FORMATS[tag][0], value)


def boolean(value):
    """Return a boolean."""
    return b"\x03\x01" if value else b"\x03\x00"


def enum(value):
    """Return an enum."""
    return bytes((ENUM, value))


def octets(data):
    """Return an octet-string."""
    return bytes((OCTET_STRING,)) + length(len(data)) + bytes(data)


def visible(text):
    """Return a visible-string. What is not ASCII is shown as a question mark."""
    data = bytes([ord(c) if 32 <= ord(c) < 127 else 63 for c in text])
    return bytes((VISIBLE_STRING,)) + length(len(data)) + data


def utf8(text):
    """Return a utf8-string."""
    data = text.encode()
    return bytes((UTF8_STRING,)) + length(len(data)) + data


def bits(count, value):
    """Return a bit-string of `count` bits. value: int, bit 0 of the string is its highest."""
    size = (count + 7) // 8
    return bytes((BIT_STRING,)) + length(count) + (value << size * 8 - count).to_bytes(size, "big")


def structure(*parts):
    """Return a structure of parts that are written already."""
    return bytes((STRUCTURE,)) + length(len(parts)) + b"".join(parts)


def array(parts):
    """Return an array of a list of parts that are written already."""
    return bytes((ARRAY,)) + length(len(parts)) + b"".join(parts)


# Reading.


def read_length(data, at):
    """Return (length, position behind it)."""
    if at >= len(data):
        raise BadData("the data ends at byte %d where a length is due" % at)
    first = data[at]
    if first < 0x80:
        return first, at + 1
    size = first & 0x7F
    if not 0 < size <= 4 or at + 1 + size > len(data):
        raise BadData("byte %d begins no length" % at)
    return int.from_bytes(data[at + 1 : at + 1 + size], "big"), at + 1 + size


def read(data, at=0, depth=0):
    """Return (Data, position behind it). data: bytes-like. BadData."""
    if at >= len(data):
        raise BadData("the data ends at byte %d where a tag is due" % at)
    tag, at = data[at], at + 1
    if tag in _FORMATS:
        form, size = _FORMATS[tag]
        _must_have(data, at, size)
        return Data(tag, struct.unpack_from(form, data, at)[0]), at + size
    if tag in _TEXTS:
        size, at = read_length(data, at)
        _must_have(data, at, size)
        return Data(tag, bytes(data[at : at + size])), at + size
    if tag == NULL:
        return Data(NULL, None), at
    if tag in (ARRAY, STRUCTURE):
        return _read_parts(tag, data, at, depth)
    if tag == BIT_STRING:
        count, at = read_length(data, at)
        size = (count + 7) // 8
        _must_have(data, at, size)
        return Data(tag, (count, bytes(data[at : at + size]))), at + size
    if tag in _TIMES:
        size = _TIMES[tag]
        _must_have(data, at, size)
        return Data(tag, bytes(data[at : at + size])), at + size
    raise BadData("byte %d has the unknown tag %d" % (at - 1, tag))


def _read_parts(tag, data, at, depth):
    if depth >= DEEPEST:
        raise BadData("byte %d: nested deeper than %d" % (at - 1, DEEPEST))
    count, at = read_length(data, at)
    _must_have(data, at, count)  # each part has at least its tag
    parts = []
    for _ in range(count):
        part, at = read(data, at, depth + 1)
        parts.append(part)
    return Data(tag, parts), at


def read_whole(data):
    """Return the Data that these bytes are, to the last one. BadData."""
    found, at = read(data)
    if at != len(data):
        raise BadData("%d bytes follow the data" % (len(data) - at))
    return found


def _must_have(data, at, size):
    if at + size > len(data):
        raise BadData("the data ends at byte %d, %d more are due" % (len(data), at + size - len(data)))
