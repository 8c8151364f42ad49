"""A Demand over an Energy that grows as a test tells it to, in whole quanta: every figure can be computed by hand.

A quantum is a microwatt-hour: 1000 quanta a second are 3.6 W, a million are 3.6 kW.
"""

from meter.quantities import index, terms
from meter.registers.demand import Demand
from meter.registers.demand_window import rows
from meter.registers.energy import Energy

HOUR = 1_700_002_800  # UTC 2023-11-14 23:00:00
MINUTE = 60


class DemandLife:
    """Lives through time from HOUR on, closing what is due.

    demands     (ended, past of the first window) of every demand that was formed
    """

    def __init__(self, keys=("W.del.P",), rate=0, start=HOUR, coincident=(), **options):
        numbers = [index(key) for key in (*keys, *coincident)]
        self.energy = Energy([row for number in numbers for row in rows(number)])
        self.demand = Demand(self.energy, **options)
        self.windows = [self.demand.window(index(key), rate) for key in keys]
        self.window = self.windows[0]
        self.peak = self.demand.peak(index(keys[0]), rate, [index(key) for key in coincident])
        self.now = start
        self.demands = []
        self.demand.begin(start)

    def flow(self, quanta, source="W", direction="del", phase="P", rate=0):
        """Let energy flow, in quanta."""
        row = terms(source, direction, phase)[1][0][1]
        self.energy.totals[row] += quanta
        if rate:
            self.energy.rates[rate - 1][self.energy._rated.index(row)] += quanta

    def formed(self, is_formed):
        if is_formed:
            self.peak.offer()
            self.demands.append((self.demand.ended, self.window.past()))
        return is_formed

    def run(self, seconds, each=0, rate=0, **row):
        """Let seconds pass with so many quanta in each; end what ends."""
        until = self.now + seconds
        while self.now < until:
            step = min(self.demand.next_boundary(self.now), until)
            self.flow((step - self.now) * each, rate=rate, **row)
            self.now = step
            self.formed(self.demand.close(step))

    def outage(self, seconds):
        """The supply is off for so long."""
        before, self.now = self.now, self.now + seconds
        return self.formed(self.demand.jumped(before, self.now, True))

    def set_clock(self, seconds):
        """The clock is set forwards, or backwards."""
        before, self.now = self.now, self.now + seconds
        return self.formed(self.demand.jumped(before, self.now, False))

    def pulse(self):
        return self.formed(self.demand.resynchronise(self.now))

    def pasts(self):
        return [past for _, past in self.demands]

    def ends(self):
        """Return when the demands were formed, in seconds since HOUR."""
        return [ended - HOUR for ended, _ in self.demands]
