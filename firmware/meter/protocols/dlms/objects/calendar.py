"""The activity calendar, class 20: seasons, weeks and days of the tariffs, those in force and the passive ones.

    attribute  active  passive
    2          6       name         octet-string
    3          7       seasons      array of structure: name octet-string, start octet-string (12), week octet-string
    4          8       weeks        array of structure: name octet-string, seven day ids unsigned
    5          9       days         array of structure: id unsigned, array of structure: time octet-string (4), script
                                    table octet-string (6), selector long-unsigned
    10                              activation time of the passive calendar, octet-string (12)

A day's actions run scripts 1 to 8 of the tariff script table: rates A to H. What the meter cannot hold is refused: more
than four seasons, four weeks, 36 days or eight switches, seasons that do not come back every year, rates that change
within a minute; and at activation what names something that is not there. Then nothing has changed.
"""

from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base, datetime
from meter.protocols.dlms.objects.base import KEYED, CosemObject
from meter.protocols.dlms.objects.doing import done
from meter.protocols.dlms.objects.names import name
from meter.protocols.dlms.objects.scripts import TARIFFS

LN = name("0.0.13.0.0.255")
_READ = "read:configuration"
_NAME, _SEASONS, _WEEKS, _DAYS, _TIME = 2, 3, 4, 5, 10
_TO_PASSIVE = 4  # from the number of an active attribute to that of the passive one
_PARTS = ("name", "seasons", "weeks", "days")
_MOST = 255  # elements of an array that are looked at


class ActivityCalendar(CosemObject):
    """The one calendar, context.device.state.calendar."""

    class_id = 20
    attributes = (
        tuple([(number, _READ, None) for number in range(_NAME, _NAME + 4)])
        + tuple([(number, _READ, KEYED) for number in range(_NAME + 4, _TIME + 1)])
    )  # fmt: skip
    methods = ((1, KEYED),)

    def get(self, attribute, context):
        """Return an attribute."""
        calendar = context.device.state.calendar
        if attribute == _TIME:
            return axdr.octets(calendar.time)
        if attribute < _NAME + _TO_PASSIVE:
            return _write(attribute, calendar.active)
        return _write(attribute - _TO_PASSIVE, calendar.passive)

    def set(self, attribute, data, context):
        """Set a part of the passive calendar, or its activation time."""
        calendar = context.device.state.calendar
        if attribute == _TIME:
            raw = datetime.raw(data)
            done(calendar.set_time, raw, _second(raw, context))
            return
        read = _READERS[attribute - _TO_PASSIVE]
        done(calendar.set_passive, **{_PARTS[attribute - _TO_PASSIVE - _NAME]: read(data)})

    def invoke(self, method, data, context):
        """Activate the passive calendar."""
        base.integer(data, 0, 0)
        done(context.device.state.calendar.activate, context.access.change)


def _second(raw, context):
    """Return the UTC second of an activation time, None for one that is not specified at all."""
    if raw[:9] == datetime.UNSPECIFIED[:9] or not any(raw[:9]):
        return None
    return datetime.second_of(raw, context.access.zone)


def _write(attribute, calendar):
    if attribute == _NAME:
        return axdr.octets(calendar.name)
    if attribute == _SEASONS:
        rows = [axdr.structure(*[axdr.octets(part) for part in season]) for season in calendar.seasons]
    elif attribute == _WEEKS:
        rows = [
            axdr.structure(axdr.octets(title), *[_unsigned(day) for day in ids])
            for title, ids in calendar.weeks
        ]
    else:
        rows = [
            axdr.structure(_unsigned(day), axdr.array(_actions(switches))) for day, switches in calendar.days
        ]
    return axdr.array(rows)


def _actions(switches):
    table = axdr.octets(TARIFFS)
    return [
        axdr.structure(axdr.octets(time), table, axdr.number(axdr.LONG_UNSIGNED, rate))
        for time, rate in switches
    ]


def _unsigned(value):
    return axdr.number(axdr.UNSIGNED, value)


def _read_seasons(data):
    found = []
    for row in base.array(data, _MOST):
        title, start, week = base.structure(row, 3)
        found.append((base.octets(title), base.octets(start, 12), base.octets(week)))
    return tuple(found)


def _read_weeks(data):
    found = []
    for row in base.array(data, _MOST):
        title, *ids = base.structure(row, 8)
        found.append((base.octets(title), tuple([base.integer(day, 0, 255) for day in ids])))
    return tuple(found)


def _read_days(data):
    found = []
    for row in base.array(data, _MOST):
        day, actions = base.structure(row, 2)
        switches = tuple([_read_action(action) for action in base.array(actions, _MOST)])
        found.append((base.integer(day, 0, 255), switches))
    return tuple(found)


def _read_action(action):
    time, table, selector = base.structure(action, 3)
    if base.octets(table, 6) != TARIFFS:
        raise base.AccessError(base.OTHER_REASON)
    return base.octets(time, 4), base.integer(selector, 0, 255)


_READERS = {_NAME: base.octets, _SEASONS: _read_seasons, _WEEKS: _read_weeks, _DAYS: _read_days}
