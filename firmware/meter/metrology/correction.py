"""Corrections of an element by its measured errors: the phase between voltage and current, and the errors of
instrument transformers, which change with the current.

Watts and vars are turned by the angle, which is exact for the fundamental; that of a harmonic is turned by the same
angle instead of a multiple of it. For the angles of good transformers (0.1 degrees) the difference is under 0.2 % of
the harmonic's own vars. Magnitudes of voltage and current channels are corrected on the samples (see tracking).
"""

from math import cos, pi, sin

from meter.compat import const
from meter.xnp import np

POINTS = const(16)


class Correction:
    """The corrections of three elements.

    angles      degrees by which each element's current channel leads its voltage channel by error
    curve       up to POINTS of (amperes, ratio error in percent, phase error in degrees) of the current
                transformers, with rising amperes; empty: ideal. They read so much too high and lead by so much.
    watt_gain, var_gain     the last tweak, factors
    active      False if there is nothing to correct
    has_curve   True if the factors depend on the current
    """

    def __init__(self, angles=(0.0, 0.0, 0.0), curve=(), watt_gain=1.0, var_gain=1.0):
        self._angles = [angle * pi / 180 for angle in angles]
        self._gains = (watt_gain, var_gain)
        self.var_gain = var_gain
        self._curve = [[float(x) for x in point] for point in curve]
        if curve:
            if len(curve) > POINTS or any(b[0] <= a[0] for a, b in zip(curve, curve[1:])):
                raise ValueError("a curve has up to %d points of rising current" % POINTS)
            self._columns = [np.array([point[k] for point in self._curve]) for k in range(3)]
        self.has_curve = bool(curve)
        self.active = bool(curve) or any(angles) or self._gains != (1.0, 1.0)

    def factors(self, amperes, p):
        """Return (real, imaginary, squared magnitude) of the factor that mends the current of element p.

        amperes: RMS as measured, a float or an array (n,). The factors are floats, or arrays where there is a curve.
        """
        angle = self._angles[p]
        if not self._curve:
            return cos(angle), -sin(angle), 1.0
        if type(amperes) is float:
            percent, degrees = self._errors(amperes)
            ratio = 1.0 / (percent * 0.01 + 1.0)
            turn = degrees * (pi / 180) + angle
            return ratio * cos(turn), -ratio * sin(turn), ratio * ratio
        currents, percents, degrees = self._columns
        ratio = 1.0 / (np.interp(amperes, currents, percents) * 0.01 + 1.0)
        turn = np.interp(amperes, currents, degrees) * (pi / 180) + angle
        return ratio * np.cos(turn), ratio * np.sin(turn) * -1.0, ratio * ratio

    def _errors(self, amperes):
        """Return (ratio error, phase error) at a current, between the points of the curve."""
        low = self._curve[0]
        for high in self._curve:
            if amperes < high[0]:
                part = (amperes - low[0]) / (high[0] - low[0]) if high is not low else 0.0
                return low[1] + (high[1] - low[1]) * part, low[2] + (high[2] - low[2]) * part
            low = high
        return low[1], low[2]

    def mend(self, w, var, real, imag):
        """Return the corrected watts and vars. real, imag: from factors()."""
        return (w * real + var * imag) * self._gains[0], (var * real - w * imag) * self._gains[1]
