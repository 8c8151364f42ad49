"""Disconnect control, class 70: 0.0.96.3.10.255, the output that the setting outputs.disconnect names.

2 output state   boolean: the supply is connected
3 control state  enum: 0 disconnected, 1 connected, 2 ready for reconnection
4 control mode   enum 0 to 6: which of remote, manual and local may do what
remote_disconnect(1), remote_reconnect(2): integer 0
"""

from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base
from meter.protocols.dlms.objects.base import KEYED, CosemObject
from meter.protocols.dlms.objects.doing import command, done
from meter.protocols.dlms.objects.names import name

LN = name("0.0.96.3.10.255")
_OUTPUT, _STATE = const(2), const(3)
_DISCONNECT = const(1)
_READ = "read:registers"


class DisconnectControl(CosemObject):
    """context.device.state.disconnector."""

    class_id = 70
    attributes = ((2, _READ, None), (3, _READ, None), (4, _READ, KEYED))
    methods = ((1, "command:disconnect"), (2, "command:reconnect"))

    def get(self, attribute, context):
        """Return an attribute."""
        disconnector = context.device.state.disconnector
        if attribute == _OUTPUT:
            return axdr.boolean(disconnector.output)
        return axdr.enum(disconnector.state if attribute == _STATE else disconnector.mode)

    def set(self, attribute, data, context):
        """Set the control mode."""
        done(context.device.state.set_mode, base.integer(data, 0, 255))

    def invoke(self, method, data, context):
        """Disconnect or reconnect."""
        base.integer(data, 0, 0)
        command(context, "disconnect" if method == _DISCONNECT else "reconnect")
