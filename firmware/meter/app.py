"""The wiring: builds a meter for a board and runs its tasks. Nothing else knows all the parts."""

import asyncio

from meter import VERSION, parts
from meter.access import actions
from meter.access.access import Access
from meter.access.armed import Armed
from meter.access.dlms_state import DlmsState
from meter.access.door import Door
from meter.access.key_store import KeyStore
from meter.access.keys import Keys
from meter.access.security_log import SecurityLog
from meter.access.users import Users
from meter.compat import Uptime
from meter.config import apply, build_registers, document, store
from meter.config.fingerprint import fingerprint
from meter.config.primary import Primary
from meter.config.schema import ConfigError, defaults
from meter.meter import Meter
from meter.metrology import builder, calibration
from meter.metrology.frame import HALF
from meter.metrology.span import Span
from meter.power_quality.builder import dips
from meter.power_quality.sag_log import SagLog
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
KEYS_KIND = 0x4B
FIRST_FRAME_S = 2
FAREWELL_S = 0.3  # for the answer to who has asked for a warm start


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
        self._areas = areas
        self._journal = Journal(board.flash, *areas.area("journal"), nvram=board.nvram)
        self._store = store.Store(Journal(board.flash, *areas.area("config"), store.KIND))
        self._calibrations = Journal(board.flash, *areas.area("calibration"), CALIBRATION_KIND)
        self.calibration, self.calibration_problem = calibration.stored(self._calibrations)
        self._board, self._dtype = board, dtype
        self.logs = EventLogs(board.flash, areas)
        self._fifos = _fifos(board.flash, areas)
        self.settings, engine = self._started(settings)
        settings = self.settings
        if board.adc:
            a_cycle = getattr(board, "samples_a_cycle", 2 * HALF)
            board.adc.set_rate(float(a_cycle * settings["service.frequency"]))
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
        self._keys = KeyStore(Journal(board.flash, *areas.area("keys"), KEYS_KIND), settings["meter.serial"])
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
        self._stop = self._begun = self._serving = None
        self._watchdog = getattr(board, "watchdog", None)
        self._log_start(self._journal.passed)
        self.dlms_state.start()

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

    def configure(self, text, who=store.METER, may_change=None):
        """Apply a configuration: a document (JSON, bytes). who: store.Who has sent it.

        may_change(settings): raises what it raises if these may not be his, before anything is done; or None. A board
        whose heap has no room for both, or would be in pieces after it, starts again with the new one.

        Return the names of the sections (of apply.CHANGES) whose change zeroed registers or erased load profiles.
        ConfigError: all that is wrong with it; nothing has changed then. Ports are opened as it says at the next start.
        """
        try:
            settings = document.read(text)
            if document.is_same(settings, self.settings):
                return ()
            if may_change:
                may_change(settings)
            engine = self._engine(settings, who)
            self._check_room(settings, engine)
        except MemoryError:
            raise ConfigError(["the document: %d bytes are more than this board has room for" % len(text)])
        former = self.settings
        if getattr(self._board, "restarts_to_configure", False):
            self._store.save(settings, self.meter.clock.second, who)
            self.settings = settings  # what is read back is what is stored
            self.warm_start()
        else:
            self._go_on(settings, engine, who)
        self._board.flash.sync()
        return apply.changed(former, settings)[0]

    def _go_on(self, settings, engine, who):
        """Meter on with other settings, on what was metered until now."""
        is_tracked_anew = self.tracker and any(
            self.settings[path] != settings[path] for path in builder.TRACKED
        )
        if is_tracked_anew:
            self._flush()
        now = self.meter.cut()
        self.engine.leave_test(now)
        self.engine.checkpoint(now)
        self._store.save(settings, now, who)
        self.settings = settings
        self._measure(is_tracked_anew, engine)
        self.engine.status.identify(VERSION, fingerprint(settings), now)
        self.access.configure(
            settings["meter.serial"], Primary(settings), settings["registers.frozen_reads"], settings
        )
        self.dlms_state.configured()

    def _measure(self, is_tracked_anew, engine=None):
        """Meter by the settings and constants that are in force now. engine: for other settings, or None.

        What metered so far is let go first: there is no room for both on a board. Should there be none at all: the
        next start has what is stored.
        """
        settings, meter = self.settings, self.meter
        meter.let_go()
        if is_tracked_anew:
            self.tracker = None
            self.tracker = self._tracker(settings)
        if engine:
            meter.configure(engine, builder.diagnostics(settings), dips(settings, self._dtype))
        meter.measure(builder.half_cycles(settings, self.calibration, self._dtype))

    def change(self, values, origin):
        """Change settings by itself: a dict from path to value. origin: number of event_kinds. ConfigError."""
        settings = dict(self.settings)
        settings.update(values)
        self.configure(document.text(settings), store.Who(origin, "", ""))

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
        self.dlms_state = DlmsState(self, board, self._areas, self._visits, keys)
        known = actions.of_meter(self.meter, lambda: self.settings)
        known.update(actions.of_configuration(lambda: self.settings, self.configure, keys))
        known.update(actions.of_users(users, self._keys, self._armed, self._visits))
        known.update(actions.of_app(self, self._armed))
        known.update(actions.of_dlms_state(self.dlms_state, board.contacts, lambda: self.meter.clock.second))
        return Door(users, keys, self._visits, known, self._keys)

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
                self.dlms_state.tick(meter.clock.second)
                self._metered()
            frame = None  # it holds the tracker's buffers: calibrate() makes others
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
            self.dlms_state.tick(span.end)
            self._metered()
        self.ended = True

    def _metered(self):
        """A frame was metered, and only that feeds the watchdog."""
        if self._watchdog:
            self._watchdog.feed()
        if self._begun:
            self._begun.set()

    def calibrate(self, new, **who):
        """Store a Calibration, and meter by it from now on. who: origin, user, peer for the event."""
        now = self.meter.clock.second
        self._calibrations.save(new.pack(), now)
        self.logs.add(event_kinds.CALIBRATION, now, **who)
        self._board.flash.sync()
        self.calibration = new
        self._flush()
        self.meter.cut()
        self._measure(bool(self.tracker))

    def hang_up(self):
        """Test mode has begun: network connections end, and none is served until it is over (the manual, Test Mode)."""
        if self._serving:
            self._serving.hang_up()

    def warm_start(self):
        """Stop, and start again with all that is kept: run() returns, `restarts` is True."""
        self.restarts = True
        if self._stop:
            self._stop.set()

    def cold_start(self):
        """The factory's configuration, nothing in registers and load profiles. Users, keys, calibration, logs stay."""
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
        self._keys.finish()
        self._armed.power_fails(self.uptime.ms())
        stopped(self.logs, self.meter.clock.second, self.meter.latest)
        self._board.flash.sync()

    async def run(self, announce):
        """Meter and serve all ports until the supply fails or the source ends; then store everything.

        announce: called with (protocol, address) for each endpoint that is open.
        """
        self._stop, self._begun = asyncio.Event(), asyncio.Event()
        self._failure = None
        tasks = []
        try:
            tasks.append(asyncio.create_task(self._until_end(self.metering())))
            tasks.append(asyncio.create_task(self._until_end(self._board.power.failing())))
            await self._first_frame()
            await self._serve(announce)
            await self._stop.wait()
            if self.restarts:
                await asyncio.sleep(FAREWELL_S)
        finally:
            for task in tasks:
                task.cancel()
            if self._serving:
                self._serving.close()
            self.finish()
        if self._failure:
            raise self._failure

    async def _first_frame(self):
        """Return when metering has begun, or does not begin: then the ports are needed to tell why."""
        try:
            await asyncio.wait_for(self._begun.wait(), FIRST_FRAME_S)
        except asyncio.TimeoutError:
            pass

    async def _serve(self, announce):
        # One at a time: loading all at once would keep a board from its samples for longer than its ring holds.
        for name in parts.SERVING:
            __import__(name)
            await asyncio.sleep(0)
        from meter.serving import Serving

        self._serving = Serving(self, self._board, self._visits)
        await self._serving.open(announce)

    async def _until_end(self, task):
        # Whatever ends first ends the run; an error of our own is not swallowed with the task.
        try:
            await task
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._failure = error
        self._stop.set()
        self._begun.set()


def _fifos(flash, areas):
    fifos = {}
    for name, area, kind in FIFOS:
        fifos[name] = Fifo(flash, *areas.area(area), kind)
        fifos[name].mount()
    return fifos
