"""The slots in which firmware images arrive: two, in turn, so that what runs is never overwritten.

Blocks come in any order, more than once, and over power cuts. A block is on the flash before the map says so; and the
map says that a block is missing before its sector is erased. So whatever the map says is there, is there.
"""

import struct

from meter.compat import const
from meter.storage.image import PIECE, WHOLE, ImageError, check

SLOTS = const(2)
# The map of blocks as it is kept: which of the two forms, then their bytes.
_RANGES, _BITS = const(0), const(1)


class BlockMap:
    """Which of `count` blocks are there."""

    def __init__(self, count, packed=b""):
        self.count = count
        self.bits = bytearray((count + 7) // 8)
        if packed and packed[0] == _BITS:
            self.bits[:] = packed[1:]
        elif packed:
            for at in range(1, len(packed), 4):
                first, end = struct.unpack_from("<HH", packed, at)
                for number in range(first, end):
                    self.mark(number)

    def has(self, number):
        """Return True if a block is there."""
        return bool(self.bits[number >> 3] & 0x80 >> (number & 7))

    def mark(self, number, is_there=True):
        """Note that a block is there, or that it is not."""
        bit = 0x80 >> (number & 7)
        if is_there:
            self.bits[number >> 3] |= bit
        else:
            self.bits[number >> 3] &= ~bit & 0xFF

    @property
    def first_missing(self):
        """The number of the first block that is not there; the count of blocks if all are."""
        for place, byte in enumerate(self.bits):
            if byte != 0xFF:
                for number in range(place * 8, min(place * 8 + 8, self.count)):
                    if not self.has(number):
                        return number
        return self.count

    def packed(self):
        """Return it as bytes: ranges (first, end), or the bits if these are shorter."""
        ranges, start = [], None
        for number in range(self.count + 1):
            is_there = number < self.count and self.has(number)
            if is_there and start is None:
                start = number
            elif not is_there and start is not None:
                ranges.append(struct.pack("<HH", start, number))
                start = None
            if 4 * len(ranges) > len(self.bits):
                return bytes((_BITS,)) + bytes(self.bits)
        return bytes((_RANGES,)) + b"".join(ranges)


class Slots:
    """The area `image`. size: bytes of one slot. key, oldest, flashed: what check() asks of an image."""

    def __init__(self, flash, base, size, key=None, oldest=None, flashed=WHOLE):
        self.key, self.oldest, self.flashed = key, oldest, flashed
        self._flash, self._base = flash, base
        self._erase_size = flash.erase_size
        self.size = size // SLOTS // flash.erase_size * flash.erase_size

    def start(self, slot):
        """Return the address on the flash at which a slot begins."""
        return self._base + slot * self.size

    def read(self, slot, at, count):
        """Return bytes of a slot."""
        data = bytearray(count)
        self._flash.read(self.start(slot) + at, data)
        return bytes(data)

    def sector_of(self, number):
        """Return (first, end) of the blocks that share a sector with a block."""
        in_sector = self._erase_size // PIECE
        first = number // in_sector * in_sector
        return first, first + in_sector

    def takes(self, slot, number, data):
        """Return True if a block can be programmed, or is there already, without an erase."""
        found = self.read(slot, number * PIECE, len(data))
        return all([have & want == want for have, want in zip(found, data)])

    def program(self, slot, number, data):
        """Program a block that takes() it."""
        self._flash.program(self._base + slot * self.size + number * PIECE, data)
        self._flash.sync()

    def rewrite(self, slot, number, data, kept):
        """Erase the sector of a block and program this one and those of `kept` (numbers) again, nothing else of it.

        A power cut may lose all of them.
        """
        start = number * PIECE // self._erase_size * self._erase_size
        sector = bytearray(b"\xff" * self._erase_size)
        for each in kept:
            at = each * PIECE - start
            sector[at : at + PIECE] = self.read(slot, each * PIECE, PIECE)
        at = number * PIECE - start
        sector[at : at + len(data)] = data
        self._flash.erase(self._base + slot * self.size + start)
        self._flash.program(self._base + slot * self.size + start, sector)
        self._flash.sync()

    def check(self, slot, size, board):
        """Return the Header of a sound image of `size` bytes for this board. ImageError."""
        if size > self.size:
            raise ImageError("it has %d bytes, a slot has %d" % (size, self.size))
        options = self.key, self.oldest, self.flashed
        return check(lambda at, count: self.read(slot, at, count), size, board, *options)
