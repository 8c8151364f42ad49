"""Civil time against the standard library's calendar."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.calendar import (
    DAILY,
    MONTHLY,
    WEEKLY,
    civil,
    days_of_month,
    interval_start,
    is_boundary,
    next_start,
    weekday,
)
from meter.calendar import utc as utc_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST = int((datetime(2106, 1, 1, tzinfo=UTC) - EPOCH).total_seconds())


def expected(utc):
    time = EPOCH + timedelta(seconds=utc)
    return time.year, time.month, time.day, time.hour, time.minute, time.second


def test_every_day_from_1970_to_2105():
    for utc in range(0, LAST, 86400):
        assert civil(utc) == expected(utc)


def test_utc_is_the_inverse_of_civil_on_every_day_from_1600_to_2105():
    for second in range(-135_140 * 86400 + 45_296, LAST, 86400):
        assert utc_of(*civil(second)) == second


@pytest.mark.parametrize(
    "year, month, days",
    [(2023, 2, 28), (2024, 2, 29), (2000, 2, 29), (2100, 2, 28), (2024, 12, 31), (2024, 4, 30)],
)
def test_a_month_has_the_days_that_it_has(year, month, days):
    assert days_of_month(year, month) == days


def test_every_second_around_the_end_of_a_day():
    for second in range(86400 - 3700, 86400 + 61):
        utc = 11016 * 86400 + second  # 2000-02-29
        assert civil(utc) == expected(utc)


@given(st.integers(0, LAST))
def test_any_second(utc):
    assert civil(utc) == expected(utc)


@pytest.mark.parametrize(
    "utc, time",
    [
        (0, (1970, 1, 1, 0, 0, 0)),
        (951_782_399, (2000, 2, 28, 23, 59, 59)),
        (951_782_400, (2000, 2, 29, 0, 0, 0)),  # a century that is a leap year
        (1_709_164_800, (2024, 2, 29, 0, 0, 0)),
        (1_709_251_199, (2024, 2, 29, 23, 59, 59)),
        (1_735_689_599, (2024, 12, 31, 23, 59, 59)),
        (4_107_542_400, (2100, 3, 1, 0, 0, 0)),  # the day after 28 February: 2100 has no leap day
        (4_107_542_399, (2100, 2, 28, 23, 59, 59)),
        (0xFFFFFFFF, (2106, 2, 7, 6, 28, 15)),  # the last second of the records' 32 bits
    ],
)
def test_days_that_calendars_get_wrong(utc, time):
    assert civil(utc) == time


def test_the_years_before_1970_are_right_too():
    assert civil(-1) == (1969, 12, 31, 23, 59, 59)
    assert civil(-86400 * 366) == (1968, 12, 31, 0, 0, 0)


@given(st.integers(0, LAST), st.sampled_from((1, 5, 12, 60, DAILY, WEEKLY, MONTHLY)))
def test_an_interval_starts_on_the_clock_the_day_the_monday_or_the_first(utc, code):
    start = interval_start(utc, code)
    found, time = EPOCH + timedelta(seconds=start), EPOCH + timedelta(seconds=utc)
    if code == WEEKLY:
        midnight = time.replace(hour=0, minute=0, second=0)
        assert found == midnight - timedelta(days=time.weekday())
    elif code == MONTHLY:
        assert found == time.replace(day=1, hour=0, minute=0, second=0)
    elif code == DAILY:
        assert found == time.replace(hour=0, minute=0, second=0)
    else:
        assert found == time.replace(minute=time.minute // code * code, second=0)
    assert is_boundary(start, code) and is_boundary(utc, code) == (start == utc)
    following = next_start(start, code)
    assert start <= utc < following and interval_start(following, code) == following
    assert interval_start(following - 1, code) == start
    assert weekday(utc) == time.weekday()
