"""`ferraris deploy` onto MicroPython behind a raw REPL on a pseudo-terminal; and what it refuses."""

import hashlib
from argparse import Namespace

import pytest
from ferraris import deploy, image
from ferraris.errors import UsageError
from ferraris.manifest import Manifest

pytest.importorskip("mpremote", reason="mpremote is not installed: make setup")
if not (image.TESTS / "node_modules").exists():
    pytest.skip("MicroPython is not here: make setup", allow_module_level=True)
from host_tests.tools.raw_repl_board import Board, runner

MAIN = """
def main():
    from meter import part
    print("metering", part.NAME)
"""


@pytest.fixture(scope="module", autouse=True)
def stand_in():
    assert runner.mpy_build.build_tests() == []


@pytest.fixture
def firmware(tmp_path, monkeypatch):
    """A small board: main.py, board.py and a package, with the manifest of a real one."""
    board = tmp_path / "small"
    (board / "meter").mkdir(parents=True)
    (board / "main.py").write_text(MAIN)
    (board / "board.py").write_text("MACHINE = 'Emscripten'\nBUDGET = {'flash': 100000}\n")
    (board / "meter" / "__init__.py").write_text("VERSION = '1.0'\n")
    (board / "meter" / "part.py").write_text("from board import MACHINE\nNAME = 'for ' + MACHINE\n")
    (board / "manifest.py").write_text('module("main.py")\nmodule("board.py")\npackage("meter")\n')
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
    made = image.romfs({file.target: code for file, code in image.compiled(Manifest(firmware))})
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
}  # fmt: skip
FILES = {"a.mpy": b"M\x06\x00\x1f", "b.mpy": bytes((77, 6, 3 | 6 << 2, 31))}


class Made:
    values = {"MACHINE": "RP2350"}


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
