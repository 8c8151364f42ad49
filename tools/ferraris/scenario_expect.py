"""What a scenario expects of its meter at the end, and where the meter differs.

[expect]                            # energies at the meter's inputs in Wh, varh, ...; "/A" to "/H": of one rate
"Wh.del.P" = 43920000.0
"Wh.del.P/A" = 12.5
self_reads = 12                     # how many there are

[expect.registers]                  # by number, whatever its kind and storage: a number in its unit, at the inputs
10 = 360.0
11 = "2024-03-26 12:15"             # registers that show a time; "36h" is from the start
12 = "none"                         # no value yet
13 = "B"                            # status registers: a text or a whole number (status words)

[expect.frozen]                     # the same, as the last freeze kept them

[expect.events]                     # how many of a kind are in the logs
"time set" = 2

[expect.load_profile]               # or load_profile_2
records = 96
"time set" = 1                      # how many records are marked with this event; also "midnight"
"Wh.del.P" = 8640.0                 # the sum of a channel over all records

[[expect.self_read]]                # there is exactly one at this time, with these values
at = "2024-02-01"
registers = { 10 = 360.0 }
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from meter.app import App
from meter.quantities import INTEGRATED, describe, index, terms
from meter.registers import event_kinds
from meter.registers.bank import rated_rows
from meter.registers.definition import LISTS, REALS, TIMES, Definition, definitions
from meter.registers.load_profile_record import EVENTS

from ferraris.settings import Settings

QUANTUM = 1e-6  # Wh
RATES = "ABCDEFGH"
NOTHING = "none"
PROFILES = ("load_profile", "load_profile_2")
MARKS = {name: code for code, name, _ in EVENTS}
EVENT_NAMES = {row[1]: row[0] for row in event_kinds.KINDS}
Check = Callable[[App], "str | None"]  # says what is wrong


class Reads(Protocol):
    """What reads single values of the file, and collects complaints."""

    def complain(self, where: str, text: str) -> None: ...
    def unknown(self, where: str, table: dict[str, Any], known: tuple[str, ...]) -> None: ...
    def number(self, where: str, value: Any) -> float: ...
    def integer(self, where: str, value: Any) -> int: ...
    def time(self, where: str, value: Any) -> int: ...
    def table(self, where: str, value: Any) -> dict[str, Any]: ...


def registers_of(settings: Settings) -> dict[int, Definition]:
    """Return the registers of a configuration by their numbers."""
    found: dict[int, Definition] = {}
    for name, _, _ in LISTS:
        found.update({one.id: one for one in definitions(settings["registers." + name], name)[0]})
    return found


class Expectations:
    """Reads the table `expect` into checks. settings: the configuration at the end; None: it is wrong itself."""

    def __init__(self, reader: Reads, settings: Settings | None) -> None:
        self._reader, self._settings = reader, settings
        self._registers = registers_of(settings) if settings else {}
        self.checks: list[Check] = []

    def read(self, table: dict[str, Any]) -> list[Check]:
        """Return the checks of a table."""
        sections: dict[str, Callable[[str, Any], None]] = {
            "registers": self._of_registers,
            "frozen": self._of_registers,
            "events": self._events,
            "load_profile": self._profile,
            "load_profile_2": self._profile,
            "self_reads": self._self_reads,
            "self_read": self._self_read,
        }
        for name, value in table.items():
            sections.get(name, self._energy)(name, value)
        return self.checks

    def _energy(self, name: str, value: Any) -> None:
        key, _, rate = name.partition("/")
        try:
            index(key)
        except KeyError:
            key = ""
        if key.split(".")[0] not in INTEGRATED or (rate and rate not in RATES):
            self._reader.complain(f"expect.{name}", 'must be an energy such as "Wh.del.P" or "Wh.del.P/A"')
            return
        wanted = self._reader.number(f"expect.{name}", value)
        self.checks.append(partial(_energy_problem, key, RATES.index(rate) + 1 if rate else 0, wanted))

    def _of_registers(self, section: str, value: Any) -> None:
        for name, wanted in self._reader.table(f"expect.{section}", value).items():
            read = self._register(f"expect.{section}.{name}", name, wanted)
            if read:
                self.checks.append(partial(_register_problem, read, section == "frozen"))

    def _register(self, where: str, name: str, value: Any) -> tuple[int, Any] | None:
        """Return (number, what it must show) of a register, or None after a complaint."""
        one = self._registers.get(int(name)) if name.isdecimal() else None
        if self._settings is None:
            return None
        if one is None:
            self._reader.complain(where, "there is no such register in the configuration at the end")
            return None
        if value == NOTHING and one.kind != "status":
            return one.id, None
        if one.kind in TIMES:
            return one.id, self._reader.time(where, value)
        if one.kind == "status":
            if isinstance(value, bool) or not isinstance(value, int | str):
                self._reader.complain(where, f"must be a whole number or a text, not {value!r}")
            return one.id, value
        return one.id, self._reader.number(where, value)

    def _events(self, section: str, value: Any) -> None:
        for name, count in self._reader.table(f"expect.{section}", value).items():
            where = f"expect.{section}.{name}"
            if name not in EVENT_NAMES:
                self._reader.complain(where, f"must be one of {', '.join(EVENT_NAMES)}")
                continue
            wanted = self._reader.integer(where, count)
            self.checks.append(partial(_event_problem, name, wanted))

    def _profile(self, section: str, value: Any) -> None:
        place = PROFILES.index(section)
        for name, wanted in self._reader.table(f"expect.{section}", value).items():
            where = f"expect.{section}.{name}"
            if name == "records" or name in MARKS:
                wanted = self._reader.integer(where, wanted)
            elif self._settings is None or name in self._settings[section + ".channels"]:
                wanted = self._reader.number(where, wanted)
            else:
                self._reader.complain(where, f"must be records, a channel, or one of {', '.join(MARKS)}")
            self.checks.append(partial(_profile_problem, place, name, wanted))

    def _self_reads(self, section: str, value: Any) -> None:
        wanted = self._reader.integer(f"expect.{section}", value)
        self.checks.append(
            lambda app: _differs("self-reads", _count(app.engine.self_reads.records()), wanted)
        )

    def _self_read(self, section: str, value: Any) -> None:
        for place, row in enumerate(value if isinstance(value, list) else [value]):
            where = f"expect.{section}[{place}]"
            row = self._reader.table(where, row)
            self._reader.unknown(where + ".", row, ("at", "registers"))
            at = self._reader.time(f"{where}.at", row.get("at"))
            wanted = [
                self._register(f"{where}.registers.{name}", name, each)
                for name, each in self._reader.table(f"{where}.registers", row.get("registers", {})).items()
            ]
            values = [each for each in wanted if each]
            self.checks.append(partial(_self_read_problem, at, values))


# Checks: each returns a line, or None where all is as expected.


def _differs(what: str, found: Any, wanted: Any) -> str | None:
    return None if found == wanted else f"{what}: {found}, expected {wanted}"


def _count(records: Any) -> int:
    return sum(1 for _ in records)


def _energy_problem(key: str, rate: int, wanted: float, app: App) -> str | None:
    _, direction, phase, _, source = describe(index(key))
    name = key + (f"/{RATES[rate - 1]}" if rate else "")
    try:
        total = app.meter.energy.total(terms(source, direction, phase), rate) * QUANTUM
    except ValueError:
        return f"{name} is not kept: no register of this quantity has a rate"
    if abs(total - wanted) <= 1.5 * QUANTUM + 1e-9 * abs(wanted):
        return None
    return f"{name} is {total:.6f}, expected {wanted:.6f}"


def _register_problem(expected: tuple[int, Any], is_frozen: bool, app: App) -> str | None:
    number, wanted = expected
    register = app.engine.register(number)
    found = register.frozen if is_frozen else register.value()
    if _agree(app, register.definition, found, wanted):
        return None
    one = register.definition
    name = f"register {number} ({one.kind}, {one.quantity}, {one.storage}){', frozen,' if is_frozen else ''}"
    return f"{name} is {_shown(one, found)}, expected {_shown(one, wanted, is_scaled=True)}"


def _agree(app: App, one: Definition, found: Any, wanted: Any) -> bool:
    if found is None or wanted is None or one.kind in (*TIMES, "status"):
        return bool(found == wanted)
    if one.kind in REALS:
        return bool(abs(found - wanted) <= 1e-6 + 1e-6 * abs(wanted))
    # A quantum of an interval's energy is several of its power.
    step = 1 if one.kind == "consumption" else 3600 / app.engine.bank.demand.interval_s
    return bool(abs(found * QUANTUM - wanted) <= 1.5 * step * QUANTUM + 1e-9 * abs(wanted))


def _shown(one: Definition, value: Any, is_scaled: bool = False) -> str:
    if value is None:
        return NOTHING
    if one.kind in TIMES:
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
    if one.kind == "status":
        return str(value)
    return f"{value if is_scaled or one.kind in REALS else value * QUANTUM:.6f}"


def _event_problem(name: str, wanted: int, app: App) -> str | None:
    log = app.logs.log(event_kinds.find(EVENT_NAMES[name])[2])
    found = sum(event.kind == EVENT_NAMES[name] for event in log.records())
    return _differs(f"logged events of kind {name}", found, wanted)


def _profile_problem(place: int, name: str, wanted: Any, app: App) -> str | None:
    if place >= len(app.meter.load_profiles):
        return f"{PROFILES[place]} is off"
    records = list(app.meter.load_profiles[place].records())
    what = f"{PROFILES[place]}, {name}"
    if name == "records":
        return _differs(what, len(records), wanted)
    if name in MARKS:
        return _differs(what, sum(bool(record.status & MARKS[name]) for record in records), wanted)
    total = 0.0
    for record in records:
        for key, value in zip(record.description.keys, record.values, strict=True):
            total += value if key == name and value is not None else 0.0
    # Values are 32-bit floats.
    return (
        None
        if abs(total - wanted) <= 1e-6 + 1e-6 * abs(wanted)
        else f"{what}: {total:.6f}, expected {wanted:.6f}"
    )


def _self_read_problem(at: int, wanted: list[tuple[int, Any]], app: App) -> str | None:
    when = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    reads = [read for read in app.engine.self_reads.records() if read.time == at]
    if len(reads) != 1:
        return f"self-reads at {when}: {len(reads)}, expected 1"
    values = dict(reads[0].values)
    for number, value in wanted:
        if number not in values:
            return f"self-read at {when} has no register {number}"
        one = app.engine.register(number).definition
        if not _agree(app, one, values[number], value):
            shown = _shown(one, values[number]), _shown(one, value, is_scaled=True)
            return f"self-read at {when}: register {number} is {shown[0]}, expected {shown[1]}"
    return None


def rate_problems(app: App, configurations: list[Settings]) -> list[str]:
    """Return where the rates do not sum up to their total, to the quantum; none if a rate was not always in force.

    configurations: all that the meter has had.
    """
    rated = [set(rated_rows(registers_of(each).values())) for each in configurations]
    if not all(each["tou.days"] for each in configurations):
        return []
    found = []
    for row in sorted(set.intersection(*rated)):
        made_of = (1, ((1, row),))
        rates = sum(app.meter.energy.total(made_of, rate) for rate in range(1, 9))
        total = app.meter.energy.total(made_of)
        if rates != total:
            found.append(f"row {row}: the rates sum up to {rates} quanta, the total is {total}")
    return found
