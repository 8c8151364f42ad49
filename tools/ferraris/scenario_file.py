"""Scenario files: a load and what happens to the meter, in TOML. All that is wrong with one is told at once.

start = 2024-01-01T00:00:00Z        # UTC; without an offset on the local clock of `zone`
duration = "366d"                   # seconds, or "90m", "36h", "7d"
zone = "CET-1CEST,M3.5.0,M10.5.0/3" # clock.zone of the configuration
seed = 1
configuration = { service = { frequency = 50 } }    # or the name of a JSON file beside this one

[load]                              # one of: csv; steps; or a constant load: kW = 5.0, kvar = 1.0, V = 230.0, ...
csv = "load.csv.gz"                 # beside this file
map = { kW = "H0-A_pload" }
scale = 5.0
steps = [ { at = "0s", kW = 5.0 }, { at = "2h", kW = 1.0, kvar = -2.0 } ]

[[event]]
at = "36h"                          # from the start; or a time
do = "outage"                       # and its fields, see EVENTS
lasts = "2h"

[expect]                            # at the end: energies, registers, records, ...; see scenario_expect.py
"Wh.del.P" = 43920000.0
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from meter.config.document import settings_of
from meter.config.schema import ConfigError
from meter.hal.sim.load_model import TableSteps
from meter.zone import Zone

from ferraris.errors import UsageError
from ferraris.loads.columns import KEYS, at_inputs, conflicts
from ferraris.loads.load_csv import read_load
from ferraris.loads.times import Times
from ferraris.recordings import InputError
from ferraris.scenario_expect import Check, Expectations
from ferraris.settings import Settings

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# event: its fields; a field that ends in ? may be left out
EVENTS: dict[str, dict[str, str]] = {
    "outage": {"lasts": "length", "clock_lost?": "flag"},
    "time set": {"to?": "time", "by?": "integer"},
    "freeze": {},
    "reset": {},
    "override": {"on": "flag"},
    "resynchronise": {},
    "preset": {"register": "integer", "value": "number"},
    "configuration": {"settings": "table"},
    "tariffs": {"tou": "table"},
}
TOP = ("start", "duration", "zone", "seed", "configuration", "load", "event", "expect")


@dataclass
class Event:
    """What happens at a second. at: UTC of the load's clock. settings: of the meter from then on, or None."""

    at: int
    kind: str
    fields: dict[str, Any] = field(default_factory=dict)
    settings: Settings | None = None


@dataclass
class Scenario:
    """A scenario that can be played. start, end: UTC seconds. expect: what must hold at the end."""

    path: Path
    start: int
    end: int
    seed: int
    settings: Settings
    steps: TableSteps
    events: list[Event]
    expect: list[Check]


class _Reader:
    """Reads one document and collects what is wrong with it."""

    def __init__(self, path: Path, document: dict[str, Any]) -> None:
        self.path, self.document = path, document
        self.problems: list[str] = []
        self.start = 0
        self.zone = Zone()

    def complain(self, where: str, text: str) -> None:
        self.problems.append(f"{self.path}: {where}: {text}")

    def unknown(self, where: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for name in table:
            if name not in known:
                self.complain(f"{where}{name}", f"unknown; known here: {', '.join(known)}")

    # Values. Each returns what it has read, or something harmless after a complaint.

    def length(self, where: str, value: Any) -> int:
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd])\s*", value) if isinstance(value, str) else None
        seconds = float(match[1]) * UNITS[match[2]] if match else value
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1 << 32:
            self.complain(where, f'must be seconds, or a text such as "90m", "36h", "7d", not {value!r}')
            return 1
        if seconds != int(seconds):
            self.complain(where, f"{value!r} is no whole number of seconds")
        return int(seconds)

    def time(self, where: str, value: Any) -> int:
        """A time, or where it may be, a length from the start."""
        text = value.isoformat() if isinstance(value, date) else value
        if isinstance(text, str) and not re.fullmatch(r"\s*[\d.]+\s*[smhd]\s*", text):
            try:
                return Times(self.zone).read(text)
            except ValueError as error:
                self.complain(where, str(error))
                return self.start
        return self.start + self.length(where, value)

    def flag(self, where: str, value: Any) -> bool:
        if not isinstance(value, bool):
            self.complain(where, f"must be true or false, not {value!r}")
        return bool(value)

    def integer(self, where: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            self.complain(where, f"must be a whole number, not {value!r}")
            return 0
        return value

    def number(self, where: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
            self.complain(where, f"must be a number, not {value!r}")
            return 0.0
        return float(value)

    def table(self, where: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.complain(where, "must be a table")
            return {}
        return value

    # Parts of the document.

    def configuration(self) -> dict[str, Any]:
        """Return the document of the meter's configuration."""
        found = self.document.get("configuration", {})
        if isinstance(found, str):
            try:
                found = json.loads((self.path.parent / found).read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                self.complain("configuration", f"{found}: {error}")
                return {}
        found = self.table("configuration", found)
        return merged(found, {"clock": {"zone": self.zone.rule}}) if "zone" in self.document else found

    def settings(self, where: str, document: dict[str, Any]) -> Settings | None:
        try:
            return dict(settings_of(document))
        except ConfigError as error:
            for problem in error.problems:
                self.complain(where, problem)
            return None

    def load(self, settings: Settings, end: int) -> TableSteps | None:
        table = self.table("load", self.document.get("load"))
        if "csv" in table:
            self.unknown("load.", table, ("csv", "map", "scale"))
            try:
                steps = read_load(
                    self.path.parent / str(table["csv"]), settings, table.get("map"), table.get("scale")
                )
            except InputError as error:
                self.problems += str(error).splitlines()
                return None
            if not steps.begin <= self.start < end <= steps.end:
                self.complain("load.csv", "does not cover the time from start to its end")
            return steps
        rows = table.get("steps", [{"at": 0, **table}])
        if "steps" in table:
            self.unknown("load.", table, ("steps",))
        if not isinstance(rows, list) or not rows:
            self.complain("load.steps", "must be a list of tables")
            return None
        return self.steps(rows, settings, end)

    def steps(self, rows: list[Any], settings: Settings, end: int) -> TableSteps | None:
        """Return the steps of tables such as {at = "2h", kW = 1.0}. What is left out is 0, or nominal."""
        keys = tuple(
            dict.fromkeys(key for row in rows if isinstance(row, dict) for key in row if key != "at")
        )
        times, before = [], len(self.problems)
        columns = {key: np.zeros(len(rows)) for key in keys if key in KEYS}
        for number, row in enumerate(rows):
            where = f"load.steps[{number}]" if len(rows) > 1 else "load"
            row = self.table(where, row)
            self.unknown(where + ".", row, ("at", *KEYS))
            times.append(self.time(where + ".at", row.get("at")))
            for key in columns:
                if key not in row and key[:2] not in ("kW", "kv"):
                    self.complain(f"{where}.{key}", "is missing here: give it in all steps or in none")
                columns[key][number] = self.number(f"{where}.{key}", row.get(key, 0.0))
        for text in conflicts(columns, settings):
            self.complain("load", text)
        if (
            times[0] != self.start
            or any(b <= a for a, b in zip(times, times[1:], strict=False))
            or times[-1] >= end
        ):
            self.complain("load", "steps must begin at the start, rise, and begin before the end")
        if len(self.problems) > before:
            return None
        values = at_inputs(
            columns, len(rows), settings, lambda n, text: self.complain(f"load, step {n}", text)
        )
        return TableSteps([*times, end], values)

    def events(self, document: dict[str, Any], end: int) -> list[Event]:
        found, rows = [], self.document.get("event", [])
        if not isinstance(rows, list):
            self.complain("event", "must be tables, each as [[event]]")
            rows = []
        for number, row in enumerate(rows):
            where = f"event[{number}]"
            row = self.table(where, row)
            kind = row.get("do")
            if kind not in EVENTS:
                self.complain(f"{where}.do", f"must be one of {', '.join(EVENTS)}, not {kind!r}")
                continue
            if "at" not in row:
                self.complain(f"{where}.at", "is missing")
                continue
            event = Event(self.time(f"{where}.at", row["at"]), kind, self.fields(where, kind, row))
            if not self.start <= event.at <= end:
                self.complain(f"{where}.at", "is not between the start and the end")
            found.append(event)
        found.sort(key=lambda event: event.at)
        for event in found:
            document = self.changed(document, event)
        self.check_outages(found)
        return found

    def fields(self, where: str, kind: str, row: dict[str, Any]) -> dict[str, Any]:
        known = {name.rstrip("?"): what for name, what in EVENTS[kind].items()}
        self.unknown(where + ".", row, ("at", "do", *known))
        fields = {}
        for name, what in EVENTS[kind].items():
            key = name.rstrip("?")
            if key in row:
                read: Callable[[str, Any], Any] = getattr(self, what)
                fields[key] = read(f"{where}.{key}", row[key])
            elif key == name:
                self.complain(f"{where}.{key}", f"is missing: {kind} needs it")
        if kind == "time set" and len(fields) != 1:
            self.complain(where, "time set needs either `to` or `by`")
        return fields

    def changed(self, document: dict[str, Any], event: Event) -> dict[str, Any]:
        """Return the configuration after an event; give the event the settings it leads to."""
        if event.kind == "configuration":
            document = merged(document, event.fields.get("settings", {}))
        elif event.kind == "tariffs":
            document = {**document, "tou": event.fields.get("tou", {})}
        else:
            return document
        event.settings = self.settings(f"event at {event.at - self.start} s, {event.kind}", document)
        return document

    def check_outages(self, events: list[Event]) -> None:
        for event, following in zip(events, events[1:], strict=False):
            if event.kind == "outage" and following.at < event.at + event.fields.get("lasts", 0):
                self.complain(f"event at {following.at - self.start} s", f"{following.kind} in an outage")

    def expect(self, settings: Settings | None) -> list[Check]:
        """Return what must hold at the end. settings: those of then."""
        return Expectations(self, settings).read(self.table("expect", self.document.get("expect", {})))


def merged(document: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return a document with another laid over it, table by table."""
    both = dict(document)
    for name, value in other.items():
        old = both.get(name)
        both[name] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both


def read_scenario(path: str | Path) -> Scenario:
    """Return the scenario of a file. Raises UsageError with all that is wrong."""
    file = Path(path)
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: not TOML: {error}") from error
    return _scenario(_Reader(file, document))


def _scenario(reader: _Reader) -> Scenario:
    document = reader.document
    reader.unknown("", document, TOP)
    for name in ("start", "duration", "load"):
        if name not in document:
            reader.complain(name, "is missing")
    try:
        reader.zone = Zone(document.get("zone", "UTC0"))
    except (ValueError, TypeError) as error:
        reader.complain("zone", str(error))
    reader.start = reader.time("start", document.get("start", "1970-01-01"))
    end = reader.start + max(1, reader.length("duration", document.get("duration", 1)))
    seed = reader.integer("seed", document.get("seed", 0))
    configuration = reader.configuration()
    settings = reader.settings("configuration", configuration)
    steps = reader.load(settings, end) if settings and "load" in document else None
    events = reader.events(configuration, end)
    changed = [event.settings for event in events if event.kind in ("configuration", "tariffs")]
    expect = reader.expect(changed[-1] if changed else settings)
    if reader.problems:
        raise UsageError("\n".join(reader.problems))
    assert settings is not None and steps is not None
    return Scenario(reader.path, reader.start, end, seed, settings, steps, events, expect)
