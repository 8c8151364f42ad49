"""The stand-in for ulab on MicroPython against numpy's values, which runner.py left in expected.json."""

import json

from expressions import agree, evaluate
from ulab import numpy as np


def test_expressions_have_the_values_that_numpy_gives():
    with open("/lib/expected.json") as file:
        expected = json.load(file)
    tolerance = 1e-9 if np.float == ord("d") else 1e-5
    assert len(expected) > 100
    for expression, value in expected:
        result = evaluate(expression, np, np.float)
        assert agree(result, value, tolerance), "%s: %s, not %s" % (expression, result, value)


def test_comparison_from_the_left_is_refused():
    try:
        2 < np.ones(3)  # noqa: B015
    except TypeError:
        return
    raise AssertionError("2 < a must raise TypeError, as it does with ulab")


def test_modules_that_a_board_lacks_cannot_be_imported():
    for name in ("functools", "typing", "logging", "dataclasses", "itertools"):
        try:
            __import__(name)
        except ImportError:
            continue
        raise AssertionError(name)


def heap_of_a_frame_of_six_channels():
    return np.zeros((6, 256))
