"""A Fifo's life as its user sees it, with a memory of every promise: the oracle of the power-cut tests.

It knows the flash only through the byte layout in SPEC.md, and only to tell which sector may be erased next.
"""

import struct
import zlib

from meter.hal.sim.flash import PowerCut
from meter.storage.fifo import Fifo

SECTOR = 256
KIND = 7


class Life:
    """Appends to a fifo in the whole of `flash`; check() compares what can be read with what was promised."""

    def __init__(self, flash, mount=True):
        self.flash = flash
        self.fifo = None
        self.known = {}  # entry -> (time, payload): reported by append() or read once. It must never change.
        self.reported = set()  # entries that append() returned
        self.attempts = set()  # every (time, payload) that was handed to append()
        self.pending = None  # the one whose append() has not returned
        self.floor = 1  # entries below may have been overwritten by an erase that was cut
        if mount:
            self.mount()

    def mount(self):
        self.fifo = Fifo(self.flash, 0, self.flash.size, KIND)
        self.fifo.mount()

    def append(self, payload, time):
        self.pending = (time, bytes(payload))
        assert self.pending not in self.attempts, "the test needs distinct records"
        self.attempts.add(self.pending)
        entry = self._guarded(lambda: self.fifo.append(payload, time))
        assert entry not in self.known
        assert entry == self.fifo.next - 1
        self.known[entry] = self.pending
        self.reported.add(entry)
        self.pending = None

    def idle(self):
        return self._guarded(self.fifo.idle)

    def _guarded(self, operation):
        """Run an operation that may erase one sector: the oldest, if the ring is full, and no other."""
        may_drop_to = self._first_if_one_is_erased()
        try:
            result = operation()
        except PowerCut:
            self.floor = max(self.floor, may_drop_to)
            raise
        assert self.fifo.first <= may_drop_to
        return result

    def _first_if_one_is_erased(self):
        heads = sound_heads(self.flash)
        if not heads:
            return self.fifo.first
        kept = [first for sequence, first in heads.items() if sequence > max(heads) + 1 - count(self.flash)]
        return max(self.fifo.first, min(kept))

    def was_stored_anyway(self):
        """True if the append that the power cut interrupted can be read all the same."""
        return self.pending in self.known.values()

    def check(self):
        """Assert all promises; return what can be read, entry -> (time, payload)."""
        fifo = self.fifo
        listed = [(entry, (time, payload)) for entry, time, payload in fifo.records()]
        damaged = fifo.damaged
        assert [(entry, (time, bytes(payload))) for entry, time, payload in fifo.sweep()] == listed
        fifo.damaged = damaged
        entries = [entry for entry, _ in listed]
        assert entries == sorted(set(entries))
        assert all(fifo.first <= entry < fifo.next for entry in entries)
        for entry, value in listed:
            assert value in self.attempts
            assert self.known.setdefault(entry, value) == value, "an entry number was used twice"
        assert len(set(self.known.values())) == len(self.known), "a record has two numbers"
        readable = dict(listed)
        for entry in self.reported:
            if entry >= max(self.floor, fifo.first):
                assert readable.get(entry) == self.known[entry], "a stored record is gone"
        assert fifo.next > max(self.reported, default=0)
        if fifo.first >= self.floor:
            assert len(fifo) == len(readable)
        return readable

    def check_times(self, times):
        """Assert that find_time() gives what a search through all readable entries gives."""
        readable = {entry: (time, payload) for entry, time, payload in self.fifo.records()}
        for wanted in times:
            expected = [entry for entry, (time, _) in readable.items() if time >= wanted]
            assert self.fifo.find_time(wanted) == min(expected, default=self.fifo.next)


def count(flash):
    return flash.size // flash.erase_size


def sound_heads(flash):
    """Return sequence -> first entry of the sectors with a sound header, by SPEC.md."""
    heads = {}
    for address in range(0, flash.size, flash.erase_size):
        header = bytearray(56)
        flash.read(address, header)
        for copy in (header[:28], header[28:]):
            if copy[:4] == b"FiFo" and zlib.crc32(copy[:24]) == struct.unpack("<I", copy[24:])[0]:
                sequence, first = struct.unpack_from("<II", copy, 8)
                heads[sequence] = first
    return heads


def payload_of(number, length):
    """Return a payload of at least 2 bytes that only `number` has, with runs of 0xFF and 0x00 in it."""
    body = bytes((0xFF, 0x00, number & 0xFF, 0xFF)[at // 3 % 4] for at in range(length))
    return struct.pack("<H", number) + body[2:]
