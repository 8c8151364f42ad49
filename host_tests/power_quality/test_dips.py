"""Dips, swells and interruptions: from written-out half cycles by hand, and from waves within the limits of class A."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.config.schema import ConfigError, defaults, validate
from meter.metrology.connection import Connection
from meter.metrology.frame import GAP, STUCK, UNLOCKED
from meter.power_quality.builder import dips as built

from host_tests.harness import RATE, START, blocks, three_phase, times
from host_tests.power_quality.voltage_life import Life, metered

UDIN = 120.0
CYCLE = 1 / 60
WHOLE = (120.0, 120.0, 120.0)


def with_a(*volts):
    """Return half cycles in which A has these volts, B and C 120 V."""
    return [(v, 120.0, 120.0) for v in volts]


# By hand, half cycle by half cycle


@pytest.mark.parametrize("n", [1, 2, 3, 20])
def test_a_dip_has_the_lowest_highest_and_mean_of_its_half_cycles(n):
    volts = with_a(120, 120, 120, 120, 60, 60, 60, 60, 120, 120, 120, 120)
    amps = [(5.0, 5, 5)] * 4 + [(10.0, 5, 5)] * 4 + [(7.0, 5, 5)] * 4
    life = Life().run(volts, n, amps)
    # Urms(1/2) = sqrt((120^2 + 60^2) / 2) = 94.868 at both ends, 60 three times between; the next one is 120.
    edge = 94.86832980505137
    assert life.told() == [("dip", "A", 4, 9)]
    dip = life.events[0]
    assert dip.magnitude == pytest.approx(60)
    assert dip.volts == pytest.approx([60, edge, (2 * edge + 3 * 60) / 5], abs=1e-5)
    assert dip.amperes == pytest.approx([7, 10, (4 * 10 + 7) / 5], abs=1e-5)
    assert dip.power_factor == pytest.approx(1.0)
    assert dip.half_cycles == 5 and dip.microseconds == pytest.approx(5e6 / 120, abs=1)
    assert dip.start == (START, 33333) and dip.end == (START, 75000)
    assert (dip.nominal, dip.marks) == (120.0, "")


def test_a_swell_is_known_by_its_highest_value():
    life = Life().run(with_a(120, 120, 150, 150, 120, 120))
    assert life.told() == [("swell", "A", 2, 5)]
    assert life.events[0].magnitude == pytest.approx(150)


def test_an_event_ends_only_beyond_the_hysteresis():
    dip = [120] * 3 + [107] * 3 + [110] * 4 + [111] * 3  # levels 108 and 110.4
    swell = [120] * 3 + [133] * 3 + [130] * 4 + [129] * 3  # levels 132 and 129.6
    assert Life().run(with_a(*dip)).told() == [("dip", "A", 4, 10)]
    assert Life().run(with_a(*swell)).told() == [("swell", "A", 4, 10)]
    assert Life(hysteresis=0.0).run(with_a(*dip)).told() == [("dip", "A", 4, 6)]


def test_at_the_level_itself_nothing_begins():
    assert Life().run(with_a(120, *[108.0001] * 5, *[131.9999] * 5, 120)).told() == []


def test_a_dip_may_turn_into_a_swell_from_one_half_cycle_to_the_next():
    assert Life().run(with_a(120, 120, 60, 60, 200, 200, 120, 120)).told() == [
        ("dip", "A", 2, 4),
        ("swell", "A", 4, 7),
    ]


def test_an_interruption_is_of_all_phases_and_a_phase_alone_dips():
    alone = Life().run(with_a(120, 120, 0, 0, 0, 120, 120))
    assert alone.told() == [("dip", "A", 2, 6)] and alone.events[0].magnitude == 0
    together = Life().run([WHOLE] * 3 + [(0, 10, 20)] * 3 + [WHOLE] * 3)
    assert together.told() == [("interruption", phase, 3, 7) for phase in "ABC"]
    assert [event.magnitude for event in together.events] == [0, 10, 20]


def test_phases_without_voltage_from_the_start_neither_dip_nor_hinder_an_interruption():
    life = Life().run([(120, 0, 1.0)] * 3 + [(0, 0, 1)] * 3 + [(120, 0, 1)] * 3)
    assert life.told() == [("interruption", "A", 3, 7)]


def test_levels_are_settings():
    settings = validate(
        {
            "power_quality": {"dip": 80, "swell": 120, "interruption": 5, "hysteresis": 1},
            "service": {"nominal_voltage": 100},
        }
    )
    volts = (
        [(100, 100, 100)] * 3
        + [(85, 85, 85)] * 3
        + [(79, 79, 79)] * 3
        + [(80.5, 115, 115)] * 3
        + [(82, 115, 115)] * 3
    )
    life = Life()
    dips = built(settings)
    life.dips = dips
    dips.observers.append(life.events.append)
    life.run(volts)
    assert sorted(life.told()) == [("dip", "A", 7, 12), ("dip", "B", 7, 9), ("dip", "C", 7, 9)]
    with pytest.raises(ConfigError, match="power_quality.dip"):
        validate({"power_quality": {"dip": 0}})


def test_the_factory_levels_are_those_of_the_manual():
    settings = defaults()
    assert [settings["power_quality." + name] for name in ("dip", "swell", "interruption", "hysteresis")] == [
        90.0, 110.0, 50.0, 2.0,
    ]  # fmt: skip


# Starts, losses, ends


def test_nothing_before_the_first_voltage_is_an_event_and_neither_is_its_rise():
    assert Life().run([(0, 0, 0)] * 50 + [(70, 70, 70)] + [WHOLE] * 50).finish().told() == []


def test_a_meter_started_in_a_dip_tells_it_after_ten_cycles():
    life = Life().run(with_a(*[80] * 40, *[120] * 5))
    assert life.told() == [("dip", "A", 20, 41)]


def test_a_first_half_cycle_alone_says_nothing():
    for n in (1, 4):
        assert Life().run([(120, 120, 140)] + [WHOLE] * 7, n).told() == []


def test_an_event_that_goes_on_at_the_end_is_closed_and_marked():
    life = Life().run(with_a(120, 120, 60, 60, 60)).finish()
    assert life.told() == [("dip", "A", 2, 5)]
    assert life.events[0].marks == "unfinished"
    assert life.finish().told() == [("dip", "A", 2, 5)]  # once


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_half_cycle_behind_a_gap_is_not_joined_to_the_one_before(n):
    # 95 and 119 V would make a cycle of 107.7 V; 121 and 95 V make one of 108.8 V.
    before, after = with_a(*[120] * 4, 121, 95), with_a(119, *[120] * 4)
    assert Life().run(before, n).run(after, n).told() == [("dip", "A", 6, 7)]
    assert Life().run(before, n).run(after, n, flags=GAP).told() == []


def test_an_event_goes_on_over_a_gap_and_says_so():
    life = Life().run(with_a(120, 120, 60, 60)).run(with_a(60, 60, 60, 120, 120), 5, flags=GAP)
    assert life.told() == [("dip", "A", 2, 8)]
    assert life.events[0].marks == "samples lost"


def test_flags_of_the_frames_are_marks():
    life = Life().run(with_a(*[120] * 4)).run(with_a(60, 60, 120, 120), 4, flags=UNLOCKED | STUCK)
    assert life.events[0].marks == "no signal to track, a channel is stuck"


def test_a_clock_that_is_set_meanwhile_does_not_change_the_duration():
    life = Life().run(with_a(120, 120, 60, 60, 60))
    life.clock.set(START + 3600, 5 * 256)
    life.run(with_a(60, 120, 120, 120))
    assert life.events[0].microseconds == pytest.approx(5e6 / 120, abs=1)
    assert life.events[0].start[0] == START and life.events[0].end[0] == START + 3600


# Against a plain loop


def plain(values):
    """Return (kind, first, stop) of one voltage by the words of the standard. values: Urms(1/2), from the second on."""
    found, kind, start, watched, settled = [], None, 0, False, 0
    for k, u in enumerate(values, 1):
        settled = settled + 1 if u >= 60 else 0
        watched = watched or u >= 110.4 or settled >= 20
        if (kind == "dip" and u >= 110.4) or (kind == "swell" and u <= 129.6):
            found.append((kind, start, k))
            kind = None
        if watched and kind is None and not 108 <= u <= 132:
            kind, start = ("dip" if u < 108 else "swell"), k
    return found + ([(kind, start, len(values) + 1)] if kind else [])


@given(
    volts=st.lists(
        st.sampled_from([0, 40, 70, 100, 109, 112, 120, 128, 131, 140, 170]), min_size=2, max_size=60
    ),
    n=st.integers(1, 61),
)
def test_frames_of_any_length_give_the_events_of_a_plain_loop(volts, n):
    cycles = [((a * a + b * b) / 2) ** 0.5 for a, b in zip(volts, volts[1:])]
    life = Life().run(with_a(*volts), n).finish()
    assert [(kind, first, last) for kind, _, first, last in life.told()] == plain(cycles)


# Waves through the metrology


def waves(seconds=1.5, hz=60.0, channels=(0,), start=0.5, length=0.2, part=0.7, **options):
    t = times(seconds)
    samples = three_phase(t * hz, **options)
    during = (t >= start) & (t < start + length)
    for channel in channels:
        samples[channel, during] *= part
    return samples


@pytest.mark.parametrize("hz", [60.0, 59.3])
@pytest.mark.parametrize("start", [0.5, 0.5021, 0.5067])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.85, 1.15, 1.4])
def test_magnitude_is_within_a_fifth_percent_and_duration_within_a_cycle(hz, start, part, dtype):
    samples = waves(hz=hz, start=start, part=part)
    (event,) = metered(samples, dtype=np.dtype(dtype).type)
    assert (event.kind, event.phase) == ("dip" if part < 1 else "swell", "A")
    assert event.magnitude == pytest.approx(part * UDIN, abs=0.002 * UDIN)
    assert event.first / RATE == pytest.approx(start, abs=CYCLE)
    assert event.last / RATE == pytest.approx(start + 0.2, abs=CYCLE)
    assert event.microseconds * 1e-6 == pytest.approx(0.2, abs=CYCLE)


@pytest.mark.parametrize("part", [0.0, 0.04])
def test_an_interruption_is_found_without_a_signal_to_track(part):
    events = metered(waves(channels=(0, 1, 2, 3, 4, 5), part=part, length=0.5))
    assert [(event.kind, event.phase) for event in events] == [("interruption", phase) for phase in "ABC"]
    for event in events:
        assert event.magnitude == pytest.approx(part * UDIN, abs=0.002 * UDIN)
        assert event.microseconds * 1e-6 == pytest.approx(0.5, abs=CYCLE)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_frames_of_a_pico_find_what_long_frames_find(n):
    samples = waves(hz=59.97, channels=(1,), part=0.6)
    (short,), (long,) = metered(samples, n), metered(samples)
    assert (short.kind, short.phase, short.first, short.last) == (
        long.kind,
        long.phase,
        long.first,
        long.last,
    )
    assert short.volts == pytest.approx(long.volts, rel=1e-4)
    assert short.amperes == pytest.approx(long.amperes, rel=1e-4)


@pytest.mark.parametrize("lag, sign", [(60.0, 1), (-60.0, -1)])
def test_the_mean_power_factor_has_the_sign_of_the_meter(lag, sign):
    (event,) = metered(waves(lag=(lag,) * 3, length=0.5))
    assert event.power_factor == pytest.approx(sign * 0.5, abs=0.01)


def test_a_steady_signal_of_another_frequency_or_none_at_all_has_no_events():
    for hz in (57.0, 60.0, 63.0):
        assert metered(waves(hz=hz, part=1.0)) == []
    assert metered(np.zeros((6, int(RATE)))) == []


def test_switching_on_has_no_events():
    t = times(1.5)
    assert metered(three_phase(t * 60.0) * (t > 0.7031)) == []


def test_lost_samples_are_no_dip():
    samples = waves(part=1.0)
    chunks = list(blocks(samples[:, :20000], 4096)) + list(blocks(samples[:, 25000:], 4096, first=25000))
    assert metered(None, chunks=chunks) == []


# Connections


def test_three_wires_are_watched_from_line_to_line():
    t = times(1.5)
    phases = three_phase(t * 60.0, volts=(120 / 3**0.5,) * 3)
    phases[0, (t >= 0.5) & (t < 0.7)] *= 0.5
    samples = phases.copy()
    samples[0], samples[1], samples[2] = phases[0] - phases[1], 0, phases[2] - phases[1]
    events = metered(samples, connection=Connection("3-wire delta"))
    # |0.5 - 1 at 120 degrees| = sqrt(0.25 + 1 + 0.5) = 1.3229, of sqrt(3); BC stays whole
    assert [(event.kind, event.phase) for event in events] == [("dip", "AB"), ("dip", "CA")]
    for event in events:
        assert event.magnitude == pytest.approx(120 * 1.75**0.5 / 3**0.5, abs=0.002 * UDIN)
        assert event.power_factor > 0.8


def test_a_four_wire_delta_has_a_high_leg_and_no_swell():
    t = times(1.5)
    samples = three_phase(t * 60.0, volts=(120, 120 * 3**0.5, 120), angles=(0.0, 90.0, 180.0))
    assert metered(samples, connection=Connection("4-wire delta")) == []
    samples[:3, (t >= 0.5) & (t < 0.7)] *= 0.8
    events = metered(samples, connection=Connection("4-wire delta"))
    assert [(event.kind, event.phase, event.nominal) for event in events] == [
        ("dip", line, 240.0) for line in ("AB", "BC", "CA")
    ]
    assert [event.magnitude for event in events] == pytest.approx([192] * 3, abs=0.5)


def test_a_network_has_two_voltages():
    events = metered(waves(channels=(0, 1, 2), part=0.3), connection=Connection("network"))
    assert [(event.kind, event.phase) for event in events] == [("interruption", "A"), ("interruption", "C")]
