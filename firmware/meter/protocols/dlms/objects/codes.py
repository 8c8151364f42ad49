"""OBIS codes: which quantity a logical name A.B.C.D.E.255 stands for, and back. A row for each quantity and direction.

    D  E        kind            what
    7  0        NOW             instantaneous value; 7 0-6 of C = 81 angles, 7 124 distortion; 4 0 two averages
    8  0-8      TOTAL           energy since the beginning: the total, rates A to H
    4  0-8      DEMAND          demand: the last and the running one
    6  0-8      PEAK            peak demand
    29 0        CONSUMPTION     channel of a load profile: what was consumed in an interval
    27 0        AVERAGE         channel of a load profile: average over an interval; 24 124 distortion

Group C says which quantity, in which direction, on which phase; group B is 0, or what makes C unique.
Sources: the manual, Appendix D: Register Objects, Load Profile Objects, Table 2. Where it gives a code twice, VA
vectorial, absolute, polyphase has C = 190. Of the VA it exchanges net and absolute between energies and powers.
What it lists for load profiles only has, under D = 7, 8, 4 and 6, the same B and C here. Status inputs and pulse
counters (1.n.144.128, 1.n.82.128) are in the tables; this meter has none yet.
"""

from collections import namedtuple

from meter.compat import const

NOW = "now"
TOTAL = "total"
DEMAND = "demand"
PEAK = "peak"
CONSUMPTION = "consumption"
AVERAGE = "average"

# kind: of above. key: text key of the quantity. rate: 0 for the total, 1 to 8
Code = namedtuple("Code", ("kind", "key", "rate"))

INSTANT = const(1)  # of instantaneous values
INTEGRAL = const(2)  # of energies, whose name is that of the power and an h
BOTH = const(3)

_ABCP = ("A", "B", "C", "P")
_ABC_AVG = ("A", "B", "C", "avg")

# quantity, direction, of what, phases, B, their C. In instantaneous values "net" is called "bi".
FLOWS = (
    ("W", "del", BOTH, _ABCP, 0, (21, 41, 61, 1)),
    ("W", "rec", BOTH, _ABCP, 0, (22, 42, 62, 2)),
    ("W", "net", INTEGRAL, _ABCP, 0, (36, 56, 76, 16)),
    ("W", "net", INSTANT, _ABCP, 128, (21, 41, 61, 1)),
    ("W", "abs", BOTH, _ABCP, 0, (35, 55, 75, 15)),
    ("VAR", "del", BOTH, _ABCP, 0, (23, 43, 63, 3)),
    ("VAR", "rec", BOTH, _ABCP, 0, (24, 44, 64, 4)),
    ("VAR", "net", BOTH, _ABCP, 128, (23, 43, 63, 3)),
    ("VAR", "q1", BOTH, _ABCP, 0, (25, 45, 65, 5)),
    ("VAR", "q2", BOTH, _ABCP, 0, (26, 46, 66, 6)),
    ("VAR", "q3", BOTH, _ABCP, 0, (27, 47, 67, 7)),
    ("VAR", "q4", BOTH, _ABCP, 0, (28, 48, 68, 8)),
    ("VAR", "abs", BOTH, _ABCP, 128, (24, 44, 64, 4)),
    ("VA", "del", BOTH, _ABCP, 0, (29, 49, 69, 9)),
    ("VA", "rec", BOTH, _ABCP, 0, (30, 50, 70, 10)),
    ("VA", "net", INTEGRAL, _ABCP, 128, (29, 49, 69, 9)),
    ("VA", "net", INSTANT, _ABCP, 128, (30, 50, 70, 10)),
    ("VA", "abs", INTEGRAL, _ABCP, 128, (30, 50, 70, 10)),
    ("VA", "abs", INSTANT, _ABCP, 128, (29, 49, 69, 9)),
    ("VAv", "del", BOTH, _ABCP, 0, (128, 129, 130, 131)),
    ("VAv", "rec", BOTH, _ABCP, 0, (132, 133, 134, 135)),
    ("VAv", "net", BOTH, _ABCP, 0, (136, 137, 138, 139)),
    ("VAv", "abs", BOTH, _ABCP, 0, (140, 141, 142, 190)),
    ("Q", "del", BOTH, _ABCP, 0, (143, 144, 145, 146)),
    ("Q", "rec", BOTH, _ABCP, 0, (147, 148, 149, 150)),
    ("Q", "net", BOTH, _ABCP, 0, (151, 152, 153, 154)),
    ("Q", "abs", BOTH, _ABCP, 0, (155, 156, 157, 158)),
    ("A", "", BOTH, _ABCP, 0, (31, 51, 71, 90)),
    ("A", "", INSTANT, ("N",), 0, (91,)),
    ("A2", "", INSTANT, _ABCP + ("N",), 0, (175, 176, 177, 178, 179)),
    ("A2", "", INTEGRAL, ("A",), 128, (88,)),
    ("A2", "", INTEGRAL, ("B",), 129, (88,)),
    ("A2", "", INTEGRAL, ("C",), 130, (88,)),
    ("A2", "", INTEGRAL, ("P",), 0, (88,)),
    ("A2", "", INTEGRAL, ("avg",), 131, (88,)),
    ("V2", "", INSTANT, _ABC_AVG, 0, (180, 181, 182, 183)),
    ("V2", "", INTEGRAL, ("A",), 128, (89,)),
    ("V2", "", INTEGRAL, ("B",), 129, (89,)),
    ("V2", "", INTEGRAL, ("C",), 130, (89,)),
    ("V2", "", INTEGRAL, ("P",), 0, (89,)),
    ("PF", "bi", INSTANT, _ABCP, 0, (33, 53, 73, 13)),
    ("PF", "del", INSTANT, _ABCP, 128, (33, 53, 73, 13)),
    ("PF", "rec", INSTANT, _ABCP, 129, (33, 53, 73, 13)),
    ("PFv", "del", INSTANT, _ABCP, 0, (163, 164, 165, 166)),
    ("PFv", "rec", INSTANT, _ABCP, 0, (167, 168, 169, 170)),
    ("PFv", "bi", INSTANT, _ABCP, 0, (171, 172, 173, 174)),
    ("Hz", "", INSTANT, ("A",), 0, (34,)),
    ("VLL2", "", INSTANT, _ABC_AVG, 0, (184, 185, 186, 187)),
    ("UNBV", "", INSTANT, ("P",), 0, (188,)),
    ("UNBA", "", INSTANT, ("P",), 0, (189,)),
)

# Codes that are not the same for instantaneous values and for channels: kind, quantity, phase, B, C, D, E
SINGLE = tuple(
    [
        row
        for place, phase in enumerate("ABC")
        for row in (
            (NOW, "V", phase, 0, 32 + 20 * place, 7, 0),
            (NOW, "VLL", phase, 128, 32 + 20 * place, 7, 0),
            (AVERAGE, "V", phase, 0, 159 + place, 27, 0),
            (AVERAGE, "VLL", phase, 0, 32 + 20 * place, 27, 0),
            (NOW, "THDV", phase, 0, 32 + 20 * place, 7, 124),
            (NOW, "THDA", phase, 0, 31 + 20 * place, 7, 124),
            (AVERAGE, "THDV", phase, 0, 32 + 20 * place, 24, 124),
            (AVERAGE, "THDA", phase, 0, 31 + 20 * place, 24, 124),
            (NOW, "ANGV", phase, 0, 81, 7, place),
            (NOW, "ANGA", phase, 0, 81, 7, 4 + place),
        )
    ]
) + (
    (NOW, "V", "avg", 0, 12, 4, 0),
    (NOW, "A", "avg", 0, 90, 4, 0),
    (NOW, "VLL", "avg", 128, 12, 7, 0),
    (AVERAGE, "V", "avg", 0, 162, 27, 0),
    (AVERAGE, "VLL", "avg", 0, 12, 27, 0),
    (AVERAGE, "status.trigger", "", 0, 191, 27, 0),
    (AVERAGE, "status.system", "", 0, 192, 27, 0),
)  # fmt: skip

INPUTS = const(8)  # beginning with B = 1: C, D of a contact input, of a pulse counter
NUMBERED = (("contact", AVERAGE, 144, 128), ("pulse", CONSUMPTION, 82, 128))

# kind, D, of what, highest rate
_KINDS = (
    (NOW, 7, INSTANT, 0),
    (TOTAL, 8, INTEGRAL, 8),
    (DEMAND, 4, INSTANT, 8),
    (PEAK, 6, INSTANT, 8),
    (CONSUMPTION, 29, INTEGRAL, 0),
    (AVERAGE, 27, INSTANT, 0),
)


def name_of(code):
    """Return the logical name (6 bytes) of a Code, or None: it has none."""
    first, _, rest = code.key.partition(".")
    for kind, name, phase, b, c, d, e in SINGLE:
        if kind == code.kind and (name == first and phase == rest or name == code.key):
            return _ln(b, c, d, e)
    for name, kind, c, d in NUMBERED:
        if kind == code.kind and name == first:
            return _ln(int(rest), c, d, 0)
    _, d, wanted, _ = _kind(code.kind)
    direction, _, phase = rest.rpartition(".")
    if wanted == INTEGRAL and first.endswith("h"):
        first = first[:-1]
    for name, way, of, phases, b, cs in FLOWS:
        # The text is compared last: by then there are one or two of fifty rows left.
        if of & wanted and name == first and phase in phases and way in (direction, "net"):
            if _flow(name, way, phase, wanted) == code.key:
                return _given(_ln(b, cs[phases.index(phase)], d, code.rate), code)
    return None


def _given(ln, code):
    """Return the name, or None if the manual has given it to another one: the average current has that of a demand."""
    return ln if of_name(ln) == code else None


def of_name(ln):
    """Return the Code of a logical name (6 bytes), or None."""
    a, b, c, d, e, f = ln
    if a != 1 or f != 255:
        return None
    for kind, name, phase, *place in SINGLE:
        if place == [b, c, d, e]:
            return Code(kind, _key(name, "", phase), 0)
    for name, kind, *place in NUMBERED:
        if place == [c, d] and 1 <= b <= INPUTS and not e:
            return Code(kind, "%s.%d" % (name, b), 0)
    for kind, known, wanted, rates in _KINDS:
        if known == d and e <= rates:
            key = _flow_of(b, c, wanted)
            return key and Code(kind, key, e)
    return None


def _flow_of(b, c, wanted):
    for name, direction, of, phases, known, cs in FLOWS:
        if known == b and of & wanted and c in cs:
            return _flow(name, direction, phases[cs.index(c)], wanted)
    return None


def codes(kind):
    """Yield the Codes of a kind at rate 0, in the order of the tables; of DEMAND and PEAK those that are powers."""
    for known, name, phase, _, _, _, _ in SINGLE:
        if known == kind:
            yield Code(kind, _key(name, "", phase), 0)
    for name, known, _, _ in NUMBERED:
        if known == kind:
            for number in range(1, INPUTS + 1):
                yield Code(kind, "%s.%d" % (name, number), 0)
    wanted = _kind(kind)[2]
    for name, direction, of, phases, _, _ in FLOWS:
        if of & wanted:
            for phase in phases:
                yield Code(kind, _flow(name, direction, phase, wanted), 0)


def _kind(kind):
    for row in _KINDS:
        if row[0] == kind:
            return row
    raise KeyError(kind)


def _flow(name, direction, phase, of):
    """Return the text key of a row of FLOWS."""
    if of == INTEGRAL:
        return _key(name + "h", direction, phase)
    return _key(name, "bi" if direction == "net" else direction, phase)


def _key(name, direction, phase):
    return ".".join([part for part in (name, direction, phase) if part])


def _ln(b, c, d, e):
    return bytes((1, b, c, d, e, 255))
