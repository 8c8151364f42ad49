"""Peaks: which interval sets one, what it captures, and what else flowed in it."""

import pytest
from meter.quantities import index

from host_tests.demand_life import HOUR, MINUTE, DemandLife


def fixed(keys=("W.del.P",), **options):
    return DemandLife(keys, subintervals=1, **options)


def quarters(life, *each, **row):
    for quanta in each:
        life.flow(quanta, **row)
        life.run(15 * MINUTE)


@pytest.mark.feature("DEM-03")
def test_peak_has_the_highest_demand_and_the_end_of_its_interval():
    life = fixed()
    quarters(life, 500, 900, 700)
    assert (life.peak.value, life.peak.time) == (900, HOUR + 1800)
    quarters(life, 901)
    assert (life.peak.value, life.peak.time) == (901, HOUR + 3600)


@pytest.mark.feature("DEM-03")
def test_a_quantum_more_is_higher_where_single_floats_are_equal():
    life = fixed()
    quarters(life, 2**40, 2**40 + 1)
    assert (life.peak.value, life.peak.time) == (2**40 + 1, HOUR + 1800)


def test_of_equal_demands_the_first_keeps_the_time():
    life = fixed()
    quarters(life, 900, 900)
    assert life.peak.time == HOUR + 900


def test_no_demand_is_no_peak():
    life = fixed()
    quarters(life, 0, 0)
    assert (life.peak.value, life.peak.time) == (0, 0)


@pytest.mark.feature("DEM-03")
def test_reset_begins_a_new_period():
    life = fixed()
    quarters(life, 900)
    life.peak.reset()
    assert (life.peak.value, life.peak.time) == (0, 0)
    quarters(life, 100)
    assert (life.peak.value, life.peak.time) == (100, HOUR + 1800)


def test_peaks_of_one_window_have_periods_of_their_own():
    life = fixed()
    hourly = life.demand.peak(index("W.del.P"))
    assert hourly.window is life.window
    for quanta in (900, 300):
        quarters(life, quanta)
        hourly.offer()
        if quanta == 900:
            hourly.reset()
    assert (life.peak.value, hourly.value, hourly.time) == (900, 300, HOUR + 1800)


@pytest.mark.feature("DEM-01")
def test_bidirectional_peak_is_the_highest_by_its_sign():
    life = fixed(("W.bi.P",))
    quarters(life, 0, 700, 300, direction="rec")
    assert (life.peak.value, life.peak.time) == (-300, HOUR + 2700)  # 0 was no demand; -700, then -300
    quarters(life, 0)
    assert (life.peak.value, life.peak.time) == (0, HOUR + 3600)
    quarters(life, 20, direction="rec")
    assert (life.peak.value, life.peak.time) == (0, HOUR + 3600)
    quarters(life, 50, direction="del")
    assert (life.peak.value, life.peak.time) == (50, HOUR + 5400)


# Rates: TOU


@pytest.mark.feature("DEM-03")
def test_peak_of_a_rate_has_only_energy_of_that_rate_over_the_whole_interval():
    life = fixed(rate=2)
    life.run(10 * MINUTE, 1000, rate=1)
    life.run(5 * MINUTE, 1000, rate=2)
    # 5 minutes of rate B: 300000 quanta over 15 minutes, 1.2 W of the 3.6 W that flowed.
    assert (life.peak.value, life.peak.time) == (300_000, HOUR + 900)
    life.run(15 * MINUTE, 5000, rate=1)
    assert life.peak.value == 300_000
    assert life.pasts() == [300_000, 0]


# DEM-04: what else flowed


@pytest.mark.feature("DEM-04")
def test_coincident_demand_is_that_of_the_interval_of_the_peak():
    life = fixed(coincident=("VAR.del.P", "VA.del.P"))
    for watts, vars_ in ((500, 400), (900, 30), (700, 800)):
        life.flow(vars_, source="VAR", direction="q1")
        quarters(life, watts)
    # The peak of the watts is in the second interval: its 30, not the 800 that were the most.
    assert life.peak.coincident == (30, 0)


@pytest.mark.feature("DEM-04")
@pytest.mark.parametrize(
    "quadrant, direction, expected",
    # Quadrants I and III lag (+), II and IV lead (-): the manual's sign. 300 W and 400 var are 500 VA: 0.6.
    [("q1", "del", 600_000), ("q4", "del", -600_000), ("q2", "rec", -600_000), ("q3", "rec", 600_000)],
)
def test_coincident_power_factor_is_that_of_the_energies_of_the_interval(quadrant, direction, expected):
    life = fixed((f"W.{direction}.P",), coincident=("PF.bi.P", f"PF.{direction}.P", "PF.abs.P"))
    life.flow(400, source="VAR", direction=quadrant)
    life.flow(500, source="VA", direction=direction)
    quarters(life, 300, direction=direction)
    assert life.peak.coincident == (expected, expected, 600_000)
    life.flow(299, source="VA", direction=direction)
    quarters(life, 299, direction=direction)
    assert life.peak.coincident[0] == expected  # a lower demand captures nothing


@pytest.mark.feature("DEM-04")
def test_coincident_power_factor_of_a_sliding_window_is_over_the_whole_window():
    life = DemandLife(coincident=("PF.del.P",))
    for watts, apparent in ((100, 100), (100, 200), (100, 700)):
        life.flow(apparent, source="VA")
        life.flow(watts)
        life.run(5 * MINUTE)
    # 300 W over 1000 VA, with no vars: 0.3, unsigned (in phase).
    assert life.peak.coincident == (300_000,)


@pytest.mark.feature("DEM-04")
def test_coincident_values_of_a_rates_peak_are_of_that_rate():
    life = fixed(rate=3, coincident=("VA.del.P", "PF.del.P"))
    for rate, apparent in ((3, 500), (1, 9000)):
        life.flow(apparent, source="VA", rate=rate)
        life.flow(400, rate=rate)
    life.run(15 * MINUTE)
    assert (life.peak.value, life.peak.coincident) == (400, (500, 800_000))


def test_power_factor_is_rounded_to_a_millionth():
    life = fixed(coincident=("PF.bi.P",))
    life.flow(300, source="VA")
    quarters(life, 200)
    assert life.peak.coincident == (666_667,)


def test_power_factor_without_power_is_zero():
    life = fixed(coincident=("PF.bi.P",))
    quarters(life, 10)
    assert life.peak.coincident == (0,)


# Preset


@pytest.mark.feature("DEM-03")
def test_preset_stands_until_a_higher_demand():
    life = fixed(coincident=("VA.del.P",))
    quarters(life, 900)
    life.peak.preset(500, (77,))
    assert (life.peak.value, life.peak.time, life.peak.coincident) == (500, 0, (77,))
    quarters(life, 500)
    assert (life.peak.value, life.peak.time) == (500, 0)
    quarters(life, 501)
    assert (life.peak.value, life.peak.time) == (501, HOUR + 2700)


def test_a_negative_preset_stands_too():
    life = fixed(("W.bi.P",))
    life.peak.preset(-5)
    quarters(life, 7, direction="rec")
    assert (life.peak.value, life.peak.time) == (-5, 0)
    quarters(life, 4, direction="rec")
    assert (life.peak.value, life.peak.time) == (-4, HOUR + 1800)


def test_preset_of_other_coincident_values_is_refused():
    life = fixed(coincident=("VA.del.P",))
    with pytest.raises(ValueError):
        life.peak.preset(1, ())
    life.peak.preset(1)
    assert life.peak.coincident == (0,)


def test_state_is_the_whole_peak():
    life = fixed(("W.bi.P",), coincident=("VA.del.P", "PF.bi.P"))
    life.peak.preset(-(2**60), (2**62, -600_000))
    life.peak.time = 0xFFFFFFFF
    state = life.peak.state()
    other = life.demand.peak(index("W.bi.P"), 0, (index("VA.del.P"), index("PF.bi.P")))
    other.restore(state)
    assert (other.value, other.time, other.coincident) == (-(2**60), 0xFFFFFFFF, (2**62, -600_000))
