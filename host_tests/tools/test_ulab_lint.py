"""Each rule of tools/ulab_lint.py has a snippet that it reports and a near one that it lets pass."""

import pytest
import ulab_lint
from ulab_lint import find_in_source

NP = "from meter.xnp import np\n"

# rule, reported, let pass
RULES = (
    ("module typing", "import typing", "import struct"),
    ("module dataclasses", "from dataclasses import dataclass", "from collections import namedtuple"),
    (
        "module collections.defaultdict",
        "from collections import defaultdict",
        "from collections import deque",
    ),
    ("asyncio.Queue", "import asyncio\nq = asyncio.Queue()", "import asyncio\ne = asyncio.Event()"),
    ("math.gcd", "import math\nmath.gcd(4, 6)", "import math\nmath.floor(4.6)"),
    ("struct.Struct", "from struct import Struct", "from struct import unpack_from"),
    ("missing exception", "def f():\n    raise TimeoutError()", "def f():\n    raise OSError(110)"),
    ("missing method", "'7'.zfill(4)", "'{:04d}'.format(7)"),
    ("from_bytes", "int.from_bytes(b, 'little', signed=True)", "int.from_bytes(b, 'little')"),
    ("zip strict", "zip(a, b, strict=True)", "zip(a, b)"),
    ("json indent", "json.dumps(a, indent=1)", "json.dumps(a)"),
    ("iter sentinel", "iter(f, b'')", "iter(a)"),
    ("union isinstance", "isinstance(a, int | float)", "isinstance(a, (int, float))"),
    ("match", "match a:\n    case 1:\n        pass", "if a == 1:\n    pass"),
    ("except*", "try:\n    f()\nexcept* OSError:\n    pass", "try:\n    f()\nexcept OSError:\n    pass"),
    ("with", "with (a as b, c as d):\n    pass", "with a as b, c as d:\n    pass"),
    ("dict unpacking", "{**a, 1: 2}", "{1: 2}"),
    ("list unpacking", "[*a, 1]", "[1]"),
    ("tuple unpacking", "b = (*a, 1)", "a, *b = c"),
    ("positional-only", "def f(a, /, b):\n    pass", "def f(a, *, b):\n    pass"),
    (
        "async comprehension",
        "async def f():\n    return [a async for a in b]",
        "def f():\n    return [a for a in b]",
    ),
    ("async generator", "async def f():\n    yield 1", "async def f():\n    await g()"),
    ("chaining", "def f():\n    raise E() from e", "def f():\n    raise E()"),
    ("metaclass", "class A(metaclass=M):\n    pass", "class A(M):\n    pass"),
    ("del slice", "del a[:3]", "del a[3]"),
    ("@", "a @ b", "a * b"),
    ("@=", "a @= b", "a *= b"),
    ("None index", "a[None]", "a[0]"),
    ("None index in a tuple", "a[:, None]", "a[:, 0]"),
    ("... index", "a[..., 0]", "a[:, 0]"),
    ("list index", "a[[0, 2]]", "a[0:2]"),
    ("np name", NP + "np.cumsum(a)", NP + "np.sum(a)"),
    ("np.float", NP + "np.zeros(3, dtype=np.float)", NP + "np.zeros(3, dtype=FLOAT)"),
    ("np.fft name", NP + "np.fft.rfft(a)", NP + "np.fft.fft(a)"),
    ("array method", NP + "a.sum()", NP + "np.sum(a)"),
    ("own method", NP + "a.max()", "a.max()"),
    ("out=", NP + "np.dot(a, b, out=c)", NP + "np.sqrt(a, out=c)"),
    ("reshape", NP + "a.reshape(2, 3)", NP + "a.reshape((2, 3))"),
    ("three dimensions", NP + "np.zeros((2, 3, 4))", NP + "np.zeros((2, 3))"),
    ("built-in dtype", NP + "np.zeros(3, dtype=float)", NP + "np.zeros(3, dtype=np.uint8)"),
    (
        "integer division",
        NP + "a = np.zeros(3, dtype=np.int16)\nb = a[1:] / 2",
        NP + "a = np.zeros(3, dtype=np.int16)\nb = a[1:] / 2.0",
    ),
    (
        "integer division of an attribute",
        NP + "self.a = np.array(x, dtype=np.int16)\nself.b = self.a / self.a",
        NP + "self.a = np.array(x, dtype=np.int16)\nself.b = self.a / self.c",
    ),
)


@pytest.mark.parametrize("rule, bad, good", RULES, ids=[rule[0] for rule in RULES])
def test_rule_reports_the_bad_snippet_and_passes_the_good_one(rule, bad, good):
    assert find_in_source(bad)
    assert find_in_source(good) == []


def test_finding_names_its_line():
    assert find_in_source("a = 1\n\nimport enum\n") == [(3, "module enum")]


def test_seam_is_not_looked_at():
    seam = "try:\n    import ulab\nexcept ImportError:\n    import numpy as np\n    np.einsum('i', a)\n"
    assert find_in_source(seam) == []


def test_annotations_are_ignored():
    assert find_in_source("def f(a: TimeoutError = 1) -> slice:\n    b: vars = 2\n") == []


def test_waiver_silences_its_own_line_only():
    assert find_in_source("del a[:2]  # ulab-lint: ok, a list\ndel a[:2]\n") != []
    assert find_in_source("del a[:2]  # ulab-lint: ok, a list\n") == []


def test_host_backends_are_left_out_and_every_other_file_is_taken(tmp_path):
    for name in ("meter/hal/sim/adc.py", "meter/hal/linux/adc.py", "meter/hal/rp2/adc.py", "meter/crc.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("import enum\n")
    assert [p.name for p in ulab_lint.device_files([str(tmp_path)])] == ["crc.py", "adc.py"]


def test_command_prints_the_place_and_fails(tmp_path, capsys):
    path = tmp_path / "a.py"
    path.write_text("x = 1\nimport enum\n")
    assert ulab_lint.main([str(path)]) == 1
    assert f"{path}:2: module enum" in capsys.readouterr().out
    path.write_text("x = 1\n")
    assert ulab_lint.main([str(path)]) == 0
