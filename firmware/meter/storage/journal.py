"""Checkpoints: a state that is saved again and again, of which only the newest whole one matters.

It is a Fifo of its own kind, so a power cut while saving leaves the checkpoint before it. One checkpoint must
fit in one sector: a state that spans sectors would need a second commit protocol, and no meter state is that
large.
"""

from meter.compat import const
from meter.storage.errors import NoRecord
from meter.storage.fifo import Fifo

KIND = const(0x4A)
SECTORS = const(
    3
)  # one with the newest, one erased ahead of need, one with an older one in case the newest rots


class Journal:
    """The checkpoints in `size` bytes from `base`. ValueError if that is less than three sectors.

    largest  the longest state, bytes
    passed   how many newer entries, torn or rotten, the last load() had to pass over
    """

    def __init__(self, flash, base, size, kind=KIND):
        if size < SECTORS * flash.erase_size:
            raise ValueError("a journal needs %d sectors, not %d bytes" % (SECTORS, size))
        self._fifo = Fifo(flash, base, size, kind)
        self.largest = self._fifo.largest
        self.passed = 0
        self._fifo.mount()

    def save(self, state, time):
        """Store a checkpoint: state (bytes-like) as of time (UTC seconds). It counts from the moment this
        returns.

        ValueError if the state is longer than `largest`; OSError or StorageError if the flash failed.
        """
        if len(state) > self.largest:
            raise ValueError(
                "a state of %d bytes does not fit in one sector (%d)" % (len(state), self.largest)
            )
        self._fifo.append(state, time)

    def load(self):
        """Return (time, state) of the newest whole checkpoint, or None if there is none."""
        fifo = self._fifo
        self.passed = 0
        for entry in range(fifo.next - 1, fifo.first - 1, -1):
            try:
                return fifo.read(entry)
            except NoRecord:
                self.passed += 1  # torn or rotten: the one before it is the newest whole one
        self.passed = max(self.passed, fifo.torn)
        return None

    def idle(self):
        """Erase ahead of need while nothing else is to be done. Return True if it did something."""
        return self._fifo.idle()
