"""A Span: what was integrated over a stretch of time. Everything slower than a half cycle works on spans.

From waveforms a span lasts a second, from a load model until the next boundary that anything asked for.
"""

from math import sqrt

from meter.quantities import BASE_START, FLOW_ROWS, PHASES, ROWS, describe, terms
from meter.xnp import FLOAT, np


class Span:
    """Integrals over a stretch of time.

    sums        (ROWS,) array: integrals of the base flows (W s, var s, VA s) and of V2 and A2 (V2 s, A2 s)
    half_cycles how many half cycles it covers
    seconds     how long they lasted together, a float
    flags       the flags of all its frames together
    end         UTC second at which it ended, an int (set when it is closed)
    """

    def __init__(self, dtype=FLOAT):
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
        """Return the average over the span of the instantaneous quantity with this index, a float in SI units.

        None if the span is empty. ValueError for an integrated quantity: that is a register's business.
        """
        name, direction, phase, _, flow = describe(number)
        if not self.half_cycles:
            return None
        if name in _DERIVED:
            return _DERIVED[name](self, phase)
        if flow is None or name != flow:
            raise ValueError("not an instantaneous quantity: %s" % name)
        return self._flow(flow, direction, phase)

    def _flow(self, flow, direction, phase):
        return sum(sign * float(self.sums[row]) for sign, row in terms(flow, direction, phase)) / self.seconds

    def _rms(self, square, phase):
        # The manual: the polyphase value is the root of the sum of the three phases' squares.
        start = BASE_START[square]
        places = range(3) if phase == "P" else (PHASES.index(phase),)
        return sqrt(sum(float(self.sums[start + p]) for p in places) / self.seconds)

    def _power_factor(self, apparent, phase):
        """Positive when lagging (quadrants I and III), negative when leading (the manual's sign)."""
        va = self._flow(apparent, "abs", phase)
        if va == 0:
            return 0.0
        w = self._flow("W", "bi", phase)
        var = self._flow("VAR", "bi", phase)
        ratio = min(1.0, abs(w) / va)
        return ratio if w * var >= 0 else -ratio


_DERIVED = {
    "V": lambda span, phase: span._rms("V2", phase),
    "A": lambda span, phase: span._rms("A2", phase),
    "PF": lambda span, phase: span._power_factor("VA", phase),
    "PFv": lambda span, phase: span._power_factor("VAv", phase),
    "Hz": lambda span, phase: 0.5 * span.half_cycles / span.seconds,
}

assert FLOW_ROWS == BASE_START["V2"]
