"""When the disconnector is opened or closed by itself: the execution times of a single action schedule (class 22).

    entry   time 4 bytes: hour, minute, second 0, hundredths; date 5 bytes: year 16 bits, month, day, day of week
            FF (FFFF): any; day FE: the last of the month, FD: the one before it

Local time. What fell due while the meter was off, or while its clock was set over it, is not made up for.
"""

from meter.calendar import civil, days_of_month, weekday
from meter.compat import const

NAME = "disconnect schedule"  # its kept state: selector of the script, then the entries
MOST = const(10)
DISCONNECT, RECONNECT = const(1), const(2)  # selectors of the script table
ENTRY = const(9)
_ANY = const(0xFF)
_LAST, _LAST_BUT_ONE = const(0xFE), const(0xFD)
_DAY_S = const(86400)


class TimedDisconnect:
    """kept: Kept.

    selector    DISCONNECT or RECONNECT
    entries     tuple of 9 bytes each
    """

    def __init__(self, kept):
        self._kept = kept
        stored = kept.get(NAME) or bytes((DISCONNECT,))
        self.selector = stored[0]
        self.entries = tuple([stored[at : at + ENTRY] for at in range(1, len(stored), ENTRY)])
        self._until = None

    def set(self, selector, entries):
        """Replace it. ValueError, and nothing has changed."""
        if selector not in (DISCONNECT, RECONNECT):
            raise ValueError("there is no script %d" % selector)
        if len(entries) > MOST:
            raise ValueError("there are up to %d execution times" % MOST)
        for entry in entries:
            check(entry)
        self._kept.put(NAME, bytes((selector,)) + b"".join(entries))
        self.selector, self.entries = selector, tuple(entries)

    def is_due(self, second, zone):
        """Return True if an entry fell due since this was asked last. second: UTC second. zone: Zone."""
        before, self._until = self._until, second
        if before is None or not self.entries or not before < second <= before + _DAY_S:
            return False
        local, first = zone.local(second), zone.local(before)
        if second - before < _DAY_S and local // 60 == first // 60:
            return False
        minute = second - local % 60
        while minute > before:
            if any([_matches(entry, zone.local(minute)) for entry in self.entries]):
                return True
            minute -= 60
        return False


def check(entry):
    """Raise ValueError if an entry is no time that this meter can wait for."""
    hour, minute, second, hundredths, high, low, month, day, of_week = entry
    if (hour > 23 and hour != _ANY) or (minute > 59 and minute != _ANY):
        raise ValueError("it is no time of day")
    if second not in (0, _ANY) or hundredths not in (0, _ANY):
        raise ValueError("it is due at a whole minute")
    if not (1 <= month <= 12 or month == _ANY) or not (1 <= of_week <= 7 or of_week == _ANY):
        raise ValueError("it is no date")
    if not (1 <= day <= 31 or day in (_LAST, _LAST_BUT_ONE, _ANY)):
        raise ValueError("it is no day of the month")


def _matches(entry, local):
    """Return True if an entry is for the minute that begins at a local second."""
    year, month, day, hour, minute, _ = civil(local)
    wanted = entry[8]
    return (
        entry[0] in (hour, _ANY)
        and entry[1] in (minute, _ANY)
        and (entry[4] << 8 | entry[5]) in (year, 0xFFFF)
        and entry[6] in (month, _ANY)
        and _is_day(entry[7], day, days_of_month(year, month))
        and wanted in (weekday(local) + 1, _ANY)
    )


def _is_day(wanted, day, last):
    if wanted == _LAST:
        return day == last
    if wanted == _LAST_BUT_ONE:
        return day == last - 1
    return wanted in (day, _ANY)
