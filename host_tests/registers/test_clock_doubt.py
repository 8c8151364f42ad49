"""A clock that was lost is doubtful until somebody sets it."""

import pytest

from host_tests.engine_life import EngineLife

START = 1_700_000_100


@pytest.mark.feature("PMU-10")
def test_a_lost_clock_is_doubtful_until_it_is_set():
    life = EngineLife(START)
    assert not life.engine.is_clock_doubtful
    again = life.run(START + 900).restart(0, lost="continue")
    assert again.engine.is_clock_doubtful
    again.set_time(START + 5000)
    assert not again.engine.is_clock_doubtful


def test_so_is_one_that_was_never_set():
    life = EngineLife(0, lost="continue")
    assert life.engine.is_clock_doubtful


def test_a_failed_battery_puts_it_in_doubt_at_every_start_until_it_is_changed():
    life = EngineLife(START).run(START + 900).restart(0, lost="continue")
    life.set_time(START + 5000)
    life.engine.checkpoint(life.now)
    again = life.restart(START + 6000)
    assert again.engine.is_clock_doubtful
    again.engine.battery_changed(again.now)
    assert not again.restart(START + 7000).engine.is_clock_doubtful
