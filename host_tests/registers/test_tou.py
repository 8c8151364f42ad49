"""Rates, seasons and day types: by hand, against a walk over every minute of a year, and over random calendars."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.calendar import civil, utc
from meter.registers.tou import Tou
from meter.zone import Zone

CET = Zone("CET-1CEST,M3.5.0,M10.5.0/3")
LORD_HOWE = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
OVER_MIDNIGHT = "AAA0BBB,M3.5.0/23:30,M10.5.0/0:30"
RULES = (
    "UTC0",
    CET.rule,
    LORD_HOWE,
    OVER_MIDNIGHT,
    "<-01>1<+00>,M3.5.0/0,M10.5.0/1",
    "NST3:30NDT,M3.2.0,M11.1.0",
)
A, B, C, D = 1, 2, 3, 4

# Four seasons, all day types different; most days have no switch at 00:00.
SEASONS = ((3, 1), (6, 15), (9, 1), (12, 24))
FULL = tuple(
    tuple(((90 + 7 * season + 13 * day) + 150 * k, (season + day + k) % 8 + 1) for k in range(8))
    for season in range(4)
    for day in range(9)
)
HOLIDAYS = ((2024, 2, 29, 2), (2024, 3, 1, 1), (2024, 12, 25, 1), (2024, 12, 26, 2), (2025, 1, 1, 1))


def local(zone, *time):
    return zone.utc(utc(*time))


def one(switches, zone=CET, **more):
    """Return a Tou with the same switches on every day."""
    return Tou((), (switches,) * 9, (), zone, **more)


class Naive:
    """The same rules, one lookup in a plain table for each local minute, with the standard library's dates."""

    def __init__(self, seasons, schedules, holidays, zone):
        self.seasons, self.schedules, self.zone = seasons, schedules, zone
        self.holidays = {(year, month, day): 6 + kind for year, month, day, kind in holidays}

    def row(self, date):
        season = 0
        if self.seasons:
            starts = sorted((start, k) for k, start in enumerate(self.seasons))
            season = starts[-1][1]
            for start, k in starts:
                if start <= (date.month, date.day):
                    season = k
        return season, self.holidays.get((date.year, date.month, date.day), date.weekday())

    def day(self, date):
        """Return (season, day type, rates of the 1440 minutes)."""
        season, kind = self.row(date)
        before = self.row(date - timedelta(days=1))
        if not self.schedules:
            return season, kind, [0] * 1440
        switches, yesterday = self.schedules[season * 9 + kind], self.schedules[before[0] * 9 + before[1]]
        rate = yesterday[-1][1] if switches and yesterday else 0
        at, rates = dict(switches), []
        for minute in range(1440):
            rate = at.get(minute, rate)
            rates.append(rate)
        return season, kind, rates

    def minutes(self, first, last):
        """Yield (utc, rate, season, day type) of every minute."""
        known = None
        for second in range(first, last, 60):
            shown = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self.zone.local(second))
            if known != shown.date():
                known = shown.date()
                season, kind, rates = self.day(known)
            yield second, rates[shown.hour * 60 + shown.minute], season, kind


# By hand


@pytest.mark.feature("TOU-01")
def test_a_day_with_two_rates():
    tou = one(((6 * 60, B), (22 * 60, A)))
    for time, rate in (((0, 0), A), ((5, 59), A), ((6, 0), B), ((21, 59), B), ((22, 0), A), ((23, 59), A)):
        assert tou.rate(local(CET, 2024, 2, 29, *time)) == rate
    assert tou.next_change(local(CET, 2024, 2, 29, 5, 59)) == local(CET, 2024, 2, 29, 6)
    assert tou.next_change(local(CET, 2024, 2, 29, 6)) == local(CET, 2024, 2, 29, 22)
    assert tou.next_change(local(CET, 2024, 2, 29, 22)) == local(CET, 2024, 3, 1, 6)


@pytest.mark.feature("TOU-01")
def test_a_day_begins_with_its_switch_at_midnight_or_the_last_rate_of_the_day_before():
    monday, tuesday = ((0, A), (480, B)), ((600, C),)
    tou = Tou((), (monday, tuesday) + (((0, D),),) * 7, (), CET)
    assert tou.rate(local(CET, 2024, 1, 1, 0)) == A  # a Monday
    assert tou.rate(local(CET, 2024, 1, 2, 9, 59)) == B and tou.rate(local(CET, 2024, 1, 2, 10)) == C
    assert tou.rate(local(CET, 2024, 1, 3)) == D


def test_a_day_type_without_switches_has_no_rate():
    tou = Tou((), (((0, A),), (), ((600, B),)) + (((0, A),),) * 6, (), CET)
    assert [tou.rate(local(CET, 2024, 1, day, 9)) for day in (1, 2, 3, 4)] == [A, 0, 0, A]
    assert tou.rate(local(CET, 2024, 1, 3, 10)) == B


@pytest.mark.feature("TOU-01")
def test_seasons_go_over_the_new_year_and_over_a_leap_day():
    tou = Tou(((4, 1), (10, 1), (2, 29)), (), (), CET)
    days = ((2024, 1, 1, 1), (2024, 2, 28, 1), (2024, 2, 29, 2), (2023, 2, 28, 1), (2023, 3, 1, 2), (2024, 3, 31, 2),
            (2024, 4, 1, 0), (2024, 9, 30, 0), (2024, 10, 1, 1), (2024, 12, 31, 1))  # fmt: skip
    for *date, season in days:
        assert tou.season(local(CET, *date)) == tou.season(local(CET, *date, 23, 59, 59)) == season
    assert tou.next_change(local(CET, 2024, 2, 27)) == local(CET, 2024, 2, 29)
    assert tou.next_change(local(CET, 2024, 3, 30)) == local(CET, 2024, 4, 1)  # a day of 23 hours between
    assert tou.rate(local(CET, 2024, 4, 1)) == 0


@pytest.mark.feature("TOU-01", "TOU-02")
def test_a_holiday_is_its_type_from_midnight_to_midnight():
    tou = Tou((), FULL[:9], HOLIDAYS, CET)
    assert tou.day_type(local(CET, 2024, 2, 28, 23, 59, 59)) == 2  # a Wednesday
    assert tou.day_type(local(CET, 2024, 2, 29)) == tou.day_type(local(CET, 2024, 2, 29, 23, 59, 59)) == 8
    assert tou.day_type(local(CET, 2024, 3, 1)) == 7 and tou.day_type(local(CET, 2024, 3, 2)) == 5
    assert tou.day_type(local(CET, 2024, 12, 26)) == 8 and tou.day_type(local(CET, 2025, 12, 25)) == 3


@pytest.mark.feature("TOU-02")
def test_two_hundred_holidays_over_twenty_years_are_all_found():
    dates = {}
    for k in range(200):
        dates[(2005 + k // 10, 1 + k % 12, 1 + k * 7 % 28)] = 1 + k % 2
    dates[(2024, 12, 31)] = 2
    tou = Tou((), FULL[:9], [(*date, kind) for date, kind in reversed(list(dates.items()))])
    found = {}
    for day in range(utc(2004, 1, 1), utc(2026, 1, 1), 86400):
        if tou.day_type(day) > 6:
            found[civil(day)[:3]] = tou.day_type(day) - 6
        else:
            assert tou.day_type(day) == (day // 86400 + 3) % 7
    assert found == dates


@pytest.mark.feature("TOU-04")
def test_a_switch_in_the_hour_that_is_passed_over_happens_where_the_clock_goes_on():
    tou = one(((0, A), (150, B), (240, C)))
    change = utc(2024, 3, 31, 1)
    assert (tou.rate(change - 1), tou.rate(change)) == (A, B)
    assert tou.next_change(change - 3600) == change and tou.next_change(change) == change + 3600


@pytest.mark.feature("TOU-04")
def test_in_the_repeated_hour_the_rate_is_what_the_clock_shows():
    tou = one(((0, A), (150, B), (240, C)))
    change = utc(2024, 10, 27, 1)
    times = [utc(2024, 10, 26, 22)]
    for _ in range(4):
        times.append(tou.next_change(times[-1]))
    assert times[1:] == [change - 1800, change, change + 1800, change + 7200]
    assert [tou.rate(time) for time in times] == [A, B, A, B, C]


@pytest.mark.feature("TOU-03")
def test_the_override_holds_while_it_is_on():
    now = local(CET, 2024, 1, 1, 12)
    tou = one(((0, A), (600, B)), override=8)
    assert tou.rate(now) == B
    tou.override(True)
    assert tou.rate(now) == 8 and tou.rate(now - 86400) == 8 and tou.scheduled(now) == B
    assert tou.next_change(now) == local(CET, 2024, 1, 2)
    tou.override(False)
    assert tou.rate(now) == B


@pytest.mark.feature("TOU-03")
def test_without_an_override_rate_nothing_is_overridden_and_it_needs_no_calendar():
    tou = one(((0, A),))
    tou.override(True)
    assert tou.rate(0) == A and not tou.is_overridden
    tou = Tou(override=5)
    tou.override(True)
    assert tou.rate(0) == 5 and tou.is_empty


def test_where_nothing_changes_the_search_ends():
    tou = one(((0, A),))
    now = local(CET, 2024, 1, 1, 12)
    assert now + 7 * 86400 <= tou.next_change(now) <= now + 70 * 86400
    assert Tou().next_change(now) is None and Tou(((5, 5),)).next_change(now) is None
    assert Tou().rate(now) == Tou().season(now) == 0


# Against a walk


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.feature("TOU-01", "TOU-04")
def test_every_minute_of_a_leap_year_is_that_of_a_naive_walk(rule):
    zone = Zone(rule)
    tou, walk = Tou(SEASONS, FULL, HOLIDAYS, zone), Naive(SEASONS, FULL, HOLIDAYS, zone)
    changes, before = [], None
    for second, *expected in walk.minutes(utc(2024, 1, 1), utc(2025, 1, 8)):
        assert [tou.rate(second), tou.season(second), tou.day_type(second)] == expected
        if before and before != expected[:2]:
            changes.append(second)
        before = expected[:2]
    found, at = [], utc(2024, 1, 1)
    while len(found) < len(changes):
        at = tou.next_change(at)
        found.append(at)
    assert found == changes


SWITCHES = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(1, 8)), max_size=8, unique_by=lambda s: s[0]
).map(sorted)
DATES = st.dates(datetime(2024, 1, 1).date(), datetime(2025, 12, 31).date())
STARTS = DATES.map(lambda date: (date.month, date.day))


@st.composite
def calendars(draw):
    seasons = draw(st.lists(STARTS, max_size=4, unique=True))
    count = 9 * max(1, len(seasons))
    rows = draw(st.lists(SWITCHES, min_size=count, max_size=count))
    holidays = draw(st.lists(DATES, max_size=6, unique=True))
    return (
        seasons,
        rows,
        [(d.year, d.month, d.day, 1 + d.day % 2) for d in holidays],
        Zone(draw(st.sampled_from(RULES))),
    )


@given(calendars(), st.integers(utc(2024, 1, 2), utc(2025, 12, 1)))
@settings(max_examples=60, deadline=None)
@pytest.mark.feature("TOU-01", "TOU-04")
def test_the_next_change_is_the_first_minute_that_differs(calendar, second):
    tou, walk = Tou(*calendar), Naive(*calendar)
    found = tou.next_change(second)
    here = (tou.rate(second), tou.season(second))
    if found is None:
        assert here == (0, 0)
        return
    first = second - second % 60
    rows = list(walk.minutes(first, min(found, first + 9 * 86400) + 60))
    assert rows[0][1:3] == here
    differ = [at for at, rate, season, _ in rows if (rate, season) != here]
    if (tou.rate(found), tou.season(found)) != here:
        assert rows[-1][0] != found or differ == [found]
    else:
        assert not differ and found > second + 7 * 86400


@given(calendars(), st.lists(st.integers(utc(2024, 1, 1), utc(2026, 1, 1)), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_answers_do_not_depend_on_what_was_asked_before(calendar, seconds):
    tou = Tou(*calendar)
    for second in seconds:
        fresh = Tou(*calendar)
        assert (tou.rate(second), tou.season(second)) == (fresh.rate(second), fresh.season(second))
        assert tou.next_change(second) == fresh.next_change(second)
