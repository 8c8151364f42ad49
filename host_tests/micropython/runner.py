"""Run host_tests/micropython/device/test_*.py on MicroPython. Usage: runner.py [SCRIPT ...] [--precision d|f]

Prints a line for each test and the traceback of those that fail; exit code 1 if there are any. Without
--precision everything runs twice: with arrays in double and in single precision, as on a Pico.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import mpy_build  # noqa: E402

PRECISIONS = {"d": "double", "f": "single"}


def find_node():
    """Return the Node to use: the link in the virtual environment that `make setup` left, or the system's."""
    node = Path(sys.executable).parent / "node"
    found = str(node) if node.exists() else shutil.which("node")
    if not found:
        raise SystemExit("There is no Node.js: run `make setup`")
    return found


def call(mode, request):
    """Run run.mjs with a request; yield each object that it prints."""
    path = mpy_build.TESTS / f"request-{mode}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    request = {"image": str(mpy_build.TESTS), "precision": "d", **request}
    path.write_text(json.dumps(request), encoding="utf-8")
    command = [find_node(), str(HERE / "run.mjs"), mode, str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE)
    for line in process.stdout:
        yield json.loads(line) if line.startswith("{") else {"ok": False, "lines": [line.rstrip()]}
    if process.wait():
        yield {"ok": False, "lines": [f"node ended with exit code {process.returncode}"]}


def write_expected_values():
    """Put what numpy makes of the common expressions beside the compiled tests."""
    import numpy
    from expressions import EXPRESSIONS, evaluate

    values = [[e, evaluate(e, numpy, numpy.float64)] for e in EXPRESSIONS]
    (mpy_build.TESTS / "expected.json").write_text(json.dumps(values), encoding="utf-8")


def device_scripts():
    """Return the names of all scripts in device/."""
    return sorted(p.stem for p in (HERE / "device").glob("test_*.py"))


def report(result, precision):
    """Print one result. Return True if it is a failure."""
    name = f"{result.get('script', '')}::{result.get('test', '')}"
    figure = f"{result['heap']} bytes alive" if "heap" in result else f"{result.get('ms', 0)} ms"
    print(f"{'ok    ' if result['ok'] else 'FAILED'} {PRECISIONS[precision]} {name} ({figure})")
    for line in result["lines"]:
        print(f"         {line}")
    return not result["ok"]


def main():
    """Build, run, report; return the exit code."""
    parser = argparse.ArgumentParser(description="Run the device tests on MicroPython.")
    parser.add_argument("scripts", nargs="*", help="names such as test_xnp; all of device/ by default")
    parser.add_argument("--precision", choices=PRECISIONS, help="d or f; both by default")
    options = parser.parse_args()
    scripts = options.scripts or device_scripts()
    errors = mpy_build.build_tests()
    if errors:
        print("\n".join(errors))
        return 1
    write_expected_values()
    ran = failed = 0
    for precision in [options.precision] if options.precision else PRECISIONS:
        for result in call("tests", {"scripts": scripts, "precision": precision}):
            ran += 1
            failed += report(result, precision)
    print(f"micropython: {ran} run, {failed} failed")
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
