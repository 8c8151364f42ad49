"""The objects that manage a meter, by their bytes as the Blue Book has them, and as gurux_dlms reads them."""

import pytest
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import tcp_setup
from meter.registers import event_kinds as kinds
from meter.serving import CONNECTIONS

from host_tests.protocols.dlms.gurux_parse import parsed
from host_tests.protocols.dlms.managed_life import ManagedLife

DENIED, TYPE, OTHER = 3, 12, 250
U16, ENUM = axdr.LONG_UNSIGNED, axdr.ENUM
ZERO = b"\x0f\x00"


@pytest.fixture
def life():
    return ManagedLife({"outputs": {"disconnect": 3}, "clock": {"zone": "CET-1CEST,M3.5.0,M10.5.0/3"}})


def u16(value):
    return axdr.number(U16, value)


# Class 17


def test_the_list_of_access_points_has_the_one_logical_device(life):
    client = life.public()
    assert client.get(17, "0.0.41.0.0.255", 2) == (
        0,
        bytes.fromhex("010102021200010 90B".replace(" ", "")) + b"FRS00000001",
    )
    assert parsed(client, 17, "0.0.41.0.0.255", (2,)).sapAssignmentList == [(1, "FRS00000001")]
    assert client.act(17, "0.0.41.0.0.255", 1)[0] == DENIED


# Class 9


def test_a_script_table_names_what_its_scripts_do(life):
    client = life.management()
    assert client.get(9, "0.0.10.0.106.255", 2)[1] == bytes.fromhex(
        "0102"
        "0202120001 0101 0205 1602 120046 0906000060030AFF 0F01 0F00"
        "0202120002 0101 0205 1602 120046 0906000060030AFF 0F02 0F00".replace(" ", "")
    )
    table = parsed(client, 9, "0.0.10.0.100.255", (2,))
    assert [script.id for script in table.scripts] == list(range(1, 10))
    assert [len(script.actions) for script in table.scripts] == [1] * 9


def test_the_reset_script_ends_the_billing_period(life):
    life.pass_time(60)
    assert life.app.engine.reset_at != life.second
    assert life.management().act(9, "0.0.10.0.1.255", 1, u16(1))[0] == 0
    assert life.app.engine.reset_at == life.second


def test_a_reader_with_the_right_freezes_and_resets_by_script_and_one_without_it_does_not(life):
    before = life.app.engine.reset_at
    life.pass_time(60)
    assert life.reader("user1").act(9, "0.0.10.0.0.255", 1, u16(1))[0] == 0
    assert life.app.engine.frozen_at == life.second
    assert life.reader("user2").act(9, "0.0.10.0.0.255", 1, u16(1))[0] == DENIED
    assert life.public().act(9, "0.0.10.0.1.255", 1, u16(1))[0] == DENIED
    assert life.app.engine.reset_at == before


@pytest.mark.parametrize(
    "data, result", [(u16(0), OTHER), (u16(2), OTHER), (b"\x11\x01", TYPE), (b"\x00", TYPE)]
)
def test_a_script_that_is_not_there_is_refused(life, data, result):
    before = life.app.engine.reset_at
    life.pass_time(60)
    assert life.management().act(9, "0.0.10.0.1.255", 1, data)[0] == result
    assert life.app.engine.reset_at == before


def test_tariff_scripts_put_the_override_in_force_and_take_it_back():
    life = ManagedLife({"tou": {"override": "H", "days": [["all", "all", "00:00 A"]]}})
    client, tou = life.management(), life.app.engine.tou
    assert client.act(9, "0.0.10.0.100.255", 1, u16(2))[0] == OTHER
    assert tou.rate(life.second) == 1
    assert client.act(9, "0.0.10.0.100.255", 1, u16(8))[0] == 0
    assert tou.rate(life.second) == 8
    assert client.act(9, "0.0.10.0.100.255", 1, u16(9))[0] == 0
    assert tou.rate(life.second) == 1


# Class 22

SECTIONS = (
    ("0.0.15.0.0.255", "billing.reset"),
    ("0.0.15.0.128.255", "billing.freeze"),
    ("0.0.15.0.4.255", "dlms.push.schedule"),
)
FORMS = (
    ("FF1E0000 FFFFFFFFFF", {"kind": "hourly", "time": "00:30"}),
    ("060F0000 FFFFFFFFFF", {"kind": "daily", "time": "06:15"}),
    ("00000000 FFFFFFFF07", {"kind": "weekly", "weekday": "Sun"}),
    ("17000000 FFFFFF1CFF", {"kind": "monthly", "time": "23:00", "day": 28}),
    ("00000000 FFFFFFFEFF", {"kind": "monthly", "day": 31}),
)


BAD_FORMS = (
    "060F1E00 FFFFFFFFFF",
    "06FF0000 FFFFFFFFFF",
    "FF000000 FFFFFF01FF",
    "00000000 07EAFFFFFF",
    "00000000 FFFF01FFFF",
    "00000000 FFFFFF1FFF",
    "00000000 FFFFFF0107",
    "18000000 FFFFFFFFFF",
)


def entry(text):
    data = bytes.fromhex(text.replace(" ", ""))
    return b"\x02\x02\x09\x04" + data[:4] + b"\x09\x05" + data[4:]


@pytest.mark.parametrize("obis, section", SECTIONS)
@pytest.mark.parametrize("text, values", FORMS)
def test_a_schedule_is_set_as_execution_times_and_read_back_the_same(life, obis, section, text, values):
    client, wanted = life.management(), b"\x01\x01" + entry(text)
    assert client.get(22, obis, 4) == (0, b"\x01\x00")
    assert client.set(22, obis, 4, wanted) == 0
    assert {name: life.app.settings[f"{section}.{name}"] for name in values} == values
    assert client.get(22, obis, 4) == (0, wanted)
    assert len(parsed(client, 22, obis, (2, 3, 4)).executionTime) == 1
    assert client.set(22, obis, 4, b"\x01\x00") == 0
    assert life.app.settings[section + ".kind"] == "none"


@pytest.mark.parametrize("text", BAD_FORMS)
def test_a_schedule_that_the_meter_cannot_hold_is_refused(life, text):
    client, before = life.management(), dict(life.app.settings)
    assert client.set(22, "0.0.15.0.0.255", 4, b"\x01\x01" + entry(text)) == OTHER
    assert client.set(22, "0.0.15.0.0.255", 4, b"\x01\x02" + entry(FORMS[1][0]) * 2) == OTHER
    assert client.set(22, "0.0.15.0.0.255", 2, bytes.fromhex("0202090600000A0064FF120001")) == OTHER
    assert life.app.settings == before


def test_only_the_keys_open_a_schedule(life):
    assert life.reader("admin").set(22, "0.0.15.0.0.255", 4, b"\x01\x00") == DENIED


# Class 23


def test_the_setup_of_hdlc_is_that_of_the_ports(life):
    client = life.management()
    assert [client.get(23, "0.1.22.0.0.255", k)[1].hex() for k in range(2, 10)] == [
        "1605", "1101", "1101", "120080", "120080", "1203e8", "120078", "120001",
    ]  # fmt: skip
    changes = ((2, axdr.enum(6), "ports.rs485.baud", 19200), (3, b"\x11\x07", "ports.hdlc.window", 7))
    changes += ((6, u16(2030), "ports.hdlc.max_info", 2030), (7, u16(50), "ports.hdlc.inter_frame", 50))
    changes += ((8, u16(0), "ports.hdlc.inactivity", 0), (9, u16(16381), "ports.hdlc.unit", 16381))
    for attribute, data, path, value in changes:
        assert client.set(23, "0.1.22.0.0.255", attribute, data) == 0
        assert life.app.settings[path] == value
    setup = parsed(client, 23, "0.1.22.0.0.255", range(2, 10), 1)
    assert (setup.windowSizeTransmit, setup.windowSizeReceive, setup.deviceAddress) == (7, 7, 16381)
    assert (setup.maximumInfoLengthTransmit, setup.maximumInfoLengthReceive) == (2030, 2030)
    assert life.app.settings["ports.optical.baud"] == 9600


@pytest.mark.parametrize(
    "attribute, data",
    [
        (2, axdr.enum(9)),
        (2, axdr.enum(10)),
        (3, b"\x11\x08"),
        (5, u16(127)),
        (7, u16(19)),
        (9, u16(0)),
    ],
)
def test_a_setup_of_hdlc_that_is_not_allowed_is_refused(life, attribute, data):
    before = dict(life.app.settings)
    assert life.management().set(23, "0.0.22.0.0.255", attribute, data) == OTHER
    assert life.app.settings == before


# Classes 41 and 42


def test_the_setup_of_tcp_is_that_of_the_port(life):
    client = life.management()
    assert client.set(41, "0.0.25.0.0.255", 2, u16(4060)) == 0
    assert life.app.settings["ports.dlms_tcp.port"] == 4060
    setup = parsed(client, 41, "0.0.25.0.0.255", range(2, 7))
    assert (setup.port, setup.ipReference, setup.maximumSegmentSize) == (4060, "0.0.25.1.0.255", 536)
    assert setup.maximumSimultaneousConnections == tcp_setup.CONNECTIONS == CONNECTIONS
    address = parsed(client, 42, "0.0.25.1.0.255", range(2, 11))
    assert (str(address.ipAddress), address.useDHCP) == ("127.0.0.1", False)
    assert client.act(42, "0.0.25.1.0.255", 3) == (0, u16(0))
    assert client.act(42, "0.0.25.1.0.255", 1, axdr.null())[0] == DENIED


# Class 64


def wrapped(key, master):
    from cryptography.hazmat.primitives.keywrap import aes_key_wrap

    return aes_key_wrap(master, key)


MASTER = bytes.fromhex("00112233445566778899AABBCCDDEEFF")


def test_keys_are_replaced_under_the_master_key_and_the_old_ones_open_nothing(life):
    client, new = life.management(), bytes(range(100, 116))
    data = b"\x01\x01\x02\x02\x16\x00\x09\x18" + wrapped(new, MASTER)
    life.management().act(64, "0.0.43.0.0.255", 2, data)
    assert life.access.keys.key("global unicast encryption") == new
    from host_tests.protocols.dlms.raw_client import AUTHENTICATION

    client = life.management(keys=(new, AUTHENTICATION))
    assert client.value(64, "0.0.43.0.0.255", 2).value == 3
    setup = parsed(client, 64, "0.0.43.0.0.255", (3, 4, 5))
    assert bytes(setup.serverSystemTitle) == b"FRS\x00\x00\x00\x00\x01"
    assert bytes(setup.clientSystemTitle) == b"TST\x00\x00\x00\x00\x01"


@pytest.mark.parametrize(
    "data",
    [
        b"\x01\x00",
        b"\x01\x01\x02\x02\x16\x00\x09\x18" + bytes(24),
        b"\x01\x01\x02\x02\x16\x00\x09\x10" + bytes(16),
        b"\x01\x01\x02\x02\x16\x03\x09\x18" + wrapped(bytes(16), MASTER),
        b"\x01\x02"
        + b"\x02\x02\x16\x00\x09\x18"
        + wrapped(bytes(16), MASTER)
        + b"\x02\x02\x16\x02\x09\x18"
        + bytes(24),
        b"\x09\x00",
    ],
)
def test_keys_that_are_not_wrapped_under_the_master_key_replace_none(life, data):
    names = ("global unicast encryption", "authentication")
    before = [life.access.keys.key(name) for name in names]
    assert life.management().act(64, "0.0.43.0.0.255", 2, data)[0] in (OTHER, TYPE)
    assert [life.access.keys.key(name) for name in names] == before


def test_the_policy_can_only_be_as_strong_as_it_is(life):
    client = life.management()
    assert client.act(64, "0.0.43.0.0.255", 1, axdr.enum(3))[0] == 0
    assert client.act(64, "0.0.43.0.0.255", 1, axdr.enum(0))[0] == OTHER
    assert client.act(64, "0.0.43.0.0.255", 1, ZERO)[0] == TYPE
    assert life.reader("admin").act(64, "0.0.43.0.0.255", 1, axdr.enum(3))[0] == DENIED


# Class 70

CONTROL = "0.0.96.3.10.255"


def test_the_disconnector_drives_its_output_and_is_logged(life):
    client = life.management()
    assert life.board.contacts.states[2] is True
    assert client.act(70, CONTROL, 1, ZERO)[0] == OTHER  # mode 0: always connected
    assert client.set(70, CONTROL, 4, axdr.enum(4)) == 0
    assert client.act(70, CONTROL, 1, ZERO)[0] == 0
    assert life.board.contacts.states[2] is False
    control = parsed(client, 70, CONTROL, (2, 3, 4))
    assert (control.outputState, control.controlState, control.controlMode) == (False, 0, 4)
    assert client.act(70, CONTROL, 2, ZERO)[0] == 0
    assert client.get(70, CONTROL, 2)[1] == b"\x03\x01"
    assert life.board.contacts.states[2] is True
    done = [
        event.fields[0] for event in life.app.logs.log("security").records() if event.kind == kinds.COMMAND
    ]
    assert done == ["disconnect", "reconnect"]


def test_a_mode_that_is_not_there_and_clients_without_the_keys_are_refused(life):
    assert life.management().set(70, CONTROL, 4, axdr.enum(7)) == OTHER
    reader = life.reader("admin")
    assert reader.set(70, CONTROL, 4, axdr.enum(1)) == DENIED
    assert reader.act(70, CONTROL, 1, ZERO)[0] == DENIED
    assert life.public().get(70, CONTROL, 2) == (0, b"\x03\x01")


def test_the_disconnect_schedule_is_executed_at_its_time(life):
    client = life.management()
    client.set(70, CONTROL, 4, axdr.enum(4))
    # START is 14 November, 23:15 in the zone. On the last of the month at 22:30; and at 23:25 every day.
    times = b"\x01\x02" + entry("161E0000 FFFFFFFEFF") + entry("17190000 FFFFFFFFFF")
    assert client.set(22, "0.0.15.0.1.255", 4, times) == 0
    assert client.get(22, "0.0.15.0.1.255", 4) == (0, times)
    assert len(parsed(client, 22, "0.0.15.0.1.255", (2, 3, 4)).executionTime) == 2
    state, begin = life.app.dlms_state, life.second
    for second in range(begin, begin + 600, 7):
        state.tick(second)
        assert life.board.contacts.states[2] is True
    state.tick(begin + 600)
    assert life.board.contacts.states[2] is False
    script = b"\x02\x02\x09\x06\x00\x00\x0a\x00\x6a\xff\x12\x00\x02"
    assert client.set(22, "0.0.15.0.1.255", 2, script) == 0
    last = begin + 16 * 86400 - 45 * 60
    state.tick(last - 1000)
    assert life.board.contacts.states[2] is False
    state.tick(last)
    assert life.board.contacts.states[2] is True
    assert client.set(22, "0.0.15.0.1.255", 4, b"\x01\x0b" + entry("010A0000 FFFFFFFFFF") * 11) == OTHER
