"""Civil time from UTC seconds and back: the proleptic Gregorian calendar, in integers. And the intervals cut from it.

Given the seconds that a local clock shows (zone.Zone.local) in place of UTC, all of it holds for local time.
"""

from meter.compat import const

# Intervals that records end on, by their code: minutes that divide the hour, and three longer ones.
DAILY = const(1440)
WEEKLY = const(10080)
MONTHLY = const(43200)
_DAY_S = const(86400)


def civil(utc):
    """Return (year, month, day, hour, minute, second) of a UTC second since 1970-01-01.

    The day count is cut into 400-year eras with March as the first month, so that the leap day is the last of a year.
    """
    days, rest = utc // 86400, utc % 86400
    days += 719468
    era = days // 146097
    day_of_era = days - era * 146097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    return year, month, day, rest // 3600, rest // 60 % 60, rest % 60


def day_number(year, month, day):
    """Return the days from 1970-01-01 to a date. The same eras as in civil()."""
    if month <= 2:
        year -= 1
    era = year // 400
    year_of_era = year - era * 400
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468


def utc(year, month, day, hour=0, minute=0, second=0):
    """Return the UTC second since 1970-01-01 of a date and time: the inverse of civil()."""
    return day_number(year, month, day) * _DAY_S + hour * 3600 + minute * 60 + second


def days_of_month(year, month):
    """Return how many days a month has."""
    return next_start(utc(year, month, 1), MONTHLY) // _DAY_S - day_number(year, month, 1)


def weekday(utc):
    """Return the day of the week of a UTC second: 0 is Monday."""
    return (utc // _DAY_S + 3) % 7  # 1970-01-01 was a Thursday


def midnight(utc):
    """Return the second at which the day of a UTC second began."""
    return utc - utc % _DAY_S


def interval_start(utc, code):
    """Return the second at which the interval began in which this UTC second is.

    code: minutes that divide 60, or DAILY, WEEKLY (from Monday), MONTHLY (from the first). Minutes count from the hour.
    """
    _, _, day, hour, minute, second = civil(utc)
    if code <= 60:
        return utc - (minute * 60 + second) % (code * 60)
    today = utc - hour * 3600 - minute * 60 - second
    if code == WEEKLY:
        return today - weekday(today) * _DAY_S
    return today - (day - 1) * _DAY_S if code == MONTHLY else today


def next_start(start, code):
    """Return the second at which the interval after the one from start begins. code: as for interval_start()."""
    if code != MONTHLY:
        return start + code * 60
    year, month = civil(start)[:2]
    return utc(year + month // 12, month % 12 + 1, 1)


def is_boundary(utc, code):
    """Return True if an interval ends, and the next begins, at this UTC second. code: as for interval_start()."""
    return utc % 60 == 0 and interval_start(utc, code) == utc
