"""Find in the firmware what MicroPython or ulab does not have. Usage: ulab_lint.py PATH...

The firmware runs on CPython in the tests, where all of this works: only here, in `make mpy` (syntax) and in
`make micropython` (what the tests reach) it is seen before a board is flashed. Prints `file:line: what`;
exit code 1 if there is any. A line that knows better ends with `# ulab-lint: ok` and its reason.

Not looked at: the backends of the host, and `try: ... except ImportError: ...`, which is the seam itself.
Annotations are ignored, as the device does.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import ulab_names as names

HOST_ONLY = ("hal/sim", "hal/linux", "boards/sim", "boards/linux", "manifest.py")
WAIVER = "# ulab-lint: ok"

Finding = tuple[int, str]


def find_in_source(source: str) -> list[Finding]:
    """Return (line, what) for each place of a module that would not run on the device, in order."""
    findings = list(_newer_syntax(source))
    linter = Linter()
    linter.visit(ast.parse(source))
    findings += linter.findings
    lines = source.splitlines()
    return sorted({(line, what) for line, what in findings if WAIVER not in lines[line - 1]})


def _newer_syntax(source: str) -> Iterator[Finding]:
    """Find what the parser of Python 3.8 refuses: match, except*, with ( ... ) and later inventions."""
    try:
        ast.parse(source, feature_version=(3, 8))
    except SyntaxError as error:
        yield error.lineno or 1, f"syntax: {error.msg}"


class Linter(ast.NodeVisitor):
    """One pass over a module. `findings` grows; the seam and annotations are not entered."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._uses_np = False
        self._integer_arrays: set[str] = set()

    def visit_Module(self, node: ast.Module) -> None:
        self._uses_np = any(_imports_np(n) for n in ast.walk(node))
        self._integer_arrays = {name for n in ast.walk(node) for name in _integer_array_names(n)}
        self.generic_visit(node)

    def _add(self, node: ast.AST, what: str) -> None:
        self.findings.append((getattr(node, "lineno", 1), what))

    # The seam, and annotations

    def visit_Try(self, node: ast.Try) -> None:
        if any(_catches_import_error(handler) for handler in node.handlers):
            return
        self.generic_visit(node)

    def visit_TryStar(self, node: ast.AST) -> None:
        self._add(node, "except*")
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        if node.value:
            self.visit(node.value)

    # Imports and names

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._check_module(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level or not node.module:
            return
        self._check_module(node, node.module)
        for alias in node.names:
            if alias.name in names.MODULE_LACKS.get(node.module, ()):
                self._add(node, f"{node.module}.{alias.name}")

    def _check_module(self, node: ast.AST, module: str) -> None:
        if module.split(".")[0] not in names.MODULES:
            self._add(node, f"module {module}")

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and node.id in names.BUILTINS_LACKING:
            self._add(node, node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        base = node.value
        if isinstance(base, ast.Name):
            if node.attr in names.MODULE_LACKS.get(base.id, ()):
                self._add(node, f"{base.id}.{node.attr}")
            if base.id == "np":
                self._check_np_name(node)
        elif isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name) and base.value.id == "np":
            if node.attr not in names.NUMPY_SUBMODULES.get(base.attr, (node.attr,)):
                self._add(node, f"np.{base.attr}.{node.attr}")
        self.generic_visit(node)

    def _check_np_name(self, node: ast.Attribute) -> None:
        if node.attr == "float":
            self._add(node, "np.float: numpy has none, take xnp.FLOAT")
        elif node.attr not in names.NUMPY:
            self._add(node, f"np.{node.attr}")

    # Calls

    def visit_Call(self, node: ast.Call) -> None:
        name = _called_name(node)
        for keyword in node.keywords:
            if keyword.arg in names.KEYWORDS_LACKING.get(name, ()):
                self._add(node, f"{name}({keyword.arg}=)")
        if isinstance(node.func, ast.Attribute):
            self._check_method(node, node.func)
        elif name == "iter" and len(node.args) == 2:
            self._add(node, "iter() of a function and a sentinel")
        elif name == "isinstance" and len(node.args) == 2 and isinstance(node.args[1], ast.BinOp):
            self._add(node, "isinstance() of a union: use a tuple")
        self._check_array_call(node, name)
        self.generic_visit(node)

    def _check_method(self, node: ast.Call, func: ast.Attribute) -> None:
        of_np = isinstance(func.value, ast.Name) and func.value.id == "np"
        if func.attr in names.METHODS_LACKING:
            self._add(node, f"method .{func.attr}()")
        elif self._uses_np and func.attr in names.ARRAY_METHODS_LACKING and not of_np:
            self._add(node, f"method .{func.attr}() of an array: use np.{func.attr}() or a slice")
        elif of_np and func.attr not in names.TAKES_OUT and any(k.arg == "out" for k in node.keywords):
            self._add(node, f"np.{func.attr}(out=)")

    def _check_array_call(self, node: ast.Call, name: str) -> None:
        if not self._uses_np:
            return
        if name == "reshape" and isinstance(node.func, ast.Attribute) and len(node.args) > 1:
            self._add(node, "reshape() needs one tuple")
        if name in names.SHAPED and any(isinstance(a, ast.Tuple) and len(a.elts) > 2 for a in node.args[:2]):
            self._add(node, "an array of more than two dimensions")
        for keyword in node.keywords:
            is_builtin = isinstance(keyword.value, ast.Name) and keyword.value.id in ("int", "float", "bool")
            if keyword.arg == "dtype" and is_builtin:
                self._add(node, "dtype of a built-in type: use xnp.FLOAT or np.int16")

    # Expressions

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.MatMult):
            self._add(node, "@")
        if isinstance(node.op, ast.Div):
            self._check_integer_division(node)
        self.generic_visit(node)

    def _check_integer_division(self, node: ast.BinOp) -> None:
        """ulab divides integer arrays as integers: 7 / 2 is 3.0. A float operand makes it right."""
        sides = [
            _base_name(node.left) in self._integer_arrays,
            _base_name(node.right) in self._integer_arrays,
        ]
        other = node.right if sides[0] else node.left
        if all(sides) or (any(sides) and isinstance(other, ast.Constant) and isinstance(other.value, int)):
            self._add(node, "/ of an integer array truncates: divide by a float")

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.op, ast.MatMult):
            self._add(node, "@=")
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if any(isinstance(part, ast.Constant) and part.value in (None, ...) for part in parts):
            self._add(node, "None or ... as an index")
        if any(isinstance(part, (ast.List, ast.ListComp)) for part in parts):
            self._add(node, "a list as an index: use np.take")
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
                self._add(target, "del of a slice, which a bytearray lacks: write x[:n] = b''")
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        if None in node.keys:
            self._add(node, "{**d}")
        self.generic_visit(node)

    def visit_List(self, node: ast.List) -> None:
        self._check_unpacking(node)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        self._check_unpacking(node)

    def visit_Set(self, node: ast.Set) -> None:
        self._check_unpacking(node)

    def _check_unpacking(self, node: ast.List | ast.Tuple | ast.Set) -> None:
        stored = isinstance(getattr(node, "ctx", None), ast.Store)
        if not stored and any(isinstance(element, ast.Starred) for element in node.elts):
            self._add(node, "[*l]")
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        if node.is_async:
            self._add(node.target, "async comprehension")
        self.generic_visit(node)

    # Statements

    def visit_Match(self, node: ast.Match) -> None:
        self._add(node, "match")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        if node.cause is not None:
            self._add(node, "raise ... from: there is no exception chaining")
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for keyword in node.keywords:
            self._add(node, f"class {node.name}({keyword.arg}=)")
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        if any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in _own_nodes(node)):
            self._add(node, f"async generator {node.name}()")
        self._visit_function(node)

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.args.posonlyargs:
            self._add(node, f"positional-only parameters of {node.name}()")
        defaults = [d for d in node.args.defaults + node.args.kw_defaults if d is not None]
        for child in [*node.decorator_list, *defaults, *node.body]:
            self.visit(child)


def _imports_np(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and any((a.asname or a.name) == "np" for a in node.names)


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(n, ast.Name) and n.id == "ImportError" for n in ast.walk(handler.type or handler))


def _called_name(node: ast.Call) -> str:
    func = node.func
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _base_name(node: ast.expr) -> str:
    """Return the text of what is indexed: `a` of a[1:3], `self.a` of self.a[2]."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return ast.unparse(node) if isinstance(node, (ast.Name, ast.Attribute)) else ""


def _integer_array_names(node: ast.AST) -> Iterator[str]:
    """Yield the targets of `x = np.zeros(n, dtype=np.int16)` and the like, by name in any scope."""
    if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
        return
    dtypes = [k.value for k in node.value.keywords if k.arg == "dtype"]
    if any(isinstance(d, ast.Attribute) and d.attr in names.INTEGER_DTYPES for d in dtypes):
        yield from (_base_name(target) for target in node.targets if _base_name(target))


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function's body, not those of functions inside it."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield child
            yield from _own_nodes(child)


def device_files(roots: list[str]) -> list[Path]:
    """Return the modules below the roots that reach a device, sorted."""
    found = {p for root in map(Path, roots) for p in ([root] if root.is_file() else root.rglob("*.py"))}
    return sorted(p for p in found if not any(part in p.as_posix() for part in HOST_ONLY))


def main(roots: list[str]) -> int:
    """Print every finding below the roots; return the exit code."""
    files = device_files(roots)
    found = 0
    for path in files:
        for line, what in find_in_source(path.read_text(encoding="utf-8")):
            print(f"{path}:{line}: {what}")
            found += 1
    print(f"ulab-lint: {len(files)} files, {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["firmware", "boards"]))
