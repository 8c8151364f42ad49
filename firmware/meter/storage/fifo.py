"""An append-only ring of records on NOR flash. Load profiles, events, self-reads and logs live in these.

A record is stored when append() returns, and from then on no power cut loses it; it goes only when the ring
has come round and its whole sector is erased. All state is found again by mount(), which is also the only
recovery code: after any failed write the next append mounts first. SPEC.md describes the bytes, DESIGN.md
gives the reasons and the proof. RAM use does not grow with the flash.
"""

from meter.storage.errors import Damaged, Overwritten, Unwritten
from meter.storage.sectors import FIRST, HIGH, LEAD_SIZE, LOST, OVERHEAD, RECORDS, Sectors


class Fifo:
    """The ring in `size` bytes from `base`, holding records of `kind` (0 to 255). To be mounted first.

    first    the oldest entry number that is kept; equal to next when there is none
    next     the entry number that the next append will get
    largest  the longest payload, bytes
    torn     writes cut off by a power failure, found by mount()
    damaged  entries and header copies found unreadable, by mount() and each time by records()
    shape    (bytes of a sector, number of sectors)
    place    (sequence number of its sector, offset) of the record appended last
    """

    def __init__(self, flash, base, size, kind):
        self._flash = flash
        self._sectors = Sectors(flash, base, size, kind)
        self.largest = self._sectors.largest
        self.shape = (self._sectors.size, self._sectors.count)
        self.place = None
        self.torn = 0
        self.damaged = 0
        self.first = self.next = None
        self._mounted = False

    def __len__(self):
        """Return how many entries are kept, less those found unreadable before their sector was closed."""
        head = self._sectors.head(self._oldest) if self._oldest <= self._newest else None
        return self.next - self.first - (self._lost - head[LOST] if head else 0)

    # Finding the state again.

    def mount(self):
        """Find the ring's state on the flash. StorageError if something else than this fifo is there."""
        oldest, newest, sectors = 0, -1, 0
        for index in range(self._sectors.count):
            found = self._sectors.inspect(index)
            if found:
                sequence, _, copies = found
                oldest = min(oldest, sequence) if sectors else sequence
                newest = max(newest, sequence)
                sectors += 1
                self.damaged += 2 - copies
        self.damaged += newest - oldest + 1 - sectors
        self._oldest, self._newest = oldest, newest
        self._erased = False  # a sector that looks erased may be half erased
        self._tail = self._sectors.size
        self.next, self._high, self._lost = 1, 0, 0
        if sectors:
            self._scan_newest()
        self._find_first()
        self._mounted = True

    def _scan_newest(self):
        """Find where the newest sector ends, and what its records add to its header's numbers."""
        sequence = self._newest
        self.next, self._high, self._lost = self._sectors.head(sequence)
        used = self._sectors.used(sequence)
        at, sound = RECORDS, 0
        while at < used:
            found = self._sectors.find(sequence, at, self.next, used)
            if not found:
                break
            at, entry, length = found
            self._lost += entry - self.next
            self.damaged += entry - self.next
            self.next = entry + 1
            self._high = max(self._high, self._sectors.time(sequence, at))
            at += OVERHEAD + length
            sound += 1
        if at < used:
            # No record: torn, most likely. But it may have rotted and its number be known: leave a gap.
            self.torn += 1
            self._lost += 1
            self.next += 1
        elif sound:
            self._tail = at
        if not sound:
            # Begin this sector anew rather than leave it: repeated cuts must not eat up the ring.
            self._newest -= 1

    def _find_first(self):
        """Set first to the oldest entry from sector _oldest on, passing over unsound sectors."""
        while self._oldest <= self._newest:
            head = self._sectors.head(self._oldest)
            if head:
                self.first = head[FIRST]
                return
            self._oldest += 1
        self.first = self.next

    # Writing.

    def append(self, payload, time):
        """Store payload (bytes-like) with time (UTC seconds, 32 bits) and return its entry number.

        ValueError if the payload is longer than `largest` or the time does not fit. OSError or StorageError
        if the flash failed: then the entry is not stored, and what was stored before still is.
        """
        if len(payload) > self.largest:
            raise ValueError("a record of %d bytes is longer than %d" % (len(payload), self.largest))
        if not 0 <= time <= 0xFFFFFFFF:
            raise ValueError("time %d is not a 32-bit count of seconds" % time)
        if not self._mounted:
            self.mount()
        if self._tail + OVERHEAD + len(payload) > self._sectors.size:
            self._begin_sector()
        entry = self.next
        self._mounted = False  # until the write is known to be whole
        self._sectors.write(self._newest, self._tail, entry, time, payload)
        self._flash.sync()
        self._mounted = True
        self.place = (self._newest, self._tail)
        self._tail += OVERHEAD + len(payload)
        self._high = max(self._high, time)
        self.next = entry + 1
        return entry

    def idle(self):
        """Erase the next sector ahead of need, once half of this one is used. Return True if it did.

        Call it while nothing else is to be done: an erase takes up to some 100 ms. The oldest sector goes
        with it.
        """
        if not self._mounted:
            self.mount()
        if self._erased or self._tail * 2 < self._sectors.size:
            return False
        self._erase_next()
        return True

    def _begin_sector(self):
        if not self._erased:
            self._erase_next()
        self._mounted = self._erased = False
        self._sectors.write_head(self._newest + 1, (self.next, self._high, self._lost))
        self._newest += 1
        self._tail = RECORDS

    def _erase_next(self):
        sequence = self._newest + 1
        self._oldest = max(self._oldest, sequence - self._sectors.count + 1)
        self._find_first()
        self._mounted = False
        self._sectors.erase(sequence)
        self._mounted = self._erased = True

    # What a journal needs besides (journal.py, room.py).

    @property
    def end(self):
        """The place, as (sequence number of the newest sector, offset), behind all records."""
        if not self._mounted:
            self.mount()
        return self._newest, self._tail

    def sequence(self, entry):
        """Return the sequence number of the sector that an entry from `first` up to `next` lies in."""
        return self._search(FIRST, entry)

    def holds(self, entry, place, payload):
        """Return True if the record of an entry is sound at its place, and says payload."""
        return self._sectors.holds(place[0], place[1], entry, payload)

    def cut_back(self, sequence):
        """Erase all sectors behind the one of this sequence number, the newest first. Entry numbers go back."""
        newest = self.end[0]
        self._mounted = False
        # One more: a sector that was begun and holds nothing is not the newest to mount(), but it has its header.
        for later in range(newest + 1, sequence, -1):
            if self._sectors.head(later):
                self._sectors.erase(later)
        self._flash.sync()
        self.mount()

    # Reading.

    def read(self, entry):
        """Return (time, payload) of one entry. Raises Overwritten, Damaged or Unwritten, all LookupErrors."""
        if entry < self.first:
            raise Overwritten(entry)
        if entry >= self.next:
            raise Unwritten(entry)
        sequence = self._search(FIRST, entry)
        for number, at, length in self._in_sector(sequence):
            if number == entry:
                return self._sectors.time(sequence, at), self._sectors.payload(sequence, at, length)
        raise Damaged(entry)

    def records(self, start=None):
        """Yield (entry, time, payload) from entry `start` (or the oldest) on, oldest first.

        Unreadable entries are passed over and counted in `damaged`, except those that mount() had counted.
        Appending meanwhile is allowed: new entries follow, and overwritten ones are passed over.
        """
        entry = max(start or 0, self.first)
        while entry < self.next:
            sequence = self._search(FIRST, entry)
            sound = 0
            for number, at, length in self._in_sector(sequence):
                sound += 1
                if number >= entry:
                    time = self._sectors.time(sequence, at)
                    yield number, time, self._sectors.payload(sequence, at, length)
            entry = max(self._count_damage(sequence, sound), self.first)

    def sweep(self, start=None):
        """Yield what records() yields, several times faster, with the bytes of one sector in memory meanwhile.

        For readers of thousands of records. payload: a memoryview that holds until the next one is asked for.
        """
        image = bytearray(self._sectors.size)
        view = memoryview(image)
        entry = max(start or 0, self.first)
        while entry < self.next:
            sequence = self._search(FIRST, entry)
            self._sectors.image(sequence, view)
            sound = 0
            for number, time, at, end in self._in_image(sequence, view):
                sound += 1
                if number >= entry:
                    yield number, time, view[at:end]
            entry = max(self._count_damage(sequence, sound), self.first)

    def _in_image(self, sequence, view):
        """Yield (entry, time, begin and end of the payload) of a sector's sound records, as _in_sector() does.

        The image is read again where something was appended meanwhile. Behind damage the sector itself is searched.
        """
        head = self._sectors.head(sequence)
        if not head:
            return
        sectors = self._sectors
        at, entry = RECORDS, head[FIRST]
        end = self._following(sequence)[0] if sequence < self._newest else None
        known = self.next  # what the image has
        while self._oldest <= sequence and entry < (end or self.next):
            if entry >= known:
                sectors.image(sequence, view)
                known = self.next
            found = sectors.sound(view, at, entry)
            if found:
                begin = at + LEAD_SIZE
                at = begin + found[0] + 4
                yield entry, found[1], begin, at - 4
                entry += 1
                continue
            found = sectors.find(sequence, at, entry, sectors.size)
            if not found:
                return
            sectors.image(sequence, view)
            known = self.next
            at, entry = found[0], found[1]

    def find_time(self, time):
        """Return the first entry with a time >= `time` (UTC seconds), or `next` if there is none.

        Binary search over the sector headers, then a scan inside one sector. Entries need not be in order of
        time: every entry at or after `time` is at or behind the one returned.
        """
        sequence = self._search(HIGH, time - 1)
        while sequence <= self._newest:
            for entry, at, _ in self._in_sector(sequence):
                if self._sectors.time(sequence, at) >= time:
                    return entry
            sequence += 1
        return self.next

    def _search(self, field, key):
        """Return the newest sector whose header field is <= key, else the oldest. The fields never fall."""
        low, high = self._oldest, self._newest
        while low < high:
            middle = sequence = (low + high + 1) // 2
            head = self._sectors.head(sequence)
            while not head and sequence < high:  # a sector with both headers gone
                sequence += 1
                head = self._sectors.head(sequence)
            if head and head[field] <= key:
                low = sequence
            else:
                high = middle - 1
        return low

    def _following(self, sequence):
        """Return (entry, lost) with which the sector after `sequence` begins, or would."""
        for later in range(sequence + 1, self._newest + 1):
            head = self._sectors.head(later)
            if head:
                return head[FIRST], head[LOST]
        return self.next, self._lost

    def _in_sector(self, sequence):
        """Yield (entry, offset, payload length) of one sector's sound records, until it is overwritten."""
        head = self._sectors.head(sequence)
        if not head:
            return
        at, entry = RECORDS, head[FIRST]
        end = self._following(sequence)[0] if sequence < self._newest else None  # None: it may still grow
        while self._oldest <= sequence and entry < (end or self.next):
            found = self._sectors.find(sequence, at, entry, self._sectors.size)
            if not found:
                return
            yield found[1], found[0], found[2]
            entry = found[1] + 1
            at = found[0] + OVERHEAD + found[2]

    def _count_damage(self, sequence, sound):
        """Count what a pass over the sector did not find; return the entry that the next one begins with."""
        end, lost = self._following(sequence)
        head = self._sectors.head(sequence)
        if head and self._oldest <= sequence:
            self.damaged += max(0, end - head[FIRST] - sound - (lost - head[LOST]))
        return end
