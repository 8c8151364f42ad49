"""A meter that readers of IEC 62056-21 can reach: the session behind a real TCP port or pseudo-terminal."""

import asyncio
import threading
from contextlib import contextmanager

from meter.compat import Uptime
from meter.hal.sim.net import Net
from meter.hal.sim.uart import Uart
from meter.ports import serial, tcp
from meter.protocols.iec62056_21.session import Iec6205621Session

from host_tests.protocols.iec62056_21_meter import HeldValues


@contextmanager
def _running(start, stop):
    """Run an event loop in a thread. Gives what `await start()` returned; ends with `await stop(that)`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    served = asyncio.run_coroutine_threadsafe(start(), loop).result(5)
    try:
        yield served
    finally:
        asyncio.run_coroutine_threadsafe(stop(served), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def over_tcp(make_session=None):
    """Serve on a free port of this machine. Gives the TcpPort."""

    def session():
        return Iec6205621Session(HeldValues(), serial=False)

    async def start():
        return await tcp.serve(Net(), "127.0.0.1", 0, make_session or session, Uptime(), 2)

    async def stop(port):
        port.close()
        await port.wait_closed()

    return _running(start, stop)


def over_pty(access=None, timing=None, **options):
    """Serve on a pseudo-terminal. Gives the Uart. timing: of ports.serial. options: of the session."""
    tasks = []

    async def start():
        uart = Uart()
        session = Iec6205621Session(access or HeldValues(), **options)
        tasks.append(asyncio.create_task(serial.run(uart, lambda: session, Uptime(), timing)))
        return uart

    async def stop(uart):
        uart.close()
        await tasks[0]

    return _running(start, stop)
