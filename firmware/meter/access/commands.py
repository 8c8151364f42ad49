"""The table of commands: who may, what forbids it, what it takes, what it does, and which log tells of it.

    name, right, security key 1, security key 2, MID option, arguments, calls, log

right       of rights.py; None: any user who is logged in; sections.RIGHTS: that of each section that changes
keys, MID   what keys.py has words for
arguments   name, kind of arguments.py; a name in brackets may be left out
calls       what is done; NOT_BUILT: refused by name
log         OWN: what it calls writes an event; "configuration access" or "command": an entry of the security log

Sources: the manual, Security Keys, MID Meters, Appendix A. Its two lists leave out presets, the tariff override, demand
pulses, calibration and cold start: they are blocked by key 1, because that "disables all functions that could impact"
what is measured. A billing period reset is not: key 2 "is used to disable just" its key. Who manages users replaces
the keys of DLMS too: both say who gets in.
"""

from meter.access.keys import BLOCKED, FREE, PANEL, SECTIONS

NOT_BUILT = "not built"
OWN = "its own event"
ACCESS = "configuration access"
COMMAND = "command"
BY_SECTION = "that of the section"
WRITE_CONFIGURATION = "write configuration"

_UTC = (("utc", "utc"),)
_PRESET = (("number", "register"), ("value", "value"))
_USER = (("user", "name"), ("[password]", "new password"), ("[rights]", "rights"))
_MARK = (("profile", "profile"), ("reader", "reader"), ("entry", "entry"))
_UPGRADE = (
    ("step", "upgrade step"), ("[image]", "bytes"), ("[size]", "count"), ("[number]", "count"), ("[data]", "bytes"),
)  # fmt: skip
_SURE = (("confirmed", "yes"),)
_KEYS = (("keys", "wrapped keys"),)

# fmt: off
COMMANDS = (
    ("set time", "set time", FREE, FREE, FREE, _UTC, "Meter.set_time", OWN),
    ("freeze", "freeze", FREE, FREE, FREE, (), "Engine.freeze", OWN),
    ("billing period reset", "billing reset", FREE, PANEL, PANEL, (), "Engine.billing_period_reset", OWN),
    ("preset register", "preset", BLOCKED, FREE, BLOCKED, _PRESET, "Engine.preset", OWN),
    ("override tariff", "control", BLOCKED, FREE, BLOCKED, (("is_on", "flag"),), "Engine.override", COMMAND),
    ("resynchronise demand", "control", BLOCKED, FREE, BLOCKED, (), "Engine.resynchronise", COMMAND),
    ("enter test mode", "test mode", BLOCKED, FREE, BLOCKED, (), "Engine.enter_test", OWN),
    ("leave test mode", "test mode", FREE, FREE, FREE, (), "Engine.leave_test", OWN),
    (WRITE_CONFIGURATION, BY_SECTION, SECTIONS, FREE, SECTIONS, (("document", "document"),), "App.configure", ACCESS),
    ("change password", None, FREE, FREE, FREE, (("old", "password"), ("new", "new password")), "Users", ACCESS),
    ("set user", "manage users", FREE, FREE, FREE, _USER, "Users.put", ACCESS),
    ("remove user", "manage users", FREE, FREE, FREE, (("user", "name"),), "Users.remove", ACCESS),
    ("reset users", "reset users", PANEL, FREE, PANEL, _SURE, "Users.reset, KeyStore.reset when power goes within 15 s",
     ACCESS),
    ("replace keys", "manage users", FREE, FREE, FREE, _KEYS, "KeyStore.transfer", ACCESS),
    ("mark load profile read", "read load profile", FREE, FREE, FREE, _MARK, "Query.mark_read", COMMAND),
    ("battery changed", "status", FREE, FREE, FREE, (), "Engine.battery_changed", COMMAND),
    ("calibrate", "factory", BLOCKED, FREE, BLOCKED, (("calibration", "bytes"),), "App.calibrate", OWN),
    ("warm start", "control", FREE, FREE, FREE, (), "App.warm_start", COMMAND),
    ("cold start", "factory", BLOCKED, FREE, BLOCKED, _SURE, "App.cold_start when power goes within 15 s", COMMAND),
    ("upgrade firmware", "factory", BLOCKED, FREE, BLOCKED, _UPGRADE, "Upgrade.take", OWN),
    ("drive output", "configure inputs and outputs", FREE, FREE, FREE,
     (("output", "output"), ("is_on", "flag")), "Contacts.output", COMMAND),
    ("disconnect", "control", FREE, FREE, FREE, (), "Disconnector.request", COMMAND),
    ("reconnect", "control", FREE, FREE, FREE, (), "Disconnector.request", COMMAND),
    ("push", "control", FREE, FREE, FREE, (), "Pusher.trigger", COMMAND),
)  # fmt: skip
# fmt: on

# What can be read: method of Access (for log: and its argument), right
READS = (
    ("read", "read registers"),
    ("register", "read registers"),
    ("registers", "read registers"),
    ("self_reads", "read registers"),
    ("nameplate", "read registers"),
    ("status", "read registers"),
    ("local_time", "read registers"),
    ("profile", "read load profile"),
    ("profile_channels", "read load profile"),
    ("log events", "read events"),
    ("log alarms", "read alarms"),
    ("log diagnostics", "read diagnostics"),
    ("log security", "read security"),
    ("log sags", "read power quality"),
    ("configuration", "read configuration"),
    ("calibration", "factory"),
    ("users", "manage users"),
)


def find(name):
    """Return the row of a command, or None."""
    for row in COMMANDS:
        if row[0] == name:
            return row
    return None


def read_right(what):
    """Return the right that reading this needs. KeyError."""
    for name, right in READS:
        if name == what:
            return right
    raise KeyError(what)
