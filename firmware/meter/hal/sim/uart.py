"""A serial port as a pseudo-terminal: `path` is what a reader on this PC opens. Contract: Uart in meter.hal.

A pseudo-terminal has no baud rate, and no parity: it carries 8 bits whatever the settings. So 7E1 sends bare
7-bit characters, which every reader takes; parity_in_byte=True adds the parity bit for those who check it in
software. The meter keeps the reader's side open as well, or the first reader to leave would hang up the line.
"""

import asyncio
import os
import tty

QUEUE_LIMIT = 16384
STALL_MS = 1000
KINDS = ("RS-485", "RS-232")
_READ_SIZE = 512


def _wake(future):
    """Let the one who waits for future go on."""
    if not future.done():
        future.set_result(None)


def _even_parity(byte):
    """Return the 7 bits of byte with bit 7 such that the number of ones is even."""
    byte &= 0x7F
    return byte | (bin(byte).count("1") & 1) << 7


class Uart:
    """One end of a pseudo-terminal.

    path: the reader's end. link: a symbolic link to make to it; an old one is replaced, anything else is a
    FileExistsError. settings: (baud, bits, parity, stop) as last configured. dropped: bytes nobody read.
    stall_ms: how long a reader may take none before what is queued is dropped. kind, terminator: as of mode().
    transmitting: as of transmit(), and turns: how often it became True. While it is False on a half-duplex line, what
    is written goes out all the same, as on a line without a direction.
    """

    def __init__(self, link=None, parity_in_byte=False, stall_ms=STALL_MS):
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self.settings = (9600, 8, "N", 1)
        self.kind, self.terminator = "RS-232", False
        self.transmitting, self.turns = False, 0
        self.dropped = 0
        self.closed = False
        self._parity_in_byte = parity_in_byte
        self._stall_ms = stall_ms
        self._queue = bytearray()
        self._waiting = []
        self._link = None
        if link is not None:
            self._make_link(os.fspath(link))

    def configure(self, baud, bits, parity, stop):
        """Remember the settings; bits and parity decide what write() and read() do with bit 7."""
        self.settings = (baud, bits, parity, stop)

    def transmit(self, on):
        """Note the direction: True to send."""
        self.turns += on and not self.transmitting
        self.transmitting = on

    def mode(self, kind, terminator):
        """Note what kind of line it is, and whether it is terminated."""
        if kind not in KINDS:
            raise ValueError("a serial port is one of %s, not %s" % (", ".join(KINDS), kind))
        self.kind, self.terminator = kind, terminator

    async def read(self):
        """Return some bytes, at least one; b"" when this port is closed."""
        while not self.closed:
            try:
                data = os.read(self._master, _READ_SIZE)
            except BlockingIOError:
                await self._until_ready(writing=False)
                continue
            return bytes(byte & 0x7F for byte in data) if self.settings[1] == 7 else data
        return b""

    def write(self, data):
        """Queue data. What the queue cannot hold is dropped and counted."""
        room = QUEUE_LIMIT - len(self._queue)
        self.dropped += max(0, len(data) - room)
        self._queue.extend(self._as_sent(bytes(data[:room])))

    async def drain(self):
        """Return when the queue has left, or was dropped because nobody read for stall_ms."""
        while self._queue and not self.closed:
            try:
                sent = os.write(self._master, self._queue)
                del self._queue[:sent]
            except BlockingIOError:
                await self._wait_for_reader()

    def close(self):
        """Close both ends and remove the link. A read that waits returns b""."""
        if self.closed:
            return
        self.closed = True
        for future, remove in self._waiting:
            remove(self._master)
            _wake(future)
        self._waiting = []
        self._remove_link()
        os.close(self._master)
        os.close(self._slave)

    def _as_sent(self, data):
        """Return data with the bit 7 that the settings ask for."""
        _, bits, parity, _ = self.settings
        if bits != 7:
            return data
        if not self._parity_in_byte or parity == "N":
            return bytes(byte & 0x7F for byte in data)
        odd = 0x80 if parity == "O" else 0
        return bytes(_even_parity(byte) ^ odd for byte in data)

    async def _wait_for_reader(self):
        """Wait until the terminal takes more; drop the queue if it does not for stall_ms."""
        try:
            await asyncio.wait_for(self._until_ready(writing=True), self._stall_ms / 1000)
        except asyncio.TimeoutError:
            self.dropped += len(self._queue)
            self._queue = bytearray()

    async def _until_ready(self, writing):
        """Return when the terminal can be read or written, or this port is closed."""
        loop = asyncio.get_running_loop()
        add = loop.add_writer if writing else loop.add_reader
        entry = (loop.create_future(), loop.remove_writer if writing else loop.remove_reader)
        add(self._master, _wake, entry[0])
        self._waiting.append(entry)
        try:
            await entry[0]
        finally:
            if entry in self._waiting:
                self._waiting.remove(entry)
                entry[1](self._master)

    def _make_link(self, link):
        """Point link at the reader's end, in one step: a reader never finds it missing."""
        new = "%s.%d.new" % (link, os.getpid())
        try:
            if os.path.lexists(link) and not os.path.islink(link):
                raise FileExistsError("%s is there and is not a symbolic link" % link)
            os.symlink(self.path, new)
            os.replace(new, link)
        except OSError:
            self.close()
            raise
        self._link = link

    def _remove_link(self):
        """Remove the link unless another port has taken it over."""
        if self._link is not None and os.path.islink(self._link) and os.readlink(self._link) == self.path:
            os.unlink(self._link)
