"""Presets: what can be set and what not, what follows from it, and that nothing that was metered is lost by it."""

import pytest
from meter.registers.definition import STORAGES
from meter.registers.register import NotPresettable

from host_tests.register_life import HOUR, MICRO, RegisterLife, entry
from host_tests.registers.test_register_kinds import EXPECTED

STORAGE_NAMES = tuple(row[0] for row in STORAGES)
REFUSED = {  # kinds that cannot be set while they are live
    "instantaneous", "average", "average PF", "present demand", "past demand", "predicted demand", "thermal demand",
}  # fmt: skip
NEVER = {"time of peak demand", "time of peak thermal demand", "time", "status"}
CASES = [
    (kind, quantity, STORAGE_NAMES[place])
    for kind, quantity in EXPECTED
    for place in range(len(EXPECTED[kind, quantity]))
]


@pytest.mark.feature("REG-08")
@pytest.mark.parametrize("kind, quantity, storage", CASES, ids=lambda text: text)
def test_each_register_takes_a_preset_and_shows_it_or_refuses_by_number_and_kind(kind, quantity, storage):
    life = RegisterLife(entry(kind, quantity, storage, id=7))
    life.run(20, {"W.del.P": 3600, "VAR.q1.P": 1000, "VA.del.P": 4000})
    before = life.value(7)
    if kind in NEVER or (kind in REFUSED and storage == "working"):
        with pytest.raises(NotPresettable, match=f"register 7 cannot be set: {kind}"):
            life.preset(7, 500000)
        assert life.value(7) == before
        return
    for value in (123400000, 123.4):
        life.preset(7, value)
        shown = life.value(7)
        assert (shown if isinstance(shown, float) else shown * 1e-6) == pytest.approx(123.4)
    life.restart()
    assert life.value(7) == shown


@pytest.mark.feature("REG-08")
@pytest.mark.parametrize("value", (10**18 + 1, -(10**18) - 1, 1.1e12, float("nan"), float("inf"), "5", None))
@pytest.mark.parametrize(
    "kind, quantity", [("consumption", "Wh.del.P"), ("maximum", "V.A"), ("peak demand", "A.A")]
)
def test_what_is_no_number_or_more_than_a_meter_counts_is_refused(kind, quantity, value):
    life = RegisterLife(entry(kind, quantity))
    with pytest.raises(NotPresettable, match="register 0 cannot be set to"):
        life.preset(0, value)
    life.restart()
    assert life.value() in (0, None)


def test_an_unknown_number_is_a_key_error():
    with pytest.raises(KeyError, match="no register 5"):
        RegisterLife().preset(5, 1)


@pytest.mark.feature("REG-08")
def test_a_preset_total_goes_on_counting_and_the_metered_total_and_other_windows_do_not_notice():
    life = RegisterLife(
        entry("consumption", "Wh.del.P"),
        entry("consumption", "Wh.del.P", "previous hour"),
        entry("consumption", "Wh.del.P", "billing period reset"),
        entry("consumption", "Wh.net.P"),
    )
    life.run(30, 4000)
    life.preset(0, 99999 * MICRO)
    life.run(30, 4000)
    life.reset()
    assert life.values() == [101999 * MICRO, 4000 * MICRO, 101999 * MICRO, 4000 * MICRO]
    assert life.engine.bank.energy.totals[3] == 4000 * MICRO


@pytest.mark.feature("REG-08", "REG-04")
def test_a_preset_of_a_rate_moves_that_rate_only():
    rates = {"tou.days": [["all", "all", "00:00 A, 23:30 B"]]}
    life = RegisterLife(
        *[entry("consumption", "Wh.del.P", rate=rate) for rate in ("total", "A", "B")], settings=rates
    )
    life.run(60, 1000)
    assert life.values() == [1000 * MICRO, 500 * MICRO, 500 * MICRO]
    life.preset(2, 7 * MICRO)
    life.restart()
    assert life.values() == [1000 * MICRO, 500 * MICRO, 7 * MICRO]


@pytest.mark.feature("REG-08", "CFG-02")
def test_presets_and_totals_begin_anew_with_other_register_lists():
    life = RegisterLife(entry("consumption", "Wh.del.P"), entry("maximum", "W.del.P"))
    life.run(30, 2000)
    life.preset(0, 5000 * MICRO)
    more = [
        {"id": 3, "kind": "consumption", "quantity": "Wh.del.P"},
        {"id": 4, "kind": "maximum", "quantity": "W.del.P"},
    ]
    life.restart(0, {"registers.normal": more})
    assert life.values() == [0, None]


@pytest.mark.feature("REG-08", "DEM-03")
def test_a_preset_peak_has_no_time_and_only_a_higher_demand_takes_its_place():
    kinds = ("peak demand", "time of peak demand")
    life = RegisterLife(*[entry(kind, "W.del.P") for kind in kinds])
    life.run(15, 4000)
    life.preset(0, 6000 * MICRO)
    life.run(15, 5000)
    assert life.values() == [6000 * MICRO, None]
    life.run(15, 6001)
    assert life.values() == [6001 * MICRO, HOUR + 2700]


@pytest.mark.feature("REG-08")
@pytest.mark.parametrize("storage", ("previous hour", "previous day"))
def test_a_preset_of_an_hour_or_day_lasts_until_the_next_one(storage):
    life = RegisterLife(entry("peak demand", "W.del.P", storage))
    life.run(59, 4000)
    life.preset(0, 1 * MICRO)
    assert life.value() == 1 * MICRO
    life.run(1, 4000)
    assert life.value() == 4000 * MICRO


@pytest.mark.feature("REG-08")
def test_a_preset_continuous_sum_goes_on_with_the_running_peak():
    life = RegisterLife(entry("peak demand", "W.del.P", "continuous cumulative"))
    life.run(15, 4000)
    life.preset(0, 10000 * MICRO)
    life.run(15, 4500)
    assert life.value() == 10500 * MICRO
    life.reset()
    assert life.value() == 10500 * MICRO
