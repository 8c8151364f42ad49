"""The activity calendar and the special days: set by their bytes, activated, and the rates that follow."""

from datetime import UTC as UTC_ZONE
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from meter.calendar import utc
from meter.config import activity_calendar as model
from meter.config.build_clock import tou
from meter.config.schema import validate
from meter.hal.sim.flash import PowerCut
from meter.registers import event_kinds as kinds
from meter.zone import UTC

from host_tests import power_cuts
from host_tests.protocols.dlms.gurux_parse import parsed
from host_tests.protocols.dlms.managed_life import ManagedLife

CALENDAR, DAYS = "0.0.13.0.0.255", "0.0.11.0.0.255"
DENIED, TYPE, OTHER = 3, 12, 250
ZERO = b"\x0f\x00"
TARIFFS = "0906 00000A0064FF"


def hexed(text):
    return bytes.fromhex(text.replace(" ", ""))


# Two seasons from 1 April and 1 October; a week each; three days: day 1 A, day 2 A and B, day 7 is a holiday's.
SEASONS = hexed(
    "0102"
    "0203 0902 5331 090C FFFF0401FF00000000 8000FF 0901 57"
    "0203 0902 5332 090C FFFF0A01FF00000000 8000FF 0901 56"
)
WEEKS = hexed(
    "0102 0208 0901 57 1102 1102 1102 1102 1102 1101 1101 0208 0901 56 1101 1101 1101 1101 1101 1101 1101"
)
DAY_TABLE = hexed(
    "0103"
    f"0202 1101 0101 0203 0904 00000000 {TARIFFS} 120001"
    f"0202 1102 0102 0203 0904 00000000 {TARIFFS} 120001 0203 0904 081E0000 {TARIFFS} 120002"
    f"0202 1107 0101 0203 0904 00000000 {TARIFFS} 120008"
)
NAME = hexed("0905 53756E 2D31")
PARTS = ((6, NAME), (7, SEASONS), (8, WEEKS), (9, DAY_TABLE))


@pytest.fixture
def life():
    return ManagedLife({"tou": {"days": [["all", "all", "00:00 C"]]}})


def set_passive(client, parts=PARTS):
    for attribute, data in parts:
        assert client.set(20, CALENDAR, attribute, data) == 0


def rate(life, *date):
    return life.app.engine.tou.scheduled(utc(*date))


def active(client):
    return [client.get(20, CALENDAR, k)[1] for k in range(2, 6)]


def passive(client):
    return [client.get(20, CALENDAR, k)[1] for k in range(6, 10)]


def test_what_is_set_comes_back_the_same_and_is_active_only_when_it_is_activated(life):
    client = life.management()
    set_passive(client)
    assert passive(client) == [data for _, data in PARTS]
    assert rate(life, 2024, 5, 1, 12) == 3
    assert client.act(20, CALENDAR, 1, ZERO)[0] == 0
    assert active(client) == passive(client) == [data for _, data in PARTS]
    # 1 May 2024 is a Wednesday, 4 May a Saturday.
    rates = [rate(life, *date) for date in ((2024, 5, 1, 8, 29), (2024, 5, 1, 8, 30), (2024, 5, 4, 12))]
    assert rates == [1, 2, 1]
    assert [rate(life, *date) for date in ((2024, 11, 6, 12), (2024, 3, 31, 12), (2024, 4, 1, 12))] == [
        1,
        1,
        2,
    ]


def test_gurux_reads_the_calendar_as_it_was_set(life):
    client = life.management()
    set_passive(client)
    client.act(20, CALENDAR, 1, ZERO)
    found = parsed(client, 20, CALENDAR, range(2, 11))
    assert found.calendarNameActive == "Sun-1"
    assert [bytes(season.name) for season in found.seasonProfileActive] == [b"S1", b"S2"]
    week = found.weekProfileTableActive[0]
    assert (week.monday, week.saturday, week.sunday) == (2, 1, 1)
    day = found.dayProfileTableActive[1]
    assert day.dayId == 2
    assert [(str(each.scriptLogicalName), each.scriptSelector) for each in day.daySchedules] == [
        ("0.0.10.0.100.255", 1), ("0.0.10.0.100.255", 2),
    ]  # fmt: skip


def test_settings_are_told_as_a_calendar_and_activating_it_changes_no_rate():
    rows = [["all", "all", "06:00 A, 22:00 B"], ["2", "Sat-Sun H1", "00:00 C"], ["1", "H1", "00:00 H"]]
    document = {"seasons": ["04-01", "10-01"], "days": rows, "holidays": ["2024-05-01", "2024-12-25"]}
    life = ManagedLife({"tou": document})
    client, before = life.management(), life.app.settings
    times = [utc(2024, 1, 1) + hour * 3600 for hour in range(0, 366 * 24, 5)]
    rates = [life.app.engine.tou.scheduled(time) for time in times]
    for attribute in range(2, 6):
        assert client.set(20, CALENDAR, attribute + 4, client.get(20, CALENDAR, attribute)[1]) == 0
    assert client.act(20, CALENDAR, 1, ZERO)[0] == 0
    assert [life.app.engine.tou.scheduled(time) for time in times] == rates
    assert life.app.settings["tou.seasons"] == before["tou.seasons"]
    assert life.app.settings["tou.holidays"] == before["tou.holidays"]


def test_a_configuration_that_changes_the_tariffs_is_told_from_then_on(life):
    client = life.management()
    set_passive(client)
    client.act(20, CALENDAR, 1, ZERO)
    life.app.change({"tou.days": (("all", "all", "00:00 D"),), "tou.seasons": ()}, kinds.SCHEDULE)
    assert client.get(20, CALENDAR, 2)[1] == b"\x09\x00"
    assert len(client.value(20, CALENDAR, 3).value) == 1
    assert passive(client) == [data for _, data in PARTS]


BAD_PARTS = (
    (6, b"\x09\x21" + bytes(33), OTHER),
    (6, b"\x12\x00\x01", TYPE),
    (7, b"\x01\x05" + SEASONS[2:25] * 5, OTHER),
    (7, SEASONS[:2] + SEASONS[2:].replace(b"\xff\xff\x04", b"\x07\xe8\x04"), OTHER),
    (7, SEASONS.replace(b"\x04\x01\xff", b"\x02\x1e\xff"), OTHER),
    (7, SEASONS.replace(b"\x04\x01\xff\x00", b"\x04\x01\xff\x01"), OTHER),
    (7, SEASONS.replace(b"\x0a\x01\xff", b"\x04\x01\xff"), OTHER),
    (8, b"\x01\x05" + WEEKS[2:21] * 5, OTHER),
    (8, hexed("0101 0207 0901 57 1102 1102 1102 1102 1102 1101"), TYPE),
    (9, hexed("0101 0202 1101 0100"), OTHER),
    (9, DAY_TABLE.replace(b"\x12\x00\x08", b"\x12\x00\x09"), OTHER),
    (9, DAY_TABLE.replace(b"\x12\x00\x08", b"\x12\x00\x00"), OTHER),
    (9, DAY_TABLE.replace(b"\x64\xff\x12\x00\x08", b"\x6a\xff\x12\x00\x01"), OTHER),
    (9, DAY_TABLE.replace(b"\x08\x1e\x00\x00", b"\x08\x1e\x1e\x00"), OTHER),
    (9, DAY_TABLE.replace(b"\x08\x1e\x00\x00", b"\x18\x00\x00\x00"), OTHER),
    (9, DAY_TABLE.replace(b"\x08\x1e\x00\x00", b"\x00\x00\x00\x00"), OTHER),
    (9, DAY_TABLE.replace(b"\x11\x07", b"\x11\x01"), OTHER),
    (
        9,
        hexed("0101 0202 1101 0109" + "".join(f"0203 0904 0{k}000000 {TARIFFS} 120001" for k in range(9))),
        OTHER,
    ),
    (10, hexed("090C FFFF0401FF00000000 8000FF"), OTHER),
    (10, hexed("0904 00000000"), TYPE),
)


@pytest.mark.parametrize("attribute, data, result", BAD_PARTS)
def test_a_part_that_the_meter_cannot_hold_is_refused_and_changes_nothing(life, attribute, data, result):
    client = life.management()
    set_passive(client)
    assert client.set(20, CALENDAR, attribute, data) == result
    assert passive(client) == [data for _, data in PARTS]
    assert client.get(20, CALENDAR, 10)[1] == b"\x09\x0c" + b"\xff" * 9 + b"\x80\x00\xff"


UNKNOWN = (
    (7, SEASONS.replace(b"\x09\x01W", b"\x09\x01X")),
    (8, WEEKS.replace(b"\x11\x02", b"\x11\x03")),
    (9, b"\x01\x00"),
    (7, b"\x01\x00"),
)


@pytest.mark.parametrize("part", UNKNOWN)
def test_a_calendar_that_names_what_is_not_there_is_not_activated(life, part):
    client = life.management()
    set_passive(client)
    set_passive(client, (part,))
    before, told = dict(life.app.settings), active(client)
    assert client.act(20, CALENDAR, 1, ZERO)[0] == OTHER
    assert life.app.settings == before and active(client) == told


def test_security_key_1_keeps_the_calendar_as_it_is(life):
    client = life.management()
    set_passive(client)
    life.board.security_keys = (True, False)
    assert client.act(20, CALENDAR, 1, ZERO)[0] == OTHER
    client.set(20, CALENDAR, 10, hexed("090C 07E7 0B 0E FF 16 10 00 00 0000 00"))
    life.pass_time(120)
    assert rate(life, 2024, 5, 1, 12) == 3
    refused = [
        event for event in life.app.logs.log("security").records() if event.kind == kinds.ACCESS_DENIED
    ]
    assert "blocked by security" in refused[-1].fields[0] and refused[-1].origin == kinds.SCHEDULE


def test_clients_without_the_keys_set_nothing(life):
    reader = life.reader("admin")
    assert reader.set(20, CALENDAR, 6, NAME) == DENIED
    assert reader.act(20, CALENDAR, 1, ZERO)[0] == DENIED
    assert reader.act(11, DAYS, 2, b"\x12\x00\x01")[0] == DENIED
    assert life.reader("user1").get(20, CALENDAR, 2)[0] == DENIED


# At its time. START is 2023-11-14 22:15:00 UTC.

AT_22_20 = hexed("090C 07E7 0B 0E FF 16 14 00 00 0000 00")


def test_the_passive_calendar_is_activated_at_its_time_and_once(life):
    client = life.management()
    set_passive(client)
    assert client.set(20, CALENDAR, 10, AT_22_20) == 0
    assert client.get(20, CALENDAR, 10)[1] == AT_22_20
    life.pass_time(299)
    assert rate(life, 2024, 5, 1, 12) == 3
    life.pass_time(1)
    assert rate(life, 2024, 5, 1, 12) == 2
    client = life.management()  # who was silent for five minutes has been logged off
    assert active(client) == [data for _, data in PARTS]
    assert client.get(20, CALENDAR, 10)[1][2:11] == b"\xff" * 9
    done = [
        event.fields[0] for event in life.app.logs.log("security").records() if event.kind == kinds.COMMAND
    ]
    assert done == ["activate passive calendar"]


def test_the_passive_calendar_and_its_time_outlive_the_supply(life):
    client = life.management()
    set_passive(client)
    client.set(20, CALENDAR, 10, AT_22_20)
    life.restart()
    client = life.management()
    assert passive(client) == [data for _, data in PARTS]
    life.pass_time(400)
    assert active(life.management()) == [data for _, data in PARTS]
    life.restart()
    assert active(life.management()) == [data for _, data in PARTS]
    assert rate(life, 2024, 5, 1, 12) == 2


@pytest.mark.parametrize("cut", (2, 9, 16, 23, 30, 37))
def test_a_power_cut_leaves_what_was_promised(cut):
    """Set and activate, with a cut in a flash operation: what was answered with success is there after it."""
    life = ManagedLife({"tou": {"days": [["all", "all", "00:00 C"]]}})
    client, promised = life.management(), {}
    was_active, is_activated = active(client), None
    life.cut(cut)
    try:
        for attribute, data in PARTS:
            assert client.set(20, CALENDAR, attribute, data) == 0
            promised[attribute] = data
        is_activated = False
        assert client.act(20, CALENDAR, 1, ZERO)[0] == 0
        is_activated = True
        life.board.flash.cut_after = None
    except PowerCut:
        power_cuts.survived("of an activity calendar", 1)
    life.restart()
    client = life.management()
    for attribute, data in promised.items():
        assert client.get(20, CALENDAR, attribute)[1] == data
    if is_activated:
        assert active(client) == [data for _, data in PARTS]
    elif is_activated is None:
        assert active(client) == was_active
    rates = [rate(life, *date) for date in ((2024, 5, 1, 12), (2024, 5, 4, 12))]
    assert rates == [2, 1] if is_activated else rates in ([3, 3], [2, 1])


# Special days


def day(index, date, number):
    return (
        b"\x02\x03\x12"
        + index.to_bytes(2, "big")
        + b"\x09\x05"
        + bytes.fromhex(date)
        + b"\x11"
        + bytes((number,))
    )


def activated(life):
    client = life.management()
    set_passive(client)
    assert client.act(20, CALENDAR, 1, ZERO)[0] == 0
    return client


def test_special_days_have_the_rates_of_their_day(life):
    client = activated(life)
    entries = b"\x01\x02" + day(3, "07E80501FF", 7) + day(9, "07E80C1903", 7)
    assert client.set(11, DAYS, 2, entries) == 0
    assert client.get(11, DAYS, 2)[1] == entries
    assert [rate(life, *date) for date in ((2024, 5, 1, 12), (2024, 5, 2, 12), (2024, 12, 25, 12))] == [
        8,
        2,
        8,
    ]
    assert client.act(11, DAYS, 1, day(3, "07E80502FF", 1))[0] == 0
    assert [rate(life, *date) for date in ((2024, 5, 1, 12), (2024, 5, 2, 12))] == [2, 1]
    assert client.act(11, DAYS, 2, b"\x12\x00\x09")[0] == 0
    assert rate(life, 2024, 12, 25, 12) == 1
    assert client.get(11, DAYS, 2)[1] == b"\x01\x01" + day(3, "07E80502FF", 1)
    assert active(client) == [data for _, data in PARTS]
    found = parsed(client, 11, DAYS, (2,)).entries
    assert [(entry.index, entry.dayId) for entry in found] == [(3, 1)]
    life.restart()
    assert life.management().get(11, DAYS, 2)[1] == b"\x01\x01" + day(3, "07E80502FF", 1)


BAD_DAYS = (
    day(1, "FFFF0501FF", 7),
    day(1, "07E80230FF", 7),
    day(1, "07E80501FF", 9),
    day(1, "07E8050105", 7),
    day(2, "07E80502FF", 7),
)


@pytest.mark.parametrize("entry", BAD_DAYS)
def test_a_special_day_that_the_meter_cannot_hold_is_refused_and_changes_nothing(life, entry):
    client = activated(life)
    kept = b"\x01\x01" + day(5, "07E80502FF", 1)
    client.set(11, DAYS, 2, kept)
    before = dict(life.app.settings)
    assert client.act(11, DAYS, 1, entry)[0] == OTHER
    assert client.act(11, DAYS, 2, b"\x12\x00\x63")[0] == OTHER
    assert client.get(11, DAYS, 2)[1] == kept and life.app.settings == before


def test_a_third_kind_of_special_day_in_a_season_is_refused(life):
    client = activated(life)
    client.set(11, DAYS, 2, b"\x01\x02" + day(1, "07E80501FF", 7) + day(2, "07E80502FF", 1))
    assert client.act(11, DAYS, 1, day(3, "07E80503FF", 2))[0] == OTHER
    assert client.act(11, DAYS, 1, day(3, "07E80C03FF", 2))[0] == 0
    assert rate(life, 2024, 12, 3, 9) == 2


# Any calendar that the meter can hold

_ids = st.integers(0, 255)
_names = st.binary(max_size=8)


@st.composite
def calendars(draw):
    ids = draw(st.lists(_ids, min_size=1, max_size=8, unique=True))
    days = []
    for each in ids:
        minutes = sorted(draw(st.sets(st.integers(1, 1439), max_size=7)) | {0})
        switches = [(bytes((m // 60, m % 60, 0, 0)), draw(st.integers(1, 8))) for m in minutes]
        days.append((each, tuple(switches)))
    weeks = tuple(
        (name, tuple(draw(st.sampled_from(ids)) for _ in range(7)))
        for name in draw(st.lists(_names, min_size=1, max_size=4, unique=True))
    )
    starts = draw(
        st.lists(st.tuples(st.integers(1, 12), st.integers(1, 28)), min_size=1, max_size=4, unique=True)
    )
    seasons = tuple(
        (
            b"s%d" % k,
            b"\xff\xff" + bytes(start) + b"\xff\x00\x00\x00\x00\x80\x00\xff",
            draw(st.sampled_from(weeks))[0],
        )
        for k, start in enumerate(starts)
    )
    return model.Calendar(draw(_names), seasons, weeks, tuple(days))


@given(calendars(), st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_calendar_gives_the_rates_that_it_says(calendar, data):
    ids = [each for each, _ in calendar.days]
    kinds_of_day = data.draw(st.lists(st.sampled_from(ids), max_size=2, unique=True))
    dates = data.draw(st.sets(st.dates(min_value=_date(2024), max_value=_date(2030)), max_size=6))
    special = tuple(
        (k, _bytes(date), data.draw(st.sampled_from(kinds_of_day)))
        for k, date in enumerate(sorted(dates) if kinds_of_day else ())
    )  # fmt: skip
    values = model.settings_of(calendar, special, model.holiday_days(calendar, special))
    document = {name.partition(".")[2]: _plain(value) for name, value in values.items()}
    meter = validate({"tou": document})
    made = tou(meter, UTC)
    for time in data.draw(st.lists(st.integers(utc(2024, 1, 1), utc(2030, 1, 1)), min_size=5, max_size=10)):
        assert made.scheduled(time) == _rate(calendar, special, time)
    # What is made of the settings alone says the same.
    again, days, pairs = model.calendar_of(meter)
    twice = validate(
        {"tou": {k.partition(".")[2]: _plain(v) for k, v in model.settings_of(again, days, pairs).items()}}
    )
    for time in range(utc(2024, 1, 1), utc(2025, 1, 1), 40000):
        assert tou(twice, UTC).scheduled(time) == made.scheduled(time)
    assert model.unpack(model.Reader(model.pack(calendar))) == calendar


def _bytes(date):
    return date.year.to_bytes(2, "big") + bytes((date.month, date.day, 0xFF))


def _date(year):
    return datetime(year, 1, 1).date()


def _plain(value):
    return [_plain(item) if isinstance(item, (list, tuple)) else item for item in value]


def _rate(calendar, special, time):
    """The rate at a UTC second, by the words of the Blue Book and nothing of the meter's."""
    now = datetime.fromtimestamp(time, UTC_ZONE)
    starts = [(start[2], start[3]) for _, start, _ in calendar.seasons]
    begun = [start for start in starts if start <= (now.month, now.day)]
    week = calendar.seasons[starts.index(max(begun or starts))][2]
    number = dict(calendar.weeks)[week][now.weekday()]
    for _, date, each in special:
        if date[:4] == now.year.to_bytes(2, "big") + bytes((now.month, now.day)):
            number = each
    found = None
    for start, rate in dict(calendar.days)[number]:
        if (start[0], start[1]) <= (now.hour, now.minute):
            found = rate
    return found
