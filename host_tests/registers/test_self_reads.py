"""Self-reads: each trigger at its instants, 96 kept, values, health, and nothing lost or repeated by a restart."""

import pytest
from meter.registers.self_read import KEPT, TRIGGERS

from host_tests.register_life import HOUR, MICRO, MINUTE, RegisterLife, entry

ENERGY = entry("consumption", "Wh.del.P", self_read=True)
DAY = 86400
MIDNIGHT = HOUR + 3600  # of Wednesday, 2023-11-15


def minutes(step, count, first=None):
    first = step if first is None else first
    return [HOUR + (first + k * step) * MINUTE for k in range(count)]


EXPECTED = {  # over 100 minutes
    "none": [],
    "subinterval": minutes(5, 20),
    "interval": minutes(15, 6),
    "hourly": minutes(60, 2, 7),
    "daily": [HOUR + 67 * MINUTE],
    "weekly": [HOUR + 67 * MINUTE],
    "monthly": [HOUR + 67 * MINUTE],
    "billing period reset": [HOUR + 30 * MINUTE, HOUR + 80 * MINUTE],
}
# Of the schedules: seven past every hour; 00:07, Wednesdays, on the 15th.
WHEN = {"self_read.time": "00:07", "self_read.weekday": "Wed", "self_read.day": 15}


@pytest.mark.feature("BIL-03")
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_each_trigger_reads_at_its_instants(trigger):
    settings = {"self_read.kind": trigger, "demand.interval": 15, "demand.subinterval": 5, **WHEN}
    life = RegisterLife(ENERGY, settings=settings)
    life.run(30, 600)
    life.reset()
    life.run(50, 600)
    life.reset()
    life.run(20, 600)
    found = life.self_reads()
    assert [one.time for one in found] == EXPECTED[trigger]
    assert {one.trigger for one in found} <= {trigger}
    assert [one.values for one in found] == [
        ((0, (time - HOUR) // MINUTE * 10 * MICRO),) for time in EXPECTED[trigger]
    ]


@pytest.mark.feature("BIL-03")
def test_the_newest_96_are_kept_and_read_from_an_entry_on():
    life = RegisterLife(
        ENERGY, settings={"self_read.kind": "subinterval", "demand.interval": 1, "demand.subinterval": 1}
    )
    life.run(1000)
    found = life.self_reads()
    assert len(found) == KEPT == 96
    assert [one.time for one in found] == [HOUR + k * MINUTE for k in range(905, 1001)]
    assert [one.entry for one in life.engine.self_reads.records(found[90].entry)] == [
        one.entry for one in found[90:]
    ]


@pytest.mark.feature("BIL-03")
def test_a_record_has_health_and_sixteen_values_of_every_kind():
    kinds = [
        entry("consumption", "Wh.net.P"), entry("maximum", "W.del.P"), entry("peak demand", "W.del.P"),
        entry("time of peak demand", "W.del.P"), entry("minimum", "W.del.P", "previous day"), entry("status", "rate"),
        entry("average", "W.del.P"), entry("time", "present time"),
    ]  # fmt: skip
    entries = [
        {**kind, "id": first + k, "self_read": True} for first in (0, 100) for k, kind in enumerate(kinds)
    ]
    life = RegisterLife(
        *entries, entry("maximum", "V.A", id=9), settings={"self_read.kind": "billing period reset"}
    )
    life.run(15, {"W.rec.P": 400, "W.del.P": 800})
    life.engine.show(life.engine.bank.latest, health=0x12345678)
    life.reset()
    (one,) = life.self_reads()
    assert one.health == 0x12345678
    values = [100 * MICRO, 800.0, 800 * MICRO, HOUR + 900, None, None, 800.0, HOUR + 900]
    assert one.values == tuple((first + k, value) for first in (0, 100) for k, value in enumerate(values))


@pytest.mark.feature("BIL-03")
def test_the_values_are_those_of_the_period_that_a_reset_ends():
    life = RegisterLife(
        entry("peak demand", "W.del.P", self_read=True), settings={"self_read.kind": "billing period reset"}
    )
    life.run(15, 700)
    life.reset()
    assert (life.value(), life.self_reads()[0].values) == (0, ((0, 700 * MICRO),))


@pytest.mark.feature("BIL-03")
def test_an_outage_over_several_instances_gives_one_self_read_and_a_restart_none_again():
    life = RegisterLife(ENERGY, settings={"self_read.kind": "hourly"})
    life.run(60, 1000)
    life.restart(5 * 3600 + 1)
    life.restart(1)
    assert [one.time for one in life.self_reads()] == [MIDNIGHT, MIDNIGHT + 5 * 3600 + 1]


@pytest.mark.feature("BIL-03")
def test_with_external_pulses_a_self_read_follows_each_interval_that_they_end():
    settings = {
        "self_read.kind": "interval",
        "demand.sync": True,
        "demand.interval": 15,
        "demand.subinterval": 5,
    }
    life = RegisterLife(ENERGY, settings=settings)
    times = []
    for _ in range(7):
        life.run(4)
        life.engine.resynchronise(life.now)
        times.append(life.now)
    assert [one.time for one in life.self_reads()] == [times[2], times[5]]


@pytest.mark.feature("BIL-03")
def test_records_are_erased_when_self_reads_are_turned_off():
    life = RegisterLife(ENERGY, settings={"self_read.kind": "hourly"})
    life.run(60, 1000)
    life.restart(0, {"self_read.kind": "none"})
    life.run(120, 1000)
    assert list(life.self_reads()) == []
