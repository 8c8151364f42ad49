"""The board's own flash, beside the firmware, as the NOR flash of the storage. Contract: Flash in meter.hal.

While a sector is erased (up to 45 ms) or a page programmed, nothing runs from the flash and interrupts are off: the
converter's ring fills on by itself (see dma_ring).
"""

import os

import rp2

from meter.compat import const

ERASE_SIZE = const(4096)
PAGE = const(256)  # the least that can be programmed
_ERASE = const(6)  # of a block device's ioctl
_SYNC = const(3)


OVERLAP = "the file system has %d bytes of the flash, the meter's part begins at %d: boards/rp2/README.md"


class OverlapError(Exception):
    """The file system of the board reaches into the meter's part: either would destroy the other."""


def file_system():
    """Return how many bytes of the flash the file system at / has, 0 if there is none."""
    try:
        found = os.statvfs("/")
    except OSError:
        return 0
    return found[1] * found[2]


class Flash:
    """`size` bytes from `start` (both whole sectors) of the part of the flash that the firmware does not take.

    ValueError if the board's MicroPython leaves less than that for data. OverlapError if its file system reaches into
    it: then nothing is touched.
    """

    def __init__(self, start, size):
        taken = file_system()
        if taken and taken > start:
            raise OverlapError(OVERLAP % (taken, start))
        self.size = size
        self.erase_size = ERASE_SIZE
        self._device = rp2.Flash(start=start, len=size)
        self._page = bytearray(PAGE)

    def read(self, address, buffer):
        """Fill buffer from address. ValueError outside the flash."""
        self._check(address, len(buffer))
        if len(buffer):
            self._device.readblocks(address // ERASE_SIZE, buffer, address % ERASE_SIZE)

    def view(self, address, length):
        """Return memory that shows what is there, without a copy: the flash is mapped into memory."""
        self._check(address, length)
        return memoryview(self._device)[address : address + length]

    def program(self, address, data):
        """Clear the bits at address that are 0 in data. ValueError outside the flash.

        The chip programs whole pages: what is not to be changed is programmed with ones, which change nothing.
        """
        self._check(address, len(data))
        view = memoryview(data)
        done = 0
        while done < len(data):
            at = address + done
            offset = at % PAGE
            count = min(PAGE - offset, len(data) - done)
            self._program_page(at - offset, offset, view[done : done + count])
            done += count

    def erase(self, address):
        """Set the sector at address to 0xFF. ValueError if address is not the start of a sector."""
        self._check(address, ERASE_SIZE)
        if address % ERASE_SIZE:
            raise ValueError("%d is not the start of a sector" % address)
        self._device.ioctl(_ERASE, address // ERASE_SIZE)

    def sync(self):
        """Return when everything is on the medium: at once, since each operation waits for its end."""
        self._device.ioctl(_SYNC, 0)

    def close(self):
        """Nothing to release."""

    def _program_page(self, page, offset, data):
        # In the heap, not in the flash, which cannot be read while it is programmed.
        buffer = self._page
        for k in range(PAGE):
            buffer[k] = 0xFF
        buffer[offset : offset + len(data)] = data
        self._device.writeblocks(page // ERASE_SIZE, buffer, page % ERASE_SIZE)

    def _check(self, address, length):
        if address < 0 or address + length > self.size:
            raise ValueError("%d bytes at %d are outside the flash of %d" % (length, address, self.size))
