"""The stand-in for ulab agrees with numpy where ulab does, refuses what it refuses, and has its traps."""

import importlib
import sys
from pathlib import Path

import numpy
import pytest

from host_tests.micropython.expressions import EXPRESSIONS, agree, evaluate

TOLERANCE = {"d": 1e-9, "f": 1e-5}


@pytest.fixture(scope="module", params=["d", "f"])
def standin(request):
    """The stand-in's numpy in double and single precision. It leaves no trace: ulab must not be found."""
    path = str(Path(__file__).parent)
    sys.path.insert(0, path)
    try:
        importlib.import_module("ulab.precision").CODE = request.param
        np = importlib.import_module("ulab.numpy")
        importlib.import_module("ulab.utils")
        np.test_code, np.test_utils = request.param, sys.modules["ulab.utils"]
        yield np
    finally:
        sys.path.remove(path)
        for name in [m for m in sys.modules if m == "ulab" or m.startswith("ulab.")]:
            del sys.modules[name]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expression_has_the_value_that_numpy_gives(standin, expression):
    expected = evaluate(expression, numpy, numpy.float64)
    assert agree(evaluate(expression, standin, standin.float), expected, TOLERANCE[standin.test_code])


REFUSED = """
a[[0, 2]]
a[None]
a[...]
a[0, 0]
a @ a
a.sum()
a.max()
a.astype(np.int16)
a.ravel()
m.reshape(2, 3)
m.reshape((1, 2, 3))
np.zeros((2, 2, 2))
np.hypot(a, a)
np.cumsum(a)
np.isnan(a)
np.fft.rfft(a)
np.fft.fft(a[0:3])
np.dot(a, [1, 2])
np.sum(1j * a)
m[m > 2]
a[a]
a & a
a + a[0:2]
int16 += 1.5
int16 /= 2
a[9]
bool(a > 0)
np.concatenate([a, a])
np.float64
""".strip().splitlines()


@pytest.mark.parametrize("line", REFUSED)
def test_what_ulab_refuses_is_refused(standin, line):
    names = {"np": standin, "a": standin.arange(4) + 0.0, "m": standin.ones((2, 3))}
    names["int16"] = standin.zeros(3, dtype=standin.int16)
    with pytest.raises((TypeError, AttributeError, ValueError, IndexError, NotImplementedError)):
        exec(line, names)


def test_integer_arrays_divide_as_integers(standin):
    k = standin.array([7, -7, 9], dtype=standin.int16)
    assert (k / 2).tolist() == [3.0, -3.0, 4.0]
    assert (k / 2.0).tolist() == [3.5, -3.5, 4.5]


def test_float_rounds_half_away_from_zero_when_it_becomes_an_integer(standin):
    k = standin.array([0.5, 1.5, -0.5, -1.4, 2.4], dtype=standin.int16)
    assert k.tolist() == [1, 2, -1, -1, 2]


def test_integers_wrap(standin):
    k = standin.array([30000, 30000], dtype=standin.int16)
    assert (k + k).tolist() == [-5536, -5536]
    assert standin.sum(k.reshape((2, 1)), axis=0).tolist() == [-5536]
    assert standin.sum(k) == 60000


def test_array_equals_itself_as_a_bool(standin):
    a = standin.ones(3)
    assert (a == a) is True
    assert (a == a.copy()).tolist() == [True, True, True]


def test_new_array_is_float_whatever_it_is_made_from(standin):
    assert standin.array([1, 2]).dtype == standin.float
    assert standin.full(2, 1).dtype == standin.float
    assert standin.arange(3).dtype == standin.int16


def test_single_precision_is_rounded(standin):
    third = float((standin.ones(1) / 3)[0])
    assert third == (1 / 3 if standin.test_code == "d" else float(numpy.float32(1 / 3)))


def test_inplace_operations_reach_the_array_behind_a_view(standin):
    a = standin.ones((2, 3))
    view = a[1]
    view *= 4
    view /= 2
    view += 1
    view -= a[0]
    assert a.tolist() == [[1, 1, 1], [2, 2, 2]]


def test_int32_buffer_becomes_floats_in_place(standin):
    out = standin.zeros(3)
    buffer = numpy.array([1, -2, 100000], dtype="<i4").tobytes()
    assert standin.test_utils.from_int32_buffer(buffer, out=out) is out
    assert out.tolist() == [1.0, -2.0, 100000.0]
    with pytest.raises(ValueError):
        standin.test_utils.from_int32_buffer(buffer, out=out[0:2])
