"""Numbers and settings as texts of data sets, and back.

A setting is written as JSON; a text may stand without quotes where that is not ambiguous. Characters that a data set
must not hold are written as JSON's escapes: "M3.5.0\\u002f3" is M3.5.0/3. What comes in may also have them as they
are.
"""

import json

from meter.compat import const
from meter.protocols.iec62056_21.codec import RESERVED

DEEPEST = const(8)  # nesting of lists in a setting
LONGEST_NUMBER = const(40)
MOST_DECIMALS = const(6)


def number_text(value, scaler):
    """Return value * 10**scaler: of an int every digit that counts, of a float seven. scaler: not above 0 of an int."""
    if not isinstance(value, int):
        return "%.7g" % (value * 10.0**scaler)
    text = str(abs(value))
    text = "0" * (1 - scaler - len(text)) + text
    if scaler:
        text = (text[:scaler] + "." + text[scaler:]).rstrip("0").rstrip(".")
    return ("-" if value < 0 else "") + text


def counted(text):
    """Return a decimal number as an int in 10**-6. ValueError: it is none, or has more decimals."""
    sign = text[:1] == "-"
    whole, _, part = text[sign:].partition(".")
    if len(text) > LONGEST_NUMBER or len(part) > MOST_DECIMALS or not _digits(whole + part) or not whole:
        raise ValueError("a number has digits and up to 6 decimals")
    value = int(whole + part) * 10 ** (MOST_DECIMALS - len(part))
    return -value if sign else value


def _digits(text):
    return len(text) > 0 and all(["0" <= c <= "9" for c in text])


def setting_text(value):
    """Return a setting as the text of a data set."""
    if isinstance(value, str) and value and _is_plain(value) and len(meanings(value)) == 1:
        return value
    text = json.dumps(_plain(value))
    return "".join([c if " " <= c <= "~" and c not in RESERVED else "\\u%04x" % ord(c) for c in text])


def _is_plain(text):
    return all([" " <= c <= "~" and c not in RESERVED for c in text]) and text[0] not in '"[{'


def _plain(value):
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value


def meanings(text):
    """Return what a text of a data set may mean as a setting, the likeliest first: 15 is a number, or a name.

    ValueError: it begins as JSON and is none.
    """
    if text in ("true", "false"):
        return [text == "true", text]
    if text[:1] in ('"', "[", "{"):
        return [_json(text)]
    number = _number(text)
    return [text] if number is None else [number, text]


def _json(text):
    if _depth(text) > DEEPEST:
        raise ValueError("nested too deep")
    try:
        return json.loads(text)
    except (ValueError, OverflowError):
        raise ValueError("no JSON")


def _depth(text):
    """Return how deep brackets are nested; those in texts count too, which does no harm."""
    depth = deepest = 0
    for c in text:
        depth += (c in "[{") - (c in "]}")
        deepest = max(deepest, depth)
    return deepest


def _number(text):
    """Return the number that a text is as JSON has numbers, or None."""
    whole = text[1:] if text[:1] == "-" else text
    digits = whole.lower().partition("e")[0].partition(".")[0]
    if len(text) > LONGEST_NUMBER or not _digits(digits) or digits[0] == "0" and digits != "0":
        return None
    if not all([c in "+-.0123456789eE" for c in whole]) or whole[-1] in "+-.eE":
        return None
    try:
        return int(text) if digits == whole else float(text)
    except ValueError:
        return None
