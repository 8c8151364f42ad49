"""Measure image size and live heap of each firmware package against host_tests/micropython/sizes.json.

Usage: sizes.py [--update]. Image: bytes of .mpy. Heap: bytes alive after the package is imported on
MicroPython (WebAssembly, 32-bit objects), where all that it imports was there before. The heap_ functions of
the device tests have a row each. Exit code 1 if a figure has grown by more than a tenth and 256 bytes, or a
row is new or gone: then it is either mended, or `make sizes-update` is part of the commit and shows in its
review. Shrinking passes.
"""

import argparse
import ast
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "host_tests" / "micropython" / "sizes.json"
sys.path.insert(0, str(TABLE.parent))
import mpy_build  # noqa: E402
import runner  # noqa: E402

KINDS = ("image", "heap")
TOLERANCE = 0.10
ALLOWANCE = 256

# Need hardware to be imported: image size only.
NO_HEAP = ("meter.hal.rp2", "main", "device")
# As do modules in assembler, and those that give them addresses: their package is measured without them.
NATIVE = "uctypes"

Sizes = dict[str, dict[str, int]]


def packages() -> dict[str, list[str]]:
    """Return package -> its device modules. The entry point is a package of its own."""
    found: dict[str, list[str]] = {}
    for path in mpy_build.device_modules():
        parts = path.with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.setdefault(".".join(path.parts[:-1]) or module, []).append(module)
    return found


def module_path(module: str) -> Path:
    """Return the module's path relative to firmware/."""
    path = Path(*module.split("."))
    return path / "__init__.py" if (mpy_build.FIRMWARE / path).is_dir() else path.with_suffix(".py")


def is_native(module: str) -> bool:
    """Return True if the module is in native code, or can do nothing without some."""
    if module.endswith("_thumb"):
        return True
    tree = ast.parse((mpy_build.FIRMWARE / module_path(module)).read_text(encoding="utf-8"))
    return any(isinstance(node, ast.ImportFrom) and node.module == NATIVE for node in tree.body)


def imports_from_outside(package: str, modules: list[str], every: set[str]) -> list[str]:
    """Return what the package's modules import of the firmware, outside the package."""
    names = set()
    for module in modules:
        for node in ast.walk(
            ast.parse((mpy_build.FIRMWARE / module_path(module)).read_text(encoding="utf-8"))
        ):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return sorted(name for name in names if name in every and name not in modules and name != package)


def measure_images() -> dict[str, int]:
    """Return package -> bytes of its compiled modules."""
    errors = mpy_build.build_firmware()
    if errors:
        raise SystemExit("\n".join(errors))
    return {
        package: sum((mpy_build.MPY / module_path(m).with_suffix(".mpy")).stat().st_size for m in modules)
        for package, modules in packages().items()
    }


def measure_heaps() -> dict[str, int]:
    """Return package -> bytes alive after its import, and heap_ function -> bytes alive after its call."""
    errors = mpy_build.build_tests()
    if errors:
        raise SystemExit("\n".join(errors))
    runner.write_expected_values()
    every = {m for modules in packages().values() for m in modules}
    request = [
        {
            "name": name,
            "before": imports_from_outside(name, modules, every),
            "modules": [module for module in modules if not is_native(module)],
        }
        for name, modules in packages().items()
        if not name.startswith(NO_HEAP)
    ]
    heaps = {}
    for result in runner.call("heap", {"packages": request, "scripts": runner.device_scripts()}):
        name = result.get("package") or result.get("test", "node")
        if not result["ok"]:
            lines = "\n".join(result["lines"])
            raise SystemExit(f"{name} fails on MicroPython:\n{lines}")
        heaps[name] = result["heap"]
    return heaps


def measure() -> Sizes:
    """Return package -> {"image": bytes, "heap": bytes}, without what cannot be measured."""
    kinds = dict(zip(KINDS, (measure_images(), measure_heaps()), strict=True))
    names = sorted(set(kinds["image"]) | set(kinds["heap"]))
    return {name: {kind: kinds[kind][name] for kind in KINDS if name in kinds[kind]} for name in names}


def compare(committed: Sizes, measured: Sizes) -> list[str]:
    """Return a sentence for each figure that has grown too much, and each package that is new or gone."""
    complaints = [
        f"{name}: is gone, the table still has it" for name in sorted(set(committed) - set(measured))
    ]
    for name, figures in measured.items():
        if name not in committed:
            complaints.append(f"{name}: is new, not in the table")
            continue
        for kind in KINDS:
            before, now = committed[name].get(kind, 0), figures.get(kind, 0)
            if now - before > max(ALLOWANCE, TOLERANCE * before):
                complaints.append(f"{name}: {kind} grew from {before} to {now} bytes")
    return complaints


def print_table(committed: Sizes, measured: Sizes) -> None:
    """Print each package with its figures and how they differ from the committed ones."""
    print(f"{'package':34}" + "".join(f"{kind:>10}{'change':>9}" for kind in KINDS))
    for name, figures in measured.items():
        cells = ""
        for kind in KINDS:
            value, before = figures.get(kind), committed.get(name, {}).get(kind)
            change = "" if value is None else "new" if before is None else f"{value - before:+d}"
            cells += f"{'-' if value is None else value:>10}{change:>9}"
        print(f"{name:34}{cells}")
    packaged = [figures for figures in measured.values() if "image" in figures]
    totals = (sum(figures.get(kind, 0) for figures in packaged) for kind in KINDS)
    print(f"{'total':34}" + "".join(f"{total:>10}{'':9}" for total in totals))


def main() -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(description="Image size and live heap of each firmware package.")
    parser.add_argument("--update", action="store_true", help="write the table anew")
    options = parser.parse_args()
    committed: Sizes = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
    measured = measure()
    print_table(committed, measured)
    if options.update:
        TABLE.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
        return 0
    complaints = compare(committed, measured)
    for complaint in complaints:
        print(f"sizes: {complaint}")
    if complaints:
        print("sizes: mend it, or accept it with `make sizes-update` in the same commit")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
