"""The mip packages: as the manifests have it, and installed by mpremote's mip onto MicroPython."""

import json
import subprocess
import sys

import pytest
from ferraris import image, image_heap, mip

pytest.importorskip("mpremote", reason="mpremote is not installed: make setup")


@pytest.mark.parametrize("board", image.boards())
def test_the_package_lists_each_file_of_the_manifest_and_nothing_else(board):
    assert mip.is_current(board), "python -m ferraris.mip --update"
    package = json.loads(mip.path_of(board).read_text(encoding="utf-8"))
    assert sorted(package) == ["deps", "urls", "version"]
    places = [place for place, _ in package["urls"]]
    assert len(set(places)) == len(places)
    for place, address in package["urls"]:
        assert (mip.ROOT / address).is_file() and address.endswith(place.rsplit("/", 1)[-1])
        assert not address.startswith(("/", "..")), (
            "addresses are below the package.json: servers take no .. in them"
        )


def test_a_package_of_compiled_modules_is_installed_by_mip(tmp_path, monkeypatch):
    if not (image_heap.TESTS / "node_modules").exists():
        pytest.skip("MicroPython is not here: make setup")
    from host_tests.tools.raw_repl_board import Board, runner

    assert runner.mpy_build.build_tests() == []
    small = tmp_path / "small"
    (small / "meter").mkdir(parents=True)
    (small / "main.py").write_text("import meter.part\n")
    (small / "meter" / "__init__.py").write_text("")
    (small / "meter" / "part.py").write_text("print('metering')\n")
    (small / "manifest.py").write_text('module("main.py")\npackage("meter")\n')
    monkeypatch.setattr(image, "BOARDS", tmp_path)
    assert mip.main(["--build", "small", str(tmp_path / "out")]) == 0
    board = Board()
    try:
        steps = ["connect", board.path, "resume", "mip", "install", "--target", "/lib", "package.json"]
        done = subprocess.run(
            [sys.executable, "-m", "mpremote", *steps],
            cwd=tmp_path / "out",
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert board.run("import main") == "metering\r\n"
    finally:
        board.close()


def test_a_wrong_option_is_exit_code_2(capsys):
    assert mip.main(["--nonsense"]) == 2
    assert "Usage" in capsys.readouterr().err
