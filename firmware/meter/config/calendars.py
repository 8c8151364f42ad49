"""What a person writes for tariffs, taken apart: times, seasons, rows of switches, holidays. ValueError: what is wrong.

tou.seasons     "MM-DD" each
tou.days        rows of [seasons, days, switches]: ["1-4", "Mon-Fri", "00:00 A, 08:00 B"]; a later row replaces
                what an earlier one said of the same season and day
tou.holidays    "YYYY-MM-DD", or "YYYY-MM-DD H2" for the second type
"""

from meter.calendar import days_of_month, utc
from meter.registers.tou import DAY_TYPES, HOLIDAYS, RATES, SEASONS, SWITCHES, YEARS

ROWS = SEASONS * len(DAY_TYPES)
_FIRST_YEAR, _LAST_YEAR = 1970, 2100
_TYPES = DAY_TYPES[7:]


def minute_of_day(text):
    """Return the minute of the day of HH:MM."""
    hour, minute = _numbers(text, "..:..", "a time is HH:MM")
    if hour > 23 or minute > 59:
        raise ValueError("%s is no time of day" % text)
    return hour * 60 + minute


def season_starts(texts):
    """Return the (month, day) of each."""
    starts = []
    for text in _list(texts, SEASONS, "start dates MM-DD"):
        month, day = _numbers(text, "..-..", "a start date is MM-DD")
        if not 1 <= month <= 12 or not 1 <= day <= days_of_month(2024, month):
            raise ValueError("%s is no date" % text)
        if (month, day) in starts:
            raise ValueError("%s is there twice" % text)
        starts.append((month, day))
    return starts


def holidays(texts):
    """Return (year, month, day, type 1 or 2) of each, in order of their dates."""
    found = {}
    for text in _list(texts, HOLIDAYS, "dates YYYY-MM-DD"):
        date, _, kind = text.partition(" ")
        year, month, day = _numbers(date, "....-..-..", "a holiday is YYYY-MM-DD or YYYY-MM-DD H2")
        if (
            not _FIRST_YEAR <= year <= _LAST_YEAR
            or not 1 <= month <= 12
            or not 1 <= day <= days_of_month(year, month)
        ):
            raise ValueError("%s is no date" % date)
        if kind and kind not in _TYPES:
            raise ValueError("%s: the type is H1 or H2" % _cut(text))
        if date in found:
            raise ValueError("%s is there twice" % date)
        found[date] = (year, month, day, _TYPES.index(kind) + 1 if kind else 1)
    dates = [found[date] for date in sorted(found)]
    if dates and utc(*dates[-1][:3]) >= utc(dates[0][0] + YEARS, dates[0][1], dates[0][2]):
        raise ValueError("they must lie within %d years" % YEARS)
    return dates


def schedules(rows, seasons):
    """Return for each of a number of seasons its nine day types: ((minute, rate), ...), () where no row says any."""
    found = [()] * (seasons * len(DAY_TYPES))
    names = tuple(["%d" % (k + 1) for k in range(seasons)])
    for number, row in enumerate(_list(rows, ROWS, "rows", (list, tuple))):
        try:
            if len(row) != 3 or not all(isinstance(text, str) for text in row):
                raise ValueError("it has three texts: seasons, days, switches")
            days, switches = _chosen(row[1], DAY_TYPES, "day"), _switches(row[2])
            for season in _chosen(row[0], names, "season"):
                for day in days:
                    found[season * len(DAY_TYPES) + day] = switches
        except ValueError as error:
            raise ValueError("row %d: %s" % (number + 1, error))
    return found


def missing(found, types):
    """Return in words which days have no switches, of the weekdays and these day types of holidays (7, 8)."""
    width = len(DAY_TYPES)
    words = []
    for season in range(len(found) // width):
        of_season = found[season * width : (season + 1) * width]
        days = [DAY_TYPES[k] for k in range(width) if not of_season[k] and (k < 7 or k in types)]
        if days:
            words.append("season %d has no switches for %s" % (season + 1, ", ".join(days)))
    return "; ".join(words)


def problems(settings):
    """Return what is wrong with the settings of tariffs together: a list of one line each."""
    rows, dates = settings["tou.days"], holidays(settings["tou.holidays"])
    if not rows:
        return []
    try:
        found = schedules(rows, max(1, len(settings["tou.seasons"])))
    except ValueError as error:
        return ["tou.days: %s" % error]
    lacking = missing(found, [6 + date[3] for date in dates])
    return ["tou.days: " + lacking] if lacking else []


def _list(value, most, what, kind=str):
    if (
        not isinstance(value, (list, tuple))
        or len(value) > most
        or not all(isinstance(v, kind) for v in value)
    ):
        raise ValueError("up to %d %s" % (most, what))
    return value


def _numbers(text, form, problem):
    """Return the numbers of a text with digits where the form has dots."""
    if not isinstance(text, str) or len(text) != len(form):
        raise ValueError("%s, not %s" % (problem, _cut(text)))
    for letter, wanted in zip(text, form):
        if not ("0" <= letter <= "9" if wanted == "." else letter == wanted):
            raise ValueError("%s, not %s" % (problem, _cut(text)))
    return [int(part) for part in text.replace(":", "-").split("-")]


def _cut(text):
    return repr(text[:20])[:24] if isinstance(text, str) else "that"


def _chosen(text, names, what):
    """Return the indices of what a text names: single names, first-last, all."""
    chosen = []
    for word in text.replace(",", " ").split():
        first, _, last = word.partition("-")
        last = last or first
        if word == "all":
            first, last = names[0], names[-1]
        if first not in names or last not in names or names.index(first) > names.index(last):
            raise ValueError("%s is no %s of %s" % (_cut(word), what, ", ".join(names)))
        chosen += range(names.index(first), names.index(last) + 1)
    if not chosen:
        raise ValueError("it names no %s" % what)
    return chosen


def _switches(text):
    """Return ((minute, rate), ...) of "00:00 A, 08:00 B"."""
    found = []
    for part in text.split(","):
        words = part.split()
        if len(words) != 2 or len(words[1]) != 1 or words[1] not in RATES:
            raise ValueError("%s: a switch is HH:MM and a rate A to H" % _cut(part))
        minute = minute_of_day(words[0])
        if found and minute <= found[-1][0]:
            raise ValueError("%s: switches must rise" % words[0])
        found.append((minute, RATES.index(words[1]) + 1))
    if len(found) > SWITCHES:
        raise ValueError("a day has up to %d switches" % SWITCHES)
    return tuple(found)
