"""The kernel's rows against the products written out, and against the sines they come from."""

import numpy as np
import pytest
from meter.metrology import kernel
from meter.metrology.frame import HALF, QUARTER
from meter.metrology.kernel import ROWS, Kernel

from host_tests.harness import frame_of, noise

# Sums of 256 products in single precision keep six digits (2e-7 on a device).
TOLERANCE = {np.float32: 2e-6, np.float64: 1e-12}
PRODUCTS = kernel.VD  # rows up to here are means of products, those after them are as large as a sample


def one_by_one(samples, dtype):
    """The rows of all half cycles by the kernel for one."""
    calculator = Kernel(dtype)
    count = (samples.shape[1] - QUARTER) // HALF
    parts = [calculator.one(samples[:, k * HALF : k * HALF + QUARTER + HALF]) for k in range(count)]
    assert all(type(value) is float for part in parts for value in part)
    return np.array(parts).T


def all_at_once(samples, dtype):
    """The rows of all half cycles by the kernel for many."""
    out = np.full((ROWS, (samples.shape[1] - QUARTER) // HALF), np.nan, dtype=dtype)
    Kernel(dtype).many(samples, out)
    return out


KERNELS = pytest.mark.parametrize("rows_of", (one_by_one, all_at_once))


def random_samples(n, dtype):
    return noise((6, QUARTER + n * HALF), 100.0, seed=n).astype(dtype)


def products_written_out(samples, k):
    """The rows of half cycle k, in double precision."""
    x = samples.astype(float)
    v, i = (x[p : p + 3, QUARTER + k * HALF :][:, :HALF] for p in (0, 3))
    v90 = x[:3, k * HALF :][:, :HALF]
    turn = np.exp(-1j * np.pi / HALF * np.arange(HALF)) * np.sqrt(2)
    v_phasor, i_phasor = (np.mean(wave * turn, axis=1) for wave in (v, i))
    parts = [
        np.mean(a * b, axis=1)
        for a, b in ((v, v), (i, i), (v, i), (v90, i), (v, v[[1, 2, 0]]), (i, i[[1, 2, 0]]))
    ]
    parts += [np.mean(v, axis=1), np.mean(i, axis=1)]
    parts += [v_phasor.real, v_phasor.imag, i_phasor.real, i_phasor.imag]
    parts += [np.max(v, axis=1), np.max(i, axis=1), np.min(v, axis=1), np.min(i, axis=1)]
    return np.concatenate(parts)


@KERNELS
@pytest.mark.parametrize("n", (1, 2, 7))
def test_rows_are_those_of_the_products_written_out(rows_of, n, dtype):
    samples = random_samples(n, dtype)
    found = rows_of(samples, dtype)
    assert found.shape == (ROWS, n)
    scales = np.where(np.arange(ROWS) < PRODUCTS, 1e4, 1e2)
    for k in range(n):
        expected = products_written_out(samples, k)
        allowed = TOLERANCE[dtype] * np.maximum(np.abs(expected), scales)
        assert np.all(np.abs(found[:, k] - expected) <= allowed)


def test_the_rows_are_where_their_names_say():
    names = "V2 I2 W VAR VV II VD ID PHASORS MAXIMA MINIMA".split()
    assert [getattr(kernel, name) for name in names] == [0, 3, 6, 9, 12, 15, 18, 21, 24, 36, 42]
    assert kernel.MEANS == kernel.PHASORS and ROWS == 48


@pytest.mark.parametrize("n", (1, 2, 7))
def test_both_kernels_give_the_same(n, dtype):
    samples = random_samples(n, dtype)
    found, expected = (rows_of(samples, dtype) for rows_of in (one_by_one, all_at_once))
    assert found[:PRODUCTS] == pytest.approx(
        expected[:PRODUCTS], rel=TOLERANCE[dtype], abs=1e4 * TOLERANCE[dtype]
    )
    assert found[PRODUCTS:] == pytest.approx(
        expected[PRODUCTS:], rel=TOLERANCE[dtype], abs=1e2 * TOLERANCE[dtype]
    )


def test_only_the_given_columns_are_written(dtype):
    out = np.full((ROWS, 6), -1.0, dtype=dtype)
    Kernel(dtype).many(random_samples(2, dtype), out[:, 3:5])
    assert np.all(out[:, :3] == -1.0) and np.all(out[:, 5] == -1.0)
    assert np.all(out[:6, 3:5] > 0)


@KERNELS
def test_a_buffer_longer_than_the_frame_is_read_only_as_far_as_the_frame(rows_of, dtype):
    samples = random_samples(2, dtype)
    expected = rows_of(samples, dtype)
    ends = [np.full((6, 64), value, dtype=dtype) for value in (1e6, -1e6)]
    buffer = np.concatenate((ends[0], samples, ends[1]), axis=1)
    assert np.array_equal(rows_of(buffer[:, 64:-64], dtype), expected)


@pytest.mark.feature("MET-06")
def test_a_half_cycle_is_256_samples():
    frame = frame_of(1)
    assert HALF == 256 and frame.samples.shape == (6, QUARTER + 256)


@KERNELS
@pytest.mark.parametrize("lag, watts, vars_", ((0, 600, 0), (90, 0, 600), (-90, 0, -600), (180, -600, 0),
                                               (60, 300, 519.6152), (-30, 519.6152, -300)))  # fmt: skip
@pytest.mark.feature("MET-09")
def test_a_lagging_current_takes_positive_vars_and_a_leading_one_negative(rows_of, lag, watts, vars_, dtype):
    out = rows_of(frame_of(2, lag=(lag,) * 3, dtype=dtype).samples, dtype)
    assert out[6:9] == pytest.approx(np.full((3, 2), watts), abs=1e-3)
    assert out[9:12] == pytest.approx(np.full((3, 2), vars_), abs=1e-3)


@KERNELS
def test_squares_are_those_of_each_phase(rows_of, dtype):
    out = rows_of(frame_of(1, volts=(120, 60, 0), amps=(5, 0.005, 20), dtype=dtype).samples, dtype)
    assert out[0:3, 0] == pytest.approx((14400, 3600, 0), rel=TOLERANCE[dtype])
    assert out[3:6, 0] == pytest.approx((25, 25e-6, 400), rel=TOLERANCE[dtype])


@KERNELS
def test_phasors_of_sines_are_their_rms_values_and_turn_over_each_half_cycle(rows_of, dtype):
    out = rows_of(frame_of(2, lag=(60,) * 3, dtype=dtype).samples, dtype)
    angles = np.radians([0, -120, 120])
    for first, rms, lag in ((kernel.PHASORS, 120, 0), (kernel.PHASORS + 6, 5, np.pi / 3)):
        expected = rms * np.exp(1j * (angles - lag - np.pi / 2))
        found = out[first : first + 3] + 1j * out[first + 3 : first + 6]
        assert np.max(np.abs(found[:, 0] - expected)) < 10 * TOLERANCE[dtype] * rms
        assert np.max(np.abs(found[:, 1] + expected)) < 10 * TOLERANCE[dtype] * rms


@KERNELS
def test_the_quarter_before_the_frame_counts_in_vars_only(rows_of, dtype):
    samples = frame_of(2, dtype=dtype).samples
    before = rows_of(samples, dtype)
    samples[:, :QUARTER] = 0.0
    after = rows_of(samples, dtype)
    assert np.array_equal(before[: kernel.VAR], after[: kernel.VAR])
    assert np.all(np.abs(before[9:12, 0] - after[9:12, 0]) > 1.0)
    assert np.array_equal(before[9:12, 1], after[9:12, 1])
    assert np.array_equal(before[kernel.VV :], after[kernel.VV :])
