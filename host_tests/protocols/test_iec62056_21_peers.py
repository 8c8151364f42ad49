"""An independent reader reads the meter: the package iec62056-21 0.0.2, over TCP and over a pseudo-terminal.

Its peculiarities, which these tests live with:
- it reopens and flushes a serial port 0.75 s after its option select message, so the meter must answer later;
- it takes the sixth character of an identification for a backslash and drops it;
- it cannot parse a break, which has no data set, so the break is read below its parser.
"""

import pytest
from iec62056_21.client import Iec6205621Client
from iec62056_21.transports import TransportError

from host_tests.protocols.iec62056_21_meter import IDENTITY
from host_tests.protocols.iec62056_21_served import over_pty, over_tcp

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


def test_independent_reader_is_refused_programming_mode_with_a_break():
    with over_tcp() as port:
        client = Iec6205621Client.with_tcp_transport(port.address, device_address="12345678")
        client.connect()
        client.startup()
        client.ack_with_option_select("programming")
        assert client.transport.read() == b"\x01B0\x03q"
        client.disconnect()


def test_independent_reader_with_another_address_hears_nothing():
    with over_tcp() as port:
        client = Iec6205621Client.with_tcp_transport(port.address, device_address="87654321")
        client.transport.timeout = 0.3
        client.transport.socket.settimeout(0.3)
        client.connect()
        with pytest.raises(TransportError):
            client.startup()
        client.disconnect()
