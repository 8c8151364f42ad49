"""Primary values: every unit by its own powers of the ratios, totals exact, and read through Access."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.access.access import Access
from meter.config import schema
from meter.config.primary import Primary
from meter.quantities import CATALOGUE, INTEGRATED, describe, index, keys
from meter.registers.bank import Bank
from meter.registers.demand import Demand

from host_tests.metrology.test_values import metered, three_wire

# 14400:120 V, 600:5 A: factors 120 and 120.
RATIOS = {"pt_primary": 14400.0, "pt_secondary": 120.0, "ct_primary": 600.0, "ct_secondary": 5.0}


def primary(**service):
    return Primary(schema.validate({"service": service}))


# unit: the factor for 14400:120 V, 600:5 A and a transformer factor of 2, written down
FACTORS = {
    "V": 120, "V2": 120**2, "V2h": 120**2, "A": 120, "A2": 120**2, "Ah": 120, "A2h": 120**2,
    "W": 28800, "var": 28800, "VA": 28800, "Wh": 28800, "varh": 28800, "VAh": 28800,
    "Hz": 1, "%": 1, "1": 1, "deg": 1,
}  # fmt: skip


def test_every_unit_of_the_catalogue_has_a_factor_here():
    assert {row[1] for row in CATALOGUE} == set(FACTORS)


@pytest.mark.parametrize("unit", FACTORS)
@pytest.mark.feature("MET-24")
def test_each_unit_has_its_powers_of_the_ratios(unit):
    of = primary(transformer_factor=2.0, **RATIOS).of
    assert of(7, unit) == 7 * FACTORS[unit] and isinstance(of(7, unit), int)
    assert of(7.5, unit) == pytest.approx(7.5 * FACTORS[unit], rel=1e-12)
    assert isinstance(of(7.5, unit), float)


@pytest.mark.parametrize("unit", FACTORS)
def test_without_transformers_nothing_changes(unit):
    of = primary().of
    assert of(123456789012345678901, unit) == 123456789012345678901
    assert of(-3, unit) == -3
    assert of(0.1, unit) == 0.1


THOUSANDTHS = st.integers(1, 10**9)


@given(THOUSANDTHS, THOUSANDTHS, THOUSANDTHS, THOUSANDTHS, THOUSANDTHS, st.integers(0, 1 << 70))
@pytest.mark.feature("MET-24")
def test_totals_are_exact_to_the_last_digit_for_any_ratios(up, down, over, under, factor, total):
    found = primary(
        pt_primary=up / 1000,
        pt_secondary=down / 1000,
        ct_primary=over / 1000,
        ct_secondary=under / 1000,
        transformer_factor=factor / 1000,
    ).of(total, "Wh")
    exact = total * Fraction(up, down) * Fraction(over, under) * Fraction(factor, 1000)
    assert found == exact.numerator // exact.denominator


@given(st.integers(0, 1 << 60), st.integers(0, 1 << 30))
def test_a_total_that_grows_does_not_go_back_in_primary_units(total, more):
    of = primary(pt_primary=110.0, pt_secondary=173.2, ct_primary=75.0, ct_secondary=5.0).of
    assert of(total + more, "Wh") >= of(total, "Wh")


def test_a_ratio_that_is_no_whole_number_is_a_fraction():
    of = primary(pt_primary=20000.0, pt_secondary=110.0).of
    assert of(11, "Wh") == 2000
    assert of(1, "Wh") == 181
    assert of(-1, "Wh") == -182  # rounded down


class StandsStill:
    """What Access reads of a meter: one span, and its energy as the engine's bank has it."""

    class engine:
        bank = None

    class diagnostics:
        state = 0

    def __init__(self):
        self.latest = metered(three_wire(amps=(1, 2, 3), lag=(30, 120, -40)))
        self.engine.bank = Bank((), Demand, 15, {})
        self.engine.bank.take(self.latest, 0)


@pytest.mark.feature("MET-24")
def test_every_quantity_is_read_in_secondary_or_primary_units():
    meter = StandsStill()
    access = Access(meter, "1", primary(transformer_factor=2.0, **RATIOS))
    plain = Access(meter, "1")
    for key in keys():
        secondary, scaler, unit = access.read(key)
        value, same, same_unit = access.read(key, primary=True)
        assert (scaler, unit) == (same, same_unit) and unit == describe(index(key))[3]
        integrated = key.split(".")[0] in INTEGRATED
        assert isinstance(value, int if integrated else float)
        if integrated:
            assert value == secondary * FACTORS[unit]
        else:
            assert value == pytest.approx(secondary * FACTORS[unit], rel=1e-12)
        assert plain.read(key, primary=True)[0] == plain.read(key)[0] == secondary


def test_what_is_not_there_yet_is_nothing_in_primary_units_too():
    meter = StandsStill()
    meter.latest = None
    access = Access(meter, "1", primary(**RATIOS))
    assert access.read("V.A", primary=True) == (None, 0, "V")
