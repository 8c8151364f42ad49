"""A model of the ST7789: takes its commands and keeps the picture. Source: Sitronix ST7789VW, 9.1."""


class St7789:
    """320 x 240 points seen in landscape, on SPI, mode 0. dc: the pin that is high with data."""

    mode = (0, 0)
    fastest = 62_500_000

    def __init__(self, world, cs, dc, reset):
        self._world, self._dc = world, dc
        world.wire_spi(cs, self)
        world.line(reset).watchers.append(lambda high, now: None if high else self._forget())
        self._forget()

    def _forget(self):
        self.is_on = self.is_awake = self.is_inverted = False
        self.madctl = 0
        self.colmod = 0x66
        self.points = [[None] * 320 for _ in range(240)]
        self.written = 0
        self._command, self._data = None, bytearray()
        self._window = (0, 319, 0, 239)
        self._slept_at = None

    def select(self):
        """CS has gone low."""

    def deselect(self):
        """CS has gone high."""

    def exchange(self, byte):
        """One byte; there is no way back."""
        (self._take if self._world.line(self._dc).level else self._begin)(byte)
        return 0

    def _begin(self, command):
        self._command, self._data = command, bytearray()
        if command == 0x01:
            self._forget()
        elif command == 0x11:
            self.is_awake, self._slept_at = True, self._world.now
        elif command in (0x20, 0x21):
            self.is_inverted = command == 0x21
        elif command in (0x28, 0x29):
            assert self._world.now - self._slept_at >= 120_000, "120 ms after SLPOUT"
            self.is_on = command == 0x29
        elif command == 0x2C:
            self._x, self._y = self._window[0], self._window[2]

    def _take(self, byte):
        data = self._data
        data.append(byte)
        if self._command == 0x36:
            self.madctl = byte
        elif self._command == 0x3A:
            self.colmod = byte
        elif self._command in (0x2A, 0x2B) and len(data) == 4:
            first, last = data[0] << 8 | data[1], data[2] << 8 | data[3]
            left, right, top, bottom = self._window
            self._window = (first, last, top, bottom) if self._command == 0x2A else (left, right, first, last)
        elif self._command == 0x2C and len(data) == 2:
            self._point(data[0] << 8 | data[1])
            self._data = bytearray()

    def _point(self, wide):
        assert self.colmod == 0x55 and self.madctl & 0x20, "16 bits, landscape"
        left, right, top, bottom = self._window
        self.points[self._y][self._x] = ((wide >> 11) << 3, (wide >> 5 & 63) << 2, (wide & 31) << 3)
        self.written += 1
        self._x += 1
        if self._x > right:
            self._x, self._y = left, self._y + 1
        if self._y > bottom:
            self._y = top
