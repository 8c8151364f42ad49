"""The baud rate really switches: a reader over RFC 2217, whose commands say what its line is set to.

A pseudo-terminal carries bytes at any rate. Here the meter's own line settings and those that pyserial's client sends
are compared at every byte: a byte that arrives while they differ is lost, as on a wire.
"""

import asyncio
import threading
import time
from contextlib import contextmanager, suppress

import pytest
import serial
import serial.rfc2217
from ferraris.iec62056_21 import parse_block, parse_identification
from meter.compat import Uptime
from meter.ports.pump import pump
from meter.protocols.iec62056_21.session import Iec6205621Session
from meter.protocols.session import Session

from host_tests.protocols.iec62056_21_meter import HeldValues

# pyserial 3.5 calls setDaemon() and setName().
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Settings:
    """The far line's settings, as a PortManager wants them of a serial port."""

    baudrate, bytesize, parity, stopbits = 300, 7, "E", 1
    xonxoff = rtscts = dsrdtr = False
    rts = dtr = True
    cts = dsr = ri = cd = break_condition = False
    in_waiting = 0

    def reset_input_buffer(self):
        pass

    def reset_output_buffer(self):
        pass


class Line:
    """A line between the meter and an RFC 2217 server. lost: bytes that came while the two ends were set apart."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        self._far = Settings()
        self._manager = serial.rfc2217.PortManager(self._far, self)
        self._near = None
        self.lost = 0
        self.seen = []

    @property
    def agrees(self):
        far = (self._far.baudrate, self._far.bytesize, self._far.parity, self._far.stopbits)
        return far == self._near

    def configure(self, *line):
        self._near = line
        self.seen.append(line)

    async def read(self):
        while True:
            raw = await self._reader.read(1024)
            if not raw:
                return b""
            data = b""
            for byte in raw:  # one by one: a command may stand behind a byte that was sent before it
                for heard in self._manager.filter(bytes((byte,))):
                    data += heard if self.agrees else b""
                    self.lost += not self.agrees
            if data:
                return data

    def write(self, data):
        """Called by the PortManager with its own telnet answers, and by the pump with the meter's bytes."""
        self._writer.write(bytes(data))

    async def drain(self):
        await self._writer.drain()


class MeterEnd:
    """What the pump sees of a Line: its bytes are escaped for telnet, and lost while the ends differ."""

    def __init__(self, line):
        self._line = line
        self.read, self.drain, self.configure = line.read, line.drain, line.configure

    def write(self, data):
        if self._line.agrees:
            self._line.write(b"".join(self._line._manager.escape(bytes(data))))
        else:
            self._line.lost += len(data)


@contextmanager
def meter(**options):
    """A meter behind an RFC 2217 server. Gives (URL, list that gets the Line)."""
    lines, ready, loop = [], threading.Event(), asyncio.new_event_loop()
    place = {}

    async def serve():
        async def handle(reader, writer):
            line = Line(reader, writer)
            lines.append(line)
            await pump(Iec6205621Session(HeldValues(), reaction_ms=1000, **options), MeterEnd(line), Uptime())
            writer.close()

        place["server"] = await asyncio.start_server(handle, "127.0.0.1", 0)
        place["port"] = place["server"].sockets[0].getsockname()[1]
        ready.set()

    def run():
        loop.create_task(serve())
        loop.run_forever()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(5)
    try:
        yield f"rfc2217://127.0.0.1:{place['port']}", lines
    finally:
        loop.call_soon_threadsafe(place["server"].close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def opened(url):
    port = serial.serial_for_url(url, baudrate=300, bytesize=7, parity="E", timeout=5)
    port.reset_input_buffer()
    return port


def signed_on(port):
    port.write(b"/?!\r\n")
    return port.read_until(b"\n")


def closed(port):
    with suppress(OSError, serial.SerialException):
        port.close()


@pytest.mark.feature("PRT-01")
@pytest.mark.parametrize("baud, rate", [("2", 1200), ("5", 9600), ("6", 19200)])
def test_a_readout_in_mode_c_comes_at_the_rate_that_was_chosen(baud, rate):
    with meter(baud=baud) as (url, lines):
        port = opened(url)
        try:
            assert parse_identification(signed_on(port)).baud == rate
            port.write(b"\x060" + baud.encode() + b"0\r\n")
            port.baudrate = rate
            block = port.read_until(b"\x03") + port.read(1)
            assert len(parse_block(block)) == 11
        finally:
            closed(port)
    assert lines[0].seen[:2] == [(300, 7, "E", 1), (rate, 7, "E", 1)]
    assert lines[0].lost == 0


def test_a_reader_that_stays_at_300_baud_reads_nothing_at_the_other_rate():
    with meter() as (url, lines):
        port = opened(url)
        try:
            signed_on(port)
            port.timeout = 1.5
            port.write(b"\x06050\r\n")
            assert port.read(1) == b""
        finally:
            closed(port)
    assert lines[0].lost > 250


@pytest.mark.feature("DLM-01")
def test_mode_e_goes_to_eight_bits_without_parity():
    class Echo(Session):
        def __init__(self, line):
            super().__init__()

        def receive(self, data, now):
            self._output.extend(data)

    with meter(mode="E", make_hdlc=Echo) as (url, lines):
        port = opened(url)
        try:
            assert parse_identification(signed_on(port)).escapes == "2"
            port.write(b"\x06252\r\n")
            assert port.read_until(b"\n") == b"\x06252\r\n"
            port.baudrate, port.bytesize, port.parity = 9600, 8, "N"
            time.sleep(0.1)
            port.write(b"\x7e\xa0\xff\x7e")
            assert port.read(4) == b"\x7e\xa0\xff\x7e"
        finally:
            closed(port)
    assert lines[0].seen[:2] == [(300, 7, "E", 1), (9600, 8, "N", 1)]
    assert lines[0].lost == 0
