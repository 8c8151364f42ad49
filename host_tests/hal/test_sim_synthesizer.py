"""The synthesizer against the sines it stands for."""

from math import pi, sqrt

import numpy as np
import pytest
from meter.hal.sim.synthesizer import CHANNELS, Event, Synthesizer, Tone, three_phase

RATE = 7680.0


def synthesizer(tones, frequency=60.0, **options):
    return Synthesizer(RATE, frequency, tones, **options)


def rms(row):
    return np.sqrt(np.mean(row * row))


def test_a_tone_is_a_sine_of_its_channel():
    samples = synthesizer([Tone("VB", 120.0, 0.7)]).read(0, 1280)
    time = np.arange(1280) / RATE
    assert samples[1] == pytest.approx(120 * sqrt(2) * np.sin(2 * pi * 60 * time + 0.7), abs=1e-9)
    assert not np.any(samples[[0, 2, 3, 4, 5]])


@pytest.mark.parametrize("multiple", (3, 40, 2.5))
def test_a_tone_may_be_a_harmonic_or_an_interharmonic(multiple):
    samples = synthesizer([Tone("IC", 2.0, -1.0, multiple)], 59.3).read(500, 1000)
    time = (500 + np.arange(1000)) / RATE
    assert samples[5] == pytest.approx(2 * sqrt(2) * np.sin(2 * pi * 59.3 * multiple * time - 1.0), abs=1e-8)


def test_a_three_phase_load_has_its_values_angles_and_lags():
    tones = three_phase((120, 110, 100), (5, 4, 3), (30, -60, 180))
    samples = synthesizer(tones).read(0, 7680)
    for p, (volts, amps, lag) in enumerate(zip((120, 110, 100), (5, 4, 3), (30, -60, 180))):
        assert rms(samples[p]) == pytest.approx(volts) and rms(samples[3 + p]) == pytest.approx(amps)
        assert np.mean(samples[p] * samples[3 + p]) == pytest.approx(volts * amps * np.cos(np.radians(lag)))
    # B follows A by a third of a cycle: what A is now, B is then.
    assert np.mean(samples[0] * samples[1]) == pytest.approx(-0.5 * 120 * 110)
    assert np.argmax(samples[0][:128]) < np.argmax(samples[1][:128]) < np.argmax(samples[2][:128])


def test_harmonics_are_parts_of_their_own_fundamental():
    samples = synthesizer(
        three_phase((100,) * 3, (10,) * 3, (0,) * 3, (("V", 5, 0.1, 30.0), ("I", 3, 0.2, 0.0)))
    ).read(0, 7680)
    spectrum = np.abs(np.fft.rfft(samples)) * sqrt(2) / 7680  # 1 Hz a line
    assert spectrum[0][[60, 180, 300]] == pytest.approx((100, 0, 10), abs=1e-6)
    assert spectrum[4][[60, 180, 300]] == pytest.approx((10, 2, 0), abs=1e-6)


def everything(seed=0):
    return synthesizer(
        three_phase((120,) * 3, (5,) * 3, (30,) * 3, (("V", 5, 0.1, 0.0),)),
        61.7,
        events=(Event("VA", 0.1, 0.05, 0.5),),
        ramp=0.2,
        swing=0.3,
        swing_s=2.0,
        modulation=(0.05, 8.8),
        noise=(0.1, 0.01),
        seed=seed,
    )


def test_samples_are_a_function_of_their_number_alone():
    source = everything()
    whole = source.read(0, 10000)
    for first, count in ((0, 1), (4095, 2), (4096, 4096), (777, 5000), (9999, 1)):
        assert np.array_equal(source.read(first, count), whole[:, first : first + count])
    assert np.array_equal(everything().read(0, 10000), whole)
    assert not np.array_equal(everything(seed=1).read(0, 10000), whole)


def test_numbers_before_zero_may_be_asked_for():
    source = synthesizer([Tone("VA", 1.0, 0.0)])
    assert source.read(-10, 20)[0][10] == 0.0
    assert source.read(-10, 10)[0] == pytest.approx(-source.read(1, 10)[0][::-1], abs=1e-12)
    assert everything().read(-5000, 100).shape == (6, 100)


def test_a_ramp_moves_the_frequency_evenly():
    samples = synthesizer([Tone("VA", 1.0, 0.0)], 60.0, ramp=2.0).read(0, 7680)
    time = np.arange(7680) / RATE
    assert samples[0] == pytest.approx(sqrt(2) * np.sin(2 * pi * (60 * time + time * time)), abs=1e-9)


def test_events_scale_their_channel_while_they_last():
    dip = Event("VB", 0.25, 0.5, 0.4)
    plain = synthesizer(three_phase((120,) * 3, (5,) * 3, (0,) * 3)).read(0, 7680)
    samples = synthesizer(three_phase((120,) * 3, (5,) * 3, (0,) * 3), events=(dip,)).read(0, 7680)
    during = slice(int(0.25 * RATE), int(0.75 * RATE))
    assert np.array_equal(samples[1][during], plain[1][during] * 0.4)
    samples[1][during] = plain[1][during]
    assert np.array_equal(samples, plain)


def test_swing_moves_the_currents_only():
    tones = three_phase((120,) * 3, (5,) * 3, (0,) * 3)
    plain, samples = (
        synthesizer(tones).read(0, 7680),
        synthesizer(tones, swing=0.2, swing_s=4.0).read(0, 7680),
    )
    assert np.array_equal(samples[:3], plain[:3])
    assert rms(samples[3][-128:]) == pytest.approx(6.0, rel=1e-3)  # a quarter of the swing: its top
    assert rms(samples[3][:128]) == pytest.approx(5.0, rel=3e-2)


def test_modulation_moves_the_voltages_by_half_its_depth_each_way():
    samples = synthesizer(three_phase((120,) * 3, (5,) * 3, (0,) * 3), modulation=(0.1, 1.0)).read(0, 7680)
    spectrum = np.abs(np.fft.rfft(samples)) * sqrt(2) / 7680
    assert spectrum[0][[59, 60, 61]] == pytest.approx((120 * 0.025, 120, 120 * 0.025), abs=1e-6)
    assert spectrum[3][[59, 60, 61]] == pytest.approx((0, 5, 0), abs=1e-6)


def test_noise_has_the_stated_levels():
    samples = synthesizer([], noise=(0.5, 0.02)).read(0, 50000)
    assert [rms(row) for row in samples] == pytest.approx([0.5] * 3 + [0.02] * 3, rel=0.02)
    assert np.max(np.abs(np.corrcoef(samples) - np.eye(6))) < 0.02


def test_a_source_tells_its_channels_rate_and_that_it_has_no_end():
    source = synthesizer([])
    assert source.channels == CHANNELS and source.rate == RATE and source.length is None
