"""The phase of the fundamental, from the voltages of all phases: what the frames are cut by.

Each quarter cycle a phasor of two cycles is formed (Hann window, carrier at the tracked frequency), which rejects
noise, DC and harmonics. The voltages are first added up to about 32 points a cycle, which makes that cheap.

The reference is the alpha component A - (B + C) / 2: it is in phase with A, does not care for the phase rotation, and
stays when any one phase is lost. Where all three inputs carry the same voltage (a test bench), it vanishes and the
sum of the phases takes its place; where B and C are opposite and A is dead, both vanish and B - C does.
"""

from math import floor, pi

from meter.compat import const
from meter.metrology.grid import SLEW
from meter.xnp import FLOAT, arc_tangent, floats, larger, np, root, step

PER_QUARTER = const(8)  # decimated samples in a quarter cycle
WINDOW = const(10)  # quarters in a window: room for two cycles at a fifth below the nominal frequency
_LENGTH = PER_QUARTER * WINDOW
_MISSING = 0.1  # below this part of the sum of magnitudes a reference is taken as missing


class PhaseDetector:
    """Turns decimated voltages into phase increments.

    decimation  converter samples that make one decimated sample
    block       converter samples of a quarter cycle at the nominal frequency
    rate        samples per second of the converter

    advance     radians in a quarter block at the carrier's frequency
    magnitude   the largest of any phase in the window that phase() was last asked for, volts peak
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
        self.advance = 2 * pi * hz * self.block / self.rate
        # Two cycles of this frequency, whatever the nominal one: the image at twice the frequency lies in a null.
        length = min(float(_LENGTH), 2.0 * self.rate / self.decimation / hz)
        k = np.arange(_LENGTH) + (0.5 - _LENGTH / 2)
        within = np.clip(k, -length / 2, length / 2)
        hann = (np.cos(within * (2 * pi / length)) + 1.0) * (2.0 / length / self.decimation)
        angle = k * (2 * pi * hz * self.decimation / self.rate)
        weights = np.zeros((_LENGTH, 2), dtype=self._dtype)
        weights[:, 0] = np.cos(angle) * hann
        weights[:, 1] = np.sin(angle) * (-1.0 * hann)
        self._weights = weights

    def phases(self, decimated, count):
        """Return the reference's phase at the centres of `count` windows, each a quarter after the last.

        decimated: (3, at least (count + WINDOW - 1) * PER_QUARTER). Result: a list of radians, 0 where the reference
        passes zero, rising; and a list of the largest magnitude of any phase, volts peak.
        """
        if count < WINDOW:
            pairs = [reference(*parts) for parts in zip(*self._few(decimated, count))]
            return [phase for phase, _ in pairs], [largest for _, largest in pairs]
        phases, largest = reference(*self._many(decimated, count))
        return floats(phases), floats(largest)

    def phase(self, decimated):
        """Return the reference's phase at the centre of the first window, as phases() does."""
        phases, largest = self.phases(decimated, 1)
        self.magnitude = largest[0]
        return phases[0]

    def acquire(self, nominal, decimated, count, threshold):
        """Tune to the frequency found in `count` windows, beginning with the nominal one, no further than SLEW."""
        self.tune(nominal)
        if count < 2:
            return
        for _ in range(3):
            phases, magnitude = self.phases(decimated, count)
            if min(magnitude) < threshold:
                return
            expected, total = self.advance, 0.0
            for k in range(1, count):
                error = phases[k] - phases[k - 1] - expected
                total += error - floor(error * (0.5 / pi) + 0.5) * (2 * pi)
            hz = self.carrier * (1.0 + total / (count - 1) / expected)
            self.tune(min(max(hz, nominal * (1 - SLEW)), nominal * (1 + SLEW)))

    def _few(self, decimated, count):
        """Return real and imaginary part of A, B, C, lists: window by window, all phases at once."""
        parts = [[], [], [], [], [], []]
        for j in range(count):
            start = j * PER_QUARTER
            phasors = np.dot(decimated[:, start : start + _LENGTH], self._weights)
            for part, value in zip(parts, floats(phasors.reshape((6,)))):
                part.append(value)
        return parts

    def _many(self, decimated, count):
        """Return the same: quarter by quarter of the window, all windows of a phase at once."""
        blocks = count + WINDOW - 1
        parts = []
        for p in range(3):
            quarters = decimated[p, : blocks * PER_QUARTER].reshape((blocks, PER_QUARTER))
            total = np.zeros((count, 2), dtype=self._dtype)
            for j in range(WINDOW):
                weights = self._weights[j * PER_QUARTER : (j + 1) * PER_QUARTER]
                total += np.dot(quarters[j : j + count], weights)
            parts.append(total[:, 0])
            parts.append(total[:, 1])
        return parts


def reference(ar, ai, br, bi, cr, ci):
    """Return the phase of the reference, and the largest magnitude of any phase. Real and imaginary parts of A, B, C.

    All floats, or all arrays.
    """
    a, b, c = root(ar * ar + ai * ai), root(br * br + bi * bi), root(cr * cr + ci * ci)
    missing = (a + b + c) * _MISSING
    real, imag = br - cr, bi - ci
    for other in ((ar + br + cr, ai + bi + ci), (ar - (br + cr) * 0.5, ai - (bi + ci) * 0.5)):
        re, im = other
        there = step(root(re * re + im * im) - missing)
        real, imag = real + (re - real) * there, imag + (im - imag) * there
    return arc_tangent(imag, real) + pi / 2, larger(a, larger(b, c))
