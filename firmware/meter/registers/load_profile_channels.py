"""What a channel of a load profile records: the growth of a total, the average of an instantaneous value, a word.

A channel gives its value when a record is closed, and goes on from there. Of a total in counts, what does not make a
whole count stays for the next record: the counts of all records add up to the register. An average is weighted by the
time that was metered, not by the time that has passed; angles and the like are plain averages of the spans' values.
Of a word of the status all bits are recorded that were set at any time: engineering values hold them as a number,
counts hold them as they are, the highest as the sign. A word has no Km and never overflows.
"""

import struct

from meter.metrology.values import reader
from meter.quantities import INTEGRATED, describe, index
from meter.registers.energy import SCALER
from meter.registers.load_profile_record import LARGEST_COUNT, LARGEST_VALUE
from meter.registers.sources import Mean

QUANTUM = 10.0**SCALER

# text key, name in StatusWord
STATUS = (("status.system", "system"), ("status.trigger", "trigger"))
# Kinds of channels that the manual has and this meter has not. They are refused by name.
NOT_BUILT = (
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


def is_status(key):
    """Return True if the values of a text key are 16 bits of the status."""
    return key in [row[0] for row in STATUS]


def unit_of(key):
    """Return the unit of a channel's values; "" for bits of the status. KeyError for an unknown quantity."""
    return "" if is_status(key) else describe(index(key))[3]


def bits(value):
    """Return the bits, 0 to 65535, of a recorded value of the status: a float, or a count."""
    return int(value) & 0xFFFF


def channel(key, energy, km=0, status=None):
    """Return the channel for a text key. km: what a count is worth, in 10**-6 of the unit; 0: engineering values.

    status: StatusWord, or None: its words are recorded as 0.
    KeyError for an unknown quantity, ValueError for a kind that is not built yet.
    """
    for known, name in STATUS:
        if key == known:
            return Bits(status and getattr(status, name), km)
    problem = not_built(key)
    if problem:
        raise ValueError(problem)
    number = index(key)
    return (Growth if describe(number)[0] in INTEGRATED else Average)(number, energy, km)


class Growth:
    """The growth of a total."""

    averages = False

    def __init__(self, number, energy, km):
        self._energy = energy
        self._terms = energy.terms(number)
        self._km = km
        self.begin()

    def begin(self):
        """Forget what was before now."""
        self._start = self._energy.total(self._terms)

    def close(self):
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
        return struct.pack("<q", self._start)

    def restore(self, state):
        """Go on from the bytes of state()."""
        self._start = struct.unpack("<q", state)[0]


class Average(Mean):
    """The average of an instantaneous value over the spans. If none had one: not a number, and no counts."""

    averages = True

    def __init__(self, number, _, km):
        super().__init__()
        self._read = reader(number)
        self._km = km

    def begin(self):
        """Forget what was before now."""
        self.reset()

    def add(self, span):
        """Take a Span into the average."""
        number = self._read(span)
        if number is not None:
            Mean.take(self, number, span.seconds)

    def close(self):
        """Return (value, True if it is larger than can be recorded), and begin the next."""
        average = self.value()
        self.reset()
        if not self._km:
            return (float("nan"), False) if average is None else _limited(average, LARGEST_VALUE)
        average = average or 0.0
        count = int(abs(average) / (self._km * QUANTUM) + 0.5)
        return _limited(-count if average < 0 else count, LARGEST_COUNT)


class Bits:
    """The bits of a word that were set at any time. word: with `bits`, or None."""

    averages = True  # it looks at the word with every Span

    def __init__(self, word, km):
        self._word, self._is_count = word, bool(km)
        self._seen = 0

    def begin(self):
        """Forget what was before now."""
        self._seen = 0

    def add(self, span):
        """Take what is set now."""
        if self._word:
            self._seen |= self._word.bits

    def close(self):
        """Return (value, False), and begin the next."""
        self.add(None)
        seen, self._seen = self._seen, 0
        if not self._is_count:
            return float(seen), False
        return seen - 0x10000 if seen & 0x8000 else seen, False

    def state(self):
        """Return the running interval as bytes."""
        return struct.pack("<H", self._seen)

    def restore(self, state):
        """Go on from the bytes of state()."""
        self._seen = struct.unpack("<H", state)[0]


def _limited(value, largest):
    return (max(-largest, min(value, largest)), True) if abs(value) > largest else (value, False)
