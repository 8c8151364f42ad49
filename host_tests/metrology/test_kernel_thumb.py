"""The kernel in native code, in an emulator of its processor, against its rows written out in double precision."""

import re
from array import array

import numpy as np
import pytest
from meter.metrology import kernel as k
from meter.metrology.frame import HALF, QUARTER
from meter.metrology.kernel import Kernel

from host_tests.hal.thumb import FIRMWARE, Thumb
from host_tests.hal.thumb import uctypes as memory
from host_tests.harness import frame_of, noise

METROLOGY = FIRMWARE / "meter" / "metrology"
ANGLE = np.arange(HALF) * (np.pi / HALF)
CARRIER = np.stack([np.cos(ANGLE), -np.sin(ANGLE)], axis=1)


@pytest.fixture(scope="module")
def thumb(tmp_path_factory):
    return Thumb("meter.metrology.kernel_thumb", "armv7emsp", tmp_path_factory.mktemp("thumb"))


def run(thumb, samples, wave=None, half=0):
    """Return the rows and the instructions it took. wave: (6, 512), added to."""
    samples = np.ascontiguousarray(samples, dtype=np.float32)
    wave = np.zeros((6, 2 * HALF), dtype=np.float32) if wave is None else wave
    carrier, out = CARRIER.astype(np.float32), array("f", [7.0] * k.ROWS)
    address = memory.addressof
    with thumb.installed():
        thumb.products(array("I", [address(samples), address(out)]))
        count = thumb.instructions
        for group in (0, 1):
            at = address(samples) + group * 3 * 4 * samples.shape[1] + 4 * QUARTER
            into = address(wave) + group * 3 * 4 * 2 * HALF + half * 4 * HALF
            rows = (k.PHASORS + 6 * group, k.VD + 3 * group, k.MAXIMA + 3 * group, k.MINIMA + 3 * group)
            thumb.channels(
                array("I", [at, into, address(carrier)] + [address(out) + 4 * row for row in rows])
            )
            count += thumb.instructions
    return np.array(out), count


def sizes(samples):
    """By row, what rounding is measured by: products of RMS values, or an RMS value."""
    rms = np.sqrt(np.mean(samples.astype(float) ** 2, axis=1)) + 1e-30
    v, i = rms[:3], rms[3:]
    late = np.sqrt(np.mean(samples[:3, :HALF].astype(float) ** 2, axis=1)) + 1e-30
    products = (v * v, i * i, v * i, late * i, v * v[[1, 2, 0]], i * i[[1, 2, 0]])
    return np.concatenate(products + (v, i, v, v, i, i, v, i, v, i))


def with_offset():
    return frame_of(1).samples + np.array([[50.0]] * 3 + [[-2.0]] * 3)


def with_a_spike():
    samples = noise((6, QUARTER + HALF), 1.0)
    samples[:, [QUARTER, QUARTER + 255]] = [[1e6, -1e6]] * 6
    return samples


CASES = {
    "sines": lambda: frame_of(1, lag=(60, -20, 140)).samples,
    "noise": lambda: noise((6, QUARTER + HALF), 100.0),
    "large": lambda: noise((6, QUARTER + HALF), 1e9),
    "small": lambda: noise((6, QUARTER + HALF), 1e-9),
    "direct": lambda: np.full((6, QUARTER + HALF), -3.7),
    "offset": with_offset,
    "spikes": with_a_spike,
    "ramp": lambda: np.outer((1, -2, 3, 0.1, -0.2, 0.3), np.arange(QUARTER + HALF)),
}


@pytest.mark.parametrize("case", CASES)
def test_every_row_is_that_of_the_kernel_in_double_precision(thumb, case):
    samples = CASES[case]().astype(np.float32)
    wanted = np.array(Kernel(np.float64).one(samples.astype(float)))
    found, _ = run(thumb, samples)
    assert np.max(np.abs(found - wanted) / sizes(samples)) < 1e-6
    extremes = slice(k.MAXIMA, k.ROWS)
    assert np.array_equal(found[extremes], wanted[extremes].astype(np.float32))


def test_rounding_is_no_more_than_numpys(thumb):
    """Sums of squares of 20 half cycles of noise."""
    errors = []
    for seed in range(20):
        samples = noise((6, QUARTER + HALF), 100.0, seed).astype(np.float32)
        wanted = np.array(Kernel(np.float64).one(samples.astype(float)))
        for rows in (run(thumb, samples)[0], np.array(Kernel(np.float32).one(samples))):
            errors.append(np.max(np.abs(rows - wanted)[: k.VV] / sizes(samples)[: k.VV]))
    assert max(errors[0::2]) < max(2e-7, 1.5 * max(errors[1::2]))


def test_no_signal_is_no_row(thumb):
    assert not np.any(run(thumb, np.zeros((6, QUARTER + HALF)))[0])


@pytest.mark.parametrize("half", (0, 1))
def test_the_half_cycle_is_added_to_its_half_of_the_wave(thumb, half):
    samples = noise((6, QUARTER + HALF), 100.0).astype(np.float32)
    wave = noise((6, 2 * HALF), 100.0, 2).astype(np.float32)
    wanted = wave.copy()
    wanted[:, half * HALF :][:, :HALF] += samples[:, QUARTER:]
    run(thumb, samples, wave, half)
    assert np.array_equal(wave, wanted)


def test_it_takes_a_fortieth_of_a_half_cycle(thumb):
    """A half cycle has 1.25 million cycles at 150 MHz; docs/real-time.md says what that means."""
    assert 30_000 < run(thumb, frame_of(1).samples)[1] < 33_000


OPCODES = {
    "vfma": (0xEEA0, 0x0A00),
    "vfms": (0xEEA0, 0x0A40),
    "vmaxnm": (0xFE80, 0x0A00),
    "vminnm": (0xFE80, 0x0A40),
}
WHOLE = {"vpush(s16 to s31)": (0xED2D, 0x8A10), "vpop(s16 to s31)": (0xECBD, 0x8A10)}


@pytest.mark.parametrize("module, count", (("kernel_thumb", 61), ("spectrum_thumb", 6)))
def test_each_word_that_the_assembler_has_no_name_for_is_what_stands_beside_it(module, count):
    """The encodings: Armv8-M Architecture Reference Manual, VFMA, VFMS, VMAXNM, VMINNM, VPUSH, VPOP."""
    lines = (METROLOGY / f"{module}.py").read_text().splitlines()
    lines = [line for line in lines if "data(" in line]
    assert len(lines) == count
    for line in lines:
        high, low, name = re.fullmatch(r"    data\(2, (\w+), (\w+)\)  # (.+)", line).groups()
        found = int(high, 16), int(low, 16)
        if name in WHOLE:
            assert found == WHOLE[name]
            continue
        operation, d, n, m = re.fullmatch(r"(\w+)\(s(\d+), s(\d+), s(\d+)\)", name).groups()
        d, n, m = int(d), int(n), int(m)
        first, second = OPCODES[operation]
        assert found == (
            first | (d & 1) << 6 | n >> 1,
            second | (d >> 1) << 12 | (n & 1) << 7 | (m & 1) << 5 | m >> 1,
        )
