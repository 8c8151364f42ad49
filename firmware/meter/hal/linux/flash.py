"""NOR flash: a file with its rules, or an MTD device. Contract: Flash in meter.hal.

Flash   on a card or a disk: blank bytes are 0xFF, programming clears bits. Each operation is on the medium before
        it returns (O_DSYNC), so a power cut tears the last one only, as on a real part: the storage relies on it.
Mtd     a NOR chip on SPI, /dev/mtdN: erased by MEMERASE of mtd/mtd-abi.h, written as it is.

mtd_info_user, 32 bytes: type u8 | 3 x padding | flags u32 | size u32 | erasesize u32 | writesize u32 | ...
erase_info_user, 8 bytes: start u32 | length u32
"""

import os
from struct import pack, unpack_from

from meter.hal.linux.nvram import whole_read, whole_write
from meter.hal.linux.system import READ, WRITE, System, request

GET_INFO = request(READ, "M", 0x01, 32)
ERASE = request(WRITE, "M", 0x02, 8)
NOR = 3
BIT_WRITEABLE = 0x800
BLANK = b"\xff"


class _Flash:
    """What both share: the checks, and reading."""

    def __init__(self, system, fd, size, erase_size):
        self.size, self.erase_size = size, erase_size
        self._system, self._fd = system, fd

    def read(self, address, buffer):
        """Fill buffer from address. ValueError outside the flash."""
        self._check(address, len(buffer))
        if len(buffer):
            buffer[:] = whole_read(self._system, self._fd, len(buffer), address)

    def _check(self, address, length):
        if address < 0 or address + length > self.size:
            raise ValueError("%d bytes at %d are outside the flash of %d" % (length, address, self.size))

    def _check_sector(self, address):
        self._check(address, self.erase_size)
        if address % self.erase_size:
            raise ValueError("%d is not the start of a sector" % address)

    def sync(self):
        """Return when everything is on the medium: each operation was before it returned."""

    def close(self):
        """Release the device."""
        if self._fd is not None:
            self._system.close(self._fd)
            self._fd = None


class Flash(_Flash):
    """A file of `size` bytes in sectors of erase_size. Created blank if missing. ValueError if it has another size."""

    def __init__(self, path, size, erase_size=4096, system=System):
        if size <= 0 or size % erase_size:
            raise ValueError("%d bytes are not whole sectors of %d" % (size, erase_size))
        if not system.exists(path):
            _create(system, path, size, erase_size)
        found = system.size(path)
        if found != size:
            raise ValueError("%s has %d bytes, not %d" % (path, found, size))
        fd = system.open(path, os.O_RDWR | os.O_DSYNC | os.O_CLOEXEC)
        super().__init__(system, fd, size, erase_size)

    def program(self, address, data):
        """Clear the bits at address that are 0 in data."""
        self._check(address, len(data))
        if not len(data):
            return
        old = whole_read(self._system, self._fd, len(data), address)
        both = int.from_bytes(old, "little") & int.from_bytes(bytes(data), "little")
        whole_write(self._system, self._fd, both.to_bytes(len(data), "little"), address)

    def erase(self, address):
        """Set the sector at address to 0xFF. ValueError if address is not the start of a sector."""
        self._check_sector(address)
        whole_write(self._system, self._fd, BLANK * self.erase_size, address)


class Mtd(_Flash):
    """An MTD device of NOR flash. OSError if it is something else."""

    def __init__(self, path, system=System):
        fd = system.open(path, os.O_RDWR | os.O_SYNC | os.O_CLOEXEC)
        info = bytearray(32)
        system.ioctl(fd, GET_INFO, info)
        kind, flags, size, erase_size = unpack_from("<B3xIII", info)
        if kind != NOR or not flags & BIT_WRITEABLE:
            system.close(fd)
            raise OSError("%s is no NOR flash that is written bit by bit" % path)
        super().__init__(system, fd, size, erase_size)

    def program(self, address, data):
        """Clear the bits at address that are 0 in data: the chip does it so."""
        self._check(address, len(data))
        whole_write(self._system, self._fd, data, address)

    def erase(self, address):
        """Set the sector at address to 0xFF. ValueError if address is not the start of a sector."""
        self._check_sector(address)
        self._system.ioctl(self._fd, ERASE, bytearray(pack("<II", address, self.erase_size)))


def _create(system, path, size, erase_size):
    """Make a blank file in one step: a half-made one would be refused for its size ever after."""
    new = path + ".new"
    fd = system.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        for at in range(0, size, erase_size):
            whole_write(system, fd, BLANK * erase_size, at)
        system.fsync(fd)
    finally:
        system.close(fd)
    os.replace(new, path)
    folder = system.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
    try:
        system.fsync(folder)
    finally:
        system.close(folder)
