"""The data lines of a readout, from the values that the access object has now; and one of them by its address.

A quantity without a value yet, or one that this meter does not have, has no line: nothing is invented.
"""

from meter.protocols.iec62056_21 import objects
from meter.protocols.iec62056_21.codec import data_line, printable
from meter.protocols.iec62056_21.numbers import measured_text, register_text, shift_for

_SERIAL_LIMIT = 32
_TABLES = ((objects.ENERGY, register_text), (objects.INSTANTANEOUS, measured_text))


def data_lines(access):
    """Return the lines of the readout, a list of text. access: see session.py."""
    lines = []
    for obis, text_of in _HEAD:
        text = text_of(access)
        if text is not None:
            lines.append(data_line(obis, text))
    for table, text_of in _TABLES:
        for row in table:
            value = _value_text(access, row, text_of)
            if value is not None:
                lines.append(data_line(row[0], value, row[2]))
    return lines


def find(access, address):
    """Return (value text, unit) of an OBIS code of the readout, whole or without its A-B: part. KeyError.

    The text is "" while there is no value.
    """
    for obis, text_of in _HEAD + _ALSO:
        if is_same(obis, address):
            return text_of(access) or "", ""
    for table, text_of in _TABLES:
        for row in table:
            if is_same(row[0], address):
                text = _value_text(access, row, text_of)
                return ("", "") if text is None else (text, row[2])
    raise KeyError(address)


def is_same(obis, address):
    """Return True if an address is this OBIS code, whole or without its A-B: part."""
    return address == obis or address == obis.partition(":")[2]


def time_text(civil):
    """Return YYMMDDhhmmss. civil: (year, month, day, hour, minute, second)."""
    return "%02d%02d%02d%02d%02d%02d" % ((civil[0] % 100,) + tuple(civil[1:6]))


def _serial(access):
    return printable(access.identity["serial"], _SERIAL_LIMIT)


def _error(access):
    error = read(access, objects.ERROR_KEY)
    return None if error is None else "%08X" % error[0]


# Which meter, when, and how it is. The time is YYMMDDhhmmss, as in the telegrams that IEC 62056-21 meters are known by.
_HEAD = (
    (objects.SERIAL, _serial),
    (objects.LOCAL_TIME, lambda access: time_text(access.local_time())),
    (objects.ERROR, _error),
)

# What can be asked for and is not in the readout.
_ALSO = (
    (objects.ADDRESS, _serial),
    (objects.TIME, lambda access: time_text(access.local_time())[6:]),
    (objects.DATE, lambda access: time_text(access.local_time())[:6]),
    (objects.FIRMWARE, lambda access: printable(access.identity["firmware"], _SERIAL_LIMIT)),
)


def _value_text(access, row, text_of):
    """Return the value of one row of the object table as text, or None without a value."""
    _, key, unit, decimals = row
    reading = read(access, key)
    return None if reading is None else text_of(reading[0], shift_for(reading[1], unit, decimals), decimals)


def read(access, key):
    """Return (value, scaler) of a key, or None if there is no such key or no value yet."""
    try:
        value, scaler, _unit = access.read(key)
    except KeyError:
        return None
    return None if value is None else (value, scaler)
