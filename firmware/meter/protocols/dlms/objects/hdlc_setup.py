"""IEC HDLC setup, class 23 version 1: 0.0.22.0.0.255 the optical port, 0.1.22.0.0.255 the RS-485 port.

    2 speed     enum: 0 300 Bd to 9 115200 Bd           ports.optical.baud, ports.rs485.baud, ports.rs485_2.baud
    3, 4        window transmit, receive                ports.hdlc.window
    5, 6        information field transmit, receive     ports.hdlc.max_info
    7           inter-octet time-out, ms                ports.hdlc.inter_frame
    8           inactivity time-out, s                  ports.hdlc.inactivity
    9           physical device address                 ports.hdlc.unit

Both ports, and both directions, have all but the speed in common. A change holds from the next start on.
"""

from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base
from meter.protocols.dlms.objects.base import KEYED, CosemObject
from meter.protocols.dlms.objects.doing import change, done
from meter.protocols.dlms.objects.names import name

BAUDS = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
_SPEED = 2
# attribute, setting, type
_SETTINGS = (
    (3, "ports.hdlc.window", axdr.UNSIGNED),
    (4, "ports.hdlc.window", axdr.UNSIGNED),
    (5, "ports.hdlc.max_info", axdr.LONG_UNSIGNED),
    (6, "ports.hdlc.max_info", axdr.LONG_UNSIGNED),
    (7, "ports.hdlc.inter_frame", axdr.LONG_UNSIGNED),
    (8, "ports.hdlc.inactivity", axdr.LONG_UNSIGNED),
    (9, "ports.hdlc.unit", axdr.LONG_UNSIGNED),
)


class HdlcSetup(CosemObject):
    """speed: the setting of the port's speed."""

    class_id = 23
    version = 1
    attributes = tuple([(number, "read:configuration", KEYED) for number in range(2, 10)])

    def __init__(self, ln, speed):
        super().__init__(ln)
        self._speed = speed

    def get(self, attribute, context):
        """Return an attribute."""
        if attribute == _SPEED:
            return axdr.enum(BAUDS.index(done(context.access.setting, self._speed)))
        _, path, tag = _SETTINGS[attribute - 3]
        return axdr.number(tag, done(context.access.setting, path))

    def set(self, attribute, data, context):
        """Set an attribute."""
        if attribute == _SPEED:
            change(context, {self._speed: BAUDS[base.integer(data, 0, len(BAUDS) - 1)]})
        else:
            change(context, {_SETTINGS[attribute - 3][1]: base.integer(data, 0, 0xFFFF)})


def setups():
    """Return the setups of all serial ports, a tuple."""
    return (
        HdlcSetup(name("0.0.22.0.0.255"), "ports.optical.baud"),
        HdlcSetup(name("0.1.22.0.0.255"), "ports.rs485.baud"),
        HdlcSetup(name("0.2.22.0.0.255"), "ports.rs485_2.baud"),
    )
