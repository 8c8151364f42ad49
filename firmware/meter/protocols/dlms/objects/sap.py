"""SAP assignment, class 17: which logical devices there are. There is one, the management logical device at 1."""

from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects.base import FREE, CosemObject
from meter.protocols.dlms.objects.data import device_name
from meter.protocols.dlms.objects.names import name

LN = name("0.0.41.0.0.255")
MANAGEMENT_DEVICE = const(1)


class SapAssignment(CosemObject):
    """The list, and no logical device that could be connected to another access point."""

    class_id = 17
    attributes = ((2, FREE, None),)
    methods = ((1, None),)

    def get(self, attribute, context):
        """Return the list of (SAP, logical device name)."""
        sap = axdr.number(axdr.LONG_UNSIGNED, MANAGEMENT_DEVICE)
        return axdr.array([axdr.structure(sap, device_name(context))])
