"""What a reader asks a meter for, as records: registers, profiles and logs, the clock, any object, the object list."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from meter.protocols.dlms import axdr
from meter.protocols.dlms.axdr import Data
from meter.protocols.dlms.objects import names as logical
from meter.registers.event_kinds import kind_name
from meter.registers.load_profile_record import MIDNIGHT, NORMAL, status_text

from ferraris.dlms import names, values
from ferraris.dlms.apdus import AnswerError, Attribute
from ferraris.dlms.client import CURRENT, Client
from ferraris.errors import ClientError, UsageError
from ferraris.records import Record
from ferraris.stored_profile import Row

DATA, REGISTER, EXTENDED, DEMAND, PROFILE, CLOCK_CLASS, ASSOCIATION = 1, 3, 4, 5, 7, 8, 15
CLOCK = "0.0.1.0.0.255"
BUFFER, COLUMNS, PERIOD = 2, 3, 4
BY_RANGE, BY_ENTRY = 1, 2
PROFILES = {"load_profile": "1.0.99.1.0.255", "profile_2": "1.0.98.1.0.255"}
LOGS = {
    "events": "0.0.99.98.1.255",
    "diagnostics": "0.0.99.98.2.255",
    "security": "0.0.99.98.3.255",
    "alarms": "0.0.99.98.4.255",
    "sags": "0.0.99.98.5.255",
    "connections": "0.0.99.98.0.255",
    "self_reads": "1.0.98.2.0.255",
}
# class: attribute of the scaler and unit
_UNITS = {REGISTER: 3, EXTENDED: 3, DEMAND: 4}
# What has the same value as another register: those of the display lists, and the channels of the load profiles.
_LIST_B, _CHANNEL_B = 130, 131
_CHANNEL_D = (24, 27, 29)
_LOG_COLUMNS = ("start", "origin", "user", "peer", "fields")
_SELF_READ_COLUMNS = ("trigger", "diagnostics", "values")
_RIGHTS = ("", "r", "w", "rw", "r", "w", "rw")


class Entry(NamedTuple):
    """An object of the list. attributes, methods: number: access mode of the list."""

    class_id: int
    version: int
    ln: str
    attributes: dict[int, int]
    methods: dict[int, int]

    def can_read(self, number: int) -> bool:
        """Return True if this client may read an attribute."""
        return "r" in _RIGHTS[self.attributes.get(number, 0) % len(_RIGHTS)]


class Value(NamedTuple):
    """A register. value: in its unit, None: there is none now."""

    ln: str
    value: Any
    scaler: int
    unit: str

    @property
    def text(self) -> str:
        """The value with all digits that the meter gives."""
        if isinstance(self.value, float):
            return f"{self.value:.{max(0, -self.scaler)}f}" if self.scaler else f"{self.value:.9g}"
        return "" if self.value is None else str(self.value)


# The object list.


def object_list(meter: Client) -> list[Entry]:
    """Return the objects of the association."""
    return [_entry(one) for one in parts(meter.read(Attribute(ASSOCIATION, CURRENT)))]


def _entry(data: Data) -> Entry:
    try:
        class_id, version, ln, rights = data.value
        attributes, methods = rights.value
        return Entry(
            class_id.value,
            version.value,
            logical.text(ln.value),
            {one.value[0].value: one.value[1].value for one in attributes.value},
            {one.value[0].value: int(one.value[1].value) for one in methods.value},
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise ClientError("the meter's object list is no such list") from error


def object_records(meter: Client) -> list[Record]:
    """Return a record for each object: what this client may do with it."""
    return [
        {
            "class": one.class_id,
            "version": one.version,
            "obis": names.short(one.ln),
            "quantity": names.quantity(one.ln),
            "attributes": " ".join(
                f"{number}{_RIGHTS[mode % len(_RIGHTS)]}" for number, mode in one.attributes.items() if mode
            ),
            "methods": " ".join(str(number) for number, mode in one.methods.items() if mode),
        }
        for one in object_list(meter)
    ]


def find(entries: list[Entry], ln: str) -> Entry:
    """Return the object with this logical name. UsageError."""
    for one in entries:
        if one.ln == ln:
            return one
    raise UsageError(f"{names.short(ln)}: not among the {len(entries)} objects that this client sees")


# Registers.


def registers(meter: Client) -> list[Value]:
    """Return all registers that this client may read, but those that only repeat others."""
    wanted = [
        one for one in object_list(meter) if one.class_id in _UNITS and one.can_read(2) and _is_own(one)
    ]
    return register_values(meter, wanted)


def register_values(meter: Client, wanted: list[Entry]) -> list[Value]:
    """Return the values of these registers."""
    asked = [Attribute(one.class_id, one.ln, 2) for one in wanted]
    asked += [Attribute(one.class_id, one.ln, _UNITS[one.class_id]) for one in wanted]
    found = meter.read_list(asked)
    pairs = zip(wanted, found[: len(wanted)], found[len(wanted) :], strict=True)
    return [_value(entry.ln, value, unit) for entry, value, unit in pairs]


def _value(ln: str, value: Data | AnswerError, unit: Data | AnswerError) -> Value:
    if isinstance(value, AnswerError):
        return Value(ln, None, 0, "")
    scaler, number = (0, 255) if isinstance(unit, AnswerError) else (one.value for one in parts(unit, 2))
    return Value(ln, values.scaled(value, scaler), scaler, values.unit(number))


def _is_own(one: Entry) -> bool:
    _, b, _, d, _, _ = (int(part) for part in one.ln.split("."))
    return b not in (_LIST_B, _CHANNEL_B) and not (d in _CHANNEL_D and one.class_id == REGISTER)


def register_records(found: list[Value]) -> list[Record]:
    """Return registers as records."""
    return [
        {
            "obis": names.short(one.ln),
            "quantity": names.quantity(one.ln),
            "value": one.value,
            "unit": one.unit,
        }
        for one in found
    ]


# Any object.


def attribute_records(meter: Client, entry: Entry) -> list[Record]:
    """Return a record for each attribute of an object that this client may read."""
    asked = [
        Attribute(entry.class_id, entry.ln, number) for number in entry.attributes if entry.can_read(number)
    ]
    return [
        {"attribute": attribute.number, "value": _shown(found)}
        for attribute, found in zip(asked, meter.read_list(asked), strict=True)
    ]


def _shown(found: Data | AnswerError) -> Any:
    return f"({found})" if isinstance(found, AnswerError) else values.plain(found)


def clock_records(meter: Client) -> list[Record]:
    """Return one record: the meter's time, its zone, and how far it is from ours."""
    asked = [Attribute(CLOCK_CLASS, CLOCK, number) for number in (2, 3, 4, 8)]
    time, zone, status, dst = meter.read_list(asked)
    if isinstance(time, AnswerError):
        raise time
    now = values.moment(time.value)
    if now is None:
        raise ClientError("the meter's clock shows no time")
    return [
        {
            "time": now,
            "minutes_west": None if isinstance(zone, AnswerError) else zone.value,
            "daylight_saving": None if isinstance(dst, AnswerError) else bool(dst.value),
            "doubtful": None if isinstance(status, AnswerError) else bool(status.value & 2),
            "ahead_s": round((now - datetime.now(UTC)).total_seconds()),
        }
    ]


def now_of(meter: Client) -> int:
    """Return the meter's time, UTC second."""
    return int(clock_records(meter)[0]["time"].timestamp())


# Profiles and logs.


def by_range(first: datetime, last: datetime) -> tuple[int, bytes]:
    """Return the selection of records from one time to another, both included, with all columns."""
    clock = axdr.structure(
        axdr.number(axdr.LONG_UNSIGNED, CLOCK_CLASS),
        axdr.octets(logical.name(CLOCK)),
        axdr.number(axdr.INTEGER, 2),
        axdr.number(axdr.LONG_UNSIGNED, 0),
    )
    bounds = [axdr.octets(values.octets_of(time)) for time in (first, last)]
    return BY_RANGE, axdr.structure(clock, *bounds, axdr.array([]))


def by_entry(first: int, last: int) -> tuple[int, bytes]:
    """Return the selection of records from one number to another, from 1 on; 0: to the last."""
    rows = [axdr.number(axdr.DOUBLE_LONG_UNSIGNED, number) for number in (first, last)]
    columns = [axdr.number(axdr.LONG_UNSIGNED, number) for number in (1, 0)]
    return BY_ENTRY, axdr.structure(*rows, *columns)


def columns(meter: Client, ln: str) -> list[str]:
    """Return the names of the columns of a profile."""
    found = parts(meter.read(Attribute(PROFILE, ln, COLUMNS)))
    return [_column_name(*[one.value for one in parts(column, 4)[:3]]) for column in found]


def _column_name(class_id: int, ln: bytes, attribute: int) -> str:
    text = str(logical.text(ln))
    _, b, c, d, e, _ = ln
    if class_id == CLOCK_CLASS:
        return "time"
    if (b, c, d) == (0, 96, 10):
        return "status"
    if (b, c, d) == (0, 96, 11):
        return "name" if e > 10 else "status"
    if (b, c) == (128, 99):
        known = _SELF_READ_COLUMNS if d == 6 else _LOG_COLUMNS
        return known[e - 1] if 0 < e <= len(known) else text
    return names.quantity(text) or names.short(text) + ("" if attribute == 2 else f" {attribute}")


def profile_records(meter: Client, ln: str, span: tuple[int, int] | None = None) -> list[Record]:
    """Return the records of a profile or log. span: (from, to) as UTC seconds, or None: all."""
    known = columns(meter, ln)
    selection = None
    if span:
        latest = datetime(2105, 12, 31, tzinfo=UTC)
        first, last = (datetime.fromtimestamp(min(one, latest.timestamp()), UTC) for one in span)
        selection = by_range(first, last)
    rows = parts(meter.read(Attribute(PROFILE, ln, BUFFER, selection)))
    flat = [dict(zip(known, _cells(row, known), strict=True)) for row in rows]
    return _with_registers(flat) if "values" in known else flat


def _cells(row: Data, known: list[str]) -> Iterator[Any]:
    for name, cell in zip(known, parts(row, len(known)), strict=True):
        value = values.plain(cell)
        if name == "name" and isinstance(value, int):
            value = kind_name(value)
        yield value


def _with_registers(records: list[Record]) -> list[Record]:
    """Return self-reads with a column for each register instead of their values."""
    found = []
    for record in records:
        cells = record.pop("values")
        found.append({f"{number} {values.unit(unit)}".strip(): _milli(value, scaler)
                      for number, value, (scaler, unit) in cells})  # fmt: skip
    every = list(dict.fromkeys(name for cells in found for name in cells))
    return [
        {**record, **{name: cells.get(name) for name in every}}
        for record, cells in zip(records, found, strict=True)
    ]


def _milli(value: Any, scaler: int) -> Any:
    return value / 10**-scaler if isinstance(value, int) and scaler < 0 else value


def plot_rows(meter: Client, ln: str, records: list[Record]) -> list[Row]:
    """Return the records of a load profile for the plot. A record begins where the one before it ends, if that is near.

    Where records are missing, one that follows is as long as the meter's interval.
    """
    period = int(values.plain(meter.read(Attribute(PROFILE, ln, PERIOD))))
    found: list[Row] = []
    for entry, record in enumerate(records):
        end = int(record["time"].timestamp())
        before = found[-1].end if found else end - period
        start = before if 0 <= end - before < period else end - period
        cells = {name: cell for name, cell in record.items() if name not in ("time", "status")}
        status = (record.get("status") or 0) & ~NORMAL
        flagged = bool(status & ~MIDNIGHT)
        found.append(Row(entry, start, end, end - start, status_text(status), cells, flagged))
    return found


def with_status_text(records: list[Record]) -> list[Record]:
    """Return records of a load profile with the status in words."""
    return [
        {**one, "status": status_text(one["status"] & ~NORMAL)} if isinstance(one.get("status"), int) else one
        for one in records
    ]


def parts(data: Data, count: int | None = None) -> list[Data]:
    """Return the parts of an array or structure. ClientError."""
    if data.tag not in (axdr.ARRAY, axdr.STRUCTURE) or count is not None and len(data.value) != count:
        raise ClientError("the meter's answer has another shape than this reader knows")
    return list(data.value)


def days_back(now: int, days: int) -> int:
    """Return the second at which the day so many days ago began, UTC."""
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0)
    return int((today - timedelta(days=days)).timestamp())
