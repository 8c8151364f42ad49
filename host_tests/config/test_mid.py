"""The MID option: what every such meter has (the manual, MID Meters)."""

import pytest
from meter.config.schema import ConfigError, defaults, validate
from meter.registers.default_registers import ALTERNATE, NORMAL
from meter.registers.load_profile import DEFAULT_CHANNELS

pytestmark = pytest.mark.feature("MID-02")
FIXED = ("Wh.del.P", "Wh.rec.P", "VARh.del.P", "VARh.rec.P")


def problems(**sections):
    try:
        validate({"meter": {"mid": True}, **sections})
    except ConfigError as error:
        return error.problems
    return []


def test_the_factory_configuration_has_what_the_mid_option_needs_and_more_may_be_added():
    assert problems() == []
    more = {"id": 20, "kind": "consumption", "quantity": "VAh.del.P"}
    assert (
        problems(registers={"normal": [*NORMAL, more]}, load_profile={"channels": [*DEFAULT_CHANNELS, "V.A"]})
        == []
    )


@pytest.mark.parametrize("key", FIXED)
def test_a_fixed_register_that_is_missing_is_named(key):
    normal = [one for one in NORMAL if one["quantity"] != key]
    alternate = [one for one in ALTERNATE if one["quantity"] != key]
    assert problems(registers={"normal": normal, "alternate": alternate}) == [
        f"registers.normal: the MID option needs {key}, working",
        f"registers.alternate: the MID option needs {key}, billing period reset",
    ]


@pytest.mark.parametrize("change", [{"storage": "season change"}, {"rate": "A"}])
def test_a_register_of_the_quantity_that_keeps_something_else_does_not_count(change):
    normal = [{**one, **change} if one["quantity"] == "Wh.del.P" else one for one in NORMAL]
    assert "registers.normal: the MID option needs Wh.del.P, working" in problems(
        registers={"normal": normal}
    )


def test_the_time_of_the_billing_reset_is_needed():
    alternate = [one for one in ALTERNATE if one["quantity"] != "last billing reset"]
    assert problems(registers={"alternate": alternate}) == [
        "registers.alternate: the MID option needs last billing reset, working"
    ]


@pytest.mark.parametrize("key", FIXED)
def test_a_fixed_channel_that_is_missing_is_named(key):
    channels = [one for one in FIXED if one != key]
    assert problems(load_profile={"channels": channels}) == [
        f"load_profile.channels: the MID option needs {key}"
    ]


def test_without_the_option_nothing_is_fixed():
    assert defaults()["meter.mid"] is False
    assert validate({"registers": {"normal": []}, "load_profile": {"channels": ["V.A"]}})
