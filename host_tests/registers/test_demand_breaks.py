"""What breaks a demand interval: an outage, the deferral after it, a set clock, an external pulse.

The rules are those of docs/demand.md. Unless a test says otherwise 1000 quanta flow in each second (3.6 W), in fixed
intervals of 15 minutes from HOUR on.
"""

import pytest
from meter.metrology.span import Span
from meter.quantities import START as ROW

from host_tests.demand_life import HOUR, MINUTE, DemandLife

EACH = 1000
FULL_SPAN = Span()
FULL_SPAN.sums[ROW["W"] + 3] = 3.6
FULL_SPAN.seconds, FULL_SPAN.half_cycles = 1.0, 120
FULL = 900 * EACH


def fixed(**options):
    return DemandLife(subintervals=1, **options)


def minutes(life, count, each=EACH):
    life.run(count * MINUTE, each)
    return life


def formed(life):
    """Return (minute after HOUR, quanta) of each demand."""
    return [((ended - HOUR) / 60, past) for ended, past in life.demands]


# Outage


@pytest.mark.feature("DEM-03")
def test_energy_before_and_after_an_outage_is_in_the_same_interval():
    life = minutes(fixed(), 4)
    assert not life.outage(5 * MINUTE)
    minutes(life, 6)
    assert formed(life) == [(15, 10 * MINUTE * EACH)]  # 4 and 6 minutes of 15


def test_an_outage_over_the_end_closes_the_interval_at_the_failure():
    life = minutes(fixed(), 10)
    assert life.outage(8 * MINUTE)
    minutes(life, 12 + 15)
    # 0..10 metered, then 18..30, then a whole one.
    assert formed(life) == [(10, 600 * EACH), (30, 720 * EACH), (45, FULL)]


def test_an_outage_until_the_very_end_closes_too():
    life = minutes(fixed(), 10)
    assert life.outage(5 * MINUTE)
    minutes(life, 15)
    assert formed(life) == [(10, 600 * EACH), (30, FULL)]


def test_an_outage_at_a_boundary_forms_no_empty_demand():
    life = minutes(fixed(), 15)
    assert not life.outage(3600)
    assert (life.window.past(), life.demand.ended) == (FULL, HOUR + 900)
    minutes(life, 15)
    assert formed(life) == [(15, FULL), (90, FULL)]


def test_a_sliding_window_moves_on_during_an_outage():
    life = DemandLife()
    minutes(life, 15)
    minutes(life, 2)
    assert life.outage(6 * MINUTE)  # from 17 to 23: over the end at 20
    # Formed at 17: 5..17, 720 s.
    assert formed(life)[-1] == (17, 720 * EACH)
    minutes(life, 2)
    # At 25: 10..15, 15..17, 23..25 are 5 + 2 + 2 minutes.
    assert formed(life)[-1] == (25, 540 * EACH)
    minutes(life, 5)
    assert formed(life)[-1] == (30, (2 + 2 + 5) * 60 * EACH)


def test_subintervals_without_supply_are_empty_in_a_sliding_window():
    life = DemandLife()
    minutes(life, 17)
    assert life.outage(11 * MINUTE)  # 17 to 28: over the ends at 20 and 25
    minutes(life, 2)
    assert formed(life)[-1] == (30, (2 + 0 + 2) * 60 * EACH)  # 15..20, 20..25, 25..30


def test_after_a_long_outage_a_sliding_window_has_nothing_from_before():
    life = DemandLife()
    minutes(life, 30)
    assert not life.outage(3 * 3600)
    minutes(life, 5)
    assert formed(life)[-1] == (30 + 180 + 5, 300 * EACH)


# Deferral


@pytest.mark.feature("DEM-07")
def test_after_a_deferral_demands_begin_where_it_ends():
    life = fixed(deferral_s=4 * MINUTE)
    minutes(life, 3)
    assert life.outage(2 * MINUTE)  # what was metered before counts as a short interval
    assert life.demand.next_boundary(life.now) == HOUR + 9 * MINUTE
    minutes(life, 2, each=10**6)  # inrush, in no demand
    assert life.window.present() == 0
    assert life.window.predicted(life.now, None) == 0
    minutes(life, 2, each=10**6)
    assert life.window.present() == 0
    minutes(life, 6 + 15)
    # 0..3; deferred until 9; 9..15; a whole one.
    assert formed(life) == [(3, 180 * EACH), (15, 360 * EACH), (30, FULL)]


@pytest.mark.feature("DEM-07")
def test_a_sliding_window_has_nothing_from_before_a_deferral():
    life = DemandLife(deferral_s=60)
    minutes(life, 16)
    life.outage(60)
    minutes(life, 9)
    # Deferred until 18: then 2 minutes at 20, 7 at 25.
    assert formed(life)[-2:] == [(20, 120 * EACH), (25, 420 * EACH)]


@pytest.mark.feature("DEM-07")
def test_deferral_over_a_boundary_forms_nothing_there():
    life = fixed(deferral_s=20 * MINUTE)
    minutes(life, 10)
    life.outage(60)
    minutes(life, 4 + 15)  # deferred from 11 to 31, over the ends at 15 and 30
    assert formed(life) == [(10, 600 * EACH)]
    minutes(life, 15)
    assert formed(life) == [(10, 600 * EACH), (45, 14 * MINUTE * EACH)]


@pytest.mark.feature("DEM-07")
def test_a_shorter_outage_does_not_defer():
    life = fixed(deferral_s=240, outage_s=10)
    minutes(life, 3)
    assert not life.outage(9)
    assert life.demand.deferred_until == 0
    assert life.outage(10)
    assert life.demand.deferred_until == life.now + 240


@pytest.mark.feature("DEM-07")
def test_by_default_nothing_is_deferred():
    life = minutes(fixed(), 3)
    assert not life.outage(60)
    assert life.demand.deferred_until == 0


@pytest.mark.feature("DEM-07")
def test_another_outage_begins_the_deferral_again():
    life = fixed(deferral_s=240, outage_s=10)
    life.outage(60)
    minutes(life, 2)
    life.outage(10)
    assert life.demand.deferred_until == life.now + 240
    minutes(life, 1)
    life.outage(9)  # too short: the deferral runs on
    assert life.demand.deferred_until == life.now + 240 - 60 - 9
    assert formed(life) == []


def test_a_deferral_that_ends_in_a_short_outage_ends_with_it():
    life = fixed(deferral_s=60, outage_s=100)
    life.outage(100)
    life.run(30, EACH)
    life.outage(60)  # from 130 s to 190 s; the deferral ended at 160 s
    assert life.demand.deferred_until == 0
    life.run(900 - 190, EACH)
    assert life.demands == [(HOUR + 900, 710 * EACH)]


def test_the_clock_set_in_a_deferral_moves_its_end():
    life = fixed(deferral_s=240)
    life.outage(60)
    life.run(40)
    life.set_clock(-100)
    assert life.demand.deferred_until == life.now + 200


# Clock


def test_clock_set_forwards_over_the_end_closes_the_interval():
    life = minutes(fixed(), 10)
    assert life.set_clock(15 * MINUTE)
    minutes(life, 5 + 15)
    # 0..10; from 25 on the new clock to 30; a whole one.
    assert formed(life) == [(10, 600 * EACH), (30, 300 * EACH), (45, FULL)]


def test_clock_set_backwards_over_the_beginning_closes_the_interval():
    life = minutes(fixed(), 20)
    assert life.set_clock(-10 * MINUTE)
    minutes(life, 5 + 15)
    # 0..15; 15..20, closed at the jump; from 10 on the new clock to 15; a whole one.
    assert formed(life) == [(15, FULL), (20, 300 * EACH), (15, 300 * EACH), (30, FULL)]


def test_clock_set_forwards_within_the_interval_makes_it_short():
    life = minutes(fixed(), 3)
    assert not life.set_clock(7 * MINUTE)
    minutes(life, 5)
    assert formed(life) == [(15, 8 * MINUTE * EACH)]


def test_clock_set_backwards_within_the_interval_never_makes_it_longer():
    life = minutes(fixed(), 10)
    assert not life.set_clock(-7 * MINUTE)
    assert life.demand.begun == HOUR - 7 * MINUTE
    minutes(life, 12 + 15)
    # At 3 on the new clock 10 minutes have run: it is whole at 8, and the rest until 15 is an interval of its own.
    assert formed(life) == [(8, FULL), (15, 7 * MINUTE * EACH), (30, FULL)]


def test_clock_set_there_and_back_changes_nothing():
    life = minutes(fixed(), 10)
    life.set_clock(-7 * MINUTE)
    life.set_clock(7 * MINUTE)
    minutes(life, 5)
    assert formed(life) == [(15, FULL)]


def test_clock_set_at_a_boundary_forms_no_empty_demand():
    life = minutes(fixed(), 15)
    assert not life.set_clock(3600)
    assert not life.set_clock(-7200)
    minutes(life, 15)
    assert [past for _, past in formed(life)] == [FULL, FULL]


def test_a_sliding_window_keeps_its_subintervals_over_a_set_clock():
    life = DemandLife()
    minutes(life, 12)
    assert life.set_clock(3600)
    # 0..5, 5..10, 10..12
    assert formed(life)[-1] == (12, 720 * EACH)
    minutes(life, 3)
    assert formed(life)[-1] == (75, (5 + 2 + 3) * 60 * EACH)


# Zone


class QuarterPast:
    """A zone 10 minutes ahead of UTC, with the part of calendar.Zone that demand asks for."""

    def next_boundary(self, utc, code):
        return utc + code * 60 - (utc + 600) % (code * 60)


@pytest.mark.feature("DEM-02")
def test_intervals_are_cut_from_the_local_hour():
    life = DemandLife(zone=QuarterPast(), interval_min=60, subintervals=1)
    minutes(life, 120)
    assert formed(life) == [(50, 3000 * EACH), (110, 3600 * EACH)]


# Pulses


def synchronised(**options):
    return fixed(sync=True, **options)


@pytest.mark.feature("DEM-08")
def test_a_pulse_ends_the_interval_and_begins_the_next():
    life = minutes(synchronised(), 7)
    assert life.pulse()
    minutes(life, 15)
    assert life.pulse()
    assert formed(life) == [(7, 420 * EACH), (22, FULL)]
    assert life.demand.begun == life.now


@pytest.mark.feature("DEM-08")
def test_a_late_pulse_ends_the_interval_with_all_that_flowed():
    life = minutes(synchronised(), 7)
    life.pulse()
    life.run(903, EACH)
    assert life.demand.next_boundary(life.now) == HOUR + 420 + 905
    assert len(life.demands) == 1
    assert life.pulse()
    assert life.demands[1] == (HOUR + 420 + 903, 903 * EACH)


@pytest.mark.feature("DEM-08")
def test_where_a_pulse_is_missing_the_interval_has_ended_when_it_was_due():
    life = minutes(synchronised(), 7)
    life.pulse()
    life.run(904, EACH)
    assert len(life.demands) == 1
    life.run(1, EACH)  # 5 s: no pulse will come
    assert life.demands[1] == (HOUR + 420 + 900, FULL)
    assert life.window.present() == 5 * EACH
    life.run(1800, EACH)
    # The grid of the last pulse goes on, and each demand is of 900 s.
    assert formed(life) == [(7, 420 * EACH), (22, FULL), (37, FULL), (52, FULL)]


@pytest.mark.feature("DEM-08")
def test_before_the_first_pulse_the_clock_ends_the_intervals():
    life = synchronised(start=HOUR + 300)
    life.run(1000, EACH)
    assert life.demands == [(HOUR + 900, 600 * EACH)]


@pytest.mark.feature("DEM-08")
def test_pulses_of_whole_intervals_leave_subintervals_to_the_clock():
    life = DemandLife(sync=True)
    for _ in range(2):
        life.pulse()
        minutes(life, 15)
    life.pulse()
    assert formed(life) == [(5 * k, min(5 * k, 15) * 60 * EACH) for k in range(1, 7)]


def test_while_a_pulse_is_awaited_nothing_more_is_predicted():
    life = synchronised()
    life.run(904, EACH)
    assert life.window.predicted(life.now, FULL_SPAN) == life.window.present() == 904 * EACH


def test_beginning_anew_forgets_the_pulses():
    life = minutes(synchronised(), 7)
    life.pulse()
    life.run(902, EACH)
    life.demand.begin(life.now)
    assert life.demand.next_boundary(life.now) == HOUR + 1800
    life.demands.clear()
    life.run(600, EACH)
    assert life.demands == [(HOUR + 1800, (1800 - 420 - 902) * EACH)]


def test_two_pulses_in_a_second_are_one():
    life = minutes(synchronised(), 7)
    assert life.pulse()
    assert not life.pulse()
    assert len(life.demands) == 1


def test_without_the_setting_pulses_are_ignored():
    life = minutes(fixed(), 7)
    assert not life.pulse()
    minutes(life, 8)
    assert formed(life) == [(15, FULL)]


def test_setting_the_clock_does_not_touch_an_interval_of_pulses():
    life = minutes(synchronised(), 7)
    life.pulse()
    minutes(life, 5)
    assert not life.set_clock(3600)
    minutes(life, 10)
    assert life.pulse()
    assert formed(life) == [(7, 420 * EACH), (7 + 15 + 60, FULL)]


def test_a_clock_set_to_the_beginning_of_time_can_be_kept():
    life = minutes(synchronised(), 7)
    life.pulse()
    minutes(life, 5)
    life.set_clock(-life.now)
    assert life.demand.begun == -300
    state = life.demand.state()
    minutes(life, 10)
    assert life.pulse()
    assert life.demands[-1] == (600, FULL)
    life.demand.restore(state)
    assert (life.demand.begun, life.demand.due) == (-300, 600)


def test_an_outage_over_the_end_keeps_the_grid_of_the_pulses():
    life = minutes(synchronised(), 7)
    life.pulse()
    minutes(life, 5)
    assert life.outage(20 * MINUTE)  # 12 to 32; the pulse of 22 was missed
    assert formed(life)[-1] == (12, 300 * EACH)
    assert life.demand.due == HOUR + 37 * MINUTE
    minutes(life, 5)
    assert life.pulse()
    assert formed(life)[-1] == (37, 300 * EACH)


def test_an_outage_while_a_pulse_is_awaited_ends_the_interval_at_the_failure():
    life = minutes(synchronised(), 7)
    life.pulse()
    life.run(902, EACH)
    assert life.outage(60)
    assert life.demands[-1] == (HOUR + 420 + 902, 902 * EACH)
    assert life.demand.due == HOUR + 420 + 1800


def test_a_pulse_in_a_deferral_sets_the_grid_only():
    life = synchronised(deferral_s=120)
    life.outage(60)
    minutes(life, 1)
    assert not life.pulse()
    minutes(life, 16)
    # The deferral ends at 3 min; the pulse came at 2 min, so the next end is at 17 min.
    life.run(5, EACH)
    assert formed(life) == [(17, 14 * MINUTE * EACH)]


def test_close_does_nothing_where_nothing_ends():
    life = minutes(fixed(), 7)
    assert not life.demand.close(life.now)
    assert life.demand.next_boundary(life.now) == HOUR + 900
    assert life.demand.next_boundary(HOUR + 900) == HOUR + 901  # it is overdue
