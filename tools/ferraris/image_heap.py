"""What a firmware's modules take of MicroPython's heap: what stays alive after each is imported.

From RAM, with .mpy in a file system, it is measured on MicroPython (WebAssembly, 32-bit objects) where Node and the
test tools are there. In place, in ROMFS, the byte code stays in flash; frozen, names and constants do too. What that
saves was measured with MicroPython 1.29 for a Cortex-M33: 205 modules of 382,749 bytes of .mpy kept 310,336 bytes alive
from ROMFS and 158,336 frozen, where from RAM they kept 568,112 on WebAssembly. For a single module that is an estimate.
"""

import importlib.util
import json
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from ferraris.manifest import File

TESTS = Path(__file__).parents[2] / "host_tests" / "micropython"
# Heap to a byte of .mpy where nothing can be measured.
HEAP_A_BYTE = 1.49
SAVED_A_BYTE = 0.674  # heap that a byte of .mpy saves when it is run in place
FROZEN_A_BYTE = 0.414  # heap to a byte of .mpy that is frozen
LEAST = 128  # bytes of a module: its object and its dictionary


class Module(NamedTuple):
    """file: of the manifest. code: .mpy. from_ram: bytes alive, loaded into RAM. is_estimate: not measured."""

    file: File
    code: bytes
    from_ram: int
    is_estimate: bool

    @property
    def in_place(self) -> int:
        """Bytes alive when it is run from ROMFS."""
        return max(LEAST, round(self.from_ram - SAVED_A_BYTE * len(self.code)))

    @property
    def frozen(self) -> int:
        """Bytes alive when it is frozen into MicroPython."""
        return max(LEAST, round(FROZEN_A_BYTE * len(self.code)))


def measured(found: list[tuple[File, bytes]], no_heap: bool = False) -> list[Module]:
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
