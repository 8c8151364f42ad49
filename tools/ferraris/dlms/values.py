"""What was read from a meter, as people and programs want it: numbers with units, times, texts."""

import math
import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from meter.protocols.dlms import axdr
from meter.protocols.dlms.axdr import Data

# Units of scaler_unit (IEC 62056-6-2, 4.3.2), those that an electricity meter has.
UNITS = {
    1: "a", 2: "mo", 3: "wk", 4: "d", 5: "h", 6: "min", 7: "s", 8: "deg", 9: "degC", 27: "W", 28: "VA", 29: "var",
    30: "Wh", 31: "VAh", 32: "varh", 33: "A", 34: "C", 35: "V", 36: "V/m", 38: "Ohm", 44: "Hz", 45: "1/Wh",
    46: "1/varh", 47: "1/VAh", 48: "V2h", 49: "A2h", 52: "K", 53: "1/V2h", 54: "1/A2h", 56: "%", 57: "Ah",
    63: "Ah/V2h", 70: "dB", 254: "", 255: "",
}  # fmt: skip
_UNSPECIFIED = -0x8000
_TIME_SIZE = 12


def plain(data: Data) -> Any:
    """Return data as Python has it: numbers, texts, bools, lists; bytes and bit-strings as hex, times as datetime."""
    tag, value = data
    if tag in (axdr.ARRAY, axdr.STRUCTURE):
        return [plain(part) for part in value]
    if tag == axdr.OCTET_STRING:
        return text_of(value)
    if tag in (axdr.VISIBLE_STRING, axdr.UTF8_STRING):
        return value.decode("utf-8", "replace")
    if tag == axdr.BOOLEAN:
        return bool(value)
    if tag == axdr.BIT_STRING:
        count, found = value
        return "".join(f"{byte:08b}" for byte in found)[:count]
    if tag == axdr.DATE_TIME:
        return moment(value) or value.hex()
    if tag == axdr.DATE:
        return date_text(value)
    if tag == axdr.TIME:
        return time_text(value)
    if isinstance(value, float):
        return single(value) if tag == axdr.FLOAT32 else value
    return value


def text_of(octets: bytes) -> Any:
    """Return an octet-string: a time if it can only be one, a logical name, text if it is, else hex."""
    if len(octets) == _TIME_SIZE:
        time = moment(octets)
        if time:
            return time
    if len(octets) == 6 and octets[-1] == 255:
        return ".".join(str(byte) for byte in octets)
    if octets and all(32 <= byte < 127 for byte in octets):
        return octets.decode("ascii")
    return octets.hex()


def moment(octets: bytes) -> datetime | None:
    """Return a date-time of 12 bytes in UTC, None if it is none or leaves something open.

    Its deviation is what is to be added to the local time for UTC; without one the time is taken as UTC.
    """
    if len(octets) != _TIME_SIZE:
        return None
    year, month, day, _, hour, minute, second, hundredths, deviation, _ = struct.unpack(">HBBBBBBBhB", octets)
    shift = timedelta(minutes=0 if deviation == _UNSPECIFIED else -deviation)
    try:
        zone = timezone(shift)
        time = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
    fraction = 0 if hundredths > 99 else hundredths * 10_000
    return time.replace(microsecond=fraction).astimezone(UTC)


def octets_of(time: datetime) -> bytes:
    """Return a time as a date-time of 12 bytes, in UTC."""
    utc = time.astimezone(UTC)
    hundredths = utc.microsecond // 10_000
    return struct.pack(
        ">HBBBBBBBhB",
        utc.year, utc.month, utc.day, utc.isoweekday(), utc.hour, utc.minute, utc.second, hundredths, 0, 0,
    )  # fmt: skip


def date_text(octets: bytes) -> str:
    """Return a date of 5 bytes; what is open in it as stars."""
    year = int.from_bytes(octets[:2], "big")
    parts = ["****" if year == 0xFFFF else f"{year:04d}"]
    parts += ["**" if part > 0xFC else f"{part:02d}" for part in octets[2:4]]
    return "-".join(parts)


def time_text(octets: bytes) -> str:
    """Return a time of 4 bytes; what is open in it as stars."""
    return ":".join("**" if part > 59 else f"{part:02d}" for part in octets[:3])


def scaled(data: Data, scaler: int) -> Any:
    """Return a number with its scaler applied; a whole one stays so, a fraction has no digits that it has not."""
    value = plain(data)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not scaler:
        return value
    if isinstance(value, int):
        return value * 10**scaler if scaler > 0 else value / 10**-scaler
    return value * 10.0**scaler


def unit(number: int) -> str:
    """Return the unit of a scaler_unit for people; "" where there is none."""
    return UNITS.get(number, f"unit {number}")


def single(value: float) -> float:
    """Return a float of 32 bits with no more digits than it has."""
    return float(f"{value:.9g}") if math.isfinite(value) else value
