"""The wiring: builds a meter for a board and runs its tasks. Nothing else knows all the parts."""

import asyncio

from meter import VERSION
from meter.access.access import Access
from meter.access.primary import Primary
from meter.compat import Uptime
from meter.config import build_registers
from meter.config.fingerprint import fingerprint
from meter.config.schema import BAUDS
from meter.meter import Meter
from meter.metrology import builder, calibration
from meter.metrology.span import Span
from meter.ports import serial, tcp
from meter.power_quality.builder import dips
from meter.power_quality.sag_log import SagLog
from meter.protocols.iec62056_21.session import Iec6205621Session
from meter.registers import event_kinds
from meter.registers.event_log import EventLogs
from meter.registers.event_watch import DiagnosticWatch, VisitorWatch, started, stopped
from meter.registers.status_word import GENERAL
from meter.storage.fifo import Fifo
from meter.storage.journal import Journal
from meter.storage.partitions import Partitions
from meter.xnp import FLOAT

# What the Fifos hold, as numbers in their sector headers.
LOAD_PROFILE_KIND = 0x4C
LOAD_PROFILE_2_KIND = 0x4D
SELF_READS_KIND = 0x52
# name, area, kind
FIFOS = (
    ("load_profile", "load_profile", LOAD_PROFILE_KIND),
    ("load_profile_2", "profile_2", LOAD_PROFILE_2_KIND),
    ("self_reads", "self_reads", SELF_READS_KIND),
)
CALIBRATION_KIND = 0x43
TCP_CONNECTIONS = 4
ORIGINS = {"optical": event_kinds.OPTICAL, "rs485": event_kinds.RS485}


class App:
    """One meter on one board.

    settings    a validated configuration (config.schema)
    observer    called with each Span, or None

    calibration what the channels are corrected by
    logs        EventLogs: what has happened to it
    calibration_problem     a line if the newest stored calibration cannot be used, else None
    ended       True when the converter's source has ended
    """

    def __init__(self, board, settings, observer=None, dtype=FLOAT):
        areas = Partitions.open(board.flash, board.partitions)
        journal = Journal(board.flash, *areas.area("journal"), nvram=board.nvram)
        self._calibrations = Journal(board.flash, *areas.area("calibration"), CALIBRATION_KIND)
        self.calibration, self.calibration_problem = calibration.stored(self._calibrations)
        self._board, self._settings = board, settings
        # A board has a converter, or a load without waveforms.
        self.tracker = board.adc and builder.tracker(
            board.adc, settings, self.calibration, board.half_cycles, dtype
        )
        self.logs = EventLogs(board.flash, areas)
        self.engine = build_registers.engine(
            settings, journal, _fifos(board.flash, areas), self.logs, self._items(settings)
        )
        self.meter = Meter(
            board.adc.rate if board.adc else 1.0,
            board.rtc.read(),
            self.engine,
            builder.half_cycles(settings, self.calibration, dtype),
            observer,
            dtype,
            builder.diagnostics(settings),
            settings["clock.after_failure"] if board.rtc.power_lost else None,
            dips(settings, dtype),
        )
        self.access = Access(
            self.meter,
            settings["meter.serial"],
            Primary(settings),
            self.logs,
            settings["registers.frozen_reads"],
        )
        self._diagnostics = DiagnosticWatch(self.logs)
        self.meter.dips.observers.append(SagLog(self.logs).take)
        self._visitors = VisitorWatch(self.logs, self.meter.clock)
        self.ended = False
        self._log_start(journal.passed)

    def _items(self, settings):
        """What time and status registers show that the engine knows nothing of."""
        return {
            ("status", "meter ID"): lambda: settings["meter.id"],
            ("status", "serial"): lambda: settings["meter.serial"],
            ("status", "firmware"): lambda: VERSION,
            ("status", "communication"): lambda: "%d" % self._visitors.present,
        }

    def _log_start(self, passed):
        meter, logs = self.meter, self.logs
        now = meter.clock.second
        status, configuration = self.engine.status, fingerprint(self._settings)
        started(logs, now, meter.restored_at, passed, configuration)
        status.identify(VERSION, configuration, now)
        if passed:
            status.note(GENERAL, now)
        status.set(GENERAL, bool(self.calibration_problem), now)
        if self.calibration_problem:
            logs.add(event_kinds.DAMAGE_FOUND, now, fields=(self.calibration_problem,))

    async def metering(self, progress=None):
        """Meter until the converter's source ends. progress: called with the samples read so far, or None."""
        if self._board.load:
            await self._meter_load()
            return
        adc, tracker, meter = self._board.adc, self.tracker, self.meter
        block = await adc.read()
        while block is not None:
            for frame in tracker.feed(*block):
                meter.step(frame)
                self._diagnostics.take(meter.diagnostics.state, meter.clock.second)
            if progress:
                progress(block[0] + block[1])
            block = await adc.read()
        self.ended = True

    async def _meter_load(self):
        load, meter = self._board.load, self.meter
        span = Span(connection=load.connection)
        while await load.read(meter.clock.second, meter.next_boundary(), span):
            meter.take(span)
            self._diagnostics.take(meter.diagnostics.state, span.end)
        self.ended = True

    def calibrate(self, new):
        """Store a Calibration. It is used from the next start on."""
        now = self.meter.clock.second
        self._calibrations.save(new.pack(), now)
        self.logs.add(event_kinds.CALIBRATION, now)
        self._board.flash.sync()

    def finish(self):
        """The supply fails or the source has ended: meter what is buffered, store everything."""
        for frame in self.tracker.flush() if self.tracker else ():
            self.meter.step(frame)
        self.meter.finish()  # first what counts, then what tells
        self._diagnostics.finish()
        stopped(self.logs, self.meter.clock.second, self.meter.latest)
        self._board.flash.sync()

    async def run(self, announce):
        """Meter and serve all ports until the supply fails or the source ends; then store everything.

        announce: called with (protocol, address) for each endpoint that is open.
        """
        self._stop = asyncio.Event()
        self._failure = None
        open_ports, tasks = [], []
        try:
            await self._open_ports(open_ports, tasks, announce)
            tasks.append(asyncio.create_task(self._until_end(self.metering())))
            tasks.append(asyncio.create_task(self._until_end(self._board.power.failing())))
            await self._stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            for port in open_ports:
                port.close()
            self.finish()
        if self._failure:
            raise self._failure

    async def _until_end(self, task):
        # Whatever ends first ends the run; an error of our own is not swallowed with the task.
        try:
            await task
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._failure = error
        self._stop.set()

    async def _open_ports(self, open_ports, tasks, announce):
        settings, board = self._settings, self._board
        uptime = Uptime()
        for name in board.serial_ports:
            if settings["ports.%s.enabled" % name]:
                uart = board.uart(name)
                open_ports.append(uart)
                tasks.append(asyncio.create_task(serial.run(uart, self._serial_session(name), uptime)))
                announce("iec62056-21", board.address(name))
        if settings["ports.iec62056_21_tcp.enabled"]:
            host, port = settings["ports.iec62056_21_tcp.host"], settings["ports.iec62056_21_tcp.port"]
            server = await tcp.serve(board.net, host, port, self._tcp_session, uptime, TCP_CONNECTIONS)
            open_ports.append(server)
            announce("iec62056-21", "%s:%d" % server.address)

    def _serial_session(self, name):
        baud = str(BAUDS.index(self._settings["ports.%s.baud" % name]))
        reaction = self._settings["ports.%s.reaction" % name]
        visit = self._visitors.visit(ORIGINS[name])
        return lambda: Iec6205621Session(self.access, baud=baud, reaction_ms=reaction, visit=visit)

    def _tcp_session(self):
        return Iec6205621Session(self.access, serial=False, visit=self._visitors.visit(event_kinds.TCP))


def _fifos(flash, areas):
    fifos = {}
    for name, area, kind in FIFOS:
        fifos[name] = Fifo(flash, *areas.area(area), kind)
        fifos[name].mount()
    return fifos
