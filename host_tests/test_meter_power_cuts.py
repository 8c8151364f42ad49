"""A whole meter survives a supply that fails in any operation of flash and Nvram, and again as it recovers."""

import pytest

from host_tests import power_cuts
from host_tests.meter_life import PER_SECTOR, PROFILE, first_life


@pytest.mark.feature("PWR-03")
def test_the_power_may_fail_in_any_operation_while_the_load_profile_goes_round_its_ring():
    life = first_life((2,), nvram=False)
    life.run(60 * (PER_SECTOR + 4) * PROFILE)
    assert life.check() < len(life.reported) and min(life.flash.wear) >= 1
    assert life.survived == 2 * (life.flash.programs + life.flash.erases)
    power_cuts.survived("meter, in flash", life.survived)


@pytest.mark.feature("PWR-03")
def test_with_an_nvram_the_registers_are_those_of_the_last_second_wherever_the_power_fails():
    life = first_life((1,))
    life.run(60 * 10)
    life.check()
    assert life.survived == life.flash.programs + life.flash.erases + life.nvram.writes > 600
    power_cuts.survived("meter, in flash or nvram", life.survived)


@pytest.mark.parametrize("nvram", [True, False])
def test_the_power_may_fail_again_in_any_operation_of_the_recovery(nvram):
    life = first_life((1, 1), nvram=nvram)
    life.run(60 * (1 if nvram else 12))
    life.check()
    assert life.survived > 200
    power_cuts.survived("meter, twice in a row", life.survived)
