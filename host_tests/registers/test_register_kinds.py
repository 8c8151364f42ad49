"""Every kind of register with every storage type it may have, over two hours that can be computed by hand.

23:00   4000 W, 3000 var, 5000 VA
23:30   8000 W,  500 var, 8000 VA       23:37:30 billing period reset
00:00   2000 W,  100 var, 4000 VA       a new day, and a new season
00:30   6000 W,  700 var, 8000 VA
01:00   1000 W,   50 var, 2000 VA       looked at: 01:07:30, in the middle of a demand interval of 15 minutes
"""

import pytest
from meter.registers.definition import KINDS, STORAGES

from host_tests.register_life import HOUR, MICRO, MINUTE, RegisterLife, entry

SEASONS = {
    "tou.seasons": ["06-01", "11-15"],
    "tou.days": [["all", "all", "00:00 A"]],
}
STORAGE_NAMES = tuple(row[0] for row in STORAGES)
WORKING, BILLING, SEASON, PREVIOUS_HOUR, DAY, CUMULATIVE, CONTINUOUS = STORAGE_NAMES


def load(watts, vars_, va):
    return {"W.del.P": watts, "VAR.q1.P": vars_, "VA.del.P": va}


def lived(*entries, settings=None):
    life = RegisterLife(*entries, settings={**SEASONS, **(settings or {})})
    life.run(30, load(4000, 3000, 5000))
    life.run(7.5, load(8000, 500, 8000))
    life.reset()
    life.run(22.5, load(8000, 500, 8000))
    life.run(30, load(2000, 100, 4000))
    life.run(30, load(6000, 700, 8000))
    life.run(7.5, load(1000, 50, 2000))
    return life


def thermal(value, watts, minutes):
    """Ninety per cent of a step in 15 minutes."""
    return watts + (value - watts) * 10 ** (-minutes / 15)


T_2337 = thermal(thermal(0, 4000, 30), 8000, 7.5)
T_MIDNIGHT = thermal(T_2337, 8000, 22.5)
T_ONE = thermal(thermal(T_MIDNIGHT, 2000, 30), 6000, 30)
T_NOW = thermal(T_ONE, 1000, 7.5)

AT_2315, AT_2337, AT_2345 = HOUR + 15 * MINUTE, HOUR + 2250, HOUR + 45 * MINUTE
MIDNIGHT, AT_0045, NOW = HOUR + 60 * MINUTE, HOUR + 105 * MINUTE, HOUR + 7650

# kind, quantity: values by storage type, in the order of STORAGES
EXPECTED = {
    ("consumption", "Wh.del.P"): [10125 * MICRO, 3000 * MICRO, 6000 * MICRO, 4000 * MICRO, 6000 * MICRO],
    ("instantaneous", "W.del.P"): [1000.0],
    ("minimum", "W.del.P"): [1000.0, 4000.0, 8000.0, 2000.0, 4000.0],
    ("maximum", "VAR.q1.P"): [700.0, 3000.0, 500.0, 700.0, 3000.0],
    ("average", "W.del.P"): [7125 / 1.5, 3000 / 0.625, 8000.0, 4000.0, 6000.0],
    ("average PF", "PF.del.P"): [7125 / 9250, 3000 / 3500, 1.0, 4000 / 6000, 6000 / 6500],
    ("present demand", "W.del.P"): [500 * MICRO, 4000 * MICRO, 0, 0, 0],
    ("past demand", "W.del.P"): [6000 * MICRO, 4000 * MICRO, 8000 * MICRO, 6000 * MICRO, 8000 * MICRO],
    ("predicted demand", "W.del.P"): [1000 * MICRO],
    ("peak demand", "W.del.P"): [
        8000 * MICRO, 4000 * MICRO, 8000 * MICRO, 6000 * MICRO, 8000 * MICRO, 4000 * MICRO, 12000 * MICRO,
    ],
    ("time of peak demand", "W.del.P"): [AT_2345, AT_2315, AT_2345, AT_0045, AT_2345],
    ("coincident demand", "VAR.q1.P"): [500 * MICRO, 3000 * MICRO, 500 * MICRO, 700 * MICRO, 500 * MICRO],
    ("coincident demand", "PF.del.P"): [MICRO, 800000, MICRO, 750000, MICRO],
    ("thermal demand", "W.del.P"): [T_NOW, T_2337, T_MIDNIGHT, T_ONE, T_MIDNIGHT],
    # After a reset the peak is the thermal demand of that moment: it cannot fall at once.
    ("peak thermal demand", "W.del.P"): [
        T_MIDNIGHT, T_2337, T_MIDNIGHT, T_MIDNIGHT, T_MIDNIGHT, T_2337, T_2337 + T_MIDNIGHT,
    ],
    ("time of peak thermal demand", "W.del.P"): [MIDNIGHT, AT_2337, MIDNIGHT, MIDNIGHT, MIDNIGHT],
    ("time", "present time"): [NOW],
    ("status", "rate"): ["A"],
}  # fmt: skip
ROWS = [
    (kind, quantity, STORAGE_NAMES[place], value)
    for (kind, quantity), values in EXPECTED.items()
    for place, value in enumerate(values)
]


@pytest.fixture(scope="module")
def all_together():
    """All registers of the table at once, on two meters: they share what they are made of."""
    lives = [lived(*[entry(*row[:3]) for row in ROWS[first : first + 40]]) for first in (0, 40)]
    return [value for life in lives for value in life.values()]


def test_the_table_has_every_kind_with_every_storage_type_that_it_allows():
    allowed = {(row[0], storage) for row in KINDS for storage in STORAGE_NAMES[: row[3]]}
    assert {(row[0], row[2]) for row in ROWS} == allowed and 40 < len(ROWS) < 80


def same(found, expected):
    return found == (pytest.approx(expected, rel=1e-9) if isinstance(expected, float) else expected)


@pytest.mark.feature("REG-03", "REG-05", "REG-06", "REG-07", "DEM-03", "DEM-04", "BIL-01")
@pytest.mark.parametrize("place", range(len(ROWS)), ids=[f"{row[0]}-{row[2]}-{row[1]}" for row in ROWS])
def test_a_register_of_each_kind_and_storage_type_shows_what_was_computed_by_hand(all_together, place):
    expected = ROWS[place][3]
    assert type(all_together[place]) is type(expected)
    assert same(all_together[place], expected), all_together[place]


@pytest.mark.feature("REG-05")
@pytest.mark.parametrize("storage", (BILLING, SEASON, PREVIOUS_HOUR, DAY))
@pytest.mark.parametrize("kind, quantity", [key for key in EXPECTED if len(EXPECTED[key]) > 1])
def test_before_its_event_a_register_has_no_value(kind, quantity, storage):
    life = RegisterLife(entry(kind, quantity, storage))
    life.run(40, load(4000, 3000, 5000))
    assert life.value() is None


def test_cumulative_registers_begin_at_zero():
    life = RegisterLife(
        entry("peak demand", "W.del.P", CUMULATIVE),
        entry("peak demand", "W.del.P", CONTINUOUS),
        entry("peak thermal demand", "V.A", CUMULATIVE),
        entry("peak thermal demand", "V.A", CONTINUOUS),
    )
    assert life.values() == [0, 0, 0.0, 0.0]
    life.run(15, {"W.del.P": 4000, "V2.A": 14400})
    assert life.values() == [0, 4000 * MICRO, 0.0, 120.0]


@pytest.mark.feature("BIL-01", "REG-06", "REG-07")
def test_a_billing_period_reset_clears_peaks_extremes_and_averages_and_nothing_else():
    kinds = [
        ("peak demand", "W.del.P"), ("time of peak demand", "W.del.P"), ("minimum", "W.del.P"),
        ("maximum", "W.del.P"), ("average", "W.del.P"), ("average PF", "PF.del.P"), ("consumption", "Wh.del.P"),
        ("past demand", "W.del.P"), ("present demand", "W.del.P"), ("coincident demand", "VAR.q1.P"),
    ]  # fmt: skip
    life = RegisterLife(*[entry(*kind) for kind in kinds])
    life.run(22.5, load(4000, 3000, 5000))
    life.reset()
    assert life.values() == [
        0, None, None, None, None, None, 1500 * MICRO, 4000 * MICRO, 2000 * MICRO, 0
    ]  # fmt: skip


@pytest.mark.feature("BIL-01", "DEM-03")
def test_cumulative_adds_the_peak_of_each_period_and_continuous_also_shows_the_running_one():
    life = RegisterLife(
        entry("peak demand", "W.del.P", CUMULATIVE), entry("peak demand", "W.del.P", CONTINUOUS)
    )
    for watts in (4000, 1000, 3000):
        life.run(15, watts)
        before = life.value(1)
        life.reset()
        assert life.value(1) == before
    life.run(15, 500)
    assert life.values() == [8000 * MICRO, 8500 * MICRO]


@pytest.mark.feature("DEM-03")
def test_another_billing_rule_begins_cumulative_registers_anew_and_nothing_else():
    kinds = [
        ("peak demand", CUMULATIVE),
        ("peak demand", CONTINUOUS),
        ("peak demand", BILLING),
        ("peak demand", WORKING),
    ]
    life = RegisterLife(*[entry(kind, "W.del.P", storage) for kind, storage in kinds])
    life.run(15, 4000)
    life.reset()
    life.run(15, 1000)
    life.restart(1)
    assert life.values() == [4000 * MICRO, 5000 * MICRO, 4000 * MICRO, 1000 * MICRO]
    life.restart(1, {"billing.reset.kind": "monthly"})
    assert life.values() == [0, 1000 * MICRO, 4000 * MICRO, 1000 * MICRO]


@pytest.mark.feature("DEM-04")
def test_coincident_registers_tell_of_the_same_peak_as_the_peak_register():
    life = RegisterLife(
        entry("coincident demand", "VAR.q1.P"),
        entry("peak demand", "W.del.P"),
        entry("coincident demand", "PF.del.P"),
        entry("coincident demand", "VA.del.P"),
    )
    life.run(15, load(4000, 3000, 5000))
    life.preset(1, 3000 * MICRO)  # what was coincident stays, until there is a higher peak
    assert life.values() == [3000 * MICRO, 3000 * MICRO, 800000, 5000 * MICRO]
    life.run(15, load(3500, 100, 7000))
    assert life.values() == [100 * MICRO, 3500 * MICRO, 500000, 7000 * MICRO]


# Rates: 10 minutes each for A to H from 00:00 on.

RATES = "ABCDEFGH"
TEN_MINUTES = {
    "tou.days": [["all", "all", ", ".join(f"{k // 6:02}:{k % 6}0 {rate}" for k, rate in enumerate(RATES))]],
    "demand.interval": 10,
    "demand.subinterval": 10,
}


@pytest.mark.feature("REG-04")
def test_a_register_of_a_rate_counts_only_while_that_rate_is_in_force():
    names = ("total", *RATES)
    life = RegisterLife(
        *[entry("consumption", "Wh.del.P", rate=name) for name in names],
        *[entry("peak demand", "W.del.P", rate=name) for name in names],
        *[entry("average PF", "PF.del.P", rate=name) for name in names],
        *[entry("time of peak demand", "W.del.P", rate=name) for name in names],
        start=MIDNIGHT,
        settings=TEN_MINUTES,
    )
    for k in range(8):
        life.run(10, load(600 * (k + 1), 100, 6000))
    values = life.values()
    assert values[:9] == [3600 * MICRO] + [100 * (k + 1) * MICRO for k in range(8)]
    assert values[9:18] == [4800 * MICRO] + [600 * (k + 1) * MICRO for k in range(8)]
    assert values[18:27] == pytest.approx([3600 / 8000] + [0.1 * (k + 1) for k in range(8)])
    assert values[27:] == [MIDNIGHT + 4800] + [MIDNIGHT + 600 * (k + 1) for k in range(8)]


@pytest.mark.feature("REG-04")
def test_a_coincident_demand_and_power_factor_of_a_rate_are_those_of_its_peak():
    life = RegisterLife(
        entry("coincident demand", "VAR.q1.P", rate="A"),
        entry("coincident demand", "PF.del.P", rate="B"),
        start=MIDNIGHT,
        settings=TEN_MINUTES,
    )
    life.run(10, load(3000, 420, 6000))
    life.run(10, load(4500, 700, 6000))
    life.run(10, load(9000, 900, 9000))
    assert life.values() == [420 * MICRO, 750000]


# Compensated and uncompensated, phases, net values.


@pytest.mark.feature("REG-11")
def test_compensated_and_uncompensated_registers_count_side_by_side():
    life = RegisterLife(
        entry("consumption", "Wh.del.P"), entry("consumption", "Wch.del.P"), entry("peak demand", "Wc.del.P"),
        entry("maximum", "Wc.del.P"), entry("average PF", "PFc.del.P"),
    )  # fmt: skip
    life.run(60, {"W.del.P": 1000, "Wc.del.P": 1100, "VAc.del.P": 2200})
    assert life.values() == [1000 * MICRO, 1100 * MICRO, 1100 * MICRO, 1100.0, 0.5]


@pytest.mark.feature("REG-03")
def test_net_and_absolute_and_phase_values():
    keys = ("Wh.net.P", "Wh.abs.P", "Wh.rec.P", "Wh.del.A", "VARh.del.P", "VARh.net.P", "V2h.A", "Ah.avg")
    life = RegisterLife(*[entry("consumption", key) for key in keys], entry("peak demand", "W.bi.P"))
    flows = {
        "W.del.P": 1000,
        "W.rec.P": 4000,
        "W.del.A": 700,
        "VAR.q2.P": 30,
        "VAR.q3.P": 50,
        "V2.A": 9,
        "A.B": 6,
    }
    life.run(60, flows)
    assert life.values() == [value * MICRO for value in (-3000, 5000, 4000, 700, 30, -20, 9, 2, -3000)]
