"""Interpolation: exact on polynomials, flat to the 40th harmonic, the same by slices and by index."""

from math import pi

import numpy as np
import pytest
from meter.metrology import resampler
from meter.metrology.frame import AFTER, BEFORE
from meter.metrology.resampler import Resampler


def interpolate_all(samples, positions, dtype=np.float64, largest=None):
    """Several channels at once: samples (c, ...), result (c, m)."""
    out = np.zeros((len(samples), len(positions)), dtype=dtype)
    resampler = Resampler(largest or len(positions), len(samples), dtype)
    resampler.prepare(np.array(positions, dtype=np.float64))
    resampler.run(np.array(samples, dtype=dtype), out)
    return out


def interpolate(samples, positions, dtype=np.float64):
    return interpolate_all([samples], positions, dtype)[0]


def weights(fractions):
    """The weights of the samples -2 to 4 at each position: what impulses are interpolated to, (7, m)."""
    return np.concatenate([interpolate_all(np.eye(7), [BEFORE + mu]) for mu in fractions], axis=1)


def test_weights_at_a_sample_take_that_sample_alone():
    assert np.array_equal(weights([0.0])[:, 0], (0, 0, 1, 0, 0, 0, 0))
    assert np.array_equal(weights([1.0])[:, 0], (0, 0, 0, 1, 0, 0, 0))


def test_weights_add_up_to_one():
    assert sum(weights(np.linspace(0, 1, 101))) == pytest.approx(np.ones(101), abs=1e-14)


@pytest.mark.parametrize("order", range(6))
def test_polynomials_up_to_the_fifth_order_are_exact(order):
    positions = np.linspace(3.0, 25.0, 100)
    found = interpolate((np.arange(32.0) / 16) ** order, positions)
    assert found == pytest.approx((positions / 16) ** order, abs=1e-12)


def test_a_sixth_order_is_not():
    positions = np.linspace(3.0, 25.0, 100)
    assert np.max(np.abs(interpolate((np.arange(32.0) / 16) ** 6, positions) - (positions / 16) ** 6)) > 1e-7


@pytest.mark.parametrize("harmonic", (1, 5, 20, 40))
def test_a_sine_keeps_its_amplitude_to_70_ppm_up_to_the_40th_harmonic(harmonic):
    w = 2 * pi * harmonic / 512
    positions = np.arange(BEFORE, 2000.0, 1.0007)
    found = interpolate(np.sin(w * np.arange(2010)), positions)
    bound = 225 / 46080 * w**6
    assert bound < 7e-5
    assert np.max(np.abs(found - np.sin(w * positions))) < bound + 1e-9


@pytest.mark.parametrize("step", (0.9991, 1.0, 1.0009, 1.05, 0.95))
def test_slices_and_gathering_agree(step, dtype, monkeypatch):
    samples = np.cos(np.arange(1500) * 0.05) * 100
    positions = BEFORE + 0.25 + np.arange(1300) * step
    monkeypatch.setattr(resampler, "GATHER_ABOVE_RUNS", 1 << 30)
    by_slices = interpolate(samples, positions, dtype)
    monkeypatch.setattr(resampler, "_LONG", 1000)  # channels one by one
    one_by_one = interpolate(samples, positions, dtype)
    monkeypatch.setattr(resampler, "GATHER_ABOVE_RUNS", 0)
    by_index = interpolate(samples, positions, dtype)
    assert by_slices == pytest.approx(by_index, abs=1e-4 if dtype is np.float32 else 1e-12)
    assert np.array_equal(one_by_one, by_slices)
    assert by_slices == pytest.approx(np.cos(positions * 0.05) * 100, abs=1e-4)


@pytest.mark.parametrize("gather", (0, 1 << 30))
@pytest.mark.parametrize("long", (100, 4096))
def test_all_channels_are_interpolated_and_nothing_else_is_written(gather, long, dtype, monkeypatch):
    monkeypatch.setattr(resampler, "GATHER_ABOVE_RUNS", gather)
    monkeypatch.setattr(resampler, "_LONG", long)
    samples = np.random.default_rng(1).standard_normal((6, 400)).astype(dtype)
    positions = BEFORE + 0.25 + np.arange(380) * 1.001
    expected = np.array([interpolate(row, positions, dtype) for row in samples])
    frame = np.full((6, 500), 7.0, dtype=dtype)
    made = Resampler(512, 6, dtype)
    made.prepare(positions)
    made.run(samples, frame[:, 100:480])
    assert np.array_equal(frame[:, 100:480], expected)
    assert np.all(frame[:, :100] == 7.0) and np.all(frame[:, 480:] == 7.0)


def test_buffers_used_again_for_fewer_and_for_more_positions_hold_nothing_old(dtype):
    samples = np.random.default_rng(2).standard_normal((2, 600)).astype(dtype)
    made = Resampler(512, 2, dtype)
    for count, step in ((512, 1.001), (256, 0.97), (1, 1.0), (512, 1.0)):
        positions = BEFORE + 0.6 + np.arange(count) * step
        out = np.zeros((2, count), dtype=dtype)
        made.prepare(positions)
        made.run(samples, out)
        assert np.array_equal(out, interpolate_all(samples, positions, dtype))


def test_no_sample_beyond_the_margins_is_used():
    samples = np.full(20, np.nan)
    samples[5 - BEFORE : 10 + AFTER + 1] = 1.0
    assert interpolate(samples, [5.0, 5.7, 10.0, 10.9]) == pytest.approx(np.ones(4), abs=1e-14)
