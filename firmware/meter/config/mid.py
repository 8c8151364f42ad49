"""The MID option: registers and load profile channels that every such meter has. Others may be added.

Source: the manual, MID Billing Registers; MID Load Profile Channels.
"""

QUANTITIES = ("Wh.del.P", "Wh.rec.P", "VARh.del.P", "VARh.rec.P")
_BPR = "billing period reset"
# list, kind, quantity, storage
REGISTERS = (
    tuple([("normal", "consumption", key, "working") for key in QUANTITIES])
    + tuple([("alternate", "consumption", key, _BPR) for key in QUANTITIES])
    + (("alternate", "time", "last billing reset", "working"),)
)


def problems(settings):
    """Return what a meter with the MID option lacks, lines; none for one without it."""
    if not settings["meter.mid"]:
        return []
    found = []
    for name, kind, quantity, storage in REGISTERS:
        path = "registers." + name
        if not any([_is(one, kind, quantity, storage) for one in settings[path]]):
            found.append("%s: the MID option needs %s, %s" % (path, quantity, storage))
    for key in QUANTITIES:
        if key not in settings["load_profile.channels"]:
            found.append("load_profile.channels: the MID option needs %s" % key)
    return found


def _is(one, kind, quantity, storage):
    """Return True if an entry of a register list is this register, for all rates together."""
    return (
        isinstance(one, dict)
        and one.get("kind") == kind
        and one.get("quantity") == quantity
        and one.get("storage", "working") == storage
        and one.get("rate", "total") == "total"
    )
