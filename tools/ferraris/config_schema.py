"""The JSON Schema (draft 2020-12) of a configuration document, from the same table that the meter validates by.

A schema cannot say what holds among settings (intervals that multiply, a Km for each channel, rates for every day), nor
that 200.0 is no whole number: there it takes more than the meter does. It never refuses what the meter takes.
"""

from typing import Any

from meter.config.calendars import ROWS
from meter.config.document import VERSION
from meter.config.push_fields import EVENTS, MOST_OBJECTS, MOST_WINDOWS
from meter.config.schema import FIELDS
from meter.quantities import keys
from meter.registers.definition import KINDS, LISTS, LONGEST_LABEL, PREFIXES, RATE_NAMES, STORAGES
from meter.registers.load_profile_channels import STATUS
from meter.registers.status_triggers import BITS
from meter.registers.tou import HOLIDAYS, SEASONS

Schema = dict[str, Any]
# Plain ASCII without ( ) / ! *. The last part keeps expressions whose $ is before a last line feed from taking it.
TEXT = "^[ \"-'+-.0-~]*$(?!\\n)"
TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\\n)"

# Lists of texts: what each is, how many.
_TEXTS: dict[str, tuple[Schema, int]] = {
    "attributes": (
        {"type": "string", "pattern": "^[0-9]{1,5}/([0-9]{1,5}[.]){5}[0-9]{1,5}/[0-9]{1,5}$(?!\\n)"},
        MOST_OBJECTS,
    ),
    "windows": (
        {"type": "string", "pattern": TIME.replace("$", "-([01][0-9]|2[0-3]):[0-5][0-9]$")},
        MOST_WINDOWS,
    ),
    "events": ({"enum": list(EVENTS)}, len(EVENTS)),
}


def schema() -> Schema:
    """Return the whole schema."""
    top = _section()
    top["properties"] = {
        "$schema": {"type": "string", "description": "for editors; the meter passes over it"},
        "version": {"const": VERSION, "description": "of the document's form"},
    }
    for field in FIELDS:
        node, names = top, field[0].split(".")
        for name in names[:-1]:
            node = node["properties"].setdefault(name, _section())
        node["properties"][names[-1]] = _setting(*field)
    quantity = {"enum": [*keys(), *(row[0] for row in STATUS)]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of a Ferraris meter",
        **top,
        "$defs": {"quantity": quantity, "register": _register()},
    }


def _section() -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": {}}


def _setting(path: str, kind: str, default: Any, allowed: Any, unit: str, text: str) -> Schema:
    found = _kind(path, kind, allowed)
    if kind != "registers":
        found["default"] = list(default) if isinstance(default, tuple) else default
    return {**found, "description": text + (f" ({unit})" if unit else "")}


def _kind(path: str, kind: str, allowed: Any) -> Schema:
    if kind == "text":
        return {"type": "string", "minLength": allowed[0], "maxLength": allowed[1], "pattern": TEXT}
    if kind in _TEXTS:
        items, most = _TEXTS[kind]
        return {"type": "array", "maxItems": most, "items": items}
    if kind in ("integer", "number"):
        return {"type": kind, "minimum": allowed[0], "maximum": allowed[1]}
    if kind == "choice":
        return {"enum": list(allowed)}
    if kind == "numbers":
        return _list(_number(*allowed[1:]), allowed[0], allowed[0])
    if kind == "each":
        return _list(_number(*allowed[1:]), 0, allowed[0])
    if kind == "quantities":
        return _list({"$ref": "#/$defs/quantity"}, *allowed)
    if kind == "points":
        return _list(_list(_number(-1e6, 1e6), allowed[1], allowed[1]), 0, allowed[0])
    if kind == "registers":
        _, first, last = next(row for row in LISTS if row[0] == path.split(".")[1])
        numbered = {"properties": {"id": {"minimum": first, "maximum": last}}}
        return _list({"$ref": "#/$defs/register", **numbered}, 0, allowed)
    return dict(_PLAIN[kind])


def _number(low: float, high: float) -> Schema:
    return {"type": "number", "minimum": low, "maximum": high}


def _list(items: Schema, least: int, most: int) -> Schema:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


_PLAIN: dict[str, Schema] = {
    "flag": {"type": "boolean"},
    "zone": {"type": "string"},
    "triggers": _list({"type": "string", "pattern": "^ *[0-9]+ *:"}, 0, BITS),
    "time": {"type": "string", "pattern": TIME},
    "seasons": _list({"type": "string", "pattern": "^[0-9]{2}-[0-9]{2}$(?!\\n)"}, 0, SEASONS),
    "days": _list(_list({"type": "string"}, 3, 3), 0, ROWS),
    "holidays": _list(
        {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}( H[12])?$(?!\\n)"}, 0, HOLIDAYS
    ),
}


def _register() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["id", "kind", "quantity"],
        "properties": {
            "id": {"type": "integer"},
            "kind": {"enum": [row[0] for row in KINDS]},
            "quantity": {"type": "string", "description": "a quantity such as Wh.del.P, or an item"},
            "rate": {"enum": list(RATE_NAMES)},
            "storage": {"enum": [row[0] for row in STORAGES]},
            "peak": {
                "type": "string",
                "description": "of a coincident demand: the quantity whose peak it is at",
            },
            "primary": {"type": "boolean"},
            "prefix": {"enum": [row[0] for row in PREFIXES]},
            "digits": {"type": "integer", "minimum": 1, "maximum": 10},
            "decimals": {"type": "integer", "minimum": 0, "maximum": 6},
            "zeros": {"type": "boolean"},
            "label": {"type": "string", "maxLength": LONGEST_LABEL},
            "self_read": {"type": "boolean"},
            "screen": {"type": "integer", "minimum": 0, "maximum": 99},
        },
    }
