"""One dip, swell or interruption of one voltage: when, how deep, and what flowed meanwhile."""

from meter.compat import const
from meter.metrology.diagnostics import texts
from meter.metrology.span import Span
from meter.metrology.values import value
from meter.quantities import FLOWS, PHASES, START, index
from meter.xnp import np

DIP, SWELL, INTERRUPTION = "dip", "swell", "interruption"
UNFINISHED = "unfinished"

_MICRO = const(1000000)
_FEW = const(20)  # half cycles that are summed up in floats
_A = START["A"]
FLOW_ROWS = START["VAv"]  # of W, VAR, VA


def _flow_rows(phase):
    rows = ()
    for name, directions in FLOWS:
        if name in ("W", "VAR", "VA"):
            first = START[name] + PHASES.index(phase)
            rows += tuple(first + which * len(PHASES) for which in range(len(directions)))
    return rows


class VoltageEvent:
    """An event of one voltage. Sums are integers: it may last for days, and a Pico's float has 24 bits.

    kind            DIP, SWELL or INTERRUPTION
    phase           A, B, C, or AB, BC, CA
    nominal         volts
    start, end      (UTC second, microsecond); end is None while it goes on
    first, last     numbers of the samples at which it starts and ends
    microseconds    how long it lasted
    half_cycles     how many
    volts, amperes  [lowest, highest, mean], RMS of one cycle, renewed each half cycle
    power_factor    over the whole event, signed as the quantity PF.bi; of all phases for a line-to-line voltage
    marks           text: what to know of it; "" if nothing
    current, rows   which rows of a frame it takes: amperes; powers, all below FLOW_ROWS
    """

    def __init__(self, kind, phase, nominal, start, first):
        self.kind, self.phase, self.nominal = kind, phase, nominal
        self.start, self.first = start, first
        self.end = self.last = None
        self.microseconds = self.half_cycles = self._flags = 0
        self.volts = self.amperes = None
        self.power_factor, self.marks = 0.0, ""
        self.current = _A + PHASES.index(phase[0])
        self._power = phase if len(phase) == 1 else "P"
        self.rows = _flow_rows(self._power)
        self._sums = [0] * (2 + len(self.rows))
        self._flows = np.zeros(FLOW_ROWS)
        self._volts = self._amperes = 0.0
        self._count = 0

    @property
    def magnitude(self):
        """Volts: the lowest of a dip or interruption, the highest of a swell."""
        return self.volts[self.kind == SWELL]

    def add(self, volts, amperes, flowed, flags):
        """Take half cycles, at least one. volts, amperes: their RMS, lists. flowed: what flowed in all, by `rows`."""
        self.volts = _extremes(self.volts, volts)
        self.amperes = _extremes(self.amperes, amperes)
        self._volts += sum(volts)
        self._amperes += sum(amperes)
        for row, total in zip(self.rows, flowed):
            self._flows[row] += total
        self._count_in(len(volts), flags)

    def add_one(self, volts, amperes, flows, flags):
        """Take one half cycle. volts, amperes: RMS. flows: its first FLOW_ROWS integrals, an array.

        It happens 120 times a second, as long as the voltage stays away: so it makes next to nothing.
        """
        self.volts = _widened(self.volts, volts)
        self.amperes = _widened(self.amperes, amperes)
        self._volts += volts
        self._amperes += amperes
        self._flows += flows
        self._count_in(1, flags)

    def _count_in(self, half_cycles, flags):
        self.half_cycles += half_cycles
        self._flags |= flags
        self._count += half_cycles
        if self._count >= _FEW:
            self._carry()

    def _carry(self):
        """Add what a few half cycles have summed up in floats: integers of each would be too much work for a Pico."""
        sums, flows = self._sums, self._flows
        sums[0] += int(self._volts * _MICRO)
        sums[1] += int(self._amperes * _MICRO)
        for k, row in enumerate(self.rows):
            sums[2 + k] += int(float(flows[row]) * _MICRO)
        flows -= flows
        self._volts = self._amperes = 0.0
        self._count = 0

    def close(self, end, last, microseconds, is_finished):
        """It ends here: with the voltage back, or because there is nothing more to see."""
        self.end, self.last, self.microseconds = end, last, microseconds
        self._carry()
        self.volts[2] = self._sums[0] / self.half_cycles / _MICRO
        self.amperes[2] = self._sums[1] / self.half_cycles / _MICRO
        self.power_factor = self._power_factor()
        self.marks = ", ".join(([] if is_finished else [UNFINISHED]) + texts(self._flags))

    def _power_factor(self):
        span = Span()
        for k, row in enumerate(self.rows):
            span.sums[row] = self._sums[2 + k] / _MICRO
        span.seconds, span.half_cycles = 1.0, 1  # of a ratio any time will do
        return value(span, index("PF.bi." + self._power))


def _widened(extremes, value):
    if extremes is None:
        return [value, value, 0.0]
    if value < extremes[0]:
        extremes[0] = value
    elif value > extremes[1]:
        extremes[1] = value
    return extremes


def _extremes(before, values):
    low, high = min(values), max(values)
    return [min(low, before[0]), max(high, before[1]), 0.0] if before else [low, high, 0.0]
