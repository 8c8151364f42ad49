"""The one place that waits: carries the bytes and the time of any Session over a stream.

A stream has `async read()` (some bytes, b"" when it has ended or failed), `write(data)` and `async drain()`;
a line also has `configure(baud, bits, parity, stop)`, and a stream that sends at once when it can has `queued()`: how
many bytes have not left yet. hal's Uart is one, ports.tcp.TcpStream another. Output goes out in pieces, each drained
before the next: a slow peer holds up its own session only, and not for ever.

A stream without a line may also have `listen(take)`: take(data) is then called with what comes while a read waits, and
returns True if it has dealt with it. A short answer goes out from there, and no task is woken for it. All else is the
task's: take() returns False, or it calls the stream's `wake()`, which ends the read that waits with what has come
since, b"" too. (CPython's streams have that, MicroPython's have not.)

Requests are many and time-outs few. So the task that was called reads and answers, and makes no timer for it; one
watch sleeps until the deadline it last saw, and only then looks whether that has moved on. A deadline that moves
nearer needs a new watch.
"""

import asyncio

from meter.compat import const

PIECE = 2048
DRAIN_MS = 120000  # a piece takes 68 s at 300 baud
_TURNS = const(
    8
)  # reads in a row after which the other tasks have a turn, should none of them have had to wait


async def pump(session, stream, uptime, drain_ms=DRAIN_MS):
    """Carry a session until it closes or the peer goes. uptime: compat.Uptime.

    drain_ms: how long a piece of output may take to leave; a peer that does not read for so long has gone.
    Returns True if the stream has ended, False if the session closed by itself. What the session raises is an
    error of ours, and goes on to the caller; but for a MemoryError, which ends the session.
    """
    return await _Pump(session, stream, uptime, drain_ms).run()


class _Pump:
    """One session on one stream, until its end."""

    def __init__(self, session, stream, uptime, drain_ms):
        self._session, self._stream, self._uptime = session, stream, uptime
        self._drain_ms = drain_ms
        self._configure = getattr(stream, "configure", None)
        self._queued = getattr(stream, "queued", None)
        self._sending = asyncio.Lock()
        self._task = asyncio.current_task()
        self._reading = False
        self._called = False  # the watch has ended the read that was under way
        self._woken = False  # _take() has
        self._kept = b""  # what had come by then
        self._left = b""  # output that take_output() has given already
        self._lost = False  # the watch could not send
        self._error = None  # what the session raised in the watch
        self._watch = None
        self._watched = None  # the deadline for which the watch sleeps; None if there is no watch
        listen = getattr(stream, "listen", None)
        if listen is not None:
            listen(self._take)

    async def run(self):
        """See pump."""
        try:
            ended = await self._watched_over()
        except MemoryError:
            # A board's heap is small. Who asks for more than there is loses his session, and nobody else anything.
            self._session.finish(self._uptime.ms())
            return False
        return ended or self._lost or not await self._farewell()

    async def _watched_over(self):
        try:
            ended = await self._carry()
        finally:
            await self._end_watch()
        if self._error is not None:
            raise self._error
        return ended

    async def _carry(self):
        """Read, answer, and so on. Return True if the stream has ended, False if the session is over."""
        session, uptime = self._session, self._uptime
        turn = 0
        while not session.closed and self._error is None:
            try:
                data = await self._next()
            except (OSError, asyncio.TimeoutError):
                data = b""
            if self._lost or (data is not None and not data):
                session.finish(uptime.ms())
                return True
            if data is not None:
                session.receive(data, uptime.ms())
            turn += 1
            if turn >= _TURNS or session.busy:
                turn = 0
                await asyncio.sleep(0)
        return False

    async def _next(self):
        """Send what there is, and return what the stream has; None if the session went on by itself instead."""
        session = self._session
        if session.busy:
            session.expire(self._uptime.ms())
        await self._send()
        if session.busy or session.closed or self._error is not None or self._lost:
            return None
        self._mind_deadline()
        if self._kept:
            data, self._kept = self._kept, b""
            return data
        return await self._read()

    async def _read(self):
        """Return what the stream has; None if it was the pump that has ended the read."""
        self._reading = True
        try:
            data = await self._stream.read()
        except asyncio.CancelledError:
            if self._called:
                return None
            raise
        finally:
            self._reading = False
        if not self._woken:
            return data
        self._woken, self._kept = False, data
        return None

    def _take(self, data):
        """Hand data to the session while a read waits, and answer if that needs no wait. Return False if not."""
        session = self._session
        if not self._reading or self._woken or self._called or self._sending.locked() or self._queued():
            return False  # a peer that does not take the last answer waits for the next one
        try:
            session.receive(data, self._uptime.ms())
            output = session.take_output()
            if len(output) > PIECE:
                self._left = output
            elif output:
                self._stream.write(output)
            self._mind_deadline()
        except Exception as error:  # an error of ours is the caller's to see
            self._error = error
        if session.busy or session.closed or self._left or self._error is not None:
            self._woken = True  # not by cancelling the task: that might hide that somebody else does
            self._stream.wake()
        return True

    # Output

    async def _send(self):
        """Send the session's output, then switch the line if it asks for that."""
        sending = self._sending
        if sending.locked():
            async with sending:  # the watch sends: a peer that does not read is not read from
                pass
        output = self._left or self._session.take_output()
        self._left = b""
        if output:
            if len(output) <= PIECE and self._queued is not None:
                self._stream.write(output)
                if self._queued():
                    async with sending:
                        await self._room()
            else:
                async with sending:
                    await self._send_pieces(memoryview(output))
        line = self._session.take_line()
        if line is not None and self._configure is not None:
            self._configure(*line)

    async def _send_pieces(self, output):
        for first in range(0, len(output), PIECE):
            self._stream.write(output[first : first + PIECE])
            await self._room()

    async def _room(self):
        """Return when the stream takes more. A wait costs a timer, so there is none where all has left."""
        if self._queued is None or self._queued():
            await asyncio.wait_for(self._stream.drain(), self._drain_ms / 1000)

    async def _farewell(self):
        """Send what the session left when it closed. Return False if it could not be sent."""
        try:
            await self._send()
        except (OSError, asyncio.TimeoutError):
            return False
        return True

    # Time

    def _mind_deadline(self):
        """See that the session's deadline is watched for."""
        deadline = self._session.deadline()
        if deadline is not None and (self._watched is None or deadline < self._watched):
            self._begin_watch(deadline)

    def _begin_watch(self, deadline):
        """Watch for a deadline. A watch that sleeps for a later one is given up."""
        if self._watch is not None:
            self._watch.cancel()
        self._watched = deadline
        self._watch = asyncio.create_task(self._keep_time(deadline))

    async def _end_watch(self):
        if self._watch is None:
            return
        self._watch.cancel()
        try:
            await self._watch
        except asyncio.CancelledError:
            pass

    async def _keep_time(self, deadline):
        """Call expire() at each deadline until there is none, or the session is over."""
        try:
            while deadline is not None:
                self._watched = deadline
                await asyncio.sleep(max(0, deadline - self._uptime.ms()) / 1000)
                deadline = await self._expire(deadline)
        except (OSError, asyncio.TimeoutError):
            self._lost = True
        except Exception as error:  # an error of ours is the caller's to see
            self._error = error
        self._watched = self._watch = None
        self._wake()

    async def _expire(self, deadline):
        """Let the session go on if its deadline has come. Return the next; None if there is none."""
        session = self._session
        deadline = session.deadline()
        if deadline is None or deadline > self._uptime.ms():
            return deadline
        self._watched = -1  # not asleep: no new watch is needed
        session.expire(self._uptime.ms())
        await self._send()
        return None if session.closed else session.deadline()

    def _wake(self):
        """End the read if there is no more to read for."""
        over = self._session.closed or self._lost or self._error is not None
        if over and self._reading:
            self._called = True
            self._task.cancel()
