"""Upgrades on the whole board: an image comes as class 18 brings it, is chosen at the start, and goes if it hangs.

MicroPython's vfs and the import of a mounted image are not here: `vfs` is a model that keeps what is mounted. That a
ROMFS is imported from by the /main.py of `ferraris deploy` is shown on MicroPython itself (tools/test_deploy.py).
"""

import re
import sys
import types
from pathlib import Path

import pytest
import start
from meter.access import upgrade
from meter.access.errors import Refused
from meter.storage import boot, image, loader
from meter.storage.boot import CONFIRMED, FACTORY, ON_TRIAL, TRIED

from host_tests import power_cuts
from host_tests.boards.test_rp2_boards import Pico2, run
from host_tests.hal.fake_machine import new_world
from host_tests.hal.fake_machine.world import PowerCut

BOARD = "pico2_ads131m08"
PAYLOADS = [bytes([number]) * 9000 for number in (1, 2)]
IMAGES = [image.build(payload, BOARD, f"9.{number}.0") for number, payload in enumerate(PAYLOADS)]
FLASHED = None  # what the board was flashed with


class Vfs(types.ModuleType):
    """MicroPython's vfs: what is mounted, by its place."""

    def __init__(self, has_romfs=True):
        super().__init__("vfs")
        self.mounted = {}
        if has_romfs:
            self.VfsRom = bytes

    def mount(self, what, path):
        self.mounted[path] = what


@pytest.fixture
def pico(monkeypatch):
    with new_world() as world:
        made = Pico2(world)
        monkeypatch.setitem(sys.modules, "board", made.wiring)
        yield made


def transfer(app, number, name=b"image"):
    """Hand an image to a meter and activate it, as the object of class 18 does."""
    data, upgrade = IMAGES[number], app.dlms_state.upgrade
    now = app.meter.clock.second
    upgrade.take("begin", now, image=name, size=len(data))
    for block in range(upgrade.blocks.count):
        upgrade.take("block", now, number=block, data=data[256 * block : 256 * block + 256])
    upgrade.take("verify", now)
    upgrade.take("activate", now)


def powered_up(pico):
    """The board gets its supply: return which payload its /main.py would run, FLASHED for what is in ROMFS or /lib."""
    pico.world.watchdog = None
    _, payload = start.chosen()
    return bytes(payload) if payload is not None else FLASHED


def record_of(pico):
    from meter.hal.rp2.flash import Flash
    from meter.storage.journal import Journal
    from meter.storage.partitions import Partitions

    flash = Flash(pico.wiring.FILES, pico.wiring.FLASH_SIZE)
    area = Partitions.open(flash, pico.wiring.PARTITIONS).area("boot")
    return boot.Boot(Journal(flash, *area, kind=boot.KIND))


def with_image(pico, number=0):
    _, app = pico.start()
    transfer(app, number)
    assert app.restarts
    return app


def storage_bytes():
    """Return what the definition of the board for MicroPython's build leaves for data."""
    text = (Path(__file__).parents[2] / "boards" / "rp2" / "pico2" / "mpconfigboard.cmake").read_text()
    return int(re.search(r"MICROPY_HW_FLASH_STORAGE_BYTES (\d+)", text)[1])


def test_a_slot_holds_an_image_of_this_board():
    """Of 405 KB now, with room to grow."""
    from boards.pico2_ads131m08 import board

    sectors = dict(board.PARTITIONS)["image"]
    assert sectors // 2 * 4096 > 405_606 * 1.1
    assert board.FILES + board.FLASH_SIZE == storage_bytes()


def test_a_new_board_runs_what_it_was_flashed_with(pico):
    assert powered_up(pico) is FLASHED
    assert pico.world.watchdog is None


def test_an_image_that_meters_for_its_trial_stays(pico):
    """The whole minute, in the World's time."""
    with_image(pico)
    assert record_of(pico).state == ON_TRIAL
    assert powered_up(pico) == PAYLOADS[0]
    assert record_of(pico).state == TRIED
    _, app = pico.start(is_light=True)
    run(app, 62.5, app.warm_start)
    assert not pico.world.watchdog.bites
    assert (record_of(pico).slot, record_of(pico).state) == (0, CONFIRMED)
    assert [powered_up(pico) for _ in range(3)] == [PAYLOADS[0]] * 3


def test_an_image_that_stops_metering_within_its_minute_gives_way_to_the_one_before(pico):
    """Two seconds before it would have been over, and nothing is confirmed yet."""
    with_image(pico)
    powered_up(pico)
    made, app = pico.start(is_light=True)
    run(app, 58.0, lambda: (setattr(made.adc, "is_dead", True), app.warm_start()))
    assert record_of(pico).state == TRIED and not pico.world.watchdog.bites
    pico.world.advance(8.1e6)
    assert pico.world.watchdog.bites
    assert [powered_up(pico) for _ in range(2)] == [FLASHED] * 2
    assert record_of(pico).slot == FACTORY


def test_a_supply_that_fails_within_the_minute_gives_way_to_the_one_before_too(pico):
    with_image(pico)
    powered_up(pico)
    _, app = pico.start()
    run(app, 2.2, lambda: pico.world.drive(pico.wiring.POWER_GOOD, 0))
    assert record_of(pico).state == TRIED and loader.TRIAL_S == 60
    assert powered_up(pico) is FLASHED


def test_an_image_that_serves_its_ports_and_does_not_meter_gives_way_to_the_one_before(pico):
    """Nothing of it has fed the watchdog, which the start has begun."""
    with_image(pico)
    powered_up(pico)
    made, app = pico.start(is_light=True)
    made.adc.is_dead = True
    assert run(app, 4.0, app.warm_start) == [("iec62056-21", "uart0")]
    pico.world.advance(5e6)
    assert pico.world.watchdog.bites and record_of(pico).state == TRIED
    assert powered_up(pico) is FLASHED


def test_an_image_that_does_not_meter_is_reset_by_the_watchdog_and_the_one_before_runs(pico):
    """It hangs when it is imported: nothing of it starts a watchdog, so the start does."""
    with_image(pico)
    assert powered_up(pico) == PAYLOADS[0]
    pico.world.advance(7e6)
    assert not pico.world.watchdog.bites
    pico.world.advance(2e6)
    assert pico.world.watchdog.bites
    assert [powered_up(pico) for _ in range(3)] == [FLASHED] * 3
    assert record_of(pico).slot == FACTORY


def test_a_second_upgrade_that_hangs_gives_way_to_the_first(pico):
    with_image(pico)
    powered_up(pico)
    record_of(pico).confirm(1_700_000_000)
    with_image(pico, 1)
    assert powered_up(pico) == PAYLOADS[1]
    assert [powered_up(pico) for _ in range(3)] == [PAYLOADS[0]] * 3
    _, app = pico.start()
    assert app.dlms_state.upgrade.status == upgrade.ACTIVATE_FAILED


def test_an_image_of_changes_is_taken_by_the_firmware_that_it_changes_and_by_no_other(pico, monkeypatch):
    frozen = types.ModuleType("flashed")
    frozen.ID = b"flashed!"
    monkeypatch.setitem(sys.modules, "flashed", frozen)
    made = [
        image.build(p, BOARD, "9.9.0", changes=i)
        for p, i in zip(PAYLOADS, (b"another!", frozen.ID), strict=True)
    ]
    monkeypatch.setitem(globals(), "IMAGES", made)
    _, app = pico.start()
    with pytest.raises(
        Refused, match="it changes the firmware 616e6f7468657221, this board was flashed with 666c6173"
    ):
        transfer(app, 0)
    assert powered_up(pico) is FLASHED
    with_image(pico, 1)
    assert powered_up(pico) == PAYLOADS[1]
    frozen.ID = b"flashed2"  # over USB
    record_of(pico).confirm(1_700_000_000)
    assert powered_up(pico) is FLASHED


def test_an_image_that_rots_on_the_flash_is_not_run(pico):
    with_image(pico)
    powered_up(pico)
    record_of(pico).confirm(1_700_000_000)
    at = bytes(pico.world.flash).find(PAYLOADS[0])
    pico.world.flash[at + 4000] ^= 1
    assert powered_up(pico) is FLASHED


def test_an_image_that_is_not_signed_is_not_run_by_a_board_with_a_key(pico, monkeypatch):
    with_image(pico)
    monkeypatch.setattr(pico.wiring.Board, "image_key", bytes(64))
    assert powered_up(pico) is FLASHED


@pytest.mark.parametrize("has_romfs", (True, False))
def test_the_image_is_mounted_from_the_flash_itself_and_given_up_where_that_cannot_be(
    pico, monkeypatch, has_romfs
):
    with_image(pico)
    vfs = Vfs(has_romfs)
    monkeypatch.setitem(sys.modules, "vfs", vfs)
    known = dict(sys.modules)
    try:
        start.run()
        path = list(sys.path)
    finally:
        sys.modules.update(known)  # mount() forgets what was loaded
        if start.PATH in sys.path:
            sys.path.remove(start.PATH)
    if has_romfs:
        assert vfs.mounted == {"/image": PAYLOADS[0]} and path[0] == "/image"
    else:
        assert vfs.mounted == {} and "/image" not in path
        assert (record_of(pico).slot, record_of(pico).state) == (FACTORY, CONFIRMED)
        _, app = pico.start()
        assert app.dlms_state.upgrade.status == upgrade.ACTIVATE_FAILED


def test_a_view_of_the_flash_is_the_flash_and_not_a_copy(pico):
    from meter.hal.rp2.flash import Flash

    flash = Flash(pico.wiring.FILES, pico.wiring.FLASH_SIZE)
    view = flash.view(8192, 4)
    flash.program(8192, b"\x01\x02\x03\x04")
    assert bytes(view) == b"\x01\x02\x03\x04"
    with pytest.raises(ValueError):
        flash.view(pico.wiring.FLASH_SIZE - 2, 4)


def test_a_power_cut_at_any_operation_of_the_start_leaves_a_board_that_starts(pico):
    """From each state of a second upgrade: on trial, tried, confirmed. The next starts run the new one or the old."""
    with_image(pico)
    powered_up(pico)
    record_of(pico).confirm(1_700_000_000)
    with_image(pico, 1)
    world, cuts = pico.world, 0
    states = [bytes(world.flash)]
    powered_up(pico)
    states.append(bytes(world.flash))
    for state, allowed in zip(states, (PAYLOADS, PAYLOADS[:1])):
        for cut in range(100):
            world.flash[:] = state
            world.cut_after = cut
            try:
                powered_up(pico)
                done = True
            except PowerCut:
                done = False
            world.cut_after = None
            if done:
                break
            cuts += 1
            then, later = powered_up(pico), powered_up(pico)
            assert then in allowed and later == PAYLOADS[0], cut
        assert done
    assert cuts >= 4
    power_cuts.survived("of starts with an image on trial", cuts)


def test_a_file_system_over_all_of_the_flash_is_refused_and_nothing_is_touched(pico):
    pico.world.files = 3 * 1024 * 1024
    before = bytes(pico.world.flash)
    with pytest.raises(
        Exception, match="the file system has 3145728 bytes of the flash, the meter's part begins at 262144"
    ):
        pico.wiring.Board()
    with pytest.raises(Exception, match="3145728"):
        start.chosen()
    assert bytes(pico.world.flash) == before
    pico.world.files = 262144
    pico.wiring.Board()


def test_the_file_system_that_is_frozen_in_is_that_of_the_boards():
    import ast
    from pathlib import Path

    from boards.pico2_ads131m08 import board as pico2
    from boards.pico_demo import board as demo

    tree = ast.parse((Path(pico2.__file__).parents[1] / "rp2" / "_boot.py").read_text(encoding="utf-8"))
    (files,) = [node.value.value for node in tree.body if isinstance(node, ast.Assign)]
    assert files == pico2.FILES == demo.FILES
