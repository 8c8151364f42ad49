"""What is demanded of one quantity: the growth of an integer total over the last subintervals (DEM-01, DEM-03, DEM-06).

Where there is a total of energy (W, VAR, VA, VAv, Q, their compensated twins, VARf, A, A2, V2) a span costs nothing.
What has none (the neutral's or the polyphase current) is integrated here in the same way: whole quanta, and what is
left over carried to the next span. So every demand is an integer, in quanta of energy over the interval:
SI value = quanta * 1e-6 * 3600 / seconds of the interval.
Source: the manual's Specifications, Demand; Glossary, Past Interval Demand and Demand Prediction.
"""

import struct
from array import array
from math import floor

from meter.metrology.values import value
from meter.quantities import INTEGRATED, describe, index, terms

PER_JOULE = 1000000.0 / 3600.0
_UNITS = ("W", "var", "VA", "A", "A2", "V", "V2")

# coincident power factor: which powers it is made of
_FACTORS = (
    ("PF", "W", "VAR", "VA"),
    ("PFv", "W", "VAR", "VAv"),
    ("PFc", "Wc", "VARc", "VAc"),
    ("PFvc", "Wc", "VARc", "VAvc"),
)


def made_of(number):
    """Return the terms (see quantities.terms) of the total that is the integral of this quantity, or None.

    The polyphase current is the root of a sum of squares: no total of amperes grows like it.
    ValueError for what has no demand: an integrated quantity, a factor, a frequency, an angle, a distortion.
    """
    name, direction, phase, unit, _ = describe(number)
    if unit not in _UNITS:
        raise ValueError("there is no demand of %s" % name)
    if name + "h" not in INTEGRATED or phase == "N" or (name == "A" and phase == "P"):
        return None
    return terms(name, direction, phase)


def factor_parts(number):
    """Return what a power factor is made of, ((index, row), ...) of booked powers, or () if it is no power factor."""
    name, direction, phase, _, _ = describe(number)
    for factor, watts, vars_, apparent in _FACTORS:
        if factor == name:
            sides = (direction,) if direction in ("del", "rec") else ("del", "rec")
            flows = [(source, side) for source in (watts, apparent) for side in sides]
            flows += [(vars_, quadrant) for quadrant in ("q1", "q2", "q3", "q4")]
            return tuple([(index(".".join(flow + (phase,))), _row(flow, phase)) for flow in flows])
    return ()


def _row(flow, phase):
    return terms(flow[0], flow[1], phase)[1][0][1]


def rows(number):
    """Return the rows whose totals a demand, or a coincident power factor, needs: for Energy(rated=...)."""
    parts = factor_parts(number)
    if parts:
        return tuple([row for _, row in parts])
    total = made_of(number)
    return tuple([row for _, row in total[1]]) if total else ()


class Window:
    """The demand of one quantity at one rate, of energy metered while that rate was in force. Made by Demand.window().

    number  index of the quantity
    rate    0 (all) or 1 to 8
    """

    def __init__(self, demand, number, rate):
        self.number, self.rate = number, rate
        self._demand = demand
        self._made_of = made_of(number) and demand.energy.terms(number)
        # Totals at the beginning of each subinterval of the window (a ring), the past demand, the total held.
        self._kept = array("q", [0] * (demand.subintervals + 2))

    def total(self):
        """Return the integer total whose growth this is."""
        return self._demand.energy.total(self._made_of, self.rate)

    def present(self):
        """Return the demand of the running interval so far, in quanta; 0 while demands are deferred."""
        demand = self._demand
        return 0 if demand.deferred_until else self.total() - self._kept[demand.oldest]

    def past(self):
        """Return the demand of the interval that ended last, in quanta."""
        return self._kept[-2]

    def predicted(self, now, span):
        """Return the demand expected at the end of the running (sub)interval, in quanta.

        What has flowed, and the power of the span until the end; at another rate nothing more flows.
        """
        demand, present = self._demand, self.present()
        if demand.deferred_until or not span.half_cycles or self.rate not in (0, demand.rate):
            return present
        return present + int(self._power(span) * max(0, demand.due - now) * PER_JOULE)

    @property
    def ended(self):
        """The UTC second at which the past interval ended; 0: none has."""
        return self._demand.ended

    def si(self, quanta):
        """Return a demand in quanta as a float in W, var, VA, A ..."""
        return quanta * 0.0036 / self._demand.interval_s

    def _power(self, span):
        divisor, parts = self._made_of
        return sum([sign * float(span.sums[row]) for sign, row in parts]) / (divisor * span.seconds)

    # For Demand.

    def begin(self):
        """Forget what was before now."""
        total = self.total()
        for slot in range(len(self._kept) - 2):
            self._kept[slot] = total

    def hold(self):
        """Note the total at this instant: the subinterval may turn out to have ended here."""
        self._kept[-1] = self.total()

    def close(self, oldest, is_formed, is_held):
        """End a subinterval. The next takes the slot of the oldest. is_held: it ended where hold() was called."""
        kept = self._kept
        total = kept[-1] if is_held else self.total()
        if is_formed:
            kept[-2] = total - kept[oldest]
        kept[oldest] = total

    def state(self):
        """Return as bytes what a restart needs."""
        return struct.pack("<%dq" % len(self._kept), *self._kept)

    def restore(self, state, at):
        """Go on from bytes made by state(), at this place. Return the place behind."""
        layout = "<%dq" % len(self._kept)
        self._kept = array("q", struct.unpack_from(layout, state, at))
        return at + struct.calcsize(layout)


class IntegratedWindow(Window):
    """The demand of a quantity that has no total of energy: integrated from the spans."""

    _STATE = "<qd"

    def __init__(self, demand, number, rate):
        super().__init__(demand, number, rate)
        self._total, self._residual = 0, 0.0

    def take(self, span, rate):
        """Take a Span metered at this rate."""
        if self.rate in (0, rate) and span.half_cycles:
            quanta = self._power(span) * span.seconds * PER_JOULE + self._residual
            whole = int(floor(quanta))
            self._total += whole
            self._residual = quanta - whole

    def total(self):
        """Return the integer total whose growth this is."""
        return self._total

    def _power(self, span):
        return value(span, self.number)

    def state(self):
        """Return as bytes what a restart needs."""
        return super().state() + struct.pack(self._STATE, self._total, self._residual)

    def restore(self, state, at):
        """Go on from bytes made by state(), at this place. Return the place behind."""
        at = super().restore(state, at)
        self._total, self._residual = struct.unpack_from(self._STATE, state, at)
        return at + struct.calcsize(self._STATE)


class PowerFactor:
    """The power factor of the interval that ended last: what values.value() makes of the growth of its powers.

    To values.value() this is a span of one second in which they flowed.
    """

    half_cycles = 1
    seconds = 1.0

    def __init__(self, number, windows):
        """windows: ((row, Window), ...) of factor_parts()."""
        self.number, self._windows = number, windows
        self.sums = {}

    def past(self):
        """Return the power factor in millionths, an int; lagging is positive, leading negative; 0 without power."""
        for row, window in self._windows:
            self.sums[row] = window.past()
        return int(round(value(self, self.number) * 1000000))
