"""The bytes of the register engine's state: a head, then the parts, each with its length before it (uint32).

    0    uint8   version
    1    uint32  second that it is of, UTC
    5    uint32  fingerprint of the definitions
    9    uint32  of the configuration; 13 uint32 of what zeroes registers in it
    17   uint32  last billing period reset, 21 freeze, 25 season change, UTC; 0: never
    29   uint8   season, rate, origin of the reset, of the freeze
    33   uint8   flags: 1 override, 2 tariff frozen, 4 and 8: `before` and `after` are there
    34   uint32  last scheduled self-read, 38 freeze, 42 reset
    46   uint32  test mode since, 0: it is not on
    50   uint16  event that is ending the load profiles' records (load_profile_record), 0: none; uint32 before, after

Parts: outbox, bank, each load profile (the fingerprint it was made under, uint32, before it), battery, status word.
"""

import struct
from collections import namedtuple

from meter.compat import const

VERSION = const(7)
_HEAD = "<BIIIIIIIBBBBB3IIHII"
_HEAD_SIZE = const(60)
_OVERRIDE, _FROZEN, _BEFORE, _AFTER = 1, 2, 4, 8

# As in the head. done: list of three. ending: (kind, before, after) or None.
Saved = namedtuple(
    "Saved",
    (
        "second", "fingerprint", "configuration", "registers", "reset_at", "frozen_at", "season_at", "season", "rate",
        "reset_origin", "freeze_origin", "is_overridden", "is_tariff_frozen", "done", "test_at", "ending",
    ),
)  # fmt: skip


class StateError(Exception):
    """The stored state cannot be used. The message says why."""


def pack(saved, parts):
    """Return a state as bytes."""
    kind, before, after = saved.ending or (0, None, None)
    flags = (saved.is_overridden and _OVERRIDE) | (saved.is_tariff_frozen and _FROZEN)
    flags |= (before is not None and _BEFORE) | (after is not None and _AFTER)
    head = struct.pack(
        _HEAD, VERSION, *(saved[:11] + (flags,) + tuple(saved.done) + (saved.test_at, kind, before or 0, after or 0))
    )  # fmt: skip
    return head + b"".join([struct.pack("<I", len(part)) + part for part in parts])


def unpack(state):
    """Return (Saved, list of parts). StateError if it is of another version."""
    if state[0] != VERSION:
        raise StateError("stored registers have version %d, not %d" % (state[0], VERSION))
    fields = struct.unpack_from(_HEAD, state)[1:]
    flags, done = fields[11], list(fields[12:15])
    test_at, kind, before, after = fields[15:]
    ending = None
    if kind:
        ending = (kind, before if flags & _BEFORE else None, after if flags & _AFTER else None)
    flagged = (bool(flags & _OVERRIDE), bool(flags & _FROZEN))
    return Saved(*(fields[:11] + flagged + (done, test_at, ending))), _parts(state, _HEAD_SIZE)


def _parts(state, at):
    parts = []
    while at < len(state):
        size = struct.unpack_from("<I", state, at)[0]
        parts.append(state[at + 4 : at + 4 + size])
        at += 4 + size
    return parts
