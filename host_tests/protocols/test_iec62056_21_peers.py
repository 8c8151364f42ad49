"""An independent reader reads the meter: the package iec62056-21 0.0.2, over TCP and over a pseudo-terminal.

Its peculiarities, which these tests live with:
- it reopens and flushes a serial port 0.75 s after its option select message, so the meter must answer later;
- it takes the sixth character of an identification for a backslash and drops it;
- it takes the \\2 of mode E for a backslash and the beginning of the model;
- its send_password() raises TypeError, so the password is sent below it.
"""

import pytest
from iec62056_21 import messages
from iec62056_21.client import Iec6205621Client
from iec62056_21.transports import TransportError
from meter.config.schema import validate
from meter.protocols.iec62056_21.session import Iec6205621Session
from meter.protocols.session import Session
from meter.registers import event_kinds as kinds

from host_tests.access.door_life import Life
from host_tests.protocols.iec62056_21_meter import IDENTITY, HeldValues
from host_tests.protocols.iec62056_21_reader import Changing
from host_tests.protocols.iec62056_21_served import over_pty, over_tcp
from host_tests.test_app import NO_PORTS

EXPECTED = [
    ("0-0:96.1.0", "0012345678", None),
    ("0-0:1.0.0", "250131123456", None),
    ("0-0:97.97.0", "00000000", None),
    ("1-0:1.8.0", "00001234.567", "kWh"),
    ("1-0:2.8.0", "00000000.000", "kWh"),
    ("1-0:8.8.0", "99999999.999", "kvarh"),
    ("1-0:32.7.0", "230.12", "V"),
    ("1-0:31.7.0", "4.500", "A"),
    ("1-0:1.7.0", "1.0356", "kW"),
    ("1-0:13.7.0", "-0.987", None),
    ("1-0:14.7.0", "50.000", "Hz"),
]


def readout(client):
    """Read with the independent client; return (manufacturer, baud rate, identification, values)."""
    client.connect()
    try:
        data = client.standard_readout().data
    finally:
        client.disconnect()
    values = [(row.address, row.value, row.unit) for row in data]
    return client.manufacturer_id, client.switchover_baudrate, client.identification, values


def test_independent_reader_reads_the_meter_over_tcp():
    with over_tcp() as port:
        client = Iec6205621Client.with_tcp_transport(port.address, device_address=IDENTITY["serial"])
        assert readout(client) == ("FRS", 9600, "ERRARIS", EXPECTED)  # FERRARIS less its sixth character


def test_independent_reader_reads_the_meter_over_a_pseudo_terminal_again_and_again():
    with over_pty(reaction_ms=1000) as uart:
        for _ in range(2):
            client = Iec6205621Client.with_serial_transport(uart.path)
            assert readout(client) == ("FRS", 9600, "ERRARIS", EXPECTED)


def programmed(client, user="admin:admin"):
    """Go through programming mode with the independent client as its users do. Return what it saw."""
    client.connect()
    try:
        operand = client.access_programming_mode()
        password = messages.DataSet(address="", value=user)
        client.transport.send(
            messages.CommandMessage("P", 1, password).to_bytes()
        )  # its send_password() is broken
        seen = [operand.command, operand.data_set.value, client._recv_ack()]
        seen.append(client.read_single_value("1.8.0").value)
        client.write_single_value("R.2", "123.5")
        seen.append(client.read_single_value("R.2"))
        client.write_single_value("C.meter.id", "Feeder 7")
        seen.append(client.read_single_value("C.meter.id").value)
        client.transport.send(
            messages.CommandMessage("R", 6, messages.DataSet("P.01", "0231115;")).to_bytes()
        )
        seen.append(client.read_response().data[0].value)
        client.transport.send(messages.CommandMessage("R", 6, messages.DataSet("P.01", ";")).to_bytes())
        sets = client.read_response().data
        heads = [row for row in sets if row.address == "P.01"]
        seen.append((len(heads), len(sets) - 6 * len(heads)))
        client.write_single_value("0.9.1", "101112")
        seen.append(client.read_single_value("0.9.1").value[:4])
        client.send_break()
    finally:
        client.disconnect()
    seen[4] = seen[4].value, seen[4].unit
    return seen


# A day of minutes, and the records that the preset and the setting ended; heads: for these, and around midnight.
ANSWERS = (
    "P",
    "00000001",
    "\x06",
    "00000000.000",
    ("123.5", "Wh"),
    "Feeder 7",
    "ER03 a time is zYYMMDDhhmmss",
    (5, 1442),
    "1011",
)


@pytest.fixture(scope="module")
def life():
    """A meter with a day of records each minute; over 30 blocks of them."""
    profile = {"format": "values", "interval": 1, "channels": ["V.A"]}
    life = Life(settings=validate({**NO_PORTS, "load_profile": profile}))
    life.pass_time(86400)
    return life


@pytest.mark.feature("JEM-01")
def test_independent_reader_programs_the_meter_over_tcp(life):
    def session():
        visitor = Changing(life.access, kinds.TCP, life.door._log, life)
        return Iec6205621Session(visitor, serial=False, visit=visitor, mode="E", make_hdlc=Session)

    with over_tcp(session) as port:
        client = Iec6205621Client.with_tcp_transport(port.address, device_address="1")
        assert tuple(programmed(client)) == ANSWERS


@pytest.mark.feature("JEM-01", "PRT-01")
def test_independent_reader_programs_the_meter_over_a_pseudo_terminal(life):
    visitor = Changing(life.access, kinds.OPTICAL, life.door._log, life)
    with over_pty(visitor, reaction_ms=1000, visit=visitor) as uart:
        client = Iec6205621Client.with_serial_transport(uart.path)
        client.connect()
        client.access_programming_mode()
        client.transport.send(messages.CommandMessage("P", 1, messages.DataSet("", "admin:admin")).to_bytes())
        assert client._recv_ack() == "\x06"
        client.write_single_value("R.2", "7")
        assert client.read_single_value("R.2").value == "7"
        client.send_break()
        client.disconnect()


def test_independent_reader_reads_a_meter_that_offers_mode_e():
    with over_tcp(lambda: Iec6205621Session(HeldValues(), serial=False, mode="E", make_hdlc=Session)) as port:
        client = Iec6205621Client.with_tcp_transport(port.address, device_address=IDENTITY["serial"])
        assert readout(client) == ("FRS", 9600, "2FERRARIS", EXPECTED)


def test_independent_reader_with_another_address_hears_nothing():
    with over_tcp() as port:
        client = Iec6205621Client.with_tcp_transport(port.address, device_address="87654321")
        client.transport.timeout = 0.3
        client.transport.socket.settimeout(0.3)
        client.connect()
        with pytest.raises(TransportError):
            client.startup()
        client.disconnect()
