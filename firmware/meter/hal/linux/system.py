"""What these devices ask of the kernel: files and ioctls. Tests put a model of a device in its place.

ioctl numbers and structures are those of Linux's uapi headers (linux/gpio.h, linux/spi/spidev.h, linux/rtc.h,
mtd/mtd-abi.h), which are part of the kernel's stable interface.

    31 30 29          16 15        8 7         0
    | dir |    size     |   type    |   number  |      _IOC of asm-generic/ioctl.h
"""

import fcntl
import os
import select

NONE, WRITE, READ = 0, 1, 2


def request(direction, kind, number, size):
    """Return the number of an ioctl. kind: a character. size: bytes of its argument."""
    return direction << 30 | size << 16 | ord(kind) << 8 | number


class System:
    """The kernel. Every failure is an OSError."""

    open = staticmethod(os.open)
    close = staticmethod(os.close)
    read = staticmethod(os.read)
    write = staticmethod(os.write)
    pread = staticmethod(os.pread)
    pwrite = staticmethod(os.pwrite)
    fsync = staticmethod(os.fsync)
    size = staticmethod(os.path.getsize)
    exists = staticmethod(os.path.exists)

    @staticmethod
    def ioctl(fd, number, argument):
        """argument: a bytearray that the kernel reads and fills, or an int."""
        return fcntl.ioctl(fd, number, argument)

    @staticmethod
    def readable(fd):
        """Return True if a read would not wait."""
        return bool(select.select([fd], [], [], 0)[0])
