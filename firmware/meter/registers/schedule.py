"""When something is due by itself: automatic freeze, billing period reset, self-read (the manual, Appendix A).

On the local clock. A time in the hour that daylight saving passes over is due where the clock goes on; a time in the
hour that is repeated is due the first time. Only an hourly schedule goes by each hour that the clock shows.
"""

from meter.calendar import DAILY, MONTHLY, WEEKLY, civil, days_of_month, interval_start, next_start
from meter.zone import UTC

KINDS = ("none", "hourly", "daily", "weekly", "monthly")
_CODES = {"daily": DAILY, "weekly": WEEKLY, "monthly": MONTHLY}
_DAY_S = 86400


class Schedule:
    """Instances that return for ever.

    kind        of KINDS
    zone        of the local clock
    minute      of the day, 0 to 1439; of an hourly schedule only the minute of the hour counts
    weekday     0 to 6, Monday to Sunday, of a weekly one
    day         1 to 31 of a monthly one; in a month with fewer days the last
    """

    def __init__(self, kind="none", zone=UTC, minute=0, weekday=0, day=1):
        if kind not in KINDS:
            raise ValueError("a schedule is one of %s, not %s" % (", ".join(KINDS), kind))
        self.kind = kind
        self._zone = zone
        self._second = (minute % 60 if kind == "hourly" else minute) * 60
        self._code = _CODES.get(kind)
        self._weekday, self._day = weekday, day

    def next_after(self, utc):
        """Return the UTC second of the first instance after this one, or None without a schedule."""
        if self.kind == "none":
            return None
        if self.kind == "hourly":
            return self._next_hourly(utc)
        period = interval_start(self._zone.local(utc), self._code)
        while self._due(period) <= utc:
            period = next_start(period, self._code)
        return self._due(period)

    def passed(self, before, after):
        """Return the UTC second of the last instance in (before, after], or None."""
        if self.kind == "none" or after <= before:
            return None
        due = self._last_hourly(after) if self.kind == "hourly" else self._last(after)
        return due if due > before else None

    def _last(self, utc):
        # One on: where the clock was put back over midnight, the next day's may have been.
        period = next_start(interval_start(self._zone.local(utc), self._code), self._code)
        while self._due(period) > utc:
            period = interval_start(period - 1, self._code)
        return self._due(period)

    def _due(self, period):
        """Return the UTC second of the instance in the day, week or month that begins at a local second."""
        days = 0
        if self._code == WEEKLY:
            days = self._weekday
        elif self._code == MONTHLY:
            year, month = civil(period)[:2]
            days = min(self._day, days_of_month(year, month)) - 1
        return self._zone.utc(period + days * _DAY_S + self._second)

    # Hour by hour, within each stretch of one offset: a zone may change by half an hour.

    def _next_hourly(self, utc):
        utc += 1
        while True:
            due = utc + (self._second - self._zone.local(utc)) % 3600
            until = self._zone.stretch(utc)[1]
            if due < until:
                return due
            utc = until

    def _last_hourly(self, utc):
        while True:
            due = utc - (self._zone.local(utc) - self._second) % 3600
            begin = self._zone.stretch(utc)[0]
            if due >= begin:
                return due
            utc = begin - 1
