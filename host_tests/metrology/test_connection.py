"""Connections: what two or three elements measure is the true power of the system, computed from phase quantities.

A two-element meter sees the voltages AB and CB and the currents A and C (Blondel). Each system here is written down as
voltages of three wires to the star point and currents in three wires; what its meter sees is worked out from that.
"""

from cmath import rect
from math import radians, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.config import schema
from meter.metrology import builder
from meter.metrology.calibration import Calibration
from meter.metrology.connection import CONNECTIONS, NAMES, Connection
from meter.metrology.half_cycles import HalfCycles

from host_tests.metrology.test_values import load, metered, three_wire, value

LINE_TO_LINE = ("3-wire delta", "open delta", "3-wire wye")


def tone(phasor):
    return abs(phasor), float(np.angle(phasor, deg=True))


def seen(volts, amps, connection):
    """Return the load at the inputs of a meter. volts, amps: three phasors of the wires."""
    va, vb, vc = volts
    ia, ib, ic = amps
    if connection in LINE_TO_LINE:
        return load(VA=tone(va - vb), VC=tone(vc - vb), IA=tone(ia), IC=tone(ic))
    if connection == "network":
        return load(VA=tone(va), VC=tone(vc), IA=tone(ia), IC=tone(ic))
    return load(VA=tone(va), VB=tone(vb), VC=tone(vc), IA=tone(ia), IB=tone(ib), IC=tone(ic))


def measured(volts, amps, connection, dtype=np.float64, halves=4):
    metrology = HalfCycles(Connection(connection), dtype=dtype)
    return metered(seen(volts, amps, connection), halves, dtype=dtype, half_cycles=metrology)


def polar(*pairs):
    return [rect(rms, radians(degrees)) for rms, degrees in pairs]


def power(volts, amps):
    return sum(v * i.conjugate() for v, i in zip(volts, amps))


def star(volts, admittances):
    """Currents of a star of admittances without a neutral wire."""
    point = sum(v * y for v, y in zip(volts, admittances)) / sum(admittances)
    return [(v - point) * y for v, y in zip(volts, admittances)]


BALANCED = polar((120, 0), (120, -120), (120, 120))
SKEWED = polar((120, 0), (112, -117), (125, 123))


@pytest.mark.parametrize("connection", LINE_TO_LINE)
@pytest.mark.parametrize("volts", (BALANCED, SKEWED))
@pytest.mark.parametrize(
    "admittances",
    [
        polar((0.04, -30), (0.04, -30), (0.04, -30)),
        polar((0.04, -30), (0.01, 20), (0.1, -70)),
        polar((0.04, 0), (0.04, -80), (1e-9, 0)),
        polar((0.05, 150), (0.05, 160), (0.03, 140)),
    ],
)
@pytest.mark.feature("MET-01")
def test_two_elements_measure_the_power_of_three_wires(connection, volts, admittances, dtype):
    amps = star(volts, admittances)
    true = power(volts, amps)
    span = measured(volts, amps, connection, dtype)
    assert value(span, "W.bi.P") == pytest.approx(true.real, rel=1e-4, abs=1e-3)
    assert value(span, "VAR.bi.P") == pytest.approx(true.imag, rel=1e-4, abs=1e-3)
    assert value(span, "VARf.bi.P") == pytest.approx(true.imag, rel=1e-4, abs=1e-3)
    assert value(span, "VAv.abs.P") == pytest.approx(abs(true), rel=1e-4)


POLAR = st.tuples(st.floats(50, 150), st.floats(-180, 180))
AMPS = st.tuples(st.floats(0.1, 20), st.floats(-180, 180))


@given(POLAR, POLAR, POLAR, AMPS, AMPS)
@pytest.mark.feature("MET-01")
def test_the_sum_of_two_elements_is_the_true_power_of_any_three_wire_system(a, b, c, ia, ic):
    volts, (ia, ic) = polar(a, b, c), polar(ia, ic)
    amps = (ia, -ia - ic, ic)
    true = power(volts, amps)
    span = measured(volts, amps, "3-wire delta", halves=2)
    assert value(span, "W.bi.P") == pytest.approx(true.real, rel=1e-9, abs=1e-6)
    assert value(span, "VAR.bi.P") == pytest.approx(true.imag, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("lag", (5, 30, 60, 75, -40, 150))
@pytest.mark.parametrize("connection", LINE_TO_LINE)
@pytest.mark.feature("MET-01")
def test_apparent_power_and_power_factor_of_a_balanced_three_wire_load(connection, lag, dtype):
    amps = [v / 120 * rect(5, radians(-lag)) for v in BALANCED]
    span = measured(BALANCED, amps, connection, dtype)
    for name in ("VA.abs.P", "VAv.abs.P"):
        assert value(span, name) == pytest.approx(1800, rel=1e-5)
    ratio = abs(np.cos(radians(lag)))
    sign = 1 if np.cos(radians(lag)) * np.sin(radians(lag)) >= 0 else -1
    for name in ("PF", "PFv"):
        assert value(span, name + ".bi.P") == pytest.approx(sign * ratio, rel=1e-5)
    # Each element sees the line-to-line voltage, 30 degrees ahead or behind.
    assert value(span, "VA.abs.A") == pytest.approx(120 * sqrt(3) * 5, rel=1e-5)
    assert value(span, "W.bi.A") == pytest.approx(
        600 * sqrt(3) * np.cos(radians(lag + 30)), rel=1e-4, abs=1e-2
    )
    assert value(span, "W.bi.C") == pytest.approx(
        600 * sqrt(3) * np.cos(radians(lag - 30)), rel=1e-4, abs=1e-2
    )
    assert value(span, "W.bi.B") == 0.0


@pytest.mark.parametrize("connection", LINE_TO_LINE)
@pytest.mark.parametrize("volts", (BALANCED, SKEWED))
def test_all_three_line_to_line_voltages_come_from_two(connection, volts, dtype):
    span = measured(volts, [v / 24 for v in volts], connection, dtype)
    va, vb, vc = volts
    lines = abs(va - vb), abs(vb - vc), abs(vc - va)
    for phase, line in zip("ABC", lines):
        assert value(span, "VLL." + phase) == pytest.approx(line, rel=1e-5)
        assert value(span, "VLL2." + phase) == pytest.approx(line * line, rel=1e-5)
    assert value(span, "VLL.avg") == pytest.approx(sum(lines) / 3, rel=1e-5)


def test_line_to_line_voltages_with_harmonics_come_from_two():
    # A third harmonic that all wires have in common is in no line-to-line voltage; a fifth is.
    va = ((1, 120.0, 0.0), (5, 6.0, 0.0))
    vb = ((1, 120.0, -120.0), (5, 6.0, 120.0))
    vc = ((1, 120.0, 120.0), (5, 6.0, -120.0))
    between = {}
    for name, one, other in (("VA", va, vb), ("VC", vc, vb)):
        between[name] = tuple(
            (h, *tone(polar((r, d))[0] - polar((s, e))[0])) for (h, r, d), (_, s, e) in zip(one, other)
        )
    span = metered(load(**between), half_cycles=HalfCycles(Connection("3-wire delta")))
    for phase in "ABC":
        assert value(span, "VLL." + phase) == pytest.approx(sqrt(3) * sqrt(120**2 + 36), rel=1e-9)


@pytest.mark.feature("MET-01")
def test_a_network_is_metered_by_two_phase_voltages(dtype):
    # Two phases and neutral of a wye: each element has its own load.
    volts = BALANCED
    amps = [volts[0] / 120 * rect(5, radians(-30)), 0j, volts[2] / 120 * rect(3, radians(20))]
    true = power(volts, amps)
    span = measured(volts, amps, "network", dtype)
    assert value(span, "W.del.P") == pytest.approx(true.real, rel=1e-5)
    assert value(span, "VAR.bi.P") == pytest.approx(true.imag, rel=1e-4)
    assert value(span, "VA.del.P") == pytest.approx(120 * 8, rel=1e-5)
    assert value(span, "VLL.C") == pytest.approx(120 * sqrt(3), rel=1e-5)
    neutral = abs(amps[0] + amps[2])
    assert value(span, "A.N") == pytest.approx(neutral, rel=1e-4)


@pytest.mark.feature("MET-01")
def test_a_four_wire_delta_is_metered_with_its_high_leg(dtype):
    # 240 V delta, neutral in the middle of A and C: 120, 208 and 120 V, 90 degrees apart.
    volts = polar((120, 0), (120 * sqrt(3), -90), (120, 180))
    between = [volts[0] - volts[1], volts[1] - volts[2], volts[2] - volts[0]]
    assert [abs(v) for v in between] == pytest.approx([240] * 3)
    # A balanced delta load of 2400 W each side, and 600 W from A to neutral.
    inner = [v / abs(v) * 10 for v in between]
    amps = [inner[0] - inner[2], inner[1] - inner[0], inner[2] - inner[1]]
    amps[0] += volts[0] / 120 * 5
    span = measured(volts, amps, "4-wire delta", dtype)
    assert value(span, "W.del.P") == pytest.approx(3 * 2400 + 600, rel=1e-5)
    assert value(span, "VAR.bi.P") == pytest.approx(0.0, abs=0.1)
    for phase in "ABC":
        assert value(span, "VLL." + phase) == pytest.approx(240, rel=1e-5)
    assert value(span, "V.B") == pytest.approx(120 * sqrt(3), rel=1e-5)
    assert value(span, "A.N") == pytest.approx(5.0, rel=1e-2 if dtype == np.float32 else 1e-6)


@given(st.lists(POLAR, min_size=3, max_size=3), st.lists(AMPS, min_size=3, max_size=3))
@pytest.mark.feature("MET-01")
def test_three_elements_measure_any_four_wire_system(volts, amps):
    volts, amps = polar(*volts), polar(*amps)
    true = power(volts, amps)
    span = measured(volts, amps, "4-wire wye", halves=2)
    assert value(span, "W.bi.P") == pytest.approx(true.real, rel=1e-9, abs=1e-6)
    assert value(span, "VAR.bi.P") == pytest.approx(true.imag, rel=1e-9, abs=1e-6)
    va, vb, vc = volts
    for phase, line in zip("ABC", (va - vb, vb - vc, vc - va)):
        assert value(span, "VLL2." + phase) == pytest.approx(abs(line) ** 2, rel=1e-9, abs=1e-6)


def test_positive_and_negative_sequence_of_the_voltage_are_right_in_form_5_too():
    # What both line-to-line voltages have in common is zero sequence.
    span = measured(BALANCED, [v / 24 for v in BALANCED], "3-wire delta")
    assert value(span, "V1.P") == pytest.approx(120, rel=1e-9)
    assert value(span, "UV2.P") == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("key", ("UNBV.P", "UNBA.P", "UA2.P", "UA0.P"))
def test_a_balanced_three_wire_load_shows_no_unbalance(key):
    span = measured(BALANCED, [v / 24 for v in BALANCED], "3-wire delta")
    assert value(span, key) == pytest.approx(0, abs=1e-6)


def test_the_average_of_two_elements_is_that_of_two():
    span = measured(BALANCED, [v / 24 for v in BALANCED], "3-wire delta")
    assert value(span, "A.avg") == pytest.approx(5, rel=1e-6)
    assert value(span, "V.avg") == pytest.approx(120 * sqrt(3), rel=1e-6)


def test_arithmetic_volt_amperes_of_an_unbalanced_three_wire_load_are_not_less_than_its_watts():
    current = (BALANCED[0] - BALANCED[1]) / 40
    span = measured(BALANCED, (current, -current, 0j), "3-wire delta")
    assert value(span, "W.bi.P") == pytest.approx(abs(BALANCED[0] - BALANCED[1]) * abs(current), rel=1e-9)
    assert value(span, "VA.abs.P") >= value(span, "W.abs.P") * (1 - 1e-9)


@pytest.mark.parametrize("connection", LINE_TO_LINE + ("network",))
def test_the_third_element_takes_no_part_in_form_5(connection):
    metrology = HalfCycles(Connection(connection))
    span = metered(three_wire(), half_cycles=metrology)
    assert value(span, "W.bi.P") == pytest.approx(1200, rel=1e-9)


def test_the_forms_of_the_manual_are_there():
    forms = {name: form for name, form, _, _ in CONNECTIONS}
    assert forms == {
        "4-wire wye": 9, "4-wire delta": 9, "3-wire delta": 5, "open delta": 5, "3-wire wye": 5, "network": 5,
    }  # fmt: skip
    for name in NAMES:
        connection = Connection(name)
        assert connection.elements == ((0, 1, 2) if connection.form == 9 else (0, 2))
        settings = schema.validate({"service": {"connection": name}})
        builder.half_cycles(settings, Calibration())


def test_another_connection_is_refused_by_name():
    with pytest.raises(ValueError, match="zigzag.*3-wire delta"):
        Connection("zigzag")
