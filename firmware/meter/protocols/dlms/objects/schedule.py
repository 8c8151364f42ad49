"""Single action schedules, class 22: when a script is executed by itself.

    0.0.15.0.0.255      end of billing period: the settings billing.reset.*
    0.0.15.0.1.255      disconnect control: script 1 or 2 of its table, at up to ten times
    0.0.15.0.4.255      push: the settings dlms.push.schedule.*
    0.0.15.0.128.255    freeze (a code of the manufacturer): the settings billing.freeze.*

    2   executed script     structure: script table octet-string (6), selector long-unsigned
    3   type                enum
    4   execution time      array of structure: time octet-string (4), date octet-string (5)

A schedule of the settings has one time at most, of the local clock, and wildcards in the date:

    hourly      FF:mm:00        FFFF-FF-FF      any hour
    daily       hh:mm:00        FFFF-FF-FF
    weekly      hh:mm:00        FFFF-FF-FF, day of the week 1 to 7
    monthly     hh:mm:00        FFFF-FF-dd; the last day (31 in the settings) is FE

Other forms are refused there. Days 29 to 31 too: those of the settings fall on the last day of a shorter month.
"""

from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base
from meter.protocols.dlms.objects.base import KEYED, CosemObject
from meter.protocols.dlms.objects.doing import change, done
from meter.protocols.dlms.objects.names import name
from meter.protocols.dlms.objects.scripts import DISCONNECT, GLOBAL, PUSH, RESET

_SCRIPT, _TYPE, _TIMES = const(2), const(3), const(4)
_ONE = const(1)  # the type: one time, with wildcards in its date
_ANY_TIMES = const(5)  # the type: times of any kind, with wildcards in their dates
_ANY = const(0xFF)
_LAST = const(0xFE)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ANY_DATE = b"\xff" * 5
_MOST = const(16)


class Schedule(CosemObject):
    """A schedule of the settings. section: beginning of their paths. table: its script table; it runs script 1."""

    class_id = 22
    attributes = (
        (2, "read:configuration", KEYED),
        (3, "read:configuration", KEYED),
        (4, "read:configuration", KEYED),
    )

    def __init__(self, ln, section=None, table=None):
        super().__init__(ln)
        self._section, self._table = section, table

    def get(self, attribute, context):
        """Return an attribute."""
        if attribute == _SCRIPT:
            return _script(self._table, 1)
        if attribute == _TYPE:
            return axdr.enum(_ONE)
        settings = [done(context.access.setting, self._section + part) for part in _PATHS]
        return axdr.array([_entry(entry) for entry in _entries(*settings)])

    def set(self, attribute, data, context):
        """Set the execution time; the others are as they are."""
        if attribute == _SCRIPT:
            if _read_script(data) != (self._table, 1):
                raise base.AccessError(base.OTHER_REASON)
        elif attribute == _TYPE:
            base.integer(data, _ONE, _ONE)
        else:
            entries = [_read_entry(entry) for entry in base.array(data, 1)]
            values = _values(entries[0]) if entries else {".kind": "none"}
            change(context, {self._section + part: values[part] for part in values})


class DisconnectSchedule(CosemObject):
    """When context.device.state.disconnector is asked to disconnect or to reconnect."""

    class_id = 22
    attributes = Schedule.attributes

    def get(self, attribute, context):
        """Return an attribute."""
        timed = context.device.state.timed
        if attribute == _SCRIPT:
            return _script(DISCONNECT, timed.selector)
        if attribute == _TYPE:
            return axdr.enum(_ANY_TIMES)
        return axdr.array([_entry(entry) for entry in timed.entries])

    def set(self, attribute, data, context):
        """Set script or times; the type is as it is."""
        timed = context.device.state.timed
        selector, entries = timed.selector, timed.entries
        if attribute == _SCRIPT:
            table, selector = _read_script(data)
            if table != DISCONNECT:
                raise base.AccessError(base.OTHER_REASON)
        elif attribute == _TYPE:
            base.integer(data, _ANY_TIMES, _ANY_TIMES)
        else:
            entries = [_read_entry(entry) for entry in base.array(data, _MOST)]
        done(context.device.state.set_timed, selector, entries)


_PATHS = (".kind", ".time", ".weekday", ".day")


def _script(table, selector):
    return axdr.structure(axdr.octets(table), axdr.number(axdr.LONG_UNSIGNED, selector))


def _read_script(data):
    table, selector = base.structure(data, 2)
    return base.octets(table, 6), base.integer(selector, 0, 0xFFFF)


def _entry(entry):
    return axdr.structure(axdr.octets(entry[:4]), axdr.octets(entry[4:]))


def _read_entry(data):
    time, date = base.structure(data, 2)
    return base.octets(time, 4) + base.octets(date, 5)


def _entries(kind, time, day_of_week, day):
    """Return the entries (time and date, 9 bytes) of a schedule of the settings: none or one."""
    if kind == "none":
        return ()
    hour, minute, date = int(time[:2]), int(time[3:]), bytearray(_ANY_DATE)
    if kind == "hourly":
        hour = _ANY
    elif kind == "weekly":
        date[4] = _WEEKDAYS.index(day_of_week) + 1
    elif kind == "monthly":
        date[3] = _LAST if day == 31 else day
    return (bytes((hour, minute, 0, 0)) + bytes(date),)


def _values(entry):
    """Return the settings of an entry: part of the path to value. AccessError for what is none of the four kinds."""
    hour, minute, second, hundredths = entry[:4]
    day, of_week = entry[7], entry[8]
    is_good = (
        minute < 60 and second in (0, _ANY) and hundredths in (0, _ANY) and entry[4:7] == b"\xff\xff\xff"
    )
    is_good = is_good and (hour < 24 or entry[:1] + entry[4:] == b"\xff" * 6)
    is_good = is_good and (day in (_ANY, _LAST) or 1 <= day <= 28) and (of_week == _ANY or 1 <= of_week <= 7)
    if not is_good or day != _ANY and of_week != _ANY:
        raise base.AccessError(base.OTHER_REASON)
    values = {".time": "%02d:%02d" % (0 if hour == _ANY else hour, minute)}
    if hour == _ANY:
        values[".kind"] = "hourly"
    elif of_week != _ANY:
        values[".kind"], values[".weekday"] = "weekly", _WEEKDAYS[of_week - 1]
    elif day != _ANY:
        values[".kind"], values[".day"] = "monthly", 31 if day == _LAST else day
    else:
        values[".kind"] = "daily"
    return values


def schedules():
    """Return all single action schedules, a tuple."""
    return (
        Schedule(name("0.0.15.0.0.255"), "billing.reset", RESET),
        DisconnectSchedule(name("0.0.15.0.1.255")),
        Schedule(name("0.0.15.0.4.255"), "dlms.push.schedule", PUSH),
        Schedule(name("0.0.15.0.128.255"), "billing.freeze", GLOBAL),
    )
