"""The line frequency of a recording, from the phase of its fundamental.

Phasors of two-cycle Hann windows, half a cycle apart, turn by 2 pi f / 2 f0 from one to the next. The
window's zeros lie on the harmonics, so they do not disturb; it is moved onto the estimate and the estimate
repeated. Turns that differ from the median (a phase jump at a fault) are left out, and strong phasors count
more.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ferraris.recordings.samples import Floats

WINDOW_CYCLES = 2.0
ROUNDS = 6
# the least share of the fundamental in the signal's energy: noise has much less
FUNDAMENTAL_SHARE = 0.2
BLOCK = 4096


def estimate_frequency(x: Floats, rate: float, nominal: float) -> float:
    """Return the mean frequency of x (one channel, at least three cycles) in hertz.

    Returns nominal when there is no signal near it: zeros, noise, direct current, too short, or a result that
        is
    not between 0.6 and 1.6 times nominal.
    """
    signal = np.asarray(x, dtype=np.float64)
    signal = signal - signal.mean() if len(signal) else signal
    energy = float(signal @ signal)
    if not energy > 0 or len(signal) < 3.0 * rate / nominal:
        return nominal
    frequency = nominal
    for _ in range(ROUNDS):
        hop = max(1, round(rate / frequency / 2))
        phasors = _phasors(signal, rate, frequency, hop)
        if len(phasors) < 2 or _share(phasors, signal) < FUNDAMENTAL_SHARE:
            return nominal
        frequency += _turn(phasors) * rate / hop / (2 * np.pi)
        if not 0.6 * nominal < frequency < 1.6 * nominal:
            return nominal
    return frequency


def _phasors(signal: Floats, rate: float, frequency: float, hop: int) -> NDArray[np.complex128]:
    """Return the fundamental's phasors, turning at (true - frequency), one every `hop` samples."""
    half = WINDOW_CYCLES / 2 / frequency
    width = 2 * int(half * rate) + 1
    t = (np.arange(width) - width // 2) / rate
    window = 1 + np.cos(np.pi * t / half)
    kernel = window * np.exp(-2j * np.pi * frequency * t) / window.sum()
    both = np.stack([kernel.real, kernel.imag], axis=1)
    if len(signal) < width:
        return np.empty(0, np.complex128)
    windows = sliding_window_view(signal, width)[::hop]
    parts = [np.ascontiguousarray(windows[n : n + BLOCK]) @ both for n in range(0, len(windows), BLOCK)]
    sums = np.concatenate(parts)
    shift = np.exp(-2j * np.pi * frequency * hop / rate * np.arange(len(sums)))
    return (sums[:, 0] + 1j * sums[:, 1]) * shift


def _share(phasors: NDArray[np.complex128], signal: Floats) -> float:
    """Return the part of the signal's mean square that the fundamental has."""
    return float(2 * np.mean(np.abs(phasors) ** 2) / np.mean(signal**2))


def _turn(phasors: NDArray[np.complex128]) -> float:
    """Return the usual turn from one phasor to the next, in radians."""
    products = phasors[1:] * phasors[:-1].conj()
    weights, angles = np.abs(products), np.angle(products)
    order = np.argsort(angles)
    cumulated = np.cumsum(weights[order])
    median = angles[order[np.searchsorted(cumulated, cumulated[-1] / 2)]]
    distance = np.abs(np.angle(products * np.exp(-1j * median)))
    spread = float(np.sort(distance)[len(distance) // 2])
    kept = products[distance <= 4 * spread + 1e-9]
    return float(np.angle(kept.sum()))
