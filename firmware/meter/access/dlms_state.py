"""What the objects of DLMS keep over a power cut, and what of it happens by itself: `state` of their Device."""

from meter import VERSION
from meter.access import rights, sections
from meter.access.activity_calendar import ACTIVE, NEVER, PASSIVE, ActivityCalendar
from meter.access.errors import Denied, Refused
from meter.access.upgrade import NAME as IMAGE
from meter.access.upgrade import Upgrade
from meter.compat import const
from meter.config import build_clock
from meter.config.schema import ConfigError
from meter.inputs_outputs import disconnector, timed_disconnect
from meter.inputs_outputs.disconnector import Disconnector
from meter.inputs_outputs.timed_disconnect import TimedDisconnect
from meter.registers import event_kinds as kinds
from meter.storage.boot import KIND as BOOT_KIND
from meter.storage.boot import Boot
from meter.storage.errors import StorageError
from meter.storage.journal import Journal
from meter.storage.kept import Kept
from meter.storage.loader import flashed
from meter.storage.slots import Slots

KIND = const(0x44)  # of the Journal
# The places of the names are on the flash. What changes most often comes last.
NAMES = (disconnector.NAME, timed_disconnect.NAME, PASSIVE, ACTIVE, IMAGE)
_BY_ITSELF = {"origin": kinds.SCHEDULE, "user": "", "peer": ""}


class DlmsState:
    """app: App. areas: Partitions. log: SecurityLog. keys: Keys.

    calendar        ActivityCalendar
    disconnector    Disconnector
    timed           TimedDisconnect
    upgrade         Upgrade
    push            function of a reason: a push is due; None: there is no push
    """

    def __init__(self, app, board, areas, log, keys):
        self._app, self._log, self._keys = app, log, keys
        self.push = self._watch = None
        kept = Kept(_journal(board, areas, "dlms", KIND), NAMES)
        boot = Boot(_journal(board, areas, "boot", BOOT_KIND))
        place = areas.find("image")
        slots = _slots(board, place) if place else None
        self.calendar = ActivityCalendar(kept, lambda: app.settings)
        self.disconnector = Disconnector(kept, board.contacts, lambda: app.settings["outputs.disconnect"])
        self.timed = TimedDisconnect(kept)
        self.upgrade = Upgrade(kept, slots, boot, board.name, app.warm_start, self._activated)
        self._push_schedule = self._at = None

    def start(self):
        """The meter has started."""
        self.upgrade.start(self._now())
        self.disconnector.follow()

    def _now(self):
        return self._app.meter.clock.second

    def _activated(self, version, slot):
        self._app.logs.add(kinds.FIRMWARE, self._now(), fields=(version, slot))

    def pushes(self, trigger, watch):
        """From now on what is due is pushed. trigger: function of a reason. watch: push_plan.LogWatch."""
        self.push, self._watch = trigger, watch

    def set_mode(self, mode):
        """Set the disconnector's control mode. Refused."""
        _stored(self.disconnector.set_mode, mode)

    def set_timed(self, selector, entries):
        """Replace the schedule of the disconnector. Refused."""
        _stored(self.timed.set, selector, entries)

    def configured(self):
        """The configuration has changed."""
        self._push_schedule = None
        self.disconnector.follow()

    def tick(self, second):
        """Do what is due by itself at this UTC second. It costs little when nothing is."""
        if self.calendar.is_due(second):
            self._activate_calendar()
        if self.timed.is_due(second, self._app.engine.zone):
            self._disconnect()
        if self._watch:
            self._tick_push(second)
        if self.upgrade.trial:
            self.upgrade.trial.metered(second)

    def _activate_calendar(self):
        try:
            self.calendar.activate(self._change)
            self._log.done(kinds.COMMAND, _BY_ITSELF, "activate passive calendar")
        except (Denied, Refused) as error:
            self._log.refused(_BY_ITSELF, "activate passive calendar: %s" % error, self._app.uptime.ms())
        try:
            self.calendar.set_time(NEVER, None)
        except Refused:
            self.calendar.forget_time()  # the flash has failed: not again at every second

    def _change(self, values):
        """Change settings by itself: no right is needed, but what forbids it forbids it."""
        paths = [path for path in values if self._app.settings[path] != values[path]]
        sections.check(paths, rights.ALL, self._keys)
        try:
            self._app.change(values, kinds.SCHEDULE)
        except ConfigError as error:
            raise Refused("; ".join(error.problems))

    def _disconnect(self):
        name = "reconnect" if self.timed.selector == timed_disconnect.RECONNECT else "disconnect"
        try:
            self.disconnector.request("remote " + name)
            self._log.done(kinds.COMMAND, _BY_ITSELF, name)
        except (OSError, StorageError, ValueError) as error:
            self._log.refused(_BY_ITSELF, "%s: %s" % (name, error), self._app.uptime.ms())

    def _tick_push(self, second):
        for reason in self._watch.reasons():
            self.push(reason)
        if self._push_schedule is None:
            self._push_schedule = build_clock.schedule(
                self._app.settings, "dlms.push.schedule", self._app.engine.zone
            )
            self._at = second
        if self._push_schedule.passed(self._at, second) is not None:
            self.push("schedule")
        self._at = second


def _slots(board, place):
    """Return the Slots in the area `image`. A board with a key takes signed images only, and none older than this."""
    key = getattr(board, "image_key", None)
    return Slots(board.flash, *place, key=key, oldest=VERSION if key else None, flashed=flashed())


def _journal(board, areas, name, kind):
    """Return the Journal in an area, or None: this board has no such area."""
    place = areas.find(name)
    return Journal(board.flash, *place, kind) if place else None


def _stored(change, *what):
    try:
        change(*what)
    except (OSError, StorageError, ValueError) as error:
        raise Refused(str(error))
