"""The kernel has two ways, one for frames of a few half cycles and one for long ones: they are the same to rounding."""

import numpy as np
import pytest
from meter.metrology import kernel as k
from meter.metrology.frame import HALF, QUARTER, Frame
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.kernel import Kernel

from host_tests.harness import noise

# Means of 256 products: single precision keeps six digits of the largest.
TOLERANCE = {np.float32: 2e-6, np.float64: 1e-13}


def stream(halves, dtype, seed=1):
    """Noise on all channels, volts some 100 and amperes some 5, with an offset, so that no row is zero."""
    samples = noise((6, QUARTER + halves * HALF), 1.0, seed) + 0.2
    return (samples * np.array([[100.0]] * 3 + [[5.0]] * 3)).astype(dtype)


def cut(samples, start, n):
    part = samples[:, start * HALF : QUARTER + (start + n) * HALF]
    return Frame(n, part, np.full(n, 1 / 120, dtype=samples.dtype), [0] * n)


def run(kernel, frame, out):
    """Take a frame as HalfCycles does. out: (ROWS, n)."""
    if frame.n == 1:
        out[:, 0] = kernel.one(frame.samples)
    else:
        kernel.many(frame.samples, out)


def kernel_rows(samples, lengths, dtype):
    """The kernel's rows of a stream that is cut into frames of these lengths."""
    kernel, start = Kernel(dtype), 0
    out = np.zeros((k.ROWS, sum(lengths)), dtype=dtype)
    for n in lengths:
        run(kernel, cut(samples, start, n), out[:, start : start + n])
        start += n
    return out


def written_out(samples):
    """The kernel's rows from their definitions, sample by sample in double precision."""
    wide = samples.astype(np.float64)
    halves = (wide.shape[1] - QUARTER) // HALF
    out = np.zeros((k.ROWS, halves))
    turn = np.exp(-1j * np.pi * np.arange(HALF) / HALF) * np.sqrt(2) / HALF
    for h in range(halves):
        now = wide[:, QUARTER + h * HALF :][:, :HALF]
        late = wide[:, h * HALF :][:, :HALF]
        for p in range(3):
            v, i, following = now[p], now[3 + p], (p + 1) % 3
            out[k.V2 + p, h], out[k.I2 + p, h] = np.mean(v * v), np.mean(i * i)
            out[k.W + p, h], out[k.VAR + p, h] = np.mean(v * i), np.mean(late[p] * i)
            out[k.VV + p, h] = np.mean(v * now[following])
            out[k.II + p, h] = np.mean(i * now[3 + following])
            out[k.VD + p, h], out[k.ID + p, h] = np.mean(v), np.mean(i)
            for start, row in ((0, v), (6, i)):
                phasor = np.sum(row * turn)
                out[k.PHASORS + start + p, h] = phasor.real
                out[k.PHASORS + start + 3 + p, h] = phasor.imag
        out[k.MAXIMA : k.MAXIMA + 6, h] = np.max(now, axis=1)
        out[k.MINIMA : k.MINIMA + 6, h] = np.min(now, axis=1)
    return out


def scale(rows):
    """The largest value of each group of three rows: what rounding is measured by."""
    groups = np.abs(rows).reshape((k.ROWS // 3, -1))
    return np.repeat(np.max(groups, axis=1), 3).reshape((k.ROWS, 1)) + 1.0


@pytest.mark.parametrize("lengths", [(1,) * 12, (2,) * 6, (3,) * 4, (4,) * 3, (12,), (1, 5, 2, 4)])
def test_every_row_is_its_definition_whatever_the_way(lengths, dtype):
    samples = stream(12, dtype)
    wanted = written_out(samples)
    found = kernel_rows(samples, lengths, dtype)
    assert np.max(np.abs(found - wanted) / scale(wanted)) < TOLERANCE[dtype]


def test_both_ways_are_taken(monkeypatch):
    called = []
    for name in ("one", "many"):
        method = getattr(Kernel, name)

        def watched(self, *arguments, name=name, method=method):
            called.append(name)
            return method(self, *arguments)

        monkeypatch.setattr(Kernel, name, watched)
    samples = stream(3, np.float64)
    HalfCycles().process(cut(samples.copy(), 0, 1))
    HalfCycles().process(cut(samples.copy(), 0, 3))
    assert called == ["one", "many"]


def test_only_the_given_columns_are_written(dtype):
    out = np.full((k.ROWS, 6), -1e9, dtype=dtype)
    Kernel(dtype).many(cut(stream(3, dtype), 0, 3).samples, out[:, 2:5])
    assert np.all(out[:, :2] == -1e9) and np.all(out[:, 5:] == -1e9)
    assert not np.any(out[:, 2:5] == -1e9)


def test_rows_of_one_half_cycle_are_floats():
    # On a Pico an array of one would cost more than the number in it.
    rows = Kernel(np.float32).one(stream(1, np.float32))
    assert len(rows) == k.ROWS and {type(row) for row in rows} == {float}


@pytest.mark.parametrize("lengths", [(1,) * 24, (2,) * 12, (3,) * 8, (8,) * 3, (1, 7, 2, 3, 4, 7)])
def test_half_cycles_give_the_same_rows_for_any_frames(lengths, dtype):
    samples = stream(24, dtype)

    def rows(lengths):
        metrology, out, start = HalfCycles(dtype=dtype), [], 0
        for n in lengths:
            out.append(metrology.process(cut(samples.copy(), start, n)).copy())
            start += n
        return np.concatenate(out, axis=1)

    wanted = rows((24,))
    size = np.max(np.abs(wanted), axis=1).reshape((-1, 1)) + 1e-3
    assert np.max(np.abs(rows(lengths) - wanted) / size) < TOLERANCE[dtype] * 50
