"""The catalogue of quantities: what is measured, in which direction, on which phase. One list for the meter.

Text key: quantity[.direction][.phase], for people, files and protocols. Inside, a quantity is a small integer.

Everything that flows (power and its integral, energy) is booked, half cycle by half cycle, into rows: the
delivered and the received part, or the part in each quadrant. All other directions are sums of rows:
    bi = net = del - rec        abs = del + rec        VAR.del = q1 + q2        VAR.rec = q3 + q4
(delivered and received reactive energy as the manual's DLMS table has them: 3.8.0 = Q1 + Q2, 4.8.0 = Q3 + Q4).
The same rule serves power (row / duration) and energy (integer total), so they cannot disagree.
A name with c (Wc, Wch) is the loss-compensated twin: both exist at the same time.
Source: the manual's glossary, Meter Measurements and Measurement Formulas.
"""

PHASES = ("A", "B", "C", "P")
_DEL_REC = ("del", "rec")
_Q1_TO_Q4 = ("q1", "q2", "q3", "q4")

# Flows: name, directions that are booked. Rows of phases A, B, C, P for each direction.
FLOWS = (
    ("W", _DEL_REC),  # by the sign of W
    ("VAR", _Q1_TO_Q4),  # magnitude, by the signs of W and VAR
    ("VA", _DEL_REC),  # arithmetic, by the sign of W
    ("VAv", _DEL_REC),  # vectorial, by the sign of W
    ("Q", _DEL_REC),  # W / 2 + VAR * sqrt(3) / 2, by its own sign
    ("Wc", _DEL_REC),
    ("VARc", _Q1_TO_Q4),
    ("VAc", _DEL_REC),
    ("VAvc", _DEL_REC),
    ("Qc", _DEL_REC),
    ("VARf", _Q1_TO_Q4),  # of the fundamental
)
COMPENSATED = ("Wc", "VARc", "VAc", "VAvc", "Qc")  # rows that repeat those of W to Q

# Rows without direction: name, how many. Up to A2 they are also kept as totals (Ah, V2h, A2h).
PLAIN = (
    ("A", 3),  # RMS amperes
    ("V2", 3),  # mean squares
    ("A2", 3),
    ("N2", 1),  # neutral current, mean square
    ("VLL2", 3),  # AB, BC, CA, mean squares
    ("VF2", 3),  # fundamentals, mean squares
    ("AF2", 3),
    ("VP", 3),  # peaks in a cycle
    ("AP", 3),
    ("VR", 3),  # phasors of the fundamental, RMS: real and imaginary part, relative to the sample grid
    ("VI", 3),
    ("AR", 3),
    ("AI", 3),
    ("VH2", 3),  # mean squares without the fundamental: distortion, computed before rounding adds up
    ("AH2", 3),
    ("HVo", 3),  # sums of squares of harmonics, odd and even orders (see metrology.harmonics)
    ("HVe", 3),
    ("HAo", 3),
    ("HAe", 3),
    ("TDo", 3),
    ("TDe", 3),
    ("HS", 1),  # the part of the time for which harmonics are known
    ("VD", 3),  # means: what the channel's offset leaves
    ("AD", 3),
)

_ALL = ("del", "rec", "bi", "abs")
_TOTALS = ("del", "rec", "net", "abs")
_AVERAGES = PHASES + ("avg",)
_ABC = ("A", "B", "C")
_P = ("P",)

# name, unit, directions, phases, the rows it comes from ("" if computed from several: see metrology.values)
CATALOGUE = (
    ("V", "V", (), _AVERAGES, ""),
    ("VLL", "V", (), _AVERAGES, ""),
    ("A", "A", (), PHASES + ("N", "avg"), ""),
    ("W", "W", _ALL, PHASES, "W"),
    ("VAR", "var", _ALL + _Q1_TO_Q4, PHASES, "VAR"),
    ("VA", "VA", _ALL, PHASES, "VA"),
    ("VAv", "VA", _ALL, PHASES, "VAv"),
    ("Q", "var", _ALL, PHASES, "Q"),
    ("PF", "1", _ALL, PHASES, ""),
    ("PFv", "1", _ALL, PHASES, ""),
    ("Hz", "Hz", (), ("A",), ""),
    ("V2", "V2", (), _AVERAGES, ""),
    ("VLL2", "V2", (), _AVERAGES, ""),
    ("A2", "A2", (), _AVERAGES, ""),
    ("THDV", "%", (), PHASES, ""),
    ("THDA", "%", (), PHASES, ""),
    ("THDVh", "%", (), _ABC, ""),
    ("THDVo", "%", (), _ABC, ""),
    ("THDVe", "%", (), _ABC, ""),
    ("THDAh", "%", (), _ABC, ""),
    ("THDAo", "%", (), _ABC, ""),
    ("THDAe", "%", (), _ABC, ""),
    ("TDD", "%", (), _ABC, ""),
    ("TDDo", "%", (), _ABC, ""),
    ("TDDe", "%", (), _ABC, ""),
    ("UNBV", "%", (), _P, ""),
    ("UNBA", "%", (), _P, ""),
    ("UV2", "%", (), _P, ""),
    ("UV0", "%", (), _P, ""),
    ("UA2", "%", (), _P, ""),
    ("UA0", "%", (), _P, ""),
    ("VARf", "var", _ALL + _Q1_TO_Q4, PHASES, "VARf"),
    ("VF", "V", (), _ABC, ""),
    ("AF", "A", (), _ABC, ""),
    ("ANGV", "deg", (), _ABC, ""),
    ("ANGA", "deg", (), _ABC, ""),
    ("CFV", "1", (), _ABC, ""),
    ("CFA", "1", (), _ABC, ""),
    ("V0", "V", (), _P, ""),
    ("V1", "V", (), _P, ""),
    ("V2s", "V", (), _P, ""),
    ("A0", "A", (), _P, ""),
    ("A1", "A", (), _P, ""),
    ("A2s", "A", (), _P, ""),
    ("ANGV0", "deg", (), _P, ""),
    ("ANGV1", "deg", (), _P, ""),
    ("ANGV2s", "deg", (), _P, ""),
    ("ANGA0", "deg", (), _P, ""),
    ("ANGA1", "deg", (), _P, ""),
    ("ANGA2s", "deg", (), _P, ""),
    ("Wc", "W", _ALL, PHASES, "Wc"),
    ("VARc", "var", _ALL + _Q1_TO_Q4, PHASES, "VARc"),
    ("VAc", "VA", _ALL, PHASES, "VAc"),
    ("VAvc", "VA", _ALL, PHASES, "VAvc"),
    ("Qc", "var", _ALL, PHASES, "Qc"),
    ("PFc", "1", _ALL, PHASES, ""),
    ("PFvc", "1", _ALL, PHASES, ""),
    ("Wh", "Wh", _TOTALS, PHASES, "W"),
    ("VARh", "varh", _TOTALS + _Q1_TO_Q4, PHASES, "VAR"),
    ("VAh", "VAh", _TOTALS, PHASES, "VA"),
    ("VAvh", "VAh", _TOTALS, PHASES, "VAv"),
    ("Qh", "varh", _TOTALS, PHASES, "Q"),
    ("VARfh", "varh", _TOTALS + _Q1_TO_Q4, PHASES, "VARf"),
    ("Ah", "Ah", (), _AVERAGES, "A"),
    ("V2h", "V2h", (), _AVERAGES, "V2"),
    ("A2h", "A2h", (), _AVERAGES, "A2"),
    ("Wch", "Wh", _TOTALS, PHASES, "Wc"),
    ("VARch", "varh", _TOTALS + _Q1_TO_Q4, PHASES, "VARc"),
    ("VAch", "VAh", _TOTALS, PHASES, "VAc"),
    ("VAvch", "VAh", _TOTALS, PHASES, "VAvc"),
    ("Qch", "varh", _TOTALS, PHASES, "Qc"),
)
INTEGRATED = tuple(row[0] for row in CATALOGUE if row[1].endswith("h"))

# direction: (sign, place of the booked direction), ...
_RULES = (
    {
        "del": ((1, 0),),
        "rec": ((1, 1),),
        "bi": ((1, 0), (-1, 1)),
        "net": ((1, 0), (-1, 1)),
        "abs": ((1, 0), (1, 1)),
    },
    {
        "q1": ((1, 0),),
        "q2": ((1, 1),),
        "q3": ((1, 2),),
        "q4": ((1, 3),),
        "del": ((1, 0), (1, 1)),
        "rec": ((1, 2), (1, 3)),
        "bi": ((1, 0), (1, 1), (-1, 2), (-1, 3)),
        "net": ((1, 0), (1, 1), (-1, 2), (-1, 3)),
        "abs": ((1, 0), (1, 1), (1, 2), (1, 3)),
    },
)


def _layout():
    starts, row = {}, 0
    for name, directions in FLOWS:
        starts[name] = row
        row += len(directions) * len(PHASES)
    flows = row
    for name, count in PLAIN:
        starts[name] = row
        row += count
    return starts, flows, row


START, FLOW_ROWS, ROWS = _layout()
TOTAL_ROWS = START["N2"]  # the rows before are kept as totals
_QUADRANT_FLOWS = tuple(name for name, directions in FLOWS if directions == _Q1_TO_Q4)


def _size(row):
    return max(1, len(row[2])) * len(row[3])


def _starts():
    starts = [0]
    for row in CATALOGUE:
        starts.append(starts[-1] + _size(row))
    return tuple(starts)


_STARTS = _starts()  # index of the first quantity of each row of the catalogue, and behind the last
COUNT = _STARTS[-1]
_PLACES = {row[0]: place for place, row in enumerate(CATALOGUE)}


def keys():
    """Yield every text key in the order of the indices."""
    for name, _, directions, phases, _ in CATALOGUE:
        for direction in directions or ("",):
            for phase in phases:
                yield ".".join([part for part in (name, direction, phase) if part])


def index(key):
    """Return the index of a text key. Raises KeyError that names it."""
    parts = key.split(".")
    row = _PLACES.get(parts[0])
    if row is not None:
        directions, phases = CATALOGUE[row][2:4]
        wanted = 3 if directions else 2
        if len(parts) == wanted and parts[-1] in phases and (not directions or parts[1] in directions):
            place = directions.index(parts[1]) if directions else 0
            return _STARTS[row] + place * len(phases) + phases.index(parts[-1])
    raise KeyError("unknown quantity: %s" % key)


def describe(number):
    """Return (name, direction, phase, unit, rows) of an index; direction "" where there is none.

    KeyError if there is no such index.
    """
    if not 0 <= number < COUNT:
        raise KeyError("unknown quantity number: %s" % number)
    low, high = 0, len(CATALOGUE)
    while high - low > 1:
        middle = (low + high) // 2
        if _STARTS[middle] <= number:
            low = middle
        else:
            high = middle
    name, unit, directions, phases, source = CATALOGUE[low]
    place = number - _STARTS[low]
    direction = directions[place // len(phases)] if directions else ""
    return name, direction, phases[place % len(phases)], unit, source


def terms(source, direction, phase):
    """Return what a quantity is made of: (divisor, ((sign, row), ...)).

    source: a name of FLOWS or PLAIN. direction, phase: as in the catalogue. divisor: 3 for an average, else 1.
    """
    start = START[source]
    if start >= FLOW_ROWS:
        rows = (_ABC.index(phase),) if phase in _ABC else (0, 1, 2)
        return (3 if phase == "avg" else 1), tuple((1, start + row) for row in rows)
    rule = _RULES[source in _QUADRANT_FLOWS][direction]
    place = START[source] + PHASES.index(phase)
    return 1, tuple((sign, place + which * len(PHASES)) for sign, which in rule)
