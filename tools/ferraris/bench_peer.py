"""Another library on the same signal, for comparison: pqopen-lib (MIT), where it is installed.

It has no registers and no load profile. It is run twice: with the quantities that Ferraris always computes
(harmonics for THD, fundamental in each cycle, neutral current, energy), and with the least it can do.
"""

import importlib.util
import tempfile
import warnings
from math import pi
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

BLOCK = 6144  # samples: 12 cycles, what it works on
FREQUENCY = 60.0


def measure(seconds: float, rate: float, rounds: int) -> list[dict[str, Any]]:
    """Return name and times_real_time of each way to run it; nothing where it is not installed."""
    if importlib.util.find_spec("pqopen") is None:
        return []
    results = []
    for name, everything in (
        ("pqopen-lib, the same quantities", True),
        ("pqopen-lib, RMS and power only", False),
    ):
        elapsed = min(_run(seconds, rate, everything) for _ in range(rounds))
        results.append({"name": name, "times_real_time": round(seconds / elapsed, 1)})
    return results


def _run(seconds: float, rate: float, everything: bool) -> float:
    from daqopen.channelbuffer import AcqBuffer
    from pqopen.powersystem import PowerSystem

    volts = [AcqBuffer(dtype=np.float64) for _ in range(3)]
    amperes = [AcqBuffer(dtype=np.float64) for _ in range(3)]
    system = PowerSystem(volts[0], rate, nominal_frequency=FREQUENCY, nper=12)
    for v, i in zip(volts, amperes, strict=True):
        system.add_phase(v, i)
    with tempfile.TemporaryDirectory() as directory, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it divides by zero before its first cycle
        if everything:
            system.enable_harmonic_calculation(50)
            system.enable_one_period_fundamental()
            system.enable_neutral_current_calculation()
            system.enable_energy_channels(Path(directory) / "energy.json", True)
        signal = _signal(seconds, rate)
        started = perf_counter()
        for first in range(0, signal.shape[1], BLOCK):
            for p in range(3):
                volts[p].put_data(signal[p, first : first + BLOCK])
                amperes[p].put_data(signal[3 + p, first : first + BLOCK])
            system.process()
        elapsed = perf_counter() - started
        del system  # it writes its energy as it goes, while the directory is there
    return elapsed


def _signal(seconds: float, rate: float) -> Any:
    turns = FREQUENCY * np.arange(int(seconds * rate)) / rate
    shifts = np.array((0.0, -1 / 3, 1 / 3)).reshape(3, 1)
    volts = 170 * (np.sin(2 * pi * (turns + shifts)) + 0.02 * np.sin(10 * pi * (turns + shifts)))
    amperes = 7 * np.sin(2 * pi * (turns + shifts - 0.08))
    return np.concatenate((volts, amperes))
