"""A board's manifest.py: which files its image has. The format is MicroPython's (docs: reference/manifest).

Of its functions there are metadata, module, package and include; require and freeze are not, since an image holds
nothing but what is in this repository. A manifest may also set, beside image_targets.py,

    BUDGET = {"flash": bytes, "heap": bytes}    what the image may take; also in board.py
    ARCH = "armv7emsp"                          of native code, as mpy-cross takes it; only where a module has some
    MACHINE = "RP2350"                          what the board's MicroPython says it runs on
    FILES = 262144                              bytes of the flash that its file system may have
    FROZEN = True                               the firmware is frozen into the board's MicroPython
    HEAP = (("MicroPython has", bytes), ...)    how the heap's budget comes about
"""

import ast
from pathlib import Path
from typing import Any, NamedTuple

from ferraris.errors import UsageError
from ferraris.image_targets import TARGETS

NAMES = ("BUDGET", "ARCH", "MACHINE", "FILES", "FROZEN", "HEAP")


class File(NamedTuple):
    """target: path in the image, .py. source: of the file. opt: optimisation level or None."""

    target: str
    source: Path
    opt: int | None

    @property
    def module(self) -> str:
        """The name under which it is imported."""
        parts = self.target.removesuffix(".py").split("/")
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class Manifest:
    """files: File of each module, by target. values: what of NAMES it sets."""

    def __init__(self, board: Path) -> None:
        """board: folder of the board. UsageError if it has no manifest, or it names files that are not there."""
        self.files: dict[str, File] = {}
        self.values: dict[str, Any] = {}
        path = board / "manifest.py"
        if not path.is_file():
            raise UsageError(f"{board.name}: has no manifest.py: there is no image to make for it")
        self._run(path)
        self._from_board(board / "board.py")
        target = TARGETS.get(board.name)
        if target:
            self.values = {**target.values(), **self.values}

    def _run(self, path: Path) -> None:
        base = path.parent

        def module(name: str, base_path: str = ".", opt: int | None = None) -> None:
            self._add(name, base / base_path / name, opt)

        def package(name: str, files: Any = None, base_path: str = ".", opt: int | None = None) -> None:
            folder = base / base_path / name
            if not folder.is_dir():
                raise UsageError(f"{path}: package {name}: {folder} is no folder")
            found = [folder / each for each in files] if files else sorted(folder.rglob("*.py"))
            for source in found:
                self._add(f"{name}/{source.relative_to(folder).as_posix()}", source, opt)

        def include(other: str, **options: Any) -> None:
            target = base / other
            self._run(target / "manifest.py" if target.is_dir() else target)

        def refuse(*arguments: Any, **options: Any) -> None:
            raise UsageError(f"{path}: require and freeze are not used here: name module or package")

        known = {"module": module, "package": package, "include": include, "metadata": lambda **options: None}
        known |= {"require": refuse, "freeze": refuse}
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error
        exec(compile(text, str(path), "exec"), known)  # a manifest is a program, as in MicroPython
        self.values |= {name: known[name] for name in NAMES if name in known}

    def _from_board(self, path: Path) -> None:
        """Take what the manifest does not set from the constants of board.py, which is not run."""
        if not path.is_file():
            return
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if name in NAMES and name not in self.values:
                    self.values[name] = ast.literal_eval(node.value)

    def _add(self, target: str, source: Path, opt: int | None) -> None:
        if not source.is_file():
            raise UsageError(f"{source}: there is no such file (of the manifest)")
        self.files[target] = File(target, source.resolve(), opt)


def imports(source: str, tried: bool = True) -> set[str]:
    """Return the dotted names that a module imports, anywhere in it.

    tried: also those that it can do without: in a `try` with an `except ImportError`.
    """
    names: set[str] = set()
    tree = ast.parse(source)
    left_out = set() if tried else _tried(tree)
    for node in ast.walk(tree):
        if node in left_out:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _tried(tree: ast.AST) -> set[ast.AST]:
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Try):
            caught = {
                name.id for each in node.handlers for name in ast.walk(each) if isinstance(name, ast.Name)
            }
            if "ImportError" in caught:
                found |= {each for line in node.body for each in ast.walk(line)}
    return found


def in_order(files: dict[str, File]) -> list[File]:
    """Return the files such that each comes after those of them that it imports."""
    modules = {file.module: file for file in files.values()}
    needs = {
        name: sorted(imports(file.source.read_text(encoding="utf-8")) & modules.keys())
        for name, file in modules.items()
    }
    done: dict[str, File] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in done or name in path:
            return
        package = name.rpartition(".")[0]
        if package in modules:
            visit(package, (*path, name))
        for needed in needs[name]:
            visit(needed, (*path, name))
        done[name] = modules[name]

    for name in sorted(modules):
        visit(name, ())
    return list(done.values())


def missing(files: dict[str, File]) -> list[str]:
    """Return a sentence for each import of the firmware or of the board that the image does not hold, and must."""
    modules = {file.module for file in files.values()}
    sentences = []
    for file in files.values():
        for name in sorted(imports(file.source.read_text(encoding="utf-8"), tried=False)):
            top = name.split(".")[0]
            if (
                top in ("meter", "board", "boards")
                and name not in modules
                and name.rpartition(".")[0] not in modules
            ):
                sentences.append(f"{file.target}: imports {name}, which the manifest leaves out")
    return sentences
