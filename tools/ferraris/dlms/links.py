"""What carries APDUs to a meter: the TCP wrapper (IEC 62056-47)."""

import struct

from ferraris.dlms.streams import Stream, TcpStream
from ferraris.dlms.url import Address
from ferraris.errors import ClientError

VERSION = 1
_HEAD = struct.Struct(">HHHH")  # version, source, destination, length


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
            if (source, destination) == (theirs, ours) and answer[:1] != b"\x0f":
                return answer

    def close(self) -> None:
        """Close the connection."""
        if self._stream:
            self._stream.close()
            self._stream = None
