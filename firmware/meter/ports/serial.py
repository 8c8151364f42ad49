"""A serial port: one line, one Session at a time, for ever."""

from meter.ports.pump import pump


async def run(uart, make_session, uptime):
    """Carry sessions over a hal Uart until it is closed. make_session(): returns a new Session.

    A session that closes by itself (a link that was disconnected) is followed by a new one.
    """
    while not await pump(make_session(), uart, uptime):
        pass
