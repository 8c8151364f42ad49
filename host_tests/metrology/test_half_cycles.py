"""What is booked in each half cycle: quadrants, directions, volt-amperes, and no joule twice."""

from math import cos, pi, radians, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.metrology.frame import GAP, HALF, QUARTER, Frame
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.span import Span
from meter.quantities import FLOWS, ROWS, START, index

from host_tests.harness import frame_of, noise, run, three_phase, times

# lag of the current, quadrant, sign of W, sign of the power factor
QUADRANTS = ((40, "q1", 1, 1), (140, "q2", -1, -1), (220, "q3", -1, 1), (320, "q4", 1, -1))
SPAN_TOLERANCE = {np.float32: 3e-6, np.float64: 1e-12}


def span_of(*frames, dtype=np.float64):
    half_cycles, span = HalfCycles(dtype=dtype), Span(dtype)
    for frame in frames:
        rows = half_cycles.process(frame)
        span.add(rows, frame.seconds, frame.flags, 0, frame.n)
    return span


def value(span, key):
    return span.value(index(key))


def base(span, flow):
    """The rows of a flow: (directions, phases), watts or vars or volt-amperes."""
    start = START[flow]
    stop = {"W": "VAR", "VAR": "VA", "VA": "VAv", "VAv": "Q"}[flow]
    return span.sums[start : START[stop]].reshape((-1, 4)) / span.seconds


def full_cycle_amperes(half_cycles, frame):
    """The RMS amperes of A over the full cycle that ends with each half cycle of a frame."""
    return half_cycles.process(frame)[START["A"]] / frame.seconds


@pytest.mark.parametrize("lag, quadrant, sign, lagging", QUADRANTS)
@pytest.mark.feature("MET-09")
def test_each_quadrant_has_its_own_buckets(lag, quadrant, sign, lagging, dtype):
    span = span_of(frame_of(4, lag=(lag,) * 3, dtype=dtype), dtype=dtype)
    watts, vars_ = 600 * cos(radians(lag)), 600 * sin(radians(lag))
    for phase, factor in (("A", 1), ("B", 1), ("C", 1), ("P", 3)):
        for name in ("q1", "q2", "q3", "q4"):
            expected = abs(vars_) * factor if name == quadrant else 0.0
            assert value(span, f"VAR.{name}.{phase}") == pytest.approx(expected, rel=1e-5, abs=1e-3)
        delivered, received = ("del", "rec") if sign > 0 else ("rec", "del")
        assert value(span, f"W.{delivered}.{phase}") == pytest.approx(abs(watts) * factor, rel=1e-5)
        assert value(span, f"W.{received}.{phase}") == 0.0
        assert value(span, f"VA.{delivered}.{phase}") == pytest.approx(600 * factor, rel=1e-5)
        assert value(span, f"VAv.{delivered}.{phase}") == pytest.approx(600 * factor, rel=1e-5)


@pytest.mark.parametrize("lag, quadrant, sign, lagging", QUADRANTS)
@pytest.mark.feature("MET-12")
def test_power_factor_is_positive_when_lagging_and_negative_when_leading(lag, quadrant, sign, lagging):
    span = span_of(frame_of(2, lag=(lag,) * 3))
    for phase in "ABCP":
        assert value(span, "PF.bi." + phase) == pytest.approx(lagging * abs(cos(radians(lag))), rel=1e-9)
        assert value(span, "PFv.bi." + phase) == pytest.approx(lagging * abs(cos(radians(lag))), rel=1e-9)


def test_quadrants_of_the_phases_are_their_own_and_the_polyphase_one_is_that_of_the_sums():
    # 5 A at 40 (q1), 2 A at 140 (q2), 1 A at 320 (q4): the sum is in quadrant one.
    span = span_of(frame_of(2, amps=(5, 2, 1), lag=(40, 140, 320)))
    watts = [120 * i * cos(radians(a)) for i, a in ((5, 40), (2, 140), (1, 320))]
    vars_ = [120 * i * sin(radians(a)) for i, a in ((5, 40), (2, 140), (1, 320))]
    assert base(span, "VAR")[:, 0] == pytest.approx((vars_[0], 0, 0, 0), abs=1e-9)
    assert base(span, "VAR")[:, 1] == pytest.approx((0, vars_[1], 0, 0), abs=1e-9)
    assert base(span, "VAR")[:, 2] == pytest.approx((0, 0, 0, -vars_[2]), abs=1e-9)
    assert base(span, "VAR")[:, 3] == pytest.approx((sum(vars_), 0, 0, 0), abs=1e-9)
    assert base(span, "W")[0] == pytest.approx((watts[0], 0, watts[2], sum(watts)), abs=1e-9)
    assert base(span, "W")[1] == pytest.approx((0, -watts[1], 0, 0), abs=1e-9)


@pytest.mark.feature("MET-08")
def test_bidirectional_is_the_difference_and_absolute_the_sum():
    # Delivered for one second, received for two: both directions hold something.
    span = span_of(frame_of(2, lag=(30,) * 3, seconds=0.5), frame_of(2, lag=(200,) * 3, seconds=1.0))
    for flow in ("W", "VAR", "VA", "VAv"):
        for phase in "ABCP":
            delivered, received = (value(span, f"{flow}.{d}.{phase}") for d in ("del", "rec"))
            assert delivered > 0 and received > 0
            assert value(span, f"{flow}.bi.{phase}") == pytest.approx(delivered - received)
            assert value(span, f"{flow}.abs.{phase}") == pytest.approx(delivered + received)


ANGLE = st.floats(0, 360)
RMS = st.floats(0.01, 20)
PARTS = st.lists(st.tuples(st.sampled_from((3, 5, 7, 9, 11)), st.floats(0, 0.4)), max_size=3)


@given(st.tuples(ANGLE, ANGLE, ANGLE), st.tuples(RMS, RMS, RMS), PARTS, st.booleans())
@pytest.mark.feature("MET-10")
def test_arithmetic_volt_amperes_are_never_the_smaller_ones(lag, amps, harmonics, on_current):
    frame = frame_of(2, amps=amps, lag=lag, harmonics=harmonics)
    if on_current:
        frame.samples[:3] = frame_of(2).samples[:3]
    span = span_of(frame)
    for phase in "ABCP":
        arithmetic, vectorial = (value(span, f"{flow}.abs.{phase}") for flow in ("VA", "VAv"))
        assert arithmetic >= vectorial * (1 - 1e-9)
        assert arithmetic >= abs(value(span, "W.bi." + phase)) * (1 - 1e-9)


@pytest.mark.feature("MET-10")
def test_the_two_volt_amperes_differ_by_harmonics_and_by_unbalance():
    frame = frame_of(2, harmonics=((5, 0.5),))
    frame.samples[:3] = frame_of(2).samples[:3]
    span = span_of(frame)
    assert value(span, "VAv.del.A") == pytest.approx(600.0, rel=1e-9)
    assert value(span, "VA.del.A") == pytest.approx(600.0 * (1 + 0.25) ** 0.5, rel=1e-9)
    # Ahead in one phase, behind in another: the vectorial sum cancels what the arithmetic one adds.
    span = span_of(frame_of(2, lag=(60, -60, 0)))
    assert value(span, "VA.del.P") == pytest.approx(1800.0, rel=1e-9)
    assert value(span, "VAv.del.P") == pytest.approx(1200.0, rel=1e-9)


@pytest.mark.feature("MET-07")
def test_rms_is_that_of_a_full_cycle_renewed_each_half_cycle():
    # A current that steps from 4 A to 2 A: the half cycle after the step shows the root of the mean square.
    half_cycles = HalfCycles()
    assert full_cycle_amperes(half_cycles, frame_of(2, amps=(4,) * 3)) == pytest.approx((4, 4), rel=1e-12)
    assert full_cycle_amperes(half_cycles, frame_of(2, amps=(2,) * 3)) == pytest.approx(
        (10**0.5, 2), rel=1e-12
    )


@pytest.mark.feature("MET-07")
def test_volt_amperes_are_those_of_a_full_cycle_and_watts_those_of_the_half_cycle():
    half_cycles = HalfCycles()
    half_cycles.process(frame_of(2, amps=(4,) * 3))
    rows = half_cycles.process(frame_of(2, amps=(2,) * 3)) * 120
    assert rows[START["VA"]] == pytest.approx((120 * 10**0.5, 240), rel=1e-12)
    assert rows[START["VAv"]] == pytest.approx((360, 240), rel=1e-12)
    assert rows[START["W"]] == pytest.approx((240, 240), rel=1e-12)


@pytest.mark.parametrize("n", (1, 2, 3, 8))
def test_the_full_cycle_reaches_over_the_border_of_frames(n):
    waves = noise((6, QUARTER + 24 * HALF), 10.0)

    def rows_of(n):
        half_cycles, out = HalfCycles(), []
        for start in range(0, 24 * HALF, n * HALF):
            samples = waves[:, start : start + QUARTER + n * HALF].copy()
            out.append(half_cycles.process(Frame(n, samples, np.full(n, 0.01), [0] * n)).copy())
        return np.concatenate(out, axis=1)

    found = rows_of(n)
    assert found == pytest.approx(rows_of(24), rel=1e-12, abs=1e-12)
    squares = np.mean(waves[:, QUARTER:].reshape((6, 24, HALF)) ** 2, axis=2)
    rms = np.sqrt((squares[:, 1:] + squares[:, :-1]) / 2)
    assert found[START["A"] : START["A"] + 3, 1:] == pytest.approx(rms[3:] * 0.01, rel=1e-12)
    arithmetic = found[START["VA"] :][:3] + found[START["VA"] :][4:7]
    assert arithmetic[:, 1:] == pytest.approx(rms[:3] * rms[3:] * 0.01, rel=1e-12)


@pytest.mark.parametrize("half_cycles", (1, 2, 24))
def test_no_joule_is_booked_twice_or_lost(half_cycles, dtype):
    # Noise on top, and a current that turns around every 0.1 s: signs change in the middle of everything.
    t = times(1.0)
    samples = three_phase(60 * t, lag=(20, 100, 200)) * 1.0
    samples[3:] *= np.sign(np.sin(2 * pi * 5 * t + 0.3))
    samples += noise(samples.shape, 1.0) * np.array([[1.0]] * 3 + [[0.05]] * 3)
    found = run(samples, 3072, half_cycles=half_cycles, dtype=dtype)
    start, stop = found.ends[0] - HALF, found.ends[-1]
    products = samples[:3, start:stop] * samples[3:, start:stop]
    joules = [float(np.sum(row)) / 30720 for row in products]
    for p, expected in enumerate([*joules, sum(joules)]):
        net = np.sum(found.rows[p], dtype=float) - np.sum(found.rows[4 + p], dtype=float)
        # Boundaries between samples, and interpolated noise, are all that differs: 2e-5 of what goes to and fro, 600 W
        # an element. Where the first half cycle begins, within 0.02 samples, is 0.001 J of it.
        assert net == pytest.approx(expected, abs=0.03 if p == 3 else 0.01)
        gross = np.sum(np.abs(found.rows[p])) + np.sum(np.abs(found.rows[4 + p]))
        assert gross > 10 * abs(net)  # or the test would not have turned anything around


def test_a_half_cycle_is_booked_in_one_direction_and_one_quadrant():
    t = times(0.5)
    samples = three_phase(60 * t, lag=(20, 100, 200))
    samples[3:] *= np.sign(np.sin(2 * pi * 7 * t))
    rows = run(samples).rows
    assert not np.any((rows[0:4] != 0) & (rows[4:8] != 0))
    for name, directions in FLOWS:
        booked = rows[START[name] :][: 4 * len(directions)].reshape((len(directions), 4, -1))
        assert np.max(np.sum(booked != 0, axis=0)) == 1, name


def test_no_current_gives_no_flow_at_all():
    span = span_of(frame_of(4, amps=(0, 0, 0)))
    assert np.all(span.sums[: START["V2"]] == 0)
    assert value(span, "PF.bi.A") == 0.0
    assert value(span, "V.A") == pytest.approx(120.0)


def test_the_first_frame_and_those_after_a_gap_bridge_the_missing_quarter():
    first = frame_of(2, lag=(90,) * 3)
    first.samples[:3, :QUARTER] = 1e6  # what lies there is not this signal's past
    span = span_of(first)
    assert value(span, "VAR.q1.P") + value(span, "VAR.q2.P") == pytest.approx(1800.0, rel=1e-9)
    again = frame_of(2, lag=(90,) * 3, flags=GAP)
    again.samples[:3, :QUARTER] = 1e6
    span = span_of(frame_of(2, amps=(20,) * 3), again)
    assert value(span, "VAR.abs.P") == pytest.approx(900.0, rel=1e-9)


def test_a_gap_parts_the_full_cycle_too():
    half_cycles = HalfCycles()
    half_cycles.process(frame_of(2, amps=(4,) * 3))
    after = frame_of(2, amps=(2,) * 3, flags=GAP)
    assert full_cycle_amperes(half_cycles, after) == pytest.approx((2, 2), rel=1e-12)


def test_rows_are_integrals_over_the_time_that_half_cycles_lasted(dtype):
    rows = HalfCycles(dtype=dtype).process(frame_of(3, seconds=0.25, dtype=dtype))
    assert rows.shape == (ROWS, 3)
    assert rows[3] == pytest.approx(np.full(3, 450.0), rel=SPAN_TOLERANCE[dtype])
    squares = START["V2"]
    assert squares + 3 == START["A2"]
    assert rows[START["A"]] == pytest.approx(np.full(3, 1.25), rel=SPAN_TOLERANCE[dtype])
    assert rows[squares] == pytest.approx(np.full(3, 3600.0), rel=SPAN_TOLERANCE[dtype])
    assert rows[squares + 3] == pytest.approx(np.full(3, 6.25), rel=SPAN_TOLERANCE[dtype])


def test_frames_of_changing_length_are_metered():
    half_cycles, total = HalfCycles(), 0.0
    for n in (2, 1, 5, 2):
        rows = half_cycles.process(frame_of(n))
        assert rows.shape == (ROWS, n)
        total += float(np.sum(rows[3]))
    assert total == pytest.approx(1800.0 * 10 / 120, rel=1e-12)
