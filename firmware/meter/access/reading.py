"""What a register says to a reader: its value as a number on the side it is defined for, and as the display has it."""

from collections import namedtuple

from meter.quantities import describe, index
from meter.registers.definition import RATE_NAMES, REALS, TIMES, is_about_a_quantity
from meter.registers.display_text import shown
from meter.registers.energy import SCALER

# What kind of value a register has, also while there is none: in 10**-6, a float, a time, a text or number of a status.
COUNT, REAL, TIME, STATE = "count", "real", "time", "state"

# number, label, kind, quantity, rate (a name), storage: of the definition
# value     value * 10**scaler is in `unit`: an int where the register counts (scaler -6), else a float (scaler 0);
#           a text or number of a status; None while there is none, and for a time
# unit      without prefix; "1" for a ratio, "" for times and status
# text      as on the display
# time      UTC second of a time register; None while there is none, and for all others
Reading = namedtuple(
    "Reading",
    (
        "number", "label", "kind", "quantity", "rate", "storage", "value", "scaler", "unit", "text", "time",
    ),
)  # fmt: skip


def reading(definition, value, primary, zone):
    """Return the Reading of a register's value.

    value       as Register.value() gives it
    primary     Primary, or None: no instrument transformers
    zone        Zone, of the times on the display
    """
    unit, scaler, time = "", 0, None
    if is_about_a_quantity(definition.kind) and definition.kind not in TIMES:
        unit = describe(index(definition.quantity))[3]
        scaler = SCALER if isinstance(value, int) else 0
        if definition.primary and primary and value is not None:
            value = primary.of(value, unit)
    text = shown(definition, value, zone)
    if definition.kind in TIMES:
        value, time = None, value
    return Reading(
        definition.id, definition.label, definition.kind, definition.quantity, RATE_NAMES[definition.rate],
        definition.storage, value, scaler, unit, text, time,
    )  # fmt: skip


def form_of(definition):
    """Return what kind of value a register has: of above."""
    if definition.kind in TIMES:
        return TIME
    if not is_about_a_quantity(definition.kind):
        return STATE
    return REAL if definition.kind in REALS else COUNT


def bare(number, value):
    """Return the Reading of a value whose register is defined no more: nothing but the number and what was kept."""
    scaler = SCALER if isinstance(value, int) else 0
    text = "" if value is None else str(value)
    return Reading(number, "", "", "", RATE_NAMES[0], "", value, scaler, "", text, None)
