"""Symmetrical components of unbalanced phasors, in size and angle, and what depends on how the phasors are averaged."""

from cmath import phase as argument
from cmath import rect
from math import pi, radians, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.span import Span
from meter.metrology.tracking import CHANNELS, Tracker

from host_tests.harness import RATE, SCALES, THRESHOLD, blocks, noise, three_phase, times
from host_tests.metrology.test_values import frames, load, metered, symmetrical, three_wire, value

NAMES = (("V0", "V1", "V2s"), ("A0", "A1", "A2s"))


def phasors_of(tones):
    return [rect(rms, radians(degrees)) for ((_, rms, degrees),) in tones]


def check(span, tones, absolute, degrees):
    """Compare all sizes and angles with those of the applied phasors, angles to the voltage of A."""
    phasors = phasors_of(tones)
    for names, three in zip(NAMES, (phasors[:3], phasors[3:])):
        for name, component in zip(names, symmetrical(three)):
            assert value(span, name + ".P") == pytest.approx(abs(component), abs=absolute)
            if abs(component) > 0.1:
                angle = (argument(component) - argument(phasors[0])) * 180 / pi
                error = (value(span, f"ANG{name}.P") - angle + 180) % 360 - 180
                assert abs(error) < degrees, name
    for kind, three in (("V", phasors[:3]), ("A", phasors[3:])):
        for letter, phasor in zip("ABC", three):
            angle = (argument(phasor) - argument(phasors[0])) * 180 / pi
            assert abs((value(span, f"ANG{kind}.{letter}") - angle + 180) % 360 - 180) < degrees


ANGLE = st.floats(-180, 180)
PHASORS = st.lists(st.tuples(st.floats(1.0, 150.0), ANGLE), min_size=6, max_size=6)


@given(PHASORS)
@pytest.mark.feature("MET-15")
def test_components_and_angles_are_those_of_any_six_phasors(polar):
    tones = [((1, *pair),) for pair in polar]
    check(metered(tones, 2), tones, 1e-9, 1e-7)


@pytest.mark.feature("MET-15")
def test_a_known_unbalanced_system_is_parted_into_its_components(dtype):
    # Composed from components, the other way round than it is measured: 100 positive, 10 at 40 negative, 5 at -70 zero.
    a = rect(1, radians(120))
    zero, one, two = rect(5, radians(-70)), rect(100, 0), rect(10, radians(40))
    three = (zero + one + two, zero + a * a * one + a * two, zero + a * one + a * a * two)
    volts = [((1, abs(z), argument(z) * 180 / pi),) for z in three]
    amps = [((1, abs(z) / 20, argument(z) * 180 / pi - 30),) for z in three]
    span = metered(volts + amps, dtype=dtype)
    reference = argument(three[0]) * 180 / pi
    for name, size, angle in (("V0", 5, -70), ("V1", 100, 0), ("V2s", 10, 40)):
        assert value(span, name + ".P") == pytest.approx(size, abs=1e-4)
        assert value(span, f"ANG{name}.P") == pytest.approx(angle - reference, abs=2e-3)
    for name, size, angle in (("A0", 0.25, -100), ("A1", 5, -30), ("A2s", 0.5, 10)):
        assert value(span, name + ".P") == pytest.approx(size, abs=1e-4)
        assert value(span, f"ANG{name}.P") == pytest.approx(angle - reference, abs=2e-2)
    for key, percent in (("UV2.P", 10), ("UV0.P", 5), ("UA2.P", 10), ("UA0.P", 5)):
        assert value(span, key) == pytest.approx(percent, abs=1e-3)


@pytest.mark.parametrize("angles, names", [((0, -120, 120), ("V1", "A1")), ((0, 120, -120), ("V2s", "A2s")),
                                           ((0, 0, 0), ("V0", "A0"))])  # fmt: skip
@pytest.mark.feature("MET-15")
def test_each_order_of_phases_has_its_own_component(angles, names, dtype):
    span = metered(three_wire(angles=angles), dtype=dtype)
    for name in NAMES[0] + NAMES[1]:
        wanted = (120.0 if name[0] == "V" else 5.0) if name in names else 0.0
        assert value(span, name + ".P") == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("percent", (0.5, 1.0, 2.0, 5.0))
@pytest.mark.feature("MET-14")
def test_negative_and_zero_sequence_unbalance_of_one_low_phase(percent, dtype):
    # One phase that is low by x: both components are x / 3 of nominal.
    part = 3 * percent / 100
    volts = (120 * (1 - part), 120, 120)
    span = metered(three_wire(volts), dtype=dtype)
    for key in ("UV2.P", "UV0.P"):
        assert value(span, key) == pytest.approx(100 * part / (3 - part), abs=2e-4)


def test_harmonics_do_not_count_as_unbalance():
    tones = three_wire()
    fifth = tuple(t + ((5, t[0][1] * 0.2, t[0][2]),) for t in tones)
    assert value(metered(fifth), "UV2.P") == pytest.approx(0.0, abs=1e-9)
    assert value(metered(fifth), "V1.P") == pytest.approx(120.0, rel=1e-12)


@pytest.mark.parametrize("n", (1, 2, 5, 16))
def test_components_are_the_same_for_any_length_of_frame(n):
    tones = load(VA=(120, 3), VB=(80, -110), VC=(130, 140), IA=(5, -20), IB=(4, 170), IC=(1, 80))
    check(metered(tones, 20, n), tones, 1e-9, 1e-7)


def through_the_converter(samples, half_cycles, dtype=np.float64):
    tracker = Tracker(CHANNELS, SCALES, RATE, 60, half_cycles, THRESHOLD, dtype=dtype)
    metrology, span, count = HalfCycles(dtype=dtype), Span(dtype), 0
    for block in blocks(samples, 3072):
        for frame in tracker.feed(*block):
            rows = metrology.process(frame)
            if count >= 12:
                span.add(rows, frame.seconds, frame.flags, 0, frame.n)
            count += frame.n
    return span


@pytest.mark.parametrize("half_cycles", (1, 2, 30))
@pytest.mark.parametrize(
    "hz",
    [
        60.0,
        59.3,
    ],
)
def test_components_of_a_noisy_signal_from_the_converter(half_cycles, hz):
    samples = three_phase(times(1.0) * hz, lag=(30,) * 3)
    samples += noise(samples.shape, 0.01)
    span = through_the_converter(samples, half_cycles)
    for name, wanted in (("V0", 0), ("V1", 120), ("V2s", 0), ("A0", 0), ("A1", 5), ("A2s", 0)):
        assert value(span, name + ".P") == pytest.approx(wanted, abs=0.01)
    assert value(span, "ANGA1.P") == pytest.approx(-30.0, abs=0.01)


@pytest.mark.parametrize(
    "start",
    [
        -1e-9,
        1e-9,
    ],
)
def test_components_do_not_depend_on_which_side_of_the_crossing_a_frame_begins(start):
    # The same signal, a hair early and a hair late by turns: what noise makes of a grid in step with the signal.
    metrology, span = HalfCycles(), Span()
    for k in range(8):
        shift = start if k % 2 else 1e-9
        for frame in frames(
            three_wire(angles=[angle + shift for angle in (0, -120, 120)]), 2, 2, first=2 * k
        ):
            rows = metrology.process(frame)
            if k:
                span.add(rows, frame.seconds, 0, 0, 2)
    assert value(span, "V1.P") == pytest.approx(120.0, rel=1e-6)


def test_sizes_follow_the_square_root_of_three_between_phase_and_line():
    span = metered(three_wire())
    assert value(span, "VLL.A") == pytest.approx(sqrt(3) * value(span, "V1.P"), rel=1e-12)
