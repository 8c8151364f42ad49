"""The true values of a signal, in closed form: sums over the products of its phasors. No code of the meter is used.

    W = sum of V I cos    VAR = sum of V I cos with the voltage a quarter of the fundamental's period earlier
    VARf: the fundamental's part of VAR    VA = V I of RMS values    VAv = sqrt(W2 + VAR2)    Q = W/2 + VAR sqrt(3)/2
Source: the manual's Measurement Formulas; loss compensation as in its Specifications.
"""

from cmath import rect
from collections.abc import Callable, Sequence
from math import radians, sqrt
from typing import NamedTuple

from ferraris.accuracy.signals import BURST, Series, Signal, shape

PHASES = "ABC"
ROOT3 = sqrt(3.0)


class System(NamedTuple):
    """What the meter is set to, as far as values depend on it.

    line_to_line    two elements on line-to-line voltages: volt-amperes of the whole are sqrt(3)/2 of their sum
    loss            percent of volts x amps: line W, copper W, copper var, iron W, iron var
    """

    line_to_line: bool = False
    loss: tuple[float, ...] = (0.0,) * 5
    volts: float = 120.0
    amps: float = 10.0


class Element(NamedTuple):
    """Mean values of one element; vf2, if2 and varf of the fundamental alone."""

    v2: float
    i2: float
    vf2: float
    if2: float
    amps: float
    w: float
    var: float
    varf: float
    va: float


class Values:
    """All values of a signal."""

    def __init__(self, signal: Signal, system: System) -> None:
        self._hz, self._line_to_line = signal.hz, system.line_to_line
        self._elements = [_element(signal, p) for p in range(3)]
        self._compensated = [_with_losses(element, system) for element in self._elements]

    def value(self, key: str) -> float:
        """Return the true value for one of the meter's text keys; of an integrated quantity, its growth in an hour."""
        name, *direction, phase = key.split(".")
        if name == "Hz":
            return self._hz
        compensated = name in ("Wch", "VARch", "VAch", "VAvch", "Qch", "Wc", "VARc", "VAc", "VAvc", "Qc")
        elements = self._compensated if compensated else self._elements
        chosen = elements if phase == "P" else [elements[PHASES.index(phase)]]
        if not direction:
            return _PLAIN[name](chosen)
        overlap = ROOT3 / 2 if phase == "P" and self._line_to_line else 1.0
        return _directed(name.removesuffix("h").removesuffix("c"), direction[0], chosen, overlap)


def _element(signal: Signal, p: int) -> Element:
    volts, amps = shape(signal.shape)
    v = _phasors(signal.volts[p], signal.angles[p], volts)
    i = _phasors(signal.amps[p], signal.angles[p] - signal.lag[p], amps)
    on = BURST[0] / sum(BURST) if signal.shape == "burst" else 1.0
    products = {h: v[h] * i[h].conjugate() for h in v if h in i}
    v2, i2 = (sum(abs(x) ** 2 for x in phasors.values()) for phasors in (v, i))
    return Element(
        v2=v2,
        i2=i2 * on,
        vf2=abs(v[1]) ** 2,
        if2=abs(i[1]) ** 2 * on,
        amps=sqrt(i2) * on,
        w=sum(s.real for s in products.values()) * on,
        # v(t - T/4): the phasor of order h turns back by h quarters
        var=sum((s * (-1j) ** h).real for h, s in products.items()) * on,
        varf=products[1].imag * on,
        va=sqrt(v2 * i2) * on,
    )


def _phasors(rms: float, degrees: float, series: Series) -> dict[int, complex]:
    """Return the RMS phasor of each order; that of order 0 is DC, without an angle."""
    return {
        order: rect(rms * part, radians(order * degrees + turned) if order else 0.0)
        for order, part, turned in series
    }


def _with_losses(element: Element, system: System) -> Element:
    line, copper_w, copper_var, iron_w, iron_var = system.loss
    full = system.volts * system.amps / 100
    current, voltage = element.i2 / system.amps**2, element.v2 / system.volts**2
    w = element.w + full * ((line + copper_w) * current + iron_w * voltage)
    var = element.var + full * (copper_var * current + iron_var * voltage**2)
    distortion = max(0.0, element.va**2 - element.w**2 - element.var**2)
    return element._replace(w=w, var=var, va=sqrt(w * w + var * var + distortion))


def _directed(name: str, direction: str, chosen: Sequence[Element], overlap: float) -> float:
    w, var, va = (sum(getattr(e, field) for e in chosen) for field in ("w", "var", "va"))
    va *= overlap
    vector = sqrt(w * w + var * var)
    if name in ("PF", "PFv"):
        sign = -1.0 if direction != "abs" and w * var < 0 else 1.0
        return sign * abs(w) / (va if name == "PF" else vector)
    if name in ("VAR", "VARf"):
        return _quadrants(var if name == "VAR" else sum(e.varf for e in chosen), w, direction)
    sign = 1.0 if w >= 0 else -1.0
    amount = {"W": w, "VA": sign * va, "VAv": sign * vector, "Q": w / 2 + var * ROOT3 / 2}[name]
    if direction in ("bi", "net"):
        return amount
    return abs(amount) if {"del": amount >= 0, "rec": amount < 0, "abs": True}[direction] else 0.0


def _quadrants(var: float, w: float, direction: str) -> float:
    if direction in ("bi", "net"):
        return var
    quadrant = ("q1" if w >= 0 else "q2") if var >= 0 else ("q4" if w >= 0 else "q3")
    held = {"del": ("q1", "q2"), "rec": ("q3", "q4"), "abs": (quadrant,)}
    return abs(var) if quadrant in held.get(direction, (direction,)) else 0.0


def _sum(field: str) -> Callable[[Sequence[Element]], float]:
    return lambda chosen: float(sum(getattr(element, field) for element in chosen))


def _root(field: str) -> Callable[[Sequence[Element]], float]:
    return lambda chosen: sqrt(_sum(field)(chosen))


def _distortion(total: str, fundamental: str) -> Callable[[Sequence[Element]], float]:
    return lambda chosen: 100 * sqrt(_sum(total)(chosen) / _sum(fundamental)(chosen) - 1)


# Without direction. The polyphase volts and amperes are roots of the sum of squares, as the meter's catalogue has it.
_PLAIN = {
    "V": _root("v2"),
    "A": _root("i2"),
    "V2": _sum("v2"),
    "A2": _sum("i2"),
    "V2h": _sum("v2"),
    "A2h": _sum("i2"),
    "Ah": _sum("amps"),
    "THDV": _distortion("v2", "vf2"),
    "THDA": _distortion("i2", "if2"),
}
