"""Metering comes first: what a device loads before it, and what it loads one by one after the first frame."""

import parts
import pytest
from meter.parts import SERVING

LATE = ("meter.protocols", "meter.ports", "meter.ui", "meter.serving")


def test_the_list_is_what_the_imports_ask_for():
    """`python tools/parts.py` writes it."""
    assert parts.TARGET.read_text(encoding="utf-8") == parts.text()


@pytest.mark.feature("PWR-01")
def test_nothing_that_only_ports_and_display_need_is_loaded_before_metering():
    first = parts.load_order("meter.app", [])
    assert [name for name in first if name.startswith(LATE)] == []


def test_each_module_of_the_list_loads_itself_only():
    loaded = parts.load_order("meter.app", [])
    for name in SERVING:
        before = len(loaded)
        parts.load_order(name, loaded)
        assert loaded[before:] == [name]
    assert parts.load_order("meter.serving", list(loaded)) == loaded
