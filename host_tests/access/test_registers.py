"""Registers through the door: numbers and text on the side they are defined for, live at a display, frozen at ports."""

from types import SimpleNamespace

import pytest
from meter.access.access import Access
from meter.config.primary import Primary

from host_tests.register_life import HOUR, MICRO, RegisterLife, entry

RATIOS = {
    "service.pt_primary": 7200.0,
    "service.pt_secondary": 120.0,
    "service.ct_primary": 200.0,
    "service.ct_secondary": 5.0,
    "service.transformer_factor": 1.0,
}
TEST = ({"id": 200, "kind": "consumption", "quantity": "Wh.del.P", "digits": 6},)


def door(life, frozen_reads=True, primary=True):
    meter = SimpleNamespace(engine=life.engine)
    return Access(meter, "1", Primary(RATIOS) if primary else None, None, frozen_reads)


@pytest.fixture
def life():
    life = RegisterLife(
        entry("consumption", "Wh.del.P", label="kWh", prefix="k", digits=8, decimals=1, rate="A"),
        entry("consumption", "Wh.del.P", primary=False, digits=8, zeros=False),
        entry("maximum", "V.A", digits=6, decimals=1, storage="billing period reset"),
        entry("peak demand", "W.del.P", prefix="M", digits=5, decimals=4),
        entry("time of peak demand", "W.del.P", self_read=True),
        entry("coincident demand", "PF.del.P", digits=3, decimals=2),
        entry("status", "rate"),
        entry("consumption", "Wh.del.P", id=100, self_read=True),
        test=TEST,
        settings={"tou.days": [["all", "all", "00:00 A"]], "self_read.kind": "hourly", "clock.zone": "CET-1"},
    )
    life.run(15, {"W.del.P": 1000, "VA.del.P": 1250, "V2.A": 14400})
    return life


@pytest.mark.feature("REG-01", "REG-09")
def test_a_reading_says_all_about_a_register(life):
    reading = door(life).register(0)
    assert reading[:6] == (0, "kWh", "consumption", "Wh.del.P", "A", "working")
    assert (reading.value, reading.scaler, reading.unit, reading.text) == (
        600000 * MICRO,
        -6,
        "Wh",
        "0000600.0",
    )
    assert reading.time is None


@pytest.mark.feature("REG-03", "REG-09")
def test_values_are_primary_where_the_definition_says_so_and_whole_numbers_stay_whole(life):
    found = list(door(life).registers("normal"))
    assert [(one.value, one.scaler, one.unit, one.text, one.time) for one in found[1:]] == [
        (250 * MICRO, -6, "Wh", "     250", None),
        (None, 0, "V", "------", None),
        (2400000 * MICRO, -6, "W", "2.4000", None),
        (None, 0, "", "00:15:00 15.11.23", HOUR + 900),
        (800000, -6, "1", "0.80", None),
        ("A", 0, "", "A", None),
    ]
    life.reset()
    assert door(life).register(2).value == pytest.approx(7200.0) and door(life).register(2).text == "07200.0"
    assert door(life).register(4)[6:] == (None, 0, "", "00:00:00 01.01.70", None)


def test_without_transformers_all_is_as_measured(life):
    access = door(life, primary=False)
    assert access.register(0).value == access.register(1).value == 250 * MICRO


@pytest.mark.feature("REG-01")
def test_the_three_lists_have_their_registers_and_others_are_key_errors(life):
    access = door(life)
    lists = [[one.number for one in access.registers(name)] for name in ("normal", "alternate", "test")]
    assert lists == [[0, 1, 2, 3, 4, 5, 6], [100], [200]]
    with pytest.raises(KeyError):
        list(access.registers("other"))
    with pytest.raises(KeyError, match="no register 7"):
        access.register(7)


@pytest.mark.feature("BIL-02")
def test_ports_read_the_last_freeze_and_the_display_what_is_now(life):
    access = door(life)
    life.freeze()
    life.run(15, {"W.del.P": 3000, "VA.del.P": 3000, "V2.A": 14400})
    numbers = (1, 3, 4, 5, 100)
    remote = [access.register(number).text for number in numbers]
    assert remote == ["     250", "2.4000", "00:15:00 15.11.23", "0.80", "0000600000"]
    local = [access.register(number, remote=False).text for number in numbers]
    assert local == ["    1000", "7.2000", "00:30:00 15.11.23", "1.00", "0002400000"]
    assert [one.text for one in access.registers("normal", remote=False)][1] == "    1000"
    assert [door(life, frozen_reads=False).register(number).text for number in numbers] == local
    life.restart()
    assert [door(life).register(number).text for number in numbers] == remote


@pytest.mark.feature("BIL-02", "REG-10")
def test_a_text_is_never_frozen_and_a_new_register_is_read_live_until_the_next_freeze(life):
    life.freeze()
    new = [*life.settings["registers.normal"], {"id": 9, "kind": "consumption", "quantity": "Wh.del.P"}]
    life.restart(0, {"registers.normal": new, "tou.days": [["all", "all", "00:00 B"]]})
    assert door(life).register(6).value == "B"
    life.run(15, 3000)
    assert door(life).register(9).value == 1800000 * MICRO
    life.freeze()
    life.run(15, 3000)
    assert door(life).register(9).value == 1800000 * MICRO


@pytest.mark.feature("REG-08")
def test_a_total_by_its_key_has_its_preset(life):
    life.preset(1, 77 * MICRO)
    assert door(life).read("Wh.del.P") == (77 * MICRO, -6, "Wh")
    assert door(life).read("Wh.del.P", primary=True) == (77 * 2400 * MICRO, -6, "Wh")
    assert door(life).read("Wh.net.P") == (250 * MICRO, -6, "Wh")


@pytest.mark.feature("BIL-03")
def test_self_reads_are_readings_and_are_erased_with_the_registers(life):
    life.run(45)
    (one,) = door(life).self_reads()
    assert (one.time, one.trigger, one.health) == (HOUR + 3600, "hourly", 0)
    assert [(value.number, value.text) for value in one.values] == [
        (4, "00:15:00 15.11.23"),
        (100, "0000600000"),
    ]
    assert list(door(life).self_reads(one.entry + 1)) == []
    life.restart(0, {"registers.alternate": []})
    assert list(door(life).self_reads()) == []
