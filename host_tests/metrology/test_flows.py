"""What is booked in each half cycle: watts and vars of the half cycle itself, volt-amperes and direction of a cycle.

And what is not booked: currents below half of the starting current, an open circuit, the converter's noise.
"""

from math import cos, radians, sin, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.config import schema
from meter.metrology import builder
from meter.metrology.calibration import Calibration
from meter.metrology.frame import HALF, QUARTER, Frame
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.span import Span
from meter.quantities import FLOW_ROWS, FLOWS, PHASES, START, TOTAL_ROWS, index, keys
from meter.registers.energy import Energy

from host_tests.harness import noise
from host_tests.metrology.test_values import (
    SECONDS,
    frames,
    load,
    metered,
    three_wire,
    value,
    wave,
)

TIGHT = {np.float32: 3e-6, np.float64: 1e-12}


def row(name, direction=0, phase="A"):
    return START[name] + 4 * direction + PHASES.index(phase)


def steps(loads, dtype=np.float64, n=2):
    """Return (ROWS, halves) of loads that follow one another, each for its number of half cycles."""
    samples = [wave(tones, 0, halves) for tones, halves in loads]
    joined = np.concatenate([samples[0]] + [part[:, QUARTER:] for part in samples[1:]], axis=1)
    halves = sum(count for _, count in loads)
    metrology, out = HalfCycles(dtype=dtype), []
    for start in range(0, halves, n):
        part = joined[:, start * HALF : QUARTER + (start + n) * HALF].astype(dtype)
        frame = Frame(n, part, np.full(n, SECONDS, dtype=dtype), [0] * n)
        out.append(metrology.process(frame).copy())
    return np.concatenate(out, axis=1) / SECONDS


@pytest.mark.parametrize("n", (1, 2, 6))
@pytest.mark.feature("MET-07", "MET-08")
def test_watts_are_those_of_each_half_cycle_and_rms_that_of_the_last_cycle(n, dtype):
    rows = steps([(three_wire(amps=(4,) * 3), 4), (three_wire(amps=(2,) * 3), 2)], dtype, n)
    assert rows[row("W")] == pytest.approx([480] * 4 + [240] * 2, rel=TIGHT[dtype])
    assert rows[row("W", phase="P")] == pytest.approx([1440] * 4 + [720] * 2, rel=TIGHT[dtype])
    mixed = sqrt((16 + 4) / 2)
    assert rows[START["A"]] == pytest.approx([4] * 4 + [mixed, 2], rel=TIGHT[dtype])
    assert rows[row("VA")] == pytest.approx([480] * 4 + [120 * mixed, 240], rel=TIGHT[dtype])


@pytest.mark.feature("MET-09")
def test_vars_of_a_half_cycle_take_the_voltage_a_quarter_before(dtype):
    rows = steps([(three_wire(lag=(90,) * 3, amps=(4,) * 3), 4), (three_wire(lag=(90,) * 3), 4)], dtype)
    assert rows[row("VAR")] + rows[row("VAR", 1)] == pytest.approx([480] * 4 + [600] * 4, rel=1e-5)


def test_a_load_that_turns_around_changes_direction_with_the_cycle_and_loses_no_joule(dtype):
    rows = steps([(three_wire(), 4), (three_wire(lag=(180,) * 3, amps=(3,) * 3), 4)], dtype)
    net = rows[row("W")] - rows[row("W", 1)]
    assert net == pytest.approx([600] * 4 + [-360] * 4, rel=TIGHT[dtype])
    # The cycle of half a delivered 600 and half a received 360 is still delivered: its second half is booked there.
    assert rows[row("W")][4] == pytest.approx(-360, rel=TIGHT[dtype])
    assert rows[row("W", 1)][5:] == pytest.approx([360] * 3, rel=TIGHT[dtype])


@pytest.mark.parametrize("lag", range(5, 360, 30))
@pytest.mark.feature("MET-11")
def test_q_is_the_power_sixty_degrees_on(lag, dtype):
    # W / 2 + VAR * sqrt(3) / 2 of a sine is V * I * cos(lag - 60).
    span = metered(three_wire(lag=(lag,) * 3), dtype=dtype)
    for phase, factor in (("A", 1), ("C", 1), ("P", 3)):
        wanted = 600 * factor * cos(radians(lag - 60))
        assert value(span, f"Q.bi.{phase}") == pytest.approx(wanted, rel=1e-5, abs=1e-3)
        assert value(span, f"Q.del.{phase}") == pytest.approx(max(0, wanted), rel=1e-5, abs=1e-3)
        assert value(span, f"Q.rec.{phase}") == pytest.approx(max(0, -wanted), rel=1e-5, abs=1e-3)


def test_the_polyphase_direction_and_quadrant_are_those_of_the_sum():
    # 5 A at 40 (q1), 2 A at 140 (q2), 1 A at 320 (q4): the sum is in quadrant one.
    span = metered(three_wire(amps=(5, 2, 1), lag=(40, 140, 320)))
    watts = [120 * i * cos(radians(a)) for i, a in ((5, 40), (2, 140), (1, 320))]
    vars_ = [120 * i * sin(radians(a)) for i, a in ((5, 40), (2, 140), (1, 320))]
    assert value(span, "W.del.P") == pytest.approx(sum(watts), rel=1e-9)
    assert value(span, "W.rec.P") == 0.0 and value(span, "W.rec.B") == pytest.approx(-watts[1], rel=1e-9)
    assert value(span, "VAR.q1.P") == pytest.approx(sum(vars_), rel=1e-9)
    assert [value(span, f"VAR.{q}.{p}") for q, p in (("q1", "A"), ("q2", "B"), ("q4", "C"))] == pytest.approx(
        [vars_[0], vars_[1], -vars_[2]], rel=1e-9
    )


@pytest.mark.feature("MET-10")
def test_the_two_volt_amperes_are_the_same_without_harmonics_and_differ_with_them(dtype):
    span = metered(three_wire(lag=(35,) * 3), dtype=dtype)
    for phase, factor in (("A", 1), ("P", 3)):
        for name in ("VA", "VAv"):
            assert value(span, f"{name}.del.{phase}") == pytest.approx(600 * factor, rel=1e-5)
    # The current alone has a fifth of 50 %: no power, but amperes.
    span = metered(load(VA=(120, 0), IA=((1, 5.0, 0.0), (5, 2.5, 0.0))), dtype=dtype)
    assert value(span, "VA.del.A") == pytest.approx(600 * sqrt(1.25), rel=1e-5)
    assert value(span, "VAv.del.A") == pytest.approx(600, rel=1e-5)
    # Ahead in one phase, behind in another: the vector cancels what the arithmetic sum adds.
    span = metered(three_wire(lag=(60, -60, 0)), dtype=dtype)
    assert value(span, "VA.del.P") == pytest.approx(1800, rel=1e-5)
    assert value(span, "VAv.del.P") == pytest.approx(1200, rel=1e-5)


@pytest.mark.parametrize("order, turned", ((3, -1), (5, 1), (7, -1), (11, -1), (13, 1)))
@pytest.mark.feature("MET-09")
def test_vars_hold_the_harmonics_and_those_of_the_fundamental_do_not(order, turned, dtype):
    # A quarter cycle is `order` quarters of the harmonic: its vars count with that sign.
    span = metered(
        load(VA=((1, 120.0, 0.0), (order, 12.0, 0.0)), IA=((1, 5.0, -30.0), (order, 1.0, -90.0))), dtype=dtype
    )
    assert value(span, "VARf.bi.A") == pytest.approx(300.0, rel=1e-5)
    assert value(span, "VAR.bi.A") == pytest.approx(300.0 + turned * 12.0, rel=1e-5)


@given(st.lists(st.tuples(st.floats(0.5, 20.0), st.floats(0, 360)), min_size=3, max_size=3))
def test_what_is_booked_is_in_one_direction_and_the_sums_of_directions_agree(loads):
    amps, lag = zip(*loads)
    span = metered(three_wire(amps=amps, lag=lag), 2)
    for name, directions in FLOWS:
        for phase in PHASES:
            parts = [float(span.sums[row(name, d, phase)]) for d in range(len(directions))]
            assert min(parts) > -1e-9 and sum(part > 1e-9 for part in parts) <= 1
            booked = {d: value(span, f"{name}.{d}.{phase}") for d in ("del", "rec", "bi", "abs")}
            assert booked["bi"] == pytest.approx(booked["del"] - booked["rec"])
            assert booked["abs"] == pytest.approx(booked["del"] + booked["rec"])


def test_a_voltage_alone_flows_nowhere(dtype):
    span = metered(three_wire(amps=(0, 0, 0)), dtype=dtype)
    assert not np.any(span.sums[:FLOW_ROWS])
    assert value(span, "V.A") == pytest.approx(120.0, rel=1e-6)
    assert value(span, "PF.bi.P") == value(span, "PFv.del.A") == 0.0


def test_rows_are_integrals_over_the_time_that_half_cycles_lasted(dtype):
    span = metered(three_wire(), 4, seconds=0.25, dtype=dtype)
    assert span.seconds == pytest.approx(1.0)
    assert float(span.sums[row("W")]) == pytest.approx(600.0, rel=1e-6)
    assert float(span.sums[START["V2"]]) == pytest.approx(14400.0, rel=1e-6)


def configured(current_class, dtype=np.float64):
    settings = schema.validate({"service": {"current_class": current_class}})
    return builder.half_cycles(settings, Calibration(), dtype)


CLASSES = ((2, 0.001), (10, 0.002), (20, 0.002))


@pytest.mark.parametrize("current_class, start", CLASSES)
@pytest.mark.feature("MET-02")
def test_the_starting_current_and_the_class_current_of_each_class_are_registered(current_class, start, dtype):
    for amps in (start, float(current_class)):
        span = metered(
            three_wire(amps=(amps,) * 3, lag=(60,) * 3),
            dtype=dtype,
            half_cycles=configured(current_class, dtype),
        )
        assert value(span, "A.A") == pytest.approx(amps, rel=1e-5)
        assert value(span, "W.del.P") == pytest.approx(180 * amps, rel=1e-5)
        assert value(span, "VAR.q1.P") == pytest.approx(180 * sqrt(3) * amps, rel=1e-5)
        assert value(span, "VA.del.P") == pytest.approx(360 * amps, rel=1e-5)


@pytest.mark.parametrize("current_class, start", CLASSES)
@pytest.mark.parametrize("part", (0.0, 0.1, 0.49))
def test_below_half_of_the_starting_current_nothing_is_registered(current_class, start, part, dtype):
    span = metered(
        three_wire(amps=(start * part,) * 3), dtype=dtype, half_cycles=configured(current_class, dtype)
    )
    assert not np.any(span.sums[:FLOW_ROWS])
    for name in ("A", "A2"):
        assert not np.any(span.sums[START[name] : START[name] + 3])
    assert value(span, "V2.A") == pytest.approx(14400, rel=1e-5)


def test_each_element_starts_for_itself():
    span = metered(three_wire(amps=(0.002, 0.0004, 5)), half_cycles=configured(20))
    assert value(span, "W.del.A") == pytest.approx(0.24, rel=1e-9)
    assert value(span, "W.del.B") == 0.0
    assert value(span, "W.del.P") == pytest.approx(600.24, rel=1e-9)
    assert value(span, "A.B") == 0.0


@pytest.mark.parametrize("current_class, noise_a", ((2, 2e-4), (10, 4e-4), (20, 4e-4)))
@pytest.mark.parametrize("connection", ("4-wire wye", "3-wire delta"))
@pytest.mark.feature("MET-03")
def test_an_open_current_circuit_registers_nothing_in_twenty_hours(current_class, noise_a, connection, dtype):
    # 115 % of nominal voltage, and noise of a fifth of the starting current: far more than any converter has.
    settings = schema.validate({"service": {"current_class": current_class, "connection": connection}})
    metrology = builder.half_cycles(settings, Calibration(), dtype)
    volts = wave(three_wire((138,) * 3), 0, 60)
    energy, span = Energy(), Span(dtype)
    for second in range(20):
        samples = volts.copy()
        samples[3:] = noise((3, samples.shape[1]), noise_a, seed=second)
        frame = Frame(60, samples.astype(dtype), np.full(60, 60.0, dtype=dtype), [0] * 60)
        span.add(metrology.process(frame), frame.seconds, 0, 0, 60)
        energy.add(span)
        span.clear()
    current = [r for r in range(TOTAL_ROWS) if not START["V2"] <= r < START["A2"]]
    assert [energy.totals[r] for r in current] == [0] * len(current)
    assert energy.value(index("V2h.A")) == pytest.approx(138**2 * 20 * 1e6, rel=1e-4)


def test_noise_alone_shows_no_current_and_no_quantity_made_of_it():
    settings = schema.validate({})
    metrology, span = builder.half_cycles(settings, Calibration(), np.float64), Span()
    samples = wave(three_wire(), 0, 12)
    samples[3:] = noise((3, samples.shape[1]), 1e-5)
    frame = Frame(12, samples, np.full(12, SECONDS), [0] * 12)
    span.add(metrology.process(frame), frame.seconds, 0, 0, 12)
    for key in keys():
        if key.split(".")[0] in ("A", "A2", "W", "VAR", "VA", "VAv", "Q", "PF", "PFv", "THDA", "UNBA", "CFA"):
            if key != "A.N":
                assert value(span, key) == 0.0, key


@pytest.mark.parametrize("key", ("A.N", "UA2.P", "UA0.P", "AF.A", "A1.P", "VARf.abs.P"))
def test_noise_alone_shows_no_neutral_current_no_fundamental_and_no_unbalance(key):
    metrology, span = builder.half_cycles(schema.validate({}), Calibration(), np.float64), Span()
    samples = wave(three_wire(), 0, 12)
    samples[3:] = noise((3, samples.shape[1]), 1e-5)
    span.add(
        metrology.process(Frame(12, samples, np.full(12, SECONDS), [0] * 12)), np.full(12, SECONDS), 0, 0, 12
    )
    assert value(span, key) == 0.0


def test_a_frame_after_another_of_another_length_joins_on():
    metrology, total = HalfCycles(), 0.0
    start = 0
    for n in (2, 1, 5, 2):
        for frame in frames(three_wire(), n, n, first=start):
            total += float(np.sum(metrology.process(frame)[row("W", phase="P")]))
        start += n
    assert total == pytest.approx(1800 * 10 * SECONDS, rel=1e-12)
