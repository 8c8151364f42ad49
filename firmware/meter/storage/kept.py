"""A few small states under names, in one Journal: each change is stored before it counts.

    0         1                  one after the other, in the order of the names
    +---------+--------+---------+-- ... --+---
    | version | uint8  | uint16  | length  |
    | 1       | place  | length  | bytes   |
    +---------+--------+---------+-- ... --+---

A name's place among the names never changes; what has no bytes is not written. The states that change most often come
last: a save writes only the pages that differ.
"""

import struct

from meter.compat import const
from meter.storage.errors import StorageError

VERSION = const(1)
_HEAD = "<BH"
_HEAD_SIZE = const(3)


class Kept:
    """journal: a Journal of its own, or None: in memory. names: tuple of texts.

    StorageError if the journal holds another version.
    """

    def __init__(self, journal, names):
        self._journal, self._names = journal, names
        self._states = {}
        found = journal.load() if journal else None
        if found:
            self._restore(found[1])

    def _restore(self, record):
        if record[0] != VERSION:
            raise StorageError("kept states have version %d, not %d" % (record[0], VERSION))
        at = 1
        while at < len(record):
            place, length = struct.unpack_from(_HEAD, record, at)
            at += _HEAD_SIZE
            if place < len(self._names):
                self._states[self._names[place]] = bytes(record[at : at + length])
            at += length

    def get(self, name):
        """Return the state under a name, bytes; b"" if there is none."""
        return self._states.get(name, b"")

    def put(self, name, state, now=0):
        """Store the state under a name as of a UTC second. It counts when this returns.

        ValueError if all of them are too long; OSError or StorageError if the flash failed. Then the old one counts.
        """
        if name not in self._names:
            raise KeyError(name)
        states = dict(self._states)
        states[name] = bytes(state)
        record = [bytes((VERSION,))]
        for place, known in enumerate(self._names):
            if states.get(known):
                record.append(struct.pack(_HEAD, place, len(states[known])) + states[known])
        if self._journal:
            self._journal.save(b"".join(record), now)
        self._states = states
