"""The diagnostic state: what is wrong with the signals, from the flags of the frames and the measured values.

Metering goes on whatever it says. A reader sees the bits as an error code, and counts of what has passed.
"""

from meter.compat import const
from meter.metrology.frame import CLIPPED, GAP, STUCK, UNLOCKED
from meter.quantities import index

PHASE_SEQUENCE = const(16)  # the voltages turn the wrong way: two phases are swapped
FREQUENCY = const(32)  # outside 45-55 Hz of a 50 Hz service, or 55-65 Hz of a 60 Hz service
MISSING = const(64)  # one of several voltages is missing

TEXTS = (
    (UNLOCKED, "no signal to track"),
    (GAP, "samples lost"),
    (CLIPPED, "samples clipped"),
    (STUCK, "a channel is stuck"),
    (PHASE_SEQUENCE, "phase sequence reversed"),
    (FREQUENCY, "frequency out of range"),
    (MISSING, "a voltage is missing"),
)
RANGE_HZ = 5.0  # around nominal (the manual, Specifications, Frequency)
_MISSING_PART = 0.1  # of the largest voltage
# Negative over positive sequence from which the phases are swapped. With one voltage alone both are the same, and noise
# would decide; with two of three in the wrong order it is 2.
_SWAPPED = 1.5

_V1, _V2 = index("V1.P"), index("V2s.P")
_HZ = index("Hz.A")
_VOLTS = tuple(index("V." + phase) for phase in "ABC")


def texts(state):
    """Return what the bits of a state mean, a list of texts."""
    return [text for bit, text in TEXTS if state & bit]


class Diagnostics:
    """The state of the last 1.5 s, and how often each bit has come since the start.

    elements    of 0, 1, 2: which the connection has
    nominal     frequency of the service, Hz

    state   bits
    counts  dict from bit to how often it has appeared
    """

    def __init__(self, elements=(0, 1, 2), nominal=60):
        self._nominal = nominal
        self._volts = tuple(_VOLTS[k] for k in elements)
        self.state = 0
        self.counts = {bit: 0 for bit, _ in TEXTS}

    def take(self, span):
        """Take the Span of the last 1.5 s."""
        state = span.flags
        if span.half_cycles and not state & UNLOCKED:
            state |= self._of_values(span)
        for bit, _ in TEXTS:
            if state & bit and not self.state & bit:
                self.counts[bit] += 1
        self.state = state

    def _of_values(self, span):
        state = 0
        volts = [span.value(number) for number in self._volts]
        least = max(volts) * _MISSING_PART
        negative = span.value(_V2)
        if negative > least and negative > span.value(_V1) * _SWAPPED:
            state |= PHASE_SEQUENCE
        if abs(span.value(_HZ) - self._nominal) > RANGE_HZ:
            state |= FREQUENCY
        if min(volts) < least:
            state |= MISSING
        return state
