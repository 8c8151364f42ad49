"""A NOR flash in memory or in a file, as strict as the real ones and, when a test asks for it, as unreliable.

Programming only clears bits; an erase sets a whole sector. With `cut_after` the power fails in the middle of
an operation and leaves what real parts leave: some of the bits of a program, anything at all of an erase. The
same seed gives the same damage. Wear is counted for each sector, since this object was made.
"""

PAGE = 65536  # a multiple of the mapping granularity of every host


class PowerCut(Exception):
    """The simulated supply failed: raised by the torn operation and all later ones until restore_power()."""


class NorViolation(Exception):
    """A program() wanted to set a bit from 0 to 1: a bug in the firmware."""


class WrongFileSize(ValueError):
    """The file has another size than the memory it is to keep. It was not touched."""


class Flash:
    """The hal Flash contract over `size` bytes in sectors of `erase_size`.

    path       file that keeps the content; created blank if missing. None: in memory.
    lazy       True: the host writes the file when it likes, and at close(). A process that is killed loses nothing,
               but a host that fails may. For simulating years, in which waiting for a disk would take minutes.
    cut_after  how many programs and erases from now the power fails in, 1 for the next; None: never
    wear       erases of each sector, a list
    erases, programs   operations so far
    """

    def __init__(self, size, erase_size=4096, path=None, seed=1, lazy=False):
        if size <= 0 or size % erase_size:
            raise ValueError("%d bytes are not whole sectors of %d" % (size, erase_size))
        self.size = size
        self.erase_size = erase_size
        self.cut_after = None
        self.powered = True
        self.erases = self.programs = 0
        self.wear = [0] * (size // erase_size)
        self._random = Random(seed)
        self._file = map_file(path, size) if path else None
        self._memory = self._file or bytearray(b"\xff" * size)
        self._dirty = (size, 0)
        self._lazy = lazy

    def read(self, address, buffer):
        """Fill buffer from address. ValueError outside the flash."""
        self._check(address, len(buffer))
        buffer[:] = self._memory[address : address + len(buffer)]

    def program(self, address, data):
        """Clear the bits at address that are 0 in data. NorViolation if a 1 would go where a 0 is."""
        self._check(address, len(data))
        old = self._memory[address : address + len(data)]
        if int.from_bytes(data, "little") & ~int.from_bytes(old, "little"):
            raise NorViolation("program at %d would set a bit" % address)
        torn = self._is_torn()
        self._store(address, self._tear_program(old, data) if torn else data)
        self.programs += 1
        self._fail_if(torn)

    def erase(self, address):
        """Set the sector at address to 0xFF. ValueError if address is not the start of a sector."""
        self._check(address, self.erase_size)
        if address % self.erase_size:
            raise ValueError("%d is not the start of a sector" % address)
        torn = self._is_torn()
        blank = b"\xff" * self.erase_size
        self._store(address, self._tear_erase(address) if torn else blank)
        self.wear[address // self.erase_size] += 1
        self.erases += 1
        self._fail_if(torn)

    def sync(self):
        """Return when the file, if there is one, has everything on its medium."""
        self._check(0, 0)
        low, high = self._dirty
        if self._file and low < high and not self._lazy:
            low -= low % PAGE
            self._file.flush(low, high - low)
        self._dirty = (self.size, 0)

    def restore_power(self):
        """End a power cut, and forget a planned one."""
        self.powered = True
        self.cut_after = None

    def close(self):
        """Flush and release the file. The object must not be used again."""
        if self._file:
            self._file.flush()
            self._file.close()
        self._file = self._memory = None

    def _check(self, address, length):
        if not self.powered:
            raise PowerCut("the power is off")
        if address < 0 or address + length > self.size:
            raise ValueError("%d bytes at %d are outside the flash of %d" % (length, address, self.size))

    def _store(self, address, data):
        self._memory[address : address + len(data)] = data
        low, high = self._dirty
        self._dirty = (min(low, address), max(high, address + len(data)))

    def _is_torn(self):
        """Count one operation; return True if the power fails in it."""
        if self.cut_after is None:
            return False
        self.cut_after -= 1
        return self.cut_after <= 0

    def _fail_if(self, torn):
        if torn:
            self.powered = False
            raise PowerCut("the power failed in operation %d" % (self.programs + self.erases))

    def _tear_program(self, old, data):
        """Return what a torn program leaves: none, all, a beginning or a random part of the cleared bits."""
        kind = self._random.below(8)
        if kind == 0:
            return old
        if kind == 1:
            return data
        done = self._random.below(len(data) + 1) if kind < 5 else 0
        keep = self._random.bytes(len(data))
        mixed = bytes(new | (before & mask) for new, before, mask in zip(data, old, keep))
        return bytes(data[:done]) + mixed[done : done + 1] + bytes(old[done + 1 :]) if kind < 5 else mixed

    def _tear_erase(self, address):
        """Return what a torn erase leaves: old or blank bytes, bits half set or half cleared, or noise."""
        old = bytes(self._memory[address : address + self.erase_size])
        noise = self._random.bytes(self.erase_size)
        kind = self._random.below(6)
        if kind == 0:
            return old
        if kind == 1:
            return b"\xff" * self.erase_size
        if kind == 2:  # blank but for one byte
            at = self._random.below(self.erase_size)
            return b"\xff" * at + noise[:1] + b"\xff" * (self.erase_size - at - 1)
        if kind == 3:  # on the way up to 1
            return bytes(before | mask for before, mask in zip(old, noise))
        if kind == 4:  # real parts clear the sector first
            return bytes(before & mask for before, mask in zip(old, noise))
        return noise


class Random:
    """xorshift32: small, and the same on both interpreters."""

    def __init__(self, seed):
        self._state = (seed * 2654435761 + 1) & 0xFFFFFFFF or 1
        self.bytes(32)  # close seeds begin alike

    def _next(self):
        state = self._state
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        self._state = state
        return state

    def below(self, limit):
        """Return an int from 0 up to, not including, limit."""
        return (self._next() >> 8) % limit

    def bytes(self, count):
        """Return count random bytes."""
        data = b"".join([self._next().to_bytes(4, "little") for _ in range((count + 3) // 4)])
        return data[:count]


def map_file(path, size, blank=b"\xff"):
    """Return the file mapped in memory: stores survive the process, sync() makes them survive the machine."""
    import mmap
    import os

    if not os.path.exists(path):
        # A file that is created in one step: a half-made one would be refused for its size ever after.
        with open(path + ".new", "wb") as file:
            file.write(blank * size)
        os.replace(path + ".new", path)
    found = os.path.getsize(path)
    if found != size:
        raise WrongFileSize("%s has %d bytes, not %d" % (path, found, size))
    with open(path, "r+b") as file:
        return mmap.mmap(file.fileno(), size)
