"""The kernel's means against the products written out, and against the sines they come from."""

import numpy as np
import pytest
from meter.metrology.frame import HALF, QUARTER, Frame
from meter.metrology.kernel import half_cycle_means

from host_tests.harness import frame_of, noise

# Sums of 256 products in single precision keep six digits (2e-7 on a device).
TOLERANCE = {np.float32: 2e-6, np.float64: 1e-12}


def means(frame, dtype, column=0):
    out = np.zeros((12, column + frame.n), dtype=dtype)
    half_cycle_means(frame, out, column)
    return out


def random_frame(n, dtype):
    wave = noise((6, QUARTER + n * HALF), 100.0, seed=n).astype(dtype)
    return Frame(n, list(wave[:3]), [row[QUARTER:] for row in wave[3:]], np.full(n, 0.01), [0] * n)


@pytest.mark.parametrize("n", (1, 2, 7))
def test_means_are_those_of_the_products_written_out(n, dtype):
    frame = random_frame(n, dtype)
    out = means(frame, dtype)
    for p in range(3):
        samples, i = frame.v[p].astype(float), frame.i[p].astype(float)
        for k in range(n):
            at = k * HALF
            v, v90, current = samples[QUARTER + at :][:HALF], samples[at:][:HALF], i[at:][:HALF]
            expected = (
                np.mean(v * v),
                np.mean(current * current),
                np.mean(v * current),
                np.mean(v90 * current),
            )
            assert out[p::3, k] == pytest.approx(expected, rel=TOLERANCE[dtype], abs=1e4 * TOLERANCE[dtype])


def test_only_the_given_columns_are_written(dtype):
    out = np.full((12, 6), -1.0, dtype=dtype)
    half_cycle_means(random_frame(2, dtype), out, 3)
    assert np.all(out[:, :3] == -1.0) and np.all(out[:, 5] == -1.0)
    assert np.all(out[:6, 3:5] > 0)


def test_a_current_buffer_longer_than_the_frame_is_read_only_as_far_as_the_frame(dtype):
    frame = random_frame(2, dtype)
    expected = means(frame, dtype)
    frame.i = [np.concatenate((row, np.full(64, 1e6, dtype=dtype))) for row in frame.i]
    frame.v = [np.concatenate((row, np.full(64, 1e6, dtype=dtype))) for row in frame.v]
    assert np.array_equal(means(frame, dtype), expected)


@pytest.mark.feature("MET-06")
def test_a_half_cycle_is_256_samples():
    frame = frame_of(1)
    assert HALF == 256 and [len(i) for i in frame.i] == [256, 256, 256]


@pytest.mark.parametrize("lag, watts, vars_", ((0, 600, 0), (90, 0, 600), (-90, 0, -600), (180, -600, 0),
                                               (60, 300, 519.6152), (-30, 519.6152, -300)))  # fmt: skip
@pytest.mark.feature("MET-09")
def test_a_lagging_current_takes_positive_vars_and_a_leading_one_negative(lag, watts, vars_, dtype):
    out = means(frame_of(2, lag=(lag,) * 3, dtype=dtype), dtype)
    assert out[6:9] == pytest.approx(np.full((3, 2), watts), abs=1e-3)
    assert out[9:12] == pytest.approx(np.full((3, 2), vars_), abs=1e-3)


def test_squares_are_those_of_each_phase(dtype):
    out = means(frame_of(1, volts=(120, 60, 0), amps=(5, 0.005, 20), dtype=dtype), dtype)
    assert out[0:3, 0] == pytest.approx((14400, 3600, 0), rel=TOLERANCE[dtype])
    assert out[3:6, 0] == pytest.approx((25, 25e-6, 400), rel=TOLERANCE[dtype])


def test_the_quarter_before_the_frame_counts_in_vars_only(dtype):
    frame = frame_of(2, dtype=dtype)
    before = means(frame, dtype)
    for v in frame.v:
        v[:QUARTER] = 0.0
    after = means(frame, dtype)
    assert np.array_equal(before[:9], after[:9])
    assert np.all(np.abs(before[9:, 0] - after[9:, 0]) > 1.0)
    assert np.array_equal(before[9:, 1], after[9:, 1])
