"""The settings of registers and demand: rows of schema.FIELDS, and what must hold among them."""

from meter.registers import demand
from meter.registers.default_registers import ALTERNATE, NORMAL, TEST
from meter.registers.definition import LISTS, definitions
from meter.registers.status_triggers import DEFAULTS as TRIGGERS
from meter.registers.status_word import DEFAULT_DRIFT_MS, DRIFT_MS

# fmt: off
FIELDS = (
    ("registers.normal", "registers", NORMAL, 50, "", "normal registers, numbers 0 to 49"),
    ("registers.alternate", "registers", ALTERNATE, 50, "", "alternate registers, numbers 100 to 149"),
    ("registers.test", "registers", TEST, 50, "", "test registers, numbers 200 to 249"),
    ("registers.frozen_reads", "flag", True, None, "", "ports read the values of the last freeze, once there was one"),
    ("demand.interval", "choice", 15, demand.INTERVALS_MIN, "min", "demand interval"),
    ("demand.subinterval", "choice", 5, demand.INTERVALS_MIN, "min", "how often a demand is formed"),
    ("demand.sync", "flag", False, None, "", "subintervals end by external pulses"),
    ("demand.deferral", "integer", 0, (0, 3600), "s", "no demand is formed for so long after an outage"),
    ("demand.outage", "integer", 1, (0, 3600), "s", "from this length on an outage defers"),
    ("status.triggers", "triggers", TRIGGERS, None, "", "which conditions set which trigger bit of the status word"),
    ("status.drift", "integer", DEFAULT_DRIFT_MS, DRIFT_MS, "ms", "the clock may be so far from its time source"),
    ("demand.thermal_time", "integer", 15, (1, 60), "min", "a thermal demand has followed 90 % of a step"),
)
# fmt: on


def problems(settings):
    """Return what is wrong with these settings together, lines."""
    found = list(demand.problems(settings["demand.interval"], settings["demand.subinterval"]))
    for name, _, _ in LISTS:
        lines = definitions(settings["registers." + name], name)[1]
        found += ["registers.%s: %s" % (name, line) for line in lines]
    return found


def registers(value, most):
    """Return what a list of registers must be, or None: each one is looked at by problems()."""
    is_list = isinstance(value, (list, tuple)) and len(value) <= most
    return None if is_list else "must be a list of up to %d registers" % most
