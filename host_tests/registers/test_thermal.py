"""Thermal demand: 90 % of a step in the thermal time, however the spans are cut; its peak; outages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.metrology.span import Span
from meter.quantities import START, index
from meter.registers.thermal import Thermal

NOW = 1_700_002_800


def span_of(watts=0.0, volts=0.0, seconds=1.0, end=NOW):
    span = Span()
    span.sums[START["W"] + 3] = watts * seconds
    span.sums[START["V2"]] = volts**2 * seconds
    span.seconds, span.half_cycles, span.end = seconds, int(seconds * 120), end
    return span


def watts(minutes=15):
    return Thermal(index("W.bi.P"), minutes)


@pytest.mark.feature("DEM-05")
@pytest.mark.parametrize("minutes", [1, 15, 60])
def test_ninety_percent_of_a_step_after_the_thermal_time(minutes):
    thermal = watts(minutes)
    for _ in range(minutes * 60):
        thermal.take(span_of(1000.0))
    assert thermal.value == pytest.approx(900.0, rel=1e-9)
    thermal.take(span_of(1000.0, seconds=minutes * 60.0))
    assert thermal.value == pytest.approx(990.0, rel=1e-9)  # 90 % of what was left
    thermal.take(span_of(0.0, seconds=minutes * 60.0))
    assert thermal.value == pytest.approx(99.0, rel=1e-9)


def test_default_is_fifteen_minutes():
    thermal = Thermal(index("W.bi.P"))
    thermal.take(span_of(1000.0, seconds=900.0))
    assert thermal.value == pytest.approx(900.0)


@pytest.mark.feature("DEM-05")
@given(st.lists(st.floats(0.01, 4000), min_size=1, max_size=40), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_steady_load_gives_the_same_in_any_spans(lengths, first, load):
    whole, cut = watts(), watts()
    for thermal in (whole, cut):
        thermal.take(span_of(first, seconds=100.0))
    for seconds in lengths:
        cut.take(span_of(load, seconds=seconds))
    whole.take(span_of(load, seconds=sum(lengths)))
    assert cut.value == pytest.approx(whole.value, rel=1e-9, abs=1e-6)


@pytest.mark.feature("DEM-05")
@pytest.mark.parametrize(
    "key",
    ["W.del.A", "VAR.q3.P", "VA.rec.B", "Q.bi.P", "V.A", "A.C", "A.N", "PF.bi.P", "THDV.A", "THDA.B", "Hz.A"],
)
def test_the_manuals_quantities_have_a_thermal_demand(key):
    thermal = Thermal(index(key))
    thermal.take(span_of(1000.0, 120.0))
    assert thermal.value is not None


def test_energy_has_none():
    with pytest.raises(ValueError):
        Thermal(index("Wh.del.P"))


@pytest.mark.feature("DEM-05")
def test_what_is_no_load_starts_at_its_first_value():
    volts, hertz = Thermal(index("V.A")), Thermal(index("Hz.A"))
    assert (volts.value, hertz.peak, hertz.time) == (None, None, 0)
    for thermal in (volts, hertz):
        thermal.take(span_of(volts=120.0))
    assert (volts.value, hertz.value) == (pytest.approx(120.0), pytest.approx(60.0))
    volts.take(span_of(volts=130.0, seconds=900.0))
    assert volts.value == pytest.approx(129.0)  # 90 % of the step of 10 V


def test_an_empty_span_changes_nothing():
    thermal = watts()
    thermal.take(span_of(1000.0, seconds=900.0))
    thermal.take(Span())
    assert thermal.value == pytest.approx(900.0)


@pytest.mark.feature("DEM-05")
def test_peak_has_the_time_at_which_it_was_reached():
    thermal = watts()
    for k, load in enumerate((1000.0, 1000.0, 0.0, 0.0)):
        thermal.take(span_of(load, seconds=900.0, end=NOW + 900 * k))
    assert thermal.value == pytest.approx(9.9)
    assert (thermal.peak, thermal.time) == (pytest.approx(990.0), NOW + 900)


def test_what_stays_equal_keeps_the_first_time():
    thermal = Thermal(index("V.A"))
    for k in range(3):
        thermal.take(span_of(volts=120.0, end=NOW + k))
    assert thermal.time == NOW


@pytest.mark.feature("DEM-05")
def test_reset_takes_the_present_value_as_the_peak():
    thermal = watts()
    thermal.take(span_of(1000.0, seconds=900.0))
    thermal.take(span_of(0.0, seconds=900.0))
    thermal.reset(NOW + 5)
    assert (thermal.peak, thermal.time) == (thermal.value, NOW + 5)
    thermal.take(span_of(0.0, seconds=900.0))
    assert (thermal.peak, thermal.time) == (pytest.approx(90.0), NOW + 5)
    thermal.take(span_of(1000.0, seconds=900.0, end=NOW + 1800))
    assert (thermal.peak, thermal.time) == (pytest.approx(900.9), NOW + 1800)


def test_reset_before_there_was_a_value():
    thermal = Thermal(index("V.A"))
    thermal.reset(NOW)
    assert (thermal.peak, thermal.time) == (None, 0)


@pytest.mark.feature("DEM-05")
def test_after_an_outage_powers_have_decayed_and_voltages_hold():
    power, current, volts = watts(), Thermal(index("A.A")), Thermal(index("V.A"))
    for thermal in (power, volts, current):
        thermal.take(span_of(1000.0, 120.0, seconds=900.0))
    current.value = 5.0
    for thermal in (power, volts, current):
        thermal.jumped(NOW, NOW + 1800, True)
    # Two thermal times without a load leave a hundredth.
    assert power.value == pytest.approx(9.0)
    assert current.value == pytest.approx(0.05)
    assert volts.value == pytest.approx(120.0)
    assert power.peak == pytest.approx(900.0)


def test_a_set_clock_changes_nothing():
    thermal = watts()
    thermal.take(span_of(1000.0, seconds=900.0))
    thermal.jumped(NOW, NOW + 3600, False)
    assert thermal.value == pytest.approx(900.0)


@given(
    st.sampled_from(("W.bi.P", "V.A")),
    st.lists(
        st.tuples(st.floats(0, 1e6), st.floats(0.1, 3600), st.integers(0, 3), st.booleans()), max_size=20
    ),
)
def test_lives_cut_anywhere_are_one_life(key, events):
    whole, cut = Thermal(index(key)), Thermal(index(key))
    now = NOW
    for load, seconds, what, is_cut in events:
        for thermal in (whole, cut):
            if what == 0:
                thermal.jumped(now, now + 500, True)
            elif what == 1:
                thermal.reset(now)
            else:
                thermal.take(span_of(load, load, seconds, now))
        now += 500
        if is_cut:
            state, cut = cut.state(), Thermal(index(key))
            assert len(state) == Thermal.STATE_SIZE
            cut.restore(state)
        assert (cut.value, cut.peak, cut.time) == (whole.value, whole.peak, whole.time)
