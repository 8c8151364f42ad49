"""Runs on the test interpreter: finds and runs the test functions of a script for run.mjs.

The build has extra frozen modules (functools, logging, ...) that a board has not: they are made unreachable
here, asyncio excepted.
"""

import asyncio  # noqa: F401
import builtins
import gc  # noqa: F401
import sys

from ulab import core
from ulab import numpy as _numpy  # noqa: F401

sys.path.remove(".frozen")
builtins._inplace_multiply = core.inplace_multiply
builtins._inplace_divide = core.inplace_divide

state = {}


def load(name):
    """Import a script and print the names of its test_ and heap_ functions, in alphabetical order."""
    module = __import__(name)
    state["module"] = module
    for attribute in sorted(dir(module)):
        if attribute.startswith(("test_", "heap_")) and callable(getattr(module, attribute)):
            print(attribute)


def run(name):
    """Call a test function. What it raises goes to run.mjs with its traceback."""
    getattr(state["module"], name)()


def keep(name):
    """Call a heap_ function and keep alive what it returns."""
    state["kept"] = getattr(state["module"], name)()
