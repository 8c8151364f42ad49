"""main.py and device.py: what a board runs from its power on, on models of its chips, until the supply fails."""

import gc
import sys

import pytest

from host_tests.boards.test_rp2_boards import Pico2
from host_tests.boards.test_rp2_upgrades import Vfs
from host_tests.hal.fake_machine import machine, network, new_world


class Reset(Exception):
    """The processor starts anew."""


@pytest.fixture
def pico(monkeypatch):
    """A Pico 2 with everything but a network card, which would need real sockets."""

    def reset():
        raise Reset

    def silent(self, value=None):
        raise OSError("timeout")

    with new_world() as world:
        made = Pico2(world)
        made.thresholds = []
        monkeypatch.setitem(sys.modules, "board", made.wiring)
        monkeypatch.setitem(sys.modules, "vfs", Vfs())
        monkeypatch.setattr(network.WIZNET5K, "active", silent)
        monkeypatch.setattr(machine, "reset", reset, raising=False)
        monkeypatch.setattr(gc, "threshold", made.thresholds.append, raising=False)
        for name in ("main", "device", "start"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        yield made


def powered(pico):
    """Run what a board runs, until it resets itself."""
    import main

    with pytest.raises(Reset):
        main.main()


@pytest.mark.feature("PWR-01", "PWR-03")
def test_a_board_meters_from_its_power_on_until_the_supply_fails_and_starts_again_when_it_is_back(
    pico, capsys
):
    from meter.storage.journal import Journal
    from meter.storage.partitions import Partitions

    fails, returns = pico.world.now + 2.5e6, pico.world.now + 4e6
    pico.world.after(2_500_000, lambda: pico.world.drive(pico.wiring.POWER_GOOD, 0))
    pico.world.after(4_000_000, lambda: pico.world.drive(pico.wiring.POWER_GOOD, 1))
    powered(pico)
    assert fails < returns <= pico.world.now < returns + 0.1e6
    assert capsys.readouterr().out.splitlines() == [
        "listening: iec62056-21 uart0", "listening: iec62056-21 uart1",
    ]  # fmt: skip
    assert pico.thresholds == [32768], "left to itself MicroPython collects too late"
    made = pico.wiring.Board()
    area = Partitions.open(made.flash, made.partitions).area("journal")
    assert Journal(made.flash, *area, nvram=made.nvram).load(), "what was metered is stored"


def test_a_start_that_fails_leaves_what_the_board_was_flashed_with(pico, capsys, monkeypatch):
    import start

    def run():
        raise OSError("the flash")

    monkeypatch.setattr(start, "run", run)
    pico.world.after(1_000_000, lambda: pico.world.drive(pico.wiring.POWER_GOOD, 0))
    pico.world.after(1_500_000, lambda: pico.world.drive(pico.wiring.POWER_GOOD, 1))
    powered(pico)
    assert capsys.readouterr().out.splitlines()[0] == "start: OSError the flash"
