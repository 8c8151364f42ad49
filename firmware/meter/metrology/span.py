"""A Span: what was integrated over a stretch of time. Everything slower than a half cycle works on spans.

From waveforms a span lasts a second, from a load model until the next boundary that anything asked for.
"""

from meter.metrology.connection import Connection
from meter.metrology.values import value
from meter.quantities import ROWS, START
from meter.xnp import FLOAT, np


class Span:
    """Integrals over a stretch of time.

    connection  Connection: what is averaged over
    sums        (ROWS,) array: integrals of the base flows (W s, var s, VA s) and of V2 and A2 (V2 s, A2 s)
    half_cycles how many half cycles it covers
    seconds     how long they lasted together, a float
    flags       the flags of all its frames together
    end         UTC second at which it ended, an int (set when it is closed)
    """

    def __init__(self, dtype=FLOAT, connection=None):
        self.connection = connection or Connection()
        self.sums = np.zeros(ROWS, dtype=dtype)
        self.clear()

    def clear(self):
        """Start again from nothing."""
        self.sums[:] = 0.0
        self.half_cycles = 0
        self.seconds = 0.0
        self.flags = 0
        self.end = 0

    def add(self, rows, seconds, flags, start, stop):
        """Add half cycles start to stop (not included) of a frame. rows: (ROWS, n). seconds: (n,)."""
        if stop <= start:
            return
        if stop - start == 1:
            self.sums += rows[:, start]
            self.seconds += float(seconds[start])
        else:
            self.sums += np.sum(rows[:, start:stop], axis=1)
            self.seconds += float(np.sum(seconds[start:stop]))
        self.half_cycles += stop - start
        self.flags |= flags

    def merge(self, other):
        """Add all that another span holds."""
        self.sums += other.sums
        self.seconds += other.seconds
        self.half_cycles += other.half_cycles
        self.flags |= other.flags
        self.end = other.end

    def value(self, number):
        """Return the average over the span of the instantaneous quantity with this index (see values.value)."""
        return value(self, number)

    def mean(self, name, place):
        """Return the mean of one plain row over the span, a float. name: of quantities.PLAIN. place: 0 to 2."""
        return float(self.sums[START[name] + place]) / self.seconds
