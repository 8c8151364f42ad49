"""The configuration in force, on the flash: one whole document and who wrote it, or the one before.

    0         1        2       3        4         4 + u      4 + u + p
    +---------+--------+-------+--------+-- ... --+-- ... ---+--- ... ---+
    | uint8   | uint8  | uint8 | uint8  | u bytes | p bytes  | JSON      |
    | version | origin | u     | p      | user    | peer     | document  |
    +---------+--------+-------+--------+-- ... --+-- ... ---+--- ... ---+

A record of a Journal, so a power cut leaves the old or the new one. The newest one counts from the moment that save()
returns: what must be zeroed or erased for it follows from the fingerprints in the registers' state (apply.py).
"""

import struct
from collections import namedtuple

from meter.compat import const
from meter.config import document
from meter.config.schema import ConfigError
from meter.registers import event_kinds

VERSION = const(1)
KIND = const(0x46)  # of the Journal
_HEAD = "<BBBB"
_HEAD_SIZE = const(4)
_LONGEST = const(64)  # bytes of user and peer

# Who has done something: origin of event_kinds, user, peer.
Who = namedtuple("Who", ("origin", "user", "peer"))
METER = Who(event_kinds.METER, "", "")


class Store:
    """The stored configuration. journal: a Journal of this KIND.

    settings    those stored, None if there are none
    who         Who has written them
    """

    def __init__(self, journal):
        self._journal = journal
        self.settings, self.who = None, METER
        found = journal.load()
        if found:
            self.settings, self.who = _unpacked(found[1])

    def check(self, settings):
        """Raise ConfigError if a configuration is too long for the flash."""
        size = len(document.text(settings)) + _HEAD_SIZE + 2 * _LONGEST
        if size > self._journal.largest:
            raise ConfigError(["the document: %d bytes to store; %d fit" % (size, self._journal.largest)])

    def save(self, settings, now, who=METER):
        """Store a configuration as of a UTC second. It holds when this returns."""
        user, peer = who.user.encode()[:_LONGEST], who.peer.encode()[:_LONGEST]
        head = struct.pack(_HEAD, VERSION, who.origin, len(user), len(peer))
        self._journal.save(head + user + peer + document.text(settings), now)
        self.settings, self.who = settings, who


def _unpacked(record):
    """Return (settings, Who). ConfigError if this firmware cannot use them."""
    version, origin, user, peer = struct.unpack_from(_HEAD, record)
    if version != VERSION:
        raise ConfigError(["the stored configuration has version %d, not %d" % (version, VERSION)])
    at = _HEAD_SIZE + user
    names = [str(bytes(part), "utf-8") for part in (record[_HEAD_SIZE:at], record[at : at + peer])]
    return document.read(bytes(record[at + peer :])), Who(origin, names[0], names[1])
