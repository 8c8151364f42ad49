"""The clock object: its attributes by hand and by another program, and what sets the time."""

import pytest
from gurux_dlms.enums import ClockStatus
from gurux_dlms.objects import GXDLMSClock
from meter.calendar import utc
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base
from meter.protocols.dlms.objects.datetime import Times

from host_tests.harness import START
from host_tests.protocols.dlms.gurux_objects import read_by_gurux
from host_tests.protocols.dlms.objects_life import Life

LN = "0.0.1.0.0.255"
CET = {"clock": {"zone": "CET-1CEST,M3.5.0,M10.5.0/3"}}
ZERO = axdr.Data(axdr.INTEGER, 0)


@pytest.fixture
def life():
    return Life(CET)


def clock(life):
    return life.find(8, LN)


def time(life, second):
    return axdr.Data(axdr.OCTET_STRING, Times(life.visitor.zone).bytes(second))


@pytest.mark.feature("DLM-07")
def test_attributes_by_hand(life):
    # 2023-11-14 22:15 UTC, a Tuesday: 23:15 CET
    assert life.bytes(8, LN, 2).hex(" ") == "09 0c 07 e7 0b 0e 02 17 0f 00 00 ff c4 00"
    assert life.bytes(8, LN, 3).hex(" ") == "10 ff c4"
    assert life.bytes(8, LN, 4).hex(" ") == "11 00"
    assert life.bytes(8, LN, 5).hex(" ") == "09 0c ff ff 03 fe 07 02 00 00 00 80 00 ff"
    assert life.bytes(8, LN, 6).hex(" ") == "09 0c ff ff 0a fe 07 03 00 00 00 80 00 ff"
    assert life.bytes(8, LN, 7).hex(" ") == "0f 3c"
    assert life.bytes(8, LN, 8).hex(" ") == "03 01"
    assert life.bytes(8, LN, 9).hex(" ") == "16 01"


def test_another_program_reads_them(life):
    found = read_by_gurux(life, GXDLMSClock(LN))
    assert found.time.value.timestamp() == START
    assert (found.timeZone, found.status, found.deviation, found.enabled) == (-60, ClockStatus.OK, 60, True)
    assert (found.begin.value.month, found.end.value.month) == (3, 10)


def test_a_meter_without_daylight_saving_says_so():
    life = Life()
    assert life.get(8, LN, 8) == 0 and life.get(8, LN, 7) == 0 and life.get(8, LN, 3) == 0
    assert life.get(8, LN, 5) == b"\xff" * 9 + b"\x80\x00\xff"


@pytest.mark.feature("CLK-04", "DLM-07")
def test_the_time_is_set_and_logged_with_both_times(life):
    clock(life).set(2, time(life, START + 100), life.context)
    assert life.second == START + 100
    event = [one for one in life.access.log("events") if one.name == "time set"][-1]
    assert (event.start, event.time, event.user) == (START, START + 100, "admin")


@pytest.mark.parametrize(
    "data",
    [
        axdr.Data(axdr.OCTET_STRING, b"\xff" * 12),
        axdr.Data(axdr.OCTET_STRING, bytes(12)),
        axdr.Data(axdr.NULL, None),
        axdr.Data(axdr.OCTET_STRING, bytes.fromhex("07 b2 01 01 ff 00 00 00 00 80 00 ff")),  # before 2000
    ],
)
def test_a_time_that_is_none_is_refused_and_nothing_is_set(life, data):
    with pytest.raises(base.AccessError):
        clock(life).set(2, data, life.context)
    assert life.second == START


def test_who_may_not_set_the_time_is_denied():
    life = Life(user=None)
    with pytest.raises(base.AccessError) as error:
        clock(life).set(2, time(life, START + 100), life.context)
    assert error.value.result == base.READ_WRITE_DENIED
    assert life.second == START


@pytest.mark.parametrize(
    "method, at, wanted",
    [
        (1, utc(2026, 5, 1, 10, 7, 29), utc(2026, 5, 1, 10, 0)),
        (1, utc(2026, 5, 1, 10, 7, 30), utc(2026, 5, 1, 10, 15)),
        (2, utc(2026, 5, 1, 10, 14, 0), utc(2026, 5, 1, 10, 10)),  # intervals of 10 minutes
        (2, utc(2026, 5, 1, 10, 16, 0), utc(2026, 5, 1, 10, 20)),
        (3, utc(2026, 5, 1, 10, 14, 29), utc(2026, 5, 1, 10, 14)),
        (3, utc(2026, 5, 1, 10, 14, 30), utc(2026, 5, 1, 10, 15)),
    ],
)
def test_the_time_is_adjusted_to_the_nearest(method, at, wanted):
    life = Life({**CET, "load_profile": {"interval": 10}})
    life.visitor.command("set time", utc=at)
    clock(life).invoke(method, ZERO, life.context)
    assert life.second == wanted


def test_a_clock_that_is_right_is_not_set():
    life = Life(CET)
    life.visitor.command("set time", utc=utc(2026, 5, 1, 10, 15))
    before = len(list(life.access.log("events")))
    clock(life).invoke(1, ZERO, life.context)
    assert len(list(life.access.log("events"))) == before


def test_an_interval_of_a_month_has_no_nearest_beginning():
    life = Life({"load_profile": {"interval": "monthly"}})
    with pytest.raises(base.AccessError):
        clock(life).invoke(2, ZERO, life.context)


def test_a_preset_time_is_used_once_while_it_is_valid(life):
    preset = axdr.Data(
        axdr.STRUCTURE, [time(life, START + 7000), time(life, START - 10), time(life, START + 10)]
    )
    with pytest.raises(base.AccessError):
        clock(life).invoke(4, ZERO, life.context)
    clock(life).invoke(5, preset, life.context)
    assert life.second == START
    clock(life).invoke(4, ZERO, life.context)
    assert life.second == START + 7000
    with pytest.raises(base.AccessError):
        clock(life).invoke(4, ZERO, life.context)


def test_a_preset_time_that_is_not_valid_yet_or_reversed_is_refused(life):
    later = [time(life, START + 7000), time(life, START + 1000), time(life, START + 2000)]
    clock(life).invoke(5, axdr.Data(axdr.STRUCTURE, later), life.context)
    with pytest.raises(base.AccessError):
        clock(life).invoke(4, ZERO, life.context)
    with pytest.raises(base.AccessError):
        clock(life).invoke(5, axdr.Data(axdr.STRUCTURE, [later[0], later[2], later[1]]), life.context)
    assert life.second == START


def test_the_time_is_shifted_by_up_to_fifteen_minutes(life):
    clock(life).invoke(6, axdr.Data(axdr.LONG, -900), life.context)
    assert life.second == START - 900
    for wrong in (axdr.Data(axdr.LONG, 901), axdr.Data(axdr.NULL, None), axdr.Data(axdr.STRUCTURE, [])):
        with pytest.raises(base.AccessError):
            clock(life).invoke(6, wrong, life.context)
    assert life.second == START - 900


@pytest.mark.feature("CLK-04")
def test_a_clock_that_was_lost_is_doubtful_until_it_is_set(life):
    life.app.engine.is_clock_doubtful = True
    assert life.get(8, LN, 4) == 2
    assert life.get(8, LN, 2)[11] == 2
    clock(life).set(2, time(life, START + 5), life.context)
    assert life.get(8, LN, 4) == 0
