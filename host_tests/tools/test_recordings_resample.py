"""Resampling against analytic sines, the edges, the pass-through, and the frequency estimate."""

import time
from pathlib import Path

import numpy as np
import pytest
from ferraris.recordings import Channel, InputError, Recording, RecordingSource, estimate_frequency
from ferraris.recordings.resample import farrow_matrix
from ferraris.recordings.samples import ArraySamples
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = ("VA", "VB", "VC", "IA", "IB", "IC")
F = 60.0


def source(x, rate, frequency=F, rate_out=None, skew=()):
    x = np.atleast_2d(x)
    channels = tuple(Channel(name, skew=s) for name, s in zip(NAMES, [*skew] + [0.0] * 6, strict=False))[
        : len(x)
    ]
    recording = Recording(Path("x"), "test", channels, rate, ArraySamples(x))
    return RecordingSource(recording, {c.name: n for n, c in enumerate(channels)}, frequency, rate_out)


def sine(frequency, rate, count, phase=0.3, first=0):
    return np.sin(2 * np.pi * frequency * (first + np.arange(count)) / rate + phase)


@pytest.mark.parametrize("per_cycle", [16, 24, 96, 115.2, 512.25, 800.5, 1024])
def test_a_sine_of_the_line_frequency_keeps_its_amplitude_and_phase(per_cycle):
    made = source(sine(F, per_cycle * F, 6000), per_cycle * F)
    assert made.rate == 512 * F
    y = made.read(0, made.length)[0]
    edge = int(40 * max(1.0, 512 / per_cycle))
    error = y - sine(F, made.rate, made.length)
    assert np.abs(error[edge:-edge]).max() < 2e-5
    assert (
        np.abs(error).max() < 5e-3
    )  # the ends: no ringing, only the curvature that reflection does not know
    assert made.length == int(5999 * 512 / per_cycle + 1e-9) + 1


@pytest.mark.parametrize("per_cycle", [96, 115.2, 512.25, 1024])
@pytest.mark.parametrize("part", [0.1, 0.25, 0.4])
def test_the_pass_band_reaches_to_four_tenths_of_the_slower_rate(per_cycle, part):
    frequency = part * min(per_cycle, 512) * F
    made = source(sine(frequency, per_cycle * F, 6000), per_cycle * F)
    y = made.read(0, made.length)[0][1000:-1000]
    assert np.abs(y - sine(frequency, made.rate, len(y), first=1000)).max() < 1e-4


def test_the_stop_band_is_below_80_db():
    rate_in = 1024 * F
    for frequency in (0.31 * rate_in, 0.36 * rate_in, 0.45 * rate_in):  # from 0.6 of the output rate on
        made = source(sine(frequency, rate_in, 8000), rate_in)
        assert np.abs(made.read(200, made.length - 400)).max() < 1e-4


def test_the_kernel_is_flat_and_suppresses_images():
    matrix = farrow_matrix(1.0)
    half = matrix.shape[1] // 2
    u = (np.arange(400) + 0.5) / 400
    taps = (2 * u[:, None] - 1) ** np.arange(len(matrix)) @ matrix
    distance = u[:, None] + half - 1 - np.arange(2 * half)
    gain = [abs((taps * np.exp(-2j * np.pi * f * distance)).sum()) / len(u) for f in np.arange(0, 3, 0.01)]
    assert np.abs(np.array(gain[:41]) - 1).max() < 1e-4
    assert max(gain[60:]) < 1e-4
    np.testing.assert_allclose(taps.sum(axis=1), 1, atol=1e-9)


def test_a_constant_stays_the_same_constant_everywhere():
    made = source(np.full((2, 700), -7.25), 5760.0)
    np.testing.assert_allclose(made.read(0, made.length), -7.25, rtol=1e-9)


def test_equal_rates_pass_the_samples_through_bit_by_bit():
    x = np.random.default_rng(1).normal(size=(3, 5000))
    for rate in (512 * F, 512 * F * (1 + 5e-7)):
        made = source(x, rate)
        assert made.length == 5000 and made.rate == rate
        np.testing.assert_array_equal(made.read(0, 5000), x)
        np.testing.assert_array_equal(made.read(4990, 100), x[:, 4990:])


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(1, 7000), min_size=1, max_size=6), st.sampled_from([5760.0, 512.25 * F, 1024 * F])
)
def test_blocks_of_any_size_give_the_same_samples(sizes, rate):
    x = np.random.default_rng(2).normal(size=(2, 3000))
    made = source(x, rate)
    whole, at = made.read(0, made.length), 0
    for size in sizes:
        block = made.read(at, size)
        assert block.shape == (2, max(0, min(size, made.length - at)))
        np.testing.assert_allclose(block, whole[:, at : at + size], atol=1e-9)
        at += size
    assert made.read(made.length, 10).shape == (2, 0)


def test_the_skew_of_a_channel_is_taken_out():
    rate, skew = 5760.0, 50e-6
    t = np.arange(3000) / rate
    x = np.stack([np.sin(2 * np.pi * F * t), np.sin(2 * np.pi * F * (t + skew))])
    for rate_out in (512 * F, rate):
        made = source(x, rate, rate_out=rate_out, skew=(0.0, skew))
        y = made.read(0, made.length)[:, 300:-300]
        np.testing.assert_allclose(y[1], y[0], atol=3e-5)


def test_a_recording_that_is_too_short_is_refused():
    with pytest.raises(InputError, match="too few"):
        source(np.zeros(20), 5760.0)
    with pytest.raises(ValueError):
        source(np.zeros(200), 5760.0).read(-1, 5)


def test_resampling_is_many_times_faster_than_real_time():
    rate = 512.25 * F
    made = source(np.random.default_rng(3).normal(size=(6, int(10 * rate))), rate)
    began = time.perf_counter()
    for first in range(0, made.length, 30720):
        made.read(first, 30720)
    # about 150 times on an idle PC; the bound leaves room for a busy one
    assert (time.perf_counter() - began) < 10 / 15


@pytest.mark.parametrize("rate", [800.0, 1200.0, 5760.0, 30707.2])
@pytest.mark.parametrize(
    ("frequency", "nominal"), [(50, 50), (49.5, 50), (52.3, 50), (60.02, 60), (60, 50), (42.5, 50)]
)
@pytest.mark.parametrize("cycles", [4, 100])
def test_the_frequency_is_found_within_a_millihertz_in_spite_of_harmonics(rate, frequency, nominal, cycles):
    count = int(rate / frequency * cycles)
    for phase in (0.0, 1.0, 2.2):
        x = 230 * sine(frequency, rate, count, phase) + 23 * sine(3 * frequency, rate, count) + 3
        x += 12 * sine(5 * frequency, rate, count, phase)
        assert estimate_frequency(x, rate, nominal) == pytest.approx(frequency, abs=1e-3)


def test_a_phase_jump_and_a_dip_do_not_move_the_frequency():
    x = np.concatenate([sine(50.1, 5760, 6000), sine(50.1, 5760, 6000, 1.5, 6000)])
    x[3000:4000] *= 0.02
    assert estimate_frequency(x, 5760.0, 50.0) == pytest.approx(50.1, abs=1e-3)


def test_the_nominal_frequency_is_returned_when_there_is_no_signal():
    noise = np.random.default_rng(4).normal(size=4000)
    for x in (
        np.zeros(4000),
        np.ones(4000),
        noise,
        np.zeros(0),
        np.ones(3),
        sine(50, 5760, 200),
        sine(400, 5760, 4000),
    ):
        assert estimate_frequency(x, 5760.0, 50.0) == 50.0
