"""A whole meter on the sim board with its real ports: TCP on a free port, optical and RS-485 as pseudo-terminals."""

import asyncio
import tempfile
import threading
from contextlib import contextmanager

from ferraris.bench_dlms_server import meter

PORTS = {
    "dlms_tcp": {"port": 0},
    "iec62056_21_tcp": {"enabled": False},
    "rs485": {"protocol": "dlms"},
    "hdlc": {"max_info": 1024, "window": 3},
}


class Served:
    """app: App. address: host:port of DLMS over TCP. optical, rs485: paths. state: its directory. loop: it runs in."""

    def __init__(self, app, state, loop):
        self.app, self.state, self.address, self.loop = app, state, None, loop
        self.optical, self.rs485 = f"{state}/optical", f"{state}/rs485"

    @property
    def port(self):
        """The TCP port as a number."""
        return int(self.address.rpartition(":")[2])

    def do(self, call, *arguments):
        """Call a function in the meter's thread, and return what it returns."""

        async def once():
            return call(*arguments)

        return asyncio.run_coroutine_threadsafe(once(), self.loop).result(20)

    def announce(self, protocol, address):
        """Take note of an endpoint."""
        if protocol == "dlms" and ":" in address:
            self.address = address


@contextmanager
def served(rows=0, speed=1.0, **sections):
    """Run a meter in a thread. rows: of its load profile. speed: times real time. sections: of its configuration.

    Gives a Served.
    """
    with tempfile.TemporaryDirectory() as state:
        document = {**sections, "ports": {**PORTS, **sections.get("ports", {})}}
        app = meter(rows, document, state, speed=speed)
        loop = asyncio.new_event_loop()
        found = Served(app, state, loop)
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        ready = threading.Event()
        running = asyncio.run_coroutine_threadsafe(_run(app, found, ready), loop)
        try:
            assert ready.wait(20) and not running.done(), "the meter does not start"
            yield found
        finally:
            loop.call_soon_threadsafe(app._board.power.fail)
            running.result(20)
            asyncio.run_coroutine_threadsafe(_settled(), loop).result(20)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
            app._board.close()


async def _run(app, found, ready):
    def announce(protocol, address):
        found.announce(protocol, address)
        if found.address:
            ready.set()

    try:
        await app.run(announce)
    finally:
        ready.set()


async def _settled():
    """Return when the tasks of the ports have ended; as asyncio.run() does, cancel them once more."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
