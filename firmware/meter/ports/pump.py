"""The one place that waits: carries the bytes and the time of any Session over a stream.

A stream has `async read()` (some bytes, b"" when it has ended or failed), `write(data)` and `async drain()`;
a line also has `configure(baud, bits, parity, stop)`. hal's Uart is one, ports.tcp.TcpStream another. Output
goes out in pieces, each drained before the next: a slow peer holds up its own session only, and not for ever.
"""

import asyncio

PIECE = 2048
DRAIN_MS = 120000  # a piece takes 68 s at 300 baud


async def pump(session, stream, uptime, drain_ms=DRAIN_MS):
    """Carry a session until it closes or the peer goes. uptime: compat.Uptime.

    drain_ms: how long a piece of output may take to leave; a peer that does not read for so long has gone.
    Returns True if the stream has ended, False if the session closed by itself. What the session raises is an
    error of ours, and goes on to the caller.
    """
    while not session.closed:
        try:
            await _send(session, stream, drain_ms)
            data = await _receive(session, stream, uptime)
        except (OSError, asyncio.TimeoutError):
            data = b""
        if data is None:
            session.expire(uptime.ms())
        elif data:
            session.receive(data, uptime.ms())
        else:
            session.finish(uptime.ms())
            return True
        await asyncio.sleep(0)  # a stream with much to read must not keep the other tasks waiting
    return not await _farewell(session, stream, drain_ms)


async def _farewell(session, stream, drain_ms):
    """Send what the session left when it closed. Return False if it could not be sent."""
    try:
        await _send(session, stream, drain_ms)
    except (OSError, asyncio.TimeoutError):
        return False
    return True


async def _send(session, stream, drain_ms):
    """Send the session's output, then switch the line if it asks for that."""
    output = memoryview(session.take_output())
    for first in range(0, len(output), PIECE):
        stream.write(output[first : first + PIECE])
        await asyncio.wait_for(stream.drain(), drain_ms / 1000)
    line = session.take_line()
    configure = getattr(stream, "configure", None)
    if line is not None and configure is not None:
        configure(*line)


async def _receive(session, stream, uptime):
    """Return what the stream has, or None when the session's deadline has come first."""
    deadline = session.deadline()
    if deadline is None:
        return await stream.read()
    wait_ms = deadline - uptime.ms()
    if wait_ms <= 0:
        return None
    try:
        return await asyncio.wait_for(stream.read(), wait_ms / 1000)
    except asyncio.TimeoutError:
        return None
