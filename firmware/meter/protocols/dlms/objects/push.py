"""Push setup, class 40 version 0: 0.0.25.9.0.255, what is sent without being asked, where and when: dlms.push.*.

    2 push object list          array of structure: class long-unsigned, logical name octet-string, attribute integer,
                                data index long-unsigned (0: the whole attribute)
    3 destination and method    structure: service enum (0 TCP), destination octet-string "host:port", message enum
                                (0 A-XDR)
    4 communication window      array of structure: start, end octet-string (12): a time of every day
    5 randomisation start interval, s   long-unsigned
    6 number of retries         unsigned
    7 repetition delay, s       long-unsigned
    push(1)                     integer 0

Attributes by index and other methods are refused, as are windows of certain dates. With a destination pushes are
enabled, with an empty one they are not.
"""

from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base, names
from meter.protocols.dlms.objects.base import KEYED, CosemObject
from meter.protocols.dlms.objects.doing import change, command, done

LN = names.name("0.0.25.9.0.255")
_READ = "read:configuration"
_OBJECTS, _TARGET, _WINDOW = const(2), const(3), const(4)
_TCP, _AXDR = const(0), const(0)
_DAILY = b"\xff\xff\xff\xff\xff"  # the date of a window
_REST = b"\x00\x00\x80\x00\xff"  # second, hundredths, deviation, status
_MOST = const(255)
# attribute, setting, type, highest
_NUMBERS = (
    (5, "dlms.push.randomisation", axdr.LONG_UNSIGNED, 0xFFFF),
    (6, "dlms.push.retries", axdr.UNSIGNED, 0xFF),
    (7, "dlms.push.delay", axdr.LONG_UNSIGNED, 0xFFFF),
)


class PushSetup(CosemObject):
    """The one push setup."""

    class_id = 40
    attributes = tuple([(number, _READ, KEYED) for number in range(2, 8)])
    methods = ((1, "command:push"),)

    def get(self, attribute, context):
        """Return an attribute."""
        if attribute == _OBJECTS:
            return axdr.array([_object(text) for text in _setting(context, "objects")])
        if attribute == _TARGET:
            target = b""
            if _setting(context, "enabled"):
                target = ("%s:%d" % (_setting(context, "host"), _setting(context, "port"))).encode()
            return axdr.structure(axdr.enum(_TCP), axdr.octets(target), axdr.enum(_AXDR))
        if attribute == _WINDOW:
            return axdr.array([_window(text) for text in _setting(context, "window")])
        _, path, tag, _ = _NUMBERS[attribute - 5]
        return axdr.number(tag, done(context.access.setting, path))

    def set(self, attribute, data, context):
        """Set an attribute."""
        if attribute == _OBJECTS:
            values = {"dlms.push.objects": [_read_object(one) for one in base.array(data, _MOST)]}
        elif attribute == _TARGET:
            values = _read_target(data)
        elif attribute == _WINDOW:
            values = {"dlms.push.window": [_read_window(one) for one in base.array(data, _MOST)]}
        else:
            _, path, _, highest = _NUMBERS[attribute - 5]
            values = {path: base.integer(data, 0, highest)}
        change(context, values)

    def invoke(self, method, data, context):
        """Push."""
        base.integer(data, 0, 0)
        command(context, "push")


def _setting(context, name):
    return done(context.access.setting, "dlms.push." + name)


def _object(text):
    class_id, code, number = text.split("/")
    return axdr.structure(
        axdr.number(axdr.LONG_UNSIGNED, int(class_id)),
        axdr.octets(names.name(code)),
        axdr.number(axdr.INTEGER, int(number)),
        axdr.number(axdr.LONG_UNSIGNED, 0),
    )


def _read_object(data):
    class_id, ln, number, index = base.structure(data, 4)
    base.integer(index, 0, 0)
    code = names.text(base.octets(ln, 6))
    return "%d/%s/%d" % (base.integer(class_id, 0, 0xFFFF), code, base.integer(number, 0, 127))


def _read_target(data):
    """Return the settings of a destination."""
    service, destination, message = base.structure(data, 3)
    base.integer(service, _TCP, _TCP)
    base.integer(message, _AXDR, _AXDR)
    try:
        text = base.octets(destination).decode()
    except UnicodeError:
        raise base.AccessError(base.OTHER_REASON)
    if not text:
        return {"dlms.push.enabled": False}
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or len(port) > 5:
        raise base.AccessError(base.OTHER_REASON)
    return {"dlms.push.enabled": True, "dlms.push.host": host, "dlms.push.port": int(port)}


def _window(text):
    return axdr.structure(*[_time(part) for part in text.split("-")])


def _time(text):
    hour, minute = text.split(":")
    return axdr.octets(_DAILY + bytes((int(hour), int(minute))) + _REST)


def _read_window(data):
    return "-".join([_read_time(part) for part in base.structure(data, 2)])


def _read_time(data):
    given = base.octets(data, 12)
    hour, minute = given[5], given[6]
    is_daily = given[:5] == _DAILY and given[7] in (0, 0xFF) and given[8] in (0, 0xFF)
    if not is_daily or hour > 23 or minute > 59:
        raise base.AccessError(base.OTHER_REASON)
    return "%02d:%02d" % (hour, minute)
