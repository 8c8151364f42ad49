"""The association's own APDUs, in BER: AARQ, AARE, RLRQ, RLRE (ISO/IEC 8650-1; IEC 62056-5-3, 7 and 9.4).

AARQ 60  [A1 application-context-name] [A6 calling-AP-title] [A9 calling-AE-invocation-id] [8A requirements]
         [8B mechanism-name] [AC calling-authentication-value] [BE user-information]
AARE 61  A1 application-context-name  A2 result  A3 diagnostic  [A4 responding-AP-title] [88 requirements]
         [89 mechanism-name] [AA responding-authentication-value] [BE user-information]
RLRQ 62  [80 reason] [BE user-information]
RLRE 63  [80 reason] [BE user-information]
"""

from collections import namedtuple

from meter.compat import const
from meter.protocols.dlms.axdr import BadData, length, read_length

AARQ = const(0x60)
AARE = const(0x61)
RLRQ = const(0x62)
RLRE = const(0x63)

_OID = b"\x60\x85\x74\x05\x08"  # joint-iso-ccitt(2) country(16) country-name(756) identified-organisation(5) DLMS-UA(8)
_CONTEXT = _OID + b"\x01"
_MECHANISM = _OID + b"\x02"

# Application contexts: how objects are named, and whether APDUs are ciphered.
LN = const(1)
SN = const(2)
LN_CIPHERED = const(3)
SN_CIPHERED = const(4)

# Authentication mechanisms.
LOWEST = const(0)
LOW = const(1)
HIGH_GMAC = const(5)

ACCEPTED = const(0)
REJECTED = const(1)  # permanently

# Diagnostics of the service user.
NO_DIAGNOSTIC = const(0)
NO_REASON = const(1)
CONTEXT_NOT_SUPPORTED = const(2)
TITLE_NOT_RECOGNISED = const(3)
MECHANISM_NOT_RECOGNISED = const(11)
MECHANISM_REQUIRED = const(12)
AUTHENTICATION_FAILURE = const(13)
AUTHENTICATION_REQUIRED = const(14)

# What a client asks for. context, mechanism: numbers of above, None for one that is none of DLMS. title: bytes or None.
# user: calling-AE-invocation-id or None. secret: bytes of the authentication value or None. information: bytes or None.
Request = namedtuple("Request", ("context", "mechanism", "title", "user", "secret", "information"))


def fields(apdu):
    """Return a dict from tag to contents (bytes) of the fields of an APDU. BadData if it is no BER."""
    size, at = read_length(apdu, 1)
    if at + size != len(apdu):
        raise BadData("the APDU has %d bytes, its length says %d" % (len(apdu), at + size))
    found = {}
    while at < len(apdu):
        tag = apdu[at]
        size, at = read_length(apdu, at + 1)
        if at + size > len(apdu):
            raise BadData("field %02X ends behind the APDU" % tag)
        found[tag] = bytes(apdu[at : at + size])
        at += size
    return found


def _inside(data, tag):
    """Return the contents of the one element with this tag that `data` is. None where data is None."""
    if data is None:
        return None
    if not data or data[0] != tag:
        raise BadData("%02X is due, not %s" % (tag, "%02X" % data[0] if data else "nothing"))
    size, at = read_length(data, 1)
    if at + size != len(data):
        raise BadData("the element %02X has another length" % tag)
    return data[at:]


def _number(oid, family):
    """Return the last arc of an object identifier of DLMS, or None if it is another one."""
    return oid[-1] if oid is not None and len(oid) == 7 and oid[:-1] == family else None


def request(apdu):
    """Return the Request of an AARQ. BadData."""
    found = fields(apdu)
    mechanism, secret = LOWEST, None
    if 0x8B in found:
        mechanism = _number(found[0x8B], _MECHANISM)
    if 0xAC in found:
        secret = _inside(found[0xAC], 0x80)
    user = _inside(found.get(0xA9), 0x02)
    return Request(
        _number(_inside(found.get(0xA1), 0x06), _CONTEXT),
        mechanism,
        _inside(found.get(0xA6), 0x04),
        int.from_bytes(user, "big") if user else None,
        secret,
        _inside(found.get(0xBE), 0x04),
    )


def release_information(apdu):
    """Return the user-information of an RLRQ, bytes or None. BadData."""
    return _inside(fields(apdu).get(0xBE), 0x04)


def _field(tag, contents):
    return bytes((tag,)) + length(len(contents)) + contents


def response(context, result, diagnostic, information=None, title=None, mechanism=None, challenge=None):
    """Return an AARE. title, mechanism and challenge: only with high-level security."""
    body = _field(0xA1, _field(0x06, _CONTEXT + bytes((context,))))
    body += _field(0xA2, _field(0x02, bytes((result,))))
    body += _field(0xA3, _field(0xA1, _field(0x02, bytes((diagnostic,)))))
    if title is not None:
        body += _field(0xA4, _field(0x04, title))
    if mechanism is not None:
        body += _field(0x88, b"\x07\x80")
        body += _field(0x89, _MECHANISM + bytes((mechanism,)))
    if challenge is not None:
        body += _field(0xAA, _field(0x80, challenge))
    if information is not None:
        body += _field(0xBE, _field(0x04, information))
    return _field(AARE, body)


def released(information=None):
    """Return an RLRE: released normally."""
    body = _field(0x80, b"\x00")
    if information is not None:
        body += _field(0xBE, _field(0x04, information))
    return _field(RLRE, body)
