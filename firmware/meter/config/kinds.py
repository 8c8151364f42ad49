"""The kinds of settings: what a value of each must be, in words for whoever wrote another one.

`allowed` depends on the kind:
    text     (shortest, longest)            integer, number  (lowest, highest)
    choice   the values                     numbers          (how many, lowest, highest)
    flag     None                           quantities       (shortest, longest list) of text keys
    each     (most, lowest, highest)        points           (most points, numbers each), the first one rising
    zone     None: a POSIX TZ               time             None: HH:MM
    seasons, days, holidays                 None: as calendars.py says
    attributes, windows, events             None: as push_fields.py says
    triggers                                None: as registers/status_triggers.py says
    registers (most)                        objects, as registers/definition.py says
"""

from meter.config.calendars import holidays, minute_of_day, schedules, season_starts
from meter.config.push_fields import attributes, events, windows
from meter.config.register_fields import registers
from meter.quantities import index
from meter.registers.load_profile_channels import is_status, not_built, quantity_of
from meter.registers.status_triggers import parse_all
from meter.registers.tou import SEASONS
from meter.zone_rule import parse


def problem(kind, value, allowed):
    """Return what a value must be (a text that begins with must), or None if it is that."""
    return _CHECKS[kind](value, allowed)


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value


def _text(value, allowed):
    if not isinstance(value, str) or not allowed[0] <= len(value) <= allowed[1]:
        return "must be text of %d to %d characters" % allowed
    if any(not 32 <= ord(letter) < 127 or letter in "()/!*" for letter in value):
        return "must be plain ASCII without ( ) / ! *"
    return None


def _flag(value, allowed):
    return None if isinstance(value, bool) else "must be true or false"


def _integer(value, allowed):
    if isinstance(value, int) and not isinstance(value, bool) and allowed[0] <= value <= allowed[1]:
        return None
    return "must be a whole number from %d to %d" % allowed


def _number(value, allowed):
    if _is_number(value) and allowed[0] <= value <= allowed[1]:
        return None
    return "must be a number from %g to %g" % allowed


def _choice(value, allowed):
    if not isinstance(value, bool) and value in allowed:
        return None
    return "must be one of %s" % ", ".join([str(choice) for choice in allowed])


def _numbers(value, allowed):
    count, low, high = allowed
    if (
        isinstance(value, (list, tuple))
        and len(value) == count
        and all(not _number(v, (low, high)) for v in value)
    ):
        return None
    return "must be %d numbers from %g to %g" % allowed


def _quantities(value, allowed):
    if not isinstance(value, (list, tuple)) or not allowed[0] <= len(value) <= allowed[1]:
        return "must be a list of %d to %d quantities" % allowed
    for key in value:
        try:
            if not not_built(key) and not is_status(key):
                index(quantity_of(key))
        except (KeyError, AttributeError, TypeError):
            return "must hold quantities such as Wh.del.P or V.A"
    return None


def _each(value, allowed):
    most, low, high = allowed
    if (
        isinstance(value, (list, tuple))
        and len(value) <= most
        and all(not _number(v, (low, high)) for v in value)
    ):
        return None
    return "must be up to %d numbers from %g to %g" % allowed


def _points(value, allowed):
    most, width = allowed
    problem = "must be a list of up to %d points of %d numbers, the first one rising" % allowed
    if not isinstance(value, (list, tuple)) or len(value) > most:
        return problem
    for point in value:
        if not isinstance(point, (list, tuple)) or len(point) != width:
            return problem
        if any(_number(v, (-1e6, 1e6)) for v in point):
            return problem
    return problem if any(b[0] <= a[0] for a, b in zip(value, value[1:])) else None


def _readable(read, what):
    """Return the check of a kind that a function reads, or refuses with a ValueError."""

    def check(value, allowed):
        try:
            read(value)
        except ValueError as error:
            return "must be %s: %s" % (what, error)
        return None

    return check


_CHECKS = {
    "text": _text,
    "flag": _flag,
    "integer": _integer,
    "number": _number,
    "choice": _choice,
    "numbers": _numbers,
    "quantities": _quantities,
    "each": _each,
    "points": _points,
    "registers": registers,
    "zone": _readable(parse, "a zone such as CET-1CEST,M3.5.0,M10.5.0/3"),
    "time": _readable(minute_of_day, "a time of day"),
    "seasons": _readable(season_starts, "up to %d start dates" % SEASONS),
    "days": _readable(lambda rows: schedules(rows, SEASONS), "rows such as [all, Mon-Fri, 00:00 A]"),
    "triggers": _readable(parse_all, "triggers"),
    "holidays": _readable(holidays, "dates"),
    "attributes": _readable(attributes, "attributes such as 3/1.0.1.8.0.255/2"),
    "windows": _readable(windows, "times such as 22:00-06:00"),
    "events": _readable(events, "events"),
}
