"""A whole meter read by the gurux-dlms library over every transport, at every level of security."""

import datetime

import pytest

pytest.importorskip("gurux_dlms")

from gurux_dlms import GXDateTime, GXDLMSException
from gurux_dlms.enums import ObjectType
from gurux_dlms.objects import GXDLMSClock, GXDLMSProfileGeneric, GXDLMSRegister

from host_tests.protocols.dlms.dlms_served import served
from host_tests.protocols.dlms.gurux_reader import HDLC, MODE_E, WRAPPER, Failed, GuruxReader

ROWS = 35_040
DENIED, UNDEFINED = 3, 4
TRANSPORTS = ("wrapper", "HDLC over TCP", "HDLC on RS-485", "mode E")
LEVELS = ("public", "reader", "management")
BEGIN = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)

pytestmark = pytest.mark.feature("DLM-02")


@pytest.fixture(scope="module")
def meter():
    with served(ROWS) as running:
        yield running


def reader(meter, transport="wrapper", level="public", **options):
    """Return a reader that is not open yet."""
    kind, where = {
        "wrapper": (WRAPPER, ("127.0.0.1", meter.port)),
        "HDLC over TCP": (HDLC, ("127.0.0.1", meter.port)),
        "HDLC on RS-485": (HDLC, meter.rs485),
        "mode E": (MODE_E, meter.optical),
    }[transport]
    if level == "management":
        options.setdefault("counter", meter.app.access.keys.received + 1)
    return GuruxReader(kind, where, level, **options)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_register_and_the_clock_are_read_over_every_transport_at_every_level(meter, transport, level):
    register, clock = GXDLMSRegister("1.0.1.8.0.255"), GXDLMSClock()
    with reader(meter, transport, level) as client:
        assert client.read(register, 2) >= 0
        client.read(register, 3)
        client.read(clock, 2)
    assert (register.scaler, int(register.unit)) == (0.001, 30)
    second = meter.app.meter.clock.second
    assert abs(clock.time.value.timestamp() - second) < 30


@pytest.mark.parametrize("secret", ["admin:wrong", "nobody:admin", ""])
def test_a_wrong_password_opens_no_association(meter, secret):
    with pytest.raises(GXDLMSException), reader(meter, level="reader", secret=secret or "x"):
        pytest.fail("an association was opened")


def test_a_counter_that_was_used_opens_no_association(meter):
    with reader(meter, level="management"):
        pass
    with pytest.raises(GXDLMSException), reader(meter, level="management", counter=1):
        pytest.fail("an association was opened")


@pytest.mark.parametrize("level", LEVELS)
def test_every_attribute_of_every_object_of_the_list_is_read_as_the_list_says(meter, level):
    with reader(meter, level=level) as client:
        objects = client.objects()
        assert len(objects) > 200
        wrong = []
        for one in objects:
            for number in range(1, one.getAttributeCount() + 1):
                may = int(one.getAccess(number)) & 1
                if one.objectType == ObjectType.PROFILE_GENERIC and number == 2:
                    continue  # below
                try:
                    client.read(one, number)
                    result = 0
                except Failed as error:
                    result = error.code
                if bool(may) == (result in (DENIED, UNDEFINED)):
                    wrong.append((int(one.objectType), str(one.logicalName), number, may, result))
        assert wrong == []


def test_a_year_of_load_profile_is_read_whole_by_range_and_by_entry(meter):
    profile = GXDLMSProfileGeneric("1.0.99.1.0.255")
    with reader(meter, level="reader") as client:
        client.read(profile, 3)
        assert [str(column.logicalName) for column, _ in profile.captureObjects][2:] == [
            "1.0.1.29.0.255", "1.0.2.29.0.255", "1.0.3.29.0.255", "1.0.4.29.0.255",
        ]  # fmt: skip
        assert client.read(profile, 7) == ROWS
        every = client.rows(profile, client.client.read(profile, 2))
        assert len(every) == ROWS
        for number in (0, 1, 97, ROWS - 1):
            assert when(every[number]) == BEGIN + datetime.timedelta(minutes=15 * (number + 1))
            assert every[number][2:] == [float(number % 97 + place) for place in range(4)]
        # The library's range is of local times without a zone: the host's, which the tests set to UTC.
        start, end = datetime.datetime(2025, 6, 1), datetime.datetime(2025, 6, 2)
        day = client.rows(profile, client.client.readRowsByRange(profile, start, end))
        assert len(day) == 97
        assert [when(day[0]), when(day[-1])] == [one.replace(tzinfo=datetime.UTC) for one in (start, end)]
        few = client.rows(profile, client.client.readRowsByEntry(profile, 10, 20))
        assert [when(row) for row in few] == [when(row) for row in every[9:29]]


def when(row):
    """Return the time of a row."""
    value = row[0].value if isinstance(row[0], GXDateTime) else row[0]
    return value.astimezone(datetime.UTC)


def test_the_clock_is_set_by_management_and_not_by_the_public(meter):
    clock = GXDLMSClock()
    now = meter.app.meter.clock.second
    clock.time = GXDateTime(datetime.datetime.fromtimestamp(now + 7200, datetime.UTC))
    with reader(meter) as client, pytest.raises(Failed) as error:
        client.write(clock, 2)
    assert error.value.code == DENIED
    with reader(meter, level="management") as client:
        client.write(clock, 2)
        client.read(clock, 2)
    assert 0 <= clock.time.value.timestamp() - now - 7200 < 30
    assert 0 <= meter.app.meter.clock.second - now - 7200 < 30
