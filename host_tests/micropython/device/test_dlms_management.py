"""Calendar, disconnector, image and pushes of DLMS on the device's interpreter."""

from meter.config import activity_calendar as model
from meter.config.schema import validate
from meter.inputs_outputs.disconnector import REMOTE_DISCONNECT, Disconnector
from meter.protocols.dlms import axdr, push
from meter.protocols.dlms.objects import managed
from meter.storage import image
from meter.storage.journal import Journal
from meter.storage.kept import Kept
from meter.storage.slots import BlockMap, Slots


class Flash:
    """hal.Flash in RAM."""

    def __init__(self, size):
        self.size, self.erase_size = size, 4096
        self._memory = bytearray(b"\xff" * size)

    def read(self, addr, buf):
        buf[:] = self._memory[addr : addr + len(buf)]

    def program(self, addr, data):
        for k, byte in enumerate(data):
            self._memory[addr + k] &= byte

    def erase(self, addr):
        self._memory[addr : addr + 4096] = b"\xff" * 4096

    def sync(self):
        pass


class Contacts:
    """hal.Contacts that remembers."""

    def __init__(self):
        self.outputs, self.states = 1, [False]

    def output(self, channel, state):
        self.states[channel - 1] = state


def test_settings_become_a_calendar_and_the_same_settings_again():
    rows = [["1", "Mon-Fri", "00:00 A, 08:00 B"], ["1", "Sat Sun H1", "00:00 C"], ["2", "all", "00:00 D"]]
    settings = validate({"tou": {"seasons": ["04-01", "10-01"], "days": rows, "holidays": ["2026-05-01"]}})
    calendar, special, pairs = model.calendar_of(settings)
    assert len(calendar.seasons) == 2 and len(special) == 1
    values = model.settings_of(calendar, special, pairs)
    assert values["tou.seasons"] == ("04-01", "10-01") and values["tou.holidays"] == ("2026-05-01",)
    assert model.unpack(model.Reader(model.pack(calendar))) == calendar


def test_the_disconnector_is_kept_on_the_flash():
    flash, contacts = Flash(8 * 4096), Contacts()
    names = ("disconnector",)
    one = Disconnector(Kept(Journal(flash, 0, flash.size, 0x44), names), contacts, lambda: 1)
    one.set_mode(4)
    one.request(REMOTE_DISCONNECT)
    again = Disconnector(Kept(Journal(flash, 0, flash.size, 0x44), names), contacts, lambda: 1)
    assert not again.output and again.mode == 4 and not contacts.states[0]


def test_an_image_is_built_stored_and_checked():
    flash = Flash(16 * 4096)
    slots, data = Slots(flash, 0, flash.size), image.build(bytes(range(256)) * 20, "pico2", "1.0")
    blocks = BlockMap((len(data) + 255) // 256)
    for number in range(blocks.count):
        slots.program(1, number, data[number * 256 : number * 256 + 256])
        blocks.mark(number)
    assert BlockMap(blocks.count, blocks.packed()).first_missing == blocks.count
    assert slots.check(1, len(data), "pico2").version == "1.0"
    flash.program(slots.size + 3 * 256 + 5, b"\0")
    try:
        slots.check(1, len(data), "pico2")
        raise AssertionError("it was taken")
    except image.ImageError as error:
        assert error.pieces == (3,), error.pieces


def test_a_notification_and_the_family_of_objects():
    pieces = [piece for piece in push.body(lambda *_: axdr.boolean(True), [(1, bytes(6), 2)]) if piece]
    session = push.PushSession(103, push.notification(1, bytes(12), pieces[0]))
    assert session.take_output()[:9] == b"\0\1\0\1\0\x67\0\x16\x0f", session.take_output()
    assert len(list(managed.family().all(None))) == 21
