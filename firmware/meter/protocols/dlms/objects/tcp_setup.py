"""TCP-UDP setup, class 41, and IPv4 setup, class 42: where the DLMS port is found.

The board's network is the operating system's: the address is the one that the port listens on (ports.dlms_tcp.host),
0.0.0.0 where that is a name; there is neither multicast, nor DHCP, nor a name server that this meter would know of. The
segment size is what TCP takes for granted, 536 (RFC 9293). A change of the port holds from the next start on.
"""

from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base
from meter.protocols.dlms.objects.base import KEYED, CosemObject
from meter.protocols.dlms.objects.doing import change, done
from meter.protocols.dlms.objects.names import name

TCP_LN = name("0.0.25.0.0.255")
IPV4_LN = name("0.0.25.1.0.255")
SEGMENT = const(536)
CONNECTIONS = const(4)  # app.TCP_CONNECTIONS; a test compares them
_READ = "read:configuration"
_PORT, _IP, _SEGMENT, _COUNT, _INACTIVITY = 2, 3, 4, 5, 6


class TcpSetup(CosemObject):
    """The TCP port."""

    class_id = 41
    attributes = ((2, _READ, KEYED), (3, _READ, None), (4, _READ, None), (5, _READ, None), (6, _READ, KEYED))

    def get(self, attribute, context):
        """Return an attribute."""
        if attribute == _IP:
            return axdr.octets(IPV4_LN)
        if attribute == _SEGMENT:
            return axdr.number(axdr.LONG_UNSIGNED, SEGMENT)
        if attribute == _COUNT:
            return axdr.number(axdr.UNSIGNED, CONNECTIONS)
        return axdr.number(axdr.LONG_UNSIGNED, done(context.access.setting, _PATHS[attribute]))

    def set(self, attribute, data, context):
        """Set the port or the inactivity time-out, s."""
        change(context, {_PATHS[attribute]: base.integer(data, 0, 0xFFFF)})


_PATHS = {_PORT: "ports.dlms_tcp.port", _INACTIVITY: "ports.dlms_tcp.inactivity"}
_ADDRESS, _MULTICAST, _OPTIONS, _DHCP = 3, 4, 5, 8
_LINK = 2


class Ipv4Setup(CosemObject):
    """The address."""

    class_id = 42
    attributes = tuple([(number, _READ, None) for number in range(2, 11)])
    methods = ((1, None), (2, None), (3, KEYED))

    def get(self, attribute, context):
        """Return an attribute."""
        if attribute == _LINK:
            return axdr.octets(b"")
        if attribute in (_MULTICAST, _OPTIONS):
            return axdr.array([])
        if attribute == _DHCP:
            return axdr.boolean(False)
        address = 0
        if attribute == _ADDRESS:
            address = _number(done(context.access.setting, "ports.dlms_tcp.host"))
        return axdr.number(axdr.DOUBLE_LONG_UNSIGNED, address)

    def invoke(self, method, data, context):
        """Return how many multicast addresses there are: none."""
        return axdr.number(axdr.LONG_UNSIGNED, 0)


def _number(host):
    """Return the 32 bits of an address a.b.c.d, 0 of another text."""
    parts = host.split(".")
    if len(parts) != 4 or not all(
        [0 < len(part) <= 3 and part.isdigit() and int(part) < 256 for part in parts]
    ):
        return 0
    return int.from_bytes(bytes([int(part) for part in parts]), "big")
