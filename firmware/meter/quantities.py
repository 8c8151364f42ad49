"""The catalogue of quantities: what is measured, in which direction, on which phase. One list for the whole meter.

Text key: quantity[.direction][.phase], for people, files and protocols. Inside, a quantity is a small integer.

Everything that flows (power and its integral, energy) is booked, half cycle by half cycle, into BASE rows: the
delivered and the received part, or the part in each quadrant. All other directions are sums of base rows:
    bi = net = del - rec        abs = del + rec        VAR.del = q1 + q2        VAR.rec = q3 + q4
(delivered and received reactive energy as the manual's DLMS table has them: 3.8.0 = Q1 + Q2, 4.8.0 = Q3 + Q4).
The same rule serves power (base row / duration) and energy (integer total), so they cannot disagree.
Source: the manual's glossary, Meter Measurements and Measurement Formulas.
"""

PHASES = ("A", "B", "C", "P")

# name, base directions. Row = BASE_START[name] + 4 * direction + phase. Integrals over time of ...
BASE = (
    ("W", ("del", "rec")),  # watts, by the sign of W
    ("VAR", ("q1", "q2", "q3", "q4")),  # magnitude of vars, by the signs of W and VAR
    ("VA", ("del", "rec")),  # arithmetic volt-amperes, by the sign of W
    ("VAv", ("del", "rec")),  # vectorial volt-amperes, by the sign of W
)
SQUARES = ("V2", "A2")  # mean squares of phases A, B, C follow the flows

_DEL_REC = {"del": "+0", "rec": "+1", "bi": "+0-1", "net": "+0-1", "abs": "+0+1"}
_QUADRANTS = {
    "q1": "+0",
    "q2": "+1",
    "q3": "+2",
    "q4": "+3",
    "del": "+0+1",
    "rec": "+2+3",
    "bi": "+0+1-2-3",
    "net": "+0+1-2-3",
    "abs": "+0+1+2+3",
}
_INSTANTANEOUS = ("del", "rec", "bi", "abs")
_INTEGRATED = ("del", "rec", "net", "abs")
_Q1_TO_Q4 = ("q1", "q2", "q3", "q4")

# name, unit, directions, phases, the base flow it comes from (None: not a flow)
CATALOGUE = (
    ("V", "V", (), PHASES, None),
    ("A", "A", (), PHASES, None),
    ("W", "W", _INSTANTANEOUS, PHASES, "W"),
    ("VAR", "var", _INSTANTANEOUS + _Q1_TO_Q4, PHASES, "VAR"),
    ("VA", "VA", _INSTANTANEOUS, PHASES, "VA"),
    ("VAv", "VA", _INSTANTANEOUS, PHASES, "VAv"),
    ("PF", "1", ("bi",), PHASES, None),
    ("PFv", "1", ("bi",), PHASES, None),
    ("Hz", "Hz", (), ("A",), None),
    ("Wh", "Wh", _INTEGRATED, PHASES, "W"),
    ("VARh", "varh", _INTEGRATED + _Q1_TO_Q4, PHASES, "VAR"),
    ("VAh", "VAh", _INTEGRATED, PHASES, "VA"),
    ("VAvh", "VAh", _INTEGRATED, PHASES, "VAv"),
)
INTEGRATED = ("Wh", "VARh", "VAh", "VAvh")


def _layout():
    starts, row = {}, 0
    for name, directions in BASE:
        starts[name] = row
        row += len(directions) * len(PHASES)
    for name in SQUARES:
        starts[name] = row
        row += 3
    return starts, row


BASE_START, ROWS = _layout()
FLOW_ROWS = BASE_START["V2"]


def _size(row):
    return max(1, len(row[2])) * len(row[3])


COUNT = sum(_size(row) for row in CATALOGUE)


def keys():
    """Yield every text key in the order of the indices."""
    for name, _, directions, phases, _ in CATALOGUE:
        for direction in directions or ("",):
            for phase in phases:
                yield ".".join([part for part in (name, direction, phase) if part])


def index(key):
    """Return the index of a text key. Raises KeyError that names it."""
    parts = key.split(".")
    start = 0
    for row in CATALOGUE:
        if row[0] == parts[0]:
            break
        start += _size(row)
    else:
        raise KeyError("unknown quantity: %s" % key)
    _, _, directions, phases, _ = row
    direction = parts[1] if directions and len(parts) > 1 else ""
    phase = parts[-1]
    if (
        len(parts) != (3 if directions else 2)
        or phase not in phases
        or (directions and direction not in directions)
    ):
        raise KeyError("unknown quantity: %s" % key)
    place = directions.index(direction) if directions else 0
    return start + place * len(phases) + phases.index(phase)


def describe(number):
    """Return (name, direction, phase, unit, flow) of an index; direction "" where there is none. KeyError if none."""
    place = number
    for row in CATALOGUE:
        name, unit, directions, phases, flow = row
        if 0 <= place < _size(row):
            direction = directions[place // len(phases)] if directions else ""
            return name, direction, phases[place % len(phases)], unit, flow
        place -= _size(row)
    raise KeyError("unknown quantity number: %s" % number)


def terms(flow, direction, phase):
    """Return the base rows that make up a direction of a flow: a tuple of (sign, row).

    flow: a name of BASE. direction: as in the catalogue. phase: of PHASES.
    """
    rule = (_QUADRANTS if flow == "VAR" else _DEL_REC)[direction]
    start = BASE_START[flow] + PHASES.index(phase)
    return tuple(
        (1 if rule[k] == "+" else -1, start + int(rule[k + 1]) * len(PHASES)) for k in range(0, len(rule), 2)
    )
