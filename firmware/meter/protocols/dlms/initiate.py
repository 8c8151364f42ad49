"""The xDLMS InitiateRequest and InitiateResponse: what both sides can do (IEC 62056-5-3, 7.3.1 and 9.5).

request   01  dedicated key?  response allowed  quality?  version  conformance  client's largest APDU
response  08  quality?  version  conformance  server's largest APDU  0007
error     0E 01 06 reason                       of a ConfirmedServiceError: initiate
"""

import struct
from collections import namedtuple

from meter.compat import const
from meter.protocols.dlms.axdr import BadData, read_length

REQUEST = const(0x01)
RESPONSE = const(0x08)
VERSION = const(6)
LEAST_PDU = const(12)

# Conformance: 24 bits, of which bit 0 is the highest.
GENERAL_PROTECTION = 1 << 23 - 1
PRIORITY = 1 << 23 - 9
GET_BLOCKS = 1 << 23 - 11
SET_BLOCKS = 1 << 23 - 12
ACTION_BLOCKS = 1 << 23 - 13
MULTIPLE = 1 << 23 - 14
NOTIFICATION = 1 << 23 - 16
GET = 1 << 23 - 19
SET = 1 << 23 - 20
SELECTIVE = 1 << 23 - 21
ACTION = 1 << 23 - 23
OURS = (
    GENERAL_PROTECTION | PRIORITY | GET_BLOCKS | SET_BLOCKS | ACTION_BLOCKS | MULTIPLE | NOTIFICATION | GET | SET
    | SELECTIVE | ACTION
)  # fmt: skip

# Reasons of a refused initiate.
VERSION_TOO_LOW = const(1)
INCOMPATIBLE_CONFORMANCE = const(2)
PDU_SIZE_TOO_SHORT = const(3)
REFUSED = const(4)

_CONFORMANCE = b"\x5f\x1f\x04\x00"

# dedicated: key or None. size: the client's largest APDU, 0 where it has no limit.
Initiate = namedtuple("Initiate", ("dedicated", "version", "conformance", "size"))


def request(apdu):
    """Return the Initiate of an InitiateRequest. BadData."""
    if not apdu or apdu[0] != REQUEST:
        raise BadData("no InitiateRequest")
    at, dedicated = 1, None
    try:
        if apdu[at]:
            size, at = read_length(apdu, at + 1)
            dedicated = bytes(apdu[at : at + size])
            at += size
        else:
            at += 1
        at += 2 if apdu[at] else 1  # response-allowed
        at += 2 if apdu[at] else 1  # proposed quality of service
        version = apdu[at]
        at += 1
        if apdu[at] == 0x5F:
            # Some clients leave out the 1F of the tag [APPLICATION 31].
            at += 2 if apdu[at + 1] == 0x1F else 1
        if apdu[at] != 4 or apdu[at + 1] != 0:
            raise BadData("a conformance block of 24 bits is due at byte %d" % at)
    except IndexError:
        raise BadData("the InitiateRequest is cut off")
    if at + 7 != len(apdu):
        raise BadData("the InitiateRequest has %d bytes, not %d" % (len(apdu), at + 7))
    conformance = int.from_bytes(apdu[at + 2 : at + 5], "big")
    size = int.from_bytes(apdu[at + 5 :], "big")
    return Initiate(dedicated, version, conformance, size)


def response(conformance, size):
    """Return an InitiateResponse. conformance: 24 bits. size: the server's largest APDU."""
    return (
        bytes((RESPONSE, 0, VERSION))
        + _CONFORMANCE
        + conformance.to_bytes(3, "big")
        + struct.pack(">HH", size, 7)
    )


def error(reason):
    """Return the ConfirmedServiceError of a refused initiate."""
    return bytes((0x0E, 0x01, 0x06, reason))
