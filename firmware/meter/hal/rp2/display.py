"""A display of 320 x 240 points with an ST7789 on SPI. Contract: Display in meter.hal.

There is no frame buffer of the whole picture, which would take 150 KB: it is drawn and sent strip by strip. A strip
takes 6 ms on a bus of 20 MHz; between two of them the other tasks run. Source: ST7789VW data sheet, 9.1 (commands).
"""

import asyncio
from time import sleep_ms

import framebuf
from machine import PWM, Pin

from meter.compat import const

WIDTH = const(320)
HEIGHT = const(240)
STRIP = const(24)  # lines

SWRESET = const(0x01)
SLPOUT = const(0x11)
NORON = const(0x13)
INVON = const(0x21)
DISPON = const(0x29)
CASET = const(0x2A)
RASET = const(0x2B)
RAMWR = const(0x2C)
MADCTL = const(0x36)
COLMOD = const(0x3A)
# command, data, ms to wait after it
START = (
    (SWRESET, b"", 150),
    (SLPOUT, b"", 120),
    (COLMOD, b"\x55", 0),  # 16 bits a point
    (MADCTL, b"\x70", 0),  # landscape: rows and columns exchanged, columns mirrored, lines from the bottom
    (INVON, b"", 0),  # the panels that go with it are built so
    (NORON, b"", 10),
    (DISPON, b"", 10),
)


class Display:
    """The display at an SPI.

    spi     a machine.SPI in mode 0, of 62 MHz at most. cs, dc: pins of the display
    reset, light    pin that resets it, pin of its backlight, or None
    """

    width = WIDTH
    height = HEIGHT

    def __init__(self, spi, cs, dc, reset=None, light=None):
        self._spi = spi
        self._select = Pin(cs, Pin.OUT, value=1)
        self._is_data = Pin(dc, Pin.OUT, value=0)
        self._reset = Pin(reset, Pin.OUT, value=1) if reset is not None else None
        self._light = PWM(Pin(light), freq=1000, duty_u16=0) if light is not None else None
        self._memory = bytearray(2 * WIDTH * STRIP)
        self._canvas = framebuf.FrameBuffer(self._memory, WIDTH, STRIP, framebuf.RGB565)
        self._place = bytearray(4)

    def start(self):
        """Reset the display and switch it on. Takes 0.3 s."""
        if self._reset:
            self._reset.value(0)
            sleep_ms(1)
            self._reset.value(1)
            sleep_ms(120)
        for command, data, wait_ms in START:
            self._send(command, data)
            sleep_ms(wait_ms)
        self.brightness(100)

    def brightness(self, percent):
        """Set the backlight, 0 to 100."""
        if self._light:
            self._light.duty_u16(percent * 65535 // 100)

    def colour(self, red, green, blue):
        """Return the number by which a canvas knows this colour; each part is 0 to 255."""
        wide = (red & 0xF8) << 8 | (green & 0xFC) << 3 | blue >> 3
        return wide >> 8 | (wide & 0xFF) << 8  # the chip takes the upper byte first

    async def show(self, draw, top=0, bottom=HEIGHT):
        """Renew the lines from top up to, not including, bottom.

        draw(canvas, line): draw the part of the picture that begins with this line onto the canvas, a framebuf.
        FrameBuffer of WIDTH x STRIP; what is outside of it falls away. It is called for each strip, the canvas cleared.
        """
        for line in range(top, bottom, STRIP):
            lines = min(STRIP, bottom - line)
            self._canvas.fill(0)
            draw(self._canvas, line)
            self._window(line, line + lines - 1)
            self._send(RAMWR, memoryview(self._memory)[: 2 * WIDTH * lines])
            await asyncio.sleep(0)

    def _window(self, first, last):
        place = self._place
        place[0], place[1], place[2], place[3] = 0, 0, (WIDTH - 1) >> 8, (WIDTH - 1) & 0xFF
        self._send(CASET, place)
        place[0], place[1], place[2], place[3] = first >> 8, first & 0xFF, last >> 8, last & 0xFF
        self._send(RASET, place)

    def _send(self, command, data):
        self._select.value(0)
        self._is_data.value(0)
        self._spi.write(bytes((command,)))
        if data:
            self._is_data.value(1)
            self._spi.write(data)
        self._select.value(1)
