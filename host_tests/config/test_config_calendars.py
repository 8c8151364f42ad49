"""Settings of the local clock, tariffs and schedules: what is refused, what fits together, what is built of them."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.calendar import utc
from meter.config import build_clock
from meter.config.calendars import minute_of_day, schedules, season_starts
from meter.config.schema import ConfigError, validate

HOURS = ", ".join(f"{hour:02}:00 A" for hour in range(9))
PAGE = Path(__file__).parents[2] / "docs" / "tariffs.md"


def problems(section, name, value):
    with pytest.raises(ConfigError) as caught:
        validate({section: {name: value}})
    return caught.value.problems


def refused(section, name, value):
    (problem,) = problems(section, name, value)
    assert problem.startswith(f"{section}.{name}: must ") and ", not " in problem and len(problem) < 250
    return problem


@pytest.mark.parametrize(
    "rule", ("", "Europe/Berlin", "CET-1CEST", "CET-1CEST,M3.5.0,M13.1.0", 1, None, ["UTC0"], {}, "UTC0" * 20)
)
def test_a_zone_is_a_posix_rule(rule):
    assert "zone such as CET-1CEST,M3.5.0,M10.5.0/3: " in refused("clock", "zone", rule)


@pytest.mark.parametrize(
    "rule", ("UTC0", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "EST5EDT,M3.2.0/2,M11.1.0/2")
)
def test_zones_that_are_taken(rule):
    assert build_clock.zone(validate({"clock": {"zone": rule}})).rule == rule


@pytest.mark.parametrize(
    "value",
    (
        "01-01", 5, None, [101], ["1-1"], ["13-01"], ["00-01"], ["02-30"], ["06-31"], ["01-00"], [["01-01"]],
        ["01-01", "01-01"], ["01-01", "02-01", "03-01", "04-01", "05-01"], ["01:01"], ["01-01 "], [None], {},
    ),
)  # fmt: skip
def test_seasons_are_up_to_four_dates(value):
    refused("tou", "seasons", value)


@pytest.mark.parametrize(
    "row, wrong",
    [
        ("Mon", "up to 36 rows"),
        (5, "up to 36 rows"),
        ([], "three texts"),
        (["1", "Mon"], "three texts"),
        (["1", "Mon", "00:00 A", ""], "three texts"),
        ([1, "Mon", "00:00 A"], "three texts"),
        ([["1"], "Mon", "00:00 A"], "three texts"),
        (["5", "all", "00:00 A"], "'5' is no season of 1, 2, 3, 4"),
        (["0", "all", "00:00 A"], "'0' is no season"),
        (["2-1", "all", "00:00 A"], "'2-1' is no season"),
        (["1-", "all", "00:00 A Z"], "a switch is"),
        ([" ", "all", "00:00 A"], "names no season"),
        (["1", "", "00:00 A"], "names no day"),
        (["all", "Mo", "00:00 A"], "'Mo' is no day of Mon, Tue"),
        (["all", "Fri-Mon", "00:00 A"], "'Fri-Mon' is no day"),
        (["all", "Mon-Tue-Wed", "00:00 A"], "is no day"),
        (["all", "-", "00:00 A"], "'-' is no day"),
        (["all", "\U000e0001" * 99, "00:00 A"], "is no day"),
        (["1", "Mon", ""], "a switch is HH:MM and a rate A to H"),
        (["1", "Mon", "00:00"], "a switch is"),
        (["1", "Mon", "00:00 I"], "a switch is"),
        (["1", "Mon", "00:00 a"], "a switch is"),
        (["1", "Mon", "00:00 AB"], "a switch is"),
        (["1", "Mon", "12:00 A,"], "a switch is"),
        (["1", "Mon", "24:00 A"], "24:00 is no time of day"),
        (["1", "Mon", "12:60 A"], "12:60 is no time of day"),
        (["1", "Mon", "8:00 A"], "a time is HH:MM"),
        (["1", "Mon", "12:00 A, 12:00 B"], "12:00: switches must rise"),
        (["1", "Mon", "12:00 A, 11:59 B"], "11:59: switches must rise"),
        (["1", "Mon", HOURS], "up to 8 switches"),
    ],
)
@pytest.mark.feature("TOU-01")
def test_a_row_that_is_none_is_named_with_what_is_wrong(row, wrong):
    good = ["all", "all", "00:00 A"]
    problem = refused("tou", "days", [good, row])
    assert wrong in problem and ("row 2: " in problem or "36 rows" in problem)


@pytest.mark.parametrize("value", ("Mon", 5, None, {}, [["1", "Mon", "00:00 A"]] * 37, [{}], [None]))
def test_days_are_up_to_36_rows(value):
    refused("tou", "days", value)


@pytest.mark.parametrize(
    "value",
    (
        "2024-12-25", 5, None, [5], ["25.12.2024"], ["2024-12-32"], ["2023-02-29"], ["2024-13-01"], ["2024-00-01"],
        ["2024-12-25 H3"], ["2024-12-25 1"], ["2024-12-25", "2024-12-25 H2"], ["1969-12-31"], ["2101-01-01"],
        ["2024-1-01"], ["2024-12-25  H2"], ["2024-12-25H2"], ["١٩٩٠-01-01"], {},
    ),
)  # fmt: skip
def test_holidays_are_dates(value):
    refused("tou", "holidays", value)


@pytest.mark.feature("TOU-02")
def test_there_are_up_to_200_holidays_within_twenty_years():
    dates = [f"{2000 + k // 10}-05-{k % 10 + 1:02}{' H2' if k % 3 else ''}" for k in range(200)]
    assert len(validate({"tou": {"holidays": dates}})["tou.holidays"]) == 200
    assert "up to 200" in refused("tou", "holidays", [*dates, "2000-01-01"])
    validate({"tou": {"holidays": ["2043-12-31", "2024-01-01"]}})
    assert "within 20 years" in refused("tou", "holidays", ["2044-01-01", "2024-01-01"])


@pytest.mark.parametrize(
    "section, name, values",
    [
        ("tou", "override", ("I", "a", 1, None, "")),
        ("self_read", "kind", ("yearly", None, 0)),
        ("self_read", "time", ("24:00", "8:00", "0800", "08:60", 480, None, "08:00:00", [], "+8:00")),
        ("self_read", "day", (0, 32, "1", True)),
        ("self_read", "weekday", ("Monday", "H1", 0)),
    ],
)
def test_fields_of_a_schedule(section, name, values):
    for value in values:
        refused(section, name, value)


@pytest.mark.parametrize(
    "tariff, expected",
    [
        ({"days": [["2", "all", "00:00 A"]]}, "row 1: '2' is no season of 1"),
        (
            {"seasons": ["01-01", "07-01"], "days": [["all", "all", "00:00 A"], ["1-3", "Mon", "00:00 A"]]},
            "row 2: '1-3' is no season of 1, 2",
        ),
        ({"days": [["1", "Mon-Fri", "00:00 A"]]}, "season 1 has no switches for Sat, Sun"),
        (
            {
                "seasons": ["01-01", "07-01"],
                "days": [["2", "Mon-Sun", "00:00 A"], ["1", "Tue-Sun", "00:00 A"]],
            },
            "season 1 has no switches for Mon",
        ),
        (
            {"days": [["1", "Mon-Sun H2", "00:00 A"]], "holidays": ["2024-12-25", "2024-12-26 H2"]},
            "season 1 has no switches for H1",
        ),
    ],
)
@pytest.mark.feature("TOU-01")
def test_every_day_of_a_tariff_needs_switches_in_a_season_that_there_is(tariff, expected):
    with pytest.raises(ConfigError) as caught:
        validate({"tou": tariff})
    assert caught.value.problems == ["tou.days: " + expected]


def test_all_problems_are_named_and_none_that_follows_from_another():
    document = {
        "clock": {"zone": "CET"},
        "tou": {"seasons": ["1"], "days": [["2", "Mon", "00:00 A"]], "holidays": ["x"], "override": 1},
        "billing": {"freeze": {"time": "9"}, "reset": {"day": 40}},
        "self_read": {"kind": "never"},
    }
    with pytest.raises(ConfigError) as caught:
        validate(document)
    assert sorted(line.split(":")[0] for line in caught.value.problems) == [
        "billing.freeze.time", "billing.reset.day", "clock.zone", "self_read.kind", "tou.holidays", "tou.override",
        "tou.seasons",
    ]  # fmt: skip


def test_a_later_row_replaces_an_earlier_one():
    found = schedules(
        [["all", "all", "00:00 A"], ["2", "Sat-Sun,H2", "06:30 B, 22:00 C"], ["2", "Sun", "00:00 D"]], 2
    )
    assert len(found) == 18
    assert {k: row for k, row in enumerate(found) if row != ((0, 1),)} == {
        14: ((390, 2), (1320, 3)),
        15: ((0, 4),),
        17: ((390, 2), (1320, 3)),
    }


@given(st.integers(0, 1439))
def test_every_minute_is_read(minute):
    assert minute_of_day(f"{minute // 60:02}:{minute % 60:02}") == minute


def test_every_day_of_a_leap_year_may_begin_a_season():
    assert season_starts(["02-29", "12-31"]) == [(2, 29), (12, 31)]


# What is built


def test_without_settings_there_is_utc_no_rate_and_no_schedule():
    settings = validate({})
    zone = build_clock.zone(settings)
    tou = build_clock.tou(settings, zone)
    assert zone.offset(utc(2024, 7, 1)) == 0
    assert tou.is_empty and tou.rate(utc(2024, 7, 1)) == 0 and tou.next_change(0) is None
    for section in ("billing.freeze", "billing.reset", "self_read"):
        assert build_clock.schedule(settings, section, zone).next_after(0) is None


@pytest.mark.feature("BIL-03", "BIL-04")
def test_three_schedules_are_apart():
    settings = validate(
        {
            "clock": {"zone": "CET-1CEST,M3.5.0,M10.5.0/3"},
            "billing": {
                "freeze": {"kind": "daily", "time": "06:15"},
                "reset": {"kind": "monthly", "day": 31, "time": "00:00"},
            },
            "self_read": {"kind": "weekly", "weekday": "Sun", "time": "02:30"},
        }
    )
    zone, now = build_clock.zone(settings), utc(2024, 2, 10, 12)  # a Saturday
    due = [
        build_clock.schedule(settings, section, zone).next_after(now)
        for section in ("billing.freeze", "billing.reset", "self_read")
    ]
    assert due == [utc(2024, 2, 11, 5, 15), utc(2024, 2, 28, 23), utc(2024, 2, 11, 1, 30)]


# The page


def example():
    return json.loads(re.search(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1])


@pytest.mark.feature("TOU-01", "TOU-02")
def test_the_example_of_the_page_gives_the_rates_that_the_page_says():
    settings = validate(example())
    zone = build_clock.zone(settings)
    tou = build_clock.tou(settings, zone)
    rows = re.findall(
        r"^\| (\d+)-(\d+)-(\d+) (\d+):(\d+) \| (.) \| (\w+) \| ([A-H]) \|", PAGE.read_text(), re.MULTILINE
    )
    assert len(rows) >= 8
    for *time, season, day, rate in rows:
        at = zone.utc(utc(*map(int, time)))
        found = (
            tou.season(at) + 1,
            ("Mon Tue Wed Thu Fri Sat Sun H1 H2").split()[tou.day_type(at)],
            tou.rate(at),
        )
        assert found == (int(season), day, "ABCDEFGH".index(rate) + 1), time
    assert tou.override_rate == 8
