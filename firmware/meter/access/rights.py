"""The rights that a user can have, and what somebody has without a login. One bit each, which keeps its meaning.

Sources: the manual, Appendix A, User Management; Security Keys (what can be configured and read); FEATURES SEC-01.
"""

from meter.registers import event_kinds as kinds

# in the order of their bits; name, what it allows
RIGHTS = (
    ("read registers", "quantities, registers, self-reads, status"),
    ("read load profile", "load profiles"),
    ("read events", "event log"),
    ("read alarms", "alarm log"),
    ("read diagnostics", "diagnostic log"),
    ("read security", "security log"),
    ("read power quality", "power-quality records"),
    ("read measurements", "measurement logs"),
    ("read configuration", "the configuration"),
    ("status", "the battery monitor: battery changed"),
    ("set time", "the clock"),
    ("freeze", "freeze of the registers"),
    ("test mode", "test mode"),
    ("billing reset", "billing period reset"),
    ("preset", "preset of registers"),
    ("control", "tariff override, demand pulses, warm start, disconnecting and reconnecting, push"),
    ("configure service", "primary, PT and CT settings"),
    ("configure registers", "display registers and self-reads"),
    ("configure load profile", "load profiles"),
    ("configure losses", "loss compensation"),
    ("configure tariffs", "tariffs, calendar, daylight saving"),
    ("configure inputs and outputs", "inputs and outputs, and driving an output"),
    ("configure triggers", "triggers"),
    ("configure demand", "demand and billing schedules"),
    ("configure correction", "transformer correction"),
    ("configure communication", "identification, ports, protocols"),
    ("configure display", "display"),
    ("configure power quality", "power quality"),
    ("configure measurements", "measurement logs"),
    ("manage users", "users, their rights and passwords; the keys"),
    ("factory", "firmware, options, calibration, cold start"),
    ("reset users", "users, passwords and keys of the factory again"),
)
NAMES = tuple([row[0] for row in RIGHTS])
ALL = (1 << len(RIGHTS)) - 1

# What needs no login. The key under the front cover resets the billing period, and who has broken that seal may reset
# the users (the manual, Display Faceplate; Meter Status): security keys and seals guard these.
_PORT = ("read registers",)
# What the meter sends by itself: whoever may set up a push can read all of it anyway. Nobody else has this origin.
_PUSHED = tuple([name for name in NAMES if name.startswith("read ")])
ANONYMOUS = (
    (kinds.OPTICAL, _PORT),
    (kinds.RS485, _PORT),
    (kinds.TCP, _PORT),
    (kinds.SCHEDULE, _PUSHED),
    (kinds.FRONT_PANEL, ("read registers", "read alarms", "billing reset", "reset users")),
)


def mask(names):
    """Return the bits of some rights. KeyError for a name that is none."""
    bits = 0
    for name in names:
        if name not in NAMES:
            raise KeyError(name)
        bits |= 1 << NAMES.index(name)
    return bits


def names(bits):
    """Return the names of the rights in a mask."""
    return tuple([name for place, name in enumerate(NAMES) if bits >> place & 1])


def anonymous(origin):
    """Return the mask of what somebody at this origin may do without a login."""
    for known, allowed in ANONYMOUS:
        if known == origin:
            return mask(allowed)
    return 0
