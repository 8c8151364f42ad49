"""The model of a 24-bit front end: ideal by default, and each error as stated."""

from math import pi, sqrt

import numpy as np
import pytest
from meter.hal.sim.front_end import FULL_SCALE, HEADROOM, FrontEnd, quantised_rate, scale

SCALES = (0.001, 0.0001)


class Waves:
    """Two channels: a sine of 50 Hz and its cosine, a pure function of the sample number."""

    channels = ("VA", "IA")
    rate = 25600.0

    def __init__(self, peak=100.0, length=None):
        self.peak, self.length = peak, length

    def read(self, first, count):
        stop = first + count if self.length is None else min(first + count, self.length)
        angle = np.arange(first, stop) * (2 * pi * 50 / self.rate)
        return np.stack((np.sin(angle), np.cos(angle) / 10)) * self.peak


def convert(source=None, first=0, count=2560, **options):
    front_end = FrontEnd(SCALES, **options)
    read, data = front_end.convert(source or Waves(), first, count)
    return np.frombuffer(data, dtype="<i4").reshape((read, 2)), front_end


def test_an_ideal_front_end_only_rounds():
    counts, front_end = convert()
    exact = Waves().read(0, 2560).T / np.array(SCALES)
    assert np.max(np.abs(counts - exact)) <= 0.5
    assert front_end.clipped == 0


def test_a_sample_in_the_middle_of_two_counts_goes_to_one_of_them():
    class Halves(Waves):
        def read(self, first, count):
            return np.array([[0.0025, -0.0024], [0.0, 0.0]])

    assert convert(Halves(), count=2)[0][:, 0].tolist() in ([2, -2], [3, -2])


@pytest.mark.parametrize("channel", (0, 1))
@pytest.mark.parametrize("error", (0.01, -0.3))
def test_a_gain_error_is_that_of_its_channel_alone(channel, error):
    gains = [0.0, 0.0]
    gains[channel] = error
    counts, ideal = convert(gain_error=gains)[0], convert()[0]
    assert np.max(np.abs(counts[:, channel] - ideal[:, channel] * (1 + error))) <= 1.0
    assert np.array_equal(counts[:, 1 - channel], ideal[:, 1 - channel])


def test_an_offset_is_added_in_counts():
    counts, ideal = convert(offset=(0.0, 77.0))[0], convert()[0]
    assert np.array_equal(counts[:, 1], ideal[:, 1] + 77)
    assert np.array_equal(counts[:, 0], ideal[:, 0])


@pytest.mark.parametrize("delay", (10e-6, -10e-6, 39.0625e-6, 50e-6))
def test_a_delay_shows_what_was_there_before(delay):
    counts, _ = convert(delay=(delay, 0.0))
    angle = (np.arange(2560) / 25600.0 - delay) * 2 * pi * 50
    assert np.max(np.abs(counts[:, 0] - np.sin(angle) * 100 / SCALES[0])) <= 0.6
    assert np.max(np.abs(counts[:, 1] - Waves().read(0, 2560)[1] / SCALES[1])) <= 0.6


@pytest.mark.parametrize("delay", ((0.0, 0.0), (20e-6, -20e-6)))
def test_blocks_of_any_size_give_the_same_counts_where_there_is_no_noise(delay):
    whole = convert(delay=delay)[0]
    parts = np.concatenate([convert(first=first, count=100, delay=delay)[0] for first in range(0, 2500, 100)])
    assert np.array_equal(parts, whole[:2500])


@pytest.mark.parametrize("delay, end", (((0.0, 0.0), 1000), ((1e-6, 0.0), 997)))
def test_the_end_of_a_recording_gives_what_is_there(delay, end):
    source = Waves(length=1000)
    counts, _ = convert(source, first=900, count=500, delay=delay)
    assert len(counts) == end - 900  # a delayed sample needs three that follow it
    assert len(convert(source, first=1000, count=500, delay=delay)[0]) == 0


def test_noise_has_the_stated_level_on_all_channels_and_is_the_same_for_a_seed():
    ideal = convert(count=20000)[0]
    counts = convert(count=20000, noise=30.0, seed=5)[0]
    deviation = np.std(counts - ideal, axis=0)
    assert deviation == pytest.approx((30.0, 30.0), rel=0.02)
    assert abs(np.corrcoef((counts - ideal).T)[0, 1]) < 0.03
    assert np.array_equal(counts, convert(count=20000, noise=30.0, seed=5)[0])
    assert not np.array_equal(counts, convert(count=20000, noise=30.0, seed=6)[0])


def test_what_is_too_large_is_clipped_and_counted():
    counts, front_end = convert(Waves(peak=0x7FFFFF * 0.001 * 2))
    assert np.max(counts) == 0x7FFFFF and np.min(counts) >= -0x800000
    over = np.abs(np.round(Waves(peak=0x7FFFFF * 0.001 * 2).read(0, 2560).T / np.array(SCALES))) > FULL_SCALE
    assert front_end.clipped == np.count_nonzero(over) > 1000
    assert np.array_equal(counts[over[:, 0], 0] > 0, Waves().read(0, 2560)[0][over[:, 0]] > 0)


def test_full_scale_is_a_sine_with_headroom():
    assert scale(300.0) * FULL_SCALE == pytest.approx(300.0 * sqrt(2) * HEADROOM)
    assert HEADROOM > 1.0


@pytest.mark.parametrize("wanted", (25600.0, 30720.0))
def test_without_a_clock_any_rate_is_made(wanted):
    assert quantised_rate(wanted, 0.0) == wanted


def test_a_clock_is_divided_by_a_whole_number():
    assert quantised_rate(32000.0, 8.192e6) == 32000.0
    assert quantised_rate(30720.0, 150e6) == pytest.approx(150e6 / 256 / 19)
    assert quantised_rate(30720.0, 8.192e6) == 32000.0
    assert quantised_rate(30720.0, 1000.0) == pytest.approx(1000 / 256)
