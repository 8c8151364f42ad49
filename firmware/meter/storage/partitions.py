"""The superblock: which area of the flash belongs to whom, written once, in sectors 0 and 1.

A meter never guesses. A flash that is not blank and has no superblock, or has another table than this
firmware wants, is refused with a line that says so; nothing on it is touched. SPEC.md draws the bytes,
DESIGN.md gives the reasons.
"""

from struct import pack, unpack_from

from meter.compat import const
from meter.crc import crc32
from meter.storage.errors import StorageError

MAGIC = b"FERRARIS"
VERSION = const(1)
HEADER = "<8sHHII"  # magic, format version, number of areas, erase size, flash size
HEADER_SIZE = const(20)
AREA = "<12sHH"  # name padded with zeros, first sector, sectors
AREA_SIZE = const(16)
NAME = const(12)
COPIES = const(2)
CHUNK = const(256)


class Partitions:
    """The areas of a flash. Made by Partitions.open()."""

    def __init__(self, areas, erase_size):
        self._areas = areas
        self._erase_size = erase_size

    @classmethod
    def open(cls, flash, table):
        """Return the Partitions of a flash whose areas are `table`, a tuple of (name, sectors) in order.

        A blank flash is formatted, and formatting that a power cut stopped is completed. StorageError, with
        one line, if the flash is foreign, of another format or laid out differently. ValueError if the table
        cannot be.
        """
        areas = _place(flash, table)
        wanted = _pack(flash, areas)
        found = [_read(flash, copy) for copy in range(COPIES)]
        sound = [block for block in found if block]
        for block in sound:
            if block != wanted:
                raise StorageError("the flash is laid out as %s, expected %s" % (_text(block), _text(wanted)))
        if not sound and not _is_formattable(flash, wanted):
            raise StorageError("the flash is not blank and has no superblock: it is not this meter's")
        for copy in range(COPIES):
            if found[copy] != wanted:
                _write(flash, copy, wanted)
        return cls(areas, flash.erase_size)

    def find(self, name):
        """Return (base, size) in bytes of the named area, or None."""
        return self.area(name) if any([known == name for known, _, _ in self._areas]) else None

    def area(self, name):
        """Return (base, size) in bytes of the named area. KeyError if the table has no such name."""
        for known, first, sectors in self._areas:
            if known == name:
                return first * self._erase_size, sectors * self._erase_size
        raise KeyError(name)


def _place(flash, table):
    """Return the tuple of (name, first sector, sectors) for the table, behind the superblocks."""
    areas, first = (), COPIES
    for name, sectors in table:
        if not 0 < len(name.encode()) <= NAME or sectors < 1 or name in [area[0] for area in areas]:
            raise ValueError("area %s with %d sectors: a new name of 1 to %d bytes?" % (name, sectors, NAME))
        areas += ((name, first, sectors),)
        first += sectors
    have = min(flash.size // flash.erase_size, 0xFFFF)
    if first > have:
        raise ValueError("the areas need %d sectors, the flash has %d" % (first, have))
    if HEADER_SIZE + AREA_SIZE * len(areas) + 4 > flash.erase_size:
        raise ValueError("%d areas do not fit in a superblock" % len(areas))
    return areas


def _pack(flash, areas):
    block = pack(HEADER, MAGIC, VERSION, len(areas), flash.erase_size, flash.size)
    for name, first, sectors in areas:
        block += pack(AREA, name.encode(), first, sectors)
    return block + pack("<I", crc32(block))


def _read(flash, copy):
    """Return the bytes of one superblock, None if it is not sound. StorageError if of another format."""
    start = copy * flash.erase_size
    header = bytearray(HEADER_SIZE)
    flash.read(start, header)
    magic, version, count, _, _ = unpack_from(HEADER, header)
    length = HEADER_SIZE + AREA_SIZE * count
    if magic != MAGIC or length + 4 > flash.erase_size:
        return None
    block = bytearray(length + 4)
    flash.read(start, block)
    if unpack_from("<I", block, length)[0] != crc32(memoryview(block)[:length]):
        return None
    if version != VERSION:
        raise StorageError("the flash has superblock format %d, expected %d" % (version, VERSION))
    return bytes(block)


def _text(block):
    """Return what a sound superblock says, for people: sizes, then name:sectors for each area."""
    _, _, count, erase_size, size = unpack_from(HEADER, block)
    words = ["%d bytes in sectors of %d:" % (size, erase_size)]
    for index in range(count):
        name, _, sectors = unpack_from(AREA, block, HEADER_SIZE + AREA_SIZE * index)
        words.append("%s:%d" % (name.rstrip(b"\0").decode(), sectors))
    return " ".join(words)


def _is_formattable(flash, wanted):
    """Return True if the flash is blank, but for what a power cut may have left of the superblock `wanted`.

    Programming clears bits only, so a torn superblock has no bit cleared that the whole one has not. The
    second copy is begun only after the first is whole, so it must be blank.
    """
    return _can_become(flash, 0, wanted) and _is_blank(flash, len(wanted), flash.size)


def _can_become(flash, start, wanted):
    """Return True if programming alone turns what is at `start` into `wanted`."""
    found = bytearray(len(wanted))
    flash.read(start, found)
    for have, want in zip(found, wanted):
        if have & want != want:
            return False
    return True


def _is_blank(flash, start, stop):
    """Return True if all bytes from start up to stop are 0xFF."""
    chunk, blank = bytearray(CHUNK), b"\xff" * CHUNK
    while start < stop:
        # Compared whole: a megabyte has to be looked through before the meter meters.
        if stop - start < CHUNK:
            chunk, blank = chunk[: stop - start], blank[: stop - start]
        flash.read(start, chunk)
        if chunk != blank:
            return False
        start += CHUNK
    return True


def _write(flash, copy, block):
    """Make one copy whole. It is erased only if it must be, and then the other copy is sound."""
    start = copy * flash.erase_size
    if not _can_become(flash, start, block):
        flash.erase(start)
    flash.program(start, block)
    flash.sync()
    if _read(flash, copy) != block:
        raise StorageError("the flash did not keep the superblock at %d" % start)
