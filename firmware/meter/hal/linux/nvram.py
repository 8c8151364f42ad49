"""Bytes that survive without power: a ferroelectric RAM that the kernel shows as a file. Contract: Nvram in meter.hal.

The at24 and at25 drivers show a chip as /sys/bus/i2c/devices/1-0050/eeprom. A file on an SD card would do, and would
be worn out by the state of each second: boards without the chip have no Nvram.
"""

import os

from meter.hal.linux.system import System


class Nvram:
    """size: bytes that are used, from the file's first. ValueError if it has fewer; OSError if it is not there."""

    def __init__(self, path, size, system=System):
        if size <= 0:
            raise ValueError("%d bytes are no memory" % size)
        found = system.size(path)
        if found < size:
            raise ValueError("%s has %d bytes, not %d" % (path, found, size))
        self.size = size
        self._system = system
        self._fd = system.open(path, os.O_RDWR | os.O_DSYNC | os.O_CLOEXEC)

    def read(self, address, buffer):
        """Fill buffer from address. ValueError outside the memory."""
        self._check(address, len(buffer))
        if len(buffer):
            buffer[:] = whole_read(self._system, self._fd, len(buffer), address)

    def write(self, address, data):
        """Store data at address. ValueError outside the memory."""
        self._check(address, len(data))
        whole_write(self._system, self._fd, data, address)

    def close(self):
        """Release the file."""
        if self._fd is not None:
            self._system.close(self._fd)
            self._fd = None

    def _check(self, address, length):
        if address < 0 or address + length > self.size:
            raise ValueError("%d bytes at %d are outside the memory of %d" % (length, address, self.size))


def whole_read(system, fd, length, at):
    """Return `length` bytes from `at`. OSError if the file ends before."""
    data = b""
    while len(data) < length:
        piece = system.pread(fd, length - len(data), at + len(data))
        if not piece:
            raise OSError("the memory ends at %d" % (at + len(data)))
        data += piece
    return data


def whole_write(system, fd, data, at):
    """Write data at `at`, in as many steps as it takes."""
    view = memoryview(data)
    while len(view):
        done = system.pwrite(fd, view, at)
        view, at = view[done:], at + done
