"""A meter of three objects for the tests of services and blocks: what it holds is set and read, nothing is metered."""

from meter.access.errors import Denied, Refused
from meter.protocols.dlms import axdr
from meter.protocols.dlms.conversation import Conversation
from meter.protocols.dlms.device import Device
from meter.protocols.dlms.objects.base import (
    FREE,
    KEYED,
    OTHER_REASON,
    TEMPORARY_FAILURE,
    AccessError,
    CosemObject,
)
from meter.protocols.dlms.objects.names import name

VALUE, LONG, STREAM = name("0.0.96.1.0.255"), name("0.0.96.1.1.255"), name("0.0.96.1.2.255")

# Without security; low-level security with user1:user1. See test_acse.py for where these come from.
AARQ_PUBLIC = bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F0400FFFFFF0000")
_SECRET = b"user1:user1"


def aarq(secret=None, size=0):
    """Return an AARQ of a client that takes APDUs of this size, 0 for any."""
    body = bytes.fromhex("A109060760857405080101")
    if secret is not None:
        body += (
            bytes.fromhex("8A0207808B0760857405080201AC")
            + bytes((len(secret) + 2, 0x80, len(secret)))
            + secret
        )
    body += bytes.fromhex("BE10040E01000000065F1F0400FFFFFF") + size.to_bytes(2, "big")
    return b"\x60" + bytes((len(body),)) + body


class Held(CosemObject):
    """A value that is kept in the meter's dict."""

    class_id = 1
    attributes = ((2, FREE, "command:set time"), (3, KEYED, None), (4, "read:registers", None))
    methods = ((1, "command:freeze"), (2, FREE))

    def get(self, attribute, context):
        if self.ln == STREAM:
            return self._stream(context.access.pieces)
        return context.access.values[self.ln]

    def _stream(self, pieces):
        for piece in pieces:
            if isinstance(piece, int):
                raise AccessError(piece)
            yield piece

    def select(self, attribute, selector, parameters, context):
        return axdr.structure(axdr.enum(selector), axdr.number(axdr.DOUBLE_LONG, parameters.value))

    def set(self, attribute, data, context):
        if data.value == b"denied":
            raise Denied("no")
        if data.value == b"refused":
            raise Refused("no")
        context.access.values[self.ln] = axdr.octets(data.value)

    def invoke(self, method, data, context):
        context.access.invoked.append((method, data))
        if method == 2:
            return axdr.enum(7)
        return None


class Catalogue:
    """Three objects."""

    def find(self, class_id, ln, context):
        return Held(ln) if class_id == 1 and ln in (VALUE, LONG, STREAM) else None

    def all(self, context):
        return iter([Held(ln) for ln in (VALUE, LONG, STREAM)])


class SmallMeter:
    """What a Visitor is to the association: it lets user1 in, who may freeze and read, and not set the time."""

    def __init__(self):
        self.values = {VALUE: axdr.enum(5), LONG: axdr.octets(bytes(range(200)))}
        self.pieces, self.invoked, self.visits = [], [], []
        self.user = ""

    def on(self, peer):
        self.visits.append("on " + peer)

    def off(self):
        self.visits.append("off")
        self.user = ""

    def login(self, user, password):
        if (bytes(user), bytes(password)) != (b"user1", b"user1"):
            raise Denied("wrong user name or password")
        self.user = "user1"

    def login_slot(self, slot, password):
        if slot != 2:
            raise Denied("wrong user name or password")
        self.login(b"user1", password)

    def may_read(self, what):
        return self.user == "user1"

    def may_command(self, name):
        return self.user == "user1"

    def may_set(self, path):
        return True


def conversation(max_pdu=1024, largest_set=1000):
    """Return (Conversation, SmallMeter)."""
    meter = SmallMeter()
    device = Device(Catalogue(), max_pdu, bytes, largest_set=largest_set)
    found = Conversation(device, meter)
    found.peer = "10.0.0.7:4000"
    return found, meter


__all__ = [
    "AARQ_PUBLIC",
    "LONG",
    "OTHER_REASON",
    "STREAM",
    "TEMPORARY_FAILURE",
    "VALUE",
    "aarq",
    "conversation",
]
