"""Which image is to run: what a boot loader reads, in a Journal of its own (area `boot`). SPEC.md draws the bytes.

An image runs on trial first. The boot loader notes that it has started it (TRIED); the firmware confirms itself once
it runs; a boot loader that finds TRIED again goes back to the slot before. A board without a boot loader of ours, such
as the emulator, keeps the record and confirms it.
"""

import struct

from meter.compat import const
from meter.storage.errors import StorageError

KIND = const(0x42)  # of the Journal
VERSION = const(1)
FACTORY = const(255)  # the slot of what the board was flashed with
ON_TRIAL, TRIED, CONFIRMED = const(1), const(2), const(3)
_RECORD = "<BBBBI"  # version, slot, state, slot to go back to, CRC-32 of the payload
_RECORD_SIZE = const(8)


class Boot:
    """journal: a Journal of this KIND, or None: in memory.

    slot    that is to run: 0, 1, or FACTORY
    state   ON_TRIAL, TRIED or CONFIRMED
    before  the slot to go back to
    crc     CRC-32 of the image's payload
    at      UTC second of the record; 0: there is none
    """

    def __init__(self, journal):
        self._journal = journal
        self.slot, self.state, self.before, self.crc = FACTORY, CONFIRMED, FACTORY, 0
        self.at = 0
        found = journal.load() if journal else None
        if found:
            if len(found[1]) != _RECORD_SIZE or found[1][0] != VERSION:
                raise StorageError("the boot record has another version than %d" % VERSION)
            self.at = found[0]
            _, self.slot, self.state, self.before, self.crc = struct.unpack(_RECORD, found[1])

    def start(self, slot, crc, now):
        """From the next start on this slot is to run, on trial. crc: CRC-32 of its payload. now: UTC second."""
        self._save(slot, ON_TRIAL, self.confirmed, crc, now)

    @property
    def confirmed(self):
        """The slot that runs if the one on trial does not."""
        return self.slot if self.state == CONFIRMED else self.before

    def tried(self, now):
        """The boot loader starts the slot on trial."""
        self._save(self.slot, TRIED, self.before, self.crc, now)

    def fall_back(self, slot, crc, now):
        """The one on trial does not run, or is damaged: this slot is to run, with the CRC-32 of its payload."""
        self._save(slot, CONFIRMED, slot, crc, now)

    def confirm(self, now):
        """It runs."""
        self._save(self.slot, CONFIRMED, self.slot, self.crc, now)

    def _save(self, slot, state, before, crc, now):
        if self._journal:
            self._journal.save(struct.pack(_RECORD, VERSION, slot, state, before, crc), now)
        self.slot, self.state, self.before, self.crc = slot, state, before, crc
