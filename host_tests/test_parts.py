"""Metering comes first: what a device loads before it, and what it loads one by one after the first frame."""

import parts
import pytest

LATE = ("meter.protocols", "meter.ports", "meter.ui", "meter.serving")
APPS = pytest.mark.parametrize("app", parts.ALL, ids=("whole", "demo"))


def lists(app):
    found = {}
    exec(app.target.read_text(encoding="utf-8"), found)
    return found["METERING"], found["SERVING"]


@APPS
def test_the_lists_are_what_the_imports_ask_for(app):
    """`python tools/parts.py` writes them."""
    assert app.target.read_text(encoding="utf-8") == app.text()


@APPS
@pytest.mark.feature("PWR-01")
def test_nothing_that_only_ports_and_display_need_is_loaded_before_metering(app):
    metering, _ = lists(app)
    assert [name for name in metering if name.startswith(LATE)] == []
    assert {"meter.app", "meter.metrology.kernel"} <= set(metering)


@APPS
def test_each_module_of_the_lists_loads_itself_only(app):
    """Apart from packages: so the depth of imports within imports, and the stack they need, is one."""
    loaded = []
    for name in sum(lists(app), ()):
        before = len(loaded)
        app.load_order(name, loaded)
        assert loaded[before:] == [name]
    for last in ("meter.app", *app.later):
        assert app.load_order(last, list(loaded)) == loaded
