"""A NOR chip behind /dev/mtd0, and a supply that fails in the middle of an operation of a file or of that chip.

ioctls: mtd/mtd-abi.h. The chip is a file whose bits a write can only clear and an erase sets.
"""

import os
import struct

from meter.hal.linux.system import System
from meter.hal.sim.flash import PowerCut, Random

GET_INFO, ERASE = 0x80204D01, 0x40084D02


class Torn(System):
    """Files, on a supply that fails in operation number cut_after: it leaves a beginning, and one byte mixed."""

    def __init__(self, cut_after=None, seed=1):
        self.cut_after = cut_after
        self.operations = 0
        self._random = Random(seed)

    def _is_torn(self):
        self.operations += 1
        if self.cut_after is not None and self.operations > self.cut_after:
            raise PowerCut("the power is off")
        return self.operations == self.cut_after

    def pwrite(self, fd, data, at):
        data = bytes(data)
        if self._is_torn():
            done = self._random.below(len(data) + 1)
            old = os.pread(fd, 1, at + done)
            mask = self._random.bytes(1)[0]
            mixed = bytes([data[done] & mask | old[0] & ~mask & 0xFF]) if done < len(data) and old else b""
            os.pwrite(fd, data[:done] + mixed, at)
            raise PowerCut(f"the power failed in operation {self.operations}")
        return os.pwrite(fd, data, at)


class Chip(Torn):
    """path: the file that keeps the chip's bytes. kind, flags: as MEMGETINFO tells them (NOR, bits writeable)."""

    def __init__(self, path, size=4 * 4096, erase_size=4096, kind=3, flags=0xC00, **supply):
        super().__init__(**supply)
        self.path, self._shape = str(path), (kind, flags, size, erase_size)
        if not os.path.exists(path):
            with open(path, "wb") as file:
                file.write(b"\xff" * size)

    def open(self, path, flags):
        assert path == "/dev/mtd0" and flags & os.O_RDWR
        return os.open(self.path, os.O_RDWR)

    def ioctl(self, fd, number, argument):
        kind, flags, size, erase_size = self._shape
        if number == GET_INFO:
            struct.pack_into("<B3xIIIIIQ", argument, 0, kind, flags, size, erase_size, 1, 0, 0)
            return
        assert number == ERASE
        start, length = struct.unpack("<II", argument)
        if start % erase_size or length % erase_size or start + length > size:
            raise OSError(22, "Invalid argument")
        super().pwrite(fd, b"\xff" * length, start)

    def pwrite(self, fd, data, at):
        old = os.pread(fd, len(data), at)
        return super().pwrite(fd, bytes(a & b for a, b in zip(old, data)), at)
