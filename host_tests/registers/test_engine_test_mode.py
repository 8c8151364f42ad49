"""Test mode: billing registers and load profile stand still, test registers count. One watt-hour a minute."""

import pytest
from meter.calendar import utc
from meter.registers import event_kinds as kinds
from meter.registers.load_profile_record import POWER_FAIL, SHORT, TEST_MODE

from host_tests.engine_life import EngineLife, register

NOON = utc(2024, 2, 28, 12)
REGISTERS = {
    "registers.normal": (register(1), register(2, "W.del.P", "peak demand")),
    "registers.test": (
        register(200), register(201, "W.del.P", "peak demand"), register(202, rate="A"), register(203, rate="B"),
    ),
    "tou.days": (("all", "all", "00:00 A, 13:00 B"),),
}  # fmt: skip


def life(**options):
    return EngineLife(NOON, REGISTERS, watt_hours=lambda _: 1, **options)


@pytest.mark.feature("TST-01", "TST-02", "TST-04", "REG-01")
def test_billing_registers_stand_still_and_test_registers_count_with_their_rates_and_demand():
    one = life().run(NOON + 20 * 60)
    one.engine.enter_test(one.now, 2 * 3600, origin=kinds.OPTICAL, user="ann")
    one.run(NOON + 80 * 60)
    assert (one.value(1), one.value(200), one.value(202), one.value(203)) == (20, 60, 40, 20)
    assert one.value(2) == one.value(201) == 60_000_000  # 1 Wh a minute
    assert one.records()[-1].end == NOON + 15 * 60
    one.engine.leave_test(one.now)
    one.run(NOON + 90 * 60)
    assert (one.value(1), one.value(200)) == (30, 60)
    _, tested, after = one.records()
    assert (tested.start, tested.end, tested.until) == (NOON + 900, NOON + 1200, NOON + 4800)
    assert (tested.status, tested.values, after.values) == (TEST_MODE | SHORT, (5.0,), (10.0,))
    (event,) = one.events(kinds.TEST_MODE)
    assert (event.start, event.time, event.origin, event.user) == (
        NOON + 1200,
        NOON + 4800,
        kinds.OPTICAL,
        "ann",
    )


@pytest.mark.feature("TST-04")
def test_it_ends_by_itself_when_nobody_is_there():
    one = life().run(NOON + 600)
    one.engine.enter_test(one.now)
    one.run(NOON + 600 + 1700)
    one.engine.keep_testing(one.now)
    one.run(NOON + 600 + 1700 + 1799)
    assert one.engine.test_at
    one.run(NOON + 600 + 1700 + 1800)
    assert not one.engine.test_at
    assert one.events(kinds.TEST_MODE)[0].time == one.now


@pytest.mark.feature("TST-04")
def test_it_ends_with_the_supply():
    one = life().run(NOON + 600)
    one.engine.enter_test(one.now)
    one.run(NOON + 1200)
    one.engine.checkpoint(one.now)
    again = one.restart(NOON + 3000, settings=REGISTERS, watt_hours=lambda _: 1)
    assert not again.engine.test_at and again.value(200) == 0
    (event,) = again.events(kinds.TEST_MODE)
    assert (event.start, event.time) == (NOON + 600, NOON + 1200)
    (record,) = again.records()
    assert (record.end, record.until, record.values) == (NOON + 600, NOON + 3000, (10.0,))
    assert record.status == TEST_MODE | POWER_FAIL | SHORT
    again.run(NOON + 3600)
    assert again.value(1) == 20


def test_test_registers_begin_at_zero_each_time_and_entering_again_goes_on():
    one = life().run(NOON + 600)
    one.engine.enter_test(one.now)
    one.run(NOON + 900)
    one.engine.enter_test(one.now)
    assert one.value(200) == 5
    one.engine.leave_test(one.now)
    one.engine.leave_test(one.now)
    one.engine.enter_test(one.now)
    assert one.value(200) == 0
    assert len(one.events(kinds.TEST_MODE)) == 1
