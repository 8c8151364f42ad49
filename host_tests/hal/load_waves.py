"""The waveforms of a load, to hold the load model against: every step as sines, with the voltages' phase running on."""

from math import atan2, hypot, radians

import numpy as np

from host_tests.harness import RATE

CHANNELS = ("VA", "VB", "VC", "IA", "IB", "IC")


class LoadWaves:
    """A waveform source (see hal.sim.synthesizer) of constant frequency.

    values      list of tuples as load_model has them: volts, watts, vars of A, B, C, hertz
    step_s      seconds to each
    angles      degrees of the voltages
    """

    channels = CHANNELS
    rate = RATE

    def __init__(self, values, step_s, angles):
        self.length = int(len(values) * step_s * RATE)
        self._values, self._step, self._angles = values, step_s, angles

    def read(self, first, count):
        """Return samples first ... first + count - 1: (6, count) volts and amperes; fewer at the end."""
        numbers = np.arange(max(0, first), min(self.length, first + count))
        out = np.zeros((6, len(numbers)))
        which = (numbers // (self._step * RATE)).astype(int)
        for step in np.unique(which):
            there = which == step
            out[:, there] = self._step_of(self._values[step], numbers[there] / RATE)
        return np.concatenate((np.zeros((6, min(count, max(0, -first)))), out), axis=1)

    def _step_of(self, values, times):
        turns = 2 * np.pi * (values[9] * times)
        rows = []
        for p in range(3):
            rows.append(values[p] * 2**0.5 * np.sin(turns + radians(self._angles[p])))
        for p in range(3):
            volts, w, var = values[p], values[3 + p], values[6 + p]
            amps = hypot(w, var) / volts if volts else 0.0
            rows.append(amps * 2**0.5 * np.sin(turns + radians(self._angles[p]) - atan2(var, w)))
        return np.array(rows)
