"""The wiring: builds a meter for a board and runs its tasks. Nothing else knows all the parts."""

import asyncio

from meter import VERSION
from meter.access import actions
from meter.access.access import Access
from meter.access.armed import Armed
from meter.access.door import Door
from meter.access.keys import Keys
from meter.access.security_log import SecurityLog
from meter.access.users import Users
from meter.access.visitor import Visitor
from meter.compat import Uptime
from meter.config import apply, build_registers, document, store
from meter.config.fingerprint import fingerprint
from meter.config.primary import Primary
from meter.config.schema import BAUDS, ConfigError, defaults
from meter.meter import Meter
from meter.metrology import builder, calibration
from meter.metrology.span import Span
from meter.ports import serial, tcp
from meter.power_quality.builder import dips
from meter.power_quality.sag_log import SagLog
from meter.protocols.iec62056_21.session import Iec6205621Session
from meter.registers import event_kinds
from meter.registers.event_log import EventLogs
from meter.registers.event_watch import DiagnosticWatch, started, stopped
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
USERS_KIND = 0x55
TCP_CONNECTIONS = 4
ORIGINS = {"optical": event_kinds.OPTICAL, "rs485": event_kinds.RS485}


class App:
    """One meter on one board.

    settings    a validated configuration (config.schema), applied if another one is stored; None: the stored one,
                or the factory's
    observer    called with each Span, or None

    settings    the configuration in force
    calibration what the channels are corrected by
    logs        EventLogs: what has happened to it
    calibration_problem     a line if the newest stored calibration cannot be used, else None
    ended       True when the converter's source has ended
    restarts    True when a warm start was asked for: whoever runs this makes another App
    """

    def __init__(self, board, settings=None, observer=None, dtype=FLOAT):
        areas = Partitions.open(board.flash, board.partitions)
        self._journal = Journal(board.flash, *areas.area("journal"), nvram=board.nvram)
        self._store = store.Store(Journal(board.flash, *areas.area("config"), store.KIND))
        self._calibrations = Journal(board.flash, *areas.area("calibration"), CALIBRATION_KIND)
        self.calibration, self.calibration_problem = calibration.stored(self._calibrations)
        self._board, self._dtype = board, dtype
        self.logs = EventLogs(board.flash, areas)
        self._fifos = _fifos(board.flash, areas)
        self.settings, engine = self._started(settings)
        settings = self.settings
        # A board has a converter, or a load without waveforms.
        self.tracker = board.adc and self._tracker(settings)
        self.meter = Meter(
            board.adc.rate if board.adc else 1.0,
            board.rtc.read(),
            engine,
            builder.half_cycles(settings, self.calibration, dtype),
            observer,
            dtype,
            builder.diagnostics(settings),
            settings["clock.after_failure"] if board.rtc.power_lost else None,
            dips(settings, dtype),
        )
        self.uptime = Uptime()
        self._armed = Armed()
        self._visits = SecurityLog(self.logs, self.meter.clock)
        door = self._door(Journal(board.flash, *areas.area("users"), USERS_KIND))
        self.access = Access(
            self.meter,
            settings["meter.serial"],
            Primary(settings),
            self.logs,
            settings["registers.frozen_reads"],
            door,
            settings,
        )
        self._diagnostics = DiagnosticWatch(self.logs)
        self.meter.dips.observers.append(SagLog(self.logs).take)
        self.ended = self.restarts = False
        self._stop, self._network = None, []
        self._log_start(self._journal.passed)

    @property
    def engine(self):
        """The Engine."""
        return self.meter.engine

    def _started(self, given):
        """Return (settings, Engine) to start with. Settings are stored before anything is done under them."""
        stored = self._store.settings
        settings = given or stored or defaults()
        if stored and document.is_same(settings, stored):
            return settings, self._engine(settings, self._store.who)
        engine = self._engine(settings, store.METER)
        self._check_room(settings, engine)
        self._store.save(settings, self._board.rtc.read())
        return settings, engine

    def _check_room(self, settings, engine):
        """Raise ConfigError if a configuration, or the state of its registers, is too long for the flash."""
        self._store.check(settings)
        size, largest = len(engine.state(0)), self._journal.largest
        if size > largest:
            raise ConfigError(
                ["registers: they need %d bytes to store; %d fit: define fewer" % (size, largest)]
            )

    def _tracker(self, settings):
        board = self._board
        return builder.tracker(board.adc, settings, self.calibration, board.half_cycles, self._dtype)

    def _engine(self, settings, who):
        items = self._items(settings)
        return build_registers.engine(settings, self._journal, self._fifos, self.logs, items, who)

    def configure(self, text, who=store.METER):
        """Apply a configuration: a document (JSON, bytes). who: store.Who has sent it.

        Return the names of the sections (of apply.CHANGES) whose change zeroed registers or erased load profiles.
        ConfigError: all that is wrong with it; nothing has changed then. Ports are opened as it says at the next start.
        """
        settings = document.read(text)
        if document.is_same(settings, self.settings):
            return ()
        tracker = self._changed_tracker(settings)
        engine = self._engine(settings, who)
        self._check_room(settings, engine)
        half_cycles = builder.half_cycles(settings, self.calibration, self._dtype)
        if tracker:
            self._flush()
        now = self.meter.cut()
        self.engine.leave_test(now)
        self.engine.checkpoint(now)
        self._store.save(settings, now, who)
        sections = apply.changed(self.settings, settings)[0]
        self.settings = settings
        self.tracker = tracker or self.tracker
        self.meter.configure(engine, half_cycles, builder.diagnostics(settings), dips(settings, self._dtype))
        self.engine.status.identify(VERSION, fingerprint(settings), now)
        self.access.configure(
            settings["meter.serial"], Primary(settings), settings["registers.frozen_reads"], settings
        )
        self._board.flash.sync()
        return sections

    def _changed_tracker(self, settings):
        """Return the Tracker for other settings, None where they are the same to it."""
        if not self.tracker or all(self.settings[path] == settings[path] for path in builder.TRACKED):
            return None
        return self._tracker(settings)

    def _items(self, settings):
        """What time and status registers show that the engine knows nothing of."""
        return {
            ("status", "meter ID"): lambda: settings["meter.id"],
            ("status", "serial"): lambda: settings["meter.serial"],
            ("status", "firmware"): lambda: VERSION,
            ("status", "communication"): lambda: "%d" % self._visits.present,
        }

    def _door(self, journal):
        """Return the Door of this meter. journal: where the users are kept."""
        board, settings = self._board, self.settings
        users = Users(journal, self.uptime.ms(), settings["meter.serial"].encode())
        keys = Keys(lambda: board.security_keys, settings["meter.mid"])
        known = actions.of_meter(self.meter, lambda: self.settings)
        known.update(actions.of_configuration(lambda: self.settings, self.configure, keys))
        known.update(actions.of_users(users, self._armed, self._visits))
        known.update(actions.of_app(self, self._armed))
        return Door(users, keys, self._visits, known)

    def _log_start(self, passed):
        meter, logs = self.meter, self.logs
        now = meter.clock.second
        status, configuration = self.engine.status, fingerprint(self.settings)
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
        adc, meter = self._board.adc, self.meter
        block = await adc.read()
        while block is not None:
            for frame in self.tracker.feed(*block):
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

    def calibrate(self, new, **who):
        """Store a Calibration. It is used from the next start on. who: origin, user, peer for the event."""
        now = self.meter.clock.second
        self._calibrations.save(new.pack(), now)
        self.logs.add(event_kinds.CALIBRATION, now, **who)
        self._board.flash.sync()

    def hang_up(self):
        """Test mode has begun: network connections end, and none is served until it is over (the manual, Test Mode)."""
        for server in self._network:
            server.hang_up()

    def warm_start(self):
        """Stop, and start again with all that is kept: run() returns, `restarts` is True."""
        self.restarts = True
        if self._stop:
            self._stop.set()

    def cold_start(self):
        """The factory's configuration, and nothing in registers and load profiles. Users, calibration and logs stay."""
        now = self.meter.clock.second
        self._store.save(defaults(), now)
        self.engine.clear(now)

    def _flush(self):
        for frame in self.tracker.flush() if self.tracker else ():
            self.meter.step(frame)

    def finish(self):
        """The supply fails or the source has ended: meter what is buffered, store everything."""
        self._flush()
        self.meter.finish()  # first what counts, then what tells
        self._diagnostics.finish()
        self._armed.power_fails(self.uptime.ms())
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
        settings, board = self.settings, self._board
        uptime = self.uptime
        for name in board.serial_ports:
            if settings["ports.%s.enabled" % name]:
                make_session, line = self._serial_session(name)
                uart = board.uart(name)
                open_ports.append(uart)
                if line:
                    uart.configure(*line)
                timing = self._half_duplex(name, uart)
                tasks.append(asyncio.create_task(serial.run(uart, make_session, uptime, timing)))
                announce(settings.get("ports.%s.protocol" % name, "iec62056-21"), board.address(name))
        if settings["ports.iec62056_21_tcp.enabled"]:
            host, port = settings["ports.iec62056_21_tcp.host"], settings["ports.iec62056_21_tcp.port"]
            server = await tcp.serve(
                board.net, host, port, self._tcp_session, uptime, TCP_CONNECTIONS,
                is_suspended=lambda: bool(self.engine.test_at),
            )  # fmt: skip
            self._network.append(server)
            open_ports.append(server)
            announce("iec62056-21", "%s:%d" % server.address)

    def _half_duplex(self, name, uart):
        """Set up the kind of line of a serial port, and return the serial.Timing that it is driven with, or None."""
        settings, path = self.settings, "ports.%s." % name
        if path + "type" not in settings:
            return None
        uart.mode(settings[path + "type"], settings[path + "terminator"])
        return serial.Timing(
            settings[path + "tx_start"], settings[path + "tx_end"], settings[path + "turnaround"]
        )

    def _serial_session(self, name):
        """Return (function that makes a Session, line to begin with or None) of a serial port, by its protocol."""
        visitor = self._visitor(ORIGINS[name])
        word = self.settings.get("ports.%s.protocol" % name, "iec62056-21")
        return SERIAL[word](self, name, visitor)

    def _iec62056_21(self, name, visitor):
        settings, path = self.settings, "ports.%s." % name
        options = {
            "baud": str(BAUDS.index(settings[path + "baud"])),
            "reaction_ms": settings[path + "reaction"],
            "mode": settings[path + "mode"],
            "make_hdlc": self._make_hdlc(visitor),
        }
        return lambda: Iec6205621Session(visitor, visit=visitor, **options), None

    def _hdlc(self, name, visitor):
        line = (self.settings["ports.%s.baud" % name], 8, "N", 1)
        make_hdlc = self._make_hdlc(visitor)
        if make_hdlc is None:
            raise ConfigError(["ports.%s.protocol: dlms is not built into this meter" % name])
        return lambda: make_hdlc(line), line

    def _make_hdlc(self, visitor):
        """Return the function line -> HDLC Session for this Visitor; None: this meter has none."""
        return None

    def _tcp_session(self):
        visitor = self._visitor(event_kinds.TCP)
        return Iec6205621Session(
            visitor, serial=False, visit=visitor, mode="E", make_hdlc=self._make_hdlc(visitor)
        )

    def _visitor(self, origin):
        return Visitor(self.access, origin, self._visits, self.uptime)


# protocol word of a serial port -> how its sessions are made
SERIAL = {"iec62056-21": App._iec62056_21, "dlms": App._hdlc}


def _fifos(flash, areas):
    fifos = {}
    for name, area, kind in FIFOS:
        fifos[name] = Fifo(flash, *areas.area(area), kind)
        fifos[name].mount()
    return fifos
