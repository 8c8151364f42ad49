"""The signals of the test points: what is applied to the meter, as sums of sines, and the waveform source for it.

A shape is a Fourier series, so that the sampled signal has no jump between samples and its values are exact sums.
Sources: IEC 62053-22 and IEC 62053-21, Annexes on test circuits (5th harmonic, phase-fired, half-wave, bursts);
OIML R 46-2, quadriform and peaked waveforms (from memory: amplitudes and angles to be checked against the text).
"""

from functools import cache
from math import atan2, hypot, pi, radians, sqrt
from typing import NamedTuple

from meter.hal.sim.synthesizer import Synthesizer, Tone

Three = tuple[float, float, float]
Series = tuple[tuple[int, float, float], ...]  # order, part of the RMS value, degrees at the phase's own zero

FORWARD: Three = (0.0, -120.0, 120.0)
REVERSED: Three = (0.0, 120.0, -120.0)
HIGHEST = 63  # order at which the series of a waveform with edges ends
BURST = (2, 2)  # cycles with current, cycles without


class Signal(NamedTuple):
    """A steady three-phase signal at the meter's terminals.

    volts, amps     RMS of the undistorted sine from which the shape is made, by element
    lag             degrees by which each current lags its element's voltage
    shape           a name of shape()
    angles          degrees of the voltages
    """

    hz: float
    volts: Three
    amps: Three
    lag: Three = (0.0, 0.0, 0.0)
    shape: str = "sine"
    angles: Three = FORWARD


class Distortion(NamedTuple):
    """Error of an instrument transformer: the current is so many times too high, and leads by so many degrees."""

    factor: float = 1.0
    lead: float = 0.0


EXACT = Distortion()
SINE: Series = ((1, 1.0, 0.0),)
_FIFTH = ((*SINE, (5, 0.1, 0.0)), (*SINE, (5, 0.4, 0.0)))
_DISTORTED = (
    (*SINE, (5, 0.03, 20.0), (7, 0.02, 50.0)),
    (*SINE, (3, 0.2, 10.0), (5, 0.1, 40.0), (7, 0.07, 90.0)),
)
_FAINT = ((*SINE, (5, 0.01, 30.0)), (*SINE, (5, 0.05, 60.0)))
_ORDERS = (3, 5, 7, 11, 13)
_R46_VOLTS, _R46_AMPS = (0.038, 0.024, 0.017, 0.01, 0.008), (0.3, 0.18, 0.14, 0.09, 0.05)


def _r46(volts: tuple[int, ...], amps: tuple[int, ...]) -> tuple[Series, Series]:
    return (
        (*SINE, *zip(_ORDERS, _R46_VOLTS, map(float, volts), strict=True)),
        (*SINE, *zip(_ORDERS, _R46_AMPS, map(float, amps), strict=True)),
    )


def _from_coefficients(order: int, cosine: float, sine: float) -> tuple[int, float, float]:
    return order, hypot(cosine, sine), atan2(cosine, sine) * 180 / pi


def _phase_fired() -> Series:
    """A sine that is let through from 90 to 180 and from 270 to 360 degrees."""
    series = [_from_coefficients(1, -1 / pi, 0.5)]
    for h in range(3, HIGHEST + 1, 2):
        # 2/pi times the integrals of sin(x) cos(hx) and sin(x) sin(hx) from pi/2 to pi
        turn = (0.0, 1.0, 0.0, -1.0)  # sin(k pi/2)
        cosine = (_cos(h + 1) - 1) / (h + 1) - (_cos(h - 1) - 1) / (h - 1)
        sine = turn[(h + 1) % 4] / (h + 1) - turn[(h - 1) % 4] / (h - 1)
        series.append(_from_coefficients(h, cosine / pi, sine / pi))
    return tuple(series)


def _cos(k: int) -> int:
    """cos(k pi/2) of an even k."""
    return 1 if k % 4 == 0 else -1


def _half_wave() -> Series:
    """A sine of which only the positive half waves pass: DC, the fundamental and even harmonics."""
    even = [_from_coefficients(h, -2 / (pi * (h * h - 1)), 0.0) for h in range(2, HIGHEST + 1, 2)]
    return ((0, sqrt(2) / pi, 0.0), (1, 0.5, 0.0), *even)


@cache
def shape(name: str) -> tuple[Series, Series]:
    """Return the series of the voltages and of the currents. Order 0 is DC, as a part of the RMS value."""
    return {
        "sine": (SINE, SINE),
        "burst": (SINE, SINE),
        "fifth": _FIFTH,
        "distorted": _DISTORTED,
        "faint": _FAINT,
        "quadriform": _r46((180,) * 5, (0,) * 5),
        "peaked": _r46((0, 180, 0, 0, 180), (180, 0, 180, 180, 0)),
        "phase fired": (SINE, _phase_fired()),
        "half wave": (SINE, _half_wave()),
    }[name]


def _tones(channel: str, rms: float, degrees: float, series: Series) -> list[Tone]:
    tones = []
    for order, part, turned in series:
        # A sine that stands still at its crest is DC.
        level, angle = (rms * part, order * degrees + turned) if order else (rms * part / sqrt(2), 90.0)
        tones.append(Tone(channel, level, radians(angle), order))
    return tones


def source(signal: Signal, rate: float, transformers: tuple[Distortion, ...] = (EXACT,) * 3) -> Synthesizer:
    """Return the waveform source. transformers: the errors of what lies between the signal and the meter."""
    volts, amps = shape(signal.shape)
    tones = []
    for p, phase in enumerate("ABC"):
        angle = signal.angles[p]
        tones += _tones("V" + phase, signal.volts[p], angle, volts)
        current = signal.amps[p] * transformers[p].factor
        tones += _tones("I" + phase, current, angle - signal.lag[p] + transformers[p].lead, amps)
    return Synthesizer(rate, signal.hz, tones, burst=BURST if signal.shape == "burst" else None)
