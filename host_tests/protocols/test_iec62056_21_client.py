"""The reader of the command line (ferraris.iec62056_21) against the meter, and against what is no meter."""

import socket
import threading
from contextlib import contextmanager, suppress

import pytest
from ferraris import iec62056_21 as client
from meter.protocols.iec62056_21.codec import bcc
from meter.protocols.session import Session

from host_tests.protocols.iec62056_21_meter import BLOCK, IDENTITY
from host_tests.protocols.iec62056_21_served import over_pty, over_tcp

GOOD = BLOCK + bytes((bcc(BLOCK[1:]),))
BAD = BLOCK + bytes((bcc(BLOCK[1:]) ^ 1,))
IDENTIFICATION = b"/FRS5FERRARIS\r\n"


@contextmanager
def answering(*answers, each=None):
    """A server that says one answer after each thing it hears, `each` bytes at a time. Gives its URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection, suppress(ConnectionError):  # the reader leaves when it has heard enough
            for answer in answers:
                if not connection.recv(100):
                    return
                step = each or max(1, len(answer))
                for first in range(0, len(answer), step):
                    connection.sendall(answer[first : first + step])
            if answers:
                connection.recv(100)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"iec62056-21+tcp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join(5)
        listener.close()


def test_meter_is_read_over_tcp():
    with over_tcp() as port:
        host, number = port.address
        readout = client.read_meter(f"iec62056-21+tcp://{host}:{number}?address={IDENTITY['serial']}")
    assert readout.identification == client.Identification("FRS", 9600, "FERRARIS")
    assert readout.values[0] == ("0-0:96.1.0", "0012345678", "")
    assert readout.values[3] == ("1-0:1.8.0", "00001234.567", "kWh")
    assert len(readout.values) == 11


def test_meter_is_read_over_a_pseudo_terminal_again_and_again():
    with over_pty(reaction_ms=20) as uart:
        readouts = [client.read_meter("iec62056-21+serial:" + uart.path) for _ in range(2)]
    assert readouts[0] == readouts[1]
    assert len(readouts[0].values) == 11


@pytest.mark.parametrize(
    "mode, said",
    [("A", ("A", 300, "")), ("B", ("B", 9600, "")), ("C", ("C", 9600, "")), ("E", ("C", 9600, "2"))],
)
def test_meter_is_read_in_every_mode(mode, said):
    with over_pty(reaction_ms=20, mode=mode, make_hdlc=Session) as uart:
        readout = client.read_meter("iec62056-21+serial:" + uart.path)
    who = readout.identification
    assert (who.mode, who.baud, who.escapes) == said
    assert (who.manufacturer, who.model) == ("FRS", "FERRARIS")
    assert len(readout.values) == 11


def test_pseudo_terminal_left_at_300_baud_is_still_read():
    with over_pty(reaction_ms=20) as uart:
        client.SerialTransport(uart.path, 1).close()
        assert len(client.read_meter("iec62056-21+serial:" + uart.path).values) == 11


@pytest.mark.parametrize("what", ["1-0:1.8.0", "1.8.0"])
def test_one_value_can_be_asked_for(what):
    with answering(IDENTIFICATION, GOOD) as url:
        assert client.read_meter(url, what).values == [("1-0:1.8.0", "00001234.567", "kWh")]


def test_value_that_is_not_in_the_readout_is_an_error():
    with answering(IDENTIFICATION, GOOD) as url, pytest.raises(client.ClientError, match=r"no 99\.9"):
        client.read_meter(url, "99.9")


def test_answer_is_taken_byte_by_byte():
    with answering(IDENTIFICATION, GOOD, each=1) as url:
        assert len(client.read_meter(url).values) == 11


def test_damaged_readout_is_asked_for_again():
    with answering(IDENTIFICATION, BAD, GOOD) as url:
        assert len(client.read_meter(url).values) == 11


def test_readout_that_stays_damaged_is_an_error():
    with answering(IDENTIFICATION, BAD, BAD, BAD) as url, pytest.raises(client.ClientError, match="BCC"):
        client.read_meter(url)


@pytest.mark.parametrize(
    "answer, message",
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not an IEC 62056-21"),
        (b"/ABCX\r\n", "not an IEC 62056-21"),
        (b"/1234567\r\n", "not an IEC 62056-21"),
        (b"x" * 100_000, "not an IEC 62056-21"),
        (b"/" + b"x" * 100_000, "not an IEC 62056-21"),
    ],
)
def test_what_is_no_meter_is_an_error(answer, message):
    with answering(answer) as url, pytest.raises(client.ClientError, match=message):
        client.read_meter(url, timeout=1)


def test_silence_is_an_error():
    with answering(b"") as url, pytest.raises(client.ClientError, match="no answer"):
        client.read_meter(url, timeout=0.1)


def test_connection_that_closes_is_an_error():
    with answering() as url, pytest.raises(client.ClientError):
        client.read_meter(url, timeout=1)


def test_refused_connection_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(client.ClientError, match="refused"):
        client.read_meter(f"iec62056-21+tcp://127.0.0.1:{port}", timeout=1)


def test_missing_serial_port_is_an_error():
    with pytest.raises(client.ClientError, match="cannot open"):
        client.read_meter("iec62056-21+serial:/nonexistent/port", timeout=1)


@pytest.mark.parametrize("url", ["iec62056-21+tcp:", "dlms+tcp://127.0.0.1:1", "iec62056-21+serial:", "x"])
def test_wrong_url_is_an_error_that_says_what_is_expected(url):
    with pytest.raises(client.ClientError, match="expected iec62056-21"):
        client.read_meter(url)
