"""An SPI device by /dev/spidevB.C (linux/spi/spidev.h), with many frames in one call of the kernel.

spi_ioc_transfer, 32 bytes: tx_buf u64 | rx_buf u64 | len u32 | speed_hz u32 | delay_usecs u16 | bits u8 |
                            cs_change u8 | tx_nbits u8 | rx_nbits u8 | word_delay u8 | padding u8
"""

import ctypes
import os
from struct import pack, pack_into

from meter.hal.linux.system import WRITE, System, request

SET_MODE = request(WRITE, "k", 1, 1)
SET_BITS = request(WRITE, "k", 3, 1)
SET_SPEED = request(WRITE, "k", 4, 4)
TRANSFER_SIZE = 32
TRANSFER = "<QQIIHBBBBBx"
BUFFER_LIMIT = 4096  # bytes in one call: spidev's parameter bufsiz as it comes


def message(count):
    """Return the number of the ioctl SPI_IOC_MESSAGE(count)."""
    return request(WRITE, "k", 0, count * TRANSFER_SIZE)


class Spi:
    """One chip select. mode: of SPI, 0 to 3. speed_hz: of the clock. OSError if the device is not there."""

    def __init__(self, path, speed_hz, mode, system=System):
        self._system = system
        self._speed = speed_hz
        self._fd = system.open(path, os.O_RDWR | os.O_CLOEXEC)
        system.ioctl(self._fd, SET_MODE, bytearray(pack("<B", mode)))
        system.ioctl(self._fd, SET_BITS, bytearray(b"\x08"))
        system.ioctl(self._fd, SET_SPEED, bytearray(pack("<I", speed_hz)))

    def exchange(self, out, into):
        """Send `out` and fill `into`, of the same length, in one frame."""
        into[:] = Frames(self, 1, len(out), 0, bytes(out)).exchange()

    def send(self, transfers, count):
        """Run the transfers, an array of spi_ioc_transfer."""
        self._system.ioctl(self._fd, message(count), transfers)

    @property
    def speed_hz(self):
        """Clock in Hz."""
        return self._speed

    def close(self):
        """Release the device."""
        if self._fd is not None:
            self._system.close(self._fd)
            self._fd = None


class Frames:
    """`count` equal frames of `size` bytes in one call of the kernel, `gap_us` apart; made once and used again."""

    def __init__(self, spi, count, size, gap_us, out=None):
        if count * size > BUFFER_LIMIT:
            raise ValueError("%d frames of %d bytes are more than %d bytes" % (count, size, BUFFER_LIMIT))
        self._spi = spi
        self._count = count
        self._out = ctypes.create_string_buffer(out or bytes(size), size)
        self._into = ctypes.create_string_buffer(count * size)
        self._transfers = bytearray(count * TRANSFER_SIZE)
        for k in range(count):
            # cs_change ends a frame: the chip select goes up between two transfers. After the last it does so anyway.
            pack_into(
                TRANSFER, self._transfers, k * TRANSFER_SIZE,
                ctypes.addressof(self._out), ctypes.addressof(self._into) + k * size, size,
                spi.speed_hz, gap_us, 8, int(k < count - 1), 0, 0, 0,
            )  # fmt: skip

    def exchange(self):
        """Run them. Return what came, bytes."""
        self._spi.send(self._transfers, self._count)
        return self._into.raw
