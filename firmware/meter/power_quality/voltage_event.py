"""One dip, swell or interruption of one voltage: when, how deep, and what flowed meanwhile."""

from meter.compat import const
from meter.metrology.diagnostics import texts
from meter.metrology.span import Span
from meter.metrology.values import value
from meter.quantities import FLOWS, PHASES, START, index
from meter.xnp import floats

DIP, SWELL, INTERRUPTION = "dip", "swell", "interruption"
UNFINISHED = "unfinished"

_MICRO = const(1000000)
_A = START["A"]


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
    """

    def __init__(self, kind, phase, nominal, start, first):
        self.kind, self.phase, self.nominal = kind, phase, nominal
        self.start, self.first = start, first
        self.end = self.last = None
        self.microseconds = self.half_cycles = self._flags = 0
        self.volts = self.amperes = None
        self.power_factor, self.marks = 0.0, ""
        self._current = _A + PHASES.index(phase[0])
        self._power = phase if len(phase) == 1 else "P"
        self._rows = _flow_rows(self._power)
        self._sums = [0] * (2 + len(self._rows))

    @property
    def magnitude(self):
        """Volts: the lowest of a dip or interruption, the highest of a swell."""
        return self.volts[self.kind == SWELL]

    def add(self, volts, rows, seconds, start, stop, flags):
        """Take half cycles start to stop (not included) of a frame, at least one. volts: their RMS, a list."""
        durations = floats(seconds[start:stop])
        amperes = [x / s for x, s in zip(floats(rows[self._current, start:stop]), durations)]
        self.volts = _extremes(self.volts, volts)
        self.amperes = _extremes(self.amperes, amperes)
        self.half_cycles += stop - start
        self._flags |= flags
        self._sums[0] += _micro(volts)
        self._sums[1] += _micro(amperes)
        for k, row in enumerate(self._rows):
            self._sums[2 + k] += _micro(floats(rows[row, start:stop]))

    def close(self, end, last, microseconds, is_finished):
        """It ends here: with the voltage back, or because there is nothing more to see."""
        self.end, self.last, self.microseconds = end, last, microseconds
        self.volts[2] = self._sums[0] / self.half_cycles / _MICRO
        self.amperes[2] = self._sums[1] / self.half_cycles / _MICRO
        self.power_factor = self._power_factor()
        self.marks = ", ".join(([] if is_finished else [UNFINISHED]) + texts(self._flags))

    def _power_factor(self):
        span = Span()
        for k, row in enumerate(self._rows):
            span.sums[row] = self._sums[2 + k] / _MICRO
        span.seconds, span.half_cycles = 1.0, 1  # of a ratio any time will do
        return value(span, index("PF.bi." + self._power))


def _micro(values):
    return sum([int(x * _MICRO) for x in values])


def _extremes(before, values):
    low, high = min(values), max(values)
    return [min(low, before[0]), max(high, before[1]), 0.0] if before else [low, high, 0.0]
