"""A serial port, by pyserial. Contract: Uart in meter.hal.

RS-485 has one pair for both ways, so the driver must be on while sending, and only then:

    rs485=None       a full-duplex line, RS-232 or an optical head
    rs485="kernel"   the kernel's driver does it, to the microsecond (TIOCSRS485): the UARTs of a Raspberry Pi's chip
    rs485="rts"      this module sets RTS before and resets it after: adapters on USB which cannot do it themselves
"""

import asyncio
import os
import termios

import serial
from serial.rs485 import RS485Settings

from meter.hal.linux.waiting import Waiting

QUEUE_LIMIT = 16384
STALL_MS = 1000
_READ_SIZE = 512
RS485 = (None, "kernel", "rts")


class Uart:
    """path: of the device. settings: (baud, bits, parity, stop) as last configured. dropped: bytes that did not leave.

    before_ms, after_ms: how long the driver is on before the first and after the last bit.
    stall_ms: how long the line may take nothing, held by its handshake, before what is queued is dropped.
    """

    def __init__(self, path, rs485=None, before_ms=0, after_ms=0, stall_ms=STALL_MS):
        if rs485 not in RS485:
            raise ValueError("rs485: %s is not one of %s" % (rs485, RS485))
        self.path = path
        self.settings = (9600, 8, "N", 1)
        self.dropped = 0
        self.closed = False
        self._by_rts = rs485 == "rts"
        self._delays = (before_ms / 1000, after_ms / 1000)
        self._stall_ms = stall_ms
        self._queue = bytearray()
        self._port = serial.Serial()
        self._port.port = path
        self._port.exclusive = True
        if self._by_rts:
            self._port.rts = False
        self._port.open()
        if rs485 == "kernel":
            self._port.rs485_mode = RS485Settings(
                rts_level_for_tx=True, delay_before_tx=self._delays[0], delay_before_rx=self._delays[1]
            )
        self._fd = self._port.fileno()
        os.set_blocking(self._fd, False)
        self._waiting = Waiting(self._fd)

    def configure(self, baud, bits, parity, stop):
        """Set the line. ValueError if no line can be so, OSError if this one cannot."""
        wanted = {"baudrate": baud, "bytesize": bits, "parity": parity, "stopbits": stop}
        before = self._port.get_settings()
        try:
            self._port.apply_settings(wanted)
        except termios.error as error:
            self._port.apply_settings({name: before[name] for name in wanted})
            raise OSError("%s cannot be set to %d %d%s%d: %s" % (self.path, baud, bits, parity, stop, error))
        self.settings = (baud, bits, parity, stop)

    async def read(self):
        """Return some bytes, at least one; b"" when this port is closed or its adapter was pulled out."""
        while not self.closed:
            try:
                data = os.read(self._fd, _READ_SIZE)
            except BlockingIOError:
                data = b""
            except OSError:
                return b""
            if data:
                return data
            await self._waiting.until()
        return b""

    def write(self, data):
        """Queue data. What the queue cannot hold is dropped and counted."""
        room = QUEUE_LIMIT - len(self._queue)
        self.dropped += max(0, len(data) - room)
        self._queue.extend(data[:room])

    async def drain(self):
        """Return when what was queued has left the line, or was dropped because it could not for stall_ms."""
        if not self._queue or self.closed:
            return
        if self._by_rts:
            self._port.rts = True
            await asyncio.sleep(self._delays[0])
        try:
            while self._queue and not self.closed:
                await self._send()
            if not self.closed:
                await asyncio.get_running_loop().run_in_executor(None, self._until_sent)
        finally:
            if self._by_rts and not self.closed:
                await asyncio.sleep(self._delays[1])
                self._port.rts = False

    async def _send(self):
        try:
            sent = os.write(self._fd, self._queue)
            del self._queue[:sent]
        except BlockingIOError:
            try:
                await asyncio.wait_for(self._waiting.until(writing=True), self._stall_ms / 1000)
            except asyncio.TimeoutError:
                self.dropped += len(self._queue)
                self._queue = bytearray()
                termios.tcflush(self._fd, termios.TCOFLUSH)

    def _until_sent(self):
        try:
            termios.tcdrain(self._fd)
        except (OSError, termios.error):
            pass  # pulled out: the next read says so

    def close(self):
        """Close. A read that waits returns b""."""
        if self.closed:
            return
        self.closed = True
        self._waiting.end()
        self._port.close()
