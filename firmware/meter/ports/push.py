"""Delivery of pushes: a task that takes what is due from a bounded queue, opens a connection, sends and closes.

Whoever triggers a push never waits. A push that cannot be sent is tried again after the repetition delay, as often as
is configured; then it is given up and counted. Behind a full queue the newest is dropped and counted. One push goes out
at a time.
"""

import asyncio

from meter.compat import const

QUEUE = const(16)
CONNECT_MS = const(15000)
DRAIN_MS = const(30000)
CLOSE_MS = const(1000)
CHECK_MS = const(1000)  # how often is looked whether a window has opened


class Plan:
    """How pushes are sent. A change of the configuration makes another one.

    host, port      of the head-end
    retries         how often a push that failed is tried again
    delay_s         time between tries
    randomisation_s a push is put off by up to so long
    """

    def __init__(self, host, port, retries=0, delay_s=0, randomisation_s=0):
        self.host, self.port = host, port
        self.retries, self.delay_s, self.randomisation_s = retries, delay_s, randomisation_s


class Pusher:
    """The queue and its task.

    plan()          the Plan in force, or None: nothing is pushed
    is_wanted(reason)   True if this reason is followed by a push
    is_open()       True while pushes may be sent: the communication window
    compose(reason) generator: yields None while it works, then a Session with the bytes to send as its output
    random_bytes    function: so many random bytes

    sent, failed, dropped   how many were sent, given up after all tries, did not fit in the queue
    """

    def __init__(self, plan, is_wanted, is_open, compose, random_bytes):
        self._plan, self._is_wanted, self._is_open = plan, is_wanted, is_open
        self._compose, self._random_bytes = compose, random_bytes
        self._queue, self._wake = [], None
        self.sent = self.failed = self.dropped = 0

    @property
    def waiting(self):
        """How many are in the queue."""
        return len(self._queue)

    def trigger(self, reason):
        """A push is due, for a reason. Return True if it is in the queue: it is sent as soon as it can be."""
        if self._plan() is None or not self._is_wanted(reason):
            return False
        if len(self._queue) >= QUEUE:
            self.dropped += 1
            return False
        self._queue.append(reason)
        if self._wake:
            self._wake.set()
        return True

    async def run(self, net, uptime):
        """Send what is due, for ever. net: hal Net. uptime: compat.Uptime."""
        self._wake = asyncio.Event()
        while True:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
            reason = self._queue[0]
            is_sent = await self._deliver(net, reason, uptime)
            self._queue.pop(0)
            self.sent += is_sent
            self.failed += not is_sent

    async def _deliver(self, net, reason, uptime):
        """Return True if it was sent."""
        plan, tries = self._plan(), 0
        if plan and plan.randomisation_s:
            chance = int.from_bytes(self._random_bytes(2), "big")
            await asyncio.sleep(plan.randomisation_s * chance / 0x10000)
        while True:
            while plan and not self._is_open():
                await asyncio.sleep(CHECK_MS / 1000)
                plan = self._plan()
            if plan is None:
                return False
            if await self._send(net, plan, reason):
                return True
            if tries >= plan.retries:
                return False
            tries += 1
            await asyncio.sleep(plan.delay_s)
            plan = self._plan()

    async def _send(self, net, plan, reason):
        session = None
        for made in self._compose(reason):
            session = made
            await asyncio.sleep(0)  # a long attribute must not keep the other tasks waiting
        if session is None:
            return False  # what is to be sent cannot be
        writer = None
        try:
            _, writer = await asyncio.wait_for(net.open_connection(plan.host, plan.port), CONNECT_MS / 1000)
            writer.write(session.take_output())
            await asyncio.wait_for(writer.drain(), DRAIN_MS / 1000)
            return True
        except (OSError, asyncio.TimeoutError):
            return False
        finally:
            if writer:
                await _close(writer)


async def _close(writer):
    """Close a connection. A peer that has gone is no error; one that does not read the rest is cut off."""
    writer.close()
    try:
        await asyncio.wait_for(writer.wait_closed(), CLOSE_MS / 1000)
    except (OSError, asyncio.TimeoutError):
        transport = getattr(writer, "transport", None)
        if transport is not None:
            transport.abort()
