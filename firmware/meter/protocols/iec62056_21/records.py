"""Load profiles, logs, self-reads and lists of registers as lines. Each is a generator that reads as it goes.

A load profile (P.01, P.02) has the form of DIN 43863-3 meters: a head, then a line for each record that continues it.

    P.01(1250131001500)(0001)(15)(2)(1-0:1.29.0)(Wh)(1-0:2.29.0)(Wh)
    (250)(0)
    (251.5)(0)

The head's time is the end of the first record under it, the status hexadecimal as in a record of the meter, then the
interval in minutes, the count of channels, and of each its OBIS code, or its text key, and unit. A new head stands
where time is broken, or the status or the channels are others. Values are as measured, on the secondary side. A log
(P.98) has a line for each entry: time, kind, nothing, the count of fields, their names and units (none), their
values.

    P.98(1250131001500)(0004)()(2)(event)()(origin)()(time set)(3)
"""

from math import isfinite

from meter.protocols.iec62056_21 import objects, times
from meter.protocols.iec62056_21.codec import data_line, printable
from meter.protocols.iec62056_21.values import number_text

LONGEST_TEXT = 40
_GATE = "/override"
_MONTH = 43200  # minutes: the code of an interval whose length varies


def register_line(reading, zone):
    """Return the line of a Reading: its value to the last digit that counts, or none; then its label."""
    text, unit = register_value(reading, zone)
    line = data_line("R.%d" % reading.number, text, unit)
    return line + "(" + printable(reading.label, LONGEST_TEXT) + ")"


def register_value(reading, zone):
    """Return (text, unit) of a Reading; the text is "" while there is no value."""
    if reading.time is not None:
        return times.stamp(reading.time, zone), ""
    if reading.value is None:
        return "", ""
    if not isinstance(reading.value, (int, float)):
        return printable(reading.value, LONGEST_TEXT), ""
    unit = reading.unit if reading.unit != "1" else ""
    return number_text(reading.value, reading.scaler), unit


def register_lines(access, list_name):
    """Yield the lines of a list of registers."""
    zone = access.zone
    for reading in access.registers(list_name):
        yield register_line(reading, zone)


def self_read_lines(access, start):
    """Yield S.entry(time)(trigger)(diagnostic state)(count), then R.number(value*unit)... of the same self-read."""
    zone = access.zone
    for one in access.self_reads(start):
        head = "(%s)(%s)(%08X)(%d)" % (times.stamp(one.time, zone), one.trigger, one.health, len(one.values))
        yield "S.%d" % one.entry + head
        for reading in one.values:
            yield register_line(reading, zone)


def log_lines(access, name, address, first, last):
    """Yield the lines of a log's events from a UTC second to another, both included."""
    zone = access.zone
    for event in access.log(name):
        if not first <= event.time <= last:
            continue
        fields = [("event", event.name), ("origin", event.origin)]
        fields += [("start", None if event.start is None else times.stamp(event.start, zone))]
        fields += [("user", event.user), ("peer", event.peer)]
        fields = [field for field in fields + list(event.named()) if field[1] not in (None, "")]
        yield "%s(%s)(%04X)()(%d)%s%s" % (
            address,
            times.stamp(event.time, zone),
            event.kind,
            len(fields),
            "".join(["(" + printable(key, LONGEST_TEXT) + ")()" for key, _ in fields]),
            "".join(["(" + _field_text(value) + ")" for _, value in fields]),
        )


def _field_text(value):
    if isinstance(value, float):
        return "%.7g" % value
    return printable(str(value), LONGEST_TEXT)


def profile_lines(access, number, address, first, last):
    """Yield the lines of load profile 1 or 2: the records that end from a UTC second to another, both included."""
    zone, before, head = access.zone, None, ""
    for record in access.profile_between(first, last, number):
        if before is None or not _continues(before, record):
            if before is None or before.description is not record.description:
                head = _head(access, record.description)
            yield "%s(%s)(%04X)%s" % (address, times.stamp(record.end, zone), record.status, head)
        before = record
        yield _values(record)


def _continues(before, record):
    """Return True if a record belongs under the head of the one before."""
    description = record.description
    if description is not before.description or record.status != before.status:
        return False
    if record.start != before.end:
        return False
    return description.interval == _MONTH or record.seconds == description.interval * 60


def _head(access, description):
    names = ""
    for key in description.keys:
        quantity = key[: -len(_GATE)] if key.endswith(_GATE) else key
        names += "(%s)(%s)" % (_name(key), _unit(access, quantity))
    return "(%d)(%d)%s" % (description.interval, len(description.keys), names)


def _name(key):
    for obis, known, _, _ in objects.ENERGY:
        if known == key:
            return obis.partition(".")[0] + objects.INTERVAL_D
    return printable(key.replace("/", " "), LONGEST_TEXT)


def _unit(access, key):
    try:
        unit = access.read(key)[2]
    except KeyError:
        return ""
    return "" if unit == "1" else unit


def _values(record):
    """Return the values of a record as a line: counts times what one is worth. Nothing for what was not measured."""
    description = record.description
    if not description.counts:
        return "".join(["(%.7g)" % value if isfinite(value) else "()" for value in record.values])
    worth = zip(record.values, description.km)
    return "".join(["(" + number_text(value * km, -6) + ")" for value, km in worth])
