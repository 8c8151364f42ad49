"""Thermal demand: a measurement that follows a step slowly, as a mechanical meter heated by the current does (DEM-05).

After the thermal time 90 % of a step has been followed: the rest shrinks tenfold in each. A span is taken as steady, so
the result is the same whether a steady load comes in spans of a second or of an hour.
Source: the manual's Glossary, Thermal Demand and Thermal Time Characteristic; Specifications, Thermal Demand Types.
"""

import struct
from math import expm1, log

from meter.quantities import INTEGRATED, describe

_LOADS = ("W", "var", "VA", "A", "A2")  # units of what is zero while the supply is off
_STATE = "<2dIB"
_LN_10 = log(10)


class Thermal:
    """The thermal demand of an instantaneous quantity, and its peak.

    Of a power or a current it starts at zero; of anything else (V, PF, THD, Hz) at the first value.

    number      index of the quantity
    value       present thermal demand, SI; None: there is none yet
    peak        the highest since the last reset, by its sign; None: there is none yet
    time        UTC second at which the peak was reached; 0: there is none yet
    """

    STATE_SIZE = struct.calcsize(_STATE)

    def __init__(self, number, minutes=15):
        """minutes: the thermal time. ValueError for an integrated quantity."""
        name, _, _, unit, _ = describe(number)
        if name in INTEGRATED:
            raise ValueError("not an instantaneous quantity: %s" % name)
        self.number = number
        self._per_second = _LN_10 / (minutes * 60)
        self._is_load = unit in _LOADS
        self.zero()

    def zero(self):
        """Begin anew."""
        self.value = 0.0 if self._is_load else None
        self.peak, self.time = None, 0

    def take(self, span):
        """Follow the value of a Span."""
        target = span.value(self.number)
        if target is None:
            return
        self._follow(target, span.seconds)
        if self.peak is None or self.value > self.peak:
            self.peak, self.time = self.value, span.end

    def _follow(self, target, seconds):
        if self.value is None:
            self.value = target
        else:
            self.value -= (target - self.value) * expm1(-seconds * self._per_second)

    def jumped(self, before, after, is_outage):
        """An outage: powers and currents were zero for so long. What a voltage has been says nothing: it is held.

        That the clock was set changes nothing.
        """
        if is_outage and self._is_load:
            self._follow(0.0, after - before)

    def reset(self, now):
        """Begin a new period: the peak is the present thermal demand."""
        self.peak, self.time = self.value, 0 if self.value is None else now

    def preset(self, value):
        """Set the peak: from now on only a higher value is one. Nothing has set it: no time."""
        self.peak, self.time = value, 0

    def state(self):
        """Return as bytes what a restart needs, STATE_SIZE long."""
        flags = (self.value is not None) | (self.peak is not None) << 1
        return struct.pack(_STATE, self.value or 0.0, self.peak or 0.0, self.time, flags)

    def restore(self, state):
        """Go on from bytes made by state()."""
        value, peak, self.time, flags = struct.unpack(_STATE, state)
        self.value = value if flags & 1 else None
        self.peak = peak if flags & 2 else None
