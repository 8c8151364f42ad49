"""The data lines of a readout, from the values that the access object has now.

A quantity without a value yet, or one that this meter does not have, has no line: nothing is invented.
"""

from meter.protocols.iec62056_21 import objects
from meter.protocols.iec62056_21.codec import data_line, printable
from meter.protocols.iec62056_21.numbers import measured_text, register_text, shift_for

_SERIAL_LIMIT = 32


def data_lines(access):
    """Return the lines of the readout, a list of text. access: see session.py."""
    lines = _head(access)
    for table, text_of in ((objects.ENERGY, register_text), (objects.INSTANTANEOUS, measured_text)):
        for row in table:
            line = _value_line(access, row, text_of)
            if line is not None:
                lines.append(line)
    return lines


def _head(access):
    """Return the lines that say which meter, when, and how it is."""
    lines = [
        data_line(objects.SERIAL, printable(access.identity["serial"], _SERIAL_LIMIT)),
        # YYMMDDhhmmss, as in the telegrams that IEC 62056-21 meters are known by
        data_line(objects.LOCAL_TIME, _time_text(access.local_time())),
    ]
    error = _read(access, objects.ERROR_KEY)
    if error is not None:
        lines.append(data_line(objects.ERROR, "%08X" % error[0]))
    return lines


def _time_text(civil):
    """Return YYMMDDhhmmss. civil: (year, month, day, hour, minute, second)."""
    return "%02d%02d%02d%02d%02d%02d" % ((civil[0] % 100,) + tuple(civil[1:6]))


def _value_line(access, row, text_of):
    """Return the line of one row of the object table, or None without a value."""
    obis, key, unit, decimals = row
    reading = _read(access, key)
    if reading is None:
        return None
    text = text_of(reading[0], shift_for(reading[1], unit, decimals), decimals)
    return None if text is None else data_line(obis, text, unit)


def _read(access, key):
    """Return (value, scaler) of a key, or None if there is no such key or no value yet."""
    try:
        value, scaler, _unit = access.read(key)
    except KeyError:
        return None
    return None if value is None else (value, scaler)
