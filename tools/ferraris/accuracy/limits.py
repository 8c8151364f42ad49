"""The tables of limits, as the manual (Specifications, Accuracy) and the standards print them. Percent of reading.

Currents are the lowest of a band; a band ends where the next begins, the first with 1.1 times the class current.
The two columns are power factor 1 (for vars 0) and 0.5 lag. Power factors that a table has no column for are tested
against that of 0.5; below 0.5 the manual adds 0.002 % a unit of power factor (MET-22).
Marks of the standards' values: R read in a source, K from memory, to be checked against the text (docs/accuracy.md).
"""

from typing import NamedTuple

Bands = tuple[tuple[float, float, float], ...]  # lowest current A, limit at 1 (0), limit at 0.5 lag

# quantities, class 10 and 20, class 2
MANUAL_ENERGY: tuple[tuple[tuple[str, ...], Bands, Bands], ...] = (
    (
        ("Wh",),
        ((0.5, 0.05, 0.07), (0.1, 0.15, 0.2), (0.05, 0.2, 0.35)),
        ((0.1, 0.1, 0.2), (0.05, 0.2, 0.3), (0.015, 0.4, 0.6)),
    ),
    (
        ("VARh", "VAh", "VAvh", "Qh"),
        ((0.2, 0.1, 0.15), (0.1, 0.2, 0.25), (0.05, 0.3, 0.35)),
        ((0.1, 0.15, 0.2), (0.025, 0.4, 0.5), (0.01, 0.8, 0.9)),
    ),
)
MANUAL_INSTANTANEOUS: tuple[tuple[tuple[str, ...], Bands, Bands], ...] = (
    (
        ("W",),
        ((0.5, 0.1, 0.12), (0.1, 0.2, 0.25), (0.05, 0.25, 0.4)),
        ((0.1, 0.15, 0.25), (0.05, 0.25, 0.35), (0.015, 0.45, 0.65)),
    ),
    (
        ("VAR", "VA", "VAv", "Q"),
        ((0.2, 0.15, 0.2), (0.1, 0.25, 0.3), (0.05, 0.35, 0.4)),
        ((0.1, 0.2, 0.25), (0.025, 0.45, 0.55), (0.01, 0.85, 0.95)),
    ),
)
# without a power factor
MANUAL_CURRENTS: tuple[tuple[tuple[str, ...], Bands, Bands], ...] = (
    (("V2h",), ((0.0, 0.1, 0.1),), ((0.0, 0.1, 0.1),)),
    (("A2h", "A2"), ((0.3, 0.5, 0.5), (0.1, 2.0, 2.0)), ((0.03, 0.5, 0.5), (0.01, 2.0, 2.0))),
    (("Ah",), ((0.3, 0.1, 0.1), (0.1, 0.2, 0.2)), ((0.1, 0.3, 0.3), (0.01, 2.0, 2.0))),
    (("A",), ((0.15, 0.4, 0.4),), ((0.025, 0.4, 0.4),)),
)
AMPS_READING, AMPS_CLASS = 0.04, 0.025  # of reading, plus of the class current; from 0 A
VOLTS, VOLTS_SQUARED = 0.04, 0.15
HERTZ = 0.001
POWER_FACTOR = 0.002  # percent of 1, times full scale over volt-amperes; a system: x2 form 5, x3 form 9
THD = 0.5
BELOW_HALF = 0.002  # percent a unit of power factor below 0.5
# compensated quantities: from this current the first allowance, below it the second
COMPENSATED = {10: (0.3, 0.05, 0.1), 20: (0.3, 0.05, 0.1), 2: (0.03, 0.05, 0.1)}
PER_KELVIN = 0.005  # 50 ppm, the manual


class Band(NamedTuple):
    """A row of a standard's table. low: times In. mark: R or K."""

    section: str
    key: str
    loads: tuple[str, ...]
    low: float
    limit: float
    mark: str


_HALF, _QUARTER = ("PF 0.5 lag", "PF 0.8 lead"), ("PF 0.25 lag", "PF 0.5 lead")
S02, S05, S01 = "IEC 62053-22 class 0.2S", "IEC 62053-22 class 0.5S", "IEC 62053-22 class 0.1S"
REACTIVE, MID = "IEC 62053-24 class 0.5S", "MID class C"
STANDARDS = (
    Band(S02, "Wh.del", ("PF 1",), 0.01, 0.4, "K"),
    Band(S02, "Wh.del", ("PF 1",), 0.05, 0.2, "K"),
    Band(S02, "Wh.del", _HALF, 0.02, 0.5, "K"),
    Band(S02, "Wh.del", _HALF, 0.1, 0.3, "K"),
    Band(S02, "Wh.del", _QUARTER, 0.1, 0.5, "K"),
    Band(S05, "Wh.del", ("PF 1",), 0.01, 1.0, "R"),
    Band(S05, "Wh.del", ("PF 1",), 0.05, 0.5, "R"),
    Band(S05, "Wh.del", _HALF, 0.02, 1.0, "R"),
    Band(S05, "Wh.del", _HALF, 0.1, 0.6, "R"),
    Band(S05, "Wh.del", _QUARTER, 0.1, 1.0, "K"),
    Band(S01, "Wh.del", ("PF 1",), 0.01, 0.2, "K"),
    Band(S01, "Wh.del", ("PF 1",), 0.05, 0.1, "K"),
    Band(S01, "Wh.del", _HALF, 0.02, 0.25, "K"),
    Band(S01, "Wh.del", _HALF, 0.1, 0.15, "K"),
    Band(MID, "Wh.del", ("PF 1", *_HALF), 0.01, 1.0, "R"),
    Band(MID, "Wh.del", ("PF 1", *_HALF), 0.05, 0.7, "R"),
    Band(REACTIVE, "VARfh.del", ("sin 1",), 0.01, 1.0, "K"),
    Band(REACTIVE, "VARfh.del", ("sin 1",), 0.05, 0.5, "K"),
    Band(REACTIVE, "VARfh.del", ("sin 0.5",), 0.05, 1.0, "K"),
    Band(REACTIVE, "VARfh.del", ("sin 0.5",), 0.1, 0.5, "K"),
    Band(REACTIVE, "VARfh.del", ("sin 0.25",), 0.1, 1.0, "K"),
)
SINGLE_PHASE = (("PF 1", 0.05, 0.3), ("PF 0.5 lag", 0.1, 0.4))  # load, from times In, limit; class 0.2S, K
SINGLE_AGAINST_BALANCED = 0.4  # difference at In, power factor 1; class 0.2S, K
STARTING = {2: 0.001, 10: 0.002, 20: 0.002}  # A, the manual
STARTING_IN = 0.001  # times In, classes 0.2S and 0.5S, K
STARTING_LIMIT = 33.0  # the second pulse within 1.5 times the expected time, K


def limit_at(amps: float, bands: Bands, column: int) -> float | None:
    """Return the limit for a current, None below the lowest band. column: 0 or 1."""
    for low, *limits in bands:
        if amps >= low * (1 - 1e-9):
            return limits[column]
    return None
