"""What a register shows: the table of kinds and storage types, and one definition of a register, checked.

A register is a quantity kept over time by a rule. There are three lists: normal, alternate and test registers.
Sources: the manual, Specifications (Registers), glossary (Meter Measurements, Storage Types), Appendix A.
"""

from collections import namedtuple

from meter.compat import const
from meter.quantities import INTEGRATED, describe, index

# list, number of its first register, of its last
LISTS = (("normal", 0, 49), ("alternate", 100, 149), ("test", 200, 249))
RATE_NAMES = ("total", "A", "B", "C", "D", "E", "F", "G", "H")
PREFIXES = (("", 0), ("k", 3), ("M", 6))
LONGEST_LABEL = const(32)
MOST_SELF_READ = const(8)  # of a list

WORKING = "working"
BILLING, SEASON, HOUR, DAY = "billing", "season", "hour", "day"

# storage type, the window that its source is kept over, the event at which it takes the source's value; "" if never
STORAGES = (
    (WORKING, BILLING, ""),
    ("billing period reset", BILLING, BILLING),
    ("season change", BILLING, SEASON),
    ("previous hour", HOUR, HOUR),
    ("previous day", DAY, DAY),
    ("cumulative", BILLING, BILLING),
    ("continuous cumulative", BILLING, BILLING),
)
CUMULATIVE = ("cumulative", "continuous cumulative")

_POWERS = ("W", "VAR", "VA", "VAv", "Q", "Wc", "VARc", "VAc", "VAvc", "Qc", "VARf")
_DEMANDED = _POWERS + ("A", "A2")
_POWER_FACTORS = ("PF", "PFv", "PFc", "PFvc")
_THERMAL = _DEMANDED + _POWER_FACTORS + ("V", "VLL", "THDV", "THDA", "Hz")
_ANY = ()  # every quantity that is not integrated

# kind, its quantities, True if it can belong to a rate, how many storage types it has
_NO, _STORED, _ADDED = 1, 5, 7
KINDS = (
    ("consumption", INTEGRATED, True, _STORED),
    ("instantaneous", _ANY, False, _NO),
    ("minimum", _ANY, False, _STORED),
    ("maximum", _ANY, False, _STORED),
    ("average", _ANY, False, _STORED),
    ("average PF", _POWER_FACTORS, True, _STORED),
    ("present demand", _DEMANDED, True, _STORED),
    ("past demand", _DEMANDED, True, _STORED),
    ("predicted demand", _DEMANDED, True, _NO),
    ("peak demand", _DEMANDED, True, _ADDED),
    ("time of peak demand", _DEMANDED, True, _STORED),
    ("coincident demand", _DEMANDED + _POWER_FACTORS, True, _STORED),
    ("thermal demand", _THERMAL, False, _STORED),
    ("peak thermal demand", _THERMAL, False, _ADDED),
    ("time of peak thermal demand", _THERMAL, False, _STORED),
    ("time", None, False, _NO),
    ("status", None, False, _NO),
)
TIMES = ("time", "time of peak demand", "time of peak thermal demand")  # kinds whose values are UTC seconds
# Kinds whose values are floats; those of the others are ints in 10**-6 of the unit.
REALS = (
    "instantaneous", "minimum", "maximum", "average", "average PF", "thermal demand", "peak thermal demand",
)  # fmt: skip

# Items of the kinds "time" and "status", instead of a quantity.
TIME_ITEMS = ("present time", "last billing reset", "last freeze", "last season change", "next billing reset")
STATUS_ITEMS = (
    "meter ID", "serial", "firmware", "meter status", "alarms", "system bits", "trigger bits", "rate", "season",
    "day type", "last billing reset", "last freeze", "communication", "phasors", "battery", "days on battery",
)  # fmt: skip

# name, what it must be, default; in the order of Definition
_COLUMNS = (
    ("id", int, None),
    ("kind", str, None),
    ("quantity", str, None),
    ("rate", str, "total"),
    ("storage", str, WORKING),
    ("peak", str, ""),  # of coincident demand: the quantity whose peak it coincides with
    ("primary", bool, True),
    ("prefix", str, ""),
    ("digits", int, 8),
    ("decimals", int, 0),
    ("zeros", bool, True),
    ("label", str, ""),
    ("self_read", bool, False),
    ("screen", int, 0),
)
# id        its number, of the range of its list
# kind, quantity (text key or item), storage, peak (text key, "" if not coincident)
# rate      0 for the total, 1 to 8 for A to H
# primary   shown on the primary side of the instrument transformers
# prefix    "", "k" or "M"; digits, decimals, zeros (leading zeros, else blanks): how it is shown
# self_read True: in self-read records. screen: of the display, 0 if on none
Definition = namedtuple(
    "Definition",
    (
        "id", "kind", "quantity", "rate", "storage", "peak", "primary", "prefix", "digits", "decimals", "zeros",
        "label", "self_read", "screen",
    ),
)  # fmt: skip


def is_about_a_quantity(kind):
    """Return True if registers of this kind show a quantity, False if an item."""
    return kind not in ("time", "status")


def definitions(entries, list_name):
    """Return (tuple of Definition, list of problems) for one list as it stands in a configuration.

    entries: a list of dicts. Every problem is one line, and names the register.
    """
    if not isinstance(entries, (list, tuple)):
        return (), ["must be a list of registers"]
    _, first, last = [row for row in LISTS if row[0] == list_name][0]
    found, problems, numbers = [], [], []
    if len(entries) > last - first + 1:
        return (), ["must have at most %d registers, not %d" % (last - first + 1, len(entries))]
    for place, entry in enumerate(entries):
        definition, wrong = _definition(entry, first, last)
        name = "register %s" % definition.id if definition else "entry %d" % place
        if definition and definition.id in numbers:
            wrong.append("its id is there twice")
        problems += ["%s: %s" % (name, line) for line in wrong]
        if definition:
            numbers.append(definition.id)
            found.append(definition)
    if sum([one.self_read for one in found]) > MOST_SELF_READ:
        problems.append("more than %d registers for self-reads" % MOST_SELF_READ)
    return tuple(found), problems


def _definition(entry, first, last):
    """Return (Definition or None, list of problems)."""
    if isinstance(entry, Definition):
        entry = {column[0]: value for column, value in zip(_COLUMNS, entry)}
        entry["rate"] = RATE_NAMES[entry["rate"]]
    if not isinstance(entry, dict):
        return None, ["must be an object"]
    known = [column[0] for column in _COLUMNS]
    wrong = ["unknown: %s" % str(name)[:40] for name in entry if name not in known]
    values = []
    for name, kind, default in _COLUMNS:
        value = entry.get(name, default)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            return None, wrong + ["%s: must be %s" % (name, _NAMES[kind])]
        values.append(value)
    one = Definition(*values)
    wrong += [line for line in _problems(one, first, last) if line]
    rate = RATE_NAMES.index(one.rate) if one.rate in RATE_NAMES else 0
    return Definition(*(values[:3] + [rate] + values[4:])), wrong


_NAMES = {int: "a whole number", str: "a text", bool: "true or false"}


def _problems(one, first, last):
    """Yield what is wrong with one definition, lines or None."""
    if not first <= one.id <= last:
        yield "id: must be %d to %d" % (first, last)
    row = [kind for kind in KINDS if kind[0] == one.kind]
    if not row:
        yield "kind: must be one of %s" % ", ".join([kind[0] for kind in KINDS])
        return
    _, names, has_rate, storages = row[0]
    yield _wrong_quantity(one, names)
    yield _wrong_peak(one)
    if one.rate not in RATE_NAMES:
        yield "rate: must be one of %s" % ", ".join(RATE_NAMES)
    elif one.rate != RATE_NAMES[0] and not has_rate:
        yield "rate: a register of kind %s belongs to no rate" % one.kind
    allowed = [storage[0] for storage in STORAGES[:storages]]
    if one.storage not in allowed:
        yield "storage: must be one of %s" % ", ".join(allowed)
    if one.prefix not in [prefix[0] for prefix in PREFIXES]:
        yield 'prefix: must be "", "k" or "M"'
    if not 1 <= one.digits <= 10:
        yield "digits: must be 1 to 10"
    if not 0 <= one.decimals < max(1, min(one.digits, 7)):
        yield "decimals: must be 0 to 6, and fewer than the digits"
    if len(one.label.encode()) > LONGEST_LABEL:
        yield "label: must have at most %d bytes" % LONGEST_LABEL
    if not 0 <= one.screen <= 99:
        yield "screen: must be 0 to 99"


def _wrong_quantity(one, names):
    if names is None:
        items = TIME_ITEMS if one.kind == "time" else STATUS_ITEMS
        return None if one.quantity in items else "quantity: must be one of %s" % ", ".join(items)
    return _wrong_key("quantity", one.quantity, names)


def _wrong_peak(one):
    if one.kind != "coincident demand":
        return "peak: only a coincident demand has one" if one.peak else None
    return _wrong_key("peak", one.peak, _DEMANDED)


def _wrong_key(what, key, names):
    try:
        name = describe(index(key))[0]
    except KeyError:
        return "%s: no quantity %s" % (what, key[:40])
    if names and name not in names or not names and name in INTEGRATED:
        return "%s: not one for this kind: %s" % (what, key)
    return None
