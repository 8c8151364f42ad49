"""tools/ferraris/front_end.py: burdens and dividers, the boards' constants, and the tables of their READMEs."""

import math

import pytest
from ferraris import front_end

from boards.linux_ad7606 import board as ad7606
from boards.linux_ads131m08 import board as ads131m08


def test_the_series_is_that_of_iec_60063():
    first = (1.0, 1.02, 1.05, 1.07, 1.1, 1.13, 1.15, 1.18, 1.21, 1.24, 1.27, 1.3)
    assert front_end.E96[:12] == first and front_end.E96[-1] == 9.76 and len(set(front_end.E96)) == 96


@pytest.mark.parametrize(
    "wanted, found", [(67.88, 66.5), (66.5, 66.5), (1000.0, 1000.0), (999.0, 976.0), (1.0, 1.0)]
)
def test_a_value_is_the_next_smaller_of_the_series(wanted, found):
    assert front_end.standard(wanted) == found


@pytest.mark.parametrize("amps", front_end.CLASSES)
@pytest.mark.parametrize("board", front_end.CONVERTERS)
def test_a_full_scale_sine_fits_with_a_quarter_more_and_no_transformer_is_overdriven(board, amps):
    converter = front_end.CONVERTERS[board]
    made = front_end.current(converter, amps)
    peak = amps * math.sqrt(2) / front_end.CLAMP.turns * made.burden
    assert peak * 1.25 <= converter.peak
    assert amps / front_end.CLAMP.turns * made.burden <= front_end.CLAMP.secondary_v
    assert made.full_scale == pytest.approx(converter.peak / math.sqrt(2) / made.burden * 2000)
    assert made.step * 2 ** (converter.bits - 1) == pytest.approx(made.full_scale * math.sqrt(2))


@pytest.mark.parametrize("board", front_end.CONVERTERS)
def test_the_voltage_divider_takes_130_percent_of_230_volts(board):
    converter = front_end.CONVERTERS[board]
    made = front_end.voltage(converter)
    at_input = 300 * math.sqrt(2) / (230 / 11.1) * made.tap / (10000 + made.tap)
    assert 0.95 * converter.peak < at_input <= converter.peak
    assert 300 <= made.full_scale < 315


def test_an_example_by_hand():
    """20 A through 2000 turns are 10 mA, 17.7 mA peak with a quarter more: 67.9 ohms to 1.2 V, so 66.5."""
    made = front_end.current(front_end.Converter(1.2, 24), 20.0)
    assert made.burden == 66.5 and made.full_scale == pytest.approx(25.52, abs=0.01)
    assert made.step == pytest.approx(4.302e-6, rel=1e-3) and made.watts == pytest.approx(6.65e-3)


@pytest.mark.parametrize("board, constants", [("linux_ads131m08", ads131m08), ("linux_ad7606", ad7606)])
def test_the_constants_of_a_board_are_those_of_class_20(board, constants):
    converter = front_end.CONVERTERS[board]
    assert constants.BURDEN == front_end.current(converter, 20.0).burden
    assert constants.DIVIDER == (front_end.SERIES, front_end.voltage(converter).tap)
    assert (constants.ADAPTER, constants.TURNS) == (front_end.ADAPTER.ratio, front_end.CLAMP.turns)


@pytest.mark.parametrize("board", front_end.CONVERTERS)
def test_the_table_of_a_readme_is_the_computed_one(board):
    text = (front_end.ROOT / board / "README.md").read_text(encoding="utf-8")
    assert front_end.readme(board) == text, "python -m ferraris.front_end --update"
