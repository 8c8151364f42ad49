"""The instantaneous quantities of a Span: averages of what was integrated, and what is derived from them.

Sources: the manual's Measurement Formulas; symmetrical components and the unbalance ratios UV2, UV0 as in
IEC 61000-4-30; crest factor as peak over RMS.
"""

from math import atan2, pi, sqrt

from meter.quantities import START, describe, terms

_ABC = ("A", "B", "C")
_UNITY = 1e-5  # part of the volt-amperes: fewer vars than that are rounding and give no sign
_TURN = (-0.5, 0.8660254037844386)  # 120 degrees


def value(span, number):
    """Return the average over the span of the instantaneous quantity with this index, a float in SI units.

    None if the span is empty. ValueError for an integrated quantity: that is a register's business.
    """
    return reader(number)(span)


def reader(number):
    """Return a function that gives value() of a span for this index: for those who ask again and again."""
    name, direction, phase, unit, source = describe(number)
    if unit.endswith("h"):
        raise ValueError("not an instantaneous quantity: %s" % name)
    if source:
        divisor, parts = terms(source, direction, phase)
        return lambda span: _average(span, divisor, parts) if span.half_cycles else None
    function, argument = _DERIVED[name]
    where = (direction, phase) if direction else phase
    return lambda span: function(span, argument, where) if span.half_cycles else None


def _average(span, divisor, parts):
    sums = span.sums
    return sum([sign * float(sums[row]) for sign, row in parts]) / (divisor * span.seconds)


def _flow(span, source, direction, phase):
    return _average(span, *terms(source, direction, phase))


def _mean(span, name, place):
    return float(span.sums[START[name] + place]) / span.seconds


def _there(span, name):
    """Return the mean squares that the connection has, of V2, VLL2 or A2 and their like."""
    connection = span.connection
    if name == "VLL2":
        places = connection.lines
    else:
        places = connection.elements if name[0] == "V" else connection.currents
    return [max(0.0, _mean(span, name, place)) for place in places]


def _square(span, name, phase):
    """Mean square: of a phase, the sum of all (P: the manual's polyphase value), their mean, or the neutral's."""
    if phase == "N":
        return max(0.0, _mean(span, "N2", 0))
    if phase in _ABC:
        return max(0.0, _mean(span, name, _ABC.index(phase)))
    squares = _there(span, name)
    return sum(squares) / (len(squares) if phase == "avg" else 1)


def _rms(span, name, phase):
    if phase == "avg":
        squares = _there(span, name)
        return sum([sqrt(square) for square in squares]) / len(squares)
    return sqrt(_square(span, name, phase))


def _power_factor(span, suffix, where):
    """|W| / VA; positive when lagging (quadrants I and III), negative when leading (the manual's sign); abs unsigned.

    suffix: (watts, vars, volt-amperes).
    """
    direction, phase = where
    watts, vars_, apparent = suffix
    va = _flow(span, apparent, "abs" if direction == "bi" else direction, phase)
    if va <= 0:
        return 0.0
    w = abs(_flow(span, watts, direction, phase))
    ratio = min(1.0, w / va)
    return -ratio if direction != "abs" and _leads(span, vars_, direction, phase, va) else ratio


def _leads(span, vars_, direction, phase, va):
    q1, q2, q3, q4 = [_flow(span, vars_, quadrant, phase) for quadrant in ("q1", "q2", "q3", "q4")]
    lag = {"del": q1 - q4, "rec": q3 - q2, "bi": q1 + q3 - q2 - q4}[direction]
    return lag < -_UNITY * va


def _frequency(span, _, phase):
    return 0.5 * span.half_cycles / span.seconds


def _distortion(span, kind, phase):
    """sqrt(rms2 - fundamental2) / fundamental, percent; 0 without a fundamental."""
    fundamental = _square(span, kind + "F2", phase)
    rest = _square(span, kind + "H2", phase)
    return 100 * sqrt(max(0.0, rest) / fundamental) if fundamental > 0 else 0.0


def _harmonics(span, what, phase):
    """Root of the sum of the harmonics' squares over the fundamental, percent; TDD rows hold percent already."""
    base, rows = what
    place, known = _ABC.index(phase), _mean(span, "HS", 0)
    if known <= 0:
        return 0.0
    total = sum([max(0.0, _mean(span, row, place)) for row in rows]) / known
    if not base:
        return sqrt(total)
    fundamental = _mean(span, base, place)
    return 100 * sqrt(total / fundamental) if fundamental > 0 else 0.0


def _unbalance(span, name, phase):
    """Largest deviation from the average over the average, percent; of the lines' voltages where these are measured."""
    if name == "V2" and span.connection.line_to_line:
        name = "VLL2"
    values = [sqrt(square) for square in _there(span, name)]
    average = sum(values) / len(values)
    return 100 * max([abs(v - average) for v in values]) / average if average > 0 else 0.0


def _phasors(span, kind):
    return [(_mean(span, kind + "R", place), _mean(span, kind + "I", place)) for place in range(3)]


def sequence(phasors, order):
    """Return the symmetrical component of three phasors (real, imaginary): order 0, 1 (positive) or 2 (negative)."""
    real, imag = phasors[0]
    for place in (1, 2):
        re, im = phasors[place]
        for _ in range((order * place) % 3):
            re, im = re * _TURN[0] - im * _TURN[1], re * _TURN[1] + im * _TURN[0]
        real, imag = real + re, imag + im
    return real / 3, imag / 3


def _size(phasor):
    return sqrt(phasor[0] * phasor[0] + phasor[1] * phasor[1])


def _sequence_size(span, what, phase):
    kind, order = what
    return _size(sequence(_phasors(span, kind), order))


def _sequence_ratio(span, what, phase):
    kind, order = what
    phasors = _phasors(span, kind)
    positive = _size(sequence(phasors, 1))
    return 100 * _size(sequence(phasors, order)) / positive if positive > 0 else 0.0


def _degrees(span, phasor):
    """The angle of a phasor to the voltage of A (to the sample grid where that is missing), -180 to 180 degrees."""
    reference = _phasors(span, "V")[0]
    if _size(reference) == 0:
        reference = (0.0, -1.0)
    angle = atan2(phasor[1], phasor[0]) - atan2(reference[1], reference[0])
    return (angle * 180 / pi + 180) % 360 - 180


def _angle(span, kind, phase):
    phasor = _phasors(span, kind)[_ABC.index(phase)]
    return _degrees(span, phasor) if _size(phasor) > 0 else 0.0


def _sequence_angle(span, what, phase):
    kind, order = what
    phasor = sequence(_phasors(span, kind), order)
    return _degrees(span, phasor) if _size(phasor) > 0 else 0.0


def _crest(span, kind, phase):
    rms = _rms(span, kind + "2", phase)
    return _mean(span, kind + "P", _ABC.index(phase)) / rms if rms > 0 else 0.0


# name: function(span, argument, where) and its argument; where is the phase, or (direction, phase)
_DERIVED = {
    "V": (_rms, "V2"),
    "VLL": (_rms, "VLL2"),
    "A": (_rms, "A2"),
    "V2": (_square, "V2"),
    "VLL2": (_square, "VLL2"),
    "A2": (_square, "A2"),
    "PF": (_power_factor, ("W", "VAR", "VA")),
    "PFv": (_power_factor, ("W", "VAR", "VAv")),
    "PFc": (_power_factor, ("Wc", "VARc", "VAc")),
    "PFvc": (_power_factor, ("Wc", "VARc", "VAvc")),
    "Hz": (_frequency, None),
    "THDV": (_distortion, "V"),
    "THDA": (_distortion, "A"),
    "THDVh": (_harmonics, ("VF2", ("HVo", "HVe"))),
    "THDVo": (_harmonics, ("VF2", ("HVo",))),
    "THDVe": (_harmonics, ("VF2", ("HVe",))),
    "THDAh": (_harmonics, ("AF2", ("HAo", "HAe"))),
    "THDAo": (_harmonics, ("AF2", ("HAo",))),
    "THDAe": (_harmonics, ("AF2", ("HAe",))),
    "TDD": (_harmonics, (None, ("TDo", "TDe"))),
    "TDDo": (_harmonics, (None, ("TDo",))),
    "TDDe": (_harmonics, (None, ("TDe",))),
    "UNBV": (_unbalance, "V2"),
    "UNBA": (_unbalance, "A2"),
    "UV2": (_sequence_ratio, ("V", 2)),
    "UV0": (_sequence_ratio, ("V", 0)),
    "UA2": (_sequence_ratio, ("A", 2)),
    "UA0": (_sequence_ratio, ("A", 0)),
    "VF": (_rms, "VF2"),
    "AF": (_rms, "AF2"),
    "ANGV": (_angle, "V"),
    "ANGA": (_angle, "A"),
    "CFV": (_crest, "V"),
    "CFA": (_crest, "A"),
    "V0": (_sequence_size, ("V", 0)),
    "V1": (_sequence_size, ("V", 1)),
    "V2s": (_sequence_size, ("V", 2)),
    "A0": (_sequence_size, ("A", 0)),
    "A1": (_sequence_size, ("A", 1)),
    "A2s": (_sequence_size, ("A", 2)),
    "ANGV0": (_sequence_angle, ("V", 0)),
    "ANGV1": (_sequence_angle, ("V", 1)),
    "ANGV2s": (_sequence_angle, ("V", 2)),
    "ANGA0": (_sequence_angle, ("A", 0)),
    "ANGA1": (_sequence_angle, ("A", 1)),
    "ANGA2s": (_sequence_angle, ("A", 2)),
}
