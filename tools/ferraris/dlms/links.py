"""What carries APDUs to a meter: the TCP wrapper (IEC 62056-47), HDLC (IEC 62056-46), and mode E in front of it."""

import struct
import time

from meter.protocols.dlms.hdlc_frame import (
    DISC,
    DM,
    FRMR,
    LONGEST_INFO,
    POLL,
    RR,
    SNRM,
    UA,
    Frame,
    Receiver,
    encode,
)
from meter.protocols.dlms.hdlc_link import LLC_COMMAND, LLC_RESPONSE, read_parameters, write_parameters
from meter.protocols.iec62056_21 import codec

from ferraris.dlms.client import Link
from ferraris.dlms.streams import SerialStream, Stream, TcpStream
from ferraris.dlms.url import HDLC, OPTICAL, TCP, Address
from ferraris.errors import ClientError

VERSION = 1
_HEAD = struct.Struct(">HHHH")  # version, source, destination, length
DATA_NOTIFICATION = b"\x0f"

WINDOW = 7
REPEATS = 2
_LLC = len(LLC_RESPONSE)

_OPEN_BAUD = 300
_REACTION_S = 0.2  # IEC 62056-21, 6.4.3: a reader answers after at least 200 ms
_ECHO_S = 1.5
_LONGEST_LINE = 64


def link(address: Address, timeout: float) -> Link:
    """Return the link to a meter; it is not open yet. timeout: seconds of silence."""
    return Wrapper(address, timeout) if address.scheme == TCP else HdlcLink(address, timeout)


class Wrapper:
    """APDUs with a head of eight bytes, over a connection."""

    def __init__(self, address: Address, timeout: float) -> None:
        self._address, self._timeout = address, timeout
        self._stream: Stream | None = None

    def open(self) -> None:
        """Connect."""
        self._stream = TcpStream(self._address.host, self._address.port, self._timeout)

    def exchange(self, apdu: bytes) -> bytes:
        """See Link. Answers to others, and what the meter pushes by itself, are passed over."""
        stream, ours, theirs = self._stream, self._address.client, self._address.server
        assert stream
        stream.send(_HEAD.pack(VERSION, ours, theirs, len(apdu)) + apdu)
        while True:
            version, source, destination, size = _HEAD.unpack(stream.read(_HEAD.size, "an answer"))
            if version != VERSION:
                raise ClientError(f"{stream.name}: what answers is no DLMS meter with the TCP wrapper")
            answer = stream.read(size, "the rest of an answer")
            if (source, destination) == (theirs, ours) and answer[:1] != DATA_NOTIFICATION:
                return answer

    def close(self) -> None:
        """Close the connection."""
        if self._stream:
            self._stream.close()
            self._stream = None


class HdlcLink:
    """The primary station of a link in normal response mode; what is lost is asked for again.

    The stream is a connection, a serial line, or an optical head whose meter is called by mode E first.
    """

    def __init__(self, address: Address, timeout: float) -> None:
        self._address, self._timeout = address, timeout
        self._stream: Stream | None = None
        self._server = server_address(address.server, address.station)
        self._client = bytes((address.client << 1 | 1,))
        self._receiver = Receiver(LONGEST_INFO)
        self._frames: list[Frame] = []
        self._transmit, self._window = 128, 1
        self._sends = self._expects = 0  # V(S), V(R)

    def open(self) -> None:
        """Connect, and set up the link."""
        self._stream = _opened(self._address, self._timeout)
        try:
            proposal = write_parameters(LONGEST_INFO, LONGEST_INFO, WINDOW, WINDOW)
            answer = self._command(SNRM, proposal)
            if answer.control & ~POLL != UA:
                raise ClientError(f"{self._stream.name}: the meter refuses a link: {answer.control:02x}")
        except BaseException:
            self._end()
            raise
        _, takes, _, window = read_parameters(answer.info or b"")
        self._transmit, self._window = takes, window
        self._sends = self._expects = 0

    def exchange(self, apdu: bytes) -> bytes:
        """See Link. The request goes out segment by segment; the answer's segments are put together."""
        data = LLC_COMMAND + apdu
        pieces = [data[at : at + self._transmit] for at in range(0, len(data), self._transmit)]
        for piece in pieces[:-1]:
            self._numbered(piece, True)
        answer, is_more = self._numbered(pieces[-1], False)
        while is_more or not answer:
            piece, is_more = self._poll()
            if not piece:
                raise ClientError(f"{self._name}: the meter has no answer to a request")
            answer += piece
        if answer[:_LLC] != LLC_RESPONSE:
            raise ClientError(f"{self._name}: an answer without the header of DLMS: {answer[:8].hex()}")
        return answer[_LLC:]

    def close(self) -> None:
        """Take down the link, and close."""
        if self._stream:
            try:
                self._command(DISC)
            except ClientError:
                pass
            self._end()

    def _end(self) -> None:
        if self._stream:
            self._stream.close()
            self._stream = None

    @property
    def _name(self) -> str:
        return self._address.where

    def _command(self, control: int, info: bytes = b"") -> Frame:
        """Send an unnumbered command and return the answer to it."""
        frame = encode(self._server, self._client, control | POLL, info)
        for _ in range(REPEATS + 1):
            self._send(frame)
            found = self._final()
            if found and found[-1].control & 3 == 3:
                return found[-1]
        raise ClientError(f"{self._name}: no answer: waited {self._timeout:g} s for a link by HDLC")

    def _numbered(self, piece: bytes, is_segment: bool) -> tuple[bytes, bool]:
        """Send an I frame until it is acknowledged. Return what came with that, as _poll()."""
        control = self._expects << 5 | POLL | self._sends << 1
        frame = encode(self._server, self._client, control, piece, is_segment)
        self._sends = self._sends + 1 & 7
        for _ in range(REPEATS + 1):
            self._send(frame)
            found = self._final()
            if found and self._acknowledged(found):
                return self._taken(found)
            if found:
                raise ClientError(f"{self._name}: the meter does not take a frame ({found[-1].control:02x})")
        raise ClientError(f"{self._name}: no answer: waited {self._timeout:g} s for a response by HDLC")

    def _poll(self) -> tuple[bytes, bool]:
        """Ask for what follows. Return (bytes that came in sequence, is more to come)."""
        for _ in range(REPEATS + 1):
            self._send(encode(self._server, self._client, self._expects << 5 | POLL | RR))
            found = self._final()
            if found:
                return self._taken(found)
        raise ClientError(f"{self._name}: no answer: waited {self._timeout:g} s for the rest by HDLC")

    def _acknowledged(self, found: list[Frame]) -> bool:
        """Return True if the last frame takes note of all that we have sent. ClientError if the link is gone."""
        kind = found[-1].control & ~POLL
        if kind in (DM, UA):
            raise ClientError(f"{self._name}: the meter has given up the link")
        return kind != FRMR and found[-1].control >> 5 == self._sends

    def _taken(self, found: list[Frame]) -> tuple[bytes, bool]:
        data, is_more = b"", False
        for frame in found:
            if not frame.control & 1 and frame.control >> 1 & 7 == self._expects:
                self._expects = self._expects + 1 & 7
                data += frame.info or b""
                is_more = frame.segmented
            elif not frame.control & 1:
                is_more = True  # one before it was lost: it comes again
        return data, is_more

    def _send(self, frame: bytes) -> None:
        assert self._stream
        self._frames.clear()
        self._stream.send(frame)

    def _final(self) -> list[Frame]:
        """Return the frames up to the final one; none if it does not come in time."""
        assert self._stream
        found: list[Frame] = []
        try:
            while True:
                for frame in self._receiver.feed(self._stream.some("an answer by HDLC")):
                    if frame.destination == self._client and frame.source == self._server:
                        found.append(frame)
                        if frame.control & POLL:
                            return found
        except ClientError as error:
            if "no answer" not in str(error):
                raise
            self._receiver.drop()
            return []


def server_address(logical: int, physical: int | None) -> bytes:
    """Return the bytes of a server's address: one, two or four of them."""
    if physical is None and logical < 0x80:
        return bytes((logical << 1 | 1,))
    if physical is not None and max(logical, physical) < 0x80:
        return bytes((logical << 1, physical << 1 | 1))
    lower = physical or 0
    return bytes((logical >> 7 << 1, (logical & 0x7F) << 1, lower >> 7 << 1, (lower & 0x7F) << 1 | 1))


def _opened(address: Address, timeout: float) -> Stream:
    """Return the stream on which HDLC can begin."""
    if address.scheme == HDLC:
        return TcpStream(address.host, address.port, timeout)
    if address.scheme != OPTICAL:
        return SerialStream(address.path, timeout, address.baud)
    stream = SerialStream(address.path, timeout, _OPEN_BAUD)
    try:
        _mode_e(stream, address)
    except BaseException:
        stream.close()
        raise
    return stream


def _mode_e(stream: SerialStream, address: Address) -> None:
    """Call the meter by IEC 62056-21 and change over to HDLC at the rate it offers (IEC 62056-46, Annex E).

    The head is at 300 baud, 7E1. Characters are sent with their parity bit in eight bits, which is the same on the
    line; a pseudo-terminal has no such bit, and both sides take it away.
    """
    station = "" if address.station is None else str(address.station)
    stream.send(f"/?{station}!\r\n".encode())
    line = b""
    while not line.endswith(b"\n"):
        line += bytes((stream.read(1, "an identification (not an IEC 62056-21 meter?)")[0] & 0x7F,))
        if len(line) > _LONGEST_LINE:
            raise ClientError(
                f"{stream.name}: not an IEC 62056-21 meter: a line of more than {len(line)} bytes"
            )
    start = line.rfind(b"/")
    rate = codec.baud_rate(chr(line[start + 4])) if start >= 0 and len(line) > start + 4 else None
    if rate is None:
        raise ClientError(f"{stream.name}: not a mode E meter: it identifies itself as {line!r}")
    time.sleep(_REACTION_S)
    z = line[start + 4 : start + 5]
    stream.send(b"\x062" + z + b"2\r\n")
    stream.wait_for(b"\n", _ECHO_S)  # most meters say the same once more, still at 300 baud
    stream.configure(rate)
