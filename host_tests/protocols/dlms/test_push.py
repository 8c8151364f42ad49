"""Pushes: set up by the object, sent over real TCP on schedule, event and command, and read by gurux_dlms."""

import asyncio
import struct

import pytest
from gurux_dlms import GXByteBuffer, GXDLMSClient, GXReplyData
from gurux_dlms.enums import InterfaceType
from meter.compat import Uptime
from meter.hal.sim.net import Net
from meter.ports.push import QUEUE, Plan, Pusher
from meter.protocols.dlms import axdr, push
from meter.protocols.dlms.objects import base
from meter.pushing import pusher
from meter.registers import event_kinds as kinds

from host_tests.protocols.dlms.gurux_parse import parsed
from host_tests.protocols.dlms.managed_life import ManagedLife

LN = "0.0.25.9.0.255"
DENIED, TYPE, OTHER = 3, 12, 250
ZERO = b"\x0f\x00"
ENABLED = {"enabled": True, "port": 4059, "events": ["alarm", "billing period reset"], "delay": 0}


def made(**changed):
    return ManagedLife({"dlms": {"push": {**ENABLED, **changed}}}, hours=0.5)


# The object


def test_the_push_setup_is_that_of_the_settings_both_ways():
    life = made()
    client = life.management()
    objects = bytes.fromhex(
        "01020204 120001 0906 00002A0000FF 0F02 1200000204 120003 0906 0100010800FF 0F03 120000".replace(
            " ", ""
        )
    )
    target = axdr.structure(axdr.enum(0), axdr.octets(b"head-end.example:4100"), axdr.enum(0))
    daily = "090C FFFFFFFFFF {} 0000 8000FF"
    window = bytes.fromhex(f"0101 0202 {daily.format('1600')} {daily.format('0600')}".replace(" ", ""))
    sets = (
        (2, objects),
        (3, target),
        (4, window),
        (5, b"\x12\x00\x1e"),
        (6, b"\x11\x05"),
        (7, b"\x12\x01\x2c"),
    )
    for attribute, data in sets:
        assert client.set(40, LN, attribute, data) == 0
        assert client.get(40, LN, attribute) == (0, data)
    found = {
        name.partition("push.")[2]: value for name, value in life.app.settings.items() if "push." in name
    }
    assert found["objects"] == ("1/0.0.42.0.0.255/2", "3/1.0.1.8.0.255/3")
    assert (found["host"], found["port"], found["window"]) == ("head-end.example", 4100, ("22:00-06:00",))
    assert (found["randomisation"], found["retries"], found["delay"]) == (30, 5, 300)
    theirs = parsed(client, 40, LN, range(2, 8))
    assert [(one.logicalName, what.attributeIndex) for one, what in theirs.pushObjectList] == [
        ("0.0.42.0.0.255", 2), ("1.0.1.8.0.255", 3),
    ]  # fmt: skip
    assert (theirs.destination, theirs.numberOfRetries) == ("head-end.example:4100", 5)
    assert client.set(40, LN, 3, axdr.structure(axdr.enum(0), axdr.octets(b""), axdr.enum(0))) == 0
    assert life.app.settings["dlms.push.enabled"] is False


BAD = (
    (2, bytes.fromhex("01010204120001090600002A0000FF0F02120001")),  # a part of an attribute
    (2, b"\x01\x21" + bytes.fromhex("0204120001090600002A0000FF0F02120000") * 33),
    (3, axdr.structure(axdr.enum(1), axdr.octets(b"a:1"), axdr.enum(0))),
    (3, axdr.structure(axdr.enum(0), axdr.octets(b"a"), axdr.enum(0))),
    (3, axdr.structure(axdr.enum(0), axdr.octets(b"a:70000"), axdr.enum(0))),
    (3, axdr.structure(axdr.enum(0), axdr.octets(b"\xff:1"), axdr.enum(0))),
    (4, axdr.array([axdr.structure(*[axdr.octets(b"\x07\xe8\x01\x01\xff" + bytes(7))] * 2)])),
    (6, b"\x12\x01\x00"),
)


@pytest.mark.parametrize("attribute, data", BAD)
def test_a_push_that_cannot_be_is_refused_and_changes_nothing(attribute, data):
    life = made()
    before = dict(life.app.settings)
    assert life.management().set(40, LN, attribute, data) == OTHER
    assert life.reader("admin").set(40, LN, 7, b"\x12\x00\x01") == DENIED
    assert life.app.settings == before


# The bytes


def test_a_notification_has_the_bytes_of_the_standard():
    body = b"".join(piece for piece in push.body(lambda *_: b"\x11\x07", [(1, bytes(6), 2)] * 2) if piece)
    time = bytes.fromhex("07E80501031E0000000000 00".replace(" ", ""))
    apdu = push.notification(5, time, body)
    assert apdu == bytes.fromhex("0F 00000005 0C".replace(" ", "")) + time + bytes.fromhex("020211071107")
    session = push.PushSession(103, apdu)
    assert session.take_output() == struct.pack(">HHHH", 1, 1, 103, len(apdu)) + apdu
    assert session.closed and session.take_output() == b""
    session.receive(b"whatever", 0)


def test_what_cannot_be_read_is_null_and_what_is_too_long_is_not_sent():
    def read(class_id, ln, attribute):
        if attribute == 2:
            raise base.AccessError(base.READ_WRITE_DENIED)
        return iter([None, b"\x09\x81\xff", bytes(255)] if attribute == 3 else [bytes(5000), bytes(5000)])

    found = [piece for piece in push.body(read, [(1, bytes(6), 2), (1, bytes(6), 3)]) if piece]
    assert found == [b"\x02\x02\x00\x09\x81\xff" + bytes(255)]
    with pytest.raises(push.TooLong):
        list(push.body(read, [(1, bytes(6), 4)]))


# Delivery


class HeadEnd:
    """Listens on a free port; each connection's bytes until its end are put into `got`."""

    def __init__(self):
        self.got = asyncio.Queue()

    async def __aenter__(self):
        self._server = await Net().start_server(self._take, "127.0.0.1", 0)
        self.port = self._server.address[1]
        return self

    async def __aexit__(self, *error):
        self._server.close()
        await self._server.wait_closed()

    async def _take(self, reader, writer):
        data = await reader.read()
        writer.close()
        await self.got.put(data)

    async def next(self):
        return await asyncio.wait_for(self.got.get(), 10)


def notified(data):
    """Return (time, values) of a push as gurux_dlms reads it."""
    client = GXDLMSClient(True, 103, 1, interfaceType=InterfaceType.WRAPPER)
    reply, notify = GXReplyData(), GXReplyData()
    client.getData(GXByteBuffer(data), reply, notify)
    return notify.time, notify.value


async def _serving(life, work):
    """Run a Pusher of a meter beside some work with it."""
    found = pusher(life.app, life.dlms, life.app._visits)
    task = asyncio.create_task(found.run(life.board.net, Uptime()))
    try:
        return await work(found)
    finally:
        task.cancel()


def test_a_command_an_event_and_the_schedule_push_to_the_head_end():
    async def main():
        async with HeadEnd() as head_end:
            life.app.change({"dlms.push.port": head_end.port}, kinds.SCHEDULE)
            client = life.management()

            async def work(found):
                assert client.act(40, LN, 1, ZERO)[0] == 0
                by_command = await head_end.next()
                client.act(9, "0.0.10.0.1.255", 1, b"\x12\x00\x01")
                life.pass_time(1)
                by_event = await head_end.next()
                client.act(9, "0.0.10.0.0.255", 1, b"\x12\x00\x01")  # a freeze is not in the list
                life.pass_time(3 * 60)
                assert head_end.got.empty() and found.waiting == 0
                life.pass_time(10 * 60)
                by_schedule = await head_end.next()
                assert (found.sent, found.failed, found.dropped) == (3, 0, 0)
                return by_command, by_event, by_schedule

            return await _serving(life, work)

    life = made(schedule={"kind": "hourly", "time": "00:50"})
    pushes = asyncio.run(main())
    assert [data[:6] for data in pushes] == [b"\x00\x01\x00\x01\x00\x67"] * 3
    assert [struct.unpack(">I", data[9:13])[0] for data in pushes] == [1, 2, 3]
    for data in pushes:
        _, values = notified(data)
        assert bytes(values[0]) == b"FRS00000001"
        assert len(values) == 4
    energy = life.app.access.read("Wh.del.P")[0]
    assert notified(pushes[0])[1][2] == pytest.approx(energy / 1000, abs=1)


def test_power_up_is_pushed_where_it_is_wanted():
    async def main():
        async with HeadEnd() as head_end:
            life.app.change({"dlms.push.port": head_end.port}, kinds.SCHEDULE)

            async def work(found):
                return await head_end.next()

            return await _serving(life, work)

    life = made(events=["power up"])
    assert notified(asyncio.run(main()))[1][0]


def test_what_only_the_keys_open_is_pushed_as_null():
    async def main():
        async with HeadEnd() as head_end:
            life.app.change({"dlms.push.port": head_end.port}, kinds.SCHEDULE)

            async def work(found):
                assert found.trigger("command")
                return await head_end.next()

            return await _serving(life, work)

    objects = ["18/0.0.44.0.0.255/6", "15/0.0.40.0.0.255/2", "3/9.9.9.9.9.9/2", "64/0.0.43.0.0.255/2"]
    life = made(objects=objects)
    data = asyncio.run(main())
    assert data[-7:] == b"\x02\x04\x00\x00\x00\x16\x03"


def test_nothing_is_pushed_while_it_is_off():
    life = made(enabled=False)
    found = pusher(life.app, life.dlms, life.app._visits)
    assert life.management().act(40, LN, 1, ZERO)[0] == OTHER
    life.app.logs.add(kinds.ALARM, life.second, fields=(1, "x", 1.0))
    life.pass_time(1)
    assert found.waiting == 0
    assert life.reader("admin").act(40, LN, 1, ZERO)[0] == DENIED


@pytest.mark.parametrize(
    "kind, fields, count",
    [(kinds.ALARM, (1, "x", 1.0), 1), (kinds.DIAGNOSTIC_SET, (1, "x"), 0), (kinds.TIME_SET, (), 0)],
)
def test_events_that_are_in_the_list_are_pushed_and_no_others(kind, fields, count):
    life = made(events=["alarm"])
    found = pusher(life.app, life.dlms, life.app._visits)
    life.app.logs.add(kind, life.second, fields=fields)
    life.pass_time(1)
    life.pass_time(1)
    assert found.waiting == count


def _session(reason):
    yield None
    yield push.PushSession(103, reason.encode())


async def _until(done):
    for _ in range(1000):
        if done():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


def plain_pusher(plan, is_open=lambda: True):
    return Pusher(lambda: plan, lambda reason: True, is_open, _session, bytes)


def test_a_push_is_tried_again_and_given_up_after_the_last_try():
    class Failing:
        tries = 0

        async def open_connection(self, host, port):
            self.tries += 1
            raise OSError("nobody listens")

    async def main():
        net, found = Failing(), plain_pusher(Plan("127.0.0.1", 1, retries=3))
        task = asyncio.create_task(found.run(net, Uptime()))
        found.trigger("one")
        found.trigger("two")
        await _until(lambda: found.failed == 2)
        task.cancel()
        assert net.tries == 8 and found.sent == 0 and found.waiting == 0

    asyncio.run(main())


def test_a_head_end_that_comes_back_gets_what_waited_in_order():
    class Late(Net):
        tries = 0

        async def open_connection(self, host, port):
            self.tries += 1
            if self.tries < 3:
                raise OSError("nobody listens")
            return await super().open_connection(host, port)

    async def main():
        async with HeadEnd() as head_end:
            found = plain_pusher(Plan("127.0.0.1", head_end.port, retries=5))
            task = asyncio.create_task(found.run(Late(), Uptime()))
            found.trigger("one")
            found.trigger("two")
            got = [(await head_end.next())[8:] for _ in range(2)]
            await _until(lambda: found.sent == 2)
            task.cancel()
            assert got == [b"one", b"two"] and found.failed == 0

    asyncio.run(main())


def test_a_full_queue_drops_the_newest_and_counts_them():
    found = plain_pusher(Plan("127.0.0.1", 1))
    assert [found.trigger("x") for _ in range(QUEUE + 3)] == [True] * QUEUE + [False] * 3
    assert (found.waiting, found.dropped) == (QUEUE, 3)


def test_a_push_waits_until_its_window_opens():
    async def main():
        async with HeadEnd() as head_end:
            state = {"open": False}
            found = plain_pusher(Plan("127.0.0.1", head_end.port), lambda: state["open"])
            task = asyncio.create_task(found.run(Net(), Uptime()))
            found.trigger("late")
            await asyncio.sleep(0.05)
            assert head_end.got.empty() and found.waiting == 1
            state["open"] = True
            assert (await head_end.next())[8:] == b"late"
            task.cancel()

    asyncio.run(main())


def test_a_head_end_that_never_reads_holds_up_no_other_task_and_is_cut_off():
    async def main():
        async def deaf(reader, writer):
            await asyncio.sleep(3600)

        server = await Net().start_server(deaf, "127.0.0.1", 0)
        found = plain_pusher(Plan("127.0.0.1", server.address[1]))
        task = asyncio.create_task(found.run(Net(), Uptime()))
        found.trigger("x")
        await _until(lambda: found.sent == 1)
        task.cancel()
        server.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    "minute, is_open", [(22 * 60, True), (6 * 60 - 1, True), (6 * 60, False), (12 * 60, False)]
)
def test_a_window_over_midnight_is_open_at_night(minute, is_open):
    from meter.config import push_fields

    assert push_fields.is_open(push_fields.windows(["22:00-06:00"]), minute) is is_open
    assert push_fields.is_open([], minute)
