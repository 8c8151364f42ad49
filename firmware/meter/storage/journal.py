"""Checkpoints: a state that is saved again and again, of which only the newest whole one matters.

A state is cut into pages. A save writes the pages that differ from what is on the flash, and then a commit: a record
that names the entry of each page. All are records of one Fifo, the commit the last of its save, so a power cut while
saving leaves the commit before it. SPEC.md draws the bytes, DESIGN.md gives the reasons and the proof.

Where the board has an Nvram, the state of every second goes there besides (seconds.py), and load() gives whichever is
newer. "Newer" is by numbers that only grow, never by time: clocks are set back.
"""

from struct import pack, unpack_from

from meter.compat import const
from meter.crc import crc32
from meter.storage.errors import NoRecord, StorageError
from meter.storage.fifo import Fifo
from meter.storage.room import AGE, LONGEST_PAGE, Room
from meter.storage.seconds import Seconds

KIND = const(0x4A)
PAGE = b"P"
COMMIT = b"C"
PAGE_HEAD = "<sH"  # PAGE, the page's place in the state
COMMIT_HEAD = "<sBII"  # COMMIT, version, length and CRC-32 of the state; then the entry of each page, 4 bytes
COMMIT_HEAD_SIZE = const(10)
VERSION = const(1)


class Journal:
    """The checkpoints in `size` bytes from `base`. ValueError if that is less than three sectors, or they are tiny.

    nvram    a hal Nvram for the state of each second, or None

    largest  the longest state, bytes
    keeps_seconds   True if there is an Nvram
    passed   how many newer entries, torn, rotten or of a checkpoint that is not whole, the last load() had to pass over
    """

    def __init__(self, flash, base, size, kind=KIND, nvram=None):
        self._fifo = Fifo(flash, base, size, kind)
        self._page_size = min(flash.erase_size // 8, LONGEST_PAGE)
        self._room = Room(self._fifo, self._page_size, PAGE_HEAD, COMMIT_HEAD)
        self._seconds = Seconds(nvram) if nvram else None
        self.largest = min(self._room.largest, self._seconds.largest if nvram else self._room.largest)
        self.keeps_seconds = nvram is not None
        self.passed = 0
        self._fifo.mount()
        self._newest = (0, 0)  # entry of the newest whole commit and CRC of its state
        self._pages = None  # (entry, place) of each page of that; None: not known to be of this start
        self.load()

    def save(self, state, time):
        """Store a checkpoint: state (bytes-like) as of time (UTC seconds). It counts from the moment this
        returns.

        ValueError if the state is longer than `largest`; OSError or StorageError if the flash failed.
        """
        self._check(state)
        if self._pages is None:
            self._make_room(state, time)
        before, self._pages = self._pages or [], None  # until this one is whole
        pages = self._write_pages(state, time, before)
        crc = crc32(state)
        commit = pack(COMMIT_HEAD, COMMIT, VERSION, len(state), crc)
        entry = self._fifo.append(commit + b"".join([pack("<I", page[0]) for page in pages]), time)
        self._newest, self._pages = (entry, crc), pages
        self._room.committed(self._fifo.place[0], [place[0] for _, place in pages])

    def _write_pages(self, state, time, before):
        """Write the pages that are not on the flash as they are, or have been there long. Return them all."""
        room, fifo, pages = self._room, self._fifo, []
        room.begin(len(state) * AGE)
        for at in range(0, len(state), self._page_size):
            number = len(pages)
            payload = pack(PAGE_HEAD, PAGE, number) + state[at : at + self._page_size]
            if number < len(before):
                entry, place = before[number]
                if room.is_young(place) and fifo.holds(entry, place, payload):
                    pages.append(before[number])
                    continue
            entry = fifo.append(payload, time)
            pages.append((entry, fifo.place))
        return pages

    def _make_room(self, state, time):
        """Before the first save after a start, or after one that failed: free what was written and not committed."""
        if self._room.is_short():
            if self._seconds:
                # It may name a commit that has become unreadable and whose number is used again: name a whole one.
                self._seconds.save(state, time, self._newest)
            self._room.reclaim()

    def save_second(self, state, time):
        """Store state (bytes-like) as of time (UTC seconds) in the Nvram. Without one nothing is done.

        It counts until the next checkpoint or second. ValueError if the state is longer than `largest`.
        """
        if self._seconds:
            self._check(state)
            self._seconds.save(state, time, self._newest)

    def load(self):
        """Return (time, state) of the newest whole checkpoint or second, or None if there is none.

        StorageError if there are sound records that are neither pages nor commits of this version.
        """
        entry, pages, found = self._load_checkpoint()
        if entry != self._newest[0]:
            self._newest, self._pages = (entry, crc32(found[1]) if found else 0), None
            sequence = self._fifo.sequence
            self._room.committed(sequence(entry), [sequence(each) for each in pages])
        if not self._seconds:
            return found
        # A second counts if it followed the newest whole checkpoint, or one after it that has been lost since.
        return self._seconds.load(self._newest, self._fifo.next) or found

    def _load_checkpoint(self):
        """Return (entry, pages, (time, state)) of the newest whole checkpoint, or (0, (), None)."""
        fifo = self._fifo
        self.passed = 0
        for entry in range(fifo.next - 1, fifo.first - 1, -1):
            try:
                time, payload = fifo.read(entry)
                if payload[:1] == PAGE:
                    continue
                pages, length, crc = entries_of(payload)
                state = b"".join([self._read_page(number, page) for number, page in enumerate(pages)])
                if len(state) == length and crc32(state) == crc:
                    return entry, pages, (time, state)
            except NoRecord:
                pass  # torn or rotten: the one before it is the newest whole one
            self.passed += 1
        self.passed = max(self.passed, fifo.torn)
        return 0, (), None

    def _read_page(self, number, entry):
        """Return the bytes of a page. NoRecord if it is not there."""
        payload = self._fifo.read(entry)[1]
        if payload[:3] != pack(PAGE_HEAD, PAGE, number):
            raise NoRecord(entry)
        return payload[3:]

    def idle(self):
        """Erase ahead of need while nothing else is to be done. Return True if it did something."""
        return self._room.may_erase() and self._fifo.idle()

    def _check(self, state):
        if len(state) > self.largest:
            raise ValueError("a state of %d bytes does not fit (%d do)" % (len(state), self.largest))


def entries_of(payload):
    """Return (tuple of the pages' entries, length, CRC-32 of the state) that a commit names.

    StorageError if it is no commit of this version.
    """
    if payload[:1] != COMMIT or len(payload) < COMMIT_HEAD_SIZE or payload[1] != VERSION:
        raise StorageError("the journal has records of another version (%s)" % bytes(payload[:2]))
    _, _, length, crc = unpack_from(COMMIT_HEAD, payload)
    count = (len(payload) - COMMIT_HEAD_SIZE) // 4
    return unpack_from("<%dI" % count, payload, COMMIT_HEAD_SIZE), length, crc
