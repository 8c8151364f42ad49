"""The harmonics' transform in native code, in an emulator of its processor, against numpy's in double precision."""

import importlib
import sys

import numpy as np
import pytest
from meter.metrology.frame import HALF
from meter.metrology.harmonics import TDD_ORDERS, THD_ORDERS

from host_tests.hal.thumb import Thumb
from host_tests.harness import noise

POINTS = 2 * HALF
ANGLE = np.arange(HALF) * (np.pi / HALF)
CARRIER = np.stack([np.cos(ANGLE), -np.sin(ANGLE)], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def assembled(tmp_path_factory):
    return Thumb("meter.metrology.spectrum_thumb", "armv7emsp", tmp_path_factory.mktemp("thumb"))


@pytest.fixture
def thumb(assembled):
    with assembled.installed():
        yield assembled
    sys.modules.pop("meter.metrology.spectrum", None)


def spectrum_of(wave):
    return importlib.import_module("meter.metrology.spectrum").Spectrum(wave, CARRIER)


def written_out(row):
    """(odd, even, odd for TDD, even for TDD) of one wave, in double precision."""
    lines = np.abs(np.fft.fft(row.astype(float))) ** 2
    return [
        sum(lines[order] for order in range(2, last + 1) if order % 2 == odd)
        for last in (THD_ORDERS, TDD_ORDERS)
        for odd in (1, 0)
    ]


@pytest.mark.parametrize("p", (0, 1, 2))
def test_the_sums_are_those_of_the_transform(thumb, p):
    wave = noise((6, POINTS), 100.0, seed=p).astype(np.float32)
    volts, amps = spectrum_of(wave).sums(p)
    assert volts == pytest.approx(written_out(wave[p]), rel=2e-6)
    assert amps == pytest.approx(written_out(wave[3 + p]), rel=2e-6)


@pytest.mark.parametrize("order", (0, 1, 2, 3, 62, 63, 64, 65, 127, 128, 129, 255, 256))
def test_an_order_counts_where_it_belongs(thumb, order):
    wave = np.zeros((6, POINTS), dtype=np.float32)
    wave[3] = np.cos(np.arange(POINTS) * (2 * np.pi * order / POINTS) + 0.5)
    volts, amps = spectrum_of(wave).sums(0)
    size = (POINTS / 2) ** 2
    assert max(volts) < 1e-6 * size
    wanted = [0.0] * 4
    if 2 <= order <= THD_ORDERS:
        wanted[order % 2 == 0] = size
        if order <= TDD_ORDERS:
            wanted[2 + (order % 2 == 0)] = size
    assert amps == pytest.approx(wanted, rel=1e-5, abs=1e-6 * size)


def test_a_large_fundamental_hides_no_small_harmonic(thumb):
    """A thousandth of the fundamental, to 0.1 % of itself."""
    turns = np.arange(POINTS) * (2 * np.pi / POINTS)
    wave = np.zeros((6, POINTS), dtype=np.float32)
    wave[0] = 12 * 170 * (np.sin(turns) + 0.001 * np.sin(5 * turns))
    odd, even, _, _ = spectrum_of(wave).sums(0)[0]
    assert odd == pytest.approx((12 * 0.17 * POINTS / 2) ** 2, rel=2e-3)
    assert even < 1e-6 * odd


def test_the_wave_stays_as_it_is(thumb):
    wave = noise((6, POINTS), 1.0).astype(np.float32)
    before = wave.copy()
    spectrum_of(wave).sums(1)
    assert np.array_equal(wave, before)


def test_a_transform_takes_so_many_instructions(thumb):
    wave, counts = noise((6, POINTS), 1.0).astype(np.float32), []
    made = spectrum_of(wave)
    for run, words in ((thumb.spread, made._spread), (thumb.transform, made._transform)):
        made._spread[0] = made._spread[1] = made._wave
        run(words)
        counts.append(thumb.instructions)
    assert 5_000 < counts[0] < 7_000 and 50_000 < counts[1] < 62_000
