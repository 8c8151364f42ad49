"""Load profile: whose records end on the clock, add up to the registers, and count nothing twice over an outage."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.hal.sim.flash import Flash
from meter.metrology.span import Span
from meter.quantities import START as ROW_OF
from meter.registers.energy import Energy
from meter.registers.load_profile import DEFAULT_CHANNELS, LoadProfile
from meter.registers.load_profile_record import INTERVALS_MIN, MIDNIGHT, NORMAL, POWER_FAIL, SHORT
from meter.storage.fifo import Fifo

from host_tests.harness import START

SECTOR = 1024
OTHERS = ("VAh.del.P", "Wh.net.A", "VARh.q4.P", "Wh.del.C")


class Life:
    """A load profile over a flash, with an energy that grows as it is told to."""

    def __init__(self, flash=None, energy=None, channels=DEFAULT_CHANNELS, minutes=15):
        self.flash = flash or Flash(8 * SECTOR, SECTOR)
        fifo = Fifo(self.flash, 0, self.flash.size, 0x4C)
        fifo.mount()
        self.energy = energy or Energy()
        self.profile = LoadProfile(fifo, self.energy, channels, minutes)

    def consume(self, wh, row=ROW_OF["W"] + 3):
        span = Span()
        span.sums[row] = wh * 3600.0
        self.energy.add(span)

    def pass_time(self, start, seconds, wh_each=0.0):
        """Let seconds pass, each with so many watt-hours; close what is due."""
        for now in range(start + 1, start + seconds + 1):
            self.consume(wh_each)
            if self.profile.due(now):
                self.profile.close(now)

    def records(self):
        return [record[1:5] for record in self.profile.records()]


def started(now=START, **options):
    life = Life(**options)
    life.profile.begin(now)
    return life


@pytest.mark.parametrize("minutes", INTERVALS_MIN)
@pytest.mark.feature("LP-03")
def test_records_end_on_the_clock_and_the_first_is_short(minutes):
    life = started(START + 7, minutes=minutes)
    seconds = minutes * 60
    life.pass_time(START + 7, 2 * seconds + 3600, 0.001)
    records = life.records()
    assert len(records) >= 2
    assert all(end % seconds == 0 for end, *_ in records)
    assert [end for end, *_ in records] == list(range(records[0][0], records[-1][0] + 1, seconds))
    assert records[0][1] == records[0][0] - START - 7
    midnights = [0 if end % 86400 else MIDNIGHT for end, *_ in records]
    assert [status for _, _, status, _ in records] == [
        NORMAL | midnight | (0 if number else SHORT) for number, midnight in enumerate(midnights)
    ]
    assert all(length == seconds for _, length, _, _ in records[1:])


def test_a_record_that_began_on_the_clock_is_whole():
    life = started(START)
    life.pass_time(START, 900)
    assert life.records() == [(START + 900, 900, NORMAL, (0.0,) * 4)]


def test_the_four_default_channels_are_the_energies_of_both_directions():
    assert LoadProfile(None, Energy()).channels == ("Wh.del.P", "Wh.rec.P", "VARh.del.P", "VARh.rec.P")
    life = started()
    rows = [ROW_OF["W"] + 3, ROW_OF["W"] + 7] + [ROW_OF["VAR"] + 3 + 4 * k for k in range(4)]
    for wh, row in enumerate(rows, 1):
        life.consume(wh, row)
    life.profile.close(START + 60)
    assert life.records()[0][3] == (1.0, 2.0, 3.0 + 4.0, 5.0 + 6.0)


@pytest.mark.parametrize("minutes", (1, 5, 15))
def test_records_add_up_to_what_the_registers_grew(minutes):
    life = started(START + 11, minutes=minutes)
    life.consume(0.5)
    life.pass_time(START + 11, 4000, 0.0123)
    life.profile.close(START + 11 + 4000)
    assert sum(values[0] for *_, values in life.records()) == pytest.approx(
        life.energy.totals[ROW_OF["W"] + 3] * 1e-6, rel=1e-6
    )


def test_what_was_consumed_before_the_beginning_is_in_no_record():
    life = Life()
    life.consume(5.0)
    life.profile.begin(START)
    life.consume(1.0)
    life.profile.close(START + 900)
    assert life.records()[0][3][0] == 1.0


def test_no_time_writes_no_record_and_what_was_consumed_is_in_the_next():
    life = started()
    life.consume(1.0)
    life.profile.close(START)
    assert life.records() == []
    life.consume(2.0)
    life.profile.close(START + 5)
    assert life.records() == [(START + 5, 5, NORMAL | SHORT, (3.0, 0.0, 0.0, 0.0))]


def test_a_clock_that_went_back_writes_no_record_and_loses_nothing():
    life = started()
    life.consume(1.0)
    life.profile.close(START - 100)
    assert life.records() == []
    life.profile.close(START)
    assert life.records() == [(START, 100, NORMAL | SHORT, (1.0, 0.0, 0.0, 0.0))]


def restart(life, saved_at, now, state=None, **options):
    other = Life(life.flash, life.energy, **options)
    other.profile.resume(state or life.profile.state(), saved_at, now)
    return other


@pytest.mark.feature("LP-03")
def test_the_interval_in_which_the_supply_failed_is_closed_at_that_time():
    life = started()
    life.pass_time(START, 500, 0.001)
    again = restart(life, START + 500, START + 5000)
    assert again.records() == [(START + 500, 500, SHORT | POWER_FAIL, (pytest.approx(0.5), 0.0, 0.0, 0.0))]
    again.pass_time(START + 5000, 900, 0.002)
    assert again.records()[1][:3] == (START + 5400, 400, NORMAL | SHORT)
    assert again.records()[1][3][0] == pytest.approx(0.8)


def test_a_supply_that_fails_at_the_end_of_an_interval_leaves_no_empty_record_and_loses_nothing():
    life = started()
    life.pass_time(START, 900, 0.001)
    life.consume(0.5)  # part of a second, booked by the last-gasp save
    again = restart(life, START + 900, START + 1000)
    assert len(again.records()) == 1
    again.pass_time(START + 1000, 800, 0.001)
    assert sum(values[0] for *_, values in again.records()) == pytest.approx(0.9 + 0.5 + 0.8)


def test_an_interval_whose_record_is_stored_is_not_recorded_again():
    life = started()
    life.pass_time(START, 899, 0.001)
    life.consume(0.001)
    state = life.profile.state()  # the checkpoint that precedes each record
    life.profile.close(START + 900)
    again = restart(life, START + 900, START + 1000, state)
    assert len(again.records()) == 1
    # The same state once more, as after a second outage before the next checkpoint.
    assert len(restart(life, START + 900, START + 1100, state).records()) == 1


def test_a_record_that_was_not_stored_after_its_checkpoint_is_stored_on_restart():
    life = started()
    life.pass_time(START, 899, 0.001)
    life.consume(0.001)
    again = restart(life, START + 900, START + 1000)
    assert again.records() == [(START + 900, 900, POWER_FAIL, (pytest.approx(0.9), 0.0, 0.0, 0.0))]


def test_resuming_twice_from_one_state_records_the_interval_once():
    life = started()
    life.pass_time(START, 500, 0.001)
    state = life.profile.state()
    restart(life, START + 500, START + 600, state)
    assert len(restart(life, START + 500, START + 700, state).records()) == 1


@pytest.mark.parametrize(
    "channels", (OTHERS, DEFAULT_CHANNELS[:2], DEFAULT_CHANNELS[::-1], DEFAULT_CHANNELS * 2)
)
def test_changed_channels_close_the_old_ones_and_begin_anew(channels):
    life = started()
    life.pass_time(START, 500, 0.001)
    again = restart(life, START + 500, START + 600, channels=channels)
    assert again.records()[0][:3] == (START + 500, 500, POWER_FAIL | SHORT)
    assert again.records()[0][3] == (pytest.approx(0.5), 0.0, 0.0, 0.0)
    again.pass_time(START + 600, 300, 0.001)
    _, record = again.records()
    assert record[:3] == (START + 900, 300, NORMAL | SHORT)
    assert len(record[3]) == len(channels)
    for key, value in zip(channels, record[3]):
        assert value == pytest.approx(0.3 if key == "Wh.del.P" else 0.0)


def test_a_changed_interval_closes_the_old_one():
    life = started(minutes=60)
    life.pass_time(START, 500, 0.001)
    again = restart(life, START + 500, START + 600, minutes=1)
    assert again.records()[0][:2] == (START + 500, 500)
    again.pass_time(START + 600, 60, 0.001)
    assert again.records()[1][:3] == (START + 660, 60, NORMAL)


def test_records_from_an_entry_on():
    life = started(minutes=1)
    life.pass_time(START, 300)
    entries = [record[0] for record in life.profile.records()]
    assert [record[0] for record in life.profile.records(entries[2])] == entries[2:]


@pytest.mark.feature("LP-06")
def test_the_oldest_records_give_way():
    life = started(minutes=1)
    life.pass_time(START, 60 * 400, 0.001)
    ends = [end for end, *_ in life.records()]
    assert ends[-1] == START + 60 * 400
    assert 100 < len(ends) < 400 and ends == list(range(ends[0], ends[-1] + 1, 60))


@pytest.mark.parametrize("key", ("pulse.1", "totalization.2", "contact.8"))
def test_a_channel_that_is_not_built_yet_is_refused_by_name(key):
    with pytest.raises(ValueError, match=key + ": .* not built yet"):
        LoadProfile(None, Energy(), (key,))


def test_an_unknown_channel_is_refused_by_name():
    with pytest.raises(KeyError, match="Wh.up.P"):
        LoadProfile(None, Energy(), ("Wh.up.P",))


@given(st.lists(st.tuples(st.sampled_from(("run", "outage", "crash")), st.integers(1, 200)), max_size=12))
@settings(max_examples=30)
def test_over_any_outages_records_add_up_to_the_registers(lives):
    """A checkpoint before each record, as Meter does; at a crash what is not in a checkpoint is gone from both."""
    life, now = started(minutes=1), START
    saved = (life.energy.state(), life.profile.state(), now)
    for kind, seconds in lives:
        for _ in range(seconds):
            now += 1
            life.consume(0.001)
            if life.profile.due(now):
                saved = (life.energy.state(), life.profile.state(), now)
                life.profile.close(now)
        if kind == "run":
            continue
        if kind == "outage":
            saved = (life.energy.state(), life.profile.state(), now)
        energy = Energy()
        energy.restore(saved[0])
        life = Life(life.flash, energy, minutes=1)
        now += 17
        life.profile.resume(saved[1], saved[2], now)
    life.profile.close(now + 1)
    recorded = sum(values[0] for *_, values in life.records())
    assert recorded == pytest.approx(life.energy.totals[ROW_OF["W"] + 3] * 1e-6, rel=1e-5, abs=1e-6)
