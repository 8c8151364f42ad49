"""A whole meter that clients of DLMS can reach: its sessions behind real TCP ports and pseudo-terminals."""

import asyncio
import os
import threading
from contextlib import contextmanager

from meter.access.visitor import Visitor
from meter.compat import Uptime
from meter.hal.sim.net import Net
from meter.hal.sim.uart import Uart
from meter.ports import serial, tcp
from meter.protocols.dlms.conversation import Conversation
from meter.protocols.dlms.device import Device
from meter.protocols.dlms.hdlc_session import HdlcSession
from meter.protocols.dlms.objects.association import Associations
from meter.protocols.dlms.objects.catalogue import MEASURED, Catalogue
from meter.protocols.dlms.wrapper_session import TcpDlmsSession
from meter.registers import event_kinds

from host_tests.protocols.dlms.objects_life import Life

MAX_PDU = 4096


class Meter:
    """A Life, and conversations with it. life: Life, or None: a new one without a load. max_pdu: bytes."""

    def __init__(self, life=None, max_pdu=MAX_PDU):
        self.life = life or Life(user=None)
        self.device = Device(Catalogue((Associations(), *MEASURED)), max_pdu, os.urandom)
        self.device.primary, self.device.signature, self.device.preset = False, b"", None
        self.uptime = Uptime()

    def conversation(self, origin=event_kinds.TCP):
        """Return a new Conversation."""
        app = self.life.app
        return Conversation(self.device, Visitor(app.access, origin, app._visits, self.uptime))

    @contextmanager
    def over_tcp(self, max_info=2030, window=7):
        """Serve on a free port. Gives the port's number."""

        def session():
            return TcpDlmsSession(self.conversation(), max_info=max_info, window=window)

        async def start():
            return await tcp.serve(Net(), "127.0.0.1", 0, session, self.uptime, 4)

        async def stop(port):
            port.close()
            await port.wait_closed()

        with _running(start, stop) as port:
            yield port.address[1]

    @contextmanager
    def over_pty(self, max_info=128, window=1):
        """Serve HDLC on a pseudo-terminal. Gives its path."""
        tasks = []

        def session():
            return HdlcSession(self.conversation(event_kinds.RS485), max_info=max_info, window=window)

        async def start():
            uart = Uart()
            tasks.append(asyncio.create_task(serial.run(uart, session, self.uptime)))
            return uart

        async def stop(uart):
            uart.close()
            await tasks[0]

        with _running(start, stop) as uart:
            yield uart.path


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
