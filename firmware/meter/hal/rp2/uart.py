"""A serial port: RS-232, RS-485 with a direction pin, or an optical head. Contract: Uart in meter.hal.

When the direction pin turns is for ports.serial to say; drain() returns when the last stop bit has left, to two
milliseconds. An infrared head sees its own light: what arrives while it sends is thrown away. A head that is dark
while the line idles has both lines inverted.
"""

import asyncio

from machine import UART, Pin

from meter.compat import const

QUEUE_LIMIT = const(4096)  # bytes written and not sent
_READ_SIZE = const(512)
_RX_BUFFER = const(1024)  # what arrives while something else has the processor: 90 ms at 115,200 baud
_TX_BUFFER = const(512)
_POLL_MS = const(2)
_PARITIES = {"N": None, "E": 0, "O": 1}


class Uart:
    """A UART and its pins.

    uart        number of the UART. tx, rx: its pins
    direction   pin that is high while this side sends, or None: both directions are free
    kind        "RS-485" or "RS-232": what the board has at these pins
    terminator  pin that switches the 120 ohm on, or None: a jumper does
    inverted    True: both lines are low while idle
    deaf        True: what arrives during a transmission is an echo, and thrown away

    settings    (baud, bits, parity, stop) as last configured
    dropped     bytes written that the queue had no room for
    """

    def __init__(
        self, uart, tx, rx, direction=None, kind="RS-232", terminator=None, inverted=False, deaf=False
    ):  # fmt: skip
        self.kind = kind
        self._terminator = Pin(terminator, Pin.OUT, value=0) if terminator is not None else None
        self.dropped = 0
        self.closed = False
        self._direction = Pin(direction, Pin.OUT, value=0) if direction is not None else None
        self._deaf = deaf
        self._invert = UART.INV_TX | UART.INV_RX if inverted else 0
        self._queue = bytearray()
        self._pins = (Pin(tx), Pin(rx))
        self._uart = UART(uart, tx=self._pins[0], rx=self._pins[1])
        self.configure(9600, 8, "N", 1)

    def configure(self, baud, bits, parity, stop):
        """Set the line. parity is "N", "E" or "O"; takes effect at once."""
        if parity not in _PARITIES:
            raise ValueError("parity %s: N, E or O" % parity)
        self._uart.init(
            baudrate=baud, bits=bits, parity=_PARITIES[parity], stop=stop, tx=self._pins[0], rx=self._pins[1],
            txbuf=_TX_BUFFER, rxbuf=_RX_BUFFER, timeout=0, timeout_char=0, invert=self._invert,
        )  # fmt: skip
        self.settings = (baud, bits, parity, stop)

    async def read(self):
        """Return some bytes, at least one; b"" when this port is closed."""
        while not self.closed:
            if self._uart.any():
                data = self._uart.read(_READ_SIZE)
                if data:
                    return data
            await asyncio.sleep(_POLL_MS / 1000)
        return b""

    def write(self, data):
        """Queue data. What the queue cannot hold is dropped and counted."""
        room = QUEUE_LIMIT - len(self._queue)
        self.dropped += max(0, len(data) - room)
        self._queue.extend(data[:room])

    async def drain(self):
        """Return when the queue has left, the last stop bit included."""
        while self._queue and not self.closed:
            sent = self._uart.write(memoryview(self._queue)[:_TX_BUFFER])
            if sent:
                self._queue = self._queue[sent:]
            await self._quiet()
        while not self.closed and not self._uart.txdone():
            await self._quiet()
        if self._deaf and not self.closed:
            self._uart.read()

    def transmit(self, on):
        """Turn the line: True to send."""
        if self._direction and not self.closed:
            self._direction.value(1 if on else 0)

    def mode(self, kind, terminator):
        """See Uart in meter.hal. What the board is not wired for is a ValueError."""
        if kind != self.kind:
            raise ValueError("this serial port is %s, not %s" % (self.kind, kind))
        if terminator and not self._terminator:
            raise ValueError("the terminator of this serial port is switched by a jumper")
        if self._terminator:
            self._terminator.value(1 if terminator else 0)

    def close(self):
        """Release the UART. A read that waits returns b""."""
        if self.closed:
            return
        self.transmit(False)
        self.closed = True
        self._queue = bytearray()
        self._uart.deinit()

    async def _quiet(self):
        """Wait a little; what an optical head hears of itself meanwhile does not fill the buffer."""
        if self._deaf:
            self._uart.read()
        await asyncio.sleep(_POLL_MS / 1000)
