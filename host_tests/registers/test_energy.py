"""Energy totals: no joule lost, none twice, never backwards, whatever the spans hold."""

from fractions import Fraction
from math import fsum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.metrology.connection import Connection
from meter.metrology.span import Span
from meter.quantities import FLOW_ROWS, FLOWS, INTEGRATED, START, TOTAL_ROWS, index, keys
from meter.registers.energy import SCALER, Energy

PER_JOULE = Fraction(1_000_000, 3600)
JOULES = st.floats(-1e7, 1e7)
SPANS = st.lists(st.lists(JOULES, min_size=4, max_size=4), max_size=60)
ROWS = (0, 17, FLOW_ROWS - 1, TOTAL_ROWS - 1)  # some rows of several flows, and one without direction


def booked(spans, dtype=np.float64):
    energy = Energy()
    span = Span(dtype)
    for joules in spans:
        for row, value in zip(ROWS, joules):
            span.sums[row] = value
        energy.add(span)
    return energy


@given(SPANS)
def test_total_and_residual_are_the_exact_sum(spans):
    energy = booked(spans)
    for k, row in enumerate(ROWS):
        exact = sum((Fraction(joules[k]) for joules in spans), Fraction(0)) * PER_JOULE
        gross = fsum(abs(joules[k]) for joules in spans) * float(PER_JOULE)
        found = Fraction(energy.totals[row]) + Fraction(energy._residuals[row])
        # One rounding of 2**-53 of the largest number for each span, and a debt may be as large as the gross sum.
        assert abs(found - exact) <= (len(spans) + 1) * (gross + 1) * 2.0**-51


@given(SPANS)
def test_totals_never_go_back(spans):
    energy, span = Energy(), Span()
    before = list(energy.totals)
    for joules in spans:
        for row, value in zip(ROWS, joules):
            span.sums[row] = value
        energy.add(span)
        assert all(now >= then for now, then in zip(energy.totals, before))
        assert all(isinstance(total, int) for total in energy.totals)
        before = list(energy.totals)


@given(SPANS)
def test_what_is_carried_is_less_than_a_quantum_or_a_debt(spans):
    assert all(residual < 1.0 for residual in booked(spans)._residuals)


def test_a_debt_is_paid_before_the_total_grows_again():
    energy = booked([[3600.0] * 4, [-1800.0] * 4, [900.0] * 4])
    assert energy.totals[0] == 1_000_000
    assert booked([[3600.0] * 4, [-1800.0] * 4, [2700.0] * 4]).totals[0] == 1_250_000


def test_a_watt_for_an_hour_is_a_watt_hour(dtype):
    energy = Energy()
    span = Span(dtype)
    span.sums[START["W"] + 3] = 1.0
    for _ in range(3600):
        energy.add(span)
    assert energy.value(index("Wh.del.P")) in (999_999, 1_000_000)
    assert energy.exact(index("Wh.del.P")) == pytest.approx(1.0, rel=1e-9)
    assert SCALER == -6


@pytest.mark.parametrize("watts", (0.02, 7.3, 1800.1, 59_999.9))
def test_a_month_of_seconds_in_single_precision_loses_less_than_a_millionth(watts):
    seconds = 30 * 86400
    energy, span = Energy(), Span(np.float32)
    # What a span of float32 rows holds: 120 half cycles a second, added up in single precision.
    half_cycle = np.full((len(span.sums), 120), watts / 120, dtype=np.float32)
    span.add(half_cycle, np.full(120, 1 / 120, dtype=np.float32), 0, 0, 120)
    row = START["W"] + 3
    quanta = float(span.sums[row]) * 1e6 / 3600
    # A month second by second is 2.6 million steps: add() is watched for an hour, the rest follows from integers.
    for _ in range(3600):
        energy.add(span)
    found = energy.totals[row] + energy._residuals[row]
    assert found == pytest.approx(quanta * 3600, rel=1e-12)
    assert found * (seconds / 3600) == pytest.approx(watts * seconds * 1e6 / 3600, rel=1e-6)


def test_single_precision_totals_go_on_counting_beyond_their_24_bits():
    energy, span = Energy(), Span(np.float32)
    row = START["W"]
    energy.totals[row] = 1 << 50  # some 300 years of 400 W
    span.sums[row] = 0.01
    for _ in range(1000):
        energy.add(span)
    assert energy.totals[row] - (1 << 50) == pytest.approx(10.0 * 1e6 / 3600, abs=1.0)


@given(st.lists(st.floats(-1e4, 1e4), min_size=TOTAL_ROWS, max_size=TOTAL_ROWS), st.integers(0, 1 << 62))
def test_state_comes_back_as_it_was_saved(joules, large):
    energy, span = Energy(), Span()
    span.sums[:TOTAL_ROWS] = joules
    energy.add(span)
    energy.totals[0] += large
    state = energy.state()
    other = Energy()
    other.restore(state)
    assert other.totals == energy.totals
    assert other._residuals == pytest.approx(energy._residuals, rel=1e-6, abs=1e-6)
    assert other.state() == state


def test_restored_totals_go_on_growing():
    energy = booked([[3600.4] * 4])
    other = Energy()
    other.restore(energy.state())
    span = Span()
    span.sums[0] = 3600.0
    other.add(span)
    assert other.totals[0] == 2_000_111


DIRECTIONS = dict(FLOWS)


@pytest.mark.parametrize("key", [key for key in keys() if key.split(".")[0] in INTEGRATED])
@pytest.mark.feature("REG-03")
def test_every_consumption_is_the_sum_of_its_rows(key):
    energy, span = Energy(), Span()
    span.sums[:TOTAL_ROWS] = np.arange(1, TOTAL_ROWS + 1) * 3600.0
    energy.add(span)
    name, *direction, phase = key.split(".")
    if direction:
        (direction,) = direction
        quadrants = len(DIRECTIONS[name[:-1]]) == 4
        start = START[name[:-1]] + "ABCP".index(phase)
        wh = [start + 4 * k + 1 for k in range(4 if quadrants else 2)]
        if quadrants:
            expected = {"q1": wh[0], "q2": wh[1], "q3": wh[2], "q4": wh[3], "del": wh[0] + wh[1], "rec": wh[2] + wh[3],
                        "net": wh[0] + wh[1] - wh[2] - wh[3], "abs": sum(wh)}[direction]  # fmt: skip
        else:
            expected = {"del": wh[0], "rec": wh[1], "net": wh[0] - wh[1], "abs": sum(wh)}[direction]
    else:
        a = START[name[:-1]] + 1
        expected = {"A": a, "B": a + 1, "C": a + 2, "P": 3 * a + 3, "avg": a + 1}[phase]
    assert energy.value(index(key)) == expected * 1_000_000
    assert energy.exact(index(key)) == pytest.approx(expected, rel=1e-12)


def test_an_average_is_a_third_rounded_down_and_exact_for_a_laboratory():
    energy, span = Energy(), Span()
    span.sums[START["A"]] = 3600.0
    energy.add(span)
    assert energy.value(index("Ah.avg")) == 333_333 and energy.value(index("Ah.P")) == 1_000_000
    assert energy.exact(index("Ah.avg")) == pytest.approx(1 / 3, rel=1e-12)


def test_net_may_be_negative_and_is_still_exact():
    energy, span = Energy(), Span()
    span.sums[START["W"] + 4 + 3] = 7200.0
    energy.add(span)
    assert energy.value(index("Wh.net.P")) == -2_000_000
    assert energy.value(index("Wh.rec.P")) == energy.value(index("Wh.abs.P")) == 2_000_000


def test_rows_of_the_state_are_those_of_the_catalogue():
    assert FLOW_ROWS == 4 * sum(len(directions) for _, directions in FLOWS)
    assert len(Energy().totals) == TOTAL_ROWS == FLOW_ROWS + 9


@pytest.mark.feature("REG-04")
@given(st.lists(st.tuples(st.integers(0, 8), st.lists(JOULES, min_size=4, max_size=4)), max_size=40))
def test_the_rates_sum_to_the_total_to_the_quantum(spans):
    energy, span = Energy(rated=ROWS), Span()
    without = [0] * len(ROWS)
    for rate, joules in spans:
        before = [energy.totals[row] for row in ROWS]
        for row, value in zip(ROWS, joules):
            span.sums[row] = value
        energy.add(span, rate)
        for k, row in enumerate(ROWS):
            without[k] += 0 if rate else energy.totals[row] - before[k]
    for k, row in enumerate(ROWS):
        one = (1, ((1, row),))
        assert sum(energy.total(one, rate) for rate in range(1, 9)) + without[k] == energy.total(one)
    again = Energy(rated=ROWS[1:])
    again.restore(energy.state())
    assert again.totals == energy.totals
    assert [kept[1:] for kept in energy.rates] == again.rates


def test_a_rate_of_what_is_not_kept_by_rate_is_refused():
    with pytest.raises(ValueError):
        Energy(rated=(0,)).total((1, ((1, 1),)), 2)
    with pytest.raises(ValueError):
        Energy().total((1, ((1, 1),)), 2)


@pytest.mark.feature("MET-16")
@pytest.mark.parametrize(
    "name, volts, amperes",
    [("4-wire wye", 3, 3), ("network", 2, 2), ("3-wire delta", 2, 3), ("open delta", 2, 3)],
)
def test_an_average_total_is_of_as_many_elements_as_its_instantaneous_value(name, volts, amperes):
    connection = Connection(name)
    energy, span = Energy(connection=connection), Span(np.float64, connection)
    for key, places in (("V2", connection.elements), ("A2", connection.currents), ("A", connection.currents)):
        for place in places:
            span.sums[START[key] + place] = 3600.0 * (place + 1)
    span.half_cycles, span.seconds = 120, 3600.0
    energy.add(span)
    assert energy.value(index("V2h.avg")) == sum(place + 1 for place in connection.elements) * 10**6 // volts
    assert (
        energy.value(index("A2h.avg")) == sum(place + 1 for place in connection.currents) * 10**6 // amperes
    )
    assert energy.value(index("V2h.avg")) == pytest.approx(1e6 * span.value(index("V2.avg")), abs=1)
    assert energy.value(index("A2h.avg")) == pytest.approx(1e6 * span.value(index("A2.avg")), abs=1)
