"""The APDUs of a reader: association, get, set and action requests, and what their answers say (IEC 62056-5-3)."""

import struct
from dataclasses import dataclass

from meter.protocols.dlms import acse, axdr, initiate
from meter.protocols.dlms.axdr import BadData, Data, length
from meter.protocols.dlms.objects import names

from ferraris.errors import ClientError

INVOKE = 0xC1  # confirmed, high priority, number 1
SIZE = 0xFFFF  # of the largest APDU that we take
TITLE = 8  # bytes of a system title

_LN = b"\x60\x85\x74\x05\x08\x01"
_MECHANISM = b"\x60\x85\x74\x05\x08\x02"
_TAGS = {0xC0: 0xC4, 0xC1: 0xC5, 0xC3: 0xC7}

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
    16: "no transfer is going on",
    17: "too long: the meter has broken off",
    18: "no transfer is going on",
    19: "wrong number of a block",
    250: "the meter refuses it",
}
DENIED, UNDEFINED = 3, 4
DIAGNOSTICS = {
    acse.CONTEXT_NOT_SUPPORTED: "this client needs another application context",
    acse.TITLE_NOT_RECOGNISED: "it does not take our system title",
    acse.MECHANISM_NOT_RECOGNISED: "this client needs another authentication",
    acse.MECHANISM_REQUIRED: "this client needs a password or keys",
    acse.AUTHENTICATION_FAILURE: "wrong user name, password or key, or locked for a while",
}
EXCEPTIONS = {
    1: "not possible now",
    2: "it does not know the service",
    3: "it cannot make sense of the request",
    4: "the request is too long",
    5: "it cannot decipher the request: another key?",
    6: "the invocation counter was used before",
}


class AnswerError(ClientError):
    """The meter's answer is no, or is none of DLMS. result: a Data-Access-Result, or None."""

    def __init__(self, message: str, result: int | None = None) -> None:
        super().__init__(message)
        self.result = result


class CounterError(AnswerError):
    """An invocation counter was used before. counter: the one that the meter expects, or None."""

    def __init__(self, counter: int | None) -> None:
        super().__init__(EXCEPTIONS[6])
        self.counter = counter


@dataclass(frozen=True)
class Attribute:
    """An attribute or method of an object. ln: A.B.C.D.E.F. selection: (selector, A-XDR) or None."""

    class_id: int
    ln: str
    number: int = 2
    selection: tuple[int, bytes] | None = None

    @property
    def name(self) -> bytes:
        """Its descriptor."""
        return struct.pack(">H6sb", self.class_id, names.name(self.ln), self.number)

    @property
    def selected(self) -> bytes:
        """Its descriptor with the selection."""
        if self.selection is None:
            return self.name + b"\x00"
        return self.name + bytes((1, self.selection[0])) + self.selection[1]


@dataclass
class Part:
    """A get answer. last: True if nothing follows. number: of the block, 0 where it is no block."""

    data: bytes
    last: bool = True
    number: int = 0


@dataclass
class Accepted:
    """What an AARE says. information: the InitiateResponse, perhaps ciphered. title, challenge: with HLS only."""

    information: bytes
    title: bytes = b""
    challenge: bytes = b""


# Associations.


def initiate_request() -> bytes:
    """Return an InitiateRequest that proposes all that the meter can do."""
    head = b"\x01\x00\x00\x00" + bytes((initiate.VERSION,)) + b"\x5f\x1f\x04\x00"
    return head + initiate.OURS.to_bytes(3, "big") + struct.pack(">H", SIZE)


def aarq(
    information: bytes,
    context: int = acse.LN,
    mechanism: int = acse.LOWEST,
    secret: bytes = b"",
    title: bytes = b"",
) -> bytes:
    """Return an AARQ. information: the InitiateRequest, ciphered where the context wants it.

    secret: the password of low-level, our challenge of high-level security. title: our system title, with HLS.
    """
    body = _field(0xA1, _field(0x06, _LN + bytes((context,))))
    if title:
        body += _field(0xA6, _field(0x04, title))
    if mechanism != acse.LOWEST:
        body += b"\x8a\x02\x07\x80" + _field(0x8B, _MECHANISM + bytes((mechanism,)))
        body += _field(0xAC, _field(0x80, secret))
    return _field(acse.AARQ, body + _field(0xBE, _field(0x04, information)))


def rlrq(information: bytes = b"") -> bytes:
    """Return an RLRQ: released normally."""
    return _field(
        acse.RLRQ, b"\x80\x01\x00" + (_field(0xBE, _field(0x04, information)) if information else b"")
    )


def accepted(apdu: bytes) -> Accepted:
    """Return what an AARE says. AnswerError if the meter refuses, or if it is none."""
    try:
        if apdu[:1] != bytes((acse.AARE,)):
            _check_exception(apdu)
            raise AnswerError(f"no answer to an association request: {apdu[:16].hex()}")
        found = acse.fields(apdu)
        result, diagnostic = found[0xA2][-1], found[0xA3][-1]
        if result != acse.ACCEPTED:
            why = DIAGNOSTICS.get(
                diagnostic, "it does not say why" if diagnostic == 1 else f"code {diagnostic}"
            )
            raise AnswerError(f"the meter refuses the association: {why}")
        return Accepted(_inside(found[0xBE]), _inside(found.get(0xA4)), _inside(found.get(0xAA)))
    except (BadData, KeyError, IndexError) as error:
        raise AnswerError(f"not an association response: {apdu[:16].hex()} ({error})") from error


def largest_apdu(information: bytes) -> int:
    """Return the largest APDU that the meter takes, of a plain InitiateResponse."""
    if len(information) < 14 or information[0] != initiate.RESPONSE:
        raise AnswerError(f"not an InitiateResponse: {information[:16].hex()}")
    return int(struct.unpack(">H", information[-4:-2])[0])


def _field(tag: int, contents: bytes) -> bytes:
    return bytes((tag,)) + bytes(length(len(contents))) + contents


def _inside(data: bytes | None) -> bytes:
    """Return the contents of the one element that data is."""
    if data is None:
        return b""
    size, at = axdr.read_length(data, 1)
    if at + size != len(data):
        raise BadData("an element of another length")
    return data[at:]


# Requests.


def get(attribute: Attribute) -> bytes:
    """Return a get request."""
    return bytes((0xC0, 1, INVOKE)) + attribute.selected


def get_next(number: int) -> bytes:
    """Return the request for the block after this one."""
    return struct.pack(">BBBI", 0xC0, 2, INVOKE, number)


def get_list(attributes: list[Attribute]) -> bytes:
    """Return a get request with list."""
    head = bytes((0xC0, 3, INVOKE)) + bytes(length(len(attributes)))
    return head + b"".join(one.selected for one in attributes)


def set_to(attribute: Attribute, data: bytes) -> bytes:
    """Return a set request. data: A-XDR."""
    return bytes((0xC1, 1, INVOKE)) + attribute.selected + data


def set_first(attribute: Attribute, last: bool, data: bytes) -> bytes:
    """Return the set request with the first block."""
    return bytes((0xC1, 2, INVOKE)) + attribute.selected + _block(last, 1, data)


def set_block(last: bool, number: int, data: bytes) -> bytes:
    """Return a set request with a later block."""
    return bytes((0xC1, 3, INVOKE)) + _block(last, number, data)


def action(method: Attribute, data: bytes | None) -> bytes:
    """Return an action request."""
    return bytes((0xC3, 1, INVOKE)) + method.name + (b"\x00" if data is None else b"\x01" + data)


def action_first(method: Attribute, last: bool, data: bytes) -> bytes:
    """Return the action request with the first block."""
    return bytes((0xC3, 4, INVOKE)) + method.name + _block(last, 1, data)


def action_block(last: bool, number: int, data: bytes) -> bytes:
    """Return an action request with a later block."""
    return bytes((0xC3, 6, INVOKE)) + _block(last, number, data)


def _block(last: bool, number: int, data: bytes) -> bytes:
    return struct.pack(">BI", last, number) + bytes(length(len(data))) + data


# Answers.


def got(apdu: bytes) -> Part:
    """Return what a get answer holds: A-XDR, of a list its results from the count on. AnswerError."""
    _check(apdu, 0xC4)
    try:
        if apdu[1] == 1:
            if apdu[3]:
                raise refused(apdu[4])
            return Part(apdu[4:])
        if apdu[1] == 2:
            last, number = bool(apdu[3]), struct.unpack_from(">I", apdu, 4)[0]
            if apdu[8]:
                raise refused(apdu[9])
            size, at = axdr.read_length(apdu, 9)
            if at + size != len(apdu):
                raise AnswerError(f"a block of {len(apdu) - at} bytes says it has {size}")
            return Part(apdu[at:], last, number)
        if apdu[1] == 3:
            return Part(apdu[3:])
    except (IndexError, struct.error, BadData) as error:
        raise AnswerError(f"a get answer that is cut off: {apdu[:16].hex()}") from error
    raise AnswerError(f"an unknown get answer: {apdu[:16].hex()}")


def results(data: bytes, count: int) -> list[Data | AnswerError]:
    """Return the results of a get with list, from Part.data: data, or why there is none."""
    found: list[Data | AnswerError] = []
    try:
        said, at = axdr.read_length(data, 0)
        if said != count:
            raise BadData(f"{said} results to {count} requests")
        for _ in range(count):
            if data[at]:
                found.append(refused(data[at + 1]))
                at += 2
            else:
                value, at = axdr.read(data, at + 1)
                found.append(value)
    except (IndexError, BadData) as error:
        raise AnswerError(f"a list of results that is no such ({error})") from error
    return found


def check_set(apdu: bytes) -> None:
    """Raise AnswerError if a set, or its block, was refused."""
    _check(apdu, 0xC5)
    if len(apdu) < 4:
        raise AnswerError(f"a set answer that is cut off: {apdu.hex()}")
    if apdu[1] in (1, 3) and apdu[3]:
        raise refused(apdu[3])
    if apdu[1] not in (1, 2, 3):
        raise AnswerError(f"an unknown set answer: {apdu[:16].hex()}")


def acted(apdu: bytes) -> Data | None:
    """Return what a method returned; None too where only the next block is wanted. AnswerError if it was refused."""
    _check(apdu, 0xC7)
    if apdu[1:2] == b"\x04":
        return None
    if len(apdu) < 5:
        raise AnswerError(f"an action answer that is cut off: {apdu.hex()}")
    if apdu[3]:
        raise refused(apdu[3])
    try:
        return axdr.read_whole(apdu[6:]) if apdu[4] and not apdu[5] else None
    except BadData as error:
        raise AnswerError(f"a method's answer is no data ({error})") from error


def refused(result: int) -> AnswerError:
    """Return a Data-Access-Result as an error."""
    return AnswerError(RESULTS.get(result, f"data access result {result}"), result)


def _check(apdu: bytes, tag: int) -> None:
    _check_exception(apdu)
    if apdu[:1] != bytes((tag,)):
        raise AnswerError(f"an answer of another kind: {apdu[:16].hex() or 'nothing'}")


def _check_exception(apdu: bytes) -> None:
    if apdu[:1] != b"\xd8":
        return
    service = apdu[2] if len(apdu) > 2 else 0
    if service == 6:
        raise CounterError(int.from_bytes(apdu[3:7], "big") if len(apdu) >= 7 else None)
    raise AnswerError(f"the meter refuses the request: {EXCEPTIONS.get(service, apdu[1:].hex())}")
