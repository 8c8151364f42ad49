"""Loss compensation: the watts and vars lost in the line and the transformer between the meter and the billing point.

    line watts and copper watts, copper vars   grow with the square of the current
    iron watts                                 grow with the square of the voltage
    iron vars                                  grow with its fourth power
Coefficients are percent of an element's full-scale watts (nominal voltage x nominal current) lost at nominal voltage
and current, with their sign, separately for delivered and received power. Source: the manual, Specifications, Loss
Compensation; the laws are those of every transformer.
"""

from meter.xnp import step

# order of the coefficients in each direction
COEFFICIENTS = ("line_watts", "copper_watts", "copper_vars", "iron_watts", "iron_vars")
NONE = (0.0,) * 5


class LossCompensation:
    """Adds the losses to watts and vars.

    voltage, current        nominal values of an element, V and A
    delivered, received     five percentages each, as COEFFICIENTS
    """

    def __init__(self, voltage, current, delivered=NONE, received=NONE):
        self.active = any(delivered) or any(received)
        self._delivered = self._factors(voltage, current, delivered)
        self._received = self._factors(voltage, current, received)

    @staticmethod
    def _factors(voltage, current, percent):
        line, copper_w, copper_var, iron_w, iron_var = percent
        full = voltage * current / 100.0
        return (
            (line + copper_w) * full / current**2,
            iron_w * full / voltage**2,
            copper_var * full / current**2,
            iron_var * full / voltage**4,
        )

    def losses(self, v2, i2, watts):
        """Return (watts, vars) lost in an element. v2, i2, watts: cycle values, floats or arrays."""
        forth = step(watts)
        a, b, c, d = [back + forth * (there - back) for there, back in zip(self._delivered, self._received)]
        return i2 * a + v2 * b, i2 * c + v2 * v2 * d
