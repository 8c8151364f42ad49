"""The boot loader and the trial: an image that does not meter is left, through power cuts at every operation."""

import pytest
from meter.hal.sim.flash import Flash, PowerCut
from meter.storage import image
from meter.storage.boot import CONFIRMED, FACTORY, KIND, ON_TRIAL, TRIED, Boot
from meter.storage.journal import Journal
from meter.storage.loader import TRIAL_S, Trial, choose, mount, payload_at
from meter.storage.slots import Slots

from host_tests import power_cuts

BOARD = "board"
AREA = 3 * 4096  # of the boot record; then the slots
IMAGES = [image.build(bytes([n]) * 5000, BOARD, f"1.{n}.0") for n in range(3)]
CRCS = [image.read_header(each[:256]).crc for each in IMAGES]
NOW = 1_700_000_000


class Device:
    """A board with a boot record and two slots. Every start is a new Device on the same flash."""

    def __init__(self, flash):
        self.boot = Boot(Journal(flash, 0, AREA, KIND))
        self.slots = Slots(flash, AREA, flash.size - AREA)
        self.flash = flash

    def put(self, slot, number):
        """Write an image into a slot, as a transfer does."""
        data = IMAGES[number]
        for at in range(0, len(data), 256):
            piece = data[at : at + 256]
            if self.slots.takes(slot, at // 256, piece):
                self.slots.program(slot, at // 256, piece)
            else:
                number = at // 256
                self.slots.rewrite(slot, number, piece, range(number // 16 * 16, number))

    def choose(self):
        slot, header = choose(self.boot, self.slots, BOARD, NOW)
        return slot, header and header.version


def new_flash():
    return Flash(AREA + 2 * 4 * 4096)


def with_slot_0_confirmed():
    flash = new_flash()
    device = Device(flash)
    device.put(0, 0)
    device.boot.start(0, CRCS[0], NOW)
    device.boot.confirm(NOW)
    return flash


def test_a_new_board_runs_what_it_was_flashed_with():
    assert Device(new_flash()).choose() == (FACTORY, None)


def test_an_image_on_trial_runs_once_and_again_if_it_confirms():
    flash = with_slot_0_confirmed()
    device = Device(flash)
    device.put(1, 1)
    device.boot.start(1, CRCS[1], NOW)
    assert Device(flash).choose() == (1, "1.1.0")
    running = Device(flash)
    assert running.boot.state == TRIED
    running.boot.confirm(NOW)
    for _ in range(3):
        assert Device(flash).choose() == (1, "1.1.0")
    assert Device(flash).boot.state == CONFIRMED


def test_an_image_that_does_not_confirm_is_left_at_the_second_start_for_good():
    flash = with_slot_0_confirmed()
    device = Device(flash)
    device.put(1, 1)
    device.boot.start(1, CRCS[1], NOW)
    assert Device(flash).choose() == (1, "1.1.0")
    for _ in range(3):
        assert Device(flash).choose() == (0, "1.0.0")
    boot = Device(flash).boot
    assert (boot.slot, boot.state, boot.crc) == (0, CONFIRMED, CRCS[0])


def test_the_first_image_falls_back_to_what_the_board_was_flashed_with():
    flash = new_flash()
    device = Device(flash)
    device.put(0, 1)
    device.boot.start(0, CRCS[1], NOW)
    assert [Device(flash).choose() for _ in range(3)] == [(0, "1.1.0"), (FACTORY, None), (FACTORY, None)]


@pytest.mark.parametrize("state", (ON_TRIAL, CONFIRMED))
def test_a_damaged_image_does_not_run(state):
    flash = with_slot_0_confirmed()
    device = Device(flash)
    device.put(1, 1)
    device.boot.start(1, CRCS[1], NOW)
    if state == CONFIRMED:
        device.boot.tried(NOW)
        device.boot.confirm(NOW)
    flash.program(AREA + device.slots.size + 3000, b"\0")
    expected = (0, "1.0.0") if state == ON_TRIAL else (FACTORY, None)
    assert Device(flash).choose() == expected and Device(flash).choose() == expected


def test_another_image_in_the_slot_than_the_record_says_does_not_run():
    flash = with_slot_0_confirmed()
    device = Device(flash)
    device.put(1, 2)
    device.boot.start(1, CRCS[1], NOW)
    assert Device(flash).choose() == (0, "1.0.0")


def test_an_image_that_is_not_genuine_does_not_run_whatever_the_record_says():
    flash = with_slot_0_confirmed()
    device = Device(flash)
    device.slots.key = bytes(64)
    assert device.choose() == (FACTORY, None)


def test_the_payload_is_where_the_loader_says():
    flash = with_slot_0_confirmed()
    device = Device(flash)
    _, header = choose(device.boot, device.slots, BOARD, NOW)
    at, length = payload_at(header)
    assert device.slots.read(0, at, length) == bytes(5000)


def test_a_mounted_image_is_imported_from_and_what_was_loaded_before_is_not():
    class System:
        path = ["", "/lib"]
        modules = dict.fromkeys(("sys", "meter", "meter.storage.loader", "board", "meters", "asyncio.core"))

    class Vfs:
        mounted = []

        @staticmethod
        def VfsRom(payload):
            return ("romfs", payload)

        @classmethod
        def mount(cls, what, path):
            cls.mounted.append((what, path))

    mount(b"payload", "/image", Vfs, System, None)
    assert Vfs.mounted == [(("romfs", b"payload"), "/image")]
    assert System.path == ["/image", "", "/lib"]
    assert sorted(System.modules) == ["asyncio.core", "meters", "sys"]


def test_a_trial_confirms_after_a_minute_of_metering_and_once():
    confirmed = []
    trial = Trial(confirmed.append)
    for half_cycle in range(100 * TRIAL_S):  # metering comes to each second many times
        trial.metered(NOW + half_cycle // 100)
    assert not confirmed
    trial.metered(NOW + TRIAL_S)
    trial.metered(NOW + TRIAL_S + 1)
    assert confirmed == [NOW + TRIAL_S] and trial.is_over


def test_a_clock_that_is_set_does_not_end_a_trial():
    confirmed = []
    trial = Trial(confirmed.append)
    for second in range(50):
        trial.metered(NOW + second)
    trial.metered(NOW + 100_000)
    trial.metered(NOW - 100_000)
    assert not confirmed


def life(flash):
    """An upgrade that works, then one that does not meter. Yield what runs after each start."""
    device = Device(flash)
    device.put(1, 1)
    device.boot.start(1, CRCS[1], NOW)
    yield Device(flash).choose()[1]
    Device(flash).boot.confirm(NOW)
    device = Device(flash)
    device.put(0, 2)
    device.boot.start(0, CRCS[2], NOW)
    yield Device(flash).choose()[1]
    yield Device(flash).choose()[1]


def test_a_power_cut_at_any_operation_leaves_a_board_that_starts():
    """Whatever the operation, the next start runs the image before or the new one, and never a damaged one."""
    assert list(life(with_slot_0_confirmed())) == ["1.1.0", "1.2.0", "1.1.0"]
    cut = 0
    while True:
        cut += 1
        flash = with_slot_0_confirmed()
        flash.cut_after = cut
        ran, done = [], False
        try:
            for version in life(flash):
                ran.append(version)
            done = True
        except PowerCut:
            pass
        flash.restore_power()
        before = ran[-1] if ran else "1.0.0"
        then, later = Device(flash).choose()[1], Device(flash).choose()[1]
        # The image before, the one that was on trial, or the one that was about to be.
        assert then in {before, *("1.0.0", "1.1.0", "1.2.0")[: len(ran) + 2]}, (cut, ran, then)
        assert then is not None and later is not None, (
            "a board with a confirmed image never runs the factory's"
        )
        if not ran:
            assert then in ("1.0.0", "1.1.0")
        if then == "1.2.0":
            assert later == "1.1.0", "on trial: left at the second start"
        if done:
            break
    assert cut > 50
    power_cuts.survived("of upgrades", cut - 1)
