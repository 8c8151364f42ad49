"""Triggers: the conditions that set the status word's trigger bits, as rows that a person can read.

    7: V.A < 0.4 Vn and A.A > 0.05 In        the number of the bit, then one condition or several that must all hold

A condition is QUANTITY < LIMIT, QUANTITY > LIMIT, QUANTITY outside LOW HIGH, or input NUMBER. A limit in Vn or In is a
part of the nominal voltage or current; without, it is in the quantity's (secondary) unit. Quantities are the
instantaneous ones of the catalogue, and two of the manual's table:

    rotation.V, rotation.A      by how many degrees, 0 to 360, a phase lags the one before it: of A to B, B to C, C to A
                                the one farthest from 120. Two phases that are swapped are 240 degrees apart
    unbalance.V, unbalance.A    the largest deviation from the mean of the phases, in V or A

What a connection does not have is never out of limits. Source: the manual, Status Word, Trigger Bit.
"""

from math import atan2, pi, sqrt

from meter.compat import const
from meter.metrology.values import reader
from meter.quantities import INTEGRATED, START, describe, index

BITS = const(16)
# The manual's table. Its bit 9 has I2: a slip, phase C belongs to phase C.
DEFAULTS = (
    "1: V.A < 0.4 Vn",
    "2: V.B < 0.4 Vn",
    "3: V.C < 0.4 Vn",
    "4: A.A > 1.3 In",
    "5: A.B > 1.3 In",
    "6: A.C > 1.3 In",
    "7: V.A < 0.4 Vn and A.A > 0.05 In",
    "8: V.B < 0.4 Vn and A.B > 0.05 In",
    "9: V.C < 0.4 Vn and A.C > 0.05 In",
    "10: rotation.V outside 90 150",
    "11: rotation.A outside 60 180",
    "12: unbalance.V > 0.05 Vn",
    "13: unbalance.A > 0.05 In",
    "14: input 1",
    "15: input 2",
)
# name, unit, the nominal value that limits may be parts of
_SPECIAL = (("rotation.V", "deg"), ("rotation.A", "deg"), ("unbalance.V", "V"), ("unbalance.A", "A"))
_NOMINAL = (("Vn", "V"), ("In", "A"))
_NO_LIMIT = float("inf")
# A phase that is nearly missing has no angle; parts of nominal: the manual's limits for lost and for with current.
_ANGLE_FROM = {"V": 0.4, "A": 0.05}
_DELTA = "4-wire delta"  # its phase voltages are 90 and 180 degrees apart, and differ


def parse(row):
    """Return (bit, text, conditions) of a row. ValueError says what is wrong with it.

    bit         1 to 16
    conditions  tuple of (key, low, high, nominal): out of limits is below low or above high, in the unit nominal ("Vn",
                "In", or "" for the quantity's own). key None: a digital input.
    """
    if not isinstance(row, str) or ":" not in row:
        raise ValueError("a trigger is a text such as 1: V.A < 0.4 Vn")
    number, text = [part.strip() for part in row.split(":", 1)]
    if not number.isdigit() or len(number) > 2 or not 1 <= int(number) <= BITS:
        raise ValueError("%s: no bit from 1 to %d" % (number[:20], BITS))
    try:
        return int(number), text, tuple([_condition(part.split()) for part in text.split(" and ")])
    except ValueError as error:
        raise ValueError("bit %s: %s" % (number, error))


def parse_all(rows):
    """Return a tuple of parse() of each row. ValueError if one is wrong, or a bit is there twice."""
    if not isinstance(rows, (list, tuple)) or len(rows) > BITS:
        raise ValueError("up to %d rows" % BITS)
    found = [parse(row) for row in rows]
    for place, one in enumerate(found):
        if one[0] in [other[0] for other in found[:place]]:
            raise ValueError("bit %d is there twice" % one[0])
    return tuple(found)


def _condition(words):
    if len(words) == 2 and words[0] == "input":
        if not words[1].isdigit():
            raise ValueError("no input %s" % words[1][:20])
        return None, 0.0, 0.0, ""
    if len(words) == 4 and words[1] == "outside":
        low, high, nominal = _number(words[2]), _number(words[3]), ""
        if low >= high:
            raise ValueError("outside %s %s: the lower limit comes first" % (words[2][:20], words[3][:20]))
    elif len(words) in (3, 4) and words[1] in ("<", ">"):
        limit, nominal = _number(words[2]), (words + [""])[3]
        low, high = (limit, _NO_LIMIT) if words[1] == "<" else (-_NO_LIMIT, limit)
    else:
        raise ValueError("%s is no condition such as V.A < 0.4 Vn" % (" ".join(words)[:40] or "nothing"))
    unit = _unit(words[0])
    if nominal and (nominal, unit) not in _NOMINAL:
        raise ValueError("%s is in %s: its limit cannot be in %s" % (words[0], unit, nominal[:20]))
    return words[0], low, high, nominal


def _number(word):
    try:
        number = float(word)
    except ValueError:
        number = None
    if number is None or not -1e9 < number < 1e9:
        raise ValueError("%s is no number" % word[:20])
    return number


def _unit(key):
    for name, unit in _SPECIAL:
        if key == name:
            return unit
    try:
        name, _, _, unit, _ = describe(index(key))
    except KeyError:
        raise ValueError("no quantity %s" % key[:40])
    if name in INTEGRATED:
        raise ValueError("%s is no instantaneous quantity" % key)
    return unit


class Triggers:
    """Which bits' conditions hold.

    rows        of settings, as parse() has them
    volts       nominal voltage, amperes    nominal current
    connection  Connection

    names       bit (0 to 15): its condition as text
    """

    def __init__(self, rows, volts, amperes, connection):
        self._connection = connection
        self._nominal = {"": 1.0, "Vn": volts, "In": amperes}
        self._keys = []
        self._readers = []
        self._rules = []  # (mask, ((place of the reader, low, high), ...))
        self._values = []
        self.names = {}
        for bit, text, conditions in parse_all(rows):
            self.names[bit - 1] = text
            rule = tuple([self._rule(condition) for condition in conditions])
            if all(rule):
                self._rules.append((1 << bit - 1, rule))

    def _rule(self, condition):
        key, low, high, nominal = condition
        if key is None or not _is_there(key, self._connection):
            return None
        if key not in self._keys:
            self._keys.append(key)
            self._readers.append(self._reader(key))
        factor = self._nominal[nominal]
        return self._keys.index(key), low * factor, high * factor

    def _reader(self, key):
        kind = key.split(".")[-1]
        if key.startswith("rotation."):
            nominal = self._nominal["Vn" if kind == "V" else "In"]
            return _rotation(kind, _places(kind, self._connection), nominal * _ANGLE_FROM[kind])
        if key.startswith("unbalance."):
            if kind == "V" and _has_lines(self._connection):
                return _unbalance("VLL2", self._connection.lines)
            return _unbalance(kind + "2", _places(kind, self._connection))
        return reader(index(key))

    def conditions(self, span):
        """Return the bits whose conditions hold in a Span: bit 0 is trigger 1."""
        if not span.half_cycles:
            self._values = []
            return 0
        self._values = values = [read(span) for read in self._readers]
        found = 0
        for mask, rule in self._rules:
            for place, low, high in rule:
                value = values[place]
                if value is None or not (value < low or value > high):
                    break
            else:
                found |= mask
        return found

    def value(self, bit):
        """Return what the first condition of a bit, 0 to 15, compared last; None if nothing."""
        for mask, rule in self._rules:
            if mask == 1 << bit and self._values:
                return self._values[rule[0][0]]
        return None


def _places(kind, connection):
    return connection.elements if kind == "V" else connection.currents


def _has_lines(connection):
    return connection.line_to_line or connection.name == _DELTA


def _is_there(key, connection):
    if key.startswith("rotation."):
        return connection.name != _DELTA and not (key[-1] == "V" and connection.line_to_line)
    if key.startswith("unbalance."):
        return True
    name, _, phase, unit, _ = describe(index(key))
    if phase not in ("A", "B", "C") or name == "Hz":
        return True
    if name.startswith("VLL"):
        places = connection.lines
    else:
        places = connection.currents if unit == "A" else connection.elements
    return "ABC".index(phase) in places


def _rotation(kind, places, least):
    """Return a reader of the lag from phase to phase that is farthest from 120 degrees; None without two phases."""
    real, imag = START[kind + "R"], START[kind + "I"]
    pairs = [(a, (a + 1) % 3) for a in range(3) if a in places and (a + 1) % 3 in places]

    def read(span):
        sums = span.sums
        floor = (least * span.seconds) ** 2
        phasors = [(float(sums[real + place]), float(sums[imag + place])) for place in range(3)]
        live = [re * re + im * im > floor for re, im in phasors]
        worst, farthest = None, -1.0
        for a, b in pairs:
            if live[a] and live[b]:
                (ar, ai), (br, bi) = phasors[a], phasors[b]
                lag = atan2(ai * br - ar * bi, ar * br + ai * bi) * (180 / pi) % 360
                if abs(lag - 120) > farthest:
                    worst, farthest = lag, abs(lag - 120)
        return worst

    return read


def _unbalance(name, places):
    rows = [START[name] + place for place in places]

    def read(span):
        sums, seconds = span.sums, span.seconds
        values = [sqrt(max(0.0, float(sums[row])) / seconds) for row in rows]
        mean = sum(values) / len(values)
        return max([abs(value - mean) for value in values])

    return read
