"""The sectors of one Fifo: how headers and records are packed, checked, and found again behind damage.

Nothing here knows which sector is the oldest or where the next record goes; that is fifo.py. SPEC.md draws
the bytes. A sector is named by its sequence number: it lies at sequence modulo count, so there is no table of
where things are.
"""

from struct import pack, pack_into, unpack_from

from meter.compat import const
from meter.crc import crc32
from meter.storage.errors import StorageError

MAGIC = b"FiFo"
VERSION = const(1)
HEADER = "<4sBBHIIIII"  # magic, version, kind, sectors, sequence, first entry, highest time, lost, crc32
HEADER_SIZE = const(28)
RECORDS = const(56)  # two copies of the header, then the records
LEAD = "<HHI"  # payload length, low half of the entry number, time
LEAD_SIZE = const(8)
OVERHEAD = const(12)  # lead and crc32
CHUNK = const(64)
LONGEST = const(0xFFFE)  # a length of 0xFFFF is flash that was never written

# What head() returns, by position.
FIRST = const(0)  # number of the first entry of the sector
HIGH = const(1)  # the highest time of all entries before it, UTC seconds
LOST = const(2)  # how many entry numbers before it were known to be unreadable


class Sectors:
    """`size` bytes of flash from `base`, seen as sectors that hold headers and records of one kind.

    ValueError if base or size are not whole sectors, there are fewer than two, or they lie outside the flash.
    """

    def __init__(self, flash, base, size, kind):
        self.size = flash.erase_size
        self.count = size // self.size
        if base % self.size or size % self.size or self.size % CHUNK or self.count < 2:
            raise ValueError("a fifo needs two or more whole sectors, not %d bytes at %d" % (size, base))
        if base < 0 or base + size > flash.size:
            raise ValueError("a fifo of %d bytes at %d is outside the flash" % (size, base))
        if not 0 <= kind <= 255 or self.count > 0xFFFF:
            raise ValueError("kind %d or %d sectors: more than the header holds" % (kind, self.count))
        self.largest = min(self.size - RECORDS - OVERHEAD, LONGEST)
        self._flash = flash
        self._base = base
        self._kind = kind
        self._headers = bytearray(RECORDS)
        self._lead = bytearray(LEAD_SIZE)
        self._chunk = bytearray(CHUNK)
        self._window = bytearray(CHUNK + 3)

    def _start(self, sequence):
        return self._base + sequence % self.count * self.size

    def erase(self, sequence):
        """Erase the sector that `sequence` lies in, whatever it holds."""
        self._flash.erase(self._start(sequence))

    def head(self, sequence):
        """Return (first entry, highest time before, lost before), or None if the sector is not `sequence`."""
        found = self.inspect(sequence % self.count)
        return found[1] if found and found[0] == sequence else None

    def inspect(self, index):
        """Return (sequence, head, sound copies: 1 or 2) of the sector at position index, or None if unsound.

        StorageError if the header is sound but not of this fifo: another kind, format or size of area.
        """
        self._flash.read(self._start(index), self._headers)
        found = None
        for at in (HEADER_SIZE, 0):
            fields = unpack_from(HEADER, self._headers, at)
            if fields[0] != MAGIC or fields[8] != crc32(memoryview(self._headers)[at : at + HEADER_SIZE - 4]):
                continue
            self._check_owner(index, fields)
            found = (fields[4], fields[5:8], 2 if found else 1)
        return found

    def _check_owner(self, index, fields):
        place = "the sector at %d " % self._start(index)
        if fields[1] != VERSION:
            raise StorageError(place + "has fifo format %d, expected %d" % (fields[1], VERSION))
        if fields[2] != self._kind:
            raise StorageError(place + "holds records of kind %d, expected %d" % (fields[2], self._kind))
        if fields[3] != self.count or fields[4] % self.count != index:
            raise StorageError(place + "is of a fifo of %d sectors, expected %d" % (fields[3], self.count))

    def write_head(self, sequence, head):
        """Program both header copies of an erased sector. StorageError if the flash did not keep them."""
        copy = bytearray(HEADER_SIZE)
        pack_into(HEADER, copy, 0, MAGIC, VERSION, self._kind, self.count, sequence, *head, 0)
        pack_into("<I", copy, HEADER_SIZE - 4, crc32(memoryview(copy)[: HEADER_SIZE - 4]))
        self._flash.program(self._start(sequence), copy + copy)
        if self.head(sequence) != head:
            raise StorageError("the flash did not keep a sector header at %d" % self._start(sequence))

    def write(self, sequence, at, entry, time, payload):
        """Program one record at offset `at` of the sector. StorageError if the flash did not keep it."""
        length = len(payload)
        record = bytearray(OVERHEAD + length)
        pack_into(LEAD, record, 0, length, entry & 0xFFFF, time)
        record[LEAD_SIZE : LEAD_SIZE + length] = payload
        crc = crc32(memoryview(record)[: LEAD_SIZE + length], crc32(pack("<I", entry)))
        pack_into("<I", record, LEAD_SIZE + length, crc)
        self._flash.program(self._start(sequence) + at, record)
        if self.check(sequence, at, entry) != length:
            raise StorageError("the flash did not keep entry %d at %d" % (entry, self._start(sequence) + at))

    def check(self, sequence, at, entry):
        """Return the payload length of the sound record `entry` at offset `at`, or -1 if it is not there."""
        if at + OVERHEAD > self.size:
            return -1
        start = self._start(sequence) + at
        self._flash.read(start, self._lead)
        length, low, _ = unpack_from(LEAD, self._lead)
        if low != entry & 0xFFFF or length > LONGEST or at + OVERHEAD + length > self.size:
            return -1
        crc = self._crc_of(start + LEAD_SIZE, length, crc32(self._lead, crc32(pack("<I", entry))))
        self._flash.read(start + LEAD_SIZE + length, memoryview(self._chunk)[:4])
        return length if crc == unpack_from("<I", self._chunk)[0] else -1

    def holds(self, sequence, at, entry, payload):
        """Return True if the record `entry` at offset `at` is sound and says payload. In one read: it is fast."""
        if at + OVERHEAD + len(payload) > self.size:
            return False
        data = bytearray(OVERHEAD + len(payload))
        self._flash.read(self._start(sequence) + at, data)
        behind = len(data) - 4
        length, low, _ = unpack_from(LEAD, data)
        crc = crc32(memoryview(data)[:behind], crc32(pack("<I", entry)))
        return (
            (length, low) == (len(payload), entry & 0xFFFF)
            and data[LEAD_SIZE:behind] == payload
            and crc == unpack_from("<I", data, behind)[0]
        )

    def _crc_of(self, address, length, crc):
        while length > 0:
            part = memoryview(self._chunk)[: min(length, CHUNK)]
            self._flash.read(address, part)
            crc = crc32(part, crc)
            address += CHUNK
            length -= CHUNK
        return crc

    def find(self, sequence, at, entry, stop):
        """Return (offset, entry, payload length): `entry` at `at`, or the next sound record behind damage.

        Looks at offsets before `stop`. None if there is no more. Behind damage every offset is tried: a
        record is known by its number and its CRC, so a broken length cannot hide those that follow.
        """
        length = self.check(sequence, at, entry)
        if length >= 0:
            return at, entry, length
        stop = min(stop, self.size - OVERHEAD + 1)
        for start in range(at + OVERHEAD, stop, CHUNK):
            found = self._find_in(sequence, at, entry, start, min(start + CHUNK, stop))
            if found:
                return found
        return None

    def _find_in(self, sequence, at, entry, start, stop):
        """Look for a sound record at offsets from start up to stop, at most CHUNK of them."""
        window = memoryview(self._window)[: stop - start + 3]
        self._flash.read(self._start(sequence) + start, window)
        for k in range(stop - start):
            ahead = (window[k + 2] | window[k + 3] << 8) - entry & 0xFFFF
            if 0 < ahead <= (start + k - at) // OVERHEAD:  # as many as there was room for
                length = self.check(sequence, start + k, entry + ahead)
                if length >= 0:
                    return start + k, entry + ahead, length
        return None

    def time(self, sequence, at):
        """Return the time of the record at offset `at`, UTC seconds. The record must have been checked."""
        self._flash.read(self._start(sequence) + at, self._lead)
        return unpack_from(LEAD, self._lead)[2]

    def payload(self, sequence, at, length):
        """Return the payload, as bytes, of the record at offset `at`. It must have been checked."""
        data = bytearray(length)
        self._flash.read(self._start(sequence) + at + LEAD_SIZE, data)
        return bytes(data)

    def image(self, sequence, into):
        """Read a whole sector into a buffer of its size, for sound()."""
        self._flash.read(self._start(sequence), into)

    def sound(self, image, at, entry):
        """Return (payload length, time) of the record `entry` at offset `at` of an image, or None, as check() does.

        image: memoryview of a sector's bytes.
        """
        if at + OVERHEAD > self.size:
            return None
        length, low, time = unpack_from(LEAD, image, at)
        behind = at + LEAD_SIZE + length
        if low != entry & 0xFFFF or length > LONGEST or behind + 4 > self.size:
            return None
        if crc32(image[at:behind], crc32(entry.to_bytes(4, "little"))) != unpack_from("<I", image, behind)[0]:
            return None
        return length, time

    def used(self, sequence):
        """Return the offset behind the last byte of the sector that is not blank (0xFF)."""
        start, chunk, blank = self._start(sequence), self._chunk, b"\xff" * CHUNK
        for at in range(self.size - CHUNK, -1, -CHUNK):
            self._flash.read(start + at, chunk)
            if chunk != blank:
                return at + len(bytes(chunk).rstrip(b"\xff"))
        return 0
