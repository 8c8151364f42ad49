"""The factory's register lists: the manual's Appendix A, Display Registers, row by row.

Labels 2 to 5 are those of the quantities; the manual's page has two of them exchanged.
"""

_STEPS = (("Wh.del", "Wh delivered"), ("Wh.rec", "Wh received"), ("VARh.del", "varh delivered"))
_ENERGIES = (("Wh.del.P", "kWh delivered"), ("Wh.rec.P", "kWh received"))
_ENERGIES += (("VARh.del.P", "kvarh delivered"), ("VARh.rec.P", "kvarh received"))


def _item(number, kind, item, screen):
    return {"id": number, "kind": kind, "quantity": item, "label": item, "screen": screen}


def _energy(number, quantity, label, screen, storage="working", prefix="k", digits=8, decimals=0):
    return {
        "id": number, "kind": "consumption", "quantity": quantity, "label": label, "screen": screen,
        "storage": storage, "prefix": prefix, "digits": digits, "decimals": decimals,
    }  # fmt: skip


def _test_registers():
    found = [
        _energy(200 + k, key + ".P", label, k + 1, "working", "", 6, 2)
        for k, (key, label) in enumerate(_STEPS)
    ]
    for key, label in _STEPS[:2]:
        for phase in "ABC":
            number = 200 + len(found)
            text = "%s %s" % (label, phase)
            found.append(_energy(number, key + "." + phase, text, len(found) + 1, "working", "", 6, 2))
    return tuple(found)


NORMAL = (_item(0, "status", "meter ID", 1), _item(1, "time", "present time", 2)) + tuple(
    [_energy(2 + k, key, label, 3 + k) for k, (key, label) in enumerate(_ENERGIES)]
)
ALTERNATE = tuple(
    [
        _energy(100 + k, key, label + " BPR", 1 + k, "billing period reset")
        for k, (key, label) in enumerate(_ENERGIES)
    ]
) + (
    _item(104, "time", "last billing reset", 5),
    _item(105, "status", "phasors", 6),
    _item(106, "status", "communication", 7),
    _item(107, "status", "system bits", 8),
)
TEST = _test_registers()
LISTS = (("normal", NORMAL), ("alternate", ALTERNATE), ("test", TEST))
