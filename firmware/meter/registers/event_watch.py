"""What turns the meter's life into events: its start, its diagnostic bits.

Flash wears: what comes and goes quickly is written at most once a minute, and what was not written is counted in the
next entry.
"""

from meter.compat import const
from meter.metrology.diagnostics import TEXTS
from meter.quantities import index
from meter.registers import event_kinds as kinds

HOLD_S = const(60)
_LIVE_PART = 0.1  # of the largest voltage: less is a missing input (as metrology.diagnostics)
_VOLTS = tuple(index("V." + phase) for phase in "ABC")
_CONFIGURATION_AT = ((kinds.FIRST_START, 0), (kinds.POWER_OUTAGE, 1), (kinds.CONFIGURATION, 1))


def started(logs, now, restored_at, passed, configuration):
    """Write what a start has to tell. now: UTC seconds.

    restored_at     of the checkpoint that the registers come from, or None
    passed          how many newer checkpoints were torn or damaged
    configuration   its fingerprint
    """
    events = logs.log("events")
    before = events.newest([kind for kind, _ in _CONFIGURATION_AT])
    if before is None and restored_at is None:
        logs.add(kinds.FIRST_START, now, fields=(configuration,))
        return
    down = events.newest((kinds.POWER_DOWN,))
    seen = down and restored_at is not None and down.time >= restored_at and down.fields
    live = down.fields[0] if seen else None
    logs.add(kinds.POWER_OUTAGE, now, start=restored_at, fields=(live, configuration))
    if restored_at is None and down:
        logs.add(kinds.DAMAGE_FOUND, now, fields=("the stored registers are lost: counting from zero",))
    elif passed:
        logs.add(kinds.DAMAGE_FOUND, now, fields=("newest stored registers: %d torn or damaged" % passed,))
    known = before and _configuration_of(before)
    if known is not None and known != configuration:
        logs.add(kinds.CONFIGURATION, now, fields=(known, configuration))


def _configuration_of(event):
    for kind, position in _CONFIGURATION_AT:
        if kind == event.kind and position < len(event.fields):
            return event.fields[position]
    return None


def stopped(logs, now, latest):
    """Write that the supply has failed, at best. latest: the Span of the last 1.5 s, or None."""
    logs.add(kinds.POWER_DOWN, now, fields=(live_inputs(latest),))


def live_inputs(span):
    """Return which voltage inputs were live in a Span, flags 1, 2, 4 for A, B, C; None without a Span."""
    if span is None or not span.half_cycles:
        return None
    volts = [span.value(number) for number in _VOLTS]
    least = max(volts) * _LIVE_PART
    return sum([1 << k for k in range(3) if volts[k] > least])


class DiagnosticWatch:
    """Writes the diagnostic bits as they come and go. A bit that comes again within a minute has not gone."""

    def __init__(self, logs):
        self._logs = logs
        self._state = 0
        self._set = {}  # bit: [since, how often it came, when it went or None]
        self._going = False

    def take(self, state, now):
        """Take the diagnostic state at this UTC second. Cheap where nothing has changed."""
        if state == self._state and not self._going:
            return
        self._state = state
        for bit, text in TEXTS:
            entry = self._set.get(bit)
            if state & bit:
                self._come(bit, text, entry, now)
            elif entry:
                if entry[2] is None:
                    entry[2] = now
                if not 0 <= now - entry[2] < HOLD_S:
                    self._clear(bit, text)
        self._going = any([entry[2] is not None for entry in self._set.values()])

    def _come(self, bit, text, entry, now):
        if entry is None:
            self._set[bit] = [now, 1, None]
            self._logs.add(kinds.DIAGNOSTIC_SET, now, fields=(bit, text))
        elif entry[2] is not None:
            entry[1] += 1
            entry[2] = None

    def _clear(self, bit, text):
        since, times, gone = self._set.pop(bit)
        self._logs.add(kinds.DIAGNOSTIC_CLEARED, gone, start=since, fields=(bit, text, times))

    def finish(self):
        """The meter stops: write the bits that have gone."""
        for bit, text in TEXTS:
            if bit in self._set and self._set[bit][2] is not None:
                self._clear(bit, text)
