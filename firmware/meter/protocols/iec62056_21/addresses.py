"""The addresses of programming mode: what is read and written under each. docs/optical.md lists them.

    read(access, address, value) returns an iterator of lines, write(access, address, value) writes.

KeyError: no such address. ValueError: the value is none of it. Denied, Refused (access.errors): the access object
says so.
"""

from meter.access.errors import Refused
from meter.protocols.iec62056_21 import objects, readout, records, times, values
from meter.protocols.iec62056_21.codec import data_line

_LATEST = 0xFFFFFFFF
_LISTS = ("normal", "alternate", "test")


def read(access, address, value):
    """Return an iterator of the lines that answer a read command. value: text between the brackets, or None."""
    for beginning, read_it, _ in _TABLE:
        if _begins(address, beginning):
            return read_it(access, address, value or "")
    text, unit = readout.find(access, address)
    return iter((data_line(address, text, unit),))


def write(access, address, value):
    """Do what a write command asks for. value: text between the brackets."""
    for beginning, _, write_it in _TABLE:
        if write_it and _begins(address, beginning):
            write_it(access, address, value)
            return
    for obis, write_it in _TIMES:
        if readout.is_same(obis, address):
            write_it(access, value)
            return
    raise KeyError(address)


def _begins(address, beginning):
    return address.startswith(beginning) if beginning.endswith(".") else address == beginning


# Registers


def _read_register(access, address, value):
    name = address[2:]
    if name in _LISTS:
        return records.register_lines(access, name)
    text, unit = records.register_value(access.register(_number(name)), access.zone)
    return iter((data_line(address, text, unit),))


def _preset(access, address, value):
    access.command("preset register", number=_number(address[2:]), value=values.counted(value))


def _read_quantity(access, address, value):
    number, scaler, unit = access.read(address[2:])
    text = "" if number is None else values.number_text(number, scaler)
    return iter((data_line(address, text, unit if text and unit != "1" else ""),))


def _read_self_reads(access, address, value):
    return records.self_read_lines(access, _number(value) if value else None)


def _number(text):
    """Return a number of up to 9 digits. KeyError for what is none."""
    if not times.is_digits(text) or len(text) > 9:
        raise KeyError(text)
    return int(text)


# Records


def _read_profile(access, address, value):
    number = int(address[-1])
    return records.profile_lines(access, number, address, *_range(access, value))


def _read_log(access, address, value):
    name = "events" if address == "P.98" else address[2:]
    return records.log_lines(access, name, address, *_range(access, value))


def _range(access, value):
    """Return the UTC seconds of "from;to", each of which may be empty; "from" alone goes on to now. ValueError."""
    first, _, last = value.partition(";")
    zone = access.zone
    return (
        times.second_of(first, zone) if first else 0,
        times.second_of(last, zone) if last else _LATEST,
    )


# Time


def _write_time(access, value):
    season, digits = (value[0], value[1:]) if len(value) == 7 else ("", value)
    now = readout.time_text(access.local_time())
    _set(access, season + now[:6] + _all_digits(digits, 6))


def _write_date(access, value):
    season, digits = (value[0], value[1:]) if len(value) == 7 else ("", value)
    now = readout.time_text(access.local_time())
    _set(access, season + _all_digits(digits, 6) + now[6:])


def _write_both(access, value):
    _all_digits(value, 13 if len(value) == 13 else 12)
    _set(access, value)


def _set(access, text):
    access.command("set time", utc=times.second_of(text, access.zone))


def _all_digits(text, count):
    if len(text) != count or not times.is_digits(text):
        raise ValueError("not %d digits" % count)
    return text


_TIMES = (
    (objects.LOCAL_TIME, _write_both),
    (objects.TIME, _write_time),
    (objects.DATE, _write_date),
)


# Configuration and password


def _read_setting(access, address, value):
    return iter((data_line(address, values.setting_text(access.setting(address[2:]))),))


def _write_setting(access, address, value):
    """Change a setting. 15 may be a number or a name: what is refused as the one is tried as the other."""
    path, refusal = address[2:], None
    for meaning in values.meanings(value):
        try:
            access.change({path: meaning})
            return
        except Refused as error:
            refusal = error
    raise _shortened(refusal, path)


def _shortened(refusal, path):
    """Return a Refused without the path, which the reader has sent: an error message is short."""
    text = str(refusal)
    return Refused(text[len(path) + 2 :]) if text.startswith(path + ": ") else refusal


def _no_reading(access, address, value):
    raise KeyError(address)


def _write_password(access, address, value):
    old, bracket, new = value.partition(")(")
    if not bracket:
        raise ValueError("PW(old)(new)")
    access.command("change password", old=old, new=new)


# address, or the beginning of one that ends with a point; how it is read; how it is written, None if it cannot be
_TABLE = (
    ("R.", _read_register, _preset),
    ("Q.", _read_quantity, None),
    ("S", _read_self_reads, None),
    ("P.01", _read_profile, None),
    ("P.02", _read_profile, None),
    ("P.98", _read_log, None),
    ("L.", _read_log, None),
    ("C.", _read_setting, _write_setting),
    ("PW", _no_reading, _write_password),
)
