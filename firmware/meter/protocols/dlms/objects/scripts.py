"""Script tables, class 9: what can be done by number.

    0.0.10.0.0.255      global: 1 freezes the registers (of the manufacturer; the code is for what has no other)
    0.0.10.0.1.255      MDI reset, end of billing period: 1 ends the billing period
    0.0.10.0.100.255    tariffs: 1 to 8 put rates A to H in force, as far as the override is configured for that rate
                        (tou.override); 9 gives the rate back to the calendar (of the manufacturer)
    0.0.10.0.106.255    disconnect control: 1 disconnects, 2 reconnects
    0.0.10.0.108.255    push: 1 sends what the push setup says

The tariff scripts are what the actions of the activity calendar name. The table of actions says which method or
attribute stands for a script; each does a command of the meter, with its right.
"""

from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base
from meter.protocols.dlms.objects.base import CosemObject
from meter.protocols.dlms.objects.doing import command, done
from meter.protocols.dlms.objects.names import name

GLOBAL = name("0.0.10.0.0.255")
RESET = name("0.0.10.0.1.255")
TARIFFS = name("0.0.10.0.100.255")
DISCONNECT = name("0.0.10.0.106.255")
PUSH = name("0.0.10.0.108.255")
_WRITE, _EXECUTE = const(1), const(2)  # service ids
_RATES = "ABCDEFGH"
_BACK = const(9)
_CALENDAR, _DISCONNECTOR, _PUSH_SETUP = "0.0.13.0.0.255", "0.0.96.3.10.255", "0.0.25.9.0.255"


class ScriptTable(CosemObject):
    """rows: (script identifier, command, (class, code, method) of what does it)."""

    class_id = 9

    def __init__(self, ln, rows):
        super().__init__(ln)
        self._rows = rows
        self.attributes = ((2, base.FREE, None),)
        self.methods = ((1, "command:" + rows[0][1]),)

    def get(self, attribute, context):
        """Return the scripts: array of structure: identifier, array of actions."""
        return axdr.array([_script(number, *action) for number, _, action in self._rows])

    def invoke(self, method, data, context):
        """Execute a script. data: its identifier, long-unsigned."""
        if data.tag != axdr.LONG_UNSIGNED:
            raise base.AccessError(base.TYPE_UNMATCHED)
        for number, what, _ in self._rows:
            if number == data.value:
                self.execute(number, what, context)
                return
        raise base.AccessError(base.OTHER_REASON)

    def execute(self, number, what, context):
        """Do the command of a script. AccessError."""
        command(context, what)


class TariffTable(ScriptTable):
    """Its commands have an argument."""

    def execute(self, number, what, context):
        """Put a rate in force, or give it back to the calendar."""
        if number != _BACK and done(context.access.setting, "tou.override") != _RATES[number - 1]:
            raise base.AccessError(base.OTHER_REASON)
        command(context, what, is_on=number != _BACK)


def _script(number, class_id, code, index):
    action = axdr.structure(
        axdr.enum(_EXECUTE),
        axdr.number(axdr.LONG_UNSIGNED, class_id),
        axdr.octets(name(code)),
        axdr.number(axdr.INTEGER, index),
        axdr.number(axdr.INTEGER, 0),
    )
    return axdr.structure(axdr.number(axdr.LONG_UNSIGNED, number), axdr.array([action]))


def tables():
    """Return all script tables, a tuple."""
    tariffs = tuple([(k, "override tariff", (20, _CALENDAR, 1)) for k in range(1, _BACK + 1)])
    return (
        ScriptTable(GLOBAL, ((1, "freeze", (9, "0.0.10.0.0.255", 1)),)),
        ScriptTable(RESET, ((1, "billing period reset", (9, "0.0.10.0.1.255", 1)),)),
        TariffTable(TARIFFS, tariffs),
        ScriptTable(
            DISCONNECT,
            ((1, "disconnect", (70, _DISCONNECTOR, 1)), (2, "reconnect", (70, _DISCONNECTOR, 2))),
        ),
        ScriptTable(PUSH, ((1, "push", (40, _PUSH_SETUP, 1)),)),
    )
