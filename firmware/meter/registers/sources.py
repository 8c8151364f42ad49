"""Where a register's value comes from: totals, growth, extremes, averages. Made once, shared by registers.

A value is an int in 10**-6 of its unit (totals, demands), a float, or None while there is none yet. A source is kept
over a window (billing period, hour, day) and begins again when reset() says that it has ended.
"""

import struct

from meter.metrology.values import value
from meter.registers.demand_window import rows


class Total:
    """A total, of all rates or of one. A preset moves what is shown, never what was metered."""

    def __init__(self, bank, number, rate):
        self._bank, self._key = bank, (number, rate)
        self._terms = bank.energy.terms(number)

    def value(self):
        """Return the total."""
        return self._bank.energy.total(self._terms, self._key[1]) + self._bank.offsets.get(self._key, 0)

    def preset(self, wanted):
        """Show this from now on."""
        self._bank.offsets[self._key] = wanted - self._bank.energy.total(self._terms, self._key[1])

    def reset(self):
        """A total goes on."""

    def state(self):
        """Return nothing: the bank keeps it."""
        return b""

    def restore(self, state):
        """Take nothing."""


class Growth(Total):
    """What a total grew by since the window began."""

    def __init__(self, bank, number, rate):
        super().__init__(bank, number, rate)
        self._rate = rate
        self._start = self._total()

    def _total(self):
        return self._bank.energy.total(self._terms, self._rate)

    def value(self):
        """Return the growth."""
        return self._total() - self._start

    def preset(self, wanted):
        """Show this, and go on from there."""
        self._start = self._total() - wanted

    def reset(self):
        """Begin a window."""
        self._start = self._total()

    def state(self):
        """Return the beginning as bytes."""
        return struct.pack("<q", self._start)

    def restore(self, state):
        """Take it from bytes of state()."""
        self._start = struct.unpack("<q", state)[0]


class AveragePf:
    """The power factor of what was metered in the window (the manual: from watts and VAs accumulated since)."""

    def __init__(self, bank, number, rate):
        self._bank, self._number, self._rate = bank, number, rate
        self._rows = rows(number)
        self._layout = "<%dq" % len(self._rows)
        self.seconds = 1.0  # as a Span has it: only ratios count
        self.half_cycles = 1
        self.reset()

    def _totals(self):
        return [self._bank.energy.total((1, ((1, row),)), self._rate) for row in self._rows]

    def value(self):
        """Return the power factor, a float; None where nothing flowed."""
        grown = [now - start for now, start in zip(self._totals(), self._starts)]
        if not any(grown):
            return None
        self.sums = {row: float(growth) for row, growth in zip(self._rows, grown)}
        return value(self, self._number)

    def reset(self):
        """Begin a window."""
        self._starts = self._totals()

    def state(self):
        """Return the beginning as bytes."""
        return struct.pack(self._layout, *self._starts)

    def restore(self, state):
        """Take it from bytes of state()."""
        self._starts = list(struct.unpack(self._layout, state))


class Extreme:
    """The smallest or largest value in the window. sign: 1 for the largest, -1 for the smallest."""

    def __init__(self, sign):
        self._sign = sign
        self._value = None

    def take(self, number, _):
        """Take a value, a float."""
        if self._value is None or (number - self._value) * self._sign > 0:
            self._value = number

    def value(self):
        """Return it, a float, or None."""
        return self._value

    def preset(self, wanted):
        """Show this until there is more."""
        self._value = wanted

    def reset(self):
        """Begin a window."""
        self._value = None

    def state(self):
        """Return it as bytes."""
        return struct.pack("<Bd", self._value is not None, self._value or 0.0)

    def restore(self, state):
        """Take it from bytes of state()."""
        is_there, number = struct.unpack("<Bd", state)
        self._value = number if is_there else None


class Mean:
    """The average over the window, weighted by the time that was metered."""

    def __init__(self):
        self.reset()

    def take(self, number, seconds):
        """Take a value, a float, that held for so long."""
        self._sum, self._sum_rest = added(self._sum, self._sum_rest, number * seconds)
        self._weight, self._weight_rest = added(self._weight, self._weight_rest, seconds)

    def value(self):
        """Return it, a float, or None."""
        return self._sum / self._weight if self._weight else None

    def reset(self):
        """Begin a window."""
        self._sum = self._sum_rest = self._weight = self._weight_rest = 0.0

    def state(self):
        """Return it as bytes."""
        return struct.pack("<4d", self._sum, self._sum_rest, self._weight, self._weight_rest)

    def restore(self, state):
        """Take it from bytes of state()."""
        self._sum, self._sum_rest, self._weight, self._weight_rest = struct.unpack("<4d", state)


def added(total, rest, number):
    """Return (total, rest) with a number added; what rounding leaves is carried (Neumaier, Kahan)."""
    number += rest
    whole = total + number
    return whole, number - (whole - total)
