"""Local time against the standard library's zones, and the intervals that are cut from it."""

from datetime import UTC, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.calendar import DAILY, MONTHLY, WEEKLY, civil, interval_start, utc
from meter.zone import Zone

CET = "CET-1CEST,M3.5.0,M10.5.0/3"
LORD_HOWE = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
AZORES = "<-01>1<+00>,M3.5.0/0,M10.5.0/1"
OVER_MIDNIGHT = "AAA0BBB,M3.5.0/23:30,M10.5.0/0:30"  # passes over midnight in March, repeats it in October
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FROM, TO = utc(2030, 1, 1), utc(2101, 1, 1)  # where the data base has nothing but rules

# Their data base has tables of dates after that, for the rule changes with another calendar.
TABLES = ("Africa/Casablanca", "Africa/El_Aaiun", "Asia/Gaza", "Asia/Hebron")


def zones():
    """Return name -> (rule, ZoneInfo) of one zone of each different rule of the tz data base."""
    found = {}
    names = (resources.files("tzdata") / "zones").read_text().split()
    for name in sorted(set(names) - set(TABLES)):
        with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
            rule = file.read().rstrip(b"\n").rpartition(b"\n")[2].decode()
            file.seek(0)
            found.setdefault(rule, (name, ZoneInfo.from_file(file, name)))
    return {name: (rule, zone) for rule, (name, zone) in found.items()}


ZONES = zones()
RULES = sorted({rule for rule, _ in ZONES.values() if "," in rule})


def expected_offset(zone, second):
    return int((EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset().total_seconds())


def test_the_data_base_has_zones_of_every_sort():
    rules = {rule for rule, _ in ZONES.values()}
    assert len(ZONES) > 80
    assert {CET, LORD_HOWE, AZORES, "NST3:30NDT,M3.2.0,M11.1.0", "IST-1GMT0,M10.5.0,M3.5.0/1"} <= rules


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.feature("TOU-04")
def test_offsets_and_changes_are_those_of_the_data_base(name):
    rule, other = ZONES[name]
    zone = Zone(rule)
    second = FROM
    for _ in range(40):
        assert zone.offset(second) == expected_offset(other, second)
        change = zone.next_change(second)
        if change is None:
            assert "," not in rule
            return
        assert second < change < second + 366 * 86400
        before, after = expected_offset(other, change - 1), expected_offset(other, change)
        assert before != after
        assert (zone.offset(change - 1), zone.offset(change)) == (before, after)
        second = change + 1


@given(st.sampled_from(sorted(ZONES)), st.lists(st.integers(FROM, TO), min_size=1, max_size=5))
@pytest.mark.feature("TOU-04")
def test_any_zone_at_any_second_in_any_order(name, seconds):
    rule, other = ZONES[name]
    zone = Zone(rule)
    for second in seconds:
        assert zone.offset(second) == expected_offset(other, second)
        assert zone.local(second) == second + zone.offset(second)
        if ",M" in rule:
            dst = (EPOCH + timedelta(seconds=second)).astimezone(other)
            assert zone.name(second) == (dst.tzname() if "<" not in rule else zone.name(second))


@pytest.mark.feature("TOU-04")
def test_central_europe_in_2024_by_hand():
    zone = Zone(CET)
    assert zone.next_change(utc(2024, 1, 1)) == utc(2024, 3, 31, 1)
    assert zone.next_change(utc(2024, 3, 31, 1)) == utc(2024, 10, 27, 1)
    assert zone.offset(utc(2024, 3, 31, 0, 59, 59)) == 3600 and not zone.is_dst(utc(2024, 3, 31, 0, 59, 59))
    assert zone.offset(utc(2024, 3, 31, 1)) == 7200 and zone.is_dst(utc(2024, 3, 31, 1))
    assert civil(zone.local(utc(2024, 7, 1, 22))) == (2024, 7, 2, 0, 0, 0)
    assert (zone.name(utc(2024, 10, 27)), zone.name(utc(2024, 10, 27, 1))) == ("CEST", "CET")


@pytest.mark.feature("TOU-04")
def test_the_south_has_daylight_saving_over_new_year():
    zone = Zone("AEST-10AEDT,M10.1.0,M4.1.0/3")
    assert zone.is_dst(utc(2024, 1, 1)) and not zone.is_dst(utc(2024, 7, 1))
    assert zone.next_change(utc(2023, 12, 31)) == utc(2024, 4, 6, 16)  # 3:00 on the 7th, at +11


@pytest.mark.parametrize(
    "rule, first, second",
    [
        ("AAA0BBB,J60,J300", (2024, 3, 1, 2), (2024, 10, 27, 1)),  # 29 February is not counted
        ("AAA0BBB,60,300", (2024, 3, 1, 2), (2024, 10, 27, 1)),  # day 0 is 1 January, 29 February counts
        ("AAA0BBB,59,300/0", (2024, 2, 29, 2), (2024, 10, 26, 23)),
        ("AAA0BBB,J59/-1,J365/25", (2024, 2, 27, 23), (2025, 1, 1, 0)),
        ("AAA0BBB-0:20,M2.5.4/12:30,M12.1.0", (2024, 2, 29, 12, 30), (2024, 12, 1, 1, 40)),
    ],
)
def test_dates_of_each_kind(rule, first, second):
    zone = Zone(rule)
    assert zone.next_change(utc(2024, 1, 15)) == utc(*first)
    assert zone.next_change(utc(*first)) == utc(*second)


def test_daylight_saving_all_year_never_changes():
    zone = Zone("XXX3EDT4,0/0,J365/23")  # RFC 8536, 3.3.1
    for year in range(2023, 2030):
        assert zone.offset(utc(year, 1, 1)) == zone.offset(utc(year, 7, 1)) == -4 * 3600
        assert zone.next_change(utc(year, 1, 1, 3)) is None


def test_without_daylight_saving_there_is_no_change():
    zone = Zone("<+0545>-5:45")
    assert zone.offset(0) == 20700 and zone.next_change(0) is None and not zone.is_dst(utc(2024, 7, 1))
    assert Zone().local(12345) == Zone().utc(12345) == 12345


@pytest.mark.parametrize(
    "rule",
    (
        "", "CET", "CE-1", "-1", "CET-1 ", "CET-25", "CET-1:60", "CET-1:00:30", "CET--1", "CET-1CEST", "CET-1CE,0,1",
        "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5.0,", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5,M10.5.0", "CET-1CEST,J0,M10.5.0", "CET-1CEST,J366,0",
        "CET-1CEST,366,0", "CET-1CEST,M3.5.0/,M10.5.0", "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1CEST,M3.5.0/2x,M10.5.0",
        "<CET-1", "<>1", "<+1>-1", "<a b>1", "é" * 3 + "1", "UTC0" + "0" * 70, "CET-1CEST,,", "CET-1CEST,M+3.5.0,0",
        "CET1:2:0:0", "CET-1CEST,M٣.5.0,0", None, 5, ["UTC0"], "Europe/Berlin", "CET:", "CET-1CEST;M3.5.0,M10.5.0",
    ),
)  # fmt: skip
def test_a_rule_that_is_none_is_refused_with_what_is_wrong(rule):
    with pytest.raises(ValueError, match="must be|name|time is|date is|daylight saving needs"):
        Zone(rule)


@given(st.text("CESTM<>+-0123456789,./J:", max_size=30) | st.text(max_size=10))
def test_a_text_is_a_rule_or_refused(text):
    try:
        zone = Zone(text)
    except ValueError:
        return
    assert abs(zone.offset(0)) <= 25 * 3600


# From the local clock back to UTC


@pytest.mark.feature("TOU-04")
def test_the_repeated_hour_is_meant_the_first_time_and_the_lost_one_where_the_clock_goes_on():
    zone = Zone(CET)
    assert zone.utc(utc(2024, 10, 27, 2, 30)) == utc(2024, 10, 27, 0, 30)
    assert zone.utc(utc(2024, 10, 27, 3)) == utc(2024, 10, 27, 2)
    for minute in (0, 1, 30, 59):
        assert zone.utc(utc(2024, 3, 31, 2, minute)) == utc(2024, 3, 31, 1)
    assert zone.utc(utc(2024, 3, 31, 1, 59)) == utc(2024, 3, 31, 0, 59)
    assert zone.utc(utc(2024, 3, 31, 3)) == utc(2024, 3, 31, 1)


@given(st.sampled_from((*RULES, OVER_MIDNIGHT)), st.integers(FROM, TO))
def test_utc_is_the_first_second_that_shows_a_time_or_more(rule, second):
    zone = Zone(rule)
    local = zone.local(second)
    found = zone.utc(local)
    assert found <= second and zone.local(found) == local
    assert not any(zone.local(found - back) >= local for back in (1, 60, 1800, 3599))
    skipped = zone.utc(second)  # any number of seconds is a time that some clock shows, or does not
    assert zone.local(skipped) >= second > zone.local(skipped - 1)


# Intervals


MINUTES = (1, 5, 12, 15, 60)
LONG = (DAILY, WEEKLY, MONTHLY)


@pytest.mark.feature("LP-03")
def test_days_weeks_and_months_of_2024_in_central_europe_by_hand():
    zone = Zone(CET)
    at = utc(2024, 3, 31, 12)  # a Sunday of 23 hours
    assert zone.interval_start(at, DAILY) == utc(2024, 3, 30, 23)
    assert zone.next_boundary(at, DAILY) == utc(2024, 3, 31, 22)
    assert zone.interval_start(at, WEEKLY) == utc(2024, 3, 24, 23)
    assert zone.interval_start(at, MONTHLY) == utc(2024, 2, 29, 23)
    assert zone.next_boundary(at, MONTHLY) == utc(2024, 3, 31, 22)
    assert zone.next_boundary(utc(2024, 2, 1), MONTHLY) == utc(2024, 2, 29, 23)
    assert zone.next_boundary(utc(2024, 12, 5), MONTHLY) == utc(2024, 12, 31, 23)
    assert zone.is_whole(utc(2024, 10, 26, 22), utc(2024, 10, 27, 23), DAILY)  # 25 hours
    assert not zone.is_whole(utc(2024, 10, 26, 22), utc(2024, 10, 27, 22), DAILY)


@pytest.mark.feature("LP-03")
def test_minutes_count_from_the_local_hour_and_a_change_ends_them():
    assert Zone("<+0545>-5:45").next_boundary(utc(2024, 1, 1), 60) == utc(2024, 1, 1, 0, 15)
    zone = Zone(LORD_HOWE)
    change = utc(2024, 4, 6, 15)  # 02:00 becomes 01:30
    assert zone.next_change(utc(2024, 4, 1)) == change
    assert zone.interval_start(change - 1, 60) == change - 3600
    assert zone.next_boundary(change - 1, 60) == change
    assert zone.interval_start(change + 60, 60) == change
    assert zone.next_boundary(change, 60) == change + 1800
    assert zone.is_whole(change - 3600, change, 60) and not zone.is_whole(change, change + 1800, 60)


@given(st.sampled_from((*RULES, OVER_MIDNIGHT)), st.integers(FROM, TO), st.sampled_from(MINUTES + LONG))
@pytest.mark.feature("LP-02")
def test_intervals_follow_each_other_without_a_gap(rule, second, code):
    zone = Zone(rule)
    start, end = zone.interval_start(second, code), zone.next_boundary(second, code)
    assert start <= second < end
    assert zone.is_boundary(start, code) and zone.is_boundary(end, code)
    assert zone.is_boundary(second, code) == (start == second)
    for inside in (start, start + 1, (start + end) // 2, end - 1):
        assert zone.interval_start(inside, code) == start and zone.next_boundary(inside, code) == end
    if code in LONG:
        assert zone.is_whole(start, end, code)
        assert zone.local(start) >= interval_start(zone.local(start), code)
    assert not zone.is_whole(start, start, code) and not zone.is_whole(start + 1, end, code)


@pytest.mark.parametrize(
    "rule", ("UTC0", CET, LORD_HOWE, AZORES, OVER_MIDNIGHT, "CST5CDT,M3.2.0/0,M11.1.0/1")
)
@pytest.mark.parametrize("code", (15, 60, DAILY, WEEKLY, MONTHLY))
def test_boundaries_of_two_years_are_those_of_a_walk(rule, code):
    """A day begins when the clock first shows a date later than all before."""
    zone, found = Zone(rule), []
    second, end = utc(2027, 1, 1, 12), utc(2029, 1, 1)
    latest = ()
    for at in range(second, end, 900):
        year, month, day, hour, minute, _ = civil(zone.local(at))
        if code <= 60:
            shown = (zone.stretch(at)[0], year, month, day, hour, minute // code)
        else:
            week = (zone.local(at) // 86400 + 3) // 7
            shown = {DAILY: (year, month, day), WEEKLY: (week,), MONTHLY: (year, month)}[code]
        if shown > latest:
            latest = shown
            found.append(at)
    expected, at = [], second
    while True:
        at = zone.next_boundary(at, code)
        if at >= end:
            break
        expected.append(at)
    assert found[1:] == expected
