"""A whole meter read by the gurux-dlms library over every transport, at every level of security."""

import datetime
import random
import socket

import pytest
from meter.protocols.dlms import axdr
from meter.storage.image import build

pytest.importorskip("gurux_dlms")

from gurux_dlms import GXByteBuffer, GXDateTime, GXDLMSClient, GXDLMSException, GXReplyData
from gurux_dlms.enums import Authentication, DataType, InterfaceType, ObjectType
from gurux_dlms.objects import (
    GXDLMSClock,
    GXDLMSImageTransfer,
    GXDLMSProfileGeneric,
    GXDLMSRegister,
    GXDLMSScriptTable,
)

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


def test_scripts_freeze_the_registers_and_end_the_billing_period(meter):
    with reader(meter, level="management") as client:
        for name in ("0.0.10.0.0.255", "0.0.10.0.1.255"):
            script = GXDLMSScriptTable(name)
            client.read(script, 2)
            assert [one.id for one in script.scripts] == [1]
            client.call(script.execute(client.client, script.scripts[0]))
    names = [event.name for event in meter.app.logs.log("events").records()]
    assert "register freeze" in names and "billing period reset" in names


def send_block(client, transfer, number, data):
    """Send a block of an image by the library's general method: its own for this cannot send one block alone."""
    block = axdr.structure(axdr.number(axdr.DOUBLE_LONG_UNSIGNED, number), axdr.octets(data))
    client.call(client.client.method(transfer, 2, block, DataType.STRUCTURE))


@pytest.mark.parametrize("transport", ["wrapper", "HDLC over TCP"])
def test_an_image_with_a_damaged_block_is_refused_and_taken_once_that_is_sent_again(transport):
    image = build(random.Random(5).randbytes(6000), "sim", "9.9.2")
    transfer = GXDLMSImageTransfer("0.0.44.0.0.255")
    with served() as other, reader(other, transport, "management") as client:
        size = client.read(transfer, 2)
        client.call(transfer.imageTransferInitiate(client.client, "new", len(image)))
        damaged = bytearray(image)
        damaged[5 * size + 3] ^= 0x40
        for number in range(-(-len(image) // size)):
            send_block(client, transfer, number, damaged[number * size : number * size + size])
        with pytest.raises(Failed):
            client.call(transfer.imageVerify(client.client))
        assert client.read(transfer, 4) == 5
        assert client.read(transfer, 3)[5] not in ("1", 1, True)
        send_block(client, transfer, 5, image[5 * size : 6 * size])
        client.call(transfer.imageVerify(client.client))
        assert int(client.read(transfer, 6)) == 3
        client.call(client.client.method(transfer, 4, 0, DataType.INT8))
    assert other.app.restarts


def test_a_push_is_understood(meter):
    with socket.create_server(("127.0.0.1", 0)) as head_end:
        head_end.settimeout(20)
        push = {"enabled": True, "port": head_end.getsockname()[1], "objects": ["3/1.0.1.8.0.255/2"]}
        with served(dlms={"push": push}) as other:
            with reader(other, level="management") as client:
                script = GXDLMSScriptTable("0.0.10.0.108.255")
                client.read(script, 2)
                client.call(script.execute(client.client, script.scripts[0]))
                connection, _ = head_end.accept()
            with connection:
                connection.settimeout(20)
                listener = GXDLMSClient(True, 103, 1, Authentication.NONE, None, InterfaceType.WRAPPER)
                received, answer, notification = GXByteBuffer(), GXReplyData(), GXReplyData()
                while not notification.data.size or notification.moreData:
                    data = connection.recv(4096)
                    assert data
                    received.set(data)
                    listener.getData(received, answer, notification)
    assert notification.value is not None
