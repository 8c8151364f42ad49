"""Interpolation: exact on polynomials, flat to the 40th harmonic, the same by slices and by index."""

from math import pi

import numpy as np
import pytest
from meter.metrology import resampler
from meter.metrology.resampler import AFTER, BEFORE, Resampler, weights


def interpolate(samples, positions, dtype=np.float64):
    out = np.zeros(len(positions), dtype=dtype)
    Resampler(np.array(positions, dtype=np.float64), dtype).channel(np.array(samples, dtype=dtype), out)
    return out


def test_weights_at_a_sample_take_that_sample_alone():
    assert np.array_equal(np.array(weights(np.array([0.0]))).ravel(), (0, 0, 1, 0, 0, 0))
    assert np.array_equal(np.array(weights(np.array([1.0]))).ravel(), (0, 0, 0, 1, 0, 0))


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
    monkeypatch.setattr(resampler, "GATHER_ABOVE_RUNS", 0)
    by_index = interpolate(samples, positions, dtype)
    assert by_slices == pytest.approx(by_index, abs=1e-4 if dtype is np.float32 else 1e-12)
    assert by_slices == pytest.approx(np.cos(positions * 0.05) * 100, abs=1e-4)


def test_no_sample_beyond_the_margins_is_used():
    samples = np.full(20, np.nan)
    samples[5 - BEFORE : 10 + AFTER + 1] = 1.0
    assert interpolate(samples, [5.0, 5.7, 10.0, 10.9]) == pytest.approx(np.ones(4), abs=1e-14)
