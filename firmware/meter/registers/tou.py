"""Time of use: which rate, season and day type are in force (the manual: Time of Use).

A day type has up to eight switches, each a minute of the local day and a rate. Every day begins with its switch at
00:00, or goes on with the last rate of the day before; only a day type without any switch has no rate at all.
The local clock alone decides, as it stands at that second. So a switch in the hour that daylight saving passes over
happens where the clock goes on, and a switch in the hour that is repeated happens twice.

A full calendar (four seasons, nine day types, eight switches, 200 holidays) is packed into about a kilobyte.
"""

from array import array

from meter.calendar import civil, day_number
from meter.compat import const
from meter.zone import UTC

RATES = "ABCDEFGH"  # rates 1 to 8; 0: none in force
DAY_TYPES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "H1", "H2")  # the last two are holidays
SEASONS = const(4)
SWITCHES = const(8)  # of a day type
HOLIDAYS = const(200)
YEARS = const(20)

_FIRST_HOLIDAY = const(7)  # its day type
_DAY_S = const(86400)
_STEPS = const(64)  # a week of days that are as full as they can be


class Tou:
    """The rates by the calendar.

    seasons     up to four (month, day) on which a season begins every year; none: one season
    schedules   for each season its nine day types (Monday .. Sunday, two of holidays): (minute of the day, rate),
                the minutes rising. None at all: there are no rates
    holidays    (year, month, day, 1 or 2: its type), within twenty years
    zone        of the local clock
    override    the rate while override(True) holds; 0: there is none, and override() does nothing
    """

    def __init__(self, seasons=(), schedules=(), holidays=(), zone=UTC, override=0):
        self.override_rate = override
        self.is_overridden = False
        self._zone = zone
        self._seasons = tuple([month * 32 + day for month, day in seasons])
        self._pack_switches(schedules)
        self._pack_holidays(holidays)
        self._begin = self._until = self._rate = self._season = 0

    def _pack_switches(self, schedules):
        """Keep minute * 16 + rate of all switches in a row, and where each day type's begin."""
        self._switches, self._starts = array("H"), array("H", [0])
        for switches in schedules:
            for minute, rate in switches:
                self._switches.append(minute * 16 + rate)
            self._starts.append(len(self._switches))

    def _pack_holidays(self, holidays):
        """Keep (days since the first holiday) * 2 + type - 1, rising."""
        days = sorted([(day_number(*date[:3]), date[3]) for date in holidays])
        self._first_holiday = days[0][0] if days else 0
        self._holidays = array("H", [(day - self._first_holiday) * 2 + kind - 1 for day, kind in days])

    @property
    def is_empty(self):
        """True if neither rate nor season ever changes by the calendar."""
        return not self._switches and len(self._seasons) < 2

    def override(self, on):
        """Put the override rate in force, or take it back."""
        self.is_overridden = bool(on and self.override_rate)

    def rate(self, utc):
        """Return the rate in force at a UTC second: 1 to 8 for A to H, 0 for none."""
        if self.is_overridden:
            return self.override_rate
        return self.scheduled(utc)

    def scheduled(self, utc):
        """Return the rate by the calendar alone: 0 to 8."""
        if not self._begin <= utc < self._until:
            self._look(utc)
        return self._rate

    def season(self, utc):
        """Return the season at a UTC second: its place in the list, from 0."""
        if not self._begin <= utc < self._until:
            self._look(utc)
        return self._season

    def day_type(self, utc):
        """Return the day type at a UTC second: 0 to 6 for Monday to Sunday, 7 and 8 for the types of holidays."""
        return self._day_type(self._zone.local(utc) // _DAY_S)

    def next_change(self, utc):
        """Return the first UTC second after this one at which the calendar changes rate or season.

        The search ends after a week or more: then it is a second at which nothing changes. None: nothing ever does.
        """
        if self.is_empty:
            return None
        rate, season = self.scheduled(utc), self._season
        for _ in range(_STEPS):
            utc = self._until
            if self.scheduled(utc) != rate or self._season != season:
                break
        return utc

    def _look(self, utc):
        """Find what is in force at a UTC second, and until when: the next switch, midnight, or change of the zone."""
        zone = self._zone
        local = zone.local(utc)
        day = local // _DAY_S
        minute = (local - day * _DAY_S) // 60
        following = 1440
        for switch in self._switches_of(day):
            if switch >> 4 > minute:
                following = switch >> 4
                break
        self._season, self._rate = self._season_of(day), self._rate_at(day, minute)
        self._begin = utc
        self._until = min(day * _DAY_S + following * 60 - zone.offset(utc), zone.stretch(utc)[1])

    def _rate_at(self, day, minute):
        switches, rate = self._switches_of(day), 0
        if switches and switches[0] >> 4 > minute:
            switches = self._switches_of(day - 1)
            minute = 1440
        for switch in switches:
            if switch >> 4 <= minute:
                rate = switch & 15
        return rate

    def _switches_of(self, day):
        """Return the packed switches of a day (days since 1970 on the local clock)."""
        if not self._switches:
            return ()
        row = self._season_of(day) * len(DAY_TYPES) + self._day_type(day)
        return self._switches[self._starts[row] : self._starts[row + 1]]

    def _season_of(self, day):
        """Return the season that began last: of this year's, or else the last of the year before."""
        if len(self._seasons) < 2:
            return 0
        _, month, date = civil(day * _DAY_S)[:3]
        begun = [start for start in self._seasons if start <= month * 32 + date]
        return self._seasons.index(max(begun or self._seasons))

    def _day_type(self, day):
        """Return the type of a day: looked for in the holidays by halving, else its weekday."""
        wanted = (day - self._first_holiday) * 2
        low, high = 0, len(self._holidays)
        while low < high:
            middle = (low + high) // 2
            if self._holidays[middle] < wanted:
                low = middle + 1
            else:
                high = middle
        if low < len(self._holidays) and self._holidays[low] | 1 == wanted | 1:
            return _FIRST_HOLIDAY + (self._holidays[low] & 1)
        return (day + 3) % 7  # 1970-01-01 was a Thursday
