"""The activity calendar of DLMS/COSEM (classes 20 and 11) and the settings tou.* that hold it, both ways.

    Calendar    name, seasons, weeks, days
    season      (name, start, name of its week); start: 12 bytes of a date-time, the year not specified
    week        (name, seven day ids, Monday to Sunday)
    day         (day id, ((time, rate), ...)); time: 4 bytes of a time, rate: 1 to 8 for A to H
    special day (index, date, day id); date: 5 bytes

Names are bytes. A season has two types of holidays besides its week; which day ids these are follows from the special
days, and else from the days that no week has. ValueError says what the meter cannot hold.
"""

import struct
from collections import namedtuple

from meter.calendar import days_of_month, utc, weekday
from meter.compat import const
from meter.config.calendars import holidays, schedules, season_starts
from meter.registers.tou import DAY_TYPES, HOLIDAYS, RATES, SEASONS, SWITCHES

Calendar = namedtuple("Calendar", ("name", "seasons", "weeks", "days"))
NONE = Calendar(b"", (), (), ())
PATHS = ("tou.seasons", "tou.days", "tou.holidays")
DAYS = SEASONS * len(DAY_TYPES)
WEEKS = SEASONS
LONGEST_NAME = const(32)
_H1 = const(7)  # place of the first type of holidays among the day types
_ANY = const(0xFF)
_START = (
    b"\xff\x00\x00\x00\x00\x80\x00\xff"  # of a season, behind month and day: every day of the week, midnight
)

# What is wrong with a part alone.


def check_name(name):
    """Raise ValueError if a name is too long."""
    if len(name) > LONGEST_NAME:
        raise ValueError("a name has up to %d bytes" % LONGEST_NAME)


def check_seasons(seasons):
    """Raise ValueError for seasons that the meter cannot hold."""
    if len(seasons) > SEASONS:
        raise ValueError("there are up to %d seasons" % SEASONS)
    for name, start, week in seasons:
        check_name(name)
        check_name(week)
        _month_day(start)
    _differ([one[0] for one in seasons], "seasons")
    _differ([_month_day(one[1]) for one in seasons], "starts of seasons")


def check_weeks(weeks):
    """Raise ValueError for weeks that the meter cannot hold."""
    if len(weeks) > WEEKS:
        raise ValueError("there are up to %d weeks" % WEEKS)
    for name, _ in weeks:
        check_name(name)
    _differ([one[0] for one in weeks], "weeks")


def check_days(days):
    """Raise ValueError for day profiles that the meter cannot hold."""
    if len(days) > DAYS:
        raise ValueError("there are up to %d day profiles" % DAYS)
    _differ([one[0] for one in days], "day profiles")
    for _, switches in days:
        if not 0 < len(switches) <= SWITCHES:
            raise ValueError("a day has 1 to %d switches" % SWITCHES)
        minutes = [_minute(time) for time, _ in switches]
        if any([b <= a for a, b in zip(minutes, minutes[1:])]):
            raise ValueError("the switches of a day must rise")
        if not all([1 <= rate <= len(RATES) for _, rate in switches]):
            raise ValueError("rates are 1 to %d" % len(RATES))


def check_special_days(entries):
    """Raise ValueError for special days that the meter cannot hold."""
    if len(entries) > HOLIDAYS:
        raise ValueError("there are up to %d special days" % HOLIDAYS)
    _differ([one[0] for one in entries], "special days")
    for _, date, _ in entries:
        _date(date)


def check(calendar):
    """Raise ValueError if a calendar is not whole: what it names must be there."""
    check_name(calendar.name)
    check_seasons(calendar.seasons)
    check_weeks(calendar.weeks)
    check_days(calendar.days)
    weeks = [one[0] for one in calendar.weeks]
    days = [one[0] for one in calendar.days]
    for _, _, week in calendar.seasons:
        if week not in weeks:
            raise ValueError("a season has a week that is not there")
    for _, ids in calendar.weeks:
        for day in ids:
            if day not in days:
                raise ValueError("a week has the day %d, which is not there" % day)
    if days and not calendar.seasons:
        raise ValueError("there are days, and no season")


def _differ(items, what):
    for k, item in enumerate(items):
        if item in items[:k]:
            raise ValueError("two %s are the same" % what)


def _month_day(start):
    """Return (month, day) of a season's start. It begins every year at midnight."""
    month, day = start[2], start[3]
    if start[:2] != b"\xff\xff" or start[4] != _ANY:
        raise ValueError("a season begins on the same date every year")
    if not 1 <= month <= 12 or not 1 <= day <= days_of_month(2024, month):
        raise ValueError("a season begins on a date")
    if any([start[k] not in (0, _ANY) for k in (5, 6, 7, 8)]):
        raise ValueError("a season begins at midnight")
    return month, day


def _minute(time):
    hour, minute, second, hundredth = time
    if hour > 23 or minute > 59 or second not in (0, _ANY) or hundredth not in (0, _ANY):
        raise ValueError("rates change at whole minutes")
    return hour * 60 + minute


def _date(date):
    """Return (year, month, day) of a special day, which is one day."""
    year, month, day, of_week = struct.unpack(">HBBB", date)
    if not 1970 <= year <= 2100 or not 1 <= month <= 12 or not 1 <= day <= days_of_month(year, month):
        raise ValueError("a special day is one date")
    if of_week not in (_ANY, weekday(utc(year, month, day)) + 1):
        raise ValueError("a special day has another day of the week")
    return year, month, day


# From a calendar to the settings.


def holiday_days(calendar, special_days, before=()):
    """Return for each season (day id of H1, of H2), None where there is none.

    before: as they were, for the same calendar. ValueError if a season has more than two.
    """
    found = []
    for season in range(len(calendar.seasons)):
        used = []
        for _, date, day in special_days:
            if day not in used and _season_of(calendar.seasons, date) == season:
                used.append(day)
        old = before[season] if before else (None, None)
        spare = [] if before else _spare(calendar, used)
        found.append(_pair(used, old, spare))
    return _filled(found)


def _filled(pairs):
    """Return the pairs without gaps: a type that one season has, all have (tou.days wants that)."""
    defaults = []
    for kind in (0, 1):
        known = [pair[kind] for pair in pairs if pair[kind] is not None]
        defaults.append(known[0] if known else None)
    return tuple([tuple([defaults[k] if pair[k] is None else pair[k] for k in (0, 1)]) for pair in pairs])


def _pair(used, old, spare):
    if len(used) > 2:
        raise ValueError("a season has up to two types of special days")
    pair = [day if day in used else None for day in old]
    if pair[0] == pair[1]:
        pair[1] = None
    for day in [day for day in used if day not in pair] + [day for day in old if day not in used] + spare:
        if day is not None and None in pair:
            pair[pair.index(None)] = day
    return tuple(pair)


def _spare(calendar, used):
    """Return the ids of the days that no week has, in their order."""
    of_weeks = [day for _, ids in calendar.weeks for day in ids]
    return [
        day for day in sorted([one[0] for one in calendar.days]) if day not in of_weeks and day not in used
    ]


def _season_of(seasons, date):
    """Return the place of the season of a special day."""
    starts = [_month_day(one[1]) for one in seasons]
    begun = [start for start in starts if start <= (date[2], date[3])]
    return starts.index(max(begun or starts))


def settings_of(calendar, special_days, pairs):
    """Return the settings (PATHS) of a calendar. pairs: of holiday_days(). ValueError."""
    check(calendar)
    check_special_days(special_days)
    if special_days and not calendar.seasons:
        raise ValueError("there is no day %d" % special_days[0][2])
    switches = {day: _switches(of_day) for day, of_day in calendar.days}
    weeks = {name: ids for name, ids in calendar.weeks}
    rows, dates = [], []
    for place, (_, _, week) in enumerate(calendar.seasons):
        rows += _rows(place + 1, tuple(weeks[week]) + pairs[place], switches)
    for _, date, day in special_days:
        if day not in switches:
            raise ValueError("there is no day %d" % day)
        kind = pairs[_season_of(calendar.seasons, date)].index(day)
        dates.append("%04d-%02d-%02d%s" % (_date(date) + (" H2" if kind else "",)))
    starts = tuple(["%02d-%02d" % _month_day(start) for _, start, _ in calendar.seasons])
    values = (starts, tuple(rows), tuple(dates))
    holidays(dates)  # no date twice, and all within twenty years
    return dict(zip(PATHS, values))


def _rows(season, ids, switches):
    """Return the rows of tou.days of a season. ids: of its nine day types."""
    rows, done = [], []
    for day in ids:
        if day is None or day in done:
            continue
        done.append(day)
        if day not in switches:
            raise ValueError("there is no day %d" % day)
        names = " ".join([DAY_TYPES[k] for k in range(len(ids)) if ids[k] == day])
        rows.append(["%d" % season, names, switches[day]])
    return rows


def _switches(of_day):
    return ", ".join(["%02d:%02d %s" % (time[0], time[1], RATES[rate - 1]) for time, rate in of_day])


# From the settings to a calendar.


def calendar_of(settings):
    """Return (Calendar, special days, pairs) of settings that nobody set as a calendar. Names are numbers."""
    rows, starts = settings["tou.days"], season_starts(settings["tou.seasons"]) or [(1, 1)]
    if not rows:
        return NONE, (), ()
    found = schedules(rows, len(starts))
    days, seasons, weeks, pairs = [], [], [], []
    width = len(DAY_TYPES)
    for place, (month, day) in enumerate(starts):
        name = ("%d" % (place + 1)).encode()
        ids = [_id(days, switches) for switches in found[place * width : (place + 1) * width]]
        seasons.append((name, b"\xff\xff" + bytes((month, day)) + _START, name))
        weeks.append((name, tuple(ids[:_H1])))
        pairs.append(tuple(ids[_H1:]))
    profiles = [
        (k + 1, tuple([(bytes((minute // 60, minute % 60, 0, 0)), rate) for minute, rate in switches]))
        for k, switches in enumerate(days)
    ]
    special = []
    for number, (year, month, day, kind) in enumerate(holidays(settings["tou.holidays"])):
        date = struct.pack(">HBBB", year, month, day, weekday(utc(year, month, day)) + 1)
        special.append((number + 1, date, pairs[_season_of(seasons, date)][kind - 1]))
    return Calendar(b"", tuple(seasons), tuple(weeks), tuple(profiles)), tuple(special), tuple(pairs)


def _id(days, switches):
    """Return the day id of some switches, a new one if there is none yet; None of no switches."""
    if not switches:
        return None
    if switches not in days:
        days.append(switches)
    return days.index(switches) + 1


# As bytes, to be kept.


def pack(calendar):
    """Return a Calendar as bytes: name; seasons, weeks and days, each with its count before it."""
    parts = [_text(calendar.name), bytes((len(calendar.seasons),))]
    for name, start, week in calendar.seasons:
        parts += [_text(name), bytes(start), _text(week)]
    parts.append(bytes((len(calendar.weeks),)))
    for name, ids in calendar.weeks:
        parts += [_text(name), bytes(ids)]
    parts.append(bytes((len(calendar.days),)))
    for day, switches in calendar.days:
        parts.append(bytes((day, len(switches))))
        parts += [bytes(time) + bytes((rate,)) for time, rate in switches]
    return b"".join(parts)


def _text(data):
    return bytes((len(data),)) + bytes(data)


class Reader:
    """Takes bytes apart, one after the other."""

    def __init__(self, data):
        self._data, self._at = data, 0

    def take(self, count):
        """Return the next bytes."""
        self._at += count
        return bytes(self._data[self._at - count : self._at])

    def byte(self):
        """Return the next byte, an int."""
        return self.take(1)[0]

    def text(self):
        """Return bytes that have their length before them."""
        return self.take(self.byte())


def unpack(reader):
    """Return the Calendar that pack() made. reader: Reader."""
    name = reader.text()
    seasons = tuple([(reader.text(), reader.take(12), reader.text()) for _ in range(reader.byte())])
    weeks = tuple([(reader.text(), tuple(reader.take(7))) for _ in range(reader.byte())])
    days = []
    for _ in range(reader.byte()):
        day, count = reader.take(2)
        days.append((day, tuple([(reader.take(4), reader.byte()) for _ in range(count)])))
    return Calendar(name, seasons, weeks, tuple(days))
