"""The APDUs of a reader: AARQ, get, set and action requests, and what their answers say (IEC 62056-5-3)."""

import struct
from dataclasses import dataclass, field

from meter.protocols.dlms import acse, axdr, initiate
from meter.protocols.dlms.axdr import BadData, Data, length
from meter.protocols.dlms.objects import names

INVOKE = 0xC1  # confirmed, high priority, number 1

# Data-Access-Result in words.
RESULTS = {
    1: "hardware fault",
    2: "temporary failure",
    3: "not allowed for this client",
    4: "no such object or attribute",
    9: "the object is of another class",
    11: "the object is not available",
    12: "wrong type",
    13: "outside of what this client may select",
    14: "the block is not available",
    15: "the meter has broken off",
    250: "the meter refuses it",
}
DIAGNOSTICS = {
    acse.CONTEXT_NOT_SUPPORTED: "this client needs another application context",
    acse.MECHANISM_NOT_RECOGNISED: "this client needs another authentication",
    acse.MECHANISM_REQUIRED: "this client needs a password",
    acse.AUTHENTICATION_FAILURE: "wrong user name or password, or locked for a while",
}


class AnswerError(Exception):
    """The meter's answer is no, or is none of DLMS. The message says which."""


@dataclass
class Block:
    """A get answer. last: True if nothing follows. number: of the block, 0 where it is no block."""

    data: bytes
    last: bool = True
    number: int = 0
    results: list[int] = field(default_factory=list)


def aarq(password: bytes | None) -> bytes:
    """Return an AARQ: without authentication, or with low-level security."""
    body = b"\xa1\x09\x06\x07" + b"\x60\x85\x74\x05\x08\x01\x01"
    if password is not None:
        secret = b"\x80" + length(len(password)) + password
        body += b"\x8a\x02\x07\x80" + b"\x8b\x07" + b"\x60\x85\x74\x05\x08\x02\x01"
        body += b"\xac" + length(len(secret)) + secret
    wanted = b"\x01\x00\x00\x00\x06\x5f\x1f\x04\x00" + initiate.OURS.to_bytes(3, "big") + b"\xff\xff"
    information = b"\x04" + length(len(wanted)) + wanted
    body += b"\xbe" + length(len(information)) + information
    return bytes((acse.AARQ,)) + length(len(body)) + body


def check_aare(apdu: bytes) -> int:
    """Return the largest APDU that the meter takes. Raises AnswerError if it refuses."""
    try:
        if not apdu or apdu[0] != acse.AARE:
            raise AnswerError(f"no answer to an AARQ: {apdu[:16].hex()}")
        found = acse.fields(apdu)
        result, diagnostic = found[0xA2][-1], found[0xA3][-1]
        if result != acse.ACCEPTED:
            why = DIAGNOSTICS.get(diagnostic, f"diagnostic {diagnostic}")
            raise AnswerError(f"the meter refuses the association: {why}")
        return int(struct.unpack(">H", found[0xBE][-4:-2])[0])
    except (BadData, KeyError, IndexError, struct.error) as error:
        raise AnswerError(f"not an AARE: {apdu[:16].hex()} ({error})") from error


def attribute(class_id: int, ln: str, number: int) -> bytes:
    """Return the descriptor of an attribute or method."""
    return struct.pack(">H6sb", class_id, names.name(ln), number)


def get(class_id: int, ln: str, number: int, selection: tuple[int, bytes] | None = None) -> bytes:
    """Return a get request. selection: (selector, A-XDR)."""
    tail = b"\x00" if selection is None else bytes((1, selection[0])) + selection[1]
    return bytes((0xC0, 1, INVOKE)) + attribute(class_id, ln, number) + tail


def get_next(number: int) -> bytes:
    """Return the request for the block after this one."""
    return struct.pack(">BBBI", 0xC0, 2, INVOKE, number)


def set_to(class_id: int, ln: str, number: int, data: bytes) -> bytes:
    """Return a set request. data: A-XDR."""
    return bytes((0xC1, 1, INVOKE)) + attribute(class_id, ln, number) + b"\x00" + data


def action(class_id: int, ln: str, number: int, data: bytes | None) -> bytes:
    """Return an action request."""
    tail = b"\x00" if data is None else b"\x01" + data
    return bytes((0xC3, 1, INVOKE)) + attribute(class_id, ln, number) + tail


def got(apdu: bytes) -> Block:
    """Return what a get answer holds. Raises AnswerError."""
    _check(apdu, 0xC4)
    try:
        if apdu[1] == 1:
            if apdu[3]:
                raise AnswerError(result_text(apdu[4]))
            return Block(apdu[4:])
        if apdu[1] == 2:
            last, number = bool(apdu[3]), struct.unpack_from(">I", apdu, 4)[0]
            if apdu[8]:
                raise AnswerError(result_text(apdu[9]))
            size, at = axdr.read_length(apdu, 9)
            if at + size != len(apdu):
                raise AnswerError(f"a block of {len(apdu) - at} bytes says it has {size}")
            return Block(apdu[at:], last, number)
    except (IndexError, struct.error, BadData) as error:
        raise AnswerError(f"a get answer that is cut off: {apdu[:16].hex()}") from error
    raise AnswerError(f"an unknown get answer: {apdu[:16].hex()}")


def check_set(apdu: bytes) -> None:
    """Raise AnswerError if a set was refused."""
    _check(apdu, 0xC5)
    if len(apdu) != 4 or apdu[3]:
        raise AnswerError(result_text(apdu[3] if len(apdu) == 4 else 250))


def acted(apdu: bytes) -> Data | None:
    """Return what a method returned. Raises AnswerError if it was refused."""
    _check(apdu, 0xC7)
    if len(apdu) < 5 or apdu[3]:
        raise AnswerError(result_text(apdu[3] if len(apdu) > 3 else 250))
    return axdr.read_whole(apdu[6:]) if apdu[4] and not apdu[5] else None


def result_text(result: int) -> str:
    """Return a Data-Access-Result in words."""
    return RESULTS.get(result, f"data access result {result}")


def _check(apdu: bytes, tag: int) -> None:
    if apdu[:1] == b"\xd8":
        raise AnswerError(f"the meter does not serve this request (exception {apdu[1:].hex()})")
    if not apdu or apdu[0] != tag:
        raise AnswerError(f"an answer of another kind: {apdu[:16].hex()}")
