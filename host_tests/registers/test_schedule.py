"""When freezes, billing resets and self-reads are due: by hand, and against a walk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.calendar import civil, days_of_month, utc
from meter.registers.schedule import KINDS, Schedule
from meter.zone import Zone

CET = Zone("CET-1CEST,M3.5.0,M10.5.0/3")
RULES = ("UTC0", CET.rule, "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "AAA0BBB,M3.5.0/23:30,M10.5.0/0:30")
DAY = 86400

pytestmark = pytest.mark.feature("BIL-03", "BIL-04")


def instances(schedule, after, count):
    found = []
    for _ in range(count):
        after = schedule.next_after(after)
        found.append(after)
    return found


def test_none_is_never_due():
    schedule = Schedule()
    assert schedule.next_after(0) is None and schedule.passed(0, utc(2099, 1, 1)) is None
    with pytest.raises(ValueError, match="hourly, daily, weekly, monthly, not yearly"):
        Schedule("yearly")


def test_the_last_day_of_short_months():
    schedule = Schedule("monthly", day=31, minute=90)
    assert [civil(at)[1:5] for at in instances(schedule, utc(2024, 1, 31, 1, 30), 5)] == [
        (2, 29, 1, 30), (3, 31, 1, 30), (4, 30, 1, 30), (5, 31, 1, 30), (6, 30, 1, 30)
    ]  # fmt: skip
    assert civil(Schedule("monthly", day=29).next_after(utc(2023, 2, 1)))[:3] == (2023, 2, 28)
    assert civil(Schedule("monthly", day=15).next_after(utc(2023, 12, 15)))[:3] == (2024, 1, 15)


def test_a_week_has_one_instance():
    schedule = Schedule("weekly", CET, minute=390, weekday=2)
    assert instances(schedule, utc(2024, 3, 25), 3) == [
        utc(2024, 3, 27, 5, 30), utc(2024, 4, 3, 4, 30), utc(2024, 4, 10, 4, 30)
    ]  # fmt: skip


def test_days_when_the_clock_changes():
    at_half_past_two = Schedule("daily", CET, minute=150)
    assert instances(at_half_past_two, utc(2024, 3, 30), 3) == [
        utc(2024, 3, 30, 1, 30), utc(2024, 3, 31, 1), utc(2024, 4, 1, 0, 30)
    ]  # fmt: skip
    assert instances(at_half_past_two, utc(2024, 10, 26, 12), 2) == [
        utc(2024, 10, 27, 0, 30), utc(2024, 10, 28, 1, 30)
    ]  # fmt: skip


def test_an_hour_of_the_clock_by_its_minute():
    schedule = Schedule("hourly", CET, minute=615)  # 10:15: the hour is not meant
    assert instances(schedule, utc(2024, 10, 27, 0, 0), 4) == [
        utc(2024, 10, 27, hour, 15) for hour in range(4)
    ]
    zone = Zone(RULES[2])
    change = utc(2024, 4, 6, 15)  # 02:00 becomes 01:30
    assert instances(Schedule("hourly", zone, minute=45), change - 3600, 3) == [
        change - 900, change + 900, change + 4500
    ]  # fmt: skip


def test_an_outage_over_several_is_done_once_with_the_last():
    schedule = Schedule("daily", CET, minute=60)
    outage = utc(2024, 3, 30, 12), utc(2024, 4, 2, 12)
    assert schedule.passed(*outage) == utc(2024, 4, 1, 23)
    assert schedule.passed(utc(2024, 4, 1, 23), utc(2024, 4, 2, 22, 59, 59)) is None
    assert schedule.passed(utc(2024, 4, 1, 22, 59, 59), utc(2024, 4, 1, 23)) == utc(2024, 4, 1, 23)
    assert schedule.passed(utc(2024, 4, 5), utc(2024, 4, 2)) is None  # the clock was set back


@pytest.mark.parametrize("kind", ("daily", "weekly", "monthly"))
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("minute", (0, 20, 90, 105, 150, 1420))
def test_each_day_week_or_month_of_two_years_has_its_instance(kind, rule, minute):
    zone = Zone(rule)
    schedule = Schedule(kind, zone, minute, weekday=6, day=31)
    expected = []
    for day in range(utc(2027, 1, 1), utc(2029, 1, 1), DAY):
        year, month, date = civil(day)[:3]
        wanted = {
            "daily": True,
            "weekly": day // DAY % 7 == 3,
            "monthly": date == days_of_month(year, month),
        }
        if wanted[kind]:
            at = day + minute * 60 - 14 * 3600  # no clock shows the time yet
            while zone.local(at) < day + minute * 60:
                at += 60
            expected.append(at)
    assert instances(schedule, expected[0] - 1, len(expected)) == expected


@given(
    st.sampled_from(KINDS[1:]),
    st.sampled_from(RULES),
    st.integers(0, 1439),
    st.integers(0, 6),
    st.integers(1, 31),
    st.integers(utc(2024, 1, 1), utc(2030, 1, 1)),
    st.integers(0, 100 * DAY),
)
def test_what_has_passed_is_the_last_of_what_was_next(kind, rule, minute, weekday, day, before, seconds):
    schedule = Schedule(kind, Zone(rule), minute, weekday, day)
    after, last = before + seconds, None
    at = schedule.next_after(before)
    while at <= after:
        assert at > before and (last is None or at > last)
        last, at = at, schedule.next_after(at)
    assert schedule.passed(before, after) == last
    assert schedule.passed(at - 1, at) == at
