"""An image over DLMS on a board with a boot loader: on trial for a minute; on a board that takes signed ones only."""

from ferraris import signing
from meter.access.upgrade import ACTIVATE_FAILED, ACTIVATING, ACTIVE
from meter.storage import boot, loader
from meter.storage.image import PIECE, build
from meter.storage.journal import Journal

from host_tests.protocols.dlms.managed_life import ManagedLife
from host_tests.protocols.dlms.test_image_transfer import BLOCKS, IMAGE, ZERO, begin, block_of, send, status

LN = "0.0.44.0.0.255"
PRIVATE = 0x1234567890ABCDEF1234567890ABCDEF
PAYLOAD = bytes(range(256)) * 4


def transfer(client, image):
    begin(client, image)
    for number in range(-(-len(image) // PIECE)):
        assert send(client, number, block_of(image, number)) == 0


def boot_loader(life):
    """What runs before the firmware at a start."""
    areas = life.app._areas
    record = boot.Boot(Journal(life.board.flash, *areas.area("boot"), boot.KIND))
    return loader.choose(record, life.app.dlms_state.upgrade._slots, "sim", life.app.meter.clock.second)


def activated():
    life = ManagedLife()
    client = life.management()
    transfer(client, IMAGE)
    assert BLOCKS and client.act(18, LN, 4, ZERO)[0] == 0
    slot, header = boot_loader(life)
    assert (slot, header.version) == (0, "9.9.1")
    life.restart()
    return life


def test_an_image_that_meters_for_a_minute_is_confirmed():
    life = activated()
    upgrade, second = life.app.dlms_state.upgrade, life.app.meter.clock.second
    for later in range(60):
        life.app.dlms_state.tick(second + later)
    assert upgrade.status == ACTIVATING and upgrade._boot.state == boot.TRIED
    life.app.dlms_state.tick(second + 60)
    assert upgrade.status == ACTIVE and upgrade._boot.state == boot.CONFIRMED
    assert boot_loader(life)[0] == 0
    life.restart()
    assert life.app.dlms_state.upgrade.status == ACTIVE


def test_an_image_that_is_reset_within_the_minute_is_left_and_the_client_sees_it():
    life = activated()
    second = life.app.meter.clock.second
    for later in range(59):
        life.app.dlms_state.tick(second + later)
    assert boot_loader(life) == (boot.FACTORY, None)
    life.restart()
    assert life.app.dlms_state.upgrade.status == ACTIVATE_FAILED
    assert boot_loader(life) == (boot.FACTORY, None)


def signed(version, private=PRIVATE):
    return build(PAYLOAD, "sim", version, lambda digest: signing.sign(private, digest))


def test_a_board_with_a_key_takes_the_makers_images_only_and_none_older_than_what_runs():
    life = ManagedLife()
    life.board.image_key = signing.public_key(PRIVATE)
    life.restart()
    client = life.management()
    for image in (build(PAYLOAD, "sim", "9.9.9"), signed("9.9.9", PRIVATE + 1), signed("0.0.9")):
        transfer(client, image)
        assert client.act(18, LN, 3, ZERO)[0] != 0 and status(client) == 4
    transfer(client, signed("9.9.9"))
    assert client.act(18, LN, 3, ZERO)[0] == 0 and status(client) == 3
