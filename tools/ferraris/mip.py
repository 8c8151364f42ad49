"""The packages from which a networked board installs the firmware by itself, with MicroPython's mip.

Usage: python -m ferraris.mip [--update | --build BOARD FOLDER]

Without an option it says whether the packages of the repository are as the manifests have it; --update writes them.
They list the sources: package.json at the top is the Pico 2's, package-BOARD.json that of another board. --build
writes a folder with the compiled modules and their package.json, to be served by any web server: that spares the board
the compiling, which takes more memory than running.

    {"version": ..., "deps": [], "urls": [[place below /lib, address relative to the package.json], ...]}
"""

import json
import sys
from pathlib import Path

from meter import VERSION

from ferraris.errors import UsageError
from ferraris.image import BOARDS, boards, compiled, folder
from ferraris.manifest import Manifest

ROOT = BOARDS.parent
FIRST = "pico2_ads131m08"


def package(urls: list[list[str]]) -> str:
    """Return a package.json. urls: [place, address]."""
    lines = ",\n".join("  " + json.dumps(each) for each in urls)
    return f'{{\n "version": {json.dumps(VERSION)},\n "deps": [],\n "urls": [\n{lines}\n ]\n}}\n'


def of_sources(board: str) -> str:
    """Return the package.json of a board that lists the repository's sources."""
    files = Manifest(folder(board)).files
    return package(
        [[target, files[target].source.relative_to(ROOT.resolve()).as_posix()] for target in sorted(files)]
    )


def path_of(board: str) -> Path:
    """Return where the package.json of a board is."""
    return ROOT / ("package.json" if board == FIRST else f"package-{board}.json")


def build(board: str, out: Path) -> None:
    """Write the compiled modules of a board and their package.json into a folder."""
    urls = []
    for file, code in compiled(Manifest(folder(board))):
        place = file.target.removesuffix(".py") + ".mpy"
        target = out / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(code)
        urls.append([place, place])
    (out / "package.json").write_text(package(sorted(urls)), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Compare, write or build; return the exit code."""
    if len(arguments) == 3 and arguments[0] == "--build":
        build(arguments[1], Path(arguments[2]))
        return 0
    if arguments not in ([], ["--update"]):
        print(__doc__, file=sys.stderr)
        return 2
    stale = [board for board in boards() if not is_current(board)]
    for board in stale:
        if arguments:
            path_of(board).write_text(of_sources(board), encoding="utf-8")
        else:
            print(
                f"{path_of(board).name} is not as the manifest of {board} has it: python -m ferraris.mip --update"
            )
    return 1 if stale and not arguments else 0


def is_current(board: str) -> bool:
    """Return True if the package.json of a board is as its manifest has it."""
    path = path_of(board)
    return path.is_file() and path.read_text(encoding="utf-8") == of_sources(board)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UsageError as error:
        sys.exit(f"mip: {error}")
