"""A TCP port: listens, and gives each connection a Session of its own, up to a limit.

The limit protects memory and the other ports; the reference meter has one for each protocol. A connection too
many is closed at once, so its peer knows.
"""

import asyncio

from meter.ports.pump import pump

READ_SIZE = 512
DRAIN_MS = 30000
CLOSE_MS = 1000


def _send_at_once(writer):
    """Have small answers sent without a wait for more, on MicroPython where the network can. CPython does by itself."""
    line = getattr(writer, "s", None)
    if line is None:
        return
    try:
        import socket  # not every build of MicroPython has it

        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except (ImportError, AttributeError, OSError):
        pass


class _Tap:
    """Stands before the protocol of CPython's streams: what comes is offered to take() first. See pump: listen.

    most: bytes that take() is handed at a time.
    is_behind: True if the reader has data that nobody has read: what comes then goes behind them.
    """

    def __init__(self, protocol, take, most):
        self.pause_writing, self.resume_writing = protocol.pause_writing, protocol.resume_writing
        self.eof_received, self.connection_lost = protocol.eof_received, protocol.connection_lost
        self._feed, self._take, self._most = protocol.data_received, take, most
        self.is_behind = False

    def data_received(self, data):
        """Called by the event loop."""
        if self.is_behind or len(data) > self._most or not self._take(data):
            self.is_behind = True
            self._feed(data)


class TcpStream:
    """A connection as the pump wants it. reader, writer: as of asyncio's streams. read_size: bytes a read gives."""

    def __init__(self, reader, writer, read_size=READ_SIZE):
        self._reader = reader
        self._writer = writer
        self._read_size = read_size
        self._transport = getattr(writer, "transport", None)  # CPython's
        self._tap = None
        if self._transport is None:
            self.listen = None
        _send_at_once(writer)

    async def read(self):
        """Return some bytes; b"" when the peer has ended or the connection has broken."""
        if self._tap is not None:
            self._tap.is_behind = False  # what the reader has is returned at once
        try:
            return await self._reader.read(self._read_size)
        except OSError:
            return b""

    def listen(self, take):
        """See pump."""
        self._tap = _Tap(self._transport.get_protocol(), take, self._read_size)
        self._transport.set_protocol(self._tap)

    def wake(self):
        """See pump. Only after listen()."""
        self._tap.is_behind = True  # until the task that reads has had its turn
        self._reader._wakeup_waiter()  # as feed_data() does; nothing public does it without data

    @property
    def peer(self):
        """Address and port of the peer as text; "" where it is not known."""
        name = self._writer.get_extra_info("peername")
        return "%s:%d" % (name[0], name[1]) if isinstance(name, tuple) and len(name) > 1 else ""

    def write(self, data):
        """Queue data."""
        self._writer.write(data)

    def queued(self):
        """Return how many bytes have not left yet: both interpreters send at once what the network takes."""
        if self._transport is not None:
            return self._transport.get_write_buffer_size()
        return len(self._writer.out_buf)

    async def drain(self):
        """Return when the queue has room again."""
        await self._writer.drain()

    def abort(self):
        """Break the connection, if the interpreter can do it from here: reading then ends."""
        if self._transport is not None:
            self._transport.abort()

    async def close(self):
        """Close. A peer that has gone is no error; one that does not read the rest is cut off."""
        self._writer.close()
        try:
            await asyncio.wait_for(self._writer.wait_closed(), CLOSE_MS / 1000)
        except (OSError, asyncio.TimeoutError):
            self.abort()  # CPython flushes first, which may never end


class TcpPort:
    """One listening port. connections: how many are open; refused: how many were closed at once, since start.

    make_session(): returns a new Session. limit: connections at a time. drain_ms: see pump. is_suspended(): True
    while nobody is served. read_size: how many bytes a session is handed at a time, at most.
    """

    def __init__(
        self, make_session, uptime, limit, drain_ms=DRAIN_MS, is_suspended=None, read_size=READ_SIZE
    ):
        self.refused = 0
        self._is_suspended = is_suspended or (lambda: False)
        self._make_session = make_session
        self._uptime = uptime
        self._limit = limit
        self._drain_ms = drain_ms
        self._read_size = read_size
        self._tasks = []
        self._server = None

    @property
    def address(self):
        """(host, port) as bound."""
        return self._server.address

    @property
    def connections(self):
        """How many connections are open."""
        return len(self._tasks)

    async def start(self, net, host, port):
        """Listen. OSError if the address is taken."""
        self._server = await net.start_server(self._handle, host, port)

    def close(self):
        """Stop listening and end all connections."""
        self._server.close()
        self.hang_up()

    def hang_up(self):
        """End all connections."""
        # CPython's wait_for may swallow a cancellation that comes with the data or a deadline: the stream ends too.
        for task, stream in list(self._tasks):
            task.cancel()
            stream.abort()

    async def wait_closed(self):
        """Return when the port is free and the connections have ended."""
        while self._tasks:
            await asyncio.sleep(0.01)
        await self._server.wait_closed()

    async def _handle(self, reader, writer):
        """Carry one connection."""
        stream = TcpStream(reader, writer, self._read_size)
        if len(self._tasks) >= self._limit or self._is_suspended():
            self.refused += 1
            await stream.close()
            return
        task = (asyncio.current_task(), stream)
        self._tasks.append(task)
        try:
            session = self._make_session()
            session.peer = stream.peer
            await pump(session, stream, self._uptime, self._drain_ms)
        except asyncio.CancelledError:
            # hang_up() did that; the server would report a cancelled handler as an error.
            if not session.closed:
                session.finish(self._uptime.ms())
        finally:
            try:
                await stream.close()
            finally:
                self._tasks.remove(task)


async def serve(
    net, host, port, make_session, uptime, limit, drain_ms=DRAIN_MS, is_suspended=None, read_size=READ_SIZE
):
    """Listen on host and port, and return the TcpPort. port 0: any free one. OSError if it is taken."""
    tcp_port = TcpPort(make_session, uptime, limit, drain_ms, is_suspended, read_size)
    await tcp_port.start(net, host, port)
    return tcp_port
