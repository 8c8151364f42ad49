"""What a person writes for pushes, taken apart: the attributes that are sent, and when. ValueError: what is wrong.

dlms.push.objects   "class/OBIS code/attribute" each, such as "3/1.0.1.8.0.255/2"
dlms.push.window    "HH:MM-HH:MM" each, local time; one that ends before it begins goes over midnight
"""

from meter.compat import const
from meter.config.calendars import minute_of_day

MOST_OBJECTS = const(32)
MOST_WINDOWS = const(4)
# What a push can follow, besides its schedule and a command.
EVENTS = ("power up", "alarm", "diagnostic", "billing period reset", "power quality")


def attribute(text):
    """Return (class, six bytes of the logical name, attribute)."""
    parts = text.split("/")
    if len(parts) != 3 or not 0 <= len(text) <= 48:
        raise ValueError("%s is no class/OBIS code/attribute" % text[:20])
    codes = [_number(part, 255) for part in parts[1].split(".")]
    if len(codes) != 6:
        raise ValueError("%s: an OBIS code has six numbers" % text[:20])
    return _number(parts[0], 0xFFFF), bytes(codes), _number(parts[2], 127)


def attribute_text(class_id, ln, number):
    """Return what attribute() reads."""
    return "%d/%s/%d" % (class_id, ".".join(["%d" % code for code in ln]), number)


def attributes(texts):
    """Return the attribute() of each."""
    return [attribute(text) for text in _texts(texts, MOST_OBJECTS, "attributes")]


def windows(texts):
    """Return (first minute of the day, minute at which it ends) of each."""
    found = []
    for text in _texts(texts, MOST_WINDOWS, "windows HH:MM-HH:MM"):
        first, _, last = text.partition("-")
        found.append((minute_of_day(first), minute_of_day(last)))
    return found


def is_open(windows, minute):
    """Return True if a minute of the day is in a window, or there is none."""
    for first, end in windows:
        if first <= minute < end or end <= first and not end <= minute < first:
            return True
    return not windows


def events(texts):
    """Return the events, of EVENTS."""
    for text in _texts(texts, len(EVENTS), "events"):
        if text not in EVENTS:
            raise ValueError("%s is none of %s" % (text[:20], ", ".join(EVENTS)))
    return list(texts)


def _texts(texts, most, what):
    is_list = isinstance(texts, (list, tuple)) and len(texts) <= most
    if not is_list or not all([isinstance(text, str) for text in texts]):
        raise ValueError("up to %d %s" % (most, what))
    return texts


def _number(text, highest):
    if not 0 < len(text) <= 5 or not all(["0" <= letter <= "9" for letter in text]) or int(text) > highest:
        raise ValueError("%s is no number up to %d" % (text[:20], highest))
    return int(text)
