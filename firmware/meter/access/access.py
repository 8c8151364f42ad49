"""The one door for everyone outside the core: ports, display, tools. It reads by name and hands out plain values."""

from meter import VERSION
from meter.access.commands import WRITE_CONFIGURATION
from meter.access.errors import Refused
from meter.access.profile_view import ProfileView
from meter.access.reading import bare, form_of, reading
from meter.calendar import civil
from meter.compat import const
from meter.config import document, json_reader
from meter.quantities import INTEGRATED, describe, index
from meter.registers.definition import LISTS, TIMES, WORKING
from meter.registers.energy import SCALER
from meter.registers.event_log import SHORTEST
from meter.registers.load_profile_channels import unit_of
from meter.registers.self_read import KEPT, SelfRead

MANUFACTURER = "FRS"  # three letters, as IEC 62056-21 identifications have it
MODEL = "Ferraris"
NAMEPLATE = (
    "meter.id", "meter.administrator", "meter.location", "meter.configuration_id", "meter.account",
    "service.ct_primary", "service.ct_secondary", "service.pt_primary", "service.pt_secondary",
)  # fmt: skip
_NUMBERS = {row[0]: row[1:] for row in LISTS}
_KNOWN = const(32)  # quantities that are looked up once


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
        self._known = {}  # of the quantities that were read last: see _quantity()
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
        number, unit, is_total = self._known.get(key) or self._quantity(key)
        if is_total:
            value, scaler = self._meter.engine.bank.value(number), SCALER
        else:
            latest = self._meter.latest
            value, scaler = (latest.value(number) if latest else None), 0
        if primary and self._primary and value is not None:
            value = self._primary.of(value, unit)
        return value, scaler, unit

    def _quantity(self, key):
        """Return (index, unit, is it a total) of a quantity, and keep it: readers ask for the same few. KeyError."""
        number = index(key)
        name, _, _, unit, _ = describe(number)
        if len(self._known) >= _KNOWN:
            self._known = {}
        self._known[key] = number, unit, name in INTEGRATED
        return self._known[key]

    def setting(self, path):
        """Return the value of a setting by its path, such as "demand.interval". KeyError."""
        return self._settings[path]

    @property
    def keys(self):
        """The KeyStore."""
        return self._door.key_store

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

    def profile_between(self, first, last, number=1):
        """Yield the records of a load profile that end at these UTC seconds or between them. KeyError: it is off."""
        for k, profile in enumerate(self._meter.load_profiles):
            if k == number - 1:
                return profile.query.between(first, last, self._meter.clock.second)
        raise KeyError(number)

    def profile_channels(self):
        """Return the text keys of load profile 1's channels."""
        return self._meter.load_profile.channels

    def log(self, name, start=None):
        """Yield the Events of a log (of event_kinds.LOGS) from entry `start` on. KeyError if there is none such."""
        if self._logs is None:
            raise KeyError(name)
        return self._logs.log(name).records(start)

    # What only some protocols ask for.

    def read_rate(self, key, rate, primary=False):
        """As read(), of an integrated quantity: the total of one tariff rate, 1 to 8 for A to H.

        KeyError if it is not kept: no register that shows this quantity belongs to a rate.
        """
        number = index(key)
        name, _, _, unit, _ = describe(number)
        bank = self._meter.engine.bank
        if name not in INTEGRATED or not bank.energy.keeps(number):
            raise KeyError("%s is not kept by rate" % key)
        return self._on_side(bank.value(number, rate), unit, primary), SCALER, unit

    def _on_side(self, value, unit, primary):
        return self._primary.of(value, unit) if primary and self._primary and value is not None else value

    def keeps_rate(self, key):
        """Return True if read_rate() knows an integrated quantity."""
        return self._meter.engine.bank.energy.keeps(index(key))

    def unit(self, key):
        """Return the unit of a quantity, or of a load profile's channel. KeyError if there is none such."""
        return unit_of(key)

    def channels(self, number):
        """Return the text keys of the channels of load profile 1 or 2. KeyError if it is off."""
        return self._profile(number).channels

    def listed(self, list_name):
        """Yield (number, form) of the registers of a list. form: of reading.py."""
        first, last = _NUMBERS[list_name]
        for bank in (self._meter.engine.bank, self._meter.engine.test):
            for register in bank.registers:
                if first <= register.definition.id <= last:
                    yield register.definition.id, form_of(register.definition)

    def form(self, number):
        """Return the form of a register's values. KeyError if there is no such register."""
        return form_of(self._meter.engine.register(number).definition)

    def demands(self):
        """Yield (kind, quantity, rate 0 to 8) of what working registers show of demands."""
        for register in self._meter.engine.bank.registers:
            one = register.definition
            if one.storage == WORKING and one.kind.endswith("demand"):
                yield one.kind, one.quantity, one.rate

    def demanded(self, kind, key, rate=0, primary=False):
        """Return (value, scaler, unit) of a demand as a working register has it now; of a time a UTC second.

        kind: of definition.KINDS, with "demand" in it. KeyError if there is no such register.
        """
        for register in self._meter.engine.bank.registers:
            one = register.definition
            if (one.kind, one.quantity, one.rate, one.storage) == (kind, key, rate, WORKING):
                value, unit = register.value(), describe(index(key))[3]
                if kind in TIMES:
                    return value, 0, unit
                scaler = SCALER if isinstance(value, int) else 0
                return self._on_side(value, unit, primary), scaler, unit
        raise KeyError("no register shows the %s of %s" % (kind, key))

    def demand_timing(self):
        """Return (begun, ended, seconds of a subinterval, subintervals of an interval) of the demand.

        begun: UTC second at which the running subinterval began. ended: at which the last demand was formed, or None.
        """
        demand = self._meter.engine.bank.demand
        return (
            demand.begun, demand.ended or None, demand.interval_s // demand.subintervals, demand.subintervals,
        )  # fmt: skip

    def nameplate(self):
        """Return a dict from path to value: the settings that say which meter this is, and its ratios."""
        return {path: self._settings[path] for path in NAMEPLATE}

    def status(self):
        """Return a dict of what state the meter is in.

        diagnostics, system, trigger    bits: the diagnostic state, the two words of the status
        battery, battery_s              "green", "yellow" or "red"; seconds for which it has been in use
        is_doubtful                     True if the clock was lost and has not been set since
        rate, season                    0 to 8, 0 to 3
        reset_at, frozen_at, next_reset UTC seconds, or None: billing period resets, freeze
        """
        engine = self._meter.engine
        return {
            "diagnostics": self._meter.diagnostics.state,
            "system": engine.status.system.bits,
            "trigger": engine.status.trigger.bits,
            "battery": engine.battery.colour(engine.now),
            "battery_s": engine.battery.used_s,
            "is_doubtful": engine.is_clock_doubtful,
            "rate": engine.rate,
            "season": engine.season,
            "reset_at": engine.reset_at or None,
            "frozen_at": engine.frozen_at or None,
            "next_reset": engine.next_reset(),
        }

    def load_profile(self, number, primary=False):
        """Return the ProfileView of load profile 1 or 2. KeyError if it is off."""
        profile = self._profile(number)
        return ProfileView(profile, self._primary if primary else None, self._meter.clock.second)

    def _profile(self, number):
        profiles = self._meter.load_profiles
        if not 1 <= number <= len(profiles):
            raise KeyError("load profile %s is off" % number)
        return profiles[number - 1]

    def log_range(self, name):
        """Return (first, next, most) of a log: entry numbers, and how many entries it can keep. KeyError."""
        if self._logs is None:
            raise KeyError(name)
        return _range(self._logs.log(name).fifo, SHORTEST)

    def self_reads_range(self):
        """Return (first, next, most) of the self-reads, as log_range(). KeyError if there are none."""
        self_reads = self._meter.engine.self_reads
        if self_reads is None:
            raise KeyError("self-reads")
        first, following, _ = _range(self_reads.fifo, SHORTEST)
        return max(first, following - KEPT), following, KEPT

    def configuration_pieces(self):
        """Yield the configuration in force, as configuration() has it, in pieces of up to some 500 bytes."""
        return document.pieces(self._settings)

    def parsed(self, text):
        """Return what a JSON text (bytes) stands for, read as strictly as a configuration. Refused."""
        try:
            value, problems = json_reader.read(text)
        except json_reader.JsonError as error:
            raise Refused(str(error))
        if problems:
            raise Refused("; ".join(problems))
        return value

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
        """Return the Login "management", which may do everything. Denied: not is_genuine, or locked out."""
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
        """Return (year, month, day, hour, minute, second) of the local clock."""
        return civil(self.zone.local(self.second()))

    @property
    def zone(self):
        """The Zone of the local clock."""
        return self._meter.engine.zone

    def second(self):
        """Return the UTC second of the meter's clock."""
        return self._meter.clock.second


def _range(fifo, shortest):
    size, sectors = fifo.shape
    return fifo.first, fifo.next, (sectors - 1) * (size // shortest)
