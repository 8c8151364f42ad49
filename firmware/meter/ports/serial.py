"""A serial port: one line, one Session at a time, for ever. A line that is shared has its direction and its delays.

    reader ####______________________________________
    driver ________|     tx_start     |####|  tx_end |_     the direction pin of RS-485, or RTS of RS-232
                 ^ turnaround, from the last byte heard

Source: the manual, Appendix A (port 3: 40, 40, 20 ms; port 4: 0, 0, 0), and Serial Port Connections.
"""

import asyncio
from collections import namedtuple

from meter.ports.pump import pump

# All in ms. tx_start: from driving the line to the first byte. tx_end: from the last byte to letting the line go.
# turnaround: from the last byte heard to driving the line, at least.
Timing = namedtuple("Timing", ("tx_start", "tx_end", "turnaround"))


async def run(uart, make_session, uptime, timing=None):
    """Carry sessions over a hal Uart until it is closed. make_session(): returns a new Session.

    A session that closes by itself (a link that was disconnected) is followed by a new one.
    timing: Timing of a half-duplex line; None: the line has both directions, as an optical port.
    """
    stream = uart if timing is None else HalfDuplex(uart, uptime, timing)
    try:
        while not await pump(make_session(), stream, uptime):
            pass
    finally:
        if timing is not None:
            await stream.end()


class HalfDuplex:
    """A Uart as a stream (see pump) that drives the line only while it sends.

    The line is let go some time after each piece of output, unless the next has come: a message in pieces has no gaps.
    That is a task of its own, for the pump waits in a read all the while, and answers may come from its watch.
    """

    def __init__(self, uart, uptime, timing):
        self._uart, self._uptime, self._timing = uart, uptime, timing
        self._queue = []
        self._drives = False
        self._letting_go = None
        self._heard = self._sent = uptime.ms() - timing.turnaround

    async def read(self):
        """Return what has arrived."""
        data = await self._uart.read()
        self._heard = self._uptime.ms()
        return data

    def write(self, data):
        """Queue data for drain(): the line may not be ours yet."""
        self._queue.append(bytes(data))

    async def drain(self):
        """Send what is queued, and return when it has left."""
        if not self._queue:
            return
        self._hold()
        if not self._drives:
            await self._pass(self._heard + self._timing.turnaround)
            self._drives = True
            self._uart.transmit(True)
            await self._pass(self._uptime.ms() + self._timing.tx_start)
        queue, self._queue = self._queue, []
        for data in queue:
            self._uart.write(data)
        await self._uart.drain()
        self._sent = self._uptime.ms()
        self._letting_go = asyncio.create_task(self._let_go())

    def _hold(self):
        """The line is not to be let go now."""
        if self._letting_go is not None:
            self._letting_go.cancel()
            self._letting_go = None

    async def _let_go(self):
        await self._pass(self._sent + self._timing.tx_end)
        self._letting_go = None
        self._drives = False
        self._uart.transmit(False)

    async def end(self):
        """Nothing more is sent: return when the line has been let go."""
        self._hold()
        if self._drives:
            await self._let_go()

    def configure(self, *line):
        """As Uart.configure(): at once, for what was sent has left."""
        self._uart.configure(*line)

    async def _pass(self, until):
        """Return at a time in ms of uptime."""
        wait = until - self._uptime.ms()
        if wait > 0:
            await asyncio.sleep(wait / 1000)
