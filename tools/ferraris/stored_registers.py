"""The registers and self-reads of a stopped meter, as rows: its own code on a copy, at the second it stopped."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from meter.access.reading import Reading
from meter.app import App
from meter.registers.definition import LISTS
from meter.registers.engine_state import unpack

from ferraris.stored import Stored
from ferraris.stored_state import Newest, newest

Record = dict[str, Any]
# What the table on the terminal has of a row.
TABLE = ("number", "label", "shown", "in", "storage", "rate")
OTHERS = (
    "the meter ran with another configuration than this: a meter that starts with it zeroes its registers, as here; "
    "without --config they are shown as the meter has them"
)


class StoppedMeter:
    """A stopped meter as it stood. settings: its configuration.

    found       Newest: the state it stopped with, or None: it has kept none
    problem     a line if it ran with other definitions than those of the settings, else None
    """

    def __init__(self, stored: Stored, settings: dict[str, Any]) -> None:
        self.found: Newest | None = newest(stored)
        self.problem: str | None = None
        if self.found:
            self._app: App = stored.meter(settings, self.found.time)
            saved, now = unpack(self.found.state)[0], unpack(self._app.engine.state(self.found.time))[0]
            if (saved.fingerprint, saved.registers) != (now.fingerprint, now.registers):
                self.problem = OTHERS

    def registers(self) -> Iterator[Record]:
        """Yield a row for each register of the three lists."""
        if not self.found:
            return
        head = {"time": utc(self.found.time), "source": "nvram" if self.found.is_second else "checkpoint"}
        for name, _, _ in LISTS:
            for reading in self._app.access.registers(name, remote=False):
                prefix = self._app.engine.register(reading.number).definition.prefix
                yield {
                    **head,
                    "list": name,
                    "number": reading.number,
                    "label": reading.label,
                    "shown": reading.text,
                    "in": prefix + unit_of(reading),
                    "value": value_of(reading),
                    "unit": unit_of(reading),
                    "kind": reading.kind,
                    "quantity": reading.quantity,
                    "storage": reading.storage,
                    "rate": reading.rate,
                }

    def self_reads(self) -> Iterator[Record]:
        """Yield a row for each self-read, oldest first; a column for each register that is in any of them."""
        found = list(self._app.access.self_reads()) if self.found else []
        names = {}
        for one in found:
            for value in one.values:
                unit = unit_of(value)
                names[value.number] = f"{value.number} {value.label}".strip() + (f" {unit}" if unit else "")
        for one in found:
            values = {value.number: value_of(value) for value in one.values}
            head = {"entry": one.entry, "time": utc(one.time), "trigger": one.trigger, "health": one.health}
            yield {**head, **{name: values.get(number) for number, name in names.items()}}


def value_of(reading: Reading) -> Any:
    """Return the value in its unit, a time as such."""
    if reading.time is not None:
        return utc(reading.time)
    return reading.value / 10**-reading.scaler if isinstance(reading.value, int) else reading.value


def unit_of(reading: Reading) -> str:
    """Return the unit for people: none of a ratio."""
    return "" if reading.unit == "1" else str(reading.unit)


def utc(second: int) -> datetime:
    """Return a UTC second as a time."""
    return datetime.fromtimestamp(second, UTC)
