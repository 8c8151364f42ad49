"""Local time, tariffs and schedules on the device's interpreter, from the settings on."""

from meter.calendar import MONTHLY, civil, utc
from meter.config import build_clock
from meter.config.schema import ConfigError, validate
from meter.registers.tou import Tou
from meter.zone import Zone

RULE = "CET-1CEST,M3.5.0,M10.5.0/3"
DOCUMENT = {
    "clock": {"zone": RULE},
    "tou": {
        "seasons": ["04-01", "10-01"],
        "days": [
            ["all", "all", "00:00 A"],
            ["1", "Mon-Fri", "06:00 B, 22:00 A"],
            ["2", "Mon-Fri", "02:30 C, 22:00 A"],
            ["all", "H2", "10:00 D"],
        ],
        "holidays": ["2024-12-25", "2024-12-31 H2"],
        "override": "H",
    },
    "billing": {"reset": {"kind": "monthly", "day": 31, "time": "00:00"}},
}


def full_calendar():
    """All that a calendar can hold: 4 seasons x 9 day types x 8 switches, 200 holidays."""
    rows = [
        [((season + 9 * day + 170 * k), (season + day + k) % 8 + 1) for k in range(8)]
        for season in range(4)
        for day in range(9)
    ]
    holidays = [(2005 + k // 10, 1 + k % 12, 1 + k * 7 % 28, 1 + k % 2) for k in range(200)]
    return ((1, 1), (4, 1), (7, 1), (10, 1)), rows, holidays


def test_offsets_and_changes_of_a_zone():
    zone = Zone(RULE)
    assert zone.next_change(utc(2024, 1, 1)) == utc(2024, 3, 31, 1)
    assert (zone.offset(utc(2024, 3, 31, 0, 59, 59)), zone.offset(utc(2024, 3, 31, 1))) == (3600, 7200)
    assert civil(zone.local(utc(2099, 7, 1, 22))) == (2099, 7, 2, 0, 0, 0)
    assert zone.utc(utc(2024, 10, 27, 2, 30)) == utc(2024, 10, 27, 0, 30)
    assert zone.next_boundary(utc(2024, 3, 31, 12), MONTHLY) == utc(2024, 3, 31, 22)
    assert Zone("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0").offset(utc(2024, 1, 1)) == 39600


def test_rates_from_settings():
    settings = validate(DOCUMENT)
    zone = build_clock.zone(settings)
    tou = build_clock.tou(settings, zone)
    times, now = [], utc(2024, 3, 30, 23)  # the night of Sunday, in which the clock goes forward
    for _ in range(4):
        now = tou.next_change(now)
        times.append((civil(zone.local(now))[1:5], tou.rate(now), tou.season(now)))
    assert times == [
        ((4, 1, 0, 0), 1, 0),
        ((4, 1, 6, 0), 2, 0),
        ((4, 1, 22, 0), 1, 0),
        ((4, 2, 6, 0), 2, 0),
    ], times
    assert tou.day_type(utc(2024, 12, 31)) == 8 and tou.rate(utc(2024, 12, 31, 9)) == 4
    tou.override(True)
    assert tou.rate(now) == 8
    due = build_clock.schedule(settings, "billing.reset", zone).next_after(utc(2024, 2, 1))
    assert due == utc(2024, 2, 28, 23)


def test_a_full_calendar_over_a_year():
    seasons, rows, holidays = full_calendar()
    tou = Tou(seasons, rows, holidays, Zone(RULE))
    now, count = utc(2023, 12, 31, 23), 0
    while now < utc(2024, 2, 29, 23):
        assert 1 <= tou.rate(now) <= 8 and tou.season(now) == 0
        now = tou.next_change(now)
        count += 1
    assert 59 * 8 <= count <= 60 * 8 + 1, count


def test_what_is_wrong_with_a_document():
    try:
        validate(
            {"clock": {"zone": "CET"}, "tou": {"days": [["5", "all", "00:00 A"]], "holidays": ["2023-02-29"]}}
        )
    except ConfigError as error:
        paths = sorted([line.split(":")[0] for line in error.problems])
        assert paths == ["clock.zone", "tou.days", "tou.holidays"], error.problems
    else:
        raise AssertionError("it was taken")


def heap_zone():
    return Zone(RULE)


def heap_tou_full():
    seasons, rows, holidays = full_calendar()
    return Tou(seasons, rows, holidays)
