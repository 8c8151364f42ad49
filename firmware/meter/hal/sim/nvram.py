"""A battery-backed or ferroelectric RAM in memory or in a file, and, when a test asks for it, as unreliable.

Bytes are written one after the other, without an erase and without wear. With `cut_after` the power fails in the
middle of a write and leaves what real parts leave: a beginning of it, with one byte half written, or nothing, or all
of it, or, where a driver writes in pages of its own order, a mixture of old and new bytes.
"""

from meter.hal.sim.flash import PowerCut, Random, map_file


class Nvram:
    """The hal Nvram contract over `size` bytes.

    path       file that keeps the content; if missing, created with zeros by the first write. None: in memory.
    cut_after  how many writes from now the power fails in, 1 for the next; None: never
    writes     operations so far
    """

    def __init__(self, size, path=None, seed=1):
        if size <= 0:
            raise ValueError("%d bytes are no memory" % size)
        self.size = size
        self.cut_after = None
        self.powered = True
        self.writes = 0
        self._random = Random(seed)
        self._path = path
        self._file = map_file(path, size, b"\0") if path and _exists(path) else None
        self._memory = self._file or bytearray(size)

    def read(self, address, buffer):
        """Fill buffer from address. ValueError outside the memory."""
        self._check(address, len(buffer))
        buffer[:] = self._memory[address : address + len(buffer)]

    def write(self, address, data):
        """Store data at address. ValueError outside the memory."""
        self._check(address, len(data))
        if self._path and not self._file:
            self._memory = self._file = map_file(self._path, self.size, b"\0")
        if self.cut_after is not None:
            self.cut_after -= 1
            if self.cut_after <= 0:
                data = self._tear(bytes(self._memory[address : address + len(data)]), data)
                self.powered = False
        self._memory[address : address + len(data)] = data
        self.writes += 1
        if not self.powered:
            raise PowerCut("the power failed in write %d" % self.writes)

    def restore_power(self):
        """End a power cut, and forget a planned one."""
        self.powered = True
        self.cut_after = None

    def close(self):
        """Flush and release the file. The object must not be used again."""
        if self._file:
            self._file.flush()
            self._file.close()
        self._file = self._memory = self._path = None

    def _check(self, address, length):
        if not self.powered:
            raise PowerCut("the power is off")
        if address < 0 or address + length > self.size:
            raise ValueError("%d bytes at %d are outside the memory of %d" % (length, address, self.size))

    def _tear(self, old, data):
        """Return what a torn write leaves: none, all, a beginning with a byte half written, or a mixture."""
        kind = self._random.below(8)
        if kind == 0 or not data:
            return old
        if kind == 1:
            return bytes(data)
        noise = self._random.bytes(len(data))
        if kind < 6:
            done = self._random.below(len(data))
            half = data[done] & noise[0] | old[done] & ~noise[0]
            return bytes(data[:done]) + bytes([half]) + old[done + 1 :]
        return bytes([new if bit & 1 else before for new, before, bit in zip(data, old, noise)])


def _exists(path):
    from os.path import exists  # only on a host: a board has no such files

    return exists(path)
