"""List every requirement of docs/features.md with its tests. Usage: features.py [--missing] [TESTS]

The tests are read, not run: a test names what it proves with `@pytest.mark.feature("MET-06")` on the function
or its class, `pytestmark = pytest.mark.feature(...)` for a file, or `marks=` of a pytest.param. A marker may
name several IDs. Exit code 1 if a marker names an ID that the list does not have, or if the list has one
twice.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| ([A-Z0-9]+-\d+) \| (.+) \|$")

Proof = tuple[str, str]  # ID, test


def read_features(text: str) -> list[tuple[str, str, str]]:
    """Return (section, ID, wording) of each row of the list, in its order."""
    rows, section = [], ""
    for line in text.splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif match := ROW.match(line):
            rows.append((section, match[1], match[2]))
    return rows


def find_proofs(source: str, name: str) -> Iterator[Proof]:
    """Yield (ID, test) for each marker of a test file; `name` is what the file is called."""
    for node in ast.parse(source).body:
        yield from _proofs_of(node, name)


def _proofs_of(node: ast.stmt, name: str) -> Iterator[Proof]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        test = f"{name}::{node.name}"
        for decorator in node.decorator_list:
            yield from ((feature, test) for feature in _marked(decorator))
        if isinstance(node, ast.ClassDef):
            for child in node.body:
                yield from _proofs_of(child, test)
    elif isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "pytestmark" for t in node.targets):
        yield from ((feature, name) for feature in _marked(node.value))


def _marked(expression: ast.expr) -> Iterator[str]:
    """Yield the IDs of the feature markers anywhere in an expression."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.feature"):
            yield from (str(a.value) for a in node.args if isinstance(a, ast.Constant))


def collect(folder: Path) -> dict[str, list[str]]:
    """Return ID -> the tests below the folder that prove it."""
    proofs: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        if "node_modules" not in path.parts:
            name = path.relative_to(folder).as_posix()
            for feature, test in find_proofs(path.read_text(encoding="utf-8"), name):
                proofs.setdefault(feature, []).append(test)
    return proofs


def find_errors(rows: list[tuple[str, str, str]], proofs: dict[str, list[str]]) -> list[str]:
    """Return a sentence for each ID that is listed twice, or marked and not listed."""
    known = [feature for _, feature, _ in rows]
    twice = sorted({f for f in known if known.count(f) > 1})
    unknown = sorted(set(proofs) - set(known))
    return [f"{f} is listed twice" for f in twice] + [
        f"{f} is not in docs/features.md: {', '.join(proofs[f])}" for f in unknown
    ]


def report(rows: list[tuple[str, str, str]], proofs: dict[str, list[str]], missing_only: bool) -> None:
    """Print the list with its tests, and how many have one."""
    shown = ""
    for section, feature, wording in rows:
        tests = proofs.get(feature, [])
        if tests and missing_only:
            continue
        if section != shown:
            print(f"\n{section}")
            shown = section
        print(f"  {feature:7} {'proved ' if tests else 'no test'} {wording}")
        for test in tests:
            print(f"                    {test}")
    proved = sum(feature in proofs for _, feature, _ in rows)
    print(f"\n{proved} of {len(rows)} requirements have a test")


def main() -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(description="The requirements, and the tests that prove each.")
    parser.add_argument("--missing", action="store_true", help="only those without a test")
    parser.add_argument(
        "tests", nargs="?", type=Path, default=ROOT / "host_tests", help="folder of the tests"
    )
    options = parser.parse_args()
    rows = read_features((ROOT / "docs" / "features.md").read_text(encoding="utf-8"))
    proofs = collect(options.tests)
    report(rows, proofs, options.missing)
    errors = find_errors(rows, proofs)
    for error in errors:
        print(f"error: {error}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
