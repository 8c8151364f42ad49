"""A whole meter with both load profiles: each with its own interval, averages, events, and over restarts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.hal.sim.flash import Flash, PowerCut
from meter.meter import Meter
from meter.metrology.half_cycles import HalfCycles
from meter.registers.load_profile_record import FREEZE, NORMAL, POWER_FAIL, SHORT, TIME_SET
from meter.storage.fifo import Fifo
from meter.storage.journal import Journal

from host_tests.harness import RATE, START, engine, frame_of

SECTOR = 4096
WH = 1800 / 3600  # a second of the default load, delivered


class Bench:
    """A Meter with both load profiles over a flash: energy each minute, and volts, hertz and counts each 5 minutes."""

    def __init__(self, flash=None, utc=START, second=True):
        self.flash = flash or Flash(25 * SECTOR, SECTOR)
        fifos = []
        for place, kind in ((9, 0x4C), (17, 0x4D)):
            fifos.append(Fifo(self.flash, place * SECTOR, 8 * SECTOR, kind))
            fifos[-1].mount()
        channels = ("V.A", "Hz.A", "Wh.del.P")
        settings = {
            "load_profile_2.channels": channels if second else (),
            "load_profile_2.interval": 5,
            "load_profile_2.format": "counts",
            "load_profile_2.km": (0.1, 0.01, 0.7),
        }
        profiles = {"load_profile": fifos[0], "load_profile_2": fifos[1]}
        journal = Journal(self.flash, 0, 9 * SECTOR)
        made = engine(journal, profiles, settings, channels=("Wh.del.P",), interval=1)
        self.meter = Meter(RATE, utc, made, HalfCycles(dtype=np.float64), dtype=np.float64)
        self._sample = self._half_cycles = 0

    def run(self, seconds, each=1.0, **load):
        for _ in range(int(round(seconds / each))):
            frame = frame_of(1, seconds=each, start=self._sample, first=self._half_cycles % 2, **load)
            self._sample = frame.ends[-1]
            self._half_cycles += 1
            self.meter.step(frame)

    def records(self, place):
        return list(self.meter.load_profiles[place].records())


@pytest.mark.feature("LP-01")
def test_each_group_has_its_own_interval_channels_and_format():
    bench = Bench()
    bench.run(150, volts=(120.0,) * 3)
    bench.run(150, volts=(110.0,) * 3)
    assert [record.end for record in bench.records(0)] == [START + 60 * k for k in range(1, 6)]
    (record,) = bench.records(1)
    volts, hertz, counts = record.values
    assert volts == pytest.approx(1150, abs=2) and hertz == 50  # half cycles of a second: 0.5 Hz
    assert counts * 700_000 <= bench.meter.energy.totals[3] < (counts + 1) * 700_000
    assert record.status == NORMAL


@pytest.mark.feature("LP-03")
def test_an_event_ends_the_records_of_both_groups_with_what_is_metered_so_far():
    bench = Bench()
    bench.run(30.5, each=0.5)
    bench.meter.engine.freeze(bench.meter.cut())
    bench.run(30, each=0.5)
    for place in (0, 1):
        assert bench.records(place)[0].status == FREEZE | SHORT
        assert bench.records(place)[0].end == START + 30
    assert bench.records(0)[0].values[0] == pytest.approx(30.5 * WH, rel=1e-3)


@pytest.mark.feature("LP-03")
def test_setting_the_clock_ends_the_records_and_the_next_go_on_from_the_new_time():
    bench = Bench()
    bench.run(30)
    bench.meter.set_time(START + 3610)
    bench.run(50)
    one, two = bench.records(0)
    assert (one.status, one.end, one.until) == (TIME_SET | SHORT, START + 30, START + 3610)
    assert (two.status, two.start, two.end) == (NORMAL | SHORT, START + 3610, START + 3660)
    assert one.values[0] + two.values[0] == pytest.approx(80 * WH, rel=1e-3)


def test_the_second_group_can_come_and_go():
    bench = Bench(second=False)
    bench.run(90)
    bench.meter.finish()
    bench = Bench(bench.flash, START + 200)
    bench.run(400)
    assert bench.records(1)[0].end == START + 300
    bench.meter.finish()
    bench = Bench(bench.flash, START + 700, second=False)
    bench.run(100)
    assert len(bench.meter.load_profiles) == 1


@pytest.mark.feature("LP-03")
def test_an_outage_ends_the_records_of_both_groups():
    bench = Bench()
    bench.run(90)
    bench.meter.finish()
    again = Bench(bench.flash, START + 1000)
    for place in (0, 1):
        last = again.records(place)[-1]
        assert (last.status, last.end, last.until) == (POWER_FAIL | SHORT, START + 90, START + 1000)
    assert again.records(1)[0].values[0] == pytest.approx(1200, abs=1)


@given(st.integers(1, 90))
@settings(max_examples=30)
def test_wherever_the_power_is_cut_both_groups_agree_with_the_register(operations):
    bench = Bench()
    bench.flash.cut_after = operations
    with pytest.raises(PowerCut):
        for _ in range(40):
            bench.run(47)
            bench.meter.engine.freeze(bench.meter.cut())
    bench.flash.restore_power()
    again = Bench(bench.flash, bench.meter.clock.second + 5)
    again.run(400)
    again.meter.finish()
    last = Bench(bench.flash, again.meter.clock.second + 5)
    total = last.meter.energy.totals[3]
    assert sum(record.values[0] for record in last.records(0)) * 1e6 == pytest.approx(
        total, rel=1e-5, abs=100
    )
    assert sum(record.values[2] for record in last.records(1)) == total // 700_000
