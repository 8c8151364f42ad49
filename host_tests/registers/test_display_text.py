"""What the display shows of a value: digits, decimals, prefix, leading zeros or blanks, roll-over, times, none yet."""

import pytest
from meter.registers.definition import definitions
from meter.registers.display_text import shown, time_text
from meter.zone import Zone

NUMBERS = [
    # value, digits, decimals, prefix, zeros: text of a counter, text of a measurement
    (1234567890, 8, 0, "", True, "00001234", "00001235"),
    (1234567890, 8, 0, "", False, "    1234", "    1235"),
    (1234567890, 8, 2, "", True, "001234.56", "001234.57"),
    (1234567890, 8, 2, "", False, "  1234.56", "  1234.57"),
    (1234567890, 6, 3, "k", True, "001.234", "001.235"),
    (1234567890, 6, 3, "k", False, "  1.234", "  1.235"),
    (987654321000000, 5, 1, "M", True, "0987.6", "0987.7"),
    (0, 4, 0, "", True, "0000", "0000"),
    (0, 4, 2, "", False, " 0.00", " 0.00"),
    (5000, 4, 2, "", False, " 0.00", " 0.01"),  # 0.005: a counter has not got there yet
    (999999, 1, 0, "", True, "0", "1"),
    (99999999999, 10, 6, "k", True, "0099.999999", "0100.000000"),
    (-1234567890, 8, 2, "", True, "-001234.56", "-001234.57"),
    (-1234567890, 8, 2, "", False, " -1234.56", " -1234.57"),
    (-400000, 8, 0, "", True, "00000000", "00000000"),
    (12345678 * 10**9, 8, 0, "k", True, "12345678", "12345678"),
    (
        123456789 * 10**9,
        8,
        0,
        "k",
        True,
        "23456789",
        "^^^^^^^^",
    ),  # a counter rolls over, a measurement is too large
    (-123456789 * 10**9, 8, 0, "k", True, "-23456789", "^^^^^^^^"),
    (99999999 * 10**9 + 10**9 - 1, 8, 0, "k", True, "99999999", "^^^^^^^^"),
    (10**8 * 10**9, 8, 0, "k", True, "00000000", "^^^^^^^^"),
]


def definition(kind="consumption", quantity="Wh.del.P", **columns):
    return definitions([{"id": 1, "kind": kind, "quantity": quantity, **columns}], "normal")[0][0]


@pytest.mark.feature("REG-09")
@pytest.mark.parametrize("value, digits, decimals, prefix, zeros, counter, measurement", NUMBERS)
def test_numbers(value, digits, decimals, prefix, zeros, counter, measurement):
    how = {"digits": digits, "decimals": decimals, "prefix": prefix, "zeros": zeros}
    assert shown(definition(**how), value, None) == counter
    assert shown(definition("peak demand", "W.del.P", **how), value, None) == measurement
    assert shown(definition("maximum", "W.del.P", **how), value * 1e-6, None) == measurement


@pytest.mark.feature("REG-09")
@pytest.mark.parametrize(
    "digits, decimals, text", [(4, 2, "00.97"), (3, 2, "0.97"), (3, 1, "01.0"), (6, 5, "0.96521")]
)
def test_a_power_factor_leads_with_a_minus(digits, decimals, text):
    one = definition("average PF", "PF.del.P", digits=digits, decimals=decimals)
    assert (shown(one, 0.96521, None), shown(one, -0.96521, None)) == (text, "-" + text)


@pytest.mark.feature("REG-10")
def test_no_value_yet_is_midnight_of_the_first_day_of_1970_or_dashes():
    zone = Zone("CET-1CEST,M3.5.0,M10.5.0/3")
    assert shown(definition("time of peak demand", "W.del.P"), None, zone) == "00:00:00 01.01.70"
    assert shown(definition("time", "last freeze"), None, zone) == "00:00:00 01.01.70"
    assert shown(definition("maximum", "V.A", digits=5), None, zone) == "-----"


@pytest.mark.feature("REG-10")
def test_times_are_local_and_status_is_text():
    zone = Zone("CET-1CEST,M3.5.0,M10.5.0/3")
    assert time_text(1_700_002_800, zone) == "00:00:00 15.11.23"
    assert time_text(1_719_835_199, zone) == "13:59:59 01.07.24"
    assert shown(definition("status", "meter ID"), "M 0815", zone) == "M 0815"
    assert shown(definition("status", "system bits"), 0x2F, zone) == "002F"
    assert shown(definition("status", "days on battery"), 17, zone) == "17"
