"""The logs and self-reads as class 7: rows by hand and by another program, and who may read them."""

import pytest
from gurux_dlms.objects import GXDLMSProfileGeneric
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base
from meter.protocols.dlms.objects.datetime import Times
from meter.registers import event_kinds as kinds

from host_tests.harness import START
from host_tests.protocols.dlms.gurux_objects import read_by_gurux
from host_tests.protocols.dlms.objects_life import Life, name
from host_tests.protocols.dlms.test_objects_profile import entries, span

CONNECTIONS = "0.0.99.98.0.255"
NAMES = [f"0.0.99.98.{number}.255" for number in range(1, 6)]
SELF_READS = "1.0.98.2.0.255"
REGISTERS = [
    {"id": 2, "kind": "consumption", "quantity": "Wh.del.P", "self_read": True},
    {"id": 3, "kind": "minimum", "quantity": "V.A", "self_read": True},
]


@pytest.fixture
def life():
    life = Life({"clock": {"zone": "CET-1CEST,M3.5.0,M10.5.0/3"}})
    life.visitor.command("freeze")
    life.visitor.command("set time", utc=START + 100)
    return life


@pytest.mark.feature("DLM-07")
def test_connections_by_hand():
    life = Life(user=None)  # who signed on over TCP
    life.visitor.login("admin", "admin")
    log = life.app.logs
    log.add(kinds.LOGON, START + 60, origin=kinds.RS485, user="pq")  # no connection
    log.add(kinds.LOGOFF, START + 120, origin=kinds.TCP, user="admin", peer="10.0.0.7", start=START)
    data = life.bytes(7, CONNECTIONS)
    stamp = Times(life.visitor.zone)
    # who has signed on, and who has logged in; the first has become the second
    rows = [(START, 0), (START, 0), (START, 1), (START + 120, 1)]
    wanted = b"".join(
        b"\x02\x02\x09\x0c" + stamp.bytes(second) + b"\x06\x00\x00\x00" + bytes((status,))
        for second, status in rows
    )
    assert data == b"\x01\x04" + wanted
    assert life.get(7, CONNECTIONS, 7) == 4
    assert life.bytes(7, CONNECTIONS, 3).hex(" ") == (
        "01 02 02 04 12 00 08 09 06 00 00 01 00 00 ff 0f 02 12 00 00"
        " 02 04 12 00 01 09 06 00 00 60 0b 00 ff 0f 02 12 00 00"
    )
    assert life.select(CONNECTIONS, 2, entries(2, 3)) == [[stamp.bytes(START), 0], [stamp.bytes(START), 1]]
    assert [row[1] for row in life.select(CONNECTIONS, 1, span(life, START + 1, START + 500))] == [1]


@pytest.mark.feature("EVT-01")
def test_every_log_says_what_the_events_say(life):
    for obis, log in zip(NAMES, kinds.LOGS):
        events = list(life.access.log(log))
        found = life.get(7, obis)
        assert len(found) == len(events) == life.get(7, obis, 7)
        assert len(events) <= life.get(7, obis, 8)
        for row, event in zip(found, events):
            assert row[1] == event.kind and row[3:6] == [event.origin_name, event.user, event.peer]
            assert row[0] == Times(life.visitor.zone).bytes(event.time)
            assert (row[2] is None) == (event.start is None)


def test_an_event_by_hand(life):
    freeze = [row for row in life.get(7, NAMES[0]) if row[1] == kinds.REGISTER_FREEZE]
    # 2023-11-14 23:15 CET
    assert freeze == [
        [bytes.fromhex("07 e7 0b 0e 02 17 0f 00 00 ff c4 00"), 6, None, "tcp", "admin", "10.0.0.7:4000", ""]
    ]
    first = life.get(7, NAMES[0])[0]
    assert first[1] == kinds.FIRST_START and first[6].startswith("configuration=")


def test_another_program_reads_a_log(life):
    found = read_by_gurux(life, GXDLMSProfileGeneric(NAMES[0]), [3, 4, 5, 6, 7, 8, 2])
    assert [row[1] for row in found.buffer] == [event.kind for event in life.access.log("events")]
    assert found.buffer[-1][0].value.timestamp() == START + 100
    assert found.capturePeriod == 0


def test_columns_have_objects_that_show_the_newest_entry(life):
    rows = life.get(7, NAMES[0])
    columns = life.get(7, NAMES[0], 3)
    assert columns[1][1] == name("0.0.96.11.11.255")
    for place, (class_id, ln, _, _) in enumerate(columns[1:]):
        assert life.get(class_id, ".".join(str(part) for part in ln)) == rows[-1][place + 1]
    empty = ".".join(str(part) for part in life.get(7, NAMES[4], 3)[3][1])
    assert life.get(1, empty) is None  # no dip yet


def test_ranges_find_entries_from_before_the_clock_was_set_back(life):
    life.visitor.command("set time", utc=START - 5000)
    life.visitor.command("freeze")
    found = life.select(NAMES[0], 1, span(life, START - 5000, START - 1))
    assert [row[1] for row in found] == [kinds.TIME_SET, kinds.REGISTER_FREEZE]


@pytest.mark.feature("SEC-01")
@pytest.mark.parametrize(
    "user, readable", [(None, ()), ("user1", ()), ("pq", (0, 1, 3, 4)), ("admin", range(5))]
)
def test_a_log_is_read_by_those_who_may(user, readable):
    life = Life(user=user)
    for place, obis in enumerate(NAMES):
        if place in readable:
            life.get(7, obis)
            continue
        for attribute in (2, 7, 8):
            with pytest.raises(base.AccessError) as error:
                life.bytes(7, obis, attribute)
            assert error.value.result == base.READ_WRITE_DENIED
    assert life.bytes(7, NAMES[2], 3)  # what it looks like is no secret


@pytest.mark.feature("REG-09")
def test_self_reads_have_their_registers():
    life = Life({"registers": {"normal": REGISTERS}, "self_read": {"kind": "hourly"}}, 2.2)
    found = life.get(7, SELF_READS)
    records = list(life.access.self_reads())
    assert len(found) == len(records) == 2 == life.get(7, SELF_READS, 7)
    for row, record in zip(found, records):
        assert row[0] == Times(life.visitor.zone).bytes(record.time)
        assert row[1:3] == ["hourly", record.health]
        assert row[3] == [
            [2, record.values[0].value, [-6, 30]],
            [3, record.values[1].value, [0, 35]],
        ]
    assert life.get(7, SELF_READS, 8) == 96
    newest = [life.get(1, f"0.128.99.6.{column}.255") for column in (1, 2, 3)]
    assert newest == found[-1][1:]
    theirs = read_by_gurux(life, GXDLMSProfileGeneric(SELF_READS), [3, 4, 5, 2])
    assert theirs.buffer[0][1] == "hourly"


def test_there_is_nothing_in_an_empty_log():
    life = Life()
    assert life.bytes(7, SELF_READS) == b"\x01\x00"
    assert life.bytes(7, NAMES[4]) == b"\x01\x00"
    assert life.get(1, "0.128.99.6.1.255") is None


def test_a_log_cannot_be_written_or_reset(life):
    log = life.find(7, NAMES[0])
    assert not any(right for _, right in log.methods) and not any(row[2] for row in log.attributes)
    with pytest.raises(base.AccessError):
        log.invoke(1, axdr.Data(axdr.INTEGER, 0), life.context)
    with pytest.raises(base.AccessError):
        log.set(4, axdr.Data(axdr.DOUBLE_LONG_UNSIGNED, 0), life.context)
