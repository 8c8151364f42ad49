"""Energy totals: integer counts of a small quantum plus a carried residual. Nothing is ever added to a float total.

A Pico's float has 24 bits: a total kept in it would stop counting. Here each span's joules become whole quanta, and
what is left over is carried to the next span. A booking that is negative (the ripple of a half cycle around a change
of direction) is carried as a debt: a total never goes back, and none is lost.
"""

import struct
from math import floor

from meter.compat import const
from meter.quantities import TOTAL_ROWS, describe, terms

SCALER = const(-6)  # totals are in 10**-6 Wh (varh, VAh)
_PER_JOULE = 1000000.0 / 3600.0
_STATE = "<%dq%df" % (TOTAL_ROWS, TOTAL_ROWS)


class Energy:
    """The totals of all base flows.

    totals      list of TOTAL_ROWS ints, microwatt-hours (microvar-hours, microvolt-ampere-hours)
    """

    STATE_SIZE = struct.calcsize(_STATE)

    def __init__(self):
        self.totals = [0] * TOTAL_ROWS
        self._residuals = [0.0] * TOTAL_ROWS

    def add(self, span):
        """Book a Span."""
        sums, totals, residuals = span.sums, self.totals, self._residuals
        for row in range(TOTAL_ROWS):
            quanta = float(sums[row]) * _PER_JOULE + residuals[row]
            whole = int(floor(quanta)) if quanta > 0 else 0
            totals[row] += whole
            residuals[row] = quanta - whole

    def value(self, number):
        """Return the total of the integrated quantity with this index: an int in 10**SCALER of its unit."""
        _, direction, phase, _, source = describe(number)
        return self.total(terms(source, direction, phase))

    def total(self, made_of):
        """Return a total, an int. made_of: as from quantities.terms()."""
        divisor, parts = made_of
        return sum(sign * self.totals[row] for sign, row in parts) // divisor

    def exact(self, number):
        """Return the total with its residual in Wh (varh, VAh), a float: for a laboratory on a host."""
        _, direction, phase, _, source = describe(number)
        divisor, parts = terms(source, direction, phase)
        quanta = sum(sign * (self.totals[row] + self._residuals[row]) for sign, row in parts)
        return quanta / divisor * 10.0**SCALER

    def state(self):
        """Return the totals as bytes, STATE_SIZE long."""
        return struct.pack(_STATE, *(self.totals + self._residuals))

    def restore(self, state):
        """Take the totals from bytes made by state()."""
        values = struct.unpack(_STATE, state)
        self.totals = list(values[:TOTAL_ROWS])
        self._residuals = list(values[TOTAL_ROWS:])
