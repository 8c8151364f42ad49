"""Corrections of elements and transformers: a load is distorted by a known error, and the meter must undo it."""

from math import cos, radians, sin, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.config import schema
from meter.metrology import builder
from meter.metrology.calibration import Calibration
from meter.metrology.correction import POINTS, Correction
from meter.metrology.half_cycles import HalfCycles
from meter.quantities import FLOW_ROWS

from host_tests.metrology.test_values import load, metered, three_wire, value

POWERS = ("W.bi", "VAR.bi", "VARf.bi", "VA.abs", "VAv.abs", "Q.bi")


def with_errors(amps, lag, ratio=(0.0,) * 3, lead=(0.0,) * 3):
    """A three-phase load whose current channels read so many percent high and lead by so many degrees."""
    return three_wire(
        amps=[a * (1 + r / 100) for a, r in zip(amps, ratio)],
        lag=[true - error for true, error in zip(lag, lead)],
    )


def corrected(tones, dtype=np.float64, **settings):
    return metered(tones, dtype=dtype, half_cycles=HalfCycles(correction=Correction(**settings), dtype=dtype))


def is_the_same(span, other, dtype, phases="ABCP"):
    for name in POWERS:
        for phase in phases:
            wanted = value(other, f"{name}.{phase}")
            assert value(span, f"{name}.{phase}") == pytest.approx(wanted, rel=1e-5, abs=5e-3), name
    for phase in phases:
        assert value(span, "A." + phase) == pytest.approx(value(other, "A." + phase), rel=1e-5)


@pytest.mark.parametrize("lag", (0.5, 60, -40, 170, 250))
def test_the_phase_error_of_each_element_is_undone(lag, dtype):
    lead = (0.3, -0.2, 1.5)
    true = metered(three_wire(lag=(lag,) * 3), dtype=dtype)
    wrong = with_errors((5,) * 3, (lag,) * 3, lead=lead)
    span = corrected(wrong, dtype, angles=lead)
    is_the_same(span, true, dtype)
    # Without it, a load of 60 degrees is wrong by 1.73 % a degree.
    if lag == 60:
        error = value(metered(wrong), "W.bi.C") / 300 - 1
        assert error == pytest.approx(cos(radians(58.5)) / 0.5 - 1)


CURVE = ((0.05, 0.8, 0.6), (0.5, 0.4, 0.3), (5.0, -0.1, 0.05), (20.0, -0.3, 0.02))


@pytest.mark.parametrize("amps", (0.0, 0.05, 0.07, 0.5, 1.0, 5.0, 12.0, 20.0, 300.0))
@pytest.mark.parametrize("curve", (CURVE, CURVE[:1], ()))
def test_the_factors_of_a_float_are_those_of_an_array(amps, curve):
    correction = Correction((0.3, 0.0, 0.0), curve)
    for p in range(3):
        one, many = correction.factors(amps, p), correction.factors(np.array([amps]), p)
        assert one == pytest.approx([float(np.ravel(factor)[0]) for factor in many], rel=1e-14)


def errors_at(amps, curve):
    """Ratio error and phase error on the broken line through the points, written out."""
    if amps <= curve[0][0]:
        return curve[0][1:]
    for (x, *low), (y, *high) in zip(curve, curve[1:]):
        if amps <= y:
            part = (amps - x) / (y - x)
            return tuple(a + (b - a) * part for a, b in zip(low, high))
    return curve[-1][1:]


def measured_as(true, curve):
    """The current that the transformer gives for a true one: the curve is over what is measured."""
    amps = true
    for _ in range(50):
        amps = true * (1 + errors_at(amps, curve)[0] / 100)
    return amps


@pytest.mark.parametrize("true", (0.01, 0.05, 0.2, 0.5, 2.0, 5.0, 12.0, 20.0, 30.0))
@pytest.mark.parametrize("lag", (10, 60, 300))
def test_ratio_and_phase_errors_of_a_transformer_are_undone_on_the_curve_between_its_points(true, lag, dtype):
    amps = measured_as(true, CURVE)
    ratio, lead = errors_at(amps, CURVE)
    wrong = with_errors((true,) * 3, (lag,) * 3, (ratio,) * 3, (lead,) * 3)
    span = corrected(wrong, dtype, curve=CURVE)
    is_the_same(span, metered(three_wire(amps=(true,) * 3, lag=(lag,) * 3), dtype=dtype), dtype)


def test_each_element_takes_its_own_place_on_the_curve():
    true, lag = (0.2, 5.0, 15.0), (60, 60, 60)
    errors = [errors_at(measured_as(amps, CURVE), CURVE) for amps in true]
    wrong = with_errors(true, lag, [e[0] for e in errors], [e[1] for e in errors])
    is_the_same(corrected(wrong, curve=CURVE), metered(three_wire(amps=true, lag=lag)), np.float64)


RISING = st.lists(st.floats(0.01, 20.0), min_size=1, max_size=POINTS, unique_by=lambda x: round(x, 2)).map(
    sorted
)


@given(st.data())
def test_any_curve_of_up_to_16_points_is_followed(data):
    currents = data.draw(RISING)
    errors = st.tuples(st.floats(-2, 2), st.floats(-2, 2))
    curve = [(x, *data.draw(errors)) for x in currents]
    amps = data.draw(st.floats(0.01, 25.0))
    ratio, lead = errors_at(amps, curve)
    true = amps / (1 + ratio / 100)
    span = corrected(with_errors((true,) * 3, (50,) * 3, (ratio,) * 3, (lead,) * 3), curve=curve)
    assert value(span, "A.A") == pytest.approx(true, rel=1e-9)
    assert value(span, "W.bi.A") == pytest.approx(120 * true * cos(radians(50)), rel=1e-9)
    assert value(span, "VAR.bi.A") == pytest.approx(120 * true * sin(radians(50)), rel=1e-9)


def test_sixteen_points_are_taken_and_seventeen_or_falling_ones_refused():
    points = [(0.1 * k, 0.1, 0.1) for k in range(1, 18)]
    assert POINTS == 16 and Correction(curve=points[:16]).active
    for curve in (points, ((1, 0, 0), (1, 0, 0)), ((2, 0, 0), (1, 0, 0))):
        with pytest.raises(ValueError, match="16 points of rising current"):
            Correction(curve=curve)


@pytest.mark.parametrize("lag", (30, 200))
def test_the_tweaks_scale_watts_and_vars_and_nothing_else(lag, dtype):
    tones = three_wire(lag=(lag,) * 3)
    plain, span = metered(tones, dtype=dtype), corrected(tones, dtype, watt_gain=1.01, var_gain=0.98)
    for phase in "ABCP":
        w, var = value(plain, "W.bi." + phase), value(plain, "VAR.bi." + phase)
        assert value(span, "W.bi." + phase) == pytest.approx(1.01 * w, rel=1e-5)
        assert value(span, "VAR.bi." + phase) == pytest.approx(0.98 * var, rel=1e-5)
        vector = sqrt((1.01 * w) ** 2 + (0.98 * var) ** 2)
        assert value(span, "VAv.abs." + phase) == pytest.approx(vector, rel=1e-5)
        for name in ("VA.abs", "A", "V"):
            key = f"{name}.{phase}"
            assert value(span, key) == pytest.approx(value(plain, key), rel=1e-6)


def test_nothing_to_correct_changes_nothing_at_all():
    tones = three_wire(amps=(1, 2, 3), lag=(10, 100, 200))
    assert not Correction().active
    span = corrected(tones)
    assert np.array_equal(span.sums, metered(tones).sums)
    neutral = corrected(tones, curve=((1.0, 0.0, 0.0),))
    assert neutral.sums[:FLOW_ROWS] == pytest.approx(metered(tones).sums[:FLOW_ROWS], rel=1e-12, abs=1e-12)


def test_angles_turn_the_phasor_of_the_current_and_not_the_voltage():
    span = corrected(with_errors((5,) * 3, (30,) * 3, lead=(2.0,) * 3), angles=(2.0,) * 3)
    assert value(span, "ANGA.A") == pytest.approx(-30, abs=1e-9)
    assert value(span, "ANGA.C") == pytest.approx(90, abs=1e-9)
    assert value(span, "ANGV.C") == pytest.approx(120, abs=1e-9)
    assert value(span, "A1.P") == pytest.approx(5, rel=1e-9)


def test_a_harmonic_is_turned_by_the_angle_of_the_fundamental():
    # What the module says it does, and how much that is: 0.1 degrees on a ninth harmonic, 0.8 degrees too few.
    tones = load(VA=((1, 120.0, 0.0), (9, 12.0, 0.0)), IA=((1, 5.0, -30.0), (9, 0.5, -30.0 * 9)))
    wrong = load(VA=tones[0], IA=((1, 5.0, -29.9), (9, 0.5, -29.9 * 9)))
    span, true = corrected(wrong, angles=(0.1, 0, 0)), metered(tones)
    error = value(span, "W.bi.A") - value(true, "W.bi.A")
    assert abs(error) < 6.0 * radians(0.9)
    assert value(span, "VARf.bi.A") == pytest.approx(300, rel=1e-9)


def test_the_neutral_current_is_corrected_with_the_currents():
    wrong = with_errors((5,) * 3, (0,) * 3, (-1.0,) * 3)
    span = corrected(wrong, curve=((5.0, -1.0, 0.0),))
    assert value(span, "A.A") == pytest.approx(5, rel=1e-9)
    assert value(span, "A.N") == pytest.approx(0.0, abs=1e-3)


def test_the_crest_factor_does_not_depend_on_the_ratio_error():
    span = corrected(with_errors((5,) * 3, (0,) * 3, (-2.0,) * 3), curve=((5.0, -2.0, 0.0),))
    assert value(span, "CFA.A") == pytest.approx(sqrt(2), rel=1e-4)


def test_settings_and_calibration_reach_the_elements():
    settings = schema.validate(
        {"correction": {"curve": [[5.0, 1.0, 0.5]], "watt_gain": 1.001, "var_gain": 0.999}}
    )
    metrology = builder.half_cycles(settings, Calibration(angles=(0.1, 0.2, 0.3)))
    wrong = with_errors((5,) * 3, (60,) * 3, (1.0,) * 3, (0.6, 0.7, 0.8))
    span = metered(wrong, half_cycles=metrology)
    for phase in "ABC":
        assert value(span, "W.bi." + phase) == pytest.approx(300 * 1.001, rel=1e-9)
        assert value(span, "VAR.bi." + phase) == pytest.approx(300 * sqrt(3) * 0.999, rel=1e-9)
        assert value(span, "A." + phase) == pytest.approx(5, rel=1e-9)


@pytest.mark.feature("MET-24")
def test_transformer_gains_scale_the_samples_of_their_channel():
    class Adc:
        channels = ("VA", "VB", "VC", "IA", "IB", "IC")
        scales = (1e-4,) * 3 + (5e-6,) * 3
        rate = 30720.0

    settings = schema.validate(
        {"correction": {"voltage_gain": [1.01, 1.0, 0.99], "current_gain": [1.0, 1.05, 0.95]}}
    )
    calibration = Calibration(gains=(1.0, 1.02, 1.0, 1.0, 1.0, 1.1), offsets=(100.0, 0, 0, 0, 0, 0))
    tracker = builder.tracker(Adc, settings, calibration, 60)
    # Direct voltages and currents: 120 V and 5 A on every channel.
    counts = np.zeros((30720, 6))
    counts[:, :3] = 120 / 1e-4
    counts[:, 3:] = 5 / 5e-6
    found = None
    for frame in tracker.feed(0, len(counts), np.round(counts).astype("<i4").tobytes()):
        found = frame.samples[:, 500]
    wanted = ((120 - 0.01) * 1.01, 120 * 1.02, 120 * 0.99, 5, 5 * 1.05, 5 * 0.95 * 1.1)
    assert found == pytest.approx(wanted, rel=1e-9)
