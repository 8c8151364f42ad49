"""Imports point one way (docs: layout and rules of the firmware), and importing a module does nothing.

RULES says for each package what of the meter it may import; PLACES says where each special module may appear.
The nearest entry counts. Both tables are checked on the source, so a board's modules are checked too.
The last part of this file proves on bad examples that the checks can fail.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[1] / "firmware"

# The packages that measure and keep: they know nothing of ports, protocols, people or hardware.
CORE = (
    "meter.quantities",
    "meter.xnp",
    "meter.compat",
    "meter.crc",
    "meter.clock",
    "meter.calendar",
    "meter.zone",
    "meter.zone_rule",
    "meter.metrology",
    "meter.registers",
    "meter.power_quality",
    "meter.inputs_outputs",
    "meter.storage",
    "meter.config",
)

# package or module -> what of the meter it may import, besides itself
RULES = (
    ("meter", ()),
    ("meter.compat", ()),
    ("meter.xnp", ()),
    ("meter.crc", ("meter.compat",)),
    ("meter.aes", ("meter.compat",)),
    ("meter.key_wrap", ("meter.aes",)),
    ("meter.clock", ("meter.compat",)),
    ("meter.optional", ()),
    ("meter.calendar", ("meter.clock", "meter.compat")),
    ("meter.zone", ("meter.calendar", "meter.zone_rule")),
    ("meter.zone_rule", ("meter.compat",)),
    ("meter.quantities", ("meter.compat",)),
    ("meter.metrology", ("meter.quantities", "meter.xnp", "meter.compat")),
    ("meter.storage", ("meter.crc", "meter.compat")),
    ("meter.registers", CORE),
    ("meter.power_quality", CORE),
    ("meter.inputs_outputs", CORE),
    ("meter.config", CORE),
    ("meter.meter", CORE),
    ("meter.access", (*CORE, "meter.aes", "meter.key_wrap", "meter.meter", "meter.VERSION")),
    (
        "meter.protocols",
        (
            "meter.crc",
            "meter.clock",
            "meter.compat",
            "meter.calendar",
            "meter.aes",
            "meter.access.errors",
            "meter.optional",
        ),  # fmt: skip
    ),
    ("meter.ports", ("meter.compat", "meter.protocols.session")),
    (
        "meter.ui",
        (
            "meter.access",
            "meter.quantities",
            "meter.clock",
            "meter.calendar",
            "meter.compat",
            "meter.protocols.session",
            "meter.VERSION",
        ),
    ),
    ("meter.hal", ("meter.compat", "meter.crc")),
    ("meter.hal.linux", ("meter.hal", "meter.compat", "meter.crc", "meter.xnp")),
    (
        "meter.hal.sim",
        (
            "meter.hal",
            "meter.compat",
            "meter.crc",
            "meter.clock",
            "meter.xnp",
            "meter.quantities",
            "meter.metrology",
        ),
    ),
    ("meter.app", ("meter",)),
    ("meter.pushing", ("meter",)),
    ("meter.serving", ("meter",)),
    ("start", ("board", "meter.hal.rp2", "meter.storage")),
    ("main", ("device",)),
    ("device", ("meter.app", "meter.compat", "meter.parts", "boards", "board")),
)

# special module -> the only places that may import it
PLACES = (
    ("numpy", ("meter.xnp",)),
    ("ulab", ("meter.xnp",)),
    ("scipy", ()),
    ("cryptolib", ("meter.aes",)),
    ("cryptography", ("meter.aes",)),
    ("asyncio", ("meter.app", "meter.serving", "meter.ports", "meter.ui", "meter.hal", "device")),
    ("machine", ("meter.hal.rp2", "device")),
    ("rp2", ("meter.hal.rp2",)),
    ("network", ("meter.hal.rp2",)),
    ("micropython", ("meter.compat", "meter.hal.rp2", "meter.metrology", "meter.app", "device")),
    ("socket", ("meter.hal", "meter.ports")),
    ("meter.hal.sim", ("meter.hal.sim",)),
    ("meter.hal.linux", ("meter.hal.linux",)),
    ("meter.hal.rp2", ("meter.hal.rp2", "start")),
    ("meter.app", ("device",)),
    ("meter.serving", ("meter.app",)),
    ("boards", ("device",)),
    ("board", ("device", "start")),
    ("ferraris", ()),
    ("host_tests", ()),
)

# What must not be called while a module is imported: buffers, files, hardware, tasks.
BUSY_CALLS = frozenset(
    """open bytearray socket print input exec eval create_task run Pin SPI I2C UART Timer WDT StateMachine DMA
    sleep sleep_ms getaddrinfo mkdir system""".split()
)


def is_within(name, package):
    """Return True if the dotted name is the package or inside it."""
    return name == package or name.startswith(package + ".")


def longest_match(name, table):
    """Return the entry of the table whose package is the nearest around name, or None."""
    matches = [entry for entry in table if is_within(name, entry[0])]
    return max(matches, key=lambda entry: len(entry[0]), default=None)


def imported_names(module, source, is_package=False):
    """Return (line, dotted name) of every import, relative ones resolved. `from a import b` is a.b."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = resolve(module, node, is_package)
            found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
    return found


def resolve(module, node, is_package):
    """Return the absolute name of the package that a `from` import names."""
    if not node.level:
        return node.module
    parts = module.split(".")
    parts = parts[: len(parts) - node.level + is_package]
    return ".".join(parts + ([node.module] if node.module else []))


def import_violations(module, source, is_package=False):
    """Return a sentence for each import of the module that the two tables forbid."""
    rule = longest_match(module, RULES)
    sentences = []
    for line, name in imported_names(module, source, is_package):
        place = longest_match(name, PLACES)
        if place and not any(is_within(module, allowed) for allowed in place[1]):
            sentences.append(f"{module}:{line}: {place[0]} must not be imported here")
        if is_within(name, "meter") and not may_import(rule, name):
            sentences.append(
                f"{module}:{line}: {name} is not among the imports of {rule[0] if rule else module}"
            )
    return sentences


def may_import(rule, name):
    """Return True if the rule's package may import the name: its own parts, or what its row lists."""
    if rule is None:
        return False
    own = rule[0] if rule[0] != "meter" else "meter.__init__"
    return any(is_within(name, allowed) for allowed in (own, *rule[1]))


def import_graph(sources):
    """Return module -> the set of modules of `sources` that it imports."""
    graph = {}
    for module, (source, is_package) in sources.items():
        edges = set()
        for _, name in imported_names(module, source, is_package):
            target = name if name in sources else name.rpartition(".")[0]
            if target in sources and target != module:
                edges.add(target)
        graph[module] = edges
    return graph


def find_cycle(graph):
    """Return the modules of one import cycle in order, or an empty list."""
    done = set()

    def search(module, path):
        if module in path:
            return path[path.index(module) :] + [module]
        if module in done:
            return []
        for target in sorted(graph[module]):
            cycle = search(target, path + [module])
            if cycle:
                return cycle
        done.add(module)
        return []

    for module in sorted(graph):
        cycle = search(module, [])
        if cycle:
            return cycle
    return []


def busy_imports(module, source):
    """Return a sentence for each call at import that opens or allocates something."""
    sentences = []
    for node in nodes_run_at_import(ast.parse(source)):
        if isinstance(node, ast.Call):
            func = node.func
            called = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            of_np = (
                isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "np"
            )
            if called in BUSY_CALLS or of_np:
                sentences.append(f"{module}:{node.lineno}: {called}() at import")
    return sentences


def nodes_run_at_import(node):
    """Yield the nodes that run at import: class bodies and defaults, not the bodies of functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for part in [*child.decorator_list, *child.args.defaults, *filter(None, child.args.kw_defaults)]:
                yield part
                yield from nodes_run_at_import(part)
        elif not isinstance(child, ast.Lambda) and not is_main_guard(child):
            yield child
            yield from nodes_run_at_import(child)


def is_main_guard(node):
    """Return True for `if __name__ == ...`."""
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def firmware_sources():
    """Return module name -> (source, whether it is a package) of everything in firmware/."""
    sources = {}
    for path in sorted(FIRMWARE.rglob("*.py")):
        parts = path.relative_to(FIRMWARE).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        sources[".".join(parts[:-1] if is_package else parts)] = (
            path.read_text(encoding="utf-8"),
            is_package,
        )
    return sources


SOURCES = firmware_sources()


@pytest.mark.parametrize("module", SOURCES)
def test_module_imports_only_what_its_package_may(module):
    source, is_package = SOURCES[module]
    assert import_violations(module, source, is_package) == []


def test_no_module_imports_itself_through_others():
    assert find_cycle(import_graph(SOURCES)) == []


@pytest.mark.parametrize("module", [m for m in SOURCES if m != "device"])
def test_importing_a_module_opens_and_allocates_nothing(module):
    assert busy_imports(module, SOURCES[module][0]) == []


def test_every_folder_of_the_firmware_is_a_package():
    folders = {path.parent for path in FIRMWARE.rglob("*.py")} - {FIRMWARE}
    assert [str(f) for f in sorted(folders) if not (f / "__init__.py").exists()] == []


def is_of_devices(module):
    """Return True for drivers of MicroPython's ports, for native code, and for what gives it addresses."""
    if is_within(module, "meter.hal.rp2") or module.endswith("_thumb"):
        return True
    body = ast.parse(SOURCES[module][0]).body
    return any(isinstance(node, ast.ImportFrom) and node.module == "uctypes" for node in body)


def test_modules_import_on_the_host_without_opening_a_file_or_socket():
    """In a process of its own, with an audit hook that refuses both."""
    modules = [m for m in SOURCES if m != "device" and not is_of_devices(m)]
    script = """
import sys, importlib, encodings.idna, asyncio, numpy, numpy.random, numpy.fft
def refuse(event, args):
    if event.startswith("socket.") or event == "subprocess.Popen":
        raise RuntimeError(event)
    if event == "open" and not str(args[0]).endswith((".py", ".pyc", ".so")):
        raise RuntimeError("open " + str(args[0]))
sys.addaudithook(refuse)
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError as error:
        if not name.startswith("meter.hal.linux"):
            raise
"""
    result = subprocess.run(
        [sys.executable, "-c", script, *modules], cwd=FIRMWARE, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr


# The checks themselves


@pytest.mark.parametrize(
    "module, source",
    [
        ("meter.metrology.kernel", "from meter.storage.fifo import Fifo"),
        ("meter.metrology.kernel", "from ..storage import fifo"),
        ("meter.metrology.kernel", "import meter.registers.energy"),
        ("meter.metrology.kernel", "import numpy as np"),
        ("meter.storage.fifo", "from meter.xnp import np"),
        ("meter.storage.fifo", "from meter.clock import Clock"),
        ("meter.protocols.modbus.session", "from meter.access import catalogue"),
        ("meter.protocols.modbus.session", "import asyncio"),
        ("meter.ports.pump", "from meter.meter import Meter"),
        ("meter.ports.pump", "from meter.metrology import span"),
        ("meter.ports.pump", "from meter.protocols.dlms.session import DlmsSession"),
        ("meter.registers.energy", "import machine"),
        ("meter.registers.energy", "def f():\n    import boards.sim"),
        ("meter.registers.energy", "from ferraris import cli"),
        ("meter.meter", "from meter.hal.sim.adc import Adc"),
        ("meter.hal.linux.adc", "from meter.hal.sim.adc import Adc"),
        ("meter.hal.sim.adc", "import numpy"),
        ("meter.unheard_of.thing", "import meter.compat"),
    ],
)
def test_forbidden_import_is_reported(module, source):
    assert import_violations(module, source)


@pytest.mark.parametrize(
    "module, source",
    [
        ("meter.metrology.kernel", "from meter.xnp import np"),
        ("meter.metrology.kernel", "from . import frame"),
        ("meter.storage.fifo", "from meter.crc import crc16"),
        ("meter.protocols.modbus.session", "from meter.protocols.session import Session"),
        ("meter.ports.pump", "import asyncio\nfrom meter.compat import Uptime"),
        ("meter.registers.energy", "import struct"),
        ("meter.app", "import asyncio\nfrom meter.protocols.dlms import session"),
        ("meter.xnp", "import numpy as np"),
        ("meter.hal.rp2.adc", "import machine"),
        ("device", "from boards.sim.board import Board\nimport meter.app"),
    ],
)
def test_allowed_import_is_not_reported(module, source):
    assert import_violations(module, source) == []


def test_cycle_is_found_and_a_diamond_is_none():
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
    assert find_cycle({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}) == []


def test_graph_follows_relative_imports_and_names_in_modules():
    sources = {
        "meter.storage": ("", True),
        "meter.storage.fifo": ("from .journal import Journal\nfrom . import records", False),
        "meter.storage.journal": ("import meter.storage.records", False),
        "meter.storage.records": ("", False),
    }
    assert import_graph(sources)["meter.storage.fifo"] == {"meter.storage.journal", "meter.storage.records"}
    assert import_graph(sources)["meter.storage.journal"] == {"meter.storage.records"}


@pytest.mark.parametrize(
    "source, busy",
    [
        ("BUFFER = bytearray(4096)", True),
        ("class A:\n    taps = np.zeros(8)", True),
        ("def f(a=bytearray(9)):\n    pass", True),
        ("LOG = open('log')", True),
        ("PIN = machine.Pin(3)", True),
        ("def f():\n    return bytearray(9)", False),
        ("TABLE = bytes((1, 2, 3))\n_N = const(3)", False),
        ("if __name__ == '__main__':\n    print(1)", False),
    ],
)
def test_work_at_import_is_reported(source, busy):
    assert bool(busy_imports("m", source)) is busy
