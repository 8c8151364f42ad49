"""Write firmware/meter/parts.py: what a device loads one by one when metering has begun. Usage: parts.py [--check].

The order is that of the imports at the top of modules: each module comes after all that it imports.
"""

import ast
import sys
from pathlib import Path

FIRMWARE = Path(__file__).parents[1] / "firmware"
TARGET = FIRMWARE / "meter" / "parts.py"
FIRST, LATER = "meter.app", "meter.serving"
HEAD = '''"""What is loaded when metering has begun, one module at a time: a board must see to its samples in between.

Written by tools/parts.py; a test compares.
"""

SERVING = (
'''


def path_of(module: str) -> Path | None:
    """Return the file of a module of the firmware, None if there is none."""
    base = FIRMWARE.joinpath(*module.split("."))
    found = [path for path in (base.with_suffix(".py"), base / "__init__.py") if path.exists()]
    return found[0] if found else None


def imports_of(module: str) -> list[str]:
    """Return the modules of the firmware that a module imports when it is loaded, in order."""
    path = path_of(module)
    assert path
    names: list[str] = []
    for node in _run_at_import(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{module}: a relative import"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                names.append(name if path_of(name) else node.module)
    return [name for name in names if path_of(name)]


def _run_at_import(node: ast.AST) -> list[ast.AST]:
    found = []
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            found += [child, *_run_at_import(child)]
    return found


def load_order(module: str, done: list[str]) -> list[str]:
    """Append the modules that loading this one loads to `done`, in order, itself last. Return `done`."""
    if module not in done:
        for name in imports_of(module):
            load_order(name, done)
        if module not in done:
            done.append(module)
    return done


def text() -> str:
    """Return what parts.py must contain."""
    first = load_order(FIRST, [])
    later = [name for name in load_order(LATER, list(first)) if name not in first]
    return HEAD + "".join(f'    "{name}",\n' for name in later) + ")\n"


def main() -> int:
    """Write the file, or say whether it is right; return the exit code."""
    wanted = text()
    if "--check" not in sys.argv:
        TARGET.write_text(wanted, encoding="utf-8")
        return 0
    return 0 if TARGET.read_text(encoding="utf-8") == wanted else 1


if __name__ == "__main__":
    sys.exit(main())
