"""The images of the boards with MicroPython: each has all that its modules import, and nothing of the hosts."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BOARDS = ("pico2_ads131m08", "pico_demo")
FIRMWARE = ROOT / "firmware"


def files_of(manifest):
    """Return (source, name in the image) of everything in a manifest, as MicroPython's tools would take it."""
    found = []

    def module(name, base_path="."):
        found.append((manifest.parent / base_path / name, name))

    def package(folder, files=None, base_path="."):
        base = manifest.parent / base_path
        paths = [base / folder / name for name in files] if files else (base / folder).rglob("*.py")
        found.extend((path, path.relative_to(base).as_posix()) for path in paths)

    def include(name):
        found.extend(files_of((manifest.parent / name).resolve()))

    names = {"module": module, "package": package, "include": include}
    exec(compile(manifest.read_text(encoding="utf-8"), str(manifest), "exec"), names)
    return found


def tried(tree):
    """Return what is in a try with an `except ImportError`."""
    tries = [node for node in ast.walk(tree) if isinstance(node, ast.Try)]
    tries = [node for node in tries if any("ImportError" in ast.unparse(each) for each in node.handlers)]
    return {inner for node in tries for line in node.body for inner in ast.walk(line)}


@pytest.fixture(params=BOARDS)
def image(request):
    """name in the image -> source"""
    found = files_of(ROOT / "boards" / request.param / "manifest.py")
    return {name: source for source, name in found}


def test_all_files_are_there_and_none_twice(image):
    assert all(source.is_file() for source in image.values())


def test_the_board_and_the_entry_are_at_the_top(image):
    assert {"main.py", "board.py", "meter/app.py"} <= set(image)


def test_nothing_of_the_hosts_is_in_it(image):
    assert [name for name in image if name.startswith(("meter/hal/sim", "meter/hal/linux"))] == []


def test_everything_that_is_imported_is_in_it(image):
    """Also what functions import; but what a module can do without, in a try, may be left out."""
    missing = []
    for name, source in image.items():
        tree = ast.parse(source.read_text(encoding="utf-8"))
        for node in set(ast.walk(tree)) - tried(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
            for wanted in names:
                path = wanted.replace(".", "/")
                if (FIRMWARE / f"{path}.py").exists() and f"{path}.py" not in image:
                    missing.append((name, wanted))
                if (FIRMWARE / path / "__init__.py").exists() and f"{path}/__init__.py" not in image:
                    missing.append((name, wanted))
    assert missing == []


def test_every_module_of_the_firmware_is_in_the_image_of_a_whole_meter_or_a_hosts():
    """A new file at the top of meter/ is to be added to boards/rp2_manifest.py."""
    known = {path.relative_to(FIRMWARE).as_posix() for path in FIRMWARE.rglob("*.py")}
    whole = {name for _, name in files_of(ROOT / "boards" / BOARDS[0] / "manifest.py")}
    assert {
        name for name in known - whole if not name.startswith(("meter/hal/sim", "meter/hal/linux"))
    } == set()


def test_what_an_image_may_leave_out_is_there_in_a_whole_meter():
    from meter.optional import OPTIONAL

    whole = {name for _, name in files_of(ROOT / "boards" / BOARDS[0] / "manifest.py")}
    assert {name.replace(".", "/") + ".py" for name, _ in OPTIONAL} <= whole
