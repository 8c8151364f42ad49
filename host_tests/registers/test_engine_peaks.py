"""Peaks are never below any interval's demand, and a power cut at any flash operation changes none of what must hold.

There is no Nvram: after a cut the meter goes on from its last checkpoint, which is at most ten minutes old.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.calendar import utc
from meter.hal.sim.flash import PowerCut
from meter.registers import load_profile_record as marks

from host_tests.engine_life import EngineLife, register

HOUR = 3600
RATES = tuple(register(10 + k, rate=name) for k, name in enumerate("ABC"))
CONFIG = {
    "registers.normal": (
        register(1),
        register(2, "W.del.P", "peak demand"),
        register(3, "W.del.P", "peak demand", storage="continuous cumulative"),
        *RATES,
    ),
    "clock.zone": "CET-1CEST,M3.5.0,M10.5.0/3",
    "tou.days": (("all", "all", "00:00 A, 06:00 B, 22:00 C"),),
    "demand.interval": 15,
    "demand.subinterval": 15,
}
MOST_LOST = 11 * 7  # Wh: of the minutes since a checkpoint, and the one that was cut
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.integers(1, 4 * HOUR)),
        st.tuples(st.just("cut"), st.integers(1, 60)),
        st.tuples(st.just("set"), st.integers(-8 * HOUR, 8 * HOUR)),
        st.tuples(st.sampled_from(["freeze", "off"]), st.integers(1, HOUR)),
    ),
    max_size=12,
)


def cut(one, operations):
    """Meter until the power fails in this flash operation, and start again a minute later."""
    one.flash.cut_after = operations
    try:
        one.run(one.now + 6 * HOUR)
    except PowerCut:
        pass
    one.flash.cut_after = None
    one.flash.restore_power()
    total = one.value(1)
    again = one.restart(one.now + 60, settings=CONFIG)
    assert total - MOST_LOST <= again.value(1) <= total
    return again


@pytest.mark.feature("DEM-03", "REG-04")
@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_peaks_reach_every_interval_and_a_cut_anywhere_changes_nothing(steps):
    one = EngineLife(utc(2024, 10, 26, 20), CONFIG)
    peak = 0
    for what, amount in steps:
        total = one.value(1)
        if what == "run":
            one.run(one.now + amount)
        elif what == "cut":
            one = cut(one, amount)
            total -= MOST_LOST
        elif what == "set":
            one.set_time(one.now + amount)
        elif what == "off":
            one.engine.checkpoint(one.now)
            one = one.restart(one.now + amount, settings=CONFIG)
        else:
            one.engine.freeze(one.now)
        assert one.value(1) >= total
        assert sum(one.value(10 + k) for k in range(3)) == one.value(1)
        records = one.records()
        assert sum(record.values[0] for record in records) <= one.value(1) + 1e-6
        whole = [record.values[0] for record in records if not record.status & marks.SHORT]
        peak = max([peak] + [round(4_000_000 * value) for value in whole])
        assert one.value(2) >= peak
        assert one.value(3) == one.value(2)
