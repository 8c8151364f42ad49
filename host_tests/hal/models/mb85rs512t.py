"""A model of the ferroelectric RAM MB85RS512T. Source: Fujitsu NP501-00028, Op-Code and Command."""


class Mb85rs512t:
    """64 KiB on SPI, mode 0. It takes whole bytes as they come: a write that is cut off leaves its beginning.

    cut_after   bytes that are still written before the supply fails, or None
    """

    mode = (0, 0)
    fastest = 30_000_000
    SIZE = 0x10000

    def __init__(self, world, cs, identity=b"\x04\x7f\x26\x03"):
        self.memory = bytearray(self.SIZE)
        self.cut_after = None
        self._identity = identity
        self._enabled = False
        self._got = bytearray()
        world.wire_spi(cs, self)

    def select(self):
        """CS has gone low: an op-code follows."""
        self._got = bytearray()

    def deselect(self):
        """CS has gone high. The latch falls after a write."""
        code = self._got[0] if self._got else None
        if code == 0x06 and len(self._got) == 1:
            self._enabled = True
        elif code in (0x04, 0x02):
            self._enabled = False

    def exchange(self, mosi):
        """One byte each way. Return MISO."""
        miso = self._next()
        self._got.append(mosi)
        self._store()
        return miso

    def _address(self):
        return self._got[1] << 8 | self._got[2]

    def _next(self):
        count = len(self._got)
        if count and self._got[0] == 0x9F:
            return self._identity[(count - 1) % 4]
        if count >= 3 and self._got[0] == 0x03:
            return self.memory[(self._address() + count - 3) % self.SIZE]
        return 0

    def _store(self):
        count = len(self._got)
        if count > 3 and self._got[0] == 0x02 and self._enabled:
            if self.cut_after is not None:
                self.cut_after -= 1
                if self.cut_after < 0:
                    return
            self.memory[(self._address() + count - 4) % self.SIZE] = self._got[-1]
