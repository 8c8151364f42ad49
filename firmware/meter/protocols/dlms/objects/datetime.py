"""The 12 bytes of a COSEM date-time (IEC 62056-6-2, 4.1.6.1), from UTC seconds and back.

    0       2       3      4        5      6        7        8            9           11
    +-------+-------+------+--------+------+--------+--------+------------+-----------+--------+
    | year  | month | day  | day of | hour | minute | second | hundredths | deviation | status |
    | 16    | 1-12  | 1-31 | week   |      |        |        |            | int16     |        |
    +-------+-------+------+--------+------+--------+--------+------------+-----------+--------+

Year to hundredths are local time. Day of week: 1 is Monday. FF (FFFF): not specified; in rules day FE: the last of the
month. Deviation: minutes from local time to UTC, so -60 for CET; 8000: not specified. Status: bit 0 invalid, bit 1
doubtful, bit 7 daylight saving; FF: not specified.
"""

import struct

from meter.calendar import civil, days_of_month, utc, weekday
from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base

SIZE = const(12)
INVALID = const(1)
DOUBTFUL = const(2)
DST = const(0x80)
LAST_SECOND = 0xFFFFFFFF
UNSPECIFIED = b"\xff" * 9 + b"\x80\x00\xff"
_LAST_DAY = const(0xFE)
_DAY_S = const(86400)
_WEST, _EAST = const(-720), const(840)


class Times:
    """Writes times of one zone. What a day has in common is kept, so the next time of that day costs little.

    zone    Zone
    status  bits that every time has, such as DOUBTFUL
    """

    def __init__(self, zone, status=0):
        self._zone, self._status = zone, status
        self._begin = self._until = 0
        self._midnight, self._head, self._tail = 0, b"", b""

    def bytes(self, second):
        """Return the 12 bytes of a UTC second; None is not specified."""
        if second is None:
            return UNSPECIFIED
        if not self._begin <= second < self._until:
            self._look(second)
        rest = second - self._midnight
        return self._head + bytes((rest // 3600, rest // 60 % 60, rest % 60, 0)) + self._tail

    def octets(self, second):
        """Return the octet-string of a UTC second."""
        return b"\x09\x0c" + self.bytes(second)

    def _look(self, second):
        zone = self._zone
        begin, until = zone.stretch(second)
        offset = zone.offset(second)
        local = second + offset
        year, month, day = civil(local)[:3]
        self._midnight = local - local % _DAY_S - offset
        self._begin = max(begin, self._midnight)
        self._until = min(until, self._midnight + _DAY_S)
        self._head = struct.pack(">HBBB", year, month, day, weekday(local) + 1)
        self._tail = struct.pack(">hB", -(offset // 60), self._status | (DST if zone.is_dst(second) else 0))


def raw(data):
    """Return the 12 bytes of an octet-string or date-time that a client sent. AccessError."""
    if data.tag not in (axdr.OCTET_STRING, axdr.DATE_TIME) or len(data.value) != SIZE:
        raise base.AccessError(base.TYPE_UNMATCHED)
    return data.value


def moment(data, zone):
    """Return the UTC second of a whole time that a client sent: only hundredths, day of week, deviation and status may
    be unspecified. AccessError."""
    return second_of(raw(data), zone)


def bound(data, zone, is_end):
    """Return the UTC second of one end of a range. Null-data, or no date: as far as there is something.

    A time of day that is not specified is the beginning of the day, or the end of it.
    """
    if data.tag == axdr.NULL:
        return LAST_SECOND if is_end else 0
    given = bytearray(raw(data))
    if given[:4] == b"\xff\xff\xff\xff":
        return LAST_SECOND if is_end else 0
    for place, highest in ((5, 23), (6, 59), (7, 59)):
        if given[place] == 0xFF:
            given[place] = highest if is_end else 0
    return second_of(given, zone)


def second_of(given, zone):
    """Return the UTC second of 12 bytes. AccessError if they are no whole time, or beyond 1970 to 2106."""
    year, month, day, _, hour, minute, second, hundredths, deviation, status = struct.unpack(">H7BhB", given)
    is_good = 1970 <= year <= 2106 and 1 <= month <= 12 and hour < 24 and minute < 60 and second < 60
    is_good = is_good and 1 <= day <= days_of_month(year, month) and (hundredths < 100 or hundredths == 0xFF)
    if not is_good:
        raise base.AccessError(base.OTHER_REASON)
    local = utc(year, month, day, hour, minute, second)
    if deviation == -0x8000:
        found = _by_zone(local, status, zone)
    elif _WEST <= deviation <= _EAST:
        found = local + deviation * 60
    else:
        raise base.AccessError(base.OTHER_REASON)
    if not 0 <= found <= LAST_SECOND:
        raise base.AccessError(base.OTHER_REASON)
    return found


def _by_zone(local, status, zone):
    """Return the UTC second of a local one. In the hour that is there twice the status says which, else the first."""
    later = local - zone.standard
    if status != 0xFF and not status & DST and zone.offset(later) == zone.standard:
        return later
    return zone.utc(local)


def rule(zone, place, year):
    """Return the 12 bytes that say when daylight saving begins (place 0) or ends (1), for every year if possible.

    A day that no wildcard describes is given for the year. Without daylight saving: not specified.
    """
    if not zone.dates:
        return UNSPECIFIED
    kind, month, week, day, second = zone.dates[place]
    if kind != "M" or not 0 <= second < _DAY_S:
        local = zone.changes(year)[place] + (zone.daylight if place else zone.standard)
        year, month, day, hour, minute, second = civil(local)
        return struct.pack(
            ">H7BhB", year, month, day, weekday(local) + 1, hour, minute, second, 0, -0x8000, 0xFF
        )
    # The first such weekday from the 1st, 8th, 15th or 22nd on, or the last of the month.
    date = _LAST_DAY if week == 5 else 7 * week - 6
    return struct.pack(
        ">H7BhB", 0xFFFF, month, date, day or 7, second // 3600, second // 60 % 60, second % 60, 0, -0x8000, 0xFF
    )  # fmt: skip
