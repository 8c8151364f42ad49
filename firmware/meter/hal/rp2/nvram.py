"""A ferroelectric RAM MB85RS512T on SPI: 64 KiB, written at bus speed, without wear. Contract: Nvram in meter.hal.

    WREN |                      sets the latch without which nothing is written; a write clears it
    WRITE | address, 2 bytes | data ...
    READ  | address, 2 bytes | -> data ...

FM25V05 and other parts of 64 KiB have the same commands and another identity. Source: its data sheet, op-codes.
"""

from machine import Pin

from meter.compat import const

SIZE = const(65536)
WREN = b"\x06"
READ = const(0x03)
WRITE = const(0x02)
RDID = b"\x9f"
IDENTITIES = (b"\x04\x7f\x26\x03",)  # Fujitsu, continuation, 512 Kbit, MB85RS512T


class Nvram:
    """The memory at an SPI.

    spi     a machine.SPI in mode 0, of 30 MHz at most. cs: the pin that selects this chip
    OSError if another part, or none, answers.
    """

    def __init__(self, spi, cs):
        self.size = SIZE
        self._select = Pin(cs, Pin.OUT, value=1)
        self._spi = spi
        self._head = bytearray(3)
        found = bytearray(4)
        self._transfer(RDID, into=found)
        if bytes(found) not in IDENTITIES:
            raise OSError("no MB85RS512T answers: %s" % " ".join(["%02x" % byte for byte in found]))

    def read(self, address, buffer):
        """Fill buffer from address. ValueError outside the memory."""
        self._check(address, len(buffer))
        if len(buffer):
            self._transfer(self._command(READ, address), into=buffer)

    def write(self, address, data):
        """Store data at address. ValueError outside the memory."""
        self._check(address, len(data))
        if len(data):
            self._transfer(WREN)
            self._transfer(self._command(WRITE, address), data)

    def close(self):
        """Nothing to release: the SPI may have other chips."""

    def _command(self, code, address):
        head = self._head
        head[0], head[1], head[2] = code, address >> 8, address & 0xFF
        return head

    def _transfer(self, head, data=None, into=None):
        self._select.value(0)
        try:
            self._spi.write(head)
            if data is not None:
                self._spi.write(data)
            if into is not None:
                self._spi.readinto(into)
        finally:
            self._select.value(1)

    def _check(self, address, length):
        if address < 0 or address + length > SIZE:
            raise ValueError("%d bytes at %d are outside the memory of %d" % (length, address, SIZE))
