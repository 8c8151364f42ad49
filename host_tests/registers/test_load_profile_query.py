"""Load profile retrieval and capacity: which records a reader gets, in which order, and for how many days."""

import pytest
from meter.calendar import DAILY, MONTHLY, WEEKLY, utc
from meter.hal.sim.flash import Flash
from meter.registers.energy import Energy
from meter.registers.load_profile import LoadProfile
from meter.registers.load_profile_query import READERS
from meter.registers.load_profile_record import (
    INTERVALS,
    INTERVALS_MIN,
    SHORT,
    days,
    interval_code,
    status_text,
)
from meter.storage.fifo import Fifo
from meter.zone import Zone

from boards.sim.board import ERASE_SIZE, LOAD_PROFILES
from host_tests.harness import START

DAY = 86400
CET = Zone("CET-1CEST,M3.5.0,M10.5.0/3")
TODAY = START // DAY * DAY

# The manual, Table 1: days for 1, 2, 4, 8 and 16 channels.
TABLE_1 = (
    (1, (128, 101, 70, 44, 25)),
    (5, (635, 499, 350, 219, 125)),
    (15, (1095, 1095, 1016, 637, 365)),
    (60, (1095, 1095, 1095, 1095, 1095)),
)


def made(flash=None, interval=60, sectors=64, zone=None):
    flash = flash or Flash(sectors * 1024, 1024)
    fifo = Fifo(flash, 0, flash.size, 0x4C)
    fifo.mount()
    return LoadProfile(fifo, Energy(), ("Wh.del.P",), interval, zone=zone)


@pytest.fixture(scope="module")
def profile():
    """A record for each hour of the last 70 days, up to a quarter of an hour ago."""
    profile = made()
    profile.begin(TODAY - 70 * DAY)
    for hour in range(1, 70 * 24 + 4):
        profile.close(TODAY - 70 * DAY + 3600 * hour)
    return profile


NOW = TODAY + 3 * 3600 + 900


def ends(records):
    return [record.end for record in records]


@pytest.mark.parametrize("count", (0, 1, 2, 31, 60))
@pytest.mark.feature("LP-10")
def test_the_last_days_are_complete_days_and_today(profile, count):
    begin = TODAY - count * DAY
    assert ends(profile.query.last_days(count, NOW)) == list(range(begin + 3600, NOW, 3600))


@pytest.mark.parametrize("count", (-1, 61))
def test_more_than_sixty_days_are_refused(profile, count):
    with pytest.raises(ValueError, match="0 to 60"):
        profile.query.last_days(count, NOW)


@pytest.mark.feature("LP-10")
def test_days_that_are_not_there_are_left_out():
    profile = made()
    profile.begin(TODAY - 3600)
    profile.close(TODAY)
    assert ends(profile.query.last_days(60, NOW)) == [TODAY]


@pytest.mark.feature("LP-10")
def test_all_records_come_oldest_first_one_by_one(profile):
    found = profile.query.all(NOW)
    assert next(found).end == TODAY - 70 * DAY + 3600  # a generator: nothing is read ahead
    assert ends(found) == list(range(TODAY - 70 * DAY + 7200, NOW, 3600))


def test_by_time_and_by_entry_both_ends_are_included(profile):
    found = list(profile.query.between(TODAY - 7200, TODAY, NOW))
    assert ends(found) == [TODAY - 7200, TODAY - 3600, TODAY]
    assert list(profile.query.entries(found[0].entry, found[-1].entry, NOW)) == found
    assert not list(profile.query.between(TODAY + 1, TODAY + 2, NOW))


@pytest.mark.feature("LP-10")
def test_each_reader_gets_what_is_new_and_the_position_outlives_a_restart():
    profile = made()
    profile.begin(START)
    profile.close(START + 3600)
    first = list(profile.query.since_last("office", START))
    assert len(first) == 1
    profile.query.mark_read("office", first[-1].entry)
    assert not list(profile.query.since_last("office", START))
    assert len(list(profile.query.since_last("other", START))) == 1
    profile.close(START + 7200)
    again = made(profile.fifo._flash)
    again.resume(profile.state(), START + 7200, START + 7200)
    assert ends(again.query.since_last("office", START)) == [START + 7200]


def test_only_so_many_readers_are_kept():
    query = made().query
    for number in range(READERS + 2):
        query.mark_read(f"reader {number}", number)
    assert [name for name, _ in query.readers] == [f"reader {n}" for n in range(2, READERS + 2)]
    for name in ("", "x" * 13):
        with pytest.raises(ValueError):
            query.mark_read(name, 1)


@pytest.mark.feature("LP-07")
def test_no_record_older_than_1095_days_is_given_out():
    profile = made(interval="daily")
    begin = TODAY - 1200 * DAY
    profile.begin(begin)
    for day in range(1, 1201):
        profile.close(begin + day * DAY)
    assert ends(profile.query.all(NOW))[0] == TODAY - 1094 * DAY
    assert next(profile.query.between(0, NOW, NOW)).end == TODAY - 1094 * DAY


# Intervals


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.feature("LP-02")
def test_each_of_the_fifteen_intervals_is_whole_from_boundary_to_boundary(interval):
    assert len(INTERVALS) == 15
    profile = made(interval=interval)
    begin = TODAY - 3 * DAY
    profile.begin(begin + 61)
    step = 60 if interval in INTERVALS_MIN else 3600
    for now in range(begin + 2 * step, begin + 100 * DAY, step):
        if profile.due(now):
            profile.close(now)
        if len(profile.fifo) > 4:
            break
    records = list(profile.records())
    assert len(records) >= 2 and records[0].status & SHORT
    assert not any(record.status & SHORT for record in records[1:])
    if interval in INTERVALS_MIN:
        assert {record.seconds for record in records[1:]} == {interval * 60}


@pytest.mark.feature("LP-02")
def test_days_weeks_and_months_end_where_the_calendar_says():
    # 2023-11-14 is a Tuesday.
    for interval, expected in (
        ("daily", (TODAY + DAY, TODAY + 2 * DAY)),
        ("weekly", (TODAY + 6 * DAY, TODAY + 13 * DAY)),
        ("monthly", (1_701_388_800, 1_704_067_200)),  # 2023-12-01, 2024-01-01
    ):
        profile = made(interval=interval)
        due = [now for now in range(START, START + 60 * DAY, 300) if profile.due(now)]
        assert tuple(due[:2]) == expected
    assert [interval_code(word) for word in ("daily", "weekly", "monthly")] == [DAILY, WEEKLY, MONTHLY]


@pytest.mark.feature("LP-02", "LP-03")
def test_days_weeks_and_months_end_on_the_local_clock():
    for interval, expected in (
        ("daily", [utc(2024, 3, 29, 23), utc(2024, 3, 30, 23), utc(2024, 3, 31, 22)]),
        ("weekly", [utc(2024, 3, 31, 22), utc(2024, 4, 7, 22)]),
        ("monthly", [utc(2024, 3, 31, 22), utc(2024, 4, 30, 22)]),
    ):
        profile = made(interval=interval, zone=CET)
        profile.begin(utc(2024, 3, 29, 12))
        for now in range(utc(2024, 3, 29, 12), utc(2024, 5, 2), 900):
            if profile.due(now):
                profile.close(now)
        records = list(profile.records())
        assert [record.end for record in records][: len(expected)] == expected
        assert [bool(record.status & SHORT) for record in records[:3]] == [True, False, False][: len(records)]
        assert all("midnight" in status_text(record.status) for record in records)


@pytest.mark.feature("LP-03")
def test_minutes_count_from_the_local_hour():
    profile = made(interval=60, zone=Zone("<+0545>-5:45"))
    due = [now for now in range(TODAY, TODAY + 3 * 3600, 300) if profile.due(now)]
    assert due == [TODAY + 900 + 3600 * hour for hour in range(3)]


@pytest.mark.feature("LP-10")
def test_the_last_days_are_local_days():
    profile = made(interval=60, zone=CET)
    profile.begin(utc(2024, 10, 25))
    for now in range(utc(2024, 10, 25, 1), utc(2024, 10, 29), 3600):
        profile.close(now)
    now = utc(2024, 10, 28, 5)
    assert ends(profile.query.last_days(0, now))[0] == utc(2024, 10, 28)
    assert ends(profile.query.last_days(1, now))[0] == utc(2024, 10, 26, 23)  # a day of 25 hours
    assert len(list(profile.query.last_days(1, now))) - len(list(profile.query.last_days(0, now))) == 25


@pytest.mark.parametrize("interval", (0, 7, 45, 1440, "yearly", None))
def test_another_interval_is_refused(interval):
    with pytest.raises(ValueError, match="interval"):
        interval_code(interval)


# Capacity


@pytest.mark.parametrize("counts", (False, True))
@pytest.mark.feature("LP-07")
def test_a_group_of_the_sim_board_keeps_as_long_as_the_manuals_table(counts):
    for _, sectors in LOAD_PROFILES:
        for minutes, row in TABLE_1:
            for channels, expected in zip((1, 2, 4, 8, 16), row):
                assert days(sectors, channels, minutes, counts, ERASE_SIZE) >= expected


@pytest.mark.parametrize("km", (None, (1.0, 1.0, 1.0)))
@pytest.mark.feature("LP-07")
def test_the_capacity_is_what_a_ring_that_came_round_holds(km):
    flash = Flash(16 * 1024, 1024)
    fifo = Fifo(flash, 0, flash.size, 0x4C)
    fifo.mount()
    profile = LoadProfile(fifo, Energy(), ("Wh.del.P", "V.A", "A.A"), 60, km)
    profile.begin(START)
    for hour in range(1, 2000):
        profile.close(START + 3600 * hour)
    kept = len(list(profile.records()))
    expected = days(16, 3, 60, bool(km), 1024)
    assert 0.9 * expected * 24 <= kept <= 1.1 * (expected + 1) * 24


def test_a_status_in_words():
    assert status_text(0x1001) == "normal short" and status_text(258) == "midnight billing period reset"
