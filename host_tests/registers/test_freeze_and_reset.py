"""Freeze, billing period reset and windows: who asked, the key's lock, and what a restart or a set clock leaves."""

from contextlib import nullcontext

import pytest
from meter.registers import event_kinds
from meter.registers.engine import Locked, StateError

from host_tests.register_life import HOUR, MICRO, MINUTE, RegisterLife, entry

ENERGY = entry("consumption", "Wh.del.P")


@pytest.mark.feature("BIL-02")
def test_a_freeze_keeps_normal_and_alternate_registers_over_a_restart_and_not_the_test_registers():
    test = {"id": 200, "kind": "consumption", "quantity": "Wh.del.P"}
    life = RegisterLife(
        ENERGY, {**ENERGY, "id": 100}, entry("maximum", "W.del.P", "previous day", id=3), test=(test,)
    )
    life.run(30, 2000)
    assert not any(life.register(number).is_frozen for number in (0, 3, 100))
    life.freeze()
    life.run(30, 2000)
    for _ in range(2):
        frozen = [
            (life.register(number).is_frozen, life.register(number).frozen) for number in (0, 100, 3, 200)
        ]
        assert frozen == [(True, 1000 * MICRO), (True, 1000 * MICRO), (True, None), (False, None)]
        assert life.value(0) == life.value(100) == 2000 * MICRO
        life.restart()


@pytest.mark.feature("BIL-02", "BIL-04")
def test_an_automatic_freeze_is_that_of_its_minute():
    settings = {"billing.freeze.kind": "hourly", "billing.freeze.time": "00:20"}
    life = RegisterLife(ENERGY, entry("time", "last freeze"), settings=settings)
    life.run(90, 1200)
    assert (life.register().frozen, life.value(1)) == (1600 * MICRO, HOUR + 80 * MINUTE)
    assert life.engine.freeze_origin == event_kinds.SCHEDULE


@pytest.mark.feature("BIL-01", "BIL-04")
def test_an_automatic_reset_ends_the_billing_period_at_its_minute():
    settings = {"billing.reset.kind": "daily", "billing.reset.time": "23:45"}
    life = RegisterLife(
        entry("consumption", "Wh.del.P", "billing period reset"),
        entry("peak demand", "W.del.P", "billing period reset"),
        entry("time", "last billing reset"),
        entry("time", "next billing reset"),
        entry("status", "last billing reset"),
        settings=settings,
    )
    assert life.values() == [None, None, None, HOUR + 45 * MINUTE, "none"]
    life.run(60, 1200)
    due = HOUR + 45 * MINUTE
    assert life.values() == [900 * MICRO, 1200 * MICRO, due, due + 86400, "schedule"]


@pytest.mark.feature("BIL-01", "BIL-04")
def test_the_key_is_locked_for_five_minutes_after_any_reset_and_ports_are_not():
    life = RegisterLife(entry("status", "last billing reset"), entry("time", "last billing reset"))
    life.run(1)
    life.reset(origin=event_kinds.RS485)
    assert life.values() == ["rs485", HOUR + 60]
    for minutes, left in ((0, 300), (4, 60)):
        life.run(minutes)
        with pytest.raises(Locked, match=f"the reset key is locked for {left} s more"):
            life.reset(origin=event_kinds.FRONT_PANEL)
        life.restart()
    assert life.values() == ["rs485", HOUR + 60]
    life.run(1)
    life.reset(origin=event_kinds.FRONT_PANEL)
    life.reset(origin=event_kinds.TCP)
    assert life.values() == ["tcp", HOUR + 360]


@pytest.mark.feature("BIL-04")
def test_without_a_lockout_the_key_is_never_locked():
    life = RegisterLife(settings={"billing.lockout": 0})
    for _ in range(2):
        life.reset(origin=event_kinds.FRONT_PANEL)
    assert life.engine.reset_at == HOUR


# Windows that end without metering.

HOURLY = [
    entry("consumption", "Wh.del.P", "previous hour"), entry("maximum", "W.del.P", "previous hour"),
    entry("peak demand", "W.del.P", "previous hour"), entry("average", "W.del.P", "previous hour"),
]  # fmt: skip


@pytest.mark.feature("REG-05")
@pytest.mark.parametrize(
    "minutes, expected",
    [
        (10, [None] * 4),  # the same hour
        (30, [1000 * MICRO, 2000.0, 2000 * MICRO, 2000.0]),  # exactly at its end
        (45, [1000 * MICRO, 2000.0, 2000 * MICRO, 2000.0]),
        (90, [0, None, 0, None]),  # nothing flowed in the whole hour that ended last
        (5000, [0, None, 0, None]),
    ],
)
def test_an_outage_over_hours_leaves_what_flowed_in_the_hour_that_ended_last(minutes, expected):
    life = RegisterLife(*HOURLY)
    life.run(30, 2000)
    life.restart(minutes * MINUTE)
    assert life.values() == expected
    if minutes == 10:
        life.run(20, 1500)
        assert life.values() == [1500 * MICRO, 2000.0, 2000 * MICRO, 1800.0]


@pytest.mark.feature("REG-05")
def test_a_clock_that_is_set_back_over_the_hour_ends_the_hour_that_has_begun_and_no_other():
    life = RegisterLife(ENERGY | {"storage": "previous hour"})
    life.run(65, 1200)
    life.set_clock(-10 * MINUTE)
    assert life.value() == 100 * MICRO
    life.run(5, 1200)
    assert life.value() == 100 * MICRO


@pytest.mark.feature("REG-05", "REG-06")
def test_a_previous_day_goes_by_local_midnight():
    zone = {"clock.zone": "CET-1"}
    life = RegisterLife(
        *[
            entry(kind, quantity, "previous day")
            for kind, quantity in (("consumption", "Wh.del.P"), ("minimum", "W.del.P"))
        ],
        start=HOUR - 3600,
        settings=zone,
    )
    life.run(60, 1000)
    assert life.values() == [1000 * MICRO, 1000.0]
    life.run(24 * 60, 500)
    assert life.values() == [12000 * MICRO, 500.0]


@pytest.mark.feature("REG-10")
def test_times_are_none_before_there_is_one_and_season_and_day_type_are_told():
    items = ("present time", "last billing reset", "last freeze", "last season change", "next billing reset")
    status = ("rate", "season", "day type", "last freeze")
    settings = {"tou.seasons": ["06-01", "11-15"], "tou.days": [["all", "all", "00:00 C"]]}
    life = RegisterLife(
        *[entry("time", item) for item in items],
        *[entry("status", item) for item in status],
        settings=settings,
    )
    assert life.values() == [HOUR, None, None, None, None, "C", 1, "Tue", "none"]
    life.run(60)
    life.freeze()
    assert life.values() == [HOUR + 3600, None, HOUR + 3600, HOUR + 3600, None, "C", 2, "Wed", "meter"]


@pytest.mark.feature("REG-02")
def test_predictions_of_a_meter_that_reuses_its_span_go_by_the_last_instantaneous_values():
    life = RegisterLife(entry("predicted demand", "W.del.P"), entry("instantaneous", "W.del.P"))
    life.run(5, 3000)
    assert life.values() == [3000 * MICRO, 3000.0]
    span = life.engine.bank.latest
    booked = type(span)(dtype=float)
    booked.end = life.now
    life.engine.take(booked)  # what a second is booked with is cleared at once
    booked.clear()
    assert life.value() == 3000 * MICRO


def test_more_registers_than_the_storage_holds_are_refused_at_the_start_and_not_at_the_first_checkpoint():
    phases = [(name, phase) for name in ("PF", "PFv", "PFc") for phase in "ABCP"]
    factors = [
        entry("coincident demand", f"{name}.bi.{phase}", rate=rate)
        for name, phase in phases
        for rate in ("total", "A", "B", "C")
    ]
    settings = {"demand.interval": 60, "demand.subinterval": 5}
    life = RegisterLife(*factors, settings=settings)
    state = life.engine.state(life.now)
    size = len(state)
    assert size > 30000
    for largest, problem in ((size, None), (size - 1, f"need {size} bytes of storage, {size - 1} are there")):
        for is_first in (True, False):
            life.engine = life.made(life.settings)
            life.journal.largest = largest
            life.journal.kept = None if is_first else (life.now, state)
            with pytest.raises(StateError, match=problem) if problem else nullcontext():
                life.engine.start(life.now)
