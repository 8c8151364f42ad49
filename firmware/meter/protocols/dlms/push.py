"""Data notification: what a meter sends without being asked (IEC 62056-5-3, data-notification; IEC 62056-4-7).

    wrapper     0001 | source wPort: the logical device | destination wPort: the client | length
    0F | long-invoke-id-and-priority, uint32 | length of the date-time, 0 or 12 | date-time | body

The body is a structure of the attributes. It is not confirmed, so the high bits of the first number are 0: no class of
service, normal priority; the low 24 bits count. It is sent in plain, as IDIS has it for a push over TCP.
"""

import struct

from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects.base import AccessError
from meter.protocols.session import Session

TAG = const(0x0F)
WRAPPER_VERSION = const(1)
_LOGICAL_DEVICE = const(1)
_INVOKE = const(0x00FFFFFF)
LARGEST = const(8192)  # bytes of the body


class TooLong(Exception):
    """What is to be pushed has more than LARGEST bytes."""


def wrap(client, apdu):
    """Return an APDU as the logical device sends it to a client address over TCP."""
    return struct.pack(">HHHH", WRAPPER_VERSION, _LOGICAL_DEVICE, client, len(apdu)) + apdu


def notification(number, time, body):
    """Return the APDU. number: counts the notifications. time: 12 bytes. body: A-XDR."""
    head = struct.pack(">BI", TAG, number & _INVOKE)
    return head + bytes((len(time),)) + bytes(time) + body


def body(read, attributes):
    """Yield None while there is more to do, then the structure of some attributes, bytes.

    read(class, logical name, attribute): as CosemObject.get(). What cannot be read is null-data. TooLong.
    """
    parts, size = [bytes((axdr.STRUCTURE,)) + axdr.length(len(attributes))], 0
    for attribute in attributes:
        start = len(parts)
        try:
            for piece in _pieces(read(*attribute)):
                if piece is None:
                    yield None
                    continue
                parts.append(piece)
                size += len(piece)
                if size > LARGEST:
                    raise TooLong
        except AccessError:
            parts = parts[:start] + [axdr.null()]
        yield None
    yield b"".join(parts)


def _pieces(value):
    return (value,) if isinstance(value, (bytes, bytearray)) else value


class PushSession(Session):
    """One notification: it has its output at once, and is over. What the peer sends is not looked at."""

    def __init__(self, client, apdu):
        super().__init__()
        self._output += wrap(client, apdu)
        self.closed = True

    def receive(self, data, now):
        """Nothing is expected."""
