"""The phase of the fundamental, from the voltages of all phases: what the frames are cut by.

Each quarter cycle a phasor of two cycles is formed (Hann window, carrier at the tracked frequency), which rejects
noise, DC and harmonics. The voltages are first added up to about 32 points a cycle, which makes that cheap.

The reference is the alpha component A - (B + C) / 2: it is in phase with A, does not care for the phase rotation, and
stays when any one phase is lost. Where all three inputs carry the same voltage (a test bench), it vanishes and the
sum of the phases takes its place; where B and C are opposite and A is dead, both vanish and B - C does.
"""

from math import pi

from meter.compat import const
from meter.metrology.grid import SLEW
from meter.xnp import FLOAT, np

PER_QUARTER = const(8)  # decimated samples in a quarter cycle
WINDOW = const(8)  # quarters in the window
_LENGTH = PER_QUARTER * WINDOW
_MISSING = 0.1  # below this part of the sum of magnitudes a reference is taken as missing


class PhaseDetector:
    """Turns decimated voltages into phase increments.

    decimation  converter samples that make one decimated sample
    block       converter samples of a quarter cycle at the nominal frequency
    rate        samples per second of the converter
    """

    def __init__(self, rate, nominal, dtype=FLOAT):
        self.rate = rate
        self.decimation = max(1, int(rate / nominal / (4 * PER_QUARTER) + 0.5))
        self.block = self.decimation * PER_QUARTER
        self._dtype = dtype
        self.tune(nominal)

    def tune(self, hz):
        """Set the frequency of the carrier."""
        self.carrier = hz
        k = np.arange(_LENGTH) + (0.5 - _LENGTH / 2)
        hann = (np.cos(k * (2 * pi / _LENGTH)) + 1.0) * (2.0 / _LENGTH / self.decimation)
        angle = k * (2 * pi * hz * self.decimation / self.rate)
        weights = np.zeros((_LENGTH, 2), dtype=self._dtype)
        weights[:, 0] = np.cos(angle) * hann
        weights[:, 1] = np.sin(angle) * (-1.0 * hann)
        self._weights = weights

    def decimate(self, samples, out):
        """Write the sums of `decimation` samples each to out. samples: (m * decimation,), out: (m,)."""
        m = len(out)
        out[:] = np.sum(samples.reshape((m, self.decimation)), axis=1)

    def phases(self, decimated, count):
        """Return the reference's phase at the centres of `count` windows, each a quarter after the last.

        decimated: list of three arrays, at least (count + WINDOW - 1) * PER_QUARTER long. Result: (count,) radians,
        0 where the reference passes zero, rising; and (count,) the largest magnitude of any phase, volts peak.
        """
        parts = [self._one(phase, count) for phase in decimated]
        (ar, ai), (br, bi), (cr, ci) = parts
        largest, total = 0.0 * ar, 0.0 * ar
        for real, imag in parts:
            magnitude = np.sqrt(real * real + imag * imag)
            largest = np.maximum(largest, magnitude)
            total = total + magnitude
        real, imag = br - cr, bi - ci
        for reference in ((ar + br + cr, ai + bi + ci), (ar - (br + cr) * 0.5, ai - (bi + ci) * 0.5)):
            re, im = reference
            there = np.sqrt(re * re + im * im) > total * _MISSING
            real, imag = np.where(there, re, real), np.where(there, im, imag)
        return np.arctan2(imag, real) + pi / 2, largest

    def acquire(self, nominal, decimated, count, threshold):
        """Tune to the frequency found in `count` windows, beginning with the nominal one, no further than SLEW."""
        self.tune(nominal)
        if count < 2:
            return
        for _ in range(3):
            phases, magnitude = self.phases(decimated, count)
            if float(np.min(magnitude)) < threshold:
                return
            expected = self.advance()
            error = phases[1:] - phases[: count - 1] - expected
            error = error - np.floor(error * (0.5 / pi) + 0.5) * (2 * pi)
            hz = self.carrier * (1.0 + float(np.mean(error)) / expected)
            self.tune(min(max(hz, nominal * (1 - SLEW)), nominal * (1 + SLEW)))

    def advance(self):
        """Return the radians in a quarter block at the carrier's frequency."""
        return 2 * pi * self.carrier * self.block / self.rate

    def _one(self, decimated, count):
        blocks = count + WINDOW - 1
        quarters = decimated[: blocks * PER_QUARTER].reshape((blocks, PER_QUARTER))
        total = np.zeros((count, 2), dtype=self._dtype)
        for j in range(WINDOW):
            total += np.dot(quarters[j : j + count], self._weights[j * PER_QUARTER : (j + 1) * PER_QUARTER])
        return total[:, 0], total[:, 1]
