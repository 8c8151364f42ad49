"""Random valid documents, for Hypothesis: each setting as its row of FIELDS allows it, in agreement with the others."""

from math import ceil, floor

from hypothesis import strategies as st
from meter.config.push_fields import EVENTS
from meter.config.schema import FIELDS
from meter.registers import demand
from meter.registers.definition import KINDS, LISTS, RATE_NAMES, STORAGES

KEYS = ("Wh.del.P", "Wh.rec.A", "VARh.q1.P", "VAh.del.B", "V.A", "A.C", "W.del.P", "PF.bi.P", "Hz.A")
DEMANDED = ("W.del.P", "W.rec.P", "VAR.del.P", "VA.del.P", "A.A")
LETTERS = [chr(k) for k in range(32, 127) if chr(k) not in "()/!*"]
PAIRS = [
    (a, b) for a in demand.INTERVALS_MIN for b in demand.INTERVALS_MIN if not list(demand.problems(a, b))
]
# kind of register: quantities that it can have
QUANTITIES = {
    "consumption": ("Wh.del.P", "VARh.rec.B", "VAh.del.P"), "instantaneous": ("V.A", "A.B"), "minimum": ("V.A",),
    "maximum": ("A.A",), "average": ("V.A",), "average PF": ("PF.bi.P",), "thermal demand": ("W.del.P",),
    "time": ("present time", "last freeze"), "status": ("meter ID", "rate"),
}  # fmt: skip


def numbers(low, high):
    """Return numbers within limits that a document can hold and a Pico can keep."""
    return st.integers(ceil(low * 1000), floor(high * 1000)).map(
        lambda x: x / 1000 if x % 1000 else x // 1000
    )


def _value(kind, allowed):
    if kind == "text":
        return st.text(LETTERS, min_size=allowed[0], max_size=allowed[1])
    if kind == "integer":
        return st.integers(*allowed)
    if kind == "number":
        return numbers(*allowed)
    if kind == "choice":
        return st.sampled_from(allowed)
    if kind == "flag":
        return st.booleans()
    if kind == "numbers":
        return st.lists(numbers(*allowed[1:]), min_size=allowed[0], max_size=allowed[0])
    if kind == "quantities":
        return st.lists(st.sampled_from(KEYS), min_size=allowed[0], max_size=allowed[1])
    if kind == "points":
        point = st.tuples(*[st.integers(-1000, 1000)] * allowed[1]).map(list)
        return st.lists(point, max_size=allowed[0], unique_by=lambda point: point[0]).map(sorted)
    if kind == "zone":
        return st.sampled_from(
            ("UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0", "<+0530>-5:30")
        )
    if kind == "triggers":
        return st.lists(st.integers(1, 16), max_size=4, unique=True).map(
            lambda bits: [f"{k}: V.A < {k}" for k in bits]
        )
    if kind == "attributes":
        return st.lists(
            st.sampled_from(("3/1.0.1.8.0.255/2", "8/0.0.1.0.0.255/2", "65535/1.0.1.8.0.255/127"))
        )
    if kind == "windows":
        return st.lists(st.sampled_from(("00:00-06:00", "22:00-06:00")), max_size=4)
    if kind == "events":
        return st.lists(st.sampled_from(EVENTS), max_size=4)
    if kind == "time":
        return st.tuples(st.integers(0, 23), st.integers(0, 59)).map(
            lambda time: f"{time[0]:02d}:{time[1]:02d}"
        )
    return None


@st.composite
def registers(draw, name):
    """Return one list of registers."""
    _, first, last = [row for row in LISTS if row[0] == name][0]
    found = []
    for number in draw(st.lists(st.integers(first, last), max_size=5, unique=True)):
        kind, _, has_rate, storages = draw(st.sampled_from(KINDS))
        keys = QUANTITIES.get(kind, DEMANDED)
        one = {"id": number, "kind": kind, "quantity": draw(st.sampled_from(keys))}
        if kind == "coincident demand":
            one["peak"] = draw(st.sampled_from(DEMANDED))
        if has_rate and draw(st.booleans()):
            one["rate"] = draw(st.sampled_from(RATE_NAMES))
        if draw(st.booleans()):
            one["storage"] = draw(st.sampled_from(STORAGES[:storages]))[0]
        if draw(st.booleans()):
            one["digits"] = draw(st.integers(7, 9))
            one["decimals"] = draw(st.integers(0, 5))
            one["label"] = draw(st.text(max_size=8))
        found.append(one)
    return found


TOU = (
    {},
    {"days": [["all", "all", "00:00 A"]]},
    {
        "seasons": ["04-01", "10-01"],
        "days": [["1-2", "all", "00:00 A, 08:00 B"], ["2", "Sat Sun", "00:00 C"]],
    },
    {"days": [["all", "all", "00:00 A, 06:00 B, 22:00 A"]], "holidays": ["2026-12-25", "2026-01-01 H2"]},
)


@st.composite
def valid_documents(draw, most=12):
    """Return a valid document of the present version, with up to so many settings."""
    chosen = draw(st.lists(st.sampled_from(FIELDS), max_size=most, unique_by=lambda field: field[0]))
    leaves = {}
    for path, kind, _, allowed, _, _ in chosen:
        if kind == "registers":
            leaves[path] = draw(registers(path.split(".")[1]))
        elif path in ("demand.interval", "demand.subinterval"):
            leaves["demand.interval"], leaves["demand.subinterval"] = draw(st.sampled_from(PAIRS))
        elif path.endswith("load_profile.km") or path.endswith("load_profile_2.km"):
            count = draw(st.integers(1, 16))
            section = path.split(".")[0]
            keys, km = st.sampled_from(KEYS), st.integers(1, 1000)
            leaves[section + ".channels"] = draw(st.lists(keys, min_size=count, max_size=count))
            leaves[path] = draw(st.lists(km, min_size=count, max_size=count))
        elif not path.startswith("tou.") and path not in leaves:
            leaves[path] = draw(_value(kind, allowed))
    for section in ("load_profile", "load_profile_2"):
        if len(leaves.get(section + ".km", ())) not in (0, len(leaves.get(section + ".channels", ()))):
            leaves[section + ".km"] = []
    if any(path.startswith(("registers.", "load_profile.")) for path in leaves):
        leaves.pop("meter.mid", None)  # which has lists of its own
    ratios = [path for path in leaves if path.startswith(("service.pt", "service.ct", "service.transformer"))]
    for path in ratios:  # counts must stay larger than what the meter counts in
        leaves[path] = draw(st.sampled_from((0.5, 1, 2, 5.0)))
    for port in ("rs485", "rs485_2"):
        if leaves.get(f"ports.{port}.baud", 0) > 19200:  # IEC 62056-21 has no characters for these
            leaves[f"ports.{port}.protocol"] = "dlms"
    for port in ("optical", "rs485", "rs485_2"):
        if leaves.get(f"ports.{port}.baud") == 300:  # mode B begins at 600
            leaves[f"ports.{port}.mode"] = "C"
    document = {"version": 2}
    tou = draw(st.sampled_from(TOU))
    if tou:
        document["tou"] = tou
    for path, value in leaves.items():
        node, names = document, path.split(".")
        for name in names[:-1]:
            node = node.setdefault(name, {})
        node[names[-1]] = value
    return document
