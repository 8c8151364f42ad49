"""The kinds of events: one table of numbers, names, the log that each belongs to, and what its value fields mean.

Numbers are on flash and never get another meaning. A reader that does not know a number shows the number: an event of
newer firmware is never hidden. Sources: the manual, Event Recording, and Event Recording in Load Profile.
"""

from meter.compat import const

LOGS = ("events", "diagnostics", "security", "alarms", "sags")

# Where an event came from, by number.
ORIGINS = ("meter", "optical", "rs485", "tcp", "schedule", "front panel")
METER = const(0)
OPTICAL = const(1)
RS485 = const(2)
TCP = const(3)
SCHEDULE = const(4)
FRONT_PANEL = const(5)

FIRST_START = const(1)
POWER_OUTAGE = const(2)
POWER_DOWN = const(3)
TIME_SET = const(4)
DST_CHANGE = const(5)
REGISTER_FREEZE = const(6)
BILLING_PERIOD_RESET = const(7)
TEST_MODE = const(8)
CALIBRATION = const(9)
CONFIGURATION = const(10)
REGISTER_PRESET = const(11)
DAMAGE_FOUND = const(12)
BATTERY_FAILURE = const(13)
FIRMWARE = const(14)
DIAGNOSTIC_SET = const(32)
DIAGNOSTIC_CLEARED = const(33)
LOGON = const(64)
LOGOFF = const(65)
ACCESS_DENIED = const(66)
CONFIGURATION_ACCESS = const(67)
COMMAND = const(68)
ALARM = const(96)
ALARM_CLEARED = const(97)
DIP = const(128)
SWELL = const(129)
INTERRUPTION = const(130)

# Of a dip, swell or interruption: RMS of one cycle, lowest, highest and mean, of its phase. duration and start ms:
# milliseconds. marks: what to know of it. unlogged: events since the last entry that were not written.
_SAG = (
    "phase", "nominal", "V min", "V max", "V avg", "A min", "A max", "A avg", "PF avg", "duration", "cycles",
    "start ms", "marks", "unlogged",
)  # fmt: skip

# number, name, log, value fields in order; the comment says what the event's time is, and its start if it has one
KINDS = (
    (FIRST_START, "first start", "events", ("configuration",)),  # time: of the start
    # start: power down; time: power up. live inputs: see live_text, None where the meter could not see it
    (POWER_OUTAGE, "power outage", "events", ("live inputs", "configuration")),
    (POWER_DOWN, "power down", "events", ("live inputs",)),  # time: of the last stored state
    (TIME_SET, "time set", "events", ()),  # start: before; time: after
    (DST_CHANGE, "daylight saving time", "events", ("before", "after")),  # minutes east of UTC
    (REGISTER_FREEZE, "register freeze", "events", ()),
    (BILLING_PERIOD_RESET, "billing period reset", "events", ()),
    (TEST_MODE, "test mode", "events", ()),  # start: entered; time: left
    (CALIBRATION, "calibration", "events", ()),
    (CONFIGURATION, "configuration", "events", ("before", "after")),  # fingerprints
    (REGISTER_PRESET, "register preset", "events", ("register", "before", "after")),
    (
        BATTERY_FAILURE,
        "battery failure",
        "events",
        ("response",),
    ),  # start: of the outage in which the clock was lost
    (FIRMWARE, "firmware", "events", ("version", "slot")),  # an image is to run from the next start on
    (DAMAGE_FOUND, "damage found", "events", ("what",)),
    (DIAGNOSTIC_SET, "diagnostic set", "diagnostics", ("bit", "what")),
    # start: set; time: cleared. times: how often it came in between
    (DIAGNOSTIC_CLEARED, "diagnostic cleared", "diagnostics", ("bit", "what", "times")),
    # unlogged: logons since the last entry that were not written, because their peer had just been logged
    (LOGON, "logon", "security", ("unlogged",)),
    (LOGOFF, "logoff", "security", ()),  # start: of the logon
    # unlogged: refusals since the last entry that were not written, because there were so many
    (ACCESS_DENIED, "access denied", "security", ("what", "unlogged")),
    (CONFIGURATION_ACCESS, "configuration access", "security", ("what",)),
    (COMMAND, "command", "security", ("what",)),
    (ALARM, "ALARM", "alarms", ("trigger", "description", "value")),
    (ALARM_CLEARED, "CLEARED", "alarms", ("trigger", "description", "value")),  # start: of the alarm
    (DIP, "dip", "sags", _SAG),  # start: of the dip; time: its end. So for the next two
    (SWELL, "swell", "sags", _SAG),
    (INTERRUPTION, "interruption", "sags", _SAG),
)

_INPUTS = "ABC"


def find(kind):
    """Return (number, name, log, field names) of a kind, or None for a number that is not known."""
    for row in KINDS:
        if row[0] == kind:
            return row
    return None


def kind_name(kind):
    """Return the name of a kind; an unknown one is named by its number."""
    row = find(kind)
    return row[1] if row else "event %d" % kind


def field_name(kind, position):
    """Return what the value field at a position of a kind is called; "field 3" where that is not known."""
    row = find(kind)
    return row[3][position] if row and position < len(row[3]) else "field %d" % (position + 1)


def origin_name(origin):
    """Return the name of an origin; an unknown one is named by its number."""
    return ORIGINS[origin] if origin < len(ORIGINS) else "origin %d" % origin


def live_text(live):
    """Return which voltage inputs were live, a set of flags 1, 2, 4 for A, B, C: "A C", "none", or "unknown"."""
    if live is None:
        return "unknown"
    return " ".join([_INPUTS[k] for k in range(3) if live >> k & 1]) or "none"
