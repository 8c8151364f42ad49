"""All objects of the meter, in a fixed order: families, each of which finds its own and names all that there are.

A family has find(class_id, ln, context), which returns an object or None, and all(context), which yields objects. No
two families have an object of the same logical name: where one would, the first is found.
"""

from meter.protocols.dlms.objects import base
from meter.protocols.dlms.objects.clock import ClockFamily
from meter.protocols.dlms.objects.data import DataFamily
from meter.protocols.dlms.objects.logs import LogFamily
from meter.protocols.dlms.objects.profile import LoadProfileFamily
from meter.protocols.dlms.objects.register import ChannelFamily, DemandFamily, ListFamily, RegisterFamily

# Of what is measured and kept.
MEASURED = (
    DataFamily(),
    ClockFamily(),
    RegisterFamily(),
    DemandFamily(),
    ChannelFamily(),
    LoadProfileFamily(),
    LogFamily(),
    ListFamily(),
)


class Catalogue:
    """families: a tuple of families."""

    def __init__(self, families=MEASURED):
        self._families = families

    def find(self, class_id, ln, context):
        """Return the object with this name (six bytes), or None. AccessError if it is of another class."""
        for family in self._families:
            found = family.find(class_id, ln, context)
            if found:
                if found.class_id != class_id:
                    raise base.AccessError(base.OBJECT_CLASS_INCONSISTENT)
                return found
        return None

    def all(self, context):
        """Yield every object."""
        for family in self._families:
            yield from family.all(context)
