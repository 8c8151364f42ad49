"""`ferraris deploy` onto MicroPython behind a raw REPL on a pseudo-terminal; and what it refuses."""

import hashlib
from argparse import Namespace
from pathlib import Path

import pytest
from ferraris import deploy, image, image_heap, romfs
from ferraris.errors import UsageError
from ferraris.manifest import Manifest

pytest.importorskip("mpremote", reason="mpremote is not installed: make setup")
if not (image_heap.TESTS / "node_modules").exists():
    pytest.skip("MicroPython is not here: make setup", allow_module_level=True)
from host_tests.tools.raw_repl_board import Board, runner

ROOT = Path(__file__).parents[2]
MAIN = """
def main():
    from meter import part
    print("metering", part.NAME)
"""


def payload_of(firmware):
    return romfs.write({image.path_of(file): code for file, code in image.compiled(Manifest(firmware))})


@pytest.fixture(scope="module", autouse=True)
def stand_in():
    assert runner.mpy_build.build_tests() == []


@pytest.fixture
def firmware(tmp_path, monkeypatch):
    """A small board: main.py, board.py and a package, with the manifest of a real one."""
    board = tmp_path / "small"
    (board / "meter").mkdir(parents=True)
    (board / "main.py").write_text(MAIN)
    (board / "start.py").write_text("def run():\n    pass\n")
    (board / "board.py").write_text("MACHINE = 'Emscripten'\nBUDGET = {'flash': 100000}\n")
    (board / "meter" / "__init__.py").write_text("VERSION = '1.0'\n")
    (board / "meter" / "part.py").write_text("from board import MACHINE\nNAME = 'for ' + MACHINE\n")
    (board / "manifest.py").write_text(
        'module("main.py")\nmodule("start.py")\nmodule("board.py")\npackage("meter")\n'
    )
    monkeypatch.setattr(image, "BOARDS", tmp_path)
    return board


@pytest.fixture
def board():
    made = Board()
    yield made
    made.close()


def run(port, check=False):
    return deploy.command(Namespace(port=port, board="small", check=check))


def test_the_firmware_is_copied_and_runs(firmware, board, capsys):
    assert run(board.path) == 0
    assert "MicroPython 1.27.0 on JS with Emscripten: small goes to /lib" in capsys.readouterr().out
    code = dict((file.target, code) for file, code in image.compiled(Manifest(firmware)))["meter/part.py"]
    found = board.run("print(open('/lib/meter/part.mpy', 'rb').read().hex())")
    assert bytes.fromhex(found.strip()) == code
    assert board.run("exec(open('/main.py').read())") == "metering for Emscripten\r\n"


def test_a_second_copy_writes_what_has_changed_and_removes_what_has_gone(firmware, board):
    (firmware / "meter" / "old.py").write_text("x = 1\n")
    assert run(board.path) == 0
    board.run("import os\nos.stat('/lib/meter/old.mpy')\nopen('/lib/meter/__init__.mpy', 'ab').write(b'x')")
    before = hashlib.sha256(board.run("print(open('/lib/main.mpy', 'rb').read())").encode()).digest()
    (firmware / "meter" / "old.py").unlink()
    assert run(board.path) == 0
    assert (
        board.run("import os\nprint(sorted(os.listdir('/lib/meter')))") == "['__init__.mpy', 'part.mpy']\r\n"
    )
    assert hashlib.sha256(board.run("print(open('/lib/main.mpy', 'rb').read())").encode()).digest() == before
    assert board.run("exec(open('/main.py').read())") == "metering for Emscripten\r\n"


# A partition as ports with memory-mapped flash show it, and as the rp2 port does: a block device.
PARTITION = """
import sys, vfs as real
class Device:
    def ioctl(self, what, argument):
        fake.erased += what == 6
        return {4: 16, 5: 4096}.get(what, 0)
    def writeblocks(self, block, data, offset=0):
        fake.rom[block * 4096 + offset:block * 4096 + offset + len(data)] = data
class Vfs:
    mount, umount = real.mount, real.umount
    rom = bytearray(b"\\xff" * 65536)
    erased = completed = 0
    def rom_ioctl(self, what, partition=0, at=0, data=None):
        if what == 2:
            return Device() if IS_DEVICE else memoryview(self.rom)
        if what == 4:
            self.rom[at:at + len(data)] = data
        self.completed += what == 5
        return {1: 1, 3: 4}.get(what, 0)
sys.modules["vfs"] = fake = Vfs()
"""


@pytest.mark.parametrize("is_device", (False, True))
def test_an_image_goes_into_a_romfs_partition_that_is_large_enough(firmware, board, capsys, is_device):
    """The partition's calls are a model here, MicroPython and mpremote are not."""
    board.run(f"IS_DEVICE = {is_device}" + PARTITION)
    assert run(board.path) == 0
    assert "goes to its ROMFS" in capsys.readouterr().out
    made = payload_of(firmware)
    assert bytes.fromhex(board.run(f"print(fake.rom[:{len(made)}].hex())").strip()) == made
    assert board.run("print(fake.completed, fake.erased)") == ("0 1\r\n" if is_device else "1 0\r\n")
    assert board.run("import os\nprint(os.listdir('/lib'))") == "[]\r\n"
    assert '"/rom"' in board.run("print(open('/main.py').read())")


def test_a_romfs_partition_that_is_too_small_is_not_used(firmware, board, capsys):
    board.run("IS_DEVICE = False" + PARTITION + "fake.rom = bytearray(64)\n")
    assert run(board.path) == 0
    assert "goes to /lib" in capsys.readouterr().out


def test_checking_copies_nothing(firmware, board):
    assert run(board.path, check=True) == 0
    assert board.run("import os\nprint(os.listdir('/lib'))") == "[]\r\n"


def test_a_board_without_ulab_is_refused_and_nothing_is_copied(firmware, capsys):
    bare = Board(with_ulab=False)
    try:
        assert run(bare.path) == 1
        assert bare.run("import os\nprint(os.listdir('/lib'))") == "[]\r\n"
    finally:
        bare.close()
    said = capsys.readouterr().err
    assert "has no ulab" in said and "nothing was copied" in said


def test_another_board_is_refused(firmware, board, capsys):
    (firmware / "board.py").write_text("MACHINE = 'RP2350'\n")
    assert run(board.path) == 1
    assert "it is JS with Emscripten, and this firmware is for RP2350" in capsys.readouterr().err


def test_a_port_where_nobody_answers_is_refused(firmware, tmp_path):
    with pytest.raises(UsageError, match="no MicroPython answers"):
        run(str(tmp_path / "ttyACM9"))


FACTS = {
    "name": "micropython", "version": (1, 25, 0), "machine": "Raspberry Pi Pico2 with RP2350",
    "mpy": 6 | 3 << 8 | 6 << 10, "ulab": True, "asyncio": True, "rom": 0, "free": 1_000_000,
    "files": 262144,
}  # fmt: skip
FILES = {"a.mpy": b"M\x06\x00\x1f", "b.mpy": bytes((77, 6, 3 | 6 << 2, 31))}


class Made:
    values = {"MACHINE": "RP2350", "FILES": 262144}


def test_a_board_as_it_should_be_has_no_complaint():
    assert deploy.complaints(FACTS, Made, FILES, 400_000) == []


@pytest.mark.parametrize(
    "facts, sentence",
    [
        ({"version": (1, 24, 1)}, "MicroPython 1.24.1; 1.25 or later"),
        ({"version": (1, 9, 4)}, "1.25 or later"),
        ({"name": "circuitpython"}, "circuitpython, not MicroPython"),
        ({"asyncio": False}, "no asyncio"),
        ({"machine": "Raspberry Pi Pico with RP2040"}, "for RP2350"),
        ({"machine": ""}, "unknown"),
        ({"mpy": 5}, "format 5"),
        ({"mpy": 6 | 3 << 8 | 4 << 10}, "another processor"),
        ({"free": 399_999}, "399,999 bytes free"),
        ({"files": 3 << 20}, "3,145,728 bytes of the flash, the meter's part begins at 262,144"),
    ],
)
def test_each_reason_why_it_would_not_run_is_told(facts, sentence):
    found = deploy.complaints({**FACTS, **facts}, Made, FILES, 400_000)
    assert any(sentence in each for each in found), found


def test_without_a_port_there_must_be_one_board(monkeypatch):
    from serial.tools import list_ports

    port = Namespace(device="/dev/ttyACM0", vid=0x2E8A)
    for ports, message in (([], "none"), ([port, port], "/dev/ttyACM0, /dev/ttyACM0")):
        monkeypatch.setattr(list_ports, "comports", lambda ports=ports: ports)
        with pytest.raises(UsageError, match=message):
            deploy.only_port()
    monkeypatch.setattr(list_ports, "comports", lambda: [port, Namespace(device="/dev/ttyS0", vid=None)])
    assert deploy.only_port() == "/dev/ttyACM0"


# An upgrade. MicroPython on WebAssembly has no VfsRom: this model of it reads a ROMFS and is mounted as a file system.
ROMFS_MODEL = """
import io, sys, vfs as real
class File(io.IOBase):
    def __init__(self, data):
        self.data, self.at = data, 0
    def readinto(self, buffer):
        part = self.data[self.at:self.at + len(buffer)]
        buffer[:len(part)] = part
        self.at += len(part)
        return len(part)
    def read(self):
        return bytes(self.data)
    def __enter__(self):
        return self
    def __exit__(self, *problem):
        pass
    def ioctl(self, what, argument):
        return 0
class VfsRom:
    def __init__(self, data):
        assert bytes(data[:3]) == b"\\xd2\\xcd\\x31"
        self.files = {}
        ((_, inside),) = self.records(data)
        self.enter(inside, "")
    def number(self, data, at):
        value = 0
        while True:
            value = value << 7 | data[at] & 0x7F
            at += 1
            if not data[at - 1] & 0x80:
                return value, at
    def records(self, data):
        at = 0
        while at < len(data):
            kind, at = self.number(data, at)
            length, at = self.number(data, at)
            yield kind, data[at:at + length]
            at += length
    def enter(self, data, folder):
        for kind, payload in self.records(data):
            if kind not in (4, 5):
                continue
            name = folder + "/" + bytes(payload[1:1 + payload[0]]).decode()
            rest = payload[1 + payload[0]:]
            if kind == 4:
                self.files[name] = None
                self.enter(rest, name)
            else:
                self.files[name] = [content for _, content in self.records(rest)][0]
    def mount(self, readonly, make):
        pass
    def umount(self):
        pass
    def chdir(self, path):
        pass
    def stat(self, path):
        if path not in self.files:
            raise OSError(2)
        return (0x4000 if self.files[path] is None else 0x8000,) + (0,) * 9
    def open(self, path, mode):
        self.stat(path)
        return File(self.files[path])
class Vfs:
    mount = real.mount
    VfsRom = VfsRom
sys.modules["vfs"] = Vfs
"""
# The board's flash in a file; what is written to it is kept, as the board keeps it.
FLASH = """
class Flash:
    erase_size = 4096
    def __init__(self, start, size):
        with open("/flash.bin", "rb") as file:
            self.memory = bytearray(file.read())
        self.size = len(self.memory)
    def read(self, at, buffer):
        buffer[:] = self.memory[at:at + len(buffer)]
    def program(self, at, data):
        for k in range(len(data)):
            self.memory[at + k] &= data[k]
    def erase(self, at):
        self.memory[at:at + 4096] = b"\\xff" * 4096
    def sync(self):
        with open("/flash.bin", "wb") as file:
            file.write(self.memory)
    def view(self, at, length):
        return memoryview(self.memory)[at:at + length]
"""
WATCHDOG = "class Watchdog:\n    def feed(self):\n        print('watchdog on')\n"
SIZES = (("boot", 3), ("image", 8))
FLASHED = b"flashed!"


@pytest.fixture
def upgradable(firmware):
    """The small board with the start, the storage and the boot loader of the firmware."""
    (firmware / "board.py").write_text(
        f"MACHINE = 'Emscripten'\nFILES = FLASH_SIZE = 0\nPARTITIONS = {SIZES}\n"
        "class Board:\n    name = 'small'\n    image_key = None\n"
    )
    (firmware / "meter" / "hal" / "rp2").mkdir(parents=True)
    for name, text in (
        ("__init__", ""),
        ("rp2/__init__", ""),
        ("rp2/flash", FLASH),
        ("rp2/watchdog", WATCHDOG),
    ):
        (firmware / "meter" / "hal" / f"{name}.py").write_text(text)
    base = str(ROOT / "firmware")
    (firmware / "device.py").write_text((firmware / "main.py").read_text())
    (firmware / "flashed.py").write_text(f"ID = {FLASHED!r}\n")
    (firmware / "manifest.py").write_text(
        'module("device.py")\nmodule("flashed.py")\nmodule("board.py")\npackage("meter")\n'
        f'module("main.py", base_path="{base}")\nmodule("start.py", base_path="{base}")\n'
        f'package("meter", ("crc.py", "compat.py"), base_path="{base}")\npackage("meter/storage", base_path="{base}")\n'
    )
    return firmware


def flash_with_an_image(firmware, name, changes=None):
    """Return the content of a flash in whose slot 0 an image waits for its trial. name: text of its part.py.

    changes: identity of the firmware that it changes; None: the image is complete.
    """
    from meter.hal.sim.flash import Flash
    from meter.storage import boot
    from meter.storage.image import WHOLE, build, read_header
    from meter.storage.journal import Journal
    from meter.storage.partitions import Partitions
    from meter.storage.slots import Slots

    before = (firmware / "meter" / "part.py").read_text()
    (firmware / "meter" / "part.py").write_text(name)
    files = romfs.read(payload_of(firmware))
    (firmware / "meter" / "part.py").write_text(before)
    if changes:
        files = {"meter/part.mpy": files["meter/part.mpy"], "changed": b"meter.part"}
    data = build(romfs.write(files), "small", "2.0.0", changes=changes or WHOLE)
    sectors = (len(data) + 4095) // 4096
    sizes = (("boot", 3), ("image", 2 * sectors))
    (firmware / "board.py").write_text((firmware / "board.py").read_text().replace(str(SIZES), str(sizes)))
    flash = Flash((2 + 3 + 2 * sectors) * 4096)
    areas = Partitions.open(flash, sizes)
    slots = Slots(flash, *areas.area("image"))
    for number in range(0, (len(data) + 255) // 256):
        slots.program(0, number, data[256 * number : 256 * number + 256])
    boot.Boot(Journal(flash, *areas.area("boot"), kind=boot.KIND)).start(
        0, read_header(data[:256]).crc, 1_700_000_000
    )
    content = bytearray(flash.size)
    flash.read(0, content)
    return bytes(content)


def put_flash(board, content):
    board.run("file = open('/flash.bin', 'wb')")
    for at in range(0, len(content), 16384):
        board.run(f"file.write(bytes.fromhex('{content[at : at + 16384].hex()}'))")
    board.run("file.close()")


def reset(board):
    """A board that is reset has loaded nothing, and nothing but its root is mounted."""
    board.run(
        "import sys, vfs\nfor name in list(sys.modules):\n"
        "    if name.split('.')[0] in ('main', 'device', 'start', 'board', 'meter'):\n        del sys.modules[name]\n"
        "import builtins\nif 'ORDINARY' not in globals():\n    ORDINARY = __import__\nbuiltins.__import__ = ORDINARY\n"
        "sys.path[:] = [each for each in sys.path if each not in ('/image', '/lib')]"
    )
    return board.run("exec(open('/main.py').read())").replace("\r", "").splitlines()


@pytest.mark.parametrize(
    "name, then", [("NAME = 'anew'\n", "metering anew"), ("NAME = 1 / 0\n", "ZeroDivisionError")]
)
def test_the_main_of_a_board_runs_the_image_on_trial_and_at_the_next_start_what_it_was_flashed_with(
    upgradable, board, name, then
):
    """MicroPython imports the modules of the image from where it is mounted; VfsRom is a model. Nothing confirms it."""
    content = flash_with_an_image(upgradable, name)
    assert run(board.path) == 0
    board.run(ROMFS_MODEL)
    put_flash(board, content)
    if "Error" in then:
        with pytest.raises(AssertionError, match=then):
            reset(board)
    else:
        assert reset(board) == ["watchdog on", then]
    assert reset(board) == ["metering for Emscripten"]
    assert reset(board) == ["metering for Emscripten"]


def test_an_image_of_changes_brings_those_modules_and_all_others_are_what_the_board_was_flashed_with(
    upgradable, board
):
    """MicroPython imports `meter.part` from where the image is mounted, what that imports from /lib."""
    text = (
        "from meter.beside import WORD\nfrom meter.deep import inner\nNAME = 'changed ' + WORD + inner.WORD\n"
    )
    (upgradable / "meter" / "beside.py").write_text("WORD = 'beside '\n")
    (upgradable / "meter" / "deep").mkdir()
    (upgradable / "meter" / "deep" / "__init__.py").write_text("")
    (upgradable / "meter" / "deep" / "inner.py").write_text("from meter import beside\nWORD = 'inner'\n")
    content = flash_with_an_image(upgradable, text, FLASHED)
    assert run(board.path) == 0
    board.run(ROMFS_MODEL)
    put_flash(board, content)
    assert reset(board) == ["watchdog on", "metering changed beside inner"]
    assert board.run("print(sys.modules['meter.part'].__file__, sys.modules['meter.beside'].__file__)").split() == [
        "/image/meter/part.mpy", "/lib/meter/beside.mpy",
    ]  # fmt: skip
    assert reset(board) == ["metering for Emscripten"]


def test_an_image_of_changes_of_another_firmware_is_not_run(upgradable, board):
    content = flash_with_an_image(upgradable, "NAME = 'anew'\n", b"another!")
    assert run(board.path) == 0
    board.run(ROMFS_MODEL)
    put_flash(board, content)
    assert reset(board) == ["metering for Emscripten"]


def test_a_start_that_fails_leaves_what_the_board_was_flashed_with(upgradable, board):
    assert run(board.path) == 0
    assert reset(board) == ["start: OSError 44", "metering for Emscripten"]
