"""What a channel of a load profile records: the growth of a total, or the average of an instantaneous value.

A channel gives its value when a record is closed, and goes on from there. Of a total in counts, what does not make a
whole count stays for the next record: the counts of all records add up to the register. An average is weighted by the
time that was metered, not by the time that has passed; angles and the like are plain averages of the spans' values.
"""

import struct

from meter.quantities import INTEGRATED, describe, index, terms
from meter.registers.energy import SCALER
from meter.registers.load_profile_record import LARGEST_COUNT, LARGEST_VALUE

QUANTUM = 10.0**SCALER

# Kinds of channels that the manual has and this meter has not. They are refused by name.
NOT_BUILT = (
    ("status", "the status word is"),
    ("pulse", "pulse inputs are"),
    ("totalization", "totalization is"),
    ("contact", "contact inputs are"),
)


def not_built(key):
    """Return why a key such as 'pulse.1' cannot be a channel yet, or None."""
    for kind, what in NOT_BUILT:
        if key.split(".")[0] == kind:
            return "channel %s: %s not built yet" % (key, what)
    return None


def channel(key, energy, km=0):
    """Return the channel for a text key. km: what a count is worth, in 10**-6 of the unit; 0: engineering values.

    KeyError for an unknown quantity, ValueError for a kind that is not built yet.
    """
    problem = not_built(key)
    if problem:
        raise ValueError(problem)
    number = index(key)
    return (Growth if describe(number)[0] in INTEGRATED else Average)(number, energy, km)


class Growth:
    """The growth of a total."""

    FORMAT = "<q"
    averages = False

    def __init__(self, number, energy, km):
        _, direction, phase, _, source = describe(number)
        self._energy = energy
        self._terms = terms(source, direction, phase)
        self._km = km
        self.begin()

    def begin(self):
        """Forget what was before now."""
        self._start = self._energy.total(self._terms)

    def take(self):
        """Return (value, True if it is larger than can be recorded), and begin the next."""
        total = self._energy.total(self._terms)
        grown, self._start = total - self._start, total
        if not self._km:
            return _limited(grown * QUANTUM, LARGEST_VALUE)
        count = abs(grown) // self._km
        if grown < 0:
            count = -count
        self._start -= grown - count * self._km
        return _limited(count, LARGEST_COUNT)

    def state(self):
        """Return the running interval as bytes."""
        return struct.pack(self.FORMAT, self._start)

    def restore(self, state):
        """Go on from the bytes of state()."""
        self._start = struct.unpack(self.FORMAT, state)[0]


class Average:
    """The average of an instantaneous value over the spans. If none had one: not a number, and no counts.

    The sums carry what rounding leaves: in a month of seconds a Pico's 24 bits would lose most of it.
    """

    FORMAT = "<4d"
    averages = True

    def __init__(self, number, _, km):
        self._number = number
        self._km = km
        self.begin()

    def begin(self):
        """Forget what was before now."""
        self._sum = self._sum_rest = self._weight = self._weight_rest = 0.0

    def add(self, span):
        """Take a Span into the average."""
        value = span.value(self._number)
        if value is not None:
            self._sum, self._sum_rest = _add(self._sum, self._sum_rest, value * span.seconds)
            self._weight, self._weight_rest = _add(self._weight, self._weight_rest, span.seconds)

    def take(self):
        """Return (value, True if it is larger than can be recorded), and begin the next."""
        nothing = 0.0 if self._km else float("nan")
        value = self._sum / self._weight if self._weight else nothing
        self.begin()
        if not self._km:
            return _limited(value, LARGEST_VALUE)
        count = int(abs(value) / (self._km * QUANTUM) + 0.5)
        return _limited(-count if value < 0 else count, LARGEST_COUNT)

    def state(self):
        """Return the running interval as bytes."""
        return struct.pack(self.FORMAT, self._sum, self._sum_rest, self._weight, self._weight_rest)

    def restore(self, state):
        """Go on from the bytes of state()."""
        self._sum, self._sum_rest, self._weight, self._weight_rest = struct.unpack(self.FORMAT, state)


def _add(total, rest, value):
    value += rest
    whole = total + value
    return whole, value - (whole - total)


def _limited(value, largest):
    return (max(-largest, min(value, largest)), True) if abs(value) > largest else (value, False)
