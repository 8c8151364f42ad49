"""The one door for everyone outside the core: ports, display, tools. It reads by name and hands out plain values."""

from meter import VERSION
from meter.access.commands import WRITE_CONFIGURATION
from meter.access.errors import Refused
from meter.access.reading import bare, reading
from meter.calendar import civil
from meter.config import document
from meter.quantities import INTEGRATED, describe, index
from meter.registers.definition import LISTS
from meter.registers.energy import SCALER
from meter.registers.self_read import SelfRead

MANUFACTURER = "FRS"  # three letters, as IEC 62056-21 identifications have it
MODEL = "Ferraris"
_NUMBERS = {row[0]: row[1:] for row in LISTS}


class Access:
    """Named reads on a Meter.

    primary     Primary, or None: no instrument transformers
    logs        EventLogs, or None: none are kept
    frozen_reads    True: remote readers get what registers showed at the last freeze, once there was one
    door        Door: rights and commands, or None: it can only be read
    settings    the configuration in force, a dict from path to value, or None

    identity    dict: manufacturer, model, serial, firmware
    """

    def __init__(self, meter, serial, primary=None, logs=None, frozen_reads=False, door=None, settings=None):
        self._meter = meter
        self._logs = logs
        self._door = door
        self.configure(serial, primary, frozen_reads, settings)

    def configure(self, serial, primary, frozen_reads, settings=None):
        """Go on under another configuration."""
        self._primary, self._frozen_reads = primary, frozen_reads
        self._settings = settings or {}
        self.identity = {
            "manufacturer": MANUFACTURER,
            "model": MODEL,
            "serial": serial,
            "firmware": VERSION,
        }

    def read(self, key, primary=False):
        """Return (value, scaler, unit) of a quantity by its text key: value * 10**scaler is SI.

        Integrated quantities are ints, with their presets; instantaneous ones are floats, averages over 1.5 s, or
        None while there is none. primary: on the primary side of the instrument transformers. "error_code" is the
        diagnostic state. KeyError for a key that is not in the catalogue.
        """
        if key == "error_code":
            return self._meter.diagnostics.state, 0, ""
        number = index(key)
        name, _, _, unit, _ = describe(number)
        if name in INTEGRATED:
            value, scaler = self._meter.engine.bank.value(number), SCALER
        else:
            latest = self._meter.latest
            value, scaler = (latest.value(number) if latest else None), 0
        if primary and self._primary and value is not None:
            value = self._primary.of(value, unit)
        return value, scaler, unit

    def setting(self, path):
        """Return the value of a setting by its path, such as "demand.interval". KeyError."""
        return self._settings[path]

    @property
    def keys(self):
        """The KeyStore."""
        return self._door.key_store

    @property
    def zone(self):
        """The Zone of the meter's local time."""
        return self._meter.engine.zone

    def second(self):
        """Return the UTC second of the meter's clock."""
        return self._meter.clock.second

    def users(self):
        """Return (number of the slot from 1, name) of each user."""
        return self._door.users()

    def configuration(self):
        """Return the configuration in force as a document (JSON, bytes): what "write configuration" takes."""
        return document.text(self._settings)

    def register(self, number, remote=True):
        """Return the Reading of a register by its number. KeyError.

        remote: for somebody at a port, who gets the values of the last freeze; the display shows what is now.
        """
        return self._reading(self._meter.engine.register(number), remote)

    def registers(self, list_name, remote=True):
        """Yield the Readings of a list ("normal", "alternate" or "test"). KeyError if there is none such."""
        first, last = _NUMBERS[list_name]
        for bank in (self._meter.engine.bank, self._meter.engine.test):
            for register in bank.registers:
                if first <= register.definition.id <= last:
                    yield self._reading(register, remote)

    def _reading(self, register, remote):
        is_frozen = remote and self._frozen_reads and register.is_frozen
        value = register.frozen if is_frozen else register.value()
        return reading(register.definition, value, self._primary, self._meter.engine.zone)

    def self_reads(self, start=None):
        """Yield the newest SelfReads, oldest first, from entry `start` on; their values are Readings.

        The register that has the number now says how a value is shown; without one it is a bare number.
        """
        engine = self._meter.engine
        known = {one.definition.id: one.definition for one in engine.bank.registers}
        for one in engine.self_reads.records(start) if engine.self_reads else ():
            values = [
                reading(known[number], value, self._primary, engine.zone)
                if number in known
                else bare(number, value)
                for number, value in one.values
            ]
            yield SelfRead(one.entry, one.time, one.trigger, one.health, tuple(values))

    def profile(self, start=None):
        """Yield the records of load profile 1 as LoadProfile.records() does."""
        return self._meter.load_profile.records(start)

    def profile_channels(self):
        """Return the text keys of load profile 1's channels."""
        return self._meter.load_profile.channels

    def log(self, name, start=None):
        """Yield the Events of a log (of event_kinds.LOGS) from entry `start` on. KeyError if there is none such."""
        if self._logs is None:
            raise KeyError(name)
        return self._logs.log(name).records(start)

    def login(self, user, password, origin, peer, now):
        """Return the Login of a user, to be handed to command(). Denied, Refused (access.errors).

        user, password: text or bytes, whatever a peer sent. origin: number of event_kinds. peer: its address.
        now: uptime, ms.
        """
        return self._door.login(user, password, origin, peer, now)

    def login_slot(self, slot, password, origin, peer, now):
        """As login(), of the user in a slot, 1 to 10."""
        return self._door.login_slot(slot, password, origin, peer, now)

    def login_by_key(self, is_genuine, origin, peer, now):
        """Return the Login "management", which may do everything, if is_genuine. Denied: it is not, or is locked out."""
        return self._door.login_by_key(is_genuine, origin, peer, now)

    def anonymous(self, origin, peer):
        """Return the Login of nobody in particular: it may do what rights.ANONYMOUS says."""
        return self._door.anonymous(origin, peer)

    def logoff(self, who):
        """A Login ends."""
        self._door.logoff(who)

    def command(self, name, who, now, **arguments):
        """Do a command of commands.COMMANDS. who: Login. now: uptime, ms. Denied, Refused: nothing has been done."""
        self._door.command(name, who, now, arguments)

    def change(self, values, who, now):
        """Write the configuration in force with some other values. values: dict from path to value. As command()."""
        settings = dict(self._settings)
        for path in values:
            if path not in settings:
                raise Refused("%s: there is no such setting" % path)
            settings[path] = values[path]
        try:
            text = document.text(settings)
        except TypeError:
            raise Refused("a value is of no kind that settings have")
        self.command(WRITE_CONFIGURATION, who, now, document=text)

    def may_read(self, what, who, now):
        """Return True if this Login may read this (of commands.READS), and say nothing to the log."""
        return self._door.may_read(what, who, now)

    def may_command(self, name, who, now):
        """Return True if this Login may do this command, likewise."""
        return self._door.may_command(name, who, now)

    def may_set(self, path, who, now):
        """Return True if this Login may change this setting, likewise."""
        return self._door.may_set(path, who, now)

    def refused(self, what, who, now):
        """A protocol has refused something by itself: it goes to the security log. what: a line."""
        self._door.refused(what, who, now)

    def check_read(self, what, who, now):
        """Refuse (Denied) what this Login may not read. what: of commands.READS."""
        self._door.read(what, who, now)

    def warnings(self):
        """Return a line for each password and each key that is still the factory's."""
        return self._door.warnings()

    def local_time(self):
        """Return (year, month, day, hour, minute, second) of the meter's clock, UTC."""
        return civil(self._meter.clock.second)
