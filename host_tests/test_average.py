"""Instantaneous values are averages of 1.5 s, renewed every 1.5 s; registers are booked each second.

1.5 s is what the manual's Registers section says of instantaneous registers. Steps of the load are put into the meter
at known times, and what each value holds is worked out from how long each step was in its 1.5 s.
"""

import numpy as np
import pytest
from meter.access.access import Access
from meter.clock import TICKS, Clock
from meter.hal.sim.flash import Flash
from meter.meter import Meter
from meter.metrology.frame import GAP
from meter.metrology.half_cycles import HalfCycles
from meter.quantities import index
from meter.storage.fifo import Fifo
from meter.storage.journal import Journal

from host_tests.harness import engine
from host_tests.metrology.test_values import frames, three_wire

RATE = 30720.0
START = 1_700_000_100  # a multiple of 1.5 s from 1970
SECTOR = 4096


class Bench:
    """A Meter on a flash in memory, and what it said after every half cycle.

    renewed     (half cycles so far, the new Span's values) at each renewal
    booked      (half cycles so far, second, total) at each second
    """

    def __init__(self, utc=START, dtype=np.float64):
        flash = Flash(25 * SECTOR, SECTOR)
        profile = Fifo(flash, 9 * SECTOR, 16 * SECTOR, 0x4C)
        profile.mount()
        made = engine(Journal(flash, 0, 9 * SECTOR), {"load_profile": profile})
        self.meter = Meter(RATE, utc, made, HalfCycles(dtype=dtype), self._book, dtype)
        self._dtype = dtype
        self.halves = 0
        self.renewed, self.booked = [], []
        self.access = Access(self.meter, "1")

    def _book(self, span):
        self.booked.append((self.halves, span.end, span.half_cycles))

    def run(self, halves, n=1, hz=60.0, **load):
        """Meter so many half cycles of a load, n to a frame."""
        tones = three_wire(**load)
        for frame in frames(tones, halves, n, self._dtype, 0.5 / hz, first=self.halves):
            before, end = self.meter.latest, self.meter.latest and self.meter.latest.end
            frame.ends = [int(round((self.halves + k + 1) * RATE * 0.5 / hz)) for k in range(n)]
            self.halves += n
            self.meter.step(frame)
            latest = self.meter.latest
            if latest is not before or (latest and latest.end != end):
                self.renewed.append((self.halves, self.read("W.bi.P"), self.read("A.A"), latest.half_cycles))

    def read(self, key):
        return self.access.read(key)[0]


@pytest.mark.feature("REG-02")
def test_values_are_renewed_every_second_and_a_half(dtype):
    bench = Bench(dtype=dtype)
    assert bench.read("W.bi.P") is None and bench.read("V.A") is None
    bench.run(179)
    assert bench.read("W.bi.P") is None
    bench.run(1)
    assert bench.read("W.bi.P") == pytest.approx(1800, rel=1e-5)
    bench.run(720)
    assert [halves for halves, _, _, _ in bench.renewed] == [180, 360, 540, 720, 900]
    assert all(count == 180 for _, _, _, count in bench.renewed)


@pytest.mark.feature("REG-02")
def test_each_is_the_average_of_its_second_and_a_half(dtype):
    bench = Bench(dtype=dtype)
    # 5 A for 2 s, 1 A for 1 s, 3 A for 3 s: the second value has 0.5 s of 5 A and 1 s of 1 A.
    for seconds, amps in ((2, 5.0), (1, 1.0), (3, 3.0)):
        bench.run(seconds * 120, amps=(amps,) * 3)
    watts = [watts for _, watts, _, _ in bench.renewed]
    assert watts == pytest.approx([1800, (1800 + 2 * 360) / 3, 1080, 1080], rel=1e-5)
    amps = [amps for _, _, amps, _ in bench.renewed]
    assert amps == pytest.approx([5, ((25 + 2 * 1) / 3) ** 0.5, 3, 3], rel=1e-5)


def test_between_renewals_the_value_stands():
    bench = Bench()
    bench.run(180)
    bench.run(179, amps=(1.0,) * 3)
    assert bench.read("W.bi.P") == pytest.approx(1800, rel=1e-9)
    bench.run(1, amps=(1.0,) * 3)
    assert bench.read("W.bi.P") == pytest.approx(360, rel=1e-2)


@pytest.mark.feature("REG-03")
def test_registers_are_booked_each_second_independent_of_the_averages(dtype):
    bench = Bench(dtype=dtype)
    before = 0
    for second in range(1, 8):
        bench.run(119)
        assert bench.meter.energy.value(index("Wh.del.P")) == before
        bench.run(1)
        before = bench.meter.energy.value(index("Wh.del.P"))
        assert before == pytest.approx(second * 500_000, abs=2 + 5 * second)
    assert [(halves, end - START) for halves, end, _ in bench.booked] == [(120 * k, k) for k in range(1, 8)]


@pytest.mark.parametrize("n", (1, 2, 7, 60, 500))
def test_frames_of_any_length_are_cut_at_the_same_half_cycles(n):
    total = 7 * 500
    bench = Bench()
    bench.run(total, n)
    assert [count for _, _, count in bench.booked] == [120] * (total // 120)
    assert bench.meter.latest.half_cycles == 180
    assert bench.read("W.bi.P") == pytest.approx(1800, rel=1e-9)


@pytest.mark.parametrize("hz", (45.0, 50.0, 59.3, 65.0))
def test_at_other_frequencies_the_half_cycle_that_passes_the_tick_closes(hz):
    bench = Bench()
    bench.run(int(20 * hz), hz=hz)
    counts = [count for _, _, _, count in bench.renewed]
    assert len(counts) == 6
    assert all(abs(count - 3 * hz) <= 1 for count in counts) and abs(sum(counts) - 18 * hz) <= 1
    assert sum(count for _, _, count in bench.booked) <= 20 * hz + 1
    assert bench.read("Hz.A") == pytest.approx(hz, rel=1e-3)


@pytest.mark.parametrize("late", (1, 2))
def test_a_meter_that_starts_between_renewals_has_its_first_value_sooner(late):
    # Renewals are at multiples of 1.5 s of UTC, whenever the meter was switched on.
    bench = Bench(utc=START + late)
    bench.run(360)
    first = {1: 60, 2: 120}[late]
    assert [halves for halves, _, _, _ in bench.renewed][:2] == [first, first + 180]
    assert bench.renewed[0][3] == first
    assert bench.renewed[0][1] == pytest.approx(1800, rel=1e-9)


def test_the_flags_of_an_average_are_those_of_its_own_frames():
    bench = Bench()
    bench.run(180)
    for frame in frames(three_wire(), 2, 2, first=180, flags=GAP):
        frame.ends = [181 * 256, 182 * 256]
        bench.meter.step(frame)
    bench.halves += 2
    bench.run(178)
    assert bench.meter.latest.flags == GAP and bench.meter.diagnostics.state == GAP
    bench.run(180)
    assert bench.meter.latest.flags == 0 and bench.meter.diagnostics.state == 0


def test_the_end_of_an_average_is_the_second_that_has_passed():
    bench = Bench()
    bench.run(180)
    assert bench.meter.latest.end == START + 1
    bench.run(180)
    assert bench.meter.latest.end == START + 3


def test_no_joule_is_lost_between_averages_seconds_and_the_end(dtype):
    bench = Bench(dtype=dtype)
    bench.run(1000, amps=(2.0,) * 3)
    bench.run(333, amps=(4.0,) * 3, lag=(200,) * 3)
    bench.meter.finish()
    joules = 3 * 240 * 1000 / 120, 3 * 480 * np.cos(np.radians(20)) * 333 / 120
    for key, wanted in (("Wh.del.P", joules[0]), ("Wh.rec.P", joules[1])):
        # The cycle on the border belongs to one of both.
        assert bench.meter.energy.exact(index(key)) * 3600 == pytest.approx(wanted, abs=13)
    assert bench.meter.energy.exact(index("Wh.net.P")) * 3600 == pytest.approx(
        joules[0] - joules[1], rel=1e-5
    )


def test_ticks_are_halves_of_a_second_and_never_skipped():
    clock = Clock(RATE, START)
    seen = [tick for _, tick in clock.cuts([15359, 15360, 100_000])]
    assert TICKS == 2
    assert [tick - START * 2 for tick in seen] == [1, 2, 3, 4, 5, 6]
    assert clock.second == START + 3
