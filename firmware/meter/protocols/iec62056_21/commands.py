"""What the execute command E2 does: a table of names, each with a command of the access object and its arguments.

    name, command, arguments: (name, function that reads its text)

A reader sends E2 name(argument;argument). ValueError from a function: the text is none of these.
"""

from meter.protocols.iec62056_21 import times


def _number(text):
    if not times.is_digits(text) or len(text) > 10:
        raise ValueError("a whole number")
    return int(text)


def _flag(text):
    if text not in ("0", "1"):
        raise ValueError("0 or 1")
    return text == "1"


def _yes(text):
    if text != "yes":
        raise ValueError("yes")
    return True


def _list(text):
    return tuple([part.strip() for part in text.split(",")]) if text else ()


_MARK = (("profile", _number), ("reader", str), ("entry", _number))
_USER = (("user", str), ("password", str), ("rights", _list))

COMMANDS = (
    ("RESET", "billing period reset", ()),
    ("FREEZE", "freeze", ()),
    ("TEST", "enter test mode", ()),
    ("NORMAL", "leave test mode", ()),
    ("OVERRIDE", "override tariff", (("is_on", _flag),)),
    ("SYNC", "resynchronise demand", ()),
    ("BATTERY", "battery changed", ()),
    ("MARK", "mark load profile read", _MARK),
    ("USER", "set user", _USER),
    ("NOUSER", "remove user", (("user", str),)),
    ("USERS", "reset users", (("confirmed", _yes),)),
    ("OUTPUT", "drive output", (("output", _number), ("is_on", _flag))),
    ("WARM", "warm start", ()),
    ("COLD", "cold start", (("confirmed", _yes),)),
)


def arguments(wanted, text):
    """Return the dict of arguments in a text, separated by semicolons. wanted: of the table. ValueError."""
    given = text.split(";") if text else []
    if len(given) > len(wanted):
        raise ValueError("too many arguments")
    return {name: read(part) for (name, read), part in zip(wanted, given)}
