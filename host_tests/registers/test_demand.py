"""Demand: windows, lengths, present, past and predicted, by examples computed by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.metrology.span import Span
from meter.quantities import START, index, keys
from meter.registers.demand import INTERVALS_MIN, SUBINTERVALS, Demand, problems
from meter.registers.demand_window import IntegratedWindow, Window, rows
from meter.registers.energy import Energy

from host_tests.demand_life import HOUR, MINUTE, DemandLife

MANUAL = {1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60}  # Specifications, Demand Interval Length
PAIRS = [(i, s) for i in INTERVALS_MIN for s in INTERVALS_MIN if not problems(i, s)]


def fixed(minutes=15, **options):
    return DemandLife(interval_min=minutes, subintervals=1, **options)


# DEM-01: what has a demand


@pytest.mark.feature("DEM-01")
@pytest.mark.parametrize("phase", ["A", "B", "C", "P"])
@pytest.mark.parametrize(
    "key",
    [f"{name}.{way}" for name in ("W", "VAR", "VA", "Q") for way in ("del", "rec", "bi", "abs")]
    + [f"VAR.q{k}" for k in (1, 2, 3, 4)]
    + ["A", "A2"],
)
def test_the_manuals_quantities_have_a_demand(key, phase):
    window = Demand(Energy()).window(index(f"{key}.{phase}"))
    kind = IntegratedWindow if (key, phase) == ("A", "P") else Window
    assert type(window) is kind


def test_factors_frequency_angles_distortion_and_energy_have_none():
    for key in ("PF.bi.P", "Hz.A", "ANGV.A", "THDV.A", "UNBV.P", "Wh.del.P"):
        with pytest.raises(ValueError):
            Demand(Energy()).window(index(key))


@pytest.mark.feature("DEM-01")
@pytest.mark.parametrize(
    "key, expected",
    # Flowed: 700 delivered and 200 received watt-hours (in quanta); vars of 10, 20, 40, 80 in the quadrants.
    [
        ("W.del.P", 700),
        ("W.rec.P", 200),
        ("W.bi.P", 500),
        ("W.abs.P", 900),
        ("VAR.del.P", 10 + 20),
        ("VAR.rec.P", 40 + 80),
        ("VAR.bi.P", 30 - 120),
        ("VAR.abs.P", 150),
        ("VAR.q4.P", 80),
    ],
)
def test_directions_are_those_of_the_energy(key, expected):
    life = fixed(keys=(key,))
    life.flow(700)
    life.flow(200, direction="rec")
    for quadrant, quanta in (("q1", 10), ("q2", 20), ("q3", 40), ("q4", 80)):
        life.flow(quanta, source="VAR", direction=quadrant)
    life.run(15 * MINUTE)
    assert life.demands == [(HOUR + 900, expected)]


def test_same_quantity_and_rate_is_the_same_window():
    demand = Demand(Energy((3,)))
    w = index("W.del.P")
    assert demand.window(w) is demand.window(w)
    assert demand.window(w) is not demand.window(w, 1)


def test_rows_are_those_that_energy_must_keep_by_rate():
    w, var, va = START["W"], START["VAR"], START["VA"]
    assert rows(index("W.bi.P")) == (w + 3, w + 7)
    assert rows(index("VAR.rec.A")) == (var + 8, var + 12)
    assert rows(index("A.P")) == ()
    quadrants = (var + 3, var + 7, var + 11, var + 15)
    assert rows(index("PF.del.P")) == (w + 3, va + 3, *quadrants)
    assert rows(index("PF.abs.P")) == (w + 3, w + 7, va + 3, va + 7, *quadrants)


# DEM-02: lengths


@pytest.mark.feature("DEM-02")
def test_intervals_are_the_manuals():
    assert set(INTERVALS_MIN) == MANUAL
    assert SUBINTERVALS == 12


@pytest.mark.feature("DEM-02")
def test_product_must_be_in_the_list_and_at_most_twelve():
    for interval in range(62):
        for subinterval in range(62):
            fits = subinterval > 0 and interval % subinterval == 0 and interval // subinterval <= 12
            assert (problems(interval, subinterval) == []) is (interval in MANUAL and fits)


def test_problems_name_the_setting_and_what_is_allowed():
    # 15 / 1 would be 15 subintervals; 2, 4, 6, 10, 12 do not divide 15.
    assert problems(15, 4) == ["demand.subinterval: must be one of 3, 5, 15 for 15 minutes, not 4"]
    assert problems(45, 5)[0].startswith("demand.interval: must be one of 1, 2, 3")


@pytest.mark.parametrize("interval, subintervals", [(15, 0), (15, 2), (60, 13), (60, 60), (45, 3), (15, -1)])
def test_lengths_that_do_not_fit_are_refused(interval, subintervals):
    with pytest.raises(ValueError):
        Demand(Energy(), interval_min=interval, subintervals=subintervals)


@pytest.mark.feature("DEM-02")
@pytest.mark.parametrize("interval, subinterval", PAIRS)
def test_demands_are_formed_at_every_subinterval_of_the_hour(interval, subinterval):
    life = DemandLife(interval_min=interval, subintervals=interval // subinterval)
    life.run(2 * 3600, each=1000)
    assert life.ends() == list(range(subinterval * 60, 7201, subinterval * 60))
    # Until the window is full it holds what there is; then 1000 quanta a second for the whole interval.
    lengths = [min(end, interval * 60) for end in life.ends()]
    assert life.pasts() == [1000 * length for length in lengths]
    assert life.window.si(life.window.past()) == pytest.approx(3.6)


def test_default_is_fifteen_minutes_in_steps_of_five():
    demand = Demand(Energy())
    assert (demand.interval_s, demand.subintervals) == (900, 3)


# DEM-03: present and past


@pytest.mark.feature("DEM-03")
def test_a_sliding_window_sums_the_last_three_subintervals():
    life = DemandLife()
    for each in (100, 200, 600, 50):
        life.run(5 * MINUTE, each)
    # 300 s each: 30000, 60000, 180000, 15000 quanta. The fourth window has lost the first subinterval.
    assert life.pasts() == [30_000, 90_000, 270_000, 255_000]


@pytest.mark.feature("DEM-03")
def test_present_demand_is_what_has_flowed_over_the_whole_interval():
    life = fixed()
    life.run(5 * MINUTE, 1000)
    # 300000 quanta = 0.3 Wh in 5 min: over 15 min (0.25 h) 1.2 W, while 3.6 W flow.
    assert life.window.present() == 300_000
    assert life.window.si(life.window.present()) == pytest.approx(1.2)
    assert life.window.past() == 0
    life.run(10 * MINUTE, 1000)
    assert (life.window.present(), life.window.past()) == (0, 900_000)


@pytest.mark.feature("DEM-03")
def test_present_demand_of_a_sliding_window_has_the_subintervals_before():
    life = DemandLife()
    for each in (100, 200, 600):
        life.run(5 * MINUTE, each)
    life.run(60, 50)
    assert life.window.present() == 60_000 + 180_000 + 60 * 50  # the first subinterval has left the window


def test_a_short_first_interval_is_over_the_whole_length():
    life = fixed(start=HOUR + 10 * MINUTE)
    life.run(5 * MINUTE, 1000)
    # It ends on the clock at 23:15, after 5 minutes: 300000 quanta over 15 minutes are 1.2 W, not 3.6 W.
    assert life.demands == [(HOUR + 900, 300_000)]
    assert life.window.si(300_000) == pytest.approx(1.2)


@pytest.mark.parametrize("subintervals", [1, 3, 5])
def test_what_was_before_the_beginning_is_in_no_demand(subintervals):
    life = DemandLife(subintervals=subintervals)
    life.run(1700, 123)
    life.demand.begin(life.now)
    life.demands.clear()
    life.run(100 + 900, 1)
    ends = range(1800, 2701, 900 // subintervals)
    assert life.demands == [(HOUR + end, min(end - 1700, 900)) for end in ends]


# DEM-06: prediction


def span_of(watts, rate_row=START["W"] + 3, seconds=1.0):
    span = Span()
    span.sums[rate_row] = watts * seconds
    span.seconds, span.half_cycles = seconds, 120
    return span


@pytest.mark.feature("DEM-06")
def test_prediction_is_what_flowed_and_the_present_power_until_the_end():
    life = fixed()
    life.run(5 * MINUTE, 1000)
    # 300000 quanta have flowed; 7.2 W (2000 quanta a second) for the 600 s that remain are 1200000.
    assert life.window.predicted(life.now, span_of(7.2)) == pytest.approx(1_500_000, abs=1)
    assert life.window.predicted(life.now, span_of(7.2, seconds=900.0)) == pytest.approx(1_500_000, abs=1)
    assert life.window.predicted(life.now, Span()) == 300_000  # nothing was measured


@pytest.mark.feature("DEM-06")
def test_prediction_of_a_steady_load_is_the_demand_that_follows():
    life = DemandLife()
    life.run(5 * MINUTE, 100)
    life.run(2 * MINUTE, 1000)
    predicted = life.window.predicted(life.now, span_of(3.6))
    life.run(3 * MINUTE, 1000)
    assert predicted == pytest.approx(life.window.past(), abs=1)


@pytest.mark.feature("DEM-06")
def test_prediction_of_an_average_is_that_of_the_phases():
    life = DemandLife(("A2.avg",))
    # 3, 6 and 9 A2 are 6 on average: 6 / 0.0036 quanta a second for the 300 s of the subinterval.
    span = span_of(3.0, START["A2"])
    span.sums[START["A2"] + 1], span.sums[START["A2"] + 2] = 6.0, 9.0
    assert life.window.predicted(HOUR, span) == pytest.approx(500_000, abs=1)


def test_prediction_at_a_rate_that_is_not_in_force_adds_nothing():
    life = fixed(rate=2)
    life.run(60, 1000, rate=2)
    life.demand.take(span_of(3.6), 2)
    assert life.window.predicted(life.now, span_of(3.6)) == pytest.approx(900_000, abs=1)
    life.demand.take(span_of(3.6), 1)
    assert life.window.predicted(life.now, span_of(3.6)) == 60_000


# What has no total


def test_neutral_current_is_integrated_from_the_spans():
    energy = Energy()
    demand = Demand(energy, subintervals=1)
    window = demand.window(index("A.N"))
    demand.begin(HOUR)
    span = Span()
    span.sums[START["N2"]] = 4.0 * 450.0  # 2 A for 450 s
    span.seconds, span.half_cycles = 450.0, 54000
    demand.take(span)
    # 2 A * 450 s / 3600 = 0.25 Ah: 250000 quanta; over 15 minutes 1 A.
    assert window.present() == pytest.approx(250_000, abs=1)
    assert window.predicted(HOUR + 450, span) == pytest.approx(500_000, abs=2)
    demand.take(span)
    assert demand.close(HOUR + 900)
    assert window.past() == pytest.approx(500_000, abs=1)
    assert window.si(window.past()) == pytest.approx(2.0, rel=1e-5)


def test_current_of_a_rate_counts_only_spans_of_that_rate():
    demand = Demand(Energy(), subintervals=1)
    window = demand.window(index("A.P"), 3)
    demand.begin(HOUR)
    span = Span()
    span.sums[START["A2"] : START["A2"] + 3] = (9.0, 16.0, 144.0)  # 13 A polyphase for a second
    span.seconds, span.half_cycles = 1.0, 120
    for rate in (0, 1, 3, 3):
        demand.take(span, rate)
    demand.take(Span(), 3)  # nothing was measured
    assert window.present() == pytest.approx(2 * 13 / 0.0036, abs=1)


def test_many_short_spans_are_no_less_than_a_long_one():
    demand = Demand(Energy(), interval_min=60, subintervals=1)
    window = demand.window(index("A.N"))
    demand.begin(HOUR)
    span = Span()
    span.sums[START["N2"]] = 0.001**2  # a milliampere for a second: 0.28 quanta
    span.seconds, span.half_cycles = 1.0, 120
    for _ in range(3600):
        demand.take(span)
    assert window.present() in (999, 1000)


# Invariants

FLOWS = st.lists(st.tuples(st.integers(1, 2000), st.integers(0, 10**6)), min_size=1, max_size=30)


@settings(max_examples=60)
@given(FLOWS, st.sampled_from(INTERVALS_MIN), st.integers(0, 3599))
def test_fixed_demands_times_the_interval_are_the_energy(flows, minutes, offset):
    life = fixed(minutes, start=HOUR + offset)
    for seconds, each in flows:
        life.run(seconds, each)
    assert sum(life.pasts()) + life.window.present() == life.window.total()


@settings(max_examples=60)
@given(FLOWS, st.sampled_from(PAIRS), st.integers(0, 3599))
def test_a_peak_is_the_highest_of_the_demands_formed(flows, pair, offset):
    life = DemandLife(interval_min=pair[0], subintervals=pair[0] // pair[1], start=HOUR + offset)
    for seconds, each in flows:
        life.run(seconds, each)
    highest = max(life.pasts(), default=0)
    assert life.peak.value == highest
    assert life.peak.time == (next(e for e, past in life.demands if past == highest) if highest else 0)


@settings(max_examples=60)
@given(FLOWS, st.sampled_from(PAIRS), st.integers(0, 3599))
def test_a_sliding_demand_is_the_sum_of_the_fixed_ones_of_its_subintervals(flows, pair, offset):
    count = pair[0] // pair[1]
    sliding = DemandLife(interval_min=pair[0], subintervals=count, start=HOUR + offset)
    short = fixed(pair[1], start=HOUR + offset)
    for seconds, each in flows:
        sliding.run(seconds, each)
        short.run(seconds, each)
    parts = short.pasts()
    assert sliding.pasts() == [sum(parts[max(0, k + 1 - count) : k + 1]) for k in range(len(parts))]
    assert sliding.ends() == short.ends()


def test_every_quantity_has_a_demand_or_says_that_it_has_none():
    demand = Demand(Energy())
    for key in keys():
        try:
            demand.window(index(key))
        except ValueError as error:
            assert "no demand of" in str(error)
