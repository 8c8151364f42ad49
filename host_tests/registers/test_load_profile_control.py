"""What controls a load profile from outside: pulses that end its intervals, the override that gates its channels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.calendar import utc
from meter.registers.load_profile_record import NORMAL, POWER_FAIL, SHORT

from host_tests.engine_life import EngineLife

NOON = utc(2024, 2, 28, 12)
GATED = ("Wh.del.P", "Wh.del.P/override", "W.del.P", "W.del.P/override")
SETTINGS = {"demand.sync": True}


def life(now=NOON, channels=GATED, settings=SETTINGS, **options):
    return EngineLife(now, settings, watt_hours=lambda _: 1, channels=channels, **options)


def values(record):
    return [None if value != value else round(value, 6) for value in record.values]


@pytest.mark.feature("LP-11")
def test_a_gated_channel_records_only_while_the_override_is_on():
    one = life().run(NOON + 5 * 60)
    one.engine.override(one.now, True)
    one.run(NOON + 9 * 60)
    one.engine.override(one.now, False)
    one.run(NOON + 30 * 60)
    one.engine.override(one.now, True)
    one.run(NOON + 45 * 60)
    assert [values(record) for record in one.records()] == [
        [15, 4, 60, 60], [15, 0, 60, None], [15, 15, 60, 60],
    ]  # fmt: skip


@pytest.mark.feature("LP-11")
@pytest.mark.parametrize("is_on", [False, True])
def test_a_gate_stands_as_it_was_after_an_outage(is_on):
    one = life().run(NOON + 3 * 60)
    one.engine.override(one.now, True)
    one.run(NOON + 8 * 60)
    one.engine.override(one.now, is_on)
    one.run(NOON + 10 * 60)
    one.engine.checkpoint(one.now)
    again = one.restart(NOON + 20 * 60, settings=SETTINGS, watt_hours=lambda _: 1, channels=GATED)
    again.run(NOON + 30 * 60)
    cut, after = again.records()
    assert cut.status == POWER_FAIL | SHORT
    assert values(cut)[:2] == ([10, 7] if is_on else [10, 5])
    assert values(after)[:2] == ([10, 10] if is_on else [10, 0])


@pytest.mark.feature("LP-11")
@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 25)), max_size=12), st.sampled_from((None, (0.7, 0.7)))
)
def test_gated_and_ungated_minutes_add_up(steps, km):
    more = {"format": "counts", "km": km} if km else {}
    one = life(channels=("Wh.del.P", "Wh.del.P/override"), **more)
    gated = 0
    for is_on, minutes in steps:
        one.engine.override(one.now, is_on)
        one.run(one.now + minutes * 60)
        gated += minutes if is_on else 0
    total = (one.now - NOON) // 60
    one.engine.freeze(one.now)
    for place, expected in enumerate((total, gated)):
        recorded = sum(record.values[place] for record in one.records())
        assert recorded == (int(expected / 0.7 + 1e-9) if km else expected)


@pytest.mark.feature("LP-09", "DEM-08")
def test_pulses_end_the_intervals_and_a_late_one_is_not_waited_for():
    one = life(NOON + 100, ("Wh.del.P",), sync=True).run(NOON + 100 + 890)
    one.engine.resynchronise(one.now)  # 10 s early
    one.run(NOON + 990 + 903)
    one.engine.resynchronise(one.now)  # 3 s late
    while one.now < NOON + 1893 + 3600:
        one.span(min(one.engine.next_boundary, NOON + 1893 + 3600) - one.now, 1)
    ends = [(record.start - NOON, record.end - NOON, record.status) for record in one.records()]
    assert ends == [
        (100, 990, NORMAL | SHORT), (990, 1893, NORMAL), (1893, 2798, NORMAL), (2798, 3703, NORMAL),
        (3703, 4608, NORMAL),
    ]  # fmt: skip


@pytest.mark.feature("LP-09")
def test_without_the_setting_pulses_are_the_demands_alone():
    one = life(channels=("Wh.del.P",)).run(NOON + 600)
    one.engine.resynchronise(one.now)
    assert one.records() == []
