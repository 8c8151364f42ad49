"""The clients that may open an association, by their service access point, and what each is good for.

Sources: DLMS UA 1000-2 (Green Book) for mechanisms; the public client's 16 is fixed there. The others are usual.
"""

from collections import namedtuple

from meter.compat import const
from meter.protocols.dlms import acse
from meter.protocols.dlms.objects.base import FREE, KEYED

PUBLIC = const(16)
READER = const(32)
MANAGEMENT = const(1)

# sap       service access point of the client
# mechanism, context    of acse: how it must authenticate, and whether its APDUs are ciphered
# instance  E of the logical name of its association object, 0.0.40.0.E.255
Client = namedtuple("Client", ("sap", "name", "mechanism", "context", "instance"))

CLIENTS = (
    Client(PUBLIC, "public", acse.LOWEST, acse.LN, 1),
    Client(READER, "reader", acse.LOW, acse.LN, 2),
    Client(MANAGEMENT, "management", acse.HIGH_GMAC, acse.LN_CIPHERED, 3),
)

# A reader's password and requests can be overheard: it reads what its user may, and does these things if its user may.
# All else that changes the meter needs the keys. "set:..." is never in it.
READER_COMMANDS = (
    "set time",
    "freeze",
    "billing period reset",
    "mark load profile read",
    "battery changed",
    "leave test mode",
)


def find(sap):
    """Return the Client of a service access point, or None."""
    for client in CLIENTS:
        if client.sap == sap:
            return client
    return None


def is_open_to(client, right):
    """Return True if this kind of client may have a right at all: what its user may comes on top."""
    if client.mechanism == acse.HIGH_GMAC:
        return True
    if right == KEYED:
        return False
    kind, _, what = right.partition(":")
    if kind == FREE or kind == "read":
        return True
    return client.mechanism == acse.LOW and kind == "command" and what in READER_COMMANDS
