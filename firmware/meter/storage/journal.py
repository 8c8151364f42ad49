"""Checkpoints: a state that is saved again and again, of which only the newest whole one matters.

It is a Fifo of its own kind, so a power cut while saving leaves the checkpoint before it. One checkpoint must
fit in one sector: a state that spans sectors would need a second commit protocol, and no meter state is that
large.

Where the board has an Nvram, the state of every second goes there besides (seconds.py), and load() gives whichever is
newer. "Newer" is by numbers that only grow, never by time: clocks are set back.
"""

from meter.compat import const
from meter.crc import crc32
from meter.storage.errors import NoRecord
from meter.storage.fifo import Fifo
from meter.storage.seconds import Seconds

KIND = const(0x4A)
# One with the newest, one erased ahead of need, one with an older one in case the newest rots.
SECTORS = const(3)


class Journal:
    """The checkpoints in `size` bytes from `base`. ValueError if that is less than three sectors.

    nvram    a hal Nvram for the state of each second, or None

    largest  the longest state, bytes
    keeps_seconds   True if there is an Nvram
    passed   how many newer entries, torn or rotten, the last load() had to pass over
    """

    def __init__(self, flash, base, size, kind=KIND, nvram=None):
        if size < SECTORS * flash.erase_size:
            raise ValueError("a journal needs %d sectors, not %d bytes" % (SECTORS, size))
        self._fifo = Fifo(flash, base, size, kind)
        self._seconds = Seconds(nvram) if nvram else None
        self.largest = min(self._fifo.largest, self._seconds.largest if nvram else self._fifo.largest)
        self.keeps_seconds = nvram is not None
        self.passed = 0
        self._fifo.mount()
        self._newest = (0, 0)  # entry and CRC of the newest whole checkpoint
        if nvram:
            self.load()

    def save(self, state, time):
        """Store a checkpoint: state (bytes-like) as of time (UTC seconds). It counts from the moment this
        returns.

        ValueError if the state is longer than `largest`; OSError or StorageError if the flash failed.
        """
        self._check(state)
        entry = self._fifo.append(state, time)
        if self._seconds:
            self._newest = (entry, crc32(state))

    def save_second(self, state, time):
        """Store state (bytes-like) as of time (UTC seconds) in the Nvram. Without one nothing is done.

        It counts until the next checkpoint or second. ValueError if the state is longer than `largest`.
        """
        if self._seconds:
            self._check(state)
            self._seconds.save(state, time, self._newest)

    def load(self):
        """Return (time, state) of the newest whole checkpoint or second, or None if there is none."""
        entry, found = self._load_checkpoint()
        if not self._seconds:
            return found
        self._newest = (entry, crc32(found[1]) if found else 0)
        # A second counts if it followed the newest whole checkpoint, or one after it that has been lost since.
        return self._seconds.load(self._newest, self._fifo.next) or found

    def _load_checkpoint(self):
        """Return (entry, (time, state)) of the newest whole checkpoint, or (0, None) if there is none."""
        fifo = self._fifo
        self.passed = 0
        for entry in range(fifo.next - 1, fifo.first - 1, -1):
            try:
                return entry, fifo.read(entry)
            except NoRecord:
                self.passed += 1  # torn or rotten: the one before it is the newest whole one
        self.passed = max(self.passed, fifo.torn)
        return 0, None

    def idle(self):
        """Erase ahead of need while nothing else is to be done. Return True if it did something."""
        return self._fifo.idle()

    def _check(self, state):
        if len(state) > self.largest:
            raise ValueError(
                "a state of %d bytes does not fit in one sector (%d)" % (len(state), self.largest)
            )
