"""The load model: what it gives is what the metrology measures of the same load's waveforms."""

from math import hypot, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.hal.sim.load_model import LINE_TO_LINE, VALUES, WYE, FunctionSteps, LoadModel, TableSteps
from meter.metrology.connection import NAMES, Connection
from meter.metrology.correction import Correction
from meter.metrology.frame import UNLOCKED
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.loss_compensation import LossCompensation
from meter.metrology.span import Span
from meter.metrology.tracking import CHANNELS, Tracker
from meter.quantities import INTEGRATED, index, keys
from meter.registers.energy import Energy

from host_tests.hal.load_waves import LoadWaves
from host_tests.harness import RATE, SCALES, THRESHOLD, blocks

SECONDS, SKIPPED = 2, 60  # half cycles at the beginning, until the harmonics are known
DELIVERED = (120.0, 119.0, 121.0, 300.0, 250.0, 200.0, 150.0, 80.0, 100.0, 60.0)
QUADRANTS = (120.0, 119.0, 121.0, 300.0, -250.0, -200.0, 150.0, 80.0, -100.0, 59.9)
LOSS = LossCompensation(120, 5, (1.0, 2.0, 3.0, 4.0, 5.0), (2.0, 3.0, 4.0, 5.0, 6.0))
CURVE = ((0.1, 0.3, 0.2), (10.0, -0.1, 0.3))


def half_cycles(name=NAMES[0], loss=None, correction=None, starting_a=0.001):
    return HalfCycles(Connection(name), correction, loss, starting_a, dtype=np.float64)


def steady(*values, begin=0, end=None):
    """Return steps of a load that never changes."""
    return FunctionSteps(lambda utc: values, 60, begin, end)


def measured(values, make, angles, seconds=SECONDS):
    """Return the Span and the Energy of the load's waveforms."""
    booking, span, energy = make(), Span(np.float64, make().connection), Energy()
    tracker = Tracker(CHANNELS, SCALES, RATE, 60, 24, THRESHOLD, dtype=np.float64)
    seen = 0
    for block in blocks(
        LoadWaves([values], seconds + 1, angles).read(0, int((seconds + 1) * RATE)), int(RATE)
    ):
        for frame in tracker.feed(*block):
            rows = booking.process(frame)
            span.add(rows, frame.seconds, frame.flags, max(0, SKIPPED - seen), frame.n)
            seen += frame.n
    energy.add(span)
    return span, energy


def modelled(values, make, seconds=SECONDS):
    """Return the same of the load model."""
    model = LoadModel(steady(*values), make(), 60, THRESHOLD)
    span, energy = Span(np.float64, model.connection), Energy()
    model.span(0, seconds, span)
    energy.add(span)
    return span, energy


def differences(waves, model):
    """Yield (key, measured, modelled, tolerance) of every quantity. waves, model: (Span, Energy) of each."""
    for key in keys():
        name, number = key.split(".")[0], index(key)
        if name in INTEGRATED:
            a, b = [energy.exact(number) / span.seconds for span, energy in (waves, model)]
            yield key, a, b, 1e-5 * abs(b) + 1e-8
            continue
        a, b = waves[0].value(number), model[0].value(number)
        if name.startswith("ANG"):
            component = name[3:] + ".P" if name[-1] in "012s" else None
            if component and model[0].value(index(component)) < 1e-6:
                continue  # what is not there has no angle
            yield key, a, b, 1e-3
        elif name.startswith(("THD", "TDD")):
            yield key, a, b, 2e-4  # percent: the rounding of the converter is all there is
        elif name.startswith("CF"):
            yield key, a, b, 3e-5  # the peak is seen to the nearest of 512 samples
        else:
            yield key, a, b, 1e-5 * abs(b) + 1e-5


CASES = [
    pytest.param(DELIVERED, half_cycles, id="form 9"),
    pytest.param(QUADRANTS, half_cycles, id="form 9, all directions, off the nominal frequency"),
    pytest.param(DELIVERED, lambda: half_cycles(loss=LOSS), id="loss compensation, delivered"),
    pytest.param(QUADRANTS, lambda: half_cycles(loss=LOSS), id="loss compensation, both directions"),
    pytest.param(
        DELIVERED,
        lambda: half_cycles(correction=Correction(curve=CURVE, watt_gain=1.01, var_gain=0.99)),
        id="transformer correction",
    ),
    pytest.param(
        DELIVERED[:3] + (300.0, 0.02, 200.0, 0.0, 0.0, 0.0, 60.0),
        half_cycles,
        id="one element below its start",
    ),
    pytest.param((120.0, 0.0, 121.0, 300.0, 0.0, 200.0, 50.0, 0.0, 10.0, 60.0), half_cycles, id="B is dead"),
    pytest.param((0.0,) * 9 + (60.0,), half_cycles, id="nothing at all"),
    *[
        pytest.param(DELIVERED, lambda name=name: half_cycles(name, LOSS), id=name)
        for name in ("4-wire delta", "3-wire delta", "open delta", "3-wire wye", "network")
    ],
]


@pytest.mark.parametrize("values, make", CASES)
def test_every_quantity_and_total_is_that_of_the_waveforms(values, make):
    angles = LINE_TO_LINE if make().connection.line_to_line else WYE
    waves, model = measured(values, make, angles), modelled(values, make)
    wrong = [row for row in differences(waves, model) if abs(row[1] - row[2]) > row[3]]
    assert wrong == []
    assert waves[0].flags == model[0].flags


def test_energy_of_a_steady_load_is_exact():
    model = LoadModel(steady(*DELIVERED), half_cycles())
    span, energy = Span(np.float64), Energy()
    for start in range(0, 3600, 900):
        model.span(start, start + 900, span)
        energy.add(span)
    assert (span.seconds, span.half_cycles, span.end) == (900.0, 108000, 3600)
    assert energy.value(index("Wh.del.P")) == 750_000_000
    assert energy.value(index("VARh.q1.P")) == 330_000_000
    assert energy.exact(index("VAh.del.A")) == pytest.approx(hypot(300, 150), rel=1e-12)


def test_instantaneous_values_are_those_of_the_load():
    span, _ = modelled(DELIVERED, half_cycles)
    assert span.value(index("V.B")) == pytest.approx(119, rel=1e-12)
    assert span.value(index("A.C")) == pytest.approx(hypot(200, 100) / 121, rel=1e-12)
    assert span.value(index("PF.bi.A")) == pytest.approx(300 / hypot(300, 150), rel=1e-12)
    assert span.value(index("Hz.A")) == 60.0
    assert span.value(index("CFA.A")) == pytest.approx(sqrt(2), rel=1e-12)
    assert span.value(index("THDV.A")) == pytest.approx(0, abs=1e-5)


def test_half_cycles_that_pass_the_end_of_a_span_are_not_in_the_next():
    values = DELIVERED[:9] + (50.3,)
    model = LoadModel(steady(*values), half_cycles(), 50)
    seconds, half = 0.0, 1 / 50.3 / 2
    for second in range(100):
        span = Span(np.float64)
        model.span(second, second + 1, span)
        seconds += span.seconds
        assert second + 1 - 1e-6 <= seconds < second + 1 + half
        assert span.value(index("Hz.A")) == pytest.approx(50.3, rel=1e-12)
        assert span.half_cycles in (100, 101)


def test_span_over_several_steps_adds_them_up():
    table = np.zeros((VALUES, 3))
    table[:3], table[9] = 120.0, 60.0
    table[3] = (100.0, 500.0, -200.0)
    model = LoadModel(TableSteps([0, 60, 90, 200], table), half_cycles())
    assert [model.next_step(now) for now in (0, 59, 60, 89, 90, 199)] == [60, 60, 90, 90, 200, 200]
    span = Span(np.float64)
    model.span(30, 100, span)
    assert span.value(index("W.del.A")) * 70 == pytest.approx(100 * 30 + 500 * 30)
    assert span.value(index("W.rec.A")) * 70 == pytest.approx(200 * 10)


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=60), st.data())
def test_table_is_searched_right_wherever_metering_jumps(gaps, data):
    times = [int(t) for t in np.cumsum([100, *gaps])]
    steps = TableSteps(times, None)
    for utc in data.draw(st.lists(st.integers(times[0], times[-1] - 1), max_size=20)):
        number = steps.number(utc)
        assert steps.start(number) <= utc < steps.start(number + 1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 1800), min_size=1, max_size=20))
def test_total_does_not_depend_on_where_spans_are_cut(lengths):
    steps = FunctionSteps(lambda utc: DELIVERED[:3] + (utc % 1000, -200.0, 50.0, utc % 70, 0, 0, 60.0), 60)
    totals = []
    for cuts in (lengths, [sum(lengths)]):
        model, energy, now = LoadModel(steps, half_cycles()), Energy(), 0
        for length in cuts:
            span = Span(np.float64)
            model.span(now, now + length, span)
            energy.add(span)
            now += length
        totals.append(energy.totals)
    assert max(abs(a - b) for a, b in zip(*totals)) <= 1


def test_gain_corrections_are_as_those_of_a_front_end():
    gains = (1.01, 1.0, 1.0, 0.98, 1.0, 1.0)
    span = Span(np.float64)
    LoadModel(steady(*DELIVERED), half_cycles(), gains=gains).span(0, 60, span)
    assert span.value(index("V.A")) == pytest.approx(120 * 1.01, rel=1e-12)
    assert span.value(index("A.A")) == pytest.approx(hypot(300, 150) / 120 * 0.98, rel=1e-12)
    assert span.value(index("W.del.A")) == pytest.approx(300 * 1.01 * 0.98, rel=1e-12)
    assert span.value(index("VAR.q1.B")) == pytest.approx(80, rel=1e-12)


def test_without_voltage_it_is_flagged_and_cut_at_the_nominal_frequency():
    span = Span(np.float64)
    LoadModel(steady(*((1.0,) * 3 + (0.0,) * 6 + (47.0,))), half_cycles(), 50, THRESHOLD).span(0, 10, span)
    assert span.flags == UNLOCKED
    assert span.value(index("Hz.A")) == 50
    assert span.value(index("V.A")) == pytest.approx(1)


def test_where_there_is_no_load_there_is_no_span():
    model = LoadModel(steady(*DELIVERED, begin=100, end=200), half_cycles())
    for start, end in ((99, 150), (150, 201)):
        with pytest.raises(ValueError, match=f"no load from {start} to {end}"):
            model.span(start, end, Span())
    model.span(100, 200, Span())
