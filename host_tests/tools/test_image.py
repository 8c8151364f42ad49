"""`ferraris image`: the manifest, the ROMFS, the image file, budgets; and the boards of this repository."""

import json
import struct
from argparse import Namespace
from pathlib import Path

import pytest
from ferraris import image, image_heap, manifest, romfs, signing
from ferraris.errors import UsageError
from ferraris.manifest import Manifest
from meter.storage.image import check

pytest.importorskip("mpremote", reason="mpremote is not installed: make setup")

from host_tests.tools.cli_process import ferraris


def options(board="small", **changes):
    known = {
        "board": board,
        "key": None,
        "new_key": None,
        "no_heap": True,
        "json": False,
        "out": None,
        "romfs": None,
        "since": None,
        "freeze": None,
    }
    return Namespace(**{**known, **changes})


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A board whose firmware is beside it, as the repository has it."""
    board = tmp_path / "boards" / "small"
    meter = tmp_path / "firmware" / "meter"
    (meter / "parts").mkdir(parents=True)
    board.mkdir(parents=True)
    (tmp_path / "firmware" / "main.py").write_text("from board import Board\nimport meter.parts.one\n")
    (meter / "__init__.py").write_text("")
    (meter / "parts" / "__init__.py").write_text("")
    (meter / "parts" / "one.py").write_text("from meter.parts import two\n")
    (meter / "parts" / "two.py").write_text("NUMBER = 2\n")
    (board / "board.py").write_text("BUDGET = {'flash': 10000, 'heap': 9000}\nclass Board:\n    pass\n")
    (board / "manifest.py").write_text(
        'metadata(version="1")\nmodule("board.py")\ninclude("../common.py", unused=1)\n'
    )
    (board.parent / "common.py").write_text(
        'module("main.py", base_path="../firmware")\n'
        'package("meter", ("__init__.py",), base_path="../firmware")\n'
        'package("meter/parts", base_path="../firmware", opt=3)\n'
    )
    monkeypatch.setattr(image, "BOARDS", board.parent)
    return board


def records(data):
    """Return [(kind, payload)] of ROMFS records: kind and length in base 128, most significant first, then payload."""

    def number(at):
        value = 0
        while True:
            value = value << 7 | data[at] & 0x7F
            at += 1
            if not data[at - 1] & 0x80:
                return value, at

    found, at = [], 0
    while at < len(data):
        kind, at = number(at)
        length, at = number(at)
        found.append((kind, data[at : at + length]))
        at += length
    return found


def tree(data, folder=""):
    """Return path -> content of a ROMFS's records."""
    files = {}
    for kind, payload in records(data):
        name = payload[1 : 1 + payload[0]].decode()
        rest = payload[1 + payload[0] :]
        if kind == 4:
            files |= tree(rest, folder + name + "/")
        elif kind == 5:
            ((inner, content),) = records(rest)
            assert inner == 2
            files[folder + name] = content
    return files


def test_a_manifest_names_files_by_its_functions_and_those_it_includes(small):
    made = Manifest(small)
    assert sorted(made.files) == [
        "board.py", "main.py", "meter/__init__.py", "meter/parts/__init__.py", "meter/parts/one.py",
        "meter/parts/two.py",
    ]  # fmt: skip
    assert made.files["meter/parts/one.py"].opt == 3 and made.files["main.py"].opt is None
    assert made.files["meter/parts/__init__.py"].module == "meter.parts"
    assert made.values == {"BUDGET": {"flash": 10000, "heap": 9000}}


def test_a_module_comes_after_those_it_imports(small):
    order = [file.module for file in manifest.in_order(Manifest(small).files)]
    assert order.index("meter.parts.two") < order.index("meter.parts.one") < order.index("main")
    assert order.index("meter") < order.index("meter.parts")


def test_an_import_that_the_manifest_leaves_out_is_told(small):
    (small.parent / "common.py").write_text(
        'module("main.py", base_path="../firmware")\n'
        'package("meter", ("__init__.py", "parts/one.py"), base_path="../firmware")\n'
    )
    assert manifest.missing(Manifest(small).files) == [
        "meter/parts/one.py: imports meter.parts.two, which the manifest leaves out"
    ]


@pytest.mark.parametrize(
    "line, message",
    [
        ('require("aioble")', "not used here"),
        ('freeze("x")', "not used here"),
        ('module("gone.py")', "no such file"),
        ('package("gone")', "no folder"),
        ('include("gone.py")', "gone.py"),
    ],
)
def test_a_manifest_that_cannot_be_followed_is_refused(small, line, message):
    (small / "manifest.py").write_text(line)
    with pytest.raises(UsageError, match=message):
        Manifest(small)


def test_the_image_holds_a_romfs_with_each_module_compiled(small, tmp_path):
    out = tmp_path / "image"
    assert image.command(options(out=str(out), romfs=str(tmp_path / "romfs"))) == 0
    data = out.read_bytes()
    header = check(lambda at, count: data[at : at + count], len(data), "small")
    payload = data[-header.length :]
    assert payload == (tmp_path / "romfs").read_bytes()
    assert payload[:3] == b"\xd2\xcd\x31"
    ((kind, inside),) = records(payload)
    assert kind == 0x14A6B1, "the kind of a file system, whose three bytes are the magic"
    files = tree(inside)
    assert sorted(files) == [
        "board.mpy", "main.mpy", "meter/__init__.mpy", "meter/parts/__init__.mpy", "meter/parts/one.mpy",
        "meter/parts/two.mpy",
    ]  # fmt: skip
    assert all(content[:2] == b"M\x06" for content in files.values())


def test_the_same_sources_make_the_same_image(small, tmp_path):
    for name in ("one", "two"):
        image.command(options(out=str(tmp_path / name)))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_image_is_signed_with_a_key(small, tmp_path, capsys):
    key = str(tmp_path / "key")
    assert image.command(options(board=None, new_key=key)) == 0
    public = bytes.fromhex(capsys.readouterr().out.split()[-1])
    assert public == signing.public_key(signing.read_key(key))
    image.command(options(out=str(tmp_path / "image"), key=key))
    data = (tmp_path / "image").read_bytes()
    assert check(lambda at, count: data[at : at + count], len(data), "small", key=public).signature_type == 1


@pytest.fixture
def frozen(small):
    """The same board, its firmware frozen into its MicroPython."""
    (small / "board.py").write_text("FROZEN = True\nBUDGET = {'flash': 10000, 'heap': 9000}\n")
    return small


def test_what_is_frozen_is_the_manifest_and_by_what_it_is_known(frozen, tmp_path):
    """MicroPython's build takes the folder's manifest.py; an upgrade must name the same firmware."""
    assert image.command(options(freeze=str(tmp_path / "frozen"))) == 0
    text = (tmp_path / "frozen" / "manifest.py").read_text()
    assert 'freeze_mpy("modules")' in text and 'module("flashed.py")' in text
    found = {}
    exec((tmp_path / "frozen" / "flashed.py").read_text(), found)
    data = (tmp_path / "frozen" / "factory.image").read_bytes()
    header = check(lambda at, count: data[at : at + count], len(data), "small")
    payload = data[header.first * 256 :]
    assert found["ID"] == image.identity(payload) != bytes(8)
    modules = tmp_path / "frozen" / "modules"
    there = {str(path.relative_to(modules)): path.read_bytes() for path in modules.rglob("*.mpy")}
    assert there == romfs.read(payload)


def test_an_image_of_what_has_changed_holds_those_modules_and_names_what_it_changes(frozen, tmp_path, capsys):
    image.command(options(freeze=str(tmp_path)))
    text = "".join(f"def number_{k}():\n    return {k}\n" for k in range(40))
    (frozen.parent.parent / "firmware" / "meter" / "parts" / "two.py").write_text(text)
    heap = json_of(capsys, json=True)["heap"]
    since, out = str(tmp_path / "factory.image"), tmp_path / "changes.image"
    report = json_of(capsys, since=since, out=str(out), romfs=str(tmp_path / "romfs"), json=True)
    files = romfs.read((tmp_path / "romfs").read_bytes())
    assert sorted(files) == ["changed", "meter/parts/two.mpy"] and files["changed"] == b"meter.parts.two"
    found = {}
    exec((tmp_path / "flashed.py").read_text(), found)
    data = out.read_bytes()
    read = lambda at, count: data[at : at + count]  # noqa: E731
    assert check(read, len(data), "small", flashed=found["ID"]).changes == found["ID"]
    for other in (image.WHOLE, b"another!"):
        with pytest.raises(image.ImageError, match=f"it changes the firmware {found['ID'].hex()}"):
            check(read, len(data), "small", flashed=other)
    assert report["heap"] > heap, "what is run in place takes more heap than what is frozen"


def json_of(capsys, **changes):
    capsys.readouterr()
    assert image.command(options(**changes)) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "damage, message", [(None, "No such file"), (b"x" * 500, "FRRSIMG1"), (0, "damaged")]
)
def test_an_image_to_compare_with_that_is_none_is_refused(frozen, tmp_path, damage, message):
    image.command(options(freeze=str(tmp_path)))
    since = tmp_path / "factory.image"
    if damage is None:
        since.unlink()
    else:
        data = bytearray(damage or since.read_bytes())
        data[-1] ^= 1
        since.write_bytes(data)
    with pytest.raises(UsageError, match=message):
        image.command(options(since=str(since)))


def test_without_a_change_there_is_no_image_of_changes(frozen, tmp_path):
    image.command(options(freeze=str(tmp_path)))
    with pytest.raises(UsageError, match="no module has changed"):
        image.command(options(since=str(tmp_path / "factory.image")))


def test_a_firmware_that_runs_in_place_is_not_frozen(small, tmp_path):
    with pytest.raises(UsageError, match="not frozen"):
        image.command(options(freeze=str(tmp_path)))


@pytest.mark.parametrize("cut", (2, 10, 200))
def test_a_romfs_that_is_cut_short_is_refused(small, tmp_path, cut):
    image.command(options(romfs=str(tmp_path / "romfs")))
    with pytest.raises(ValueError, match="cut short|no ROMFS"):
        romfs.read((tmp_path / "romfs").read_bytes()[:cut])


def test_an_image_over_its_budget_is_not_written_and_the_exit_code_is_1(small, tmp_path, capsys):
    (small / "board.py").write_text("BUDGET = {'flash': 500, 'heap': 9000}\n")
    assert image.command(options(out=str(tmp_path / "image"))) == 1
    assert "bytes of flash, over its budget of 500" in capsys.readouterr().err
    assert not (tmp_path / "image").exists()


def test_budgets_are_compared_by_kind():
    assert image.exceeded({"flash": 10, "heap": 10}, {"flash": 10, "heap": 9}) == [
        "10 bytes of heap, over its budget of 9"
    ]
    assert image.exceeded({"flash": 10, "heap": 10}, {}) == []
    with pytest.raises(UsageError, match="ram"):
        image.exceeded({"flash": 1, "heap": 1}, {"ram": 1})


def test_a_module_that_does_not_compile_is_named(small):
    (small.parent.parent / "firmware" / "meter" / "parts" / "two.py").write_text("x = {**y}\n")
    with pytest.raises(UsageError, match="meter/parts/two.py"):
        image.command(options())


def test_what_was_not_measured_is_marked(small, capsys):
    image.command(options(json=True))
    report = json.loads(capsys.readouterr().out)
    assert not any(module["measured"] for module in report["modules"])
    assert report["heap"] == sum(module["heap"] for module in report["modules"])
    image.command(options())
    assert "~" in capsys.readouterr().out


@pytest.mark.skipif(
    not (image_heap.TESTS / "node_modules").exists(), reason="MicroPython is not here: make setup"
)
def test_heap_is_measured_on_micropython_where_a_module_can_be_imported(small, capsys):
    (small.parent.parent / "firmware" / "main.py").write_text("import machine\n")
    parts = small.parent.parent / "firmware" / "meter" / "parts"
    parts.joinpath("two.py").write_text("KEPT = [str(number) * 8 for number in range(400)]\n")
    image.command(options(json=True, no_heap=False))
    modules = {m["module"]: m for m in json.loads(capsys.readouterr().out)["modules"]}
    assert modules["meter.parts.two"]["measured"] and not modules["main"]["measured"]
    assert 400 * 24 < modules["meter.parts.two"]["heap_from_ram"] < 400 * 100
    assert modules["meter.parts.one"]["heap_from_ram"] < 2000, "not charged for what it imports"


@pytest.mark.parametrize("name", ("nowhere", "../boards", "sim"))
def test_a_board_without_an_image_is_refused(name):
    with pytest.raises(UsageError):
        image.command(options(name))


@pytest.mark.parametrize("board", image.boards())
def test_each_board_of_the_repository_has_an_image_that_is_complete(board):
    made = Manifest(image.folder(board))
    assert manifest.missing(made.files) == []
    assert {"main.py", "board.py", "meter/app.py"} <= made.files.keys()
    assert not [target for target in made.files if target.startswith(("meter/hal/sim/", "meter/hal/linux/"))]
    assert made.values["MACHINE"] in ("RP2350", "RP2040")
    payload = romfs.write({image.path_of(file): code for file, code in image.compiled(made)})
    assert len(payload) < made.values["BUDGET"]["flash"]


def test_the_command_makes_an_image_that_fits_a_pico_2(tmp_path):
    done = ferraris("image", "pico2_ads131m08", "--out", tmp_path / "image", "--no-heap")
    assert done.returncode == 0, done.stderr
    data = (tmp_path / "image").read_bytes()
    assert check(lambda at, count: data[at : at + count], len(data), "pico2_ads131m08").size == len(data)
    assert (
        "flash" in done.stdout
        and struct.unpack_from("<I", data, 12)[0]
        == len(data)
        - check(lambda at, count: data[at : at + count], len(data), "pico2_ads131m08").first * 256
    )


def test_the_command_without_a_board_names_those_there_are():
    done = ferraris("image")
    assert done.returncode == 2 and "pico2_ads131m08" in done.stderr


def test_paths_of_the_tools_are_those_of_the_repository():
    assert (Path(image.BOARDS) / "sim").is_dir() and image_heap.TESTS.is_dir()
