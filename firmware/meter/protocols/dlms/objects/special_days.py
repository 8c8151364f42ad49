"""The special days table, class 11: dates on which another day profile of the activity calendar holds.

    entries     array of structure: index long-unsigned, date octet-string (5), day id unsigned
    insert(1)   such a structure: added, or in place of the one with its index
    delete(2)   index, long-unsigned

The days hold at once. A date without its year, a day id that the active calendar does not have, or a third kind of
special day in a season is refused.
"""

from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base
from meter.protocols.dlms.objects.base import KEYED, CosemObject
from meter.protocols.dlms.objects.doing import done
from meter.protocols.dlms.objects.names import name

LN = name("0.0.11.0.0.255")
_MOST = 1000
_DELETE = 2


class SpecialDays(CosemObject):
    """The special days of context.device.state.calendar."""

    class_id = 11
    attributes = ((2, "read:configuration", KEYED),)
    methods = ((1, KEYED), (2, KEYED))

    def get(self, attribute, context):
        """Return the entries."""
        return axdr.array([_write(entry) for entry in context.device.state.calendar.special_days])

    def set(self, attribute, data, context):
        """Replace all entries."""
        entries = [_read(entry) for entry in base.array(data, _MOST)]
        done(context.device.state.calendar.set_special_days, entries, context.access.change)

    def invoke(self, method, data, context):
        """Insert or delete an entry."""
        calendar = context.device.state.calendar
        if method == _DELETE:
            done(calendar.delete, base.integer(data, 0, 0xFFFF), context.access.change)
        else:
            done(calendar.insert, _read(data), context.access.change)


def _write(entry):
    index, date, day = entry
    return axdr.structure(
        axdr.number(axdr.LONG_UNSIGNED, index), axdr.octets(date), axdr.number(axdr.UNSIGNED, day)
    )


def _read(data):
    index, date, day = base.structure(data, 3)
    return base.integer(index, 0, 0xFFFF), base.octets(date, 5), base.integer(day, 0, 255)
