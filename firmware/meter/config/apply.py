"""What a change of the configuration re-initialises: the manual, Changing Meter Configurations, as a table.

A setting that is in no row re-initialises nothing. The registers' state carries fingerprints of what it was made
under; a start that finds others zeroes the registers and erases the load profiles (registers/engine.py). So it does
not matter when the power fails: the stored configuration and the state say together what is still to be done.
"""

from collections import namedtuple

from meter.compat import const
from meter.config.fingerprint import fingerprint, print_of
from meter.registers.definition import LISTS, definitions

REGISTERS, PROFILE_1, PROFILE_2 = const(1), const(2), const(4)
_EVERYTHING = REGISTERS | PROFILE_1 | PROFILE_2
_SHOWN = (6, 7, 8, 9, 10, 11, 13)  # columns of a Definition that say how it is shown, not what it is

# section, settings, what is re-initialised when one of them changes
CHANGES = (
    ("register lists", ("registers.normal", "registers.alternate", "registers.test"), REGISTERS),
    ("demand", ("demand.sync", "demand.deferral", "demand.outage", "demand.thermal_time"), REGISTERS),
    ("self-reads", ("self_read.kind", "self_read.time", "self_read.weekday", "self_read.day"), REGISTERS),
    (
        "primary scaling",
        (
            "service.pt_primary", "service.pt_secondary", "service.ct_primary", "service.ct_secondary",
            "service.transformer_factor",
        ),
        _EVERYTHING,
    ),
    ("demand interval timing", ("demand.interval", "demand.subinterval"), _EVERYTHING),
    ("load profile 1 interval timing", ("load_profile.interval",), REGISTERS | PROFILE_1),
    ("load profile 2 interval timing", ("load_profile_2.interval",), REGISTERS | PROFILE_2),
    ("load profile 1 channels", ("load_profile.channels", "load_profile.format", "load_profile.km"), PROFILE_1),
    ("load profile 2 channels", ("load_profile_2.channels", "load_profile_2.format", "load_profile_2.km"), PROFILE_2),
)  # fmt: skip

# Fingerprints of a configuration: of all of it, of what registers and each load profile depend on. who: Who wrote it
Prints = namedtuple("Prints", ("configuration", "registers", "profiles", "who"))


def prints(settings, who=(0, "", "")):
    """Return the Prints of a configuration."""
    return Prints(
        fingerprint(settings),
        _print(settings, REGISTERS),
        (_print(settings, PROFILE_1), _print(settings, PROFILE_2)),
        who,
    )


def _print(settings, what):
    paths = [path for _, paths, effects in CHANGES if effects & what for path in paths]
    return print_of([(path, _meaning(path, settings[path])) for path in sorted(paths)])


def _meaning(path, value):
    """Return what of a setting's value re-initialises: of registers not how they are shown."""
    for name, _, _ in LISTS:
        if path == "registers." + name:
            found = definitions(value, name)[0]
            return [[one[k] for k in range(len(one)) if k not in _SHOWN] for one in found]
    return value


def changed(old, new):
    """Return (names of the sections of CHANGES that differ, what is re-initialised: REGISTERS and so on, added)."""
    names, what = [], 0
    for name, paths, effects in CHANGES:
        before, after = [
            print_of([(path, _meaning(path, one[path])) for path in paths]) for one in (old, new)
        ]
        if before != after:
            names.append(name)
            what |= effects
    return tuple(names), what
