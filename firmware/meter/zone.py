"""Local time: a zone with its daylight saving, from a POSIX TZ string (IEEE 1003.1, 8.3; times as in RFC 8536, 3.3.1).

    CET-1CEST,M3.5.0,M10.5.0/3
    |  | |    |      |      `- at 03:00 on the clock that is left (02:00 if none is given)
    |  | |    |      `-------- daylight saving ends on the last (5) Sunday (0) of October
    |  | |    `--------------- it begins on the last Sunday of March
    |  | `-------------------- name in daylight saving; an offset may follow, else it is one hour more
    |  `---------------------- offset WEST of UTC in hours: -1 is one hour east
    `------------------------- name; <+0330> if it is not made of letters

A date is also J1 to J365 (29 February is never counted) or 0 to 365 (it is). The rule holds for every year.
Two clocks meet here: `utc` are seconds since 1970, `local` the seconds since 1970 that a clock on the wall shows.
"""

from meter.calendar import civil, day_number, days_of_month, interval_start, next_start
from meter.zone_rule import parse

_DAY_S = 86400
_FOREVER = 1 << 40  # more than any time asked for


class Zone:
    """A zone by its rule. Raises ValueError with what is wrong with it.

    rule        the text
    standard    seconds that standard time is ahead of UTC (east)
    daylight    the same of daylight saving time; as standard where there is none
    dates       None without daylight saving, else when it begins and ends: as zone_rule.parse() has it
    What was found last holds for a stretch between two changes, so the next question costs two comparisons.
    """

    def __init__(self, rule="UTC0"):
        self.rule = rule
        self._names, (self.standard, self.daylight), self.dates = parse(rule)
        self._begin, self._until = -_FOREVER, _FOREVER
        self._is_dst = False
        if self.dates:
            self._look(0)

    def _look(self, utc):
        """Find the stretch of one offset around a UTC second."""
        self._begin, self._until, state = -_FOREVER, _FOREVER, None
        changes = self._changes(civil(utc)[0])
        for k in range(
            len(changes) - 1
        ):  # the last may end where the next year's begins, and is never needed
            at, is_dst = changes[k]
            if changes[k + 1][0] == at or is_dst == state:
                continue  # it ends where it begins again: daylight saving all year
            if at > utc:
                self._until = at
                break
            self._begin, state = at, is_dst
        self._is_dst = state

    def _changes(self, year):
        """Return (UTC second, is daylight saving from then on) of a year and its neighbours in order."""
        start, end = self.dates
        changes = []
        for each in (year - 1, year, year + 1):
            changes.append((_at(start, each) - self.standard, True))
            changes.append((_at(end, each) - self.daylight, False))
        return sorted(changes)

    def changes(self, year):
        """Return (UTC second at which daylight saving begins, at which it ends) of a year, or None."""
        if not self.dates:
            return None
        start, end = self.dates
        return _at(start, year) - self.standard, _at(end, year) - self.daylight

    def stretch(self, utc):
        """Return (first, end): the UTC seconds between two changes, the end not in it, around a UTC second."""
        if not self._begin <= utc < self._until:
            self._look(utc)
        return self._begin, self._until

    def offset(self, utc):
        """Return the seconds that local time is ahead of UTC (east), daylight saving included."""
        if not self._begin <= utc < self._until:
            self._look(utc)
        return self.daylight if self._is_dst else self.standard

    def is_dst(self, utc):
        """Return True if daylight saving is in force."""
        self.stretch(utc)
        return self._is_dst

    def name(self, utc):
        """Return the name of the time in force, such as CET or CEST."""
        return self._names[self.is_dst(utc)]

    def next_change(self, utc):
        """Return the UTC second of the next change of daylight saving after a UTC second, or None."""
        until = self.stretch(utc)[1]
        return None if until == _FOREVER else until

    def local(self, utc):
        """Return what the local clock shows: seconds for calendar.civil()."""
        return utc + self.offset(utc)

    def utc(self, local):
        """Return the first UTC second at which the local clock shows this.

        In the hour that is passed over: the second at which it was passed over, the first that shows more.
        """
        ahead, behind = max(self.standard, self.daylight), min(self.standard, self.daylight)
        for offset in (ahead, behind):
            if self.offset(local - offset) == offset:
                return local - offset
        return self.stretch(local - ahead)[1]

    # Intervals on the local clock. code: as for calendar.interval_start().

    def interval_start(self, utc, code):
        """Return the UTC second at which the interval began in which this UTC second is.

        Minutes count from the local hour, and a change of daylight saving ends them. Days, weeks and months begin
        at the first local midnight, or where midnight is passed over at the end of the gap; they are an hour shorter
        or longer with a change.
        """
        if code <= 60:
            return max(utc - self.local(utc) % (code * 60), self._begin)
        start = interval_start(self.local(utc), code)
        following = self.utc(next_start(start, code))  # has begun if the clock was put back over midnight
        return following if following <= utc else self.utc(start)

    def is_boundary(self, utc, code):
        """Return True if an interval ends, and the next begins, at this UTC second."""
        if utc % 60 or code > 60 and self.local(utc) % _DAY_S and utc != self._begin:
            return False  # most seconds of a day, at little cost
        return self.interval_start(utc, code) == utc

    def next_boundary(self, utc, code):
        """Return the UTC second after this one at which an interval ends."""
        if code <= 60:
            return min(utc + code * 60 - self.local(utc) % (code * 60), self._until)
        start = next_start(interval_start(self.local(utc), code), code)
        if self.utc(start) <= utc:
            start = next_start(start, code)
        return self.utc(start)

    def is_whole(self, start, end, code):
        """Return True if there is one interval from start to end (UTC seconds), and nothing of it is missing."""
        if start >= end or not self.is_boundary(end, code) or self.interval_start(end - 1, code) != start:
            return False
        return code > 60 or end - start == code * 60


def _at(date, year):
    """Return the local second of a date rule in a year."""
    kind, a, week, day, second = date
    if kind != "M":
        january = day_number(year, 1, 1)
        is_after_leap_day = kind == "J" and a >= 60 and day_number(year, 3, 1) - january == 60
        return (january + a + is_after_leap_day - (kind == "J")) * _DAY_S + second
    first = day_number(year, a, 1)
    found = first + (day - first - 4) % 7 + 7 * (week - 1)  # 1970-01-01 was a Thursday: day 4 from Sunday
    if found >= first + days_of_month(year, a):
        found -= 7
    return found * _DAY_S + second


UTC = Zone()
