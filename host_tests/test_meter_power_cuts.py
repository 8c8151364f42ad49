"""A whole meter survives a supply that fails in any operation of flash and Nvram, and again as it recovers."""

import pytest

from host_tests import power_cuts
from host_tests.meter_life import LOG, first_life


@pytest.mark.feature("PWR-03")
def test_the_power_may_fail_in_any_operation_while_load_profiles_and_log_go_round_their_rings():
    life = first_life((1,), nvram=False)
    life.run(60 * 130)
    life.check()
    for ring, fifo in enumerate(life.fifos):
        assert fifo.first > 1 or ring == LOG
    assert min(life.flash.wear[:-2]) >= 1 and len(life.reported[LOG]) > 60
    assert life.survived == life.flash.programs + life.flash.erases
    power_cuts.survived("meter, in flash", life.survived)


@pytest.mark.feature("PWR-03")
def test_with_an_nvram_the_registers_are_those_of_the_last_second_wherever_the_power_fails():
    life = first_life((1,))
    life.run(60 * 9)
    life.check()
    assert life.survived == life.flash.programs + life.flash.erases + life.nvram.writes > 600
    power_cuts.survived("meter, in flash or nvram", life.survived)


@pytest.mark.parametrize("nvram", [True, False])
def test_the_power_may_fail_again_in_any_operation_of_the_recovery(nvram):
    life = first_life((1, 1), nvram=nvram)
    life.run(60 * (1 if nvram else 4))
    life.check()
    assert life.survived > 200
    power_cuts.survived("meter, twice in a row", life.survived)
