"""Image transfer: in any order, over power cuts, with a damaged block that is found and sent again, to activation."""

import os
import random

import pytest
from meter.access.upgrade import ACTIVATE_FAILED, ACTIVE
from meter.hal.sim.flash import PowerCut
from meter.protocols.dlms import axdr
from meter.registers import event_kinds as kinds
from meter.storage import boot
from meter.storage.image import PIECE, build, shape
from meter.storage.journal import Journal

from host_tests import power_cuts
from host_tests.protocols.dlms.gurux_parse import parsed
from host_tests.protocols.dlms.managed_life import ManagedLife

LN = "0.0.44.0.0.255"
DENIED, TYPE, OTHER = 3, 12, 250
ZERO = b"\x0f\x00"
IMAGE = build(random.Random(7).randbytes(9000), "sim", "9.9.1")
BLOCKS = len(IMAGE[::PIECE])


def u32(value):
    return axdr.number(axdr.DOUBLE_LONG_UNSIGNED, value)


def block_of(image, number):
    return image[number * PIECE : number * PIECE + PIECE]


def begin(client, image=IMAGE, name=b"new"):
    return client.act(18, LN, 1, axdr.structure(axdr.octets(name), u32(len(image))))[0]


def send(client, number, data=None, image=IMAGE):
    value = block_of(image, number) if data is None else data
    return client.act(18, LN, 2, axdr.structure(u32(number), axdr.octets(value)))[0]


def status(client):
    return client.value(18, LN, 6).value


def there(client):
    count, bits = client.value(18, LN, 3).value
    return [k for k in range(count) if bits[k // 8] & 0x80 >> k % 8]


@pytest.fixture
def life():
    return ManagedLife()


def test_an_image_arrives_in_any_order_and_more_than_once_and_is_activated(life):
    client = life.management()
    assert (status(client), client.value(18, LN, 2).value) == (0, PIECE)
    assert begin(client) == 0 and status(client) == 1
    order = list(range(BLOCKS))
    random.Random(3).shuffle(order)
    for place, number in enumerate(order):
        assert send(client, number) == 0
        assert there(client) == sorted(order[: place + 1])
        missing = min(order[place + 1 :], default=BLOCKS)
        assert client.value(18, LN, 4).value == missing
    assert send(client, 3) == 0
    assert client.act(18, LN, 3, ZERO)[0] == 0 and status(client) == 3
    found = parsed(client, 18, LN, range(2, 8))
    assert found.imageBlockSize == PIECE and found.imageTransferEnabled and found.imageTransferStatus == 3
    assert [(each.size, bytes(each.identification)) for each in found.imageActivateInfo] == [
        (len(IMAGE), b"new")
    ]
    assert found.imageTransferredBlocksStatus == "1" * BLOCKS
    assert client.act(18, LN, 4, ZERO)[0] == 0
    assert life.app.restarts and status(client) == 5
    life.restart()
    assert life.app.dlms_state.upgrade.status == ACTIVE
    events = [e for e in life.app.logs.log("events").records() if e.kind == kinds.FIRMWARE]
    assert [event.fields for event in events] == [("9.9.1", 0)]
    record = boot.Boot(Journal(life.board.flash, *life.app._areas.area("boot"), boot.KIND))
    assert (record.slot, record.state) == (0, boot.CONFIRMED)
    assert life.app.dlms_state.upgrade._slots.read(0, 0, len(IMAGE)) == IMAGE


def test_the_next_image_goes_to_the_other_slot(life):
    for slot in (0, 1, 0):
        client = life.management()
        assert begin(client) == 0
        assert [send(client, k) for k in range(BLOCKS)] == [0] * BLOCKS
        assert client.act(18, LN, 4, ZERO)[0] == 0  # it is verified first
        life.restart()
        assert life.app.dlms_state.upgrade._boot.slot == slot
        assert life.app.dlms_state.upgrade.status == ACTIVE


@pytest.mark.parametrize("bad", (0, 1, 2, BLOCKS - 1))
def test_a_damaged_block_is_found_and_can_be_sent_again(life, bad):
    client = life.management()
    begin(client)
    damaged = bytearray(block_of(IMAGE, bad))
    damaged[5] ^= 0x10
    for number in range(BLOCKS):
        send(client, number, bytes(damaged) if number == bad else None)
    assert client.act(18, LN, 3, ZERO)[0] == OTHER and status(client) == 4
    first, count, _ = shape(9000)
    # The table is one piece for all: what is damaged of it is known as a whole.
    wrong = list(range(1, first)) if 0 < bad < first else [bad]
    assert there(client) == [k for k in range(count) if k not in wrong]
    assert client.value(18, LN, 4).value == wrong[0]
    for number in wrong:
        assert send(client, number) == 0
    assert client.act(18, LN, 3, ZERO)[0] == 0 and status(client) == 3


REFUSED = (
    ("for another board", build(b"x" * 3000, "pico2", "9.9.1")),
    ("no image", bytes(3000)),
    ("signed", IMAGE[:64] + b"x" + IMAGE[65:]),
    ("longer than it says", IMAGE + b"x"),
)


@pytest.mark.parametrize("image", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_an_image_that_is_not_for_this_meter_is_not_activated(life, image):
    client = life.management()
    begin(client, image)
    for number in range(len(image[::PIECE])):
        assert send(client, number, image=image) == 0
    assert client.act(18, LN, 4, ZERO)[0] == OTHER
    assert not life.app.restarts and status(client) == 4
    assert life.app.dlms_state.upgrade._boot.slot == boot.FACTORY
    assert client.value(18, LN, 7).value == []


def test_steps_that_are_not_due_and_blocks_that_cannot_be_are_refused(life):
    client = life.management()
    assert send(client, 0) == OTHER
    assert client.act(18, LN, 3, ZERO)[0] == OTHER and client.act(18, LN, 4, ZERO)[0] == OTHER
    size = life.app.dlms_state.upgrade._slots.size
    assert client.act(18, LN, 1, axdr.structure(axdr.octets(b"x"), u32(size + 1)))[0] == OTHER
    assert client.act(18, LN, 1, axdr.structure(axdr.octets(b"x"), u32(0)))[0] == OTHER
    assert client.act(18, LN, 1, axdr.structure(axdr.octets(b"x")))[0] == TYPE
    assert begin(client) == 0
    assert send(client, BLOCKS) == OTHER and send(client, 0, b"short") == OTHER
    assert send(client, 0, bytes(PIECE + 1)) == OTHER
    assert client.act(18, LN, 3, ZERO)[0] == OTHER
    assert there(client) == []
    assert client.set(18, LN, 5, axdr.boolean(False)) == 0 and send(client, 0) == OTHER
    assert client.set(18, LN, 5, axdr.boolean(True)) == 0 and send(client, 0) == 0


def test_clients_without_the_keys_and_meters_with_security_key_1_take_nothing(life):
    assert begin(life.reader("admin")) == DENIED
    life.board.security_keys = (True, False)
    assert begin(life.management()) == OTHER


def test_a_boot_loader_that_goes_back_is_noticed(life):
    client = life.management()
    begin(client)
    for number in range(BLOCKS):
        send(client, number)
    client.act(18, LN, 4, ZERO)
    record = life.app.dlms_state.upgrade._boot
    record._save(boot.FACTORY, boot.CONFIRMED, boot.FACTORY, 0, 0)  # as the boot loader does
    life.restart()
    assert life.app.dlms_state.upgrade.status == ACTIVATE_FAILED


class _Cut:
    """An Upgrade on a flash, without a meter around it: to be cut at each operation."""

    def __init__(self, flash):
        from meter.access.dlms_state import KIND, NAMES
        from meter.access.upgrade import Upgrade
        from meter.storage.kept import Kept
        from meter.storage.slots import Slots

        size = flash.erase_size
        kept = Kept(Journal(flash, 0, 8 * size, KIND), NAMES)
        self.boot = boot.Boot(Journal(flash, 8 * size, 3 * size, boot.KIND))
        self.restarts = []
        self.upgrade = Upgrade(
            kept, Slots(flash, 11 * size, 16 * size), self.boot, "sim",
            lambda: self.restarts.append(1), lambda version, slot: None,
        )  # fmt: skip
        self.upgrade.start(0)


def test_with_the_power_cut_at_every_operation_an_image_arrives_as_it_was_sent():
    """Each life goes on where the one before was cut; every block that was taken is still there, and is as it was."""
    from meter.hal.sim.flash import Flash

    image, old = build(os.urandom(5000), "sim", "1.0"), os.urandom(8000)
    flash = Flash(64 * 4096, 4096, seed=5)
    flash.program(11 * 4096, old)  # the slot is not blank: sectors must be erased on the way
    life, promised, cuts, is_verified = _Cut(flash), set(), 0, False
    life.upgrade.take("begin", 0, image=b"x", size=len(image))
    count = len(image[::PIECE])
    while not life.restarts:
        cuts += 1
        flash.cut_after = 1 + cuts % 7
        try:
            while life.upgrade.blocks.first_missing < count:
                number = life.upgrade.blocks.first_missing
                life.upgrade.take("block", 0, number=number, data=image[number * PIECE :][:PIECE])
                promised.add(number)
            life.upgrade.take("verify", 0)
            is_verified = True
            life.upgrade.take("activate", 1)
        except PowerCut:
            flash.restore_power()
            before = life.upgrade
            life = _Cut(flash)
            assert life.upgrade.size == len(image)
            if before.status == 5:
                assert life.upgrade.status in (5, ACTIVE, ACTIVATE_FAILED)
                if life.upgrade.status == ACTIVE:
                    break
            assert all(life.upgrade.blocks.has(number) for number in promised)
            for number in range(count):
                if life.upgrade.blocks.has(number):
                    assert (
                        life.upgrade._slots.read(0, number * PIECE, PIECE)[: len(image[number * PIECE :])]
                        == (image[number * PIECE :][:PIECE])
                    )
        assert cuts < 2000
    flash.cut_after = None
    power_cuts.survived("of an image transfer", cuts)
    assert is_verified and cuts > 20
    last = _Cut(flash)
    assert last.upgrade.status == ACTIVE and last.boot.slot == 0
