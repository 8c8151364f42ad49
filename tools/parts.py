"""Write the parts.py of each App: what a device loads one by one, first and later. Usage: parts.py [--check].

The order is that of the imports at the top of modules: each module comes after all that it imports.
"""

import ast
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
HEAD = '''"""What is loaded one module at a time, each after all that it imports.

METERING comes first: imports within imports would need more of a stack than a board has. SERVING comes when metering
has begun: a board must see to its samples in between. Written by tools/parts.py; a test compares.
"""
'''


class Firmware(NamedTuple):
    """An App and its modules. folders: where they are, those of the first before those of the next.

    later: the modules that it loads when it meters, in any order.
    """

    folders: tuple[Path, ...]
    later: tuple[str, ...]

    @property
    def target(self) -> Path:
        """The parts.py of this App."""
        return self.folders[0] / "meter" / "parts.py"

    def path_of(self, module: str) -> Path | None:
        """Return the file of a module, None if it has none."""
        for folder in self.folders:
            base = folder.joinpath(*module.split("."))
            for path in (base.with_suffix(".py"), base / "__init__.py"):
                if path.exists():
                    return path
        return None

    def imports_of(self, module: str) -> list[str]:
        """Return the modules of the firmware that a module imports when it is loaded, in order."""
        path = self.path_of(module)
        assert path
        names: list[str] = []
        for node in _run_at_import(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                assert not node.level, f"{module}: a relative import"
                for alias in node.names:
                    name = f"{node.module}.{alias.name}"
                    names.append(name if self.path_of(name) else node.module)
        return [name for name in names if self.path_of(name)]

    def load_order(self, module: str, done: list[str]) -> list[str]:
        """Append the modules that loading this one loads to `done`, in order, itself last. Return `done`."""
        if module not in done:
            for name in self.imports_of(module):
                self.load_order(name, done)
            if module not in done:
                done.append(module)
        return done

    def text(self) -> str:
        """Return what parts.py must contain."""
        first = self.load_order("meter.app", [])
        done = list(first)
        for module in self.later:
            self.load_order(module, done)
        later = done[len(first) :]
        return HEAD + _table("METERING", first) + _table("SERVING", later)


WHOLE = Firmware((ROOT / "firmware",), ("meter.serving",))
DEMO = Firmware(
    (ROOT / "boards" / "pico_demo", ROOT / "firmware"),
    ("meter.ports.serial", "meter.protocols.iec62056_21.session"),
)
ALL = (WHOLE, DEMO)


def _run_at_import(node: ast.AST) -> list[ast.AST]:
    found = []
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            found += [child, *_run_at_import(child)]
    return found


def _table(name: str, modules: list[str]) -> str:
    return f"\n{name} = (\n" + "".join(f'    "{module}",\n' for module in modules) + ")\n"


def main() -> int:
    """Write the files, or say whether they are right; return the exit code."""
    wrong = [
        each for each in ALL if not each.target.exists() or each.target.read_text("utf-8") != each.text()
    ]
    for each in wrong if "--check" not in sys.argv else ():
        each.target.write_text(each.text(), encoding="utf-8")
    return 1 if wrong and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
