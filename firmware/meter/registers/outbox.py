"""The outbox: records that the state promises, until they are in their Fifos.

A state that is stored while the outbox is full holds its records, and the entry number that each will get. After a
power cut what is not in its Fifo yet is written; what is there is not written again.
"""

import struct

from meter.storage.errors import StorageError

_HEAD = "<BIIH"  # place of the Fifo, its entry number, time, bytes of the payload
_HEAD_SIZE = 11


class Outbox:
    """Records on their way.

    fifos       tuple of (name, Fifo)

    dropped     how many a failing flash did not take
    """

    def __init__(self, fifos):
        self._fifos = fifos
        self._waiting = []  # (place, entry, time, payload)
        self.dropped = 0

    def add(self, name, time, payload):
        """Take a record for the Fifo of this name. Without such a Fifo nothing is kept."""
        for place, (known, fifo) in enumerate(self._fifos):
            if known == name:
                entry = fifo.next + sum([one[0] == place for one in self._waiting])
                self._waiting.append((place, entry, time, payload))

    def __len__(self):
        return len(self._waiting)

    def flush(self):
        """Write all. What a failing flash does not take is counted: the meter goes on."""
        waiting, self._waiting = self._waiting, []
        for place, _, time, payload in waiting:
            try:
                self._fifos[place][1].append(payload, time)
            except (OSError, StorageError):
                self.dropped += 1

    def state(self):
        """Return what waits as bytes."""
        records = [
            struct.pack(_HEAD, place, entry, time, len(payload)) + payload
            for place, entry, time, payload in self._waiting
        ]
        return b"".join(records)

    def restore(self, state):
        """Take from bytes of state() what waited and is not in its Fifo. flush() then writes it."""
        found, at = [], 0
        while at < len(state):
            place, entry, time, size = struct.unpack_from(_HEAD, state, at)
            at += _HEAD_SIZE
            if place < len(self._fifos):
                found.append((place, entry, time, state[at : at + size]))
            at += size
        # A torn record has used up a number: what counts is how many sound ones there are from the first number on.
        stored = {}
        for place, entry, _, _ in found:
            if place not in stored:
                stored[place] = sum([1 for _ in self._fifos[place][1].records(entry)])
        self._waiting = []
        for one in found:
            if stored[one[0]]:
                stored[one[0]] -= 1
            else:
                self._waiting.append(one)
