"""The 12 bytes of a date-time: by hand, by two other programs, there and back, and refused where they are none."""

from datetime import datetime as DateTime

import pytest
from dlms_cosem.time import datetime_from_bytes, datetime_to_bytes
from gurux_dlms import GXDLMSClient
from gurux_dlms.enums import DataType
from gurux_dlms.internal._GXCommon import _GXCommon
from hypothesis import example, given
from hypothesis import strategies as st
from meter.calendar import utc
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base, datetime
from meter.zone import Zone

CET = Zone("CET-1CEST,M3.5.0,M10.5.0/3")
NEW_YORK = Zone("EST5EDT,M3.2.0,M11.1.0")
ZONES = (Zone(), CET, NEW_YORK, Zone("<+0530>-5:30"), Zone("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"))
SUMMER, WINTER = utc(2026, 7, 1, 10, 20, 30), utc(2026, 1, 15, 10, 20, 30)
SECONDS = st.integers(86400, 0xFFFFFFFF - 86400)


def octets(data):
    return axdr.Data(axdr.OCTET_STRING, data)


def refused(function, *arguments):
    with pytest.raises(base.AccessError) as error:
        function(*arguments)
    return error.value.result


def test_winter_and_summer_as_the_blue_book_has_them():
    times = datetime.Times(CET)
    # Thursday; local time is an hour ahead, so UTC is -60 minutes from it
    assert times.bytes(WINTER).hex(" ") == "07 ea 01 0f 04 0b 14 1e 00 ff c4 00"
    assert times.bytes(SUMMER).hex(" ") == "07 ea 07 01 03 0c 14 1e 00 ff 88 80"
    assert datetime.Times(NEW_YORK, datetime.DOUBTFUL).bytes(WINTER).hex(" ") == (
        "07 ea 01 0f 04 05 14 1e 00 01 2c 02"
    )
    assert times.octets(WINTER) == axdr.octets(times.bytes(WINTER))
    assert times.bytes(None) == datetime.UNSPECIFIED


@given(st.sampled_from(ZONES), SECONDS)
@example(CET, utc(2026, 3, 29, 0, 59, 59))
@example(CET, utc(2026, 3, 29, 1))
@example(CET, utc(2026, 10, 25, 0, 30))
@example(CET, utc(2026, 10, 25, 1, 30))
def test_two_other_programs_read_the_same_moment(zone, second):
    data = datetime.Times(zone).bytes(second)
    theirs, status = datetime_from_bytes(data)
    if theirs.tzinfo is None:  # a deviation of 0 is lost there
        assert not zone.offset(second)
    else:
        assert theirs.timestamp() == second
    assert status.daylight_saving_active == zone.is_dst(second)
    found = _GXCommon.changeType(GXDLMSClient().settings, bytearray(data), DataType.DATETIME).value
    assert (found.year, found.month, found.day, found.hour, found.minute, found.second) == (
        theirs.year, theirs.month, theirs.day, theirs.hour, theirs.minute, theirs.second,
    )  # fmt: skip
    assert found.utcoffset().total_seconds() == zone.offset(second)


@given(st.sampled_from(ZONES), SECONDS, st.lists(st.integers(0, 200_000), max_size=5))
def test_every_moment_comes_back_whatever_was_written_before(zone, second, steps):
    times = datetime.Times(zone)
    for step in [*steps, 0]:
        at = min(second + step, 0xFFFFFFFF - 86400)
        assert datetime.moment(octets(times.bytes(at)), zone) == at
        assert datetime.moment(axdr.Data(axdr.DATE_TIME, times.bytes(at)), Zone()) == at


def test_a_time_without_deviation_is_the_meters_own():
    given_by = datetime_to_bytes(DateTime(2026, 7, 1, 12, 20, 30))
    assert datetime.moment(octets(given_by), CET) == SUMMER
    given_by = datetime_to_bytes(DateTime(2026, 1, 15, 11, 20, 30))
    assert datetime.moment(octets(given_by), CET) == WINTER


def test_in_the_hour_that_is_there_twice_the_status_says_which():
    hour = "07 ea 0a 19 ff 02 1e 00 ff 80 00 "
    first, second = utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)
    for status, wanted in (("80", first), ("00", second), ("ff", first)):
        assert datetime.moment(octets(bytes.fromhex(hour + status)), CET) == wanted


@pytest.mark.parametrize(
    "change",
    [
        {0: 0xFF, 1: 0xFF},
        {2: 0xFF},
        {2: 0xFD},
        {2: 0},
        {2: 13},
        {3: 0xFF},
        {3: 0xFE},
        {3: 0},
        {3: 32},
        {2: 2, 3: 29},
        {5: 0xFF},
        {5: 24},
        {6: 0xFF},
        {6: 60},
        {7: 0xFF},
        {7: 60},
        {8: 100},
        {9: 0x03, 10: 0x49},  # 841 minutes
        {9: 0xFD, 10: 0x2F},  # -721
        {0: 0x07, 1: 0xB1},  # 1969
        {0: 0x08, 1: 0x3B},  # 2107
    ],
)
def test_what_is_no_whole_time_is_refused(change):
    data = bytearray.fromhex("07 ea 01 0f 04 0b 14 1e 00 ff c4 00")
    for place, value in change.items():
        data[place] = value
    assert refused(datetime.moment, octets(bytes(data)), CET) == base.OTHER_REASON


def test_the_last_day_of_february_is_of_its_year():
    data = bytearray.fromhex("07 e8 02 1d ff 0b 14 1e 00 80 00 ff")
    assert datetime.moment(octets(bytes(data)), CET) == utc(2024, 2, 29, 10, 20, 30)


@pytest.mark.parametrize(
    "data",
    [
        axdr.Data(axdr.OCTET_STRING, b""),
        axdr.Data(axdr.OCTET_STRING, bytes(11)),
        axdr.Data(axdr.OCTET_STRING, bytes(13)),
        axdr.Data(axdr.DATE, bytes(5)),
        axdr.Data(axdr.DOUBLE_LONG_UNSIGNED, 5),
        axdr.Data(axdr.NULL, None),
    ],
)
def test_what_is_no_time_is_refused(data):
    assert refused(datetime.moment, data, CET) == base.TYPE_UNMATCHED


@given(st.binary(min_size=12, max_size=12), st.sampled_from(ZONES))
def test_any_twelve_bytes_are_a_time_or_refused(data, zone):
    for read in (datetime.moment, lambda given, where: datetime.bound(given, where, True)):
        try:
            assert 0 <= read(octets(data), zone) <= datetime.LAST_SECOND
        except base.AccessError:
            pass


def test_the_ends_of_a_range_may_be_open():
    for data in (axdr.Data(axdr.NULL, None), octets(datetime.UNSPECIFIED), octets(b"\xff" * 12)):
        assert datetime.bound(data, CET, False) == 0
        assert datetime.bound(data, CET, True) == datetime.LAST_SECOND
    day = octets(bytes.fromhex("07 ea 07 01 ff ff ff ff ff 80 00 ff"))
    assert datetime.bound(day, CET, False) == utc(2026, 6, 30, 22)
    assert datetime.bound(day, CET, True) == utc(2026, 7, 1, 21, 59, 59)
    assert refused(datetime.bound, octets(bytes.fromhex("07 ea ff 01 ff ff ff ff ff 80 00 ff")), CET, True)


@pytest.mark.parametrize(
    "zone, place, data",
    [
        (CET, 0, "ff ff 03 fe 07 02 00 00 00 80 00 ff"),  # the last Sunday of March, at 2:00
        (CET, 1, "ff ff 0a fe 07 03 00 00 00 80 00 ff"),
        (NEW_YORK, 0, "ff ff 03 08 07 02 00 00 00 80 00 ff"),  # the first Sunday from March 8 on
        (NEW_YORK, 1, "ff ff 0b 01 07 02 00 00 00 80 00 ff"),
        (Zone("AAA0BBB,J60,J300"), 0, "07 ea 03 01 07 02 00 00 00 80 00 ff"),  # March 1, 2026: a Sunday
        (Zone("AAA0BBB,M3.5.0/-1,M10.5.0"), 0, "07 ea 03 1c 06 17 00 00 00 80 00 ff"),  # the evening before
        (Zone(), 0, "ff ff ff ff ff ff ff ff ff 80 00 ff"),
    ],
)  # fmt: skip
def test_the_rule_of_daylight_saving_in_wildcards(zone, place, data):
    found = datetime.rule(zone, place, 2026)
    assert found.hex(" ") == data
