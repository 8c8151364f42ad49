"""Frames cut from the sample stream: frequency, boundaries, loss of signal, gaps, and how blocks and frames may fall.

Tolerances: 1 mHz and, for mean squares over whole frames, 1e-4, a fifth of the class 0.05 % limits.
"""

from math import sqrt

import numpy as np
import pytest
from meter.metrology.frame import CLIPPED, GAP, UNLOCKED
from meter.metrology.tracking import CHANNELS
from meter.quantities import START

from host_tests.harness import RATE, SCALES, Run, blocks, noise, run, sine, three_phase, times

SETTLED = 20  # half cycles from the start
ENDING = 10  # half cycles at the end that a finished recording carries on from its last window
HARMONICS = ((3, 0.1), (5, 0.1), (7, 0.05))
DISTORTION = 1 + 0.1**2 + 0.1**2 + 0.05**2  # of squares and powers
LENGTHS = (1, 2, 7, 120)  # half cycles to a frame


def noisy(cycles, **options):
    samples = three_phase(cycles, harmonics=HARMONICS, **options)
    return samples + noise(samples.shape, 1.0) * np.array([[0.12]] * 3 + [[0.005]] * 3)  # 0.1 %


@pytest.mark.parametrize(
    "nominal, hz",
    [(50, f) for f in (45.0, 47.3, 50.0, 50.02, 55.0)] + [(60, f) for f in (55.0, 59.95, 60.0, 62.7, 65.0)],
)
@pytest.mark.feature("MET-05")
def test_frequency_is_right_to_a_millihertz_with_noise_and_harmonics(nominal, hz, dtype):
    rate = 512.0 * nominal
    found = run(noisy(times(1.6, rate) * hz), 3072, rate=rate, nominal=nominal, dtype=dtype)
    last = len(found.ends) - ENDING
    for first in range(SETTLED, last - 2 * nominal, 5):
        assert found.hz(first, first + 2 * nominal) == pytest.approx(hz, abs=0.001)
    assert set(found.flags[2:]) == {0}


@pytest.mark.parametrize("hz", (55.0, 58.37, 60.0, 61.2, 65.0))
@pytest.mark.parametrize("half_cycles", LENGTHS)
def test_volts_amps_and_watts_are_right_off_the_nominal_frequency(hz, half_cycles, dtype):
    samples = noisy(times(1.0) * hz, lag=(30.0,) * 3)
    found = run(samples, 3072, half_cycles=half_cycles, dtype=dtype, skip=SETTLED)
    rms = sqrt(DISTORTION)
    for phase in "ABC":
        assert found.value("V." + phase) == pytest.approx(120 * rms, rel=1e-4)
        assert found.value("A." + phase) == pytest.approx(5 * rms, rel=1e-4)
    cosines = sum(k * np.cos(h * np.pi / 6) for h, k in ((1, 1), (3, 0.01), (5, 0.01), (7, 0.0025)))
    assert found.value("W.bi.P") == pytest.approx(1800 * cosines, rel=1e-4)


def test_boundaries_are_the_zero_crossings_of_phase_a():
    found = run(three_phase(times(0.5) * 60))
    assert all(end % 256 == 0 for end in found.ends)
    assert np.all(np.diff(found.ends) == 256)
    assert found.seconds == pytest.approx(np.full(len(found.ends), 1 / 120), rel=1e-9)


@pytest.mark.parametrize("angles", ((0, -120, 120), (0, 120, -120)))
def test_boundaries_follow_the_zero_crossings_off_frequency_in_both_rotations(angles):
    found = run(three_phase(times(1.0) * 58.3, angles=angles))
    half_turns = np.array(found.ends[SETTLED:]) / RATE * 58.3 * 2
    # An end is the whole sample before the boundary: up to a sample, 0.004 half turns.
    assert np.max(np.abs(half_turns - np.round(half_turns))) < 0.006


def test_ends_and_durations_agree():
    found = run(noisy(times(1.0) * 57.1), 777)
    assert np.diff(found.ends) / RATE == pytest.approx(found.seconds[1:], abs=1.01 / RATE)
    assert (found.ends[-1] - found.ends[0]) / RATE == pytest.approx(
        float(np.sum(found.seconds[1:])), abs=1 / RATE
    )


def test_a_ramp_of_one_hertz_a_second_is_followed():
    t = times(2.0)
    found = run(three_phase(60 * t + 0.5 * t * t))
    ends = np.array(found.ends) / RATE
    middles = ends - found.seconds / 2
    error = 0.5 / found.seconds - (60 + middles)
    # The ends carry a line on from the last window's centre, half a hertz a second behind.
    assert np.max(np.abs(error[5:-8])) < 0.02
    half_turns = (60 * ends + 0.5 * ends * ends)[5:-8] * 2
    assert np.max(np.abs(half_turns - np.round(half_turns))) < 0.006
    assert found.value("W.bi.P") == pytest.approx(1800, rel=1e-4)


@pytest.mark.parametrize("turns", (0.25, -0.25, 0.5, 0.1))
@pytest.mark.parametrize("half_cycles", (1, 2, 120))
def test_a_phase_jump_is_caught_up_with_and_never_tears_the_grid(turns, half_cycles):
    t = times(2.0)
    cycles = 60 * t + np.where(t > 1.0, turns, 0.0)
    found = run(three_phase(cycles), 3072, half_cycles=half_cycles)
    hz = 0.5 / found.seconds
    assert 48.0 - 1e-6 < np.min(hz) and np.max(hz) < 72.0 + 1e-6
    ends = np.array(found.ends) / RATE
    half_turns = (60 * ends + np.where(ends > 1.0, turns, 0.0)) * 2
    away = np.nonzero(np.abs(half_turns - np.round(half_turns)) > 0.01)[0]
    assert 0 < len(away) <= 6
    assert np.max(np.abs(ends[away] - 1.0)) < 0.05
    assert hz[-60:] == pytest.approx(np.full(60, 60.0), abs=1e-3)
    assert [flags for _, flags in found.frames[1:]] == [0] * (len(found.frames) - 1)


def test_joules_are_kept_through_a_phase_jump():
    # The load is resistive: its power stays positive whatever the angle, and the sum of all half cycles is v * i.
    t = times(2.0)
    samples = three_phase(60 * t + np.where(t > 1.0, 0.25, 0.0))
    found = run(samples)
    start = found.ends[0] - 256
    joules = float(np.sum(samples[:3, start : found.ends[-1]] * samples[3:, start : found.ends[-1]])) / RATE
    assert float(np.sum(found.rows[[3, 7]] * [[1], [-1]])) == pytest.approx(joules, rel=2e-5)


@pytest.mark.parametrize("phase", range(3))
@pytest.mark.parametrize("hz", (60.0, 59.1))
def test_any_one_phase_may_be_lost_for_a_while(phase, hz):
    t = times(2.0)
    samples = three_phase(hz * t)
    lost = (t > 0.7) & (t < 1.3)
    samples[phase, lost] = 0.0
    found = run(samples, 3072)
    ends = np.array(found.ends) / RATE
    for first, stop in ((0.3, 0.6), (0.8, 1.2), (1.4, 1.9)):
        inside = np.nonzero((ends > first) & (ends < stop))[0]
        assert found.hz(inside[0], inside[-1]) == pytest.approx(hz, abs=0.005)
    away = np.nonzero((ends > 0.8) & (ends < 1.2))[0]
    squares = found.rows[START["V2"] :][:3] / found.seconds
    volts = np.sqrt((squares[:, away] + squares[:, away - 1]) / 2)  # of full cycles
    for p in range(3):
        assert volts[p] == pytest.approx(np.full(len(away), 0.0 if p == phase else 120.0), abs=0.05)
    assert set(found.flags[2:]) == {0}


@pytest.mark.parametrize("phase", "ABC")
def test_a_single_phase_on_any_input_is_tracked(phase):
    volts = tuple(120.0 if p == phase else 0.0 for p in "ABC")
    found = run(three_phase(times(1.0) * 58.0, volts=volts), 3072, skip=SETTLED)
    assert found.value("Hz.A") == pytest.approx(58.0, abs=0.005)
    assert found.value("V." + phase) == pytest.approx(120.0, rel=1e-4)
    assert found.value("W.bi.P") == pytest.approx(600.0, rel=1e-4)
    assert set(found.flags[2:]) == {0}


@pytest.mark.parametrize(
    "volts, angles, watts",
    [
        ((120.0, 120.0, 120.0), (0, 0, 0), 1800.0),  # a bench: one source on all three inputs
        (
            (0.0, 120.0, 120.0),
            (0, 0, 180),
            1200.0,
        ),  # split phase on B and C: alpha component and sum both vanish
        ((120.0, 120.0, 0.0), (0, 180, 0), 1200.0),
        ((120.0, 120.0, 120.0), (0, 60, -60), 1800.0),
        ((120.0, 208.0, 120.0), (0, 90, 180), 2240.0),  # four-wire delta with B as the high leg
    ],
)
@pytest.mark.parametrize("hz", (60.0, 58.0))
def test_other_services_than_a_balanced_wye_are_tracked(volts, angles, watts, hz):
    found = run(three_phase(times(1.0) * hz, volts=volts, angles=angles), 3072, skip=SETTLED)
    assert found.value("Hz.A") == pytest.approx(hz, abs=0.005)
    assert found.value("W.bi.P") == pytest.approx(watts, rel=1e-4)
    assert set(found.flags[2:]) == {0}


@pytest.mark.parametrize("size", (None, 100, 3072))
@pytest.mark.parametrize("half_cycles", (1, 2, 120))
def test_without_voltage_frames_go_on_at_the_nominal_rate_and_say_so(half_cycles, size):
    found = run(three_phase(times(1.0) * 60, volts=(0.0,) * 3), size, half_cycles=half_cycles)
    assert len(found.ends) >= 117
    assert found.seconds == pytest.approx(np.full(len(found.ends), 1 / 120), rel=1e-9)
    assert all(flags & UNLOCKED for flags in found.flags)
    assert found.value("A.A") == pytest.approx(5.0, rel=1e-4)
    assert found.value("V.A") == 0.0 and found.value("W.bi.P") == 0.0


def test_current_alone_is_right_within_a_beat_at_any_frequency():
    found = run(three_phase(times(2.0) * 58.0, volts=(0.0,) * 3))
    assert found.value("A.A") == pytest.approx(5.0, rel=1e-3)


@pytest.mark.parametrize("size", (None, 100, 777, 3072))
@pytest.mark.parametrize("half_cycles", (1, 2, 7))
def test_the_flag_of_lost_signal_holds_while_it_is_lost_and_no_longer(half_cycles, size):
    t = times(2.0)
    samples = three_phase(60 * t)
    samples[:3, (t > 0.8) & (t < 1.2)] = 0.0
    found = run(samples, size, half_cycles=half_cycles)
    ends = np.array(found.ends) / RATE
    flagged = ends[[bool(flags & UNLOCKED) for flags in found.flags]]
    slack = 2 / 60 + half_cycles / 120  # the window of two cycles, and a frame
    assert len(flagged) > 30
    assert np.min(flagged) > 0.8 - slack and np.max(flagged) < 1.2 + slack
    assert np.min(flagged) < 0.8 + slack and np.max(flagged) > 1.2 - slack


def test_lock_is_found_again_after_a_loss_of_signal():
    t = times(2.0)
    samples = three_phase(57.5 * t)
    samples[:3, (t > 0.8) & (t < 1.2)] = 0.0
    found = run(samples, 3072)
    n = len(found.ends)
    assert found.hz(n - 60, n - 6) == pytest.approx(57.5, abs=0.01)


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(lambda t: noise((6, len(t)), 100.0), id="noise"),
        pytest.param(lambda t: three_phase(t * 3000), id="3 kHz"),
        pytest.param(lambda t: three_phase(t * 30), id="30 Hz"),
        pytest.param(lambda t: three_phase(t * 2), id="2 Hz"),
        pytest.param(lambda t: three_phase(t * 75), id="75 Hz"),
        pytest.param(lambda t: three_phase(t) * 0 + 150.0, id="DC"),
        pytest.param(lambda t: three_phase(t * t * 30), id="0 to 120 Hz"),
        pytest.param(lambda t: np.sign(noise((6, len(t)), 1.0)) * 600, id="full-scale noise"),
    ],
)
@pytest.mark.parametrize("half_cycles", (1, 120))
@pytest.mark.parametrize("size", (100, None))
def test_whatever_comes_in_the_grid_stays_within_a_fifth_of_nominal(samples, half_cycles, size):
    t = times(1.5)
    found = run(samples(t), size, half_cycles=half_cycles)
    hz = 0.5 / found.seconds
    assert 48.0 - 1e-6 <= np.min(hz) and np.max(hz) <= 72.0 + 1e-6
    assert np.all(np.isfinite(found.rows))
    assert 1.45 < float(np.sum(found.seconds)) <= 1.5


@pytest.mark.parametrize("size", (None, 500))
@pytest.mark.parametrize("half_cycles", (1, 2, 120))
def test_after_a_gap_the_frame_says_so_and_nothing_is_invented(half_cycles, size):
    samples = three_phase(times(2.0) * 60)
    chunks = list(blocks(samples[:, :30000], size)) + list(blocks(samples[:, 45000:], size, first=45000))
    found = Run(chunks, half_cycles=half_cycles)
    gaps = [k for k, (_, flags) in enumerate(found.frames) if flags & GAP]
    assert len(gaps) == 1
    before = sum(n for n, _ in found.frames[: gaps[0]])
    assert found.ends[before - 1] <= 30000 and found.ends[before] - 256 >= 45000
    metered = 30000 + (len(samples[0]) - 45000)
    # Each side may lose what is not a whole half cycle, and the interpolator's margin.
    assert metered - 4 * 260 < float(np.sum(found.seconds)) * RATE <= metered
    watts = found.rows[3] / found.seconds
    assert watts == pytest.approx(np.full(len(watts), 1800.0), rel=1e-6)
    vars_ = np.sum(found.rows[[11, 15, 19, 23]], axis=0)
    assert vars_ == pytest.approx(np.zeros(len(vars_)), abs=1e-3)


def test_samples_that_come_again_are_a_gap_too():
    samples = three_phase(times(0.5) * 60)
    found = Run(list(blocks(samples)) + list(blocks(samples)), half_cycles=1)
    assert [flags & GAP for _, flags in found.frames].count(GAP) == 1


@pytest.mark.parametrize("size", (None, 100, 777, 3072))
@pytest.mark.parametrize("half_cycles", (1, 2, 7))
@pytest.mark.parametrize("peak", (1e4, -1e4))
def test_a_clipped_sample_flags_its_own_frame(half_cycles, size, peak):
    samples = three_phase(times(2.0) * 60)
    samples[4, 40100] = peak
    found = run(samples, size, half_cycles=half_cycles)
    flagged = [end for end, flags in zip(found.ends, found.flags) if flags & CLIPPED]
    assert flagged[0] - half_cycles * 256 <= 40100 <= flagged[-1]
    assert len(flagged) <= 2 * half_cycles
    assert len(found.flags) > 200


def test_a_sample_just_below_the_limit_is_not_clipped():
    samples = three_phase(times(0.5) * 60)
    samples[4, 8000] = (0x7FFFFF - 1) * SCALES[4]
    assert not any(flags & CLIPPED for flags in run(samples).flags)
    samples[4, 8000] = 0x7FFFFF * SCALES[4]
    assert any(flags & CLIPPED for flags in run(samples).flags)


@pytest.mark.parametrize("half_cycles", LENGTHS)
def test_blocks_of_any_size_give_the_same_half_cycles(half_cycles):
    samples = noisy(times(1.0) * 58.37)
    reference = run(samples, 3072, half_cycles=half_cycles)
    for size in (None, 64, 777, 5000):
        found = run(samples, size, half_cycles=half_cycles)
        assert len(found.ends) == len(reference.ends)
        assert np.max(np.abs(np.array(found.ends) - np.array(reference.ends))) <= 1
        # The carrier is retuned at other moments, which moves boundaries by parts of a sample.
        away, squares = np.max(np.abs(found.rows - reference.rows), axis=1), START["V2"]
        line_to_line = START["VLL2"] + np.arange(3)  # larger than all others
        assert np.max(away[line_to_line]) < 5e-4 * np.max(reference.rows[line_to_line])
        assert np.max(np.delete(away, line_to_line)) < 5e-4 * np.max(reference.rows[squares : squares + 3])
        assert found.value("W.bi.P") == pytest.approx(reference.value("W.bi.P"), rel=1e-6)


def test_at_the_nominal_frequency_the_block_size_changes_nothing_at_all():
    samples = three_phase(times(0.5) * 60)
    reference = run(samples, 3072)
    for size in (1, 100, 777, None):
        found = run(samples if size != 1 else samples[:, :6000], size)
        n = min(len(found.ends), len(reference.ends)) - 4
        assert found.ends[:n] == reference.ends[:n]
        assert found.rows[:, :n] == pytest.approx(reference.rows[:, :n], rel=1e-9, abs=1e-9)


def test_frames_of_any_length_give_nearly_the_same():
    samples = noisy(times(1.5) * 58.37)
    reference = run(samples, 3072, half_cycles=1)
    for half_cycles in LENGTHS[1:]:
        found = run(samples, 3072, half_cycles=half_cycles)
        assert abs(len(found.ends) - len(reference.ends)) <= 1
        for key in ("V.A", "A.C", "W.del.P", "VA.del.P", "Hz.A"):
            assert found.value(key) == pytest.approx(reference.value(key), rel=1e-6)


@pytest.mark.parametrize("harmonic", (1, 2, 3, 10, 25, 40))
@pytest.mark.parametrize("rate", (RATE * 1.0007, RATE * 0.9991))
@pytest.mark.feature("MET-06")
def test_response_is_flat_to_100_ppm_up_to_the_40th_harmonic(harmonic, rate, dtype):
    t = times(1.0, rate)
    samples = three_phase(60 * t)
    for p, angle in enumerate((0.0, 35.0, 70.0)):
        samples[3 + p] = sine(60 * t * harmonic, 1.0, angle)
    found = run(samples, 3072, rate=rate, dtype=dtype, skip=SETTLED)
    for phase in "ABC":
        assert found.value("A." + phase) == pytest.approx(1.0, rel=1e-4)


@pytest.mark.parametrize("per_cycle", (100, 128, 192, 501.7, 512, 522.2, 1024))
def test_converters_of_other_rates_are_resampled(per_cycle):
    rate = per_cycle * 50.0
    found = run(three_phase(times(1.0, rate) * 50.3), 1500, rate=rate, nominal=50, skip=SETTLED)
    assert found.hz(SETTLED, len(found.ends) - ENDING) == pytest.approx(50.3, abs=0.001)
    assert found.value("V.B") == pytest.approx(120.0, rel=2e-5)
    assert found.value("W.bi.P") == pytest.approx(1800.0, rel=2e-5)


@pytest.mark.parametrize(
    "channels, expected",
    [
        (("VA", "IA"), {"V.A": 120, "A.A": 5, "W.bi.P": 600, "V.B": 0, "A.C": 0}),
        (("IA", "VA"), {"V.A": 120, "A.A": 5, "W.bi.P": 600}),
        (("VC", "IC"), {"V.C": 120, "A.C": 5, "W.bi.P": 600, "V.A": 0}),
        (("VA", "VB", "VC"), {"V.B": 120, "A.A": 0, "W.bi.P": 0}),
        (("IC", "VB", "IB", "VC"), {"V.B": 120, "A.C": 5, "W.bi.P": 1200}),
    ],
)
def test_recordings_with_fewer_channels_or_another_order_are_metered(channels, expected):
    wanted = [CHANNELS.index(name) for name in channels]
    samples = three_phase(times(0.7) * 59)[wanted]
    found = run(samples, 3072, channels=channels, scales=[SCALES[k] for k in wanted], skip=SETTLED)
    assert found.value("Hz.A") == pytest.approx(59.0, abs=0.005)
    for key, value in expected.items():
        assert found.value(key) == pytest.approx(value, rel=1e-4)


def test_currents_alone_are_metered_at_the_nominal_frequency():
    found = run(three_phase(times(0.7) * 60)[3:4], channels=("IA",), scales=SCALES[3:4])
    assert found.value("A.A") == pytest.approx(5.0, rel=1e-4)
    assert found.value("Hz.A") == pytest.approx(60.0, abs=1e-6)
    assert all(flags & UNLOCKED for flags in found.flags)


@pytest.mark.parametrize("seconds", (0.0001, 0.01, 0.02))
def test_less_than_two_cycles_give_no_frame(seconds):
    assert run(three_phase(times(seconds) * 60)).ends == []


def test_two_cycles_and_a_half_give_the_whole_half_cycles_in_them():
    found = run(three_phase(times(2.5 / 60) * 60))
    assert len(found.ends) >= 3
    assert found.value("W.bi.P") == pytest.approx(1800.0, rel=1e-5)


@pytest.mark.parametrize("volts, locked", ((2.3, False), (2.5, True)))
def test_the_threshold_parts_signal_from_no_signal(volts, locked):
    found = run(three_phase(times(0.5) * 59, volts=(volts,) * 3))
    assert all(bool(flags & UNLOCKED) is not locked for flags in found.flags)


def test_half_cycles_need_no_flush_to_come_out():
    samples = three_phase(times(1.0) * 60)
    live = run(samples, 256, half_cycles=1, flush=False)
    whole = run(samples, 256, half_cycles=1)
    assert live.ends == whole.ends[: len(live.ends)]
    # A half cycle comes out at most a cycle and a half after its last sample.
    assert len(samples[0]) - live.ends[-1] <= 3 * 256
