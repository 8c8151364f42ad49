"""What turns triggers into entries of the alarm log: one when a trigger sets off, another when it is over.

Flash wears: a trigger that comes again within a minute has not gone, as event_watch has it for diagnostics. So a minute
sees at most one entry of each kind for a trigger.
"""

import struct

from meter.compat import const
from meter.registers import event_kinds as kinds
from meter.registers.event_watch import HOLD_S
from meter.registers.register import packed, unpacked

_BITS = const(16)
_ENTRY = "<BIIH"  # bit, since, gone, milliseconds of that; then a packed value
_ENTRY_SIZE = const(11)
_VALUE_SIZE = const(9)


class AlarmWatch:
    """The alarms that there are."""

    def __init__(self):
        self._conditions = 0
        self._going = False
        self._set = {}  # bit: [since, when it went or 0, milliseconds of that, value then]

    def take(self, conditions, now, ms, triggers):
        """Take which triggers' conditions hold. Return entries for the log: (kind, time, what) of each.

        now: UTC second; ms: milliseconds of it. triggers: Triggers, for names and values.
        """
        if conditions == self._conditions and not self._going:
            return ()
        self._conditions = conditions
        found = []
        for bit in range(_BITS):
            entry = self._set.get(bit)
            if conditions >> bit & 1:
                if entry:
                    entry[1] = 0
                else:
                    self._set[bit] = [now, 0, 0, None]
                    found.append((kinds.ALARM, now, _what(bit, triggers, triggers.value(bit), ms)))
            elif entry:
                if not entry[1]:
                    entry[1:] = [now, ms, triggers.value(bit)]
                if not 0 <= now - entry[1] < HOLD_S:
                    found.append(self._clear(bit, triggers))
        self._going = any([entry[1] for entry in self._set.values()])
        return found

    def _clear(self, bit, triggers):
        since, gone, ms, value = self._set.pop(bit)
        what = _what(bit, triggers, value, ms)
        what["start"] = since
        return kinds.ALARM_CLEARED, gone, what

    def state(self):
        """Return the alarms as bytes."""
        found = []
        for bit in range(_BITS):
            if bit in self._set:
                since, gone, ms, value = self._set[bit]
                found.append(struct.pack(_ENTRY, bit, since, gone, ms) + packed(value))
        return b"".join(found)

    def restore(self, state):
        """Take them from bytes of state(). What has not gone is looked at with the next Span."""
        self._set = {}
        for at in range(0, len(state), _ENTRY_SIZE + _VALUE_SIZE):
            bit, since, gone, ms = struct.unpack_from(_ENTRY, state, at)
            self._set[bit] = [since, gone, ms, unpacked(state, at + _ENTRY_SIZE)]
        self._going = bool(self._set)


def _what(bit, triggers, value, ms):
    return {"ms": ms, "fields": (bit + 1, triggers.names.get(bit, ""), value)}
