"""What the engine does when time passes, jumps or stands still: windows, tariffs, schedules, restarts.

The load is one watt-hour a minute unless a test says something else, so expected values are counted minutes.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.calendar import utc
from meter.hal.sim.nvram import Nvram
from meter.registers import event_kinds as kinds
from meter.registers import load_profile_record as marks
from meter.registers.engine import RESPONSES, Locked

from host_tests.engine_life import EngineLife, register

NOON = utc(2024, 2, 28, 12)
HOUR = 3600
CET = "CET-1CEST,M3.5.0,M10.5.0/3"
WINDOWS = (
    register(1), register(2, storage="previous hour"), register(3, storage="previous day"),
    register(4, storage="billing period reset"), register(5, storage="season change"),
    register(6, "last billing reset", "time"), register(7, "rate", "status"), register(8, "season", "status"),
)  # fmt: skip


def life(now=NOON, config=None, **options):
    config = {"registers.normal": WINDOWS, **(config or {})}
    return EngineLife(now, config, watt_hours=lambda _: 1, **options)


def restarted(old, now, config=None, **options):
    config = {"registers.normal": WINDOWS, **(config or {})}
    return old.restart(now, settings=config, watt_hours=lambda _: 1, **options)


@pytest.mark.feature("REG-05")
def test_the_previous_hour_and_day_are_what_the_last_whole_ones_had():
    one = life(NOON + 10 * 60)
    one.run(NOON + HOUR)
    assert (one.value(1), one.value(2), one.value(3)) == (50, 50, None)
    one.run(NOON + 2 * HOUR + 60)
    assert (one.value(2), one.value(3)) == (60, None)
    one.run(NOON + 12 * HOUR)  # midnight of the 29th: a leap day
    assert (one.value(2), one.value(3)) == (60, 710)
    one.run(NOON + 36 * HOUR)
    assert one.value(3) == 24 * 60
    assert one.engine.now == utc(2024, 3, 1)


@pytest.mark.feature("REG-05")
def test_an_outage_over_the_end_of_the_hour_ends_it_once():
    one = life().run(NOON + 30 * 60)
    one.engine.checkpoint(one.now)
    again = restarted(one, NOON + HOUR + 5 * 60)
    assert (again.value(1), again.value(2)) == (30, 30)
    again.run(NOON + 2 * HOUR)
    assert again.value(2) == 55


@pytest.mark.feature("REG-05")
def test_an_outage_over_more_ends_leaves_an_empty_hour():
    one = life().run(NOON + 30 * 60)
    one.engine.checkpoint(one.now)
    again = restarted(one, NOON + 3 * HOUR + 60)
    assert (again.value(1), again.value(2)) == (30, 0)


def test_an_outage_within_the_hour_leaves_it_one_hour():
    one = life().run(NOON + 20 * 60)
    one.engine.checkpoint(one.now)
    again = restarted(one, NOON + 40 * 60).run(NOON + HOUR)
    assert again.value(2) == 40


@pytest.mark.feature("CLK-04")
def test_setting_the_clock_is_logged_and_ends_what_it_passes():
    one = life().run(NOON + 30 * 60)
    one.engine.set_time(one.now, NOON + HOUR + 600, origin=kinds.OPTICAL, user="ann")
    one.now = NOON + HOUR + 600
    assert one.value(2) == 30
    (event,) = one.events(kinds.TIME_SET)
    assert (event.start, event.time, event.origin, event.user) == (
        NOON + 30 * 60, NOON + HOUR + 600, kinds.OPTICAL, "ann",
    )  # fmt: skip
    assert one.records()[-1].status & marks.CODES == marks.TIME_SET
    one.run(NOON + 2 * HOUR)
    assert (one.value(1), one.value(2)) == (80, 50)


@pytest.mark.feature("CLK-04")
def test_a_clock_set_back_over_the_hour_ends_it_too():
    one = life().run(NOON + HOUR + 600)
    one.set_time(NOON + HOUR - 600)
    assert (one.value(1), one.value(2)) == (70, 10)
    one.run(NOON + HOUR)
    assert one.value(2) == 10
    assert sum(record.values[0] for record in one.records()) == pytest.approx(80)


@pytest.mark.feature("BIL-04")
def test_scheduled_resets_and_freezes_come_in_time_with_their_origin():
    one = life(config={"billing.reset.kind": "monthly", "billing.reset.time": "06:30", "billing.reset.day": 31,
                       "billing.freeze.kind": "daily"})  # fmt: skip
    one.run(utc(2024, 3, 1, 1))
    (reset,) = one.events(kinds.BILLING_PERIOD_RESET)
    assert (reset.time, reset.origin) == (
        utc(2024, 2, 29, 6, 30),
        kinds.SCHEDULE,
    )  # the 31st of a leap February
    assert one.value(4) == 18 * 60 + 30
    assert one.value(6) == reset.time
    assert [event.time for event in one.events(kinds.REGISTER_FREEZE)] == [utc(2024, 2, 29), utc(2024, 3, 1)]


@pytest.mark.feature("BIL-04")
def test_a_scheduled_reset_that_an_outage_passed_over_is_made_up_once():
    config = {"billing.reset.kind": "hourly"}
    one = life(config=config).run(NOON + 30 * 60)
    one.engine.checkpoint(one.now)
    again = restarted(one, NOON + 5 * HOUR + 60, config)
    (reset,) = again.events(kinds.BILLING_PERIOD_RESET)
    assert (reset.time, reset.origin, again.value(4)) == (NOON + 5 * HOUR + 60, kinds.SCHEDULE, 30)


@pytest.mark.feature("BIL-04")
def test_a_clock_set_back_a_little_makes_no_second_reset():
    one = life(config={"billing.reset.kind": "daily", "billing.reset.time": "12:30"}).run(NOON + 2000)
    one.set_time(NOON + 1700)
    one.run(NOON + 3000)
    assert len(one.events(kinds.BILLING_PERIOD_RESET)) == 1
    one.run(NOON + 86400 + 3000)
    assert len(one.events(kinds.BILLING_PERIOD_RESET)) == 2


@pytest.mark.feature("BIL-04")
def test_the_key_is_locked_for_five_minutes_after_a_reset_and_commands_are_not():
    one = life().run(NOON + 600)
    one.engine.billing_period_reset(one.now, kinds.FRONT_PANEL)
    one.run(NOON + 600 + 299)
    with pytest.raises(Locked, match="for 1 s"):
        one.engine.billing_period_reset(one.now, kinds.FRONT_PANEL)
    one.engine.billing_period_reset(one.now, kinds.TCP)
    one.run(NOON + 600 + 299 + 300)
    one.engine.billing_period_reset(one.now, kinds.FRONT_PANEL)
    assert [event.origin for event in one.events(kinds.BILLING_PERIOD_RESET)] == [
        kinds.FRONT_PANEL, kinds.TCP, kinds.FRONT_PANEL,
    ]  # fmt: skip


def test_the_lock_does_not_outlive_a_clock_that_was_set_back():
    one = life().run(NOON + 600)
    one.engine.billing_period_reset(one.now, kinds.FRONT_PANEL)
    one.set_time(NOON - 86400)
    one.engine.billing_period_reset(one.now, kinds.FRONT_PANEL)
    assert len(one.events(kinds.BILLING_PERIOD_RESET)) == 2


RATES = tuple(register(10 + k, rate=name) for k, name in enumerate("ABCDEFGH"))
TARIFF = {
    "registers.normal": WINDOWS + RATES,
    "clock.zone": CET,
    "tou.seasons": ("03-31", "10-01"),
    "tou.days": (
        ("1", "Mon-Sat", "00:00 A, 06:00 B, 22:00 A"), ("1", "Sun", "00:00 C, 02:30 D"),
        ("2", "all", "00:00 E, 12:00 F"),
        ("1-2", "H1", "00:00 G"),
    ),
    "tou.holidays": ("2024-05-09",),
    "tou.override": "H",
}  # fmt: skip


def rates(one):
    return [one.value(10 + k) for k in range(8)]


@pytest.mark.feature("TOU-01", "TOU-02", "REG-04")
def test_energy_goes_to_the_rate_in_force_and_rates_sum_to_the_total():
    begin = utc(2024, 5, 8, 22)  # midnight on the clock of a holiday, a Thursday
    one = life(begin, TARIFF)
    one.run(begin + 24 * HOUR)
    assert rates(one) == [0, 0, 0, 0, 0, 0, 24 * 60, 0]
    one.run(begin + 48 * HOUR)  # Friday
    assert rates(one) == [8 * 60, 16 * 60, 0, 0, 0, 0, 24 * 60, 0]
    assert sum(rates(one)) == one.value(1) == 48 * 60


@pytest.mark.feature("TOU-01", "TOU-04", "REG-05")
def test_a_season_and_daylight_saving_begin_on_the_same_day():
    begin = utc(2024, 3, 30, 23)  # 2024-03-31 is a Sunday, season 1, and the clock goes from 02:00 to 03:00
    one = life(begin, TARIFF)
    assert one.value(8) == 1
    one.run(begin + 23 * HOUR)
    # 00:00 to 02:00 C; the switch at 02:30 falls into the gap: D from 03:00 on, 21 hours
    assert rates(one) == [0, 0, 120, 21 * 60, 0, 0, 0, 0]
    assert one.value(3) == 23 * 60
    (event,) = one.events(kinds.DST_CHANGE)
    assert (event.time, event.fields) == (utc(2024, 3, 31, 1), (60, 120))
    assert [record.end for record in one.records() if record.status & marks.DST] == [utc(2024, 3, 31, 1)]
    one.run(utc(2024, 4, 1))


@pytest.mark.feature("REG-05", "TOU-01")
def test_a_change_of_season_keeps_the_registers():
    begin = utc(2024, 9, 30, 20)  # 22:00 in summer time, two hours before season 2
    one = life(begin, TARIFF).run(begin + 3 * HOUR)
    assert (one.value(5), one.value(8)) == (120, 2)
    again = one
    again.engine.checkpoint(again.now)
    assert restarted(again, again.now + 60, TARIFF).value(5) == 120


@pytest.mark.feature("TOU-03")
def test_an_override_forces_its_rate_while_it_lasts_and_over_an_outage():
    begin = utc(2024, 5, 9, 22)
    one = life(begin, TARIFF).run(begin + HOUR)
    one.engine.override(one.now, True)
    one.run(begin + HOUR + 600)
    one.engine.checkpoint(one.now)
    again = restarted(one, one.now + 60, TARIFF)
    again.run(begin + 2 * HOUR)
    again.engine.override(again.now, False)
    again.run(begin + 3 * HOUR)
    assert rates(again) == [120, 0, 0, 0, 0, 0, 0, 59]


def test_an_outage_over_switches_goes_on_with_the_rate_of_the_time():
    begin = utc(2024, 5, 9, 22)
    one = life(begin, TARIFF).run(begin + HOUR)
    one.engine.checkpoint(one.now)
    again = restarted(one, begin + 10 * HOUR, TARIFF)
    again.run(begin + 11 * HOUR)
    assert rates(again) == [60, 60, 0, 0, 0, 0, 0, 0]


@pytest.mark.feature("PMU-09", "PMU-10")
@pytest.mark.parametrize("response", RESPONSES)
def test_after_battery_and_supply_failed_the_configured_response_is_carried_out(response):
    begin = utc(2024, 5, 9, 22)
    one = life(begin, TARIFF).run(begin + 5 * HOUR + 1800)
    one.engine.checkpoint(one.now)
    failed = one.now
    again = restarted(one, utc(2000, 1, 1), TARIFF, lost=response)
    assert again.now == failed, "the tariff goes on with the outage as the clock's error"
    (event,) = again.events(kinds.BATTERY_FAILURE)
    assert (event.start, event.fields) == (failed, (response,))
    resets = [reset.time for reset in again.events(kinds.BILLING_PERIOD_RESET)]
    assert resets == ([] if response == "continue" else [failed])
    again.run(failed + 2 * HOUR)  # past the switch at 06:00
    assert rates(again)[:2] == ([450, 0] if response == RESPONSES[2] else [360, 90])
    again.set_time(failed + 12 * HOUR)
    again.run(again.now + 600)
    assert rates(again)[1] == (10 if response == RESPONSES[2] else 100)


@pytest.mark.feature("PMU-10")
def test_a_frozen_tariff_stays_frozen_over_another_outage():
    begin = utc(2024, 5, 9, 22)
    one = life(begin, TARIFF).run(begin + 5 * HOUR)
    one.engine.checkpoint(one.now)
    again = restarted(one, utc(2000, 1, 1), TARIFF, lost=RESPONSES[2])
    third = restarted(again, again.now + 3 * HOUR, TARIFF).run(again.now + 4 * HOUR)
    assert rates(third)[:2] == [360, 0]


@pytest.mark.feature("PWR-05")
def test_without_a_stored_state_a_lost_clock_begins_in_2000_and_says_so():
    one = life(lost=RESPONSES[1])
    one.run(one.now + 600)
    (event,) = one.events()
    assert (event.kind, event.time, event.start) == (kinds.BATTERY_FAILURE, utc(2000, 1, 1), None)
    assert (one.value(1), one.value(4), one.engine.battery.colour(one.now)) == (10, None, "red")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.integers(1, 6 * HOUR)),
        st.tuples(st.just("outage"), st.integers(1, 3 * 86400)),
        st.tuples(st.just("set"), st.integers(-86400, 86400)),
        st.tuples(st.sampled_from(["freeze", "reset", "override", "back"]), st.just(0)),
    ),
    max_size=14,
)


@pytest.mark.feature("TOU-01", "REG-04", "BIL-01")
@given(STEPS, st.sampled_from((0, 60, 1799)))
@settings(max_examples=60)
def test_whatever_happens_totals_grow_rates_sum_and_snapshots_agree(steps, offset):
    one = life(utc(2024, 10, 26, 20) + offset, TARIFF, nvram=Nvram(65536))
    total, kept = 0, None
    for what, amount in steps:
        before = one.value(1)
        if what == "run":
            one.run(one.now + amount)
        elif what == "outage":
            one = restarted(one, one.now + amount, TARIFF)
            assert one.value(1) == before, "the Nvram has the last second"
        elif what == "set":
            one.set_time(one.now + amount)
        elif what == "freeze":
            one.engine.freeze(one.now)
            assert one.engine.register(1).frozen == one.engine.register(1).value()
        elif what == "reset":
            one.engine.billing_period_reset(one.now)
            kept = one.value(1)
        else:
            one.engine.override(one.now, what == "override")
        assert one.value(1) >= total, "a total went back"
        total = one.value(1)
        assert sum(rates(one)) == total
        assert one.value(4) == kept
    recorded = sum(record.values[0] for record in one.records())
    one.engine.profiles[0].event(marks.FREEZE, one.now)
    assert (
        sum(record.values[0] for record in one.records()) == pytest.approx(total) or len(one.records()) > 700
    )
    assert recorded <= total + 1e-6
