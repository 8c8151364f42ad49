"""What lies between a signal and the meter: nothing, or the errors of a converter and of current transformers.

The model is an ADS131M08-class converter. Noise: 21.3 uV RMS of 1.2 V at OSR 128 and gain 1 (its data sheet, noise
table), which is 149 of 2**23 counts. Clock: a Pico 2 divides its 150 MHz, which gives a rate near 512 samples a cycle,
and its crystal is off. Current transformers: errors that fall with rising current, as those of IEC 61869-2 do.
"""

from math import sqrt
from typing import NamedTuple

import numpy as np
from meter.hal.sim.front_end import FrontEnd, quantised_rate, scale

from ferraris.accuracy.signals import EXACT, Distortion, Signal, shape

IDEAL, MODEL = "ideal", "model"
NAMES = (IDEAL, MODEL)
VOLTS = 300.0  # full scale, RMS, with the converter's headroom of 1.25 above it
NOISE = 21.3e-6 / 1.2 * 0x7FFFFF  # counts RMS
CROSSTALK = 1e-6  # -120 dB
CLOCK = 150e6  # Hz, divided
CRYSTAL = 5e-6  # the clock runs fast by this part
GAIN, OFFSET, DELAY, DRIFT = 0.01, 1000.0, 3e-6, 15.0  # largest of each: part, counts, seconds, ppm/K
SEED = 20240


class Errors(NamedTuple):
    """Errors by channel, as FrontEnd takes them."""

    gain_error: tuple[float, ...]
    offset: tuple[float, ...]
    delay: tuple[float, ...]
    drift: tuple[float, ...]


def scales(current_class: int) -> list[float]:
    """Return volts or amperes for one count, by channel."""
    return [scale(VOLTS)] * 3 + [scale(float(current_class))] * 3


def errors(current_class: int) -> Errors:
    """Return the errors of the meter of a class: drawn once, the same on every run."""
    random = np.random.default_rng((SEED, current_class))
    return Errors(
        *(tuple(float(x) for x in random.uniform(-most, most, 6)) for most in (GAIN, OFFSET, DELAY, DRIFT))
    )


def rate(name: str, frequency: int) -> float:
    """Return the converter's rate as the meter knows it."""
    return quantised_rate(512 * frequency, CLOCK if name == MODEL else 0)


def true_rate(name: str, frequency: int) -> float:
    """Return the rate at which the converter really samples."""
    return rate(name, frequency) * (1 + CRYSTAL if name == MODEL else 1)


def front_end(name: str, current_class: int, kelvin: float, seed: int) -> FrontEnd:
    """Return the converter. seed: of its noise."""
    if name == IDEAL:
        return FrontEnd(scales(current_class))
    return FrontEnd(
        scales(current_class),
        noise=NOISE,
        crosstalk=CROSSTALK,
        warmer=kelvin,
        seed=seed,
        **errors(current_class)._asdict(),
    )


def transformer(amps: float, rated: float) -> tuple[float, float]:
    """Return the ratio error in percent and the phase error in degrees of a current transformer at a current."""
    load = 1 + amps / (0.05 * rated)
    return -0.02 - 0.08 / load, (2 + 10 / load) / 60


def distortions(name: str, signal: Signal, rated: float) -> tuple[Distortion, ...]:
    """Return the errors of the three current transformers for a signal."""
    if name == IDEAL:
        return (EXACT,) * 3
    shaped = sqrt(sum(part * part for _, part, _ in shape(signal.shape)[1]))
    found = [transformer(amps * shaped, rated) for amps in signal.amps]
    return tuple(Distortion(1 + ratio / 100, lead) for ratio, lead in found)


def curve(name: str, rated: float, current_class: int) -> tuple[tuple[float, float, float], ...]:
    """Return the transformers' certificate, as the setting correction.curve has it: ten points."""
    if name == IDEAL:
        return ()
    points = [part * rated for part in (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)] + [
        float(current_class)
    ]
    return tuple((amps, *transformer(amps, rated)) for amps in points)
