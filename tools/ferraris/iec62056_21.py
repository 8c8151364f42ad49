"""A reader for IEC 62056-21 meters, modes A, B, C and E: signs on, takes the data readout, checks it.

    iec62056-21+tcp://HOST:PORT[?address=A]        over a connection; the port is 2001 if left out
    iec62056-21+serial:/PATH[?address=A]           over an optical head, RS-485 or a pseudo-terminal

`read_meter` does it all; `parse_block` and `parse_identification` are the pure parts.
"""

import time
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from meter.protocols.iec62056_21 import codec

from ferraris.errors import ClientError
from ferraris.iec62056_21_transport import SerialTransport, TcpTransport, Transport

__all__ = ["ClientError", "Identification", "Readout", "parse_block", "parse_identification", "read_meter"]

SCHEME = "iec62056-21"
DEFAULT_PORT = 2001
REACTION_S = 0.2  # clause 6.4.3: a reader answers after at least 200 ms, on a line
REPEATS = 2
LIMIT = 65536


class DamagedError(ClientError):
    """The readout's block check character is wrong: it is worth asking for it again."""


@dataclass(frozen=True)
class Identification:
    """Who answered. baud: the rate it offers for the readout. model: the rest of its identification.

    mode: "A", "B" or "C" by what it offers the rate with. escapes: what it says after backslashes; 2 is HDLC, mode E.
    """

    manufacturer: str
    baud: int
    model: str
    mode: str = "C"
    escapes: str = ""


@dataclass(frozen=True)
class Readout:
    """A meter's answer. values: (OBIS, value, unit) texts in the meter's order; the unit may be empty."""

    identification: Identification
    values: list[tuple[str, str, str]]


def read_meter(url: str, what: str | None = None, timeout: float = 10.0) -> Readout:
    """Read the meter at url.

    what: an OBIS code, whole or without its A-B: part; only its values are returned then.
    timeout: seconds that the meter may be silent. Raises ClientError on any failure.
    """
    transport, address = _open(url, timeout)
    try:
        readout = _converse(transport, address)
    finally:
        transport.close()
    if what is None:
        return readout
    wanted = [row for row in readout.values if what in (row[0], row[0].rpartition(":")[2])]
    if not wanted:
        raise ClientError(f"the meter's readout has no {what}")
    return Readout(readout.identification, wanted)


def parse_identification(message: bytes) -> Identification:
    """Parse /XXXZ\\Widentification CR LF. Raises ClientError if it is not that of a meter."""
    text = message.decode("ascii", "replace").rstrip("\r\n")
    if len(text) < 6 or not text[1:4].isalpha():
        raise ClientError(f"not an IEC 62056-21 meter: it identifies itself as {text!r}")
    mode, rate = codec.offered(text[4])
    model, escapes = text[5:], ""
    while len(model) > 1 and model[0] == "\\":
        model, escapes = model[2:], escapes + model[1]
    return Identification(text[1:4], rate, model, mode, escapes)


def parse_block(message: bytes) -> list[tuple[str, str, str]]:
    """Parse a data message from STX to BCC into (OBIS, value, unit). Raises ClientError if it is damaged."""
    if len(message) < 3 or message[0] != codec.STX or message[-2] != codec.ETX:
        raise ClientError("the readout is incomplete")
    if codec.bcc(message[1:-1]) != message[-1]:
        raise DamagedError("the readout is damaged: wrong block check character (BCC)")
    text = message[1:-2].decode("ascii", "replace")
    return [_parse_line(line) for line in text.split("\r\n") if line and line != "!"]


def _parse_line(line: str) -> tuple[str, str, str]:
    """Parse OBIS(value*unit); a second data set of a line stays in the value."""
    obis, bracket, rest = line.partition("(")
    if not bracket or not rest.endswith(")"):
        raise ClientError(f"not a data line of IEC 62056-21: {line!r}")
    value, _, unit = rest[:-1].partition("*")
    return obis, value, unit


def _open(url: str, timeout: float) -> tuple[Transport, str]:
    """Return (transport, address) of url."""
    parts = urlsplit(url)
    address = parse_qs(parts.query).get("address", [""])[0]
    if parts.scheme == SCHEME + "+tcp" and parts.hostname:
        return TcpTransport(parts.hostname, parts.port or DEFAULT_PORT, timeout), address
    if parts.scheme == SCHEME + "+serial" and parts.path:
        return SerialTransport(parts.path, timeout), address
    raise ClientError(f"{url}: expected {SCHEME}+tcp://HOST:PORT or {SCHEME}+serial:/PATH")


def _converse(transport: Transport, address: str) -> Readout:
    """Sign on, select the readout at the rate offered (mode C), and take it; ask again if it is damaged."""
    transport.send(f"/?{address}!\r\n".encode("ascii", "replace"))
    message = _identification_message(transport)
    identification = parse_identification(message)
    if identification.mode == "C":
        if transport.is_line:
            time.sleep(REACTION_S)
        transport.send(b"\x060" + message[4:5] + b"0\r\n")
    if identification.mode != "A":
        transport.switch(identification.baud)
    for _ in range(REPEATS):
        try:
            return Readout(identification, parse_block(_block_message(transport)))
        except DamagedError:
            transport.send(bytes((codec.NAK,)))
    return Readout(identification, parse_block(_block_message(transport)))


def _identification_message(transport: Transport) -> bytes:
    """Return the first line that begins with a slash. An echo of our request is passed over."""
    while True:
        _skip_to(transport, codec.SLASH, "an identification (not an IEC 62056-21 meter?)")
        message = b"/"
        while not message.endswith(b"\n"):
            message += _byte(transport, message)
        if not message.startswith(b"/?"):
            return message


def _block_message(transport: Transport) -> bytes:
    """Return the next data message, from STX to BCC."""
    _skip_to(transport, codec.STX, "a readout")
    message = bytearray((codec.STX,))
    while message[-1] != codec.ETX:
        message += _byte(transport, message)
    return bytes(message + _byte(transport, message))


def _skip_to(transport: Transport, start: int, what: str) -> None:
    """Read until the start character. Raises ClientError if it does not come."""
    for _ in range(LIMIT):
        if transport.byte(what)[0] == start:
            return
    raise ClientError(f"not an IEC 62056-21 meter: {LIMIT} bytes without {what}")


def _byte(transport: Transport, message: bytes | bytearray) -> bytes:
    """Return the next byte of a message that has begun."""
    if len(message) >= LIMIT:
        raise ClientError(f"not an IEC 62056-21 meter: a message of more than {LIMIT} bytes")
    return transport.byte("the rest of a message")
