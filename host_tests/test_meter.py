"""The whole core over a simulated flash: the same samples give the same bytes, and a restart goes on where it was."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.hal.sim.flash import PowerCut
from meter.meter import Meter
from meter.metrology.diagnostics import MISSING
from meter.metrology.frame import CLIPPED, GAP, HALF
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.tracking import CHANNELS, Tracker
from meter.quantities import START as ROW_OF
from meter.quantities import index
from meter.registers.engine import StateError
from meter.registers.load_profile_record import NORMAL, POWER_FAIL, SHORT
from meter.storage.journal import Journal

from host_tests.harness import (
    RATE,
    SCALES,
    START,
    THRESHOLD,
    Bench,
    blocks,
    engine,
    frame_of,
    noise,
    three_phase,
    times,
)

WH = 1800 / 3600  # a second of the default load, delivered


def metered(samples, half_cycles, size=3072, dtype=np.float64, **options):
    bench = Bench(dtype=dtype, **options)
    tracker = Tracker(CHANNELS, SCALES, RATE, 60, half_cycles, THRESHOLD, dtype=dtype)
    for block in blocks(samples, size):
        for frame in tracker.feed(*block):
            bench.meter.step(frame)
    for frame in tracker.flush():
        bench.meter.step(frame)
    bench.meter.finish()
    return bench


def test_the_same_frames_give_the_same_flash_byte_by_byte(dtype):
    samples = three_phase(times(2.5) * 59.7, lag=(30,) * 3) + noise((6, int(2.5 * RATE)), 0.01)
    first, second = (metered(samples, 2, dtype=dtype, utc=START + 58) for _ in range(2))
    assert first.image() == second.image()
    assert first.image().strip(b"\xff")
    assert first.spans == second.spans


def test_another_load_gives_another_flash():
    one, other = (metered(three_phase(times(1.5) * 60, amps=(a,) * 3), 2) for a in (5.0, 5.001))
    assert one.image() != other.image()


def test_frames_of_any_length_give_the_same_registers():
    samples = three_phase(times(2.5) * 59.7, lag=(30,) * 3)
    totals = [metered(samples, n).total("Wh.del.P") for n in (1, 2, 30, 120)]
    expected = 1800 * np.cos(np.pi / 6) * 2.5 / 3600 * 1e6
    assert totals[0] == pytest.approx(expected, rel=0.01)  # the first and the last half cycle are not whole
    assert totals == pytest.approx([totals[0]] * 4, rel=0.01)


@pytest.mark.parametrize("n", (1, 3, 120, 250))
@pytest.mark.feature("REG-03")
def test_spans_are_cut_at_each_second(n):
    bench = Bench()
    bench.run(5, each=1 / 120, n=n)
    # 120 half cycles a second, one span each, whatever the frames.
    count = 600 // n * n // 120
    assert [span[:2] for span in bench.spans] == [(START + k, 120) for k in range(1, count + 1)]
    assert all(seconds == pytest.approx(1.0) for _, _, seconds, _ in bench.spans)
    assert bench.total("Wh.del.P") == pytest.approx(count * WH * 1e6, abs=2)


def test_the_half_cycle_in_which_a_second_passes_belongs_to_it():
    bench = Bench()
    bench.run(3, each=0.3)  # ends at 0.3, 0.6, 0.9, 1.2 | 1.5, 1.8, 2.1 | 2.4, 2.7, 3.0
    assert [span[:2] for span in bench.spans] == [(START + 1, 4), (START + 2, 3), (START + 3, 3)]


def test_after_a_gap_missing_seconds_are_empty_spans_and_hold_no_energy():
    bench = Bench()
    bench.run(2)
    bench.meter.step(frame_of(1, seconds=1.0, start=int(7 * RATE), flags=2))
    assert [span[1] for span in bench.spans] == [1, 1, 1, 0, 0, 0, 0, 0]
    assert bench.total("Wh.del.P") == pytest.approx(3 * WH * 1e6, abs=2)
    assert bench.meter.clock.second == START + 8


def test_finish_books_the_second_that_was_begun_and_stores_it():
    bench = Bench()
    bench.run(2.5, each=0.5)
    assert bench.total("Wh.del.P") == pytest.approx(2 * WH * 1e6, abs=2)
    bench.meter.finish()
    assert bench.total("Wh.del.P") == pytest.approx(2.5 * WH * 1e6, abs=2)
    assert Bench(bench.flash).total("Wh.del.P") == bench.total("Wh.del.P")


def test_finishing_twice_books_nothing_twice():
    bench = Bench()
    bench.run(1.5, each=0.5)
    bench.meter.finish()
    total = bench.total("Wh.del.P")
    bench.meter.finish()
    assert bench.total("Wh.del.P") == total == Bench(bench.flash).total("Wh.del.P")


def test_a_restart_continues_all_totals():
    bench = Bench()
    for lag in (40, 140, 220, 320):
        bench.run(25, lag=(lag,) * 3)
    bench.meter.finish()
    again = Bench(bench.flash, utc=START + 1000)
    assert again.meter.restored_at == START + 100
    assert again.meter.energy.totals == bench.meter.energy.totals
    assert all(total > 0 for total in again.meter.energy.totals)
    before = again.total("Wh.del.P")
    again.run(10)
    assert again.total("Wh.del.P") == pytest.approx(before + 10 * WH * 1e6, abs=2)


def test_a_blank_flash_starts_at_nothing():
    bench = Bench()
    assert bench.meter.restored_at is None and bench.meter.latest is None
    assert bench.meter.energy.totals == [0] * len(bench.meter.energy.totals)


def test_state_of_another_version_is_refused_with_a_reason():
    bench = Bench()
    Journal(bench.flash, 0, Bench.JOURNAL * Bench.SECTOR).save(b"\xfe" + bytes(100), START)
    with pytest.raises(StateError, match="254"):
        Bench(bench.flash)


@pytest.mark.feature("PWR-03")
def test_registers_are_stored_every_ten_minutes_and_at_each_record():
    bench = Bench(minutes=15)
    saved = []
    keep = bench.meter.engine.journal.save
    bench.meter.engine.journal.save = lambda state, now: (saved.append(now), keep(state, now))
    bench.run(3600)
    expected = sorted(
        {
            *range(START // 600 * 600 + 600, START + 3601, 600),
            *range(START // 900 * 900 + 900, START + 3601, 900),
        }
    )
    assert saved == expected


def test_a_cold_stop_goes_back_to_the_last_checkpoint_and_no_further():
    bench = Bench()
    bench.run(599)
    bench.run(400)
    crashed = Bench(bench.flash, utc=START + 1000)
    at = crashed.meter.restored_at
    assert at == max(t for t in range(START, START + 1000) if t % 600 == 0 or t % 900 == 0)
    assert crashed.total("Wh.del.P") == pytest.approx((at - START) * WH * 1e6, abs=2)


@pytest.mark.feature("LP-03")
def test_a_load_profile_of_an_hour_by_minutes_adds_up_to_the_registers():
    bench = Bench(minutes=1)
    bench.run(1200, lag=(40,) * 3)
    bench.run(1200, lag=(140,) * 3, amps=(2, 3, 4))
    bench.run(1200, lag=(250,) * 3)
    records = bench.records()
    assert [end for end, *_ in records] == list(range(START // 60 * 60 + 60, START + 3601, 60))
    for place, key in enumerate(("Wh.del.P", "Wh.rec.P", "VARh.del.P", "VARh.rec.P")):
        assert bench.total(key) > 0
        assert sum(values[place] for *_, values in records) * 1e6 == pytest.approx(bench.total(key), rel=1e-6)


def test_a_span_that_closes_an_interval_is_in_its_record():
    bench = Bench(minutes=1, utc=START // 60 * 60)
    bench.run(60)
    ((end, seconds, status, values),) = bench.records()
    assert (end % 60, seconds, status) == (0, 60, NORMAL)
    assert values[0] == pytest.approx(60 * WH, rel=1e-6)


def test_an_outage_closes_the_interval_and_the_records_still_add_up():
    bench = Bench(minutes=15)
    bench.run(500.4, each=0.2)
    bench.meter.finish()
    again = Bench(bench.flash, utc=START + 700, minutes=15)
    again.run(2000)
    records = again.records()
    assert [status for _, _, status, _ in records][:2] == [SHORT | POWER_FAIL, NORMAL | SHORT]
    assert records[0][0] == START + 500
    again.meter.finish()
    rest = Bench(again.flash, utc=START + 9999, minutes=15)
    assert sum(values[0] for *_, values in rest.records()) * 1e6 == pytest.approx(
        rest.total("Wh.del.P"), rel=1e-6
    )


@given(st.integers(1, 60))
@settings(max_examples=40)
def test_wherever_the_power_is_cut_records_and_registers_agree_afterwards(operations):
    bench = Bench(minutes=1)
    bench.flash.cut_after = operations
    with pytest.raises(PowerCut):
        bench.run(3600, each=1.0)
    bench.flash.restore_power()
    now = bench.meter.clock.second + 5
    again = Bench(bench.flash, utc=now, minutes=1)
    again.run(130)
    again.meter.finish()
    last = Bench(bench.flash, utc=now + 200, minutes=1)
    recorded = sum(values[0] for *_, values in last.records()) * 1e6
    assert recorded == pytest.approx(last.total("Wh.del.P"), rel=1e-5, abs=100)
    ends = [end for end, *_ in last.records()]
    assert ends == sorted(set(ends))


def test_single_precision_agrees_with_double_to_a_millionth():
    samples = three_phase(times(3.0) * 60.3, lag=(37.0,) * 3, harmonics=((5, 0.1),))
    double, single = (metered(samples, 2, dtype=kind) for kind in (np.float64, np.float32))
    for key in ("Wh.del.P", "VARh.q1.P", "VAh.del.A", "VAvh.del.P"):
        assert single.total(key) == pytest.approx(double.total(key), rel=1e-6)


def test_latest_is_the_average_of_the_last_second_and_a_half():
    bench = Bench()
    bench.run(1, each=0.25)
    assert bench.meter.latest is None
    bench.run(2, each=0.25)
    bench.run(0.75, each=0.25, amps=(1,) * 3)
    bench.run(0.75, each=0.25, amps=(3,) * 3)
    latest = bench.meter.latest
    assert (latest.half_cycles, latest.seconds) == (6, pytest.approx(1.5))
    assert latest.end == START + 4  # the last whole second
    assert latest.value(index("A.A")) == pytest.approx(5**0.5)
    # Volt-amperes are those of full cycles: the first half cycles still hold half of the current before.
    cycles = [13**0.5, 1, 1, 5**0.5, 3, 3]
    assert latest.value(index("VA.del.A")) == pytest.approx(120 * sum(cycles) / 6)
    bench.run(1.25, each=0.25)
    assert bench.meter.latest is latest
    assert latest.value(index("A.A")) == pytest.approx(5**0.5)
    bench.run(0.25, each=0.25)
    assert bench.meter.latest.value(index("A.A")) == pytest.approx(5.0)


@pytest.mark.parametrize("n", (1, 3, 120, 250))
def test_instantaneous_values_are_of_a_second_and_a_half_whatever_the_frames(n):
    bench = Bench()
    for _ in range(5):
        bench.run(n / 120, each=1 / 120, n=n)
        latest = bench.meter.latest
        assert latest is None or (latest.half_cycles, latest.seconds) == (180, pytest.approx(1.5))
    bench.run(2, each=1 / 120)
    assert bench.meter.latest.half_cycles == 180


def test_after_a_gap_instantaneous_values_are_of_the_last_second_and_a_half():
    bench = Bench()
    bench.run(3, each=0.5)
    assert bench.meter.latest.half_cycles == 3
    bench.meter.step(frame_of(1, seconds=0.5, start=int(9 * RATE), flags=GAP))
    assert bench.meter.latest.half_cycles == 0 and bench.meter.latest.value(index("V.A")) is None


def test_diagnostics_are_those_of_the_last_second_and_a_half():
    bench = Bench()
    assert bench.meter.diagnostics.state == 0
    bench.run(1, each=1 / 120, flags=CLIPPED)
    bench.run(0.5, each=1 / 120)
    assert bench.meter.diagnostics.state == CLIPPED
    bench.run(1.5, each=1 / 120)
    assert bench.meter.diagnostics.state == 0
    bench.run(1.5, each=1 / 120, volts=(120, 120, 0))
    assert bench.meter.diagnostics.state == MISSING
    counts = {bit: count for bit, count in bench.meter.diagnostics.counts.items() if count}
    assert counts == {CLIPPED: 1, MISSING: 1}


@pytest.mark.feature("MET-03")
def test_without_current_nothing_is_registered():
    samples = three_phase(times(3.0) * 60, amps=(0,) * 3, harmonics=((5, 0.05),))
    bench = metered(samples, 2)
    totals = bench.meter.energy.totals
    squares = totals[ROW_OF["V2"] :][:3]
    assert min(squares) > 119**2 * 2.9 / 3600 * 1e6
    without = totals[: ROW_OF["V2"]] + totals[ROW_OF["V2"] + 3 :]
    assert without == [0] * (len(totals) - 3)
    assert bench.meter.latest.value(index("V.A")) > 119


def test_energy_is_that_of_the_samples_to_ten_ppm():
    samples = three_phase(times(4.0) * 60, lag=(60.0,) * 3)
    bench = metered(samples, 2)
    half_cycles = sum(span[1] for span in bench.spans)
    expected = 900.0 * half_cycles * HALF / RATE
    exact = bench.meter.energy.exact(index("Wh.del.P")) * 3600
    assert exact == pytest.approx(expected, rel=1e-5)
    booked = sum(span[3][ROW_OF["W"] + 3] for span in bench.spans)
    assert exact == pytest.approx(booked, rel=1e-12)


def test_an_observer_is_optional():
    bench = Bench()
    meter = Meter(
        RATE,
        START,
        engine(
            Journal(Bench().flash, 0, Bench.JOURNAL * Bench.SECTOR),
            {"load_profile": bench.meter.load_profile.fifo},
        ),
        HalfCycles(),
    )
    meter.step(frame_of(2, seconds=1.0))
    assert meter.clock.second == START + 2 and meter.latest.half_cycles > 0
    assert meter.energy.value(index("Wh.del.P")) == pytest.approx(2 * WH * 1e6, abs=2)


@pytest.mark.feature("REG-04", "TOU-01")
def test_energy_goes_to_the_rate_in_force_to_the_half_cycle():
    # START is 22:15:00. Half cycles of 0.4 s: the one that passes 22:16:00 is the 150th, and still belongs to rate A.
    bench = Bench()
    settings = {
        "tou.days": (("all", "all", "00:00 A, 22:16 B"),),
        "registers.normal": tuple(
            {"id": k, "kind": "consumption", "quantity": "Wh.del.P", "rate": rate}
            for k, rate in enumerate("AB")
        ),
    }
    journal = Journal(bench.flash, 0, 4 * Bench.SECTOR)
    made = engine(journal, {"load_profile": bench.meter.load_profile.fifo}, settings)
    bench.meter = Meter(RATE, START, made, HalfCycles(dtype=np.float64), dtype=np.float64)
    bench.run(59.6, each=0.4)
    bench.run(0.8, each=0.4, n=2, amps=(10.0,) * 3)  # the 150th and 151st, of twice the power, in one frame
    bench.run(9.6, each=0.4)
    bench.meter.cut()
    a, b = [made.register(number).value() * 1e-6 for number in (0, 1)]
    assert a == pytest.approx((59.6 + 2 * 0.4) * WH, rel=1e-6)
    assert b == pytest.approx((9.6 + 2 * 0.4) * WH, rel=1e-6)
    assert round((a + b) * 1e6) == bench.total("Wh.del.P")
