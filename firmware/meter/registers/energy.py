"""Energy totals: integer counts of a small quantum plus a carried residual. Nothing is ever added to a float total.

A Pico's float has 24 bits: a total kept in it would stop counting. Here each span's joules become whole quanta, and
what is left over is carried to the next span. A booking that is negative (the ripple of a half cycle around a change
of direction) is carried as a debt: a total never goes back, and none is lost.
"""

import struct
from math import floor

from meter.compat import const
from meter.quantities import TOTAL_ROWS, describe, terms
from meter.xnp import floats

SCALER = const(-6)  # totals are in 10**-6 Wh (varh, VAh)
RATES = const(8)  # A to H
_KEPT = const(32)  # quantities whose rows are kept
_PER_JOULE = 1000000.0 / 3600.0
_STATE = "<%dq%df" % (TOTAL_ROWS, TOTAL_ROWS)


class Energy:
    """The totals of all base flows, and of some of them those of each tariff rate.

    rated       rows (below TOTAL_ROWS) that are also kept for each rate
    connection  metrology's Connection: of how many elements an average is; None: of three

    totals      list of TOTAL_ROWS ints, microwatt-hours (microvar-hours, microvolt-ampere-hours)
    rates       for each rate A to H a list of ints, in the order of `rated`
    """

    def __init__(self, rated=(), connection=None):
        currents = len(connection.currents) if connection else 3
        self._averaged = {"A": currents, "A2": currents, "V2": len(connection.elements) if connection else 3}
        self._rated = tuple(sorted(set(rated)))
        self.totals = [0] * TOTAL_ROWS
        self._residuals = [0.0] * TOTAL_ROWS
        self.rates = [[0] * len(self._rated) for _ in range(RATES if self._rated else 0)]
        self._terms = {}  # of the quantities that were asked for last

    def add(self, span, rate=0):
        """Book a Span. rate: the one in force, 1 to 8 for A to H, or 0 for none.

        What a rate gets is what the total gets, in whole quanta: the rates' sums are the total's growth, exactly.
        """
        totals, residuals = self.totals, self._residuals
        before = [totals[row] for row in self._rated] if rate else ()
        row = 0
        for joules in floats(span.sums[:TOTAL_ROWS]):
            if joules:
                quanta = joules * _PER_JOULE + residuals[row]
                whole = int(floor(quanta)) if quanta > 0 else 0
                totals[row] += whole
                residuals[row] = quanta - whole
            row += 1
        if before:
            kept = self.rates[rate - 1]
            for place, row in enumerate(self._rated):
                kept[place] += totals[row] - before[place]

    def clear(self):
        """Begin anew with nothing."""
        self.totals = [0] * TOTAL_ROWS
        self._residuals = [0.0] * TOTAL_ROWS
        for kept in self.rates:
            kept[:] = [0] * len(self._rated)

    def value(self, number, rate=0):
        """Return the total of the integrated quantity with this index: an int in 10**SCALER of its unit."""
        made_of = self._terms.get(number)
        if made_of is None:
            if len(self._terms) >= _KEPT:
                self._terms = {}
            made_of = self._terms[number] = self.terms(number)
        return self.total(made_of, rate)

    def terms(self, number):
        """Return what total() takes for an integrated quantity, or for one whose integral is a total."""
        name, direction, phase, _, source = describe(number)
        divisor, parts = terms(source or name, direction, phase)
        return (self._averaged[source or name] if phase == "avg" else divisor), parts

    def total(self, made_of, rate=0):
        """Return a total, an int. made_of: as from terms(). rate: 1 to 8 for A to H, 0 for all.

        ValueError for a rate of rows that are not kept by rate.
        """
        divisor, parts = made_of
        if not rate:
            return sum([sign * self.totals[row] for sign, row in parts]) // divisor
        kept = self.rates[rate - 1] if self.rates else ()
        return sum([sign * kept[self._rated.index(row)] for sign, row in parts]) // divisor

    def keeps(self, number):
        """Return True if the total of an integrated quantity is kept for each rate."""
        return all([row in self._rated for _, row in self.terms(number)[1]])

    def exact(self, number):
        """Return the total with its residual in Wh (varh, VAh), a float: for a laboratory on a host."""
        divisor, parts = self.terms(number)
        quanta = sum([sign * (self.totals[row] + self._residuals[row]) for sign, row in parts])
        return quanta / divisor * 10.0**SCALER

    def state(self):
        """Return the totals as bytes."""
        rated = self._rated
        state = struct.pack(_STATE, *(self.totals + self._residuals))
        state += struct.pack("<H%dH" % len(rated), len(rated), *rated)
        for kept in self.rates:
            state += struct.pack("<%dq" % len(rated), *kept)
        return state

    def restore(self, state):
        """Take the totals from bytes made by state(). Rates begin at 0 for rows that were not kept before."""
        values = struct.unpack_from(_STATE, state)
        self.totals = list(values[:TOTAL_ROWS])
        self._residuals = list(values[TOTAL_ROWS:])
        at = struct.calcsize(_STATE)
        count = struct.unpack_from("<H", state, at)[0]
        rows = struct.unpack_from("<%dH" % count, state, at + 2)
        at += 2 + 2 * count
        for kept in self.rates if count else ():
            for row, value in zip(rows, struct.unpack_from("<%dq" % count, state, at)):
                if row in self._rated:
                    kept[self._rated.index(row)] = value
            at += 8 * count
