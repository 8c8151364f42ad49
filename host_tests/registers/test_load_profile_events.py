"""Load profile events, formats and channels: what ends a record, what is in it, and that the flash alone tells it."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.hal.sim.flash import Flash
from meter.metrology.span import Span
from meter.quantities import START as ROW_OF
from meter.registers import load_profile_record as codes
from meter.registers.energy import Energy
from meter.registers.load_profile import LoadProfile
from meter.registers.load_profile_record import (
    ENDED,
    EVENTS,
    FREEZE,
    MIDNIGHT,
    NORMAL,
    OVERFLOW,
    POWER_FAIL,
    SHORT,
    TEST_MODE,
    TIME_SET,
    Description,
    Record,
    is_description,
    status_text,
)
from meter.registers.sources import added
from meter.storage.fifo import Fifo

from host_tests.harness import START

SECTOR = 1024
WH = ROW_OF["W"] + 3
DAY = 86400
TODAY = START // DAY * DAY


class Life:
    """A load profile over a flash, whose energy and voltage are as they are told."""

    def __init__(self, channels=("Wh.del.P",), flash=None, energy=None, sectors=8, **options):
        self.flash = flash or Flash(sectors * SECTOR, SECTOR)
        fifo = Fifo(self.flash, 0, self.flash.size, 0x4C)
        fifo.mount()
        self.energy = energy or Energy()
        self.profile = LoadProfile(fifo, self.energy, channels, **options)

    def consume(self, wh=0.0, seconds=1.0, volts=None, row=WH):
        span = Span()
        span.sums[row] = wh * 3600.0
        if volts is not None:
            span.half_cycles, span.seconds = int(120 * seconds), seconds
            span.sums[ROW_OF["V2"]] = volts**2 * seconds
        self.energy.add(span)
        self.profile.take(span)

    def restart(self, now, channels=("Wh.del.P",), saved_at=None, state=None, **options):
        other = Life(channels, self.flash, self.energy, **options)
        other.profile.resume(state or self.profile.state(), saved_at or now - 100, now)
        return other

    def records(self):
        return list(self.profile.records())

    def raw(self):
        return [payload for _, _, payload in self.profile.fifo.records()]


def started(*args, now=START, **options):
    life = Life(*args, **options)
    life.profile.begin(now)
    return life


# What ends a record


@pytest.mark.parametrize("kind", [kind for kind, _, _ in EVENTS if kind != MIDNIGHT])
@pytest.mark.feature("LP-03")
@pytest.mark.feature("LP-08")
def test_every_event_ends_the_record_with_its_code_partial_value_and_times(kind):
    life = started()
    life.consume(1.5)
    life.profile.event(kind, START + 100)
    life.consume(2.5)
    if kind == TEST_MODE:
        life.profile.event(kind, START + 200)
    life.profile.close(START + 900)
    first, *_, last = life.records()
    assert (first.start, first.end, first.seconds) == (START, START + 100, 100)
    assert (first.status, first.values, first.until) == (kind | SHORT, (1.5,), None)
    assert last.status == NORMAL | SHORT and last.end == START + 900
    assert sum(record.values[0] for record in life.records()) == 4.0


@pytest.mark.feature("LP-08")
def test_the_codes_are_those_of_the_manual():
    table = {name: code for code, name, _ in EVENTS} | {"normal": NORMAL}
    assert table == {
        "normal": 1,
        "midnight": 2,
        "power outage": 4,
        "time set": 8,
        "daylight saving time": 16,
        "test mode": 32,
        "configuration": 64,
        "freeze": 128,
        "billing period reset": 256,
        "register preset": 512,
        "recalibration": 1024,
        "diagnostic": 2048,
    }
    assert sum(table.values()) == codes.CODES and not codes.CODES & (SHORT | OVERFLOW | ENDED)


@pytest.mark.parametrize("kind", [kind for kind, _, _ in EVENTS if kind != MIDNIGHT] + [NORMAL])
@pytest.mark.feature("LP-08")
def test_at_midnight_the_code_says_so(kind):
    life = started(now=TODAY + DAY - 100)
    if kind == NORMAL:
        life.profile.close(TODAY + DAY)
    else:
        life.profile.event(kind, TODAY + DAY)
    assert life.records()[0].status & codes.CODES == kind | MIDNIGHT
    assert status_text(FREEZE | MIDNIGHT) == "midnight freeze"


@pytest.mark.feature("LP-08")
def test_a_midnight_event_ends_a_record_of_a_week():
    life = started(interval="weekly", now=TODAY + 5)
    life.profile.event(MIDNIGHT, TODAY + DAY)
    assert life.records()[0].status == MIDNIGHT | SHORT


@pytest.mark.feature("LP-08")
def test_a_time_set_has_the_time_before_and_after_and_time_goes_on_from_there():
    life = started()
    life.consume(1.0)
    life.profile.event(TIME_SET, START + 700, before=START + 100, after=START + 700)
    life.consume(2.0)
    life.profile.close(START + 900)
    one, two = life.records()
    assert (one.start, one.end, one.until, one.values) == (START, START + 100, START + 700, (1.0,))
    assert (two.start, two.end, two.seconds, two.values) == (START + 700, START + 900, 200, (2.0,))


def test_a_clock_set_back_loses_nothing():
    life = started()
    life.consume(1.0)
    life.profile.event(TIME_SET, START - 4000, before=START + 100, after=START - 4000)
    life.consume(2.0)
    life.profile.close(START - 3600)
    assert [record[1:5] for record in life.records()] == [
        (START + 100, 100, TIME_SET | SHORT, (1.0,)),
        (START - 3600, 400, NORMAL | SHORT, (2.0,)),
    ]


@pytest.mark.feature("LP-08")
def test_a_power_failure_has_the_times_of_failure_and_return():
    life = started()
    life.consume(1.0)
    (record,) = life.restart(START + 5000, saved_at=START + 70).records()
    assert (record.start, record.end, record.until) == (START, START + 70, START + 5000)
    assert record.status == POWER_FAIL | SHORT


@pytest.mark.feature("LP-08")
def test_in_test_mode_no_interval_ends():
    life = started()
    life.profile.pause(START + 100)
    assert not life.profile.due(START + 900) and life.profile.next_boundary(START + 100) is None
    life.profile.event(TEST_MODE, START + 1000, START + 100, START + 1000)
    assert life.profile.due(START + 1800)
    assert [(r.start, r.end, r.until, r.status) for r in life.records()] == [
        (START, START + 100, START + 1000, TEST_MODE | SHORT),
    ]


def test_a_power_failure_ends_test_mode():
    life = started()
    life.profile.pause(START + 100)
    again = life.restart(START + 500, saved_at=START + 200)
    assert again.profile.due(START + 900)
    (record,) = again.records()
    assert (record.end, record.until, record.status) == (
        START + 100,
        START + 500,
        POWER_FAIL | TEST_MODE | SHORT,
    )


def test_an_event_at_the_end_of_an_interval_is_a_record_without_duration():
    life = started()
    life.profile.close(START + 900)
    life.profile.event(FREEZE, START + 900)
    assert [(r.seconds, r.status) for r in life.records()] == [(900, NORMAL), (0, FREEZE | SHORT)]


@pytest.mark.parametrize("kind, name, breaks", EVENTS)
def test_data_only_keeps_what_breaks_the_interval_and_leaves_out_the_rest(kind, name, breaks):
    life = started(events=False, freeze=False)
    life.consume(1.0)
    life.profile.event(kind, START + 100)
    assert bool(life.records()) == breaks == life.profile.is_ending(kind)


def test_freeze_markers_are_a_setting_of_their_own():
    assert not LoadProfile(None, Energy(), freeze=False).is_ending(FREEZE)
    assert LoadProfile(None, Energy(), events=False).is_ending(FREEZE)


def test_an_unknown_event_is_refused():
    with pytest.raises(ValueError, match="4096"):
        started().profile.event(4096, START)


# Values


@pytest.mark.feature("LP-05")
def test_counts_are_whole_kms_and_the_rest_is_in_the_next_record():
    life = started(km=(0.3,))
    for number in range(1, 21):
        life.consume(1.0)
        life.profile.close(START + 60 * number)
    counts = [record.values[0] for record in life.records()]
    assert counts[:3] == [3, 3, 4] and sum(counts) == 66  # 20 Wh in steps of 0.3
    assert all(isinstance(count, int) for count in counts)


@pytest.mark.feature("LP-05")
def test_received_net_energy_counts_down():
    life = started(("Wh.net.P",), km=(0.3,))
    life.consume(1.0, row=WH + 4)
    life.profile.close(START + 60)
    life.consume(1.1)
    life.profile.close(START + 120)
    assert [record.values for record in life.records()] == [(-3,), (3,)]


@pytest.mark.feature("LP-05")
def test_more_than_16383_counts_are_clamped_flagged_and_counted():
    life = started(km=(0.001,))
    life.consume(16.3831)
    life.profile.close(START + 60)
    life.consume(16.3851)
    life.profile.close(START + 120)
    life.consume(0.0021)
    life.profile.close(START + 180)
    one, two, three = life.records()
    assert (one.values, one.status & OVERFLOW) == ((16383,), 0)
    assert (two.values, two.status) == ((16383,), NORMAL | SHORT | OVERFLOW)
    assert (three.values, three.status & OVERFLOW) == ((2,), 0)
    assert life.profile.overflowed == 1
    assert life.restart(START + 900).profile.overflowed == 1


@pytest.mark.feature("LP-05")
def test_an_engineering_value_overflows_above_32_bits():
    life = started()
    life.energy.totals[WH] += 5_000_000_000 * 1_000_000
    life.profile.close(START + 60)
    assert life.records()[0].values == (2.0**32,) and life.records()[0].status & OVERFLOW


@given(st.lists(st.tuples(st.integers(0, 5_000_000), st.booleans()), max_size=30), st.integers(1, 900_000))
@settings(max_examples=50)
@pytest.mark.feature("LP-05")
def test_counts_over_any_outages_add_up_exactly(steps, km):
    """Each step: micro-watt-hours, and whether the supply fails after the record was stored."""
    life, now = started(km=(km * 1e-6,)), START
    for micro, fails in steps:
        life.energy.totals[WH] += micro
        now += 60
        state = life.profile.state()
        life.profile.close(now)
        if fails:
            life = life.restart(now + 7, saved_at=now, state=state, km=(km * 1e-6,))
            now += 7
    life.profile.close(now + 60)
    total = life.energy.totals[WH]
    over = any(record.status & OVERFLOW for record in life.records())
    assert over or sum(record.values[0] for record in life.records()) == total // km


@pytest.mark.feature("LP-04")
def test_an_average_is_weighted_by_the_time_that_was_metered():
    life = started(("V.A", "Wh.del.P"))
    life.consume(1.0, seconds=1.0, volts=120.0)
    life.consume(1.0, seconds=0.5, volts=90.0)
    life.consume(1.0)  # nothing metered
    life.profile.close(START + 900)
    assert life.records()[0].values == (pytest.approx(110.0), 3.0)


@pytest.mark.feature("LP-04")
def test_an_average_goes_on_over_an_outage_only_in_the_record_of_before():
    life = started(("V.A",))
    life.consume(volts=100.0)
    again = life.restart(START + 300, ("V.A",), saved_at=START + 200)
    again.consume(volts=200.0)
    again.profile.close(START + 900)
    assert [record.values for record in again.records()] == [(100.0,), (200.0,)]


def test_where_nothing_was_metered_there_is_no_average():
    life = started(("V.A",))
    life.profile.close(START + 900)
    assert life.records()[0].values[0] != life.records()[0].values[0]  # not a number


@pytest.mark.feature("LP-05")
def test_an_average_in_counts_is_rounded_to_its_km():
    life = started(("V.A",), km=(0.1,))
    life.consume(volts=120.06)
    life.profile.close(START + 900)
    assert life.records()[0].values == (1201,)


class Single(float):
    """A float as a Pico has it: every sum and difference is rounded to 24 bits."""

    def __add__(self, other):
        return Single(single(float(self) + float(other)))

    __radd__ = __add__

    def __sub__(self, other):
        return Single(single(float(self) - float(other)))


def single(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def test_an_average_of_days_of_seconds_is_exact_in_single_precision():
    total = rest = Single(0.0)
    for _ in range(400_000):
        total, rest = added(total, rest, Single(single(120.3)))
    assert float(total) / 400_000 == pytest.approx(single(120.3), rel=1e-6)


# What the flash alone says


@pytest.mark.feature("LP-01")
def test_a_group_has_sixteen_channels_of_any_quantity():
    channels = ("Wh.del.P", "V.A", "PF.bi.P", "Hz.A", "ANGA.B", "THDA.C", "VARh.q4.A", "W.bi.P")
    life = started(channels * 2, interval=1)
    life.profile.close(START + 60)
    assert life.records()[0].description.keys == channels * 2
    assert len(life.records()[0].values) == 16


@pytest.mark.parametrize("km", (None, (0.5, 2.0)))
def test_a_reader_of_the_flash_alone_names_every_value(km):
    life = started(("Wh.del.P", "V.A"), km=km, interval=5)
    life.consume(7.0, volts=120.0)
    life.profile.close(START + 300)
    (record,) = Life(("VARh.q1.P",), life.flash).records()
    assert record.description.keys == ("Wh.del.P", "V.A") and record.description.interval == 5
    assert record.values == (pytest.approx((7.0, 120.0)) if km is None else (14, 60))
    assert not km or record.description.km == (500_000, 2_000_000)


def test_a_description_is_written_once_for_the_same_channels_and_again_for_others():
    life = started()
    life = life.restart(START + 100, saved_at=START)
    assert [is_description(payload) for payload in life.raw()] == [True]
    life.consume(1.0)
    other = life.restart(START + 300, ("V.A",), saved_at=START + 200)
    # the record of the old channels, their description once more, and that of the new ones
    assert [is_description(payload) for payload in other.raw()] == [True, False, True, True]
    assert other.records()[0].description.keys == ("Wh.del.P",)
    assert other.records()[0].values == (1.0,)
    back = other.restart(START + 400, saved_at=START + 350)
    back.profile.close(START + 900)
    assert [record.description.number for record in back.records()] == [0, 1, 2]


def test_without_a_state_the_last_description_is_found_on_the_flash():
    life = started()
    life.profile.close(START + 900)
    again = started(flash=life.flash)
    again.profile.close(START + 1800)
    assert [record.description.number for record in again.records()] == [0, 0]
    assert sum(is_description(payload) for payload in again.raw()) == 1


@pytest.mark.parametrize("changes", (0, 300, 390))
@pytest.mark.feature("LP-06")
def test_when_the_ring_comes_round_every_record_can_still_be_read(changes):
    life = started(sectors=4, interval=1)
    for minute in range(1, 400):
        life.profile.close(START + 60 * minute)
        if minute == changes:
            life = life.restart(START + 60 * minute, ("Wh.rec.P", "V.A"), interval=1)
        reader = Life(("VARh.q1.P",), life.flash)
        data = [payload for payload in reader.raw() if not is_description(payload)]
        assert len(reader.records()) == len(data)
    assert life.profile.fifo.first > 100


@pytest.mark.feature("LP-08")
def test_a_crash_after_the_record_that_overwrote_the_description_counts_once():
    life = started(sectors=4, interval=1)
    for minute in range(1, 400):
        life.consume(0.25)
        state = life.profile.state()
        life.profile.close(START + 60 * minute)
        before = life.records()
        now = START + 60 * minute
        life = life.restart(now, saved_at=now, state=state, interval=1)
        assert life.records() == before
    assert all(record.values == (0.25,) for record in life.records())


def test_erased_records_are_not_given_out_and_new_ones_are():
    life = started()
    life.profile.close(START + 900)
    life.profile.erase(START + 1000)
    assert life.records() == []
    state = life.profile.state()
    life.profile.close(START + 1800)
    assert [record.end for record in life.records()] == [START + 1800]
    restarted = life.restart(START + 1900, saved_at=START + 1800, state=state)
    assert [record.end for record in restarted.records()] == [START + 1800]
    assert [record.end for record in started(flash=life.flash).records()] == [START + 1800]


def test_an_erasure_holds_when_the_supply_fails_before_the_next_checkpoint():
    life = started()
    life.profile.close(START + 900)
    state = life.profile.state()
    life.consume(1.0)
    life.profile.erase(START + 1000)
    again = life.restart(START + 1200, saved_at=START + 1000, state=state)
    assert [(record.end, record.values) for record in again.records()] == [(START + 1000, (1.0,))]


@given(
    st.integers(0, 0xFFFF),
    st.lists(st.sampled_from(("Wh.del.P", "V.A", "ANGA.B")), min_size=1, max_size=16),
    st.booleans(),
    st.sampled_from((1, 60, 1440, 43200)),
    st.one_of(st.none(), st.integers(0, 2**32 - 1)),
)
def test_records_and_descriptions_come_back_from_their_bytes(number, keys, counts, interval, until):
    description = Description(number, keys, range(1, len(keys) + 1), interval, counts)
    found = Description.unpack(description.pack(START))
    assert found == description and is_description(description.pack(START))
    values = tuple(range(len(keys)))
    payload = description.record(NORMAL, START, values, until)
    assert not is_description(payload)
    expected = Record(5, START + 60, 60, NORMAL, values, START, until, description)
    assert found.read(5, START + 60, payload) == expected


def rot(life, entry):
    """Damage an entry of a life's first sector."""
    at = 56
    for _ in range(entry - 1):
        length = bytearray(2)
        life.flash.read(at, length)
        at += 12 + int.from_bytes(length, "little")
    life.flash.program(at + 8, bytes(4))


def test_a_description_that_rots_is_written_again_at_the_next_start():
    life = started()
    for k in range(1, 4):
        life.consume(k)
        life.profile.close(START + 900 * k)
    rot(life, 1)
    state = life.profile.state()
    again = life.restart(START + 5000, saved_at=START + 2700, state=state)
    assert [record.values for record in again.records()] == [(1.0,), (2.0,), (3.0,)]
    fresh = Life(flash=life.flash)
    assert [record.values for record in fresh.records()] == [(1.0,), (2.0,), (3.0,)]


def test_records_without_a_description_are_never_read_with_that_of_other_channels():
    life = started()
    life.consume(1.0)
    life.profile.close(START + 900)
    rot(life, 1)
    other = Life(channels=("VARh.del.P",), flash=life.flash)
    other.profile.begin(START + 1000)
    other.profile.close(START + 1800)
    (record,) = other.records()
    assert record.end == START + 1800 and record.description.keys == ("VARh.del.P",)
