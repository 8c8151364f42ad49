"""Writes dips, swells and interruptions into the log "sags" (the manual, Event Recording: the 500 most recent).

Flash wears: thirty events are written at once, and one more every ten seconds. What was not written is counted in
the next entry.
"""

from meter.compat import const
from meter.power_quality.voltage_event import DIP, INTERRUPTION, SWELL
from meter.registers import event_kinds as kinds

KINDS = {DIP: kinds.DIP, SWELL: kinds.SWELL, INTERRUPTION: kinds.INTERRUPTION}
BURST = const(30)
EACH_S = const(10)
DIGITS = const(5)  # behind the point: what is below says nothing, and fills the lines of a reader


class SagLog:
    """Takes VoltageEvents. logs: EventLogs.

    unlogged    events since the last entry that were not written
    """

    def __init__(self, logs):
        self._logs = logs
        self._credit = BURST * EACH_S  # seconds
        self._now = None
        self.unlogged = 0

    def take(self, event):
        """Write an event that has ended."""
        second = event.end[0]
        passed = max(0, second - self._now) if self._now is not None else 0
        self._now = second
        self._credit = min(BURST * EACH_S, self._credit + passed)
        if self._credit < EACH_S:
            self.unlogged += 1
            return
        self._credit -= EACH_S
        self._logs.add(
            KINDS[event.kind],
            second,
            ms=event.end[1] // 1000,
            start=event.start[0],
            fields=_fields(event, self.unlogged),
        )
        self.unlogged = 0


def _fields(event, unlogged):
    """Return the value fields, in the order of event_kinds."""
    return (
        (event.phase, event.nominal)
        + tuple([round(x, DIGITS) for x in event.volts + event.amperes + [event.power_factor]])
        + (event.microseconds // 1000, event.half_cycles * 0.5)
        + (event.start[1] // 1000, event.marks or None, unlogged)
    )
