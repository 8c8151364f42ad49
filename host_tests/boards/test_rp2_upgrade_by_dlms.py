"""An upgrade as a user does it: the file of `ferraris image`, sent by a DLMS client to the meter on the board model.

What the client's bytes go through is the meter's own server, with ciphering, as behind a port; the board runs in the
World's time. Sending takes none of it.
"""

import json
import sys

import pytest
from ferraris import image as images
from ferraris import romfs
from ferraris.dlms import key_file, writing
from ferraris.dlms.apdus import AnswerError, Attribute
from ferraris.dlms.client import Client
from ferraris.image_heap import measured
from ferraris.manifest import Manifest
from meter.access.upgrade import ACTIVATE_FAILED, ACTIVATING, ACTIVE
from meter.access.visitor import Visitor
from meter.protocols.dlms.conversation import Conversation
from meter.registers import event_kinds as kinds
from meter.serving import device
from meter.storage import image
from meter.storage.boot import CONFIRMED, FACTORY, TRIED

from host_tests.boards.test_rp2_boards import Pico2, run
from host_tests.boards.test_rp2_upgrades import BOARD, FLASHED, powered_up, record_of
from host_tests.hal.fake_machine import new_world
from host_tests.tools.test_cli_dlms import KEYS

pytest.importorskip("mpremote", reason="mpremote is not installed: make setup")

MANAGEMENT = 1
HEAD_SIZE = 8  # of the TCP wrapper: version, source, destination, length
STATUS = Attribute(18, "0.0.44.0.0.255", 6)


@pytest.fixture(scope="module")
def firmware():
    """(payload, image file) of this repository's firmware for the board, as `ferraris image` makes them."""
    made = images.make(measured(images.compiled(Manifest(images.folder(BOARD))), True), BOARD)
    return romfs.write(made.files), made.data


@pytest.fixture
def pico(monkeypatch):
    with new_world() as world:
        made = Pico2(world)
        monkeypatch.setitem(sys.modules, "board", made.wiring)
        yield made


@pytest.fixture
def keys(tmp_path):
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(KEYS))
    return key_file.load(str(path))


class Talk:
    """A conversation with a meter, as a Link of our client."""

    def __init__(self, made, app):
        self._app = app
        self._talk = Conversation(device(app, made), Visitor(app.access, kinds.TCP, app._visits, app.uptime))
        self._talk.peer = "10.0.0.7:4000"

    def open(self):
        pass

    def close(self):
        pass

    def exchange(self, apdu):
        now = self._app.uptime.ms()
        answer = self._talk.receive(MANAGEMENT, 1, apdu, now)
        while answer is None:
            answer = self._talk.work(now)
        return answer


def client(made, app, keys):
    keys.raise_to(app.access.keys.received + 1)
    return Client(Talk(made, app), None, keys)


def send(made, app, keys, data):
    told = []
    with client(made, app, keys) as meter:
        writing.send_image(meter, "meter.image", data, lambda done, count: told.append((done, count)))
    return told


def upgraded(board, keys, data):
    """Send an image to a meter that runs, and see it stop for it. Return (blocks sent, all) as it was told."""
    made, app = board.start(is_light=True)
    told = []
    run(app, 0.3, lambda: told.extend(send(made, app, keys, data)))
    assert app.restarts
    return told


def status(board, keys):
    """Return the status of the transfer as a client sees it at the next start."""
    made, app = board.start(is_light=True)
    with client(made, app, keys) as meter:
        return int(meter.read(STATUS).value), made, app


def test_the_firmware_of_this_board_is_sent_runs_meters_for_a_minute_and_stays(pico, keys, firmware):
    payload, data = firmware
    told = upgraded(pico, keys, data)
    assert told[-1] == (-(-len(data) // image.PIECE),) * 2 and len(told) > 1500
    assert powered_up(pico) == payload
    found, made, app = status(pico, keys)
    assert found == ACTIVATING
    run(app, 62.5, app.warm_start)
    assert (record_of(pico).slot, record_of(pico).state) == (0, CONFIRMED)
    assert status(pico, keys)[0] == ACTIVE
    assert [powered_up(pico) for _ in range(2)] == [payload] * 2


def test_a_second_image_that_does_not_meter_for_its_minute_gives_way_to_the_firmware_before(
    pico, keys, firmware
):
    payload, data = firmware
    upgraded(pico, keys, data)
    powered_up(pico)
    record_of(pico).confirm(1_700_000_000)
    bad = bytes(range(256)) * 100
    upgraded(pico, keys, image.build(bad, BOARD, "9.9.9"))
    assert powered_up(pico) == bad and record_of(pico).state == TRIED
    made, app = pico.start(is_light=True)
    run(app, 30.0, lambda: (setattr(made.adc, "is_dead", True), app.warm_start()))
    pico.world.advance(8.1e6)
    assert pico.world.watchdog.bites
    assert [powered_up(pico) for _ in range(2)] == [payload] * 2
    assert status(pico, keys)[0] == ACTIVATE_FAILED


def test_an_image_for_another_board_and_a_damaged_one_are_not_put_in_force(pico, keys):
    made, app = pico.start(is_light=True)
    wrong = image.build(bytes(5000), "linux_ads131m08", "9.9.9")
    damaged = bytearray(image.build(bytes(5000), BOARD, "9.9.9"))
    damaged[-100] ^= 1
    for data in (wrong, bytes(damaged)):
        with pytest.raises(AnswerError):
            send(made, app, keys, data)
    assert not app.restarts and record_of(pico).slot == FACTORY
    assert powered_up(pico) is FLASHED


class Wire:
    """The same for a client that writes bytes of the TCP wrapper."""

    def __init__(self, made, app):
        self._talk, self._answer = Talk(made, app), b""

    def write(self, data):
        head, apdu = bytes(data[:HEAD_SIZE]), bytes(data[HEAD_SIZE:])
        answer = self._talk.exchange(apdu)
        self._answer = head[:2] + head[4:6] + head[2:4] + len(answer).to_bytes(2, "big") + answer

    def read(self):
        answer, self._answer = self._answer, b""
        return answer

    def close(self):
        pass


def test_another_programs_client_sends_an_image_too(pico):
    pytest.importorskip("gurux_dlms")
    from gurux_dlms.enums import DataType
    from gurux_dlms.objects import GXDLMSImageTransfer

    from host_tests.protocols.dlms.gurux_reader import WRAPPER, GuruxReader
    from host_tests.protocols.dlms.test_peer_gurux import send_block

    payload = bytes(range(256)) * 40
    data = image.build(payload, BOARD, "9.9.9")
    made, app = pico.start(is_light=True)

    def upgrade():
        transfer = GXDLMSImageTransfer("0.0.44.0.0.255")
        counter = app.access.keys.received + 1
        with GuruxReader(WRAPPER, Wire(made, app), "management", counter=counter) as peer:
            size = peer.read(transfer, 2)
            peer.call(transfer.imageTransferInitiate(peer.client, "new", len(data)))
            for number in range(-(-len(data) // size)):
                send_block(peer, transfer, number, data[number * size : number * size + size])
            peer.call(transfer.imageVerify(peer.client))
            assert int(peer.read(transfer, 6)) == 3
            peer.call(peer.client.method(transfer, 4, 0, DataType.INT8))

    run(app, 0.3, upgrade)
    assert app.restarts and powered_up(pico) == payload
