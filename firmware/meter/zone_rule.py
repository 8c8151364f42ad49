"""The text of a zone's rule, a POSIX TZ string, taken apart. zone.py says what it looks like."""

from meter.compat import const

_HOUR_S = const(3600)
_OFFSET_H = const(24)
_TIME_H = const(167)  # RFC 8536: a change may be days from its date
_LENGTH = const(64)


def parse(rule):
    """Return (names, offsets, dates): two names, two offsets in seconds east of UTC, standard and daylight saving.

    dates: None without daylight saving, else two: (kind, month or day, week, weekday, second of the day).
    Raises ValueError with what is wrong.
    """
    if not isinstance(rule, str) or len(rule) > _LENGTH:
        raise ValueError("must be text of up to %d characters" % _LENGTH)
    name, rest = _name(rule)
    west, rest = _clock(rest, _OFFSET_H)
    if not rest:
        return (name, name), (-west, -west), None
    daylight, rest = _name(rest)
    west_then = west - _HOUR_S
    if rest[:1] and rest[:1] != ",":
        west_then, rest = _clock(rest, _OFFSET_H)
    parts = rest.split(",")
    if len(parts) != 3 or parts[0]:
        raise ValueError("daylight saving needs two dates, such as ,M3.5.0,M10.5.0/3")
    return (name, daylight), (-west, -west_then), (_date(parts[1]), _date(parts[2]))


def _name(text):
    """Return the name that a text begins with, and what follows."""
    if text[:1] == "<":
        end = text.find(">")
        name, rest = text[1 : max(end, 1)], text[end + 1 :]
        is_good = all(_is_letter(letter) or letter in "+-0123456789" for letter in name)
    else:
        end = 0
        while end < len(text) and _is_letter(text[end]):
            end += 1
        name, rest, is_good = text[:end], text[end:], True
    if len(name) < 3 or not is_good:
        raise ValueError("%s: a name has three letters or more, or is such as <+03>" % (text or "the end"))
    return name, rest


def _is_letter(letter):
    return "a" <= letter <= "z" or "A" <= letter <= "Z"


def _clock(text, most_h):
    """Return the seconds of [+-]hh[:mm[:ss]] that a text begins with, and what follows. Whole minutes only."""
    sign = -1 if text[:1] == "-" else 1
    end = start = 1 if text[:1] in ("+", "-") else 0
    while end < len(text) and text[end] in "0123456789:":
        end += 1
    parts = text[start:end].split(":")
    for k, part in enumerate(parts):
        if not 1 <= len(part) <= 3 or int(part) > (most_h, 59, 0)[min(k, 2)] or k > 2:
            raise ValueError(
                "%s: a time is hh or hh:mm, up to %d hours" % (text[:end] or text or "the end", most_h)
            )
    seconds = int(parts[0]) * _HOUR_S + (int(parts[1]) * 60 if len(parts) > 1 else 0)
    return sign * seconds, text[end:]


def _date(text):
    """Return (kind, month or day, week, weekday, second) of Mm.w.d, Jn or n with /time."""
    date, _, time = text.partition("/")
    second, rest = _clock(time, _TIME_H) if "/" in text else (2 * _HOUR_S, "")
    kind = date[:1] if date[:1] in ("M", "J") else ""
    parts = date[len(kind) :].split(".")
    limits = {"M": ((1, 12), (1, 5), (0, 6)), "J": ((1, 365),), "": ((0, 365),)}[kind]
    if rest or len(parts) != len(limits) or not all(_is_within(p, limit) for p, limit in zip(parts, limits)):
        raise ValueError(
            "%s: a date is Mm.w.d (month, week 1 to 5, weekday from Sunday 0), Jn or n" % (text or "the end")
        )
    numbers = [int(part) for part in parts] + [0, 0]
    return kind, numbers[0], numbers[1], numbers[2], second


def _is_within(text, limits):
    if not 1 <= len(text) <= 3 or any(digit not in "0123456789" for digit in text):
        return False
    return limits[0] <= int(text) <= limits[1]
