"""What time and status registers show of the engine (definition.TIME_ITEMS, STATUS_ITEMS)."""

from meter.registers import event_kinds as kinds
from meter.registers.definition import RATE_NAMES
from meter.registers.phasor_text import phasor_text
from meter.registers.tou import DAY_TYPES


def items(engine):
    """Return a dict from (kind, item) to a function that gives its value."""
    return {
        ("time", "present time"): lambda: engine.now,
        ("time", "last billing reset"): lambda: engine.reset_at or None,
        ("time", "last freeze"): lambda: engine.frozen_at or None,
        ("time", "last season change"): lambda: engine.season_at or None,
        ("time", "next billing reset"): engine.next_reset,
        ("status", "rate"): lambda: RATE_NAMES[engine.rate],
        ("status", "season"): lambda: engine.season + 1,
        ("status", "day type"): lambda: DAY_TYPES[engine.tou.day_type(engine.now)],
        ("status", "last billing reset"): lambda: _origin(engine.reset_at, engine.reset_origin),
        ("status", "last freeze"): lambda: _origin(engine.frozen_at, engine.freeze_origin),
        ("status", "meter status"): lambda: engine.health,
        ("status", "system bits"): lambda: engine.status.system.bits,
        ("status", "trigger bits"): lambda: engine.status.trigger.bits,
        ("status", "alarms"): lambda: bin(engine.status.trigger.bits).count("1"),
        ("status", "battery"): lambda: engine.battery.colour(engine.now),
        ("status", "days on battery"): lambda: engine.battery.days(),
        ("status", "phasors"): lambda: phasor_text(engine.bank.latest),
    }


def _origin(at, origin):
    return kinds.origin_name(origin) if at else "none"
