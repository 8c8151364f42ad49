"""The clock, class 8 version 0 (IEC 62056-6-2, 4.5.1): 0.0.1.0.0.255. The manual: Clock Objects; time is set by SET.

Zone and rule of daylight saving are settings of the meter (clock.zone), not of this object: they are read here only.
"""

from meter.calendar import civil
from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base, datetime
from meter.protocols.dlms.objects.doing import command, done

LN = b"\x00\x00\x01\x00\x00\xff"
CRYSTAL = const(1)  # clock base
_QUARTER_S, _MINUTE_S = const(900), const(60)
_SHIFT_S = const(900)  # the most that a time is shifted by
_READ, _SET = "read:local_time", "command:set time"


class Clock(base.CosemObject):
    """The clock. The device keeps what preset_adjusting_time said: (time, from, until) in UTC seconds, or None."""

    class_id = 8
    attributes = ((2, _READ, _SET),) + tuple([(number, _READ, None) for number in range(3, 10)])
    methods = tuple([(number, _SET) for number in range(1, 7)])

    def get(self, attribute, context):
        """Return an attribute."""
        zone, now = context.access.zone, context.access.second()
        if attribute == 2:
            return axdr.octets(times(context).bytes(now))
        if attribute == 3:
            return axdr.number(axdr.LONG, -(zone.standard // 60))
        if attribute == 4:
            return axdr.number(axdr.UNSIGNED, times(context).bytes(now)[11])
        if attribute in (5, 6):
            return axdr.octets(datetime.rule(zone, attribute - 5, civil(now)[0]))
        if attribute == 7:
            return axdr.number(axdr.INTEGER, (zone.daylight - zone.standard) // 60)
        if attribute == 8:
            return axdr.boolean(bool(zone.dates))
        return axdr.enum(CRYSTAL)

    def set(self, attribute, data, context):
        """Set the time."""
        _set(context, datetime.moment(data, context.access.zone))

    def invoke(self, method, data, context):
        """Adjust the time."""
        _METHODS[method - 1](data, context)


def times(context):
    """Return the Times of this meter."""
    is_doubtful = done(context.access.status)["is_doubtful"]
    return datetime.Times(context.access.zone, datetime.DOUBTFUL if is_doubtful else 0)


def _set(context, second):
    if second != context.access.second():
        command(context, "set time", utc=second)


def _to_nearest(length, data, context):
    """Set the time to the nearest multiple of a length on the local clock."""
    base.integer(data, 0, 0)
    zone, now = context.access.zone, context.access.second()
    behind = zone.local(now) % length
    _set(context, now - behind if behind * 2 < length else now - behind + length)


def _to_quarter(data, context):
    _to_nearest(_QUARTER_S, data, context)


def _to_period(data, context):
    """To the beginning of the nearest interval of load profile 1; one that is longer than a day has no nearest."""
    period = done(context.access.load_profile, 1).interval_s
    if period > 86400:
        raise base.AccessError(base.OTHER_REASON)
    _to_nearest(period, data, context)


def _to_minute(data, context):
    _to_nearest(_MINUTE_S, data, context)


def _to_preset(data, context):
    base.integer(data, 0, 0)
    preset = context.device.preset
    if preset is None or not preset[1] <= context.access.second() <= preset[2]:
        raise base.AccessError(base.OTHER_REASON)
    _set(context, preset[0])
    context.device.preset = None


def _preset(data, context):
    zone = context.access.zone
    preset = tuple([datetime.moment(part, zone) for part in base.structure(data, 3)])
    if not preset[1] <= preset[2]:
        raise base.AccessError(base.OTHER_REASON)
    context.device.preset = preset


def _shift(data, context):
    _set(context, context.access.second() + base.integer(data, -_SHIFT_S, _SHIFT_S))


_METHODS = (_to_quarter, _to_period, _to_minute, _to_preset, _preset, _shift)


class ClockFamily:
    """The clock, for the catalogue."""

    def find(self, class_id, ln, context):
        """Return the object with this name, or None."""
        return Clock(LN) if ln == LN else None

    def all(self, context):
        """Yield the objects."""
        yield Clock(LN)
