"""The table of settings: who may change them, and what forbids it. The longest beginning of a path counts.

    beginning of the path, section of the manual's lists, right, security key 1, MID option

FIXED: no command changes it: a factory setting, or what is not the meter's. A setting without a row is FIXED too; a
test proves that there is none. Source: the manual, Security Keys; MID Meters (its list is that of key 1).
"""

from meter.access.errors import Denied, Refused
from meter.access.keys import BLOCKED, FREE
from meter.access.rights import mask

FIXED = "fixed"

# fmt: off
SECTIONS = (
    ("meter.id", "Meter Identification", "configure communication", FREE, FREE),
    ("meter.administrator", "Meter Identification", "configure communication", FREE, FREE),
    ("meter.location", "Meter Identification", "configure communication", FREE, FREE),
    ("meter.configuration_id", "Meter Identification", "configure communication", FREE, FREE),
    ("meter.account", "Meter Identification", "configure communication", FREE, FREE),
    ("meter.serial", "factory setting", FIXED, FIXED, FIXED),
    ("meter.mid", "factory setting", FIXED, FIXED, FIXED),
    ("service.", "Primary/PTCT Settings", "configure service", BLOCKED, BLOCKED),
    ("correction.", "Transformer Correction", "configure correction", BLOCKED, BLOCKED),
    ("loss.", "Loss Compensation", "configure losses", BLOCKED, BLOCKED),
    ("load_profile.", "Load Profile", "configure load profile", BLOCKED, BLOCKED),
    ("load_profile_2.", "Load Profile", "configure load profile", BLOCKED, BLOCKED),
    ("clock.", "TOU/DST settings", "configure tariffs", BLOCKED, BLOCKED),
    ("tou.", "TOU/DST settings", "configure tariffs", BLOCKED, BLOCKED),
    ("billing.", "Demand Settings", "configure demand", BLOCKED, BLOCKED),
    ("billing.lockout", "Display Settings", "configure display", FREE, FREE),
    ("demand.", "Demand Settings", "configure demand", BLOCKED, BLOCKED),
    ("self_read.", "Display Registers", "configure registers", BLOCKED, BLOCKED),
    ("registers.", "Display Registers", "configure registers", BLOCKED, BLOCKED),
    ("ports.", "Communication Settings", "configure communication", FREE, FREE),
    ("dlms.", "Communication Settings", "configure communication", FREE, FREE),
    ("outputs.", "Digital I/O Settings", "configure inputs and outputs", FREE, FREE),
    ("status.", "Trigger Settings", "configure triggers", BLOCKED, BLOCKED),
    ("power_quality.", "Power Quality Settings", "configure power quality", BLOCKED, BLOCKED),
    ("simulator.", "the simulated supply", FIXED, FIXED, FIXED),
)
# fmt: on


def section(path):
    """Return the row of a setting, or None."""
    found = None
    for row in SECTIONS:
        beginning = row[0]
        is_of = path.startswith(beginning) if beginning.endswith(".") else path == beginning
        if is_of and (found is None or len(beginning) > len(found[0])):
            found = row
    return found


def changed(old, new):
    """Return the sorted paths of the settings that differ. old, new: as of config.schema.validate."""
    return [path for path in sorted(new) if path not in old or old[path] != new[path]]


def check(paths, rights, keys):
    """Raise Denied if the rights do not suffice to change these settings, Refused if one cannot be. rights: a mask."""
    rows = [(path, section(path)) for path in paths]
    for path, row in rows:
        if row is None or row[2] == FIXED:
            raise Refused("%s: no command changes it" % path)
    for path, row in rows:
        if not rights & mask((row[2],)):
            raise Denied("%s: needs the right to %s" % (path, row[2]))
    for path, row in rows:
        keys.check("%s (%s)" % (path, row[1]), None, row[3], FREE, row[4])
