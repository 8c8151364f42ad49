"""A load without waveforms: Spans, for simulating a year of metering in seconds.

A load is a sequence of steps, each of steady sinusoids. What the kernel computes from the samples of a sinusoid is
known without them; these rows, of some hundred steps at a time, go through the same booking as those of samples
(connection, corrections, loss compensation, starting current). So both sources agree in every quantity, by
construction.
A sinusoid has no harmonics, and its peak is that of the wave, not of the sample nearest to it.
"""

from math import ceil, pi, sqrt

from meter.compat import const
from meter.metrology import kernel as k
from meter.metrology.frame import UNLOCKED
from meter.metrology.phase import reference
from meter.xnp import arc_tangent, floats, np, root, step

# Rows of a load's values: volts RMS, watts and vars at the inputs of elements A, B, C, and hertz. Negative: received.
VOLTS = const(0)
WATTS = const(3)
VARS = const(6)
HERTZ = const(9)
VALUES = const(10)

WYE = (0.0, -120.0, 120.0)  # degrees of the voltages
LINE_TO_LINE = (0.0, 0.0, 60.0)  # AB, none, CB
BLOCK = const(512)  # steps whose rates are computed at once
_SMALLEST = 1e-9  # volts and less are none
_ROUNDING = 1e-6  # half cycles


class FunctionSteps:
    """Steps of equal length, computed.

    function    of a UTC second: returns VALUES numbers, for the step that begins there
    step_s      seconds; steps begin at its multiples
    begin, end  UTC seconds between which there is a load; end None: endless
    """

    def __init__(self, function, step_s=900, begin=0, end=None):
        self.begin, self.end = begin, end
        self._function, self._step = function, step_s

    def number(self, utc):
        """Return the number of the step in which a UTC second is."""
        return utc // self._step

    def start(self, number):
        """Return the UTC second at which a step begins."""
        return number * self._step

    def read(self, first, count):
        """Return the values of steps `first` and on: (VALUES, count)."""
        return np.array([self._function((first + j) * self._step) for j in range(count)]).transpose()


class TableSteps:
    """Steps from a table.

    times       list of UTC seconds, rising: each step's start, and the end of the last
    values      (VALUES, len(times) - 1) array
    """

    def __init__(self, times, values):
        self.begin, self.end = times[0], times[-1]
        self._times, self._values = times, values
        self._last = 0

    def number(self, utc):
        """Return the number of the step in which a UTC second is."""
        times, low, high = self._times, 0, len(self._times) - 1
        if times[self._last] <= utc:
            # Metering goes forward: it is nearly always in the same step, or the next.
            low = self._last
            high = min(high, low + 2) if low + 2 > high or times[low + 2] > utc else high
        while high - low > 1:
            middle = (low + high) // 2
            if times[middle] <= utc:
                low = middle
            else:
                high = middle
        self._last = low
        return low

    def start(self, number):
        """Return the UTC second at which a step begins."""
        return self._times[number]

    def read(self, first, count):
        """Return the values of steps `first` and on: (VALUES, at most count)."""
        return self._values[:, first : first + count]


class LoadModel:
    """Fills Spans with what a load gives.

    steps       FunctionSteps or TableSteps: begin, end, number(utc), start(number), read(first, count)
    half_cycles HalfCycles of its own, for the booking; without the corrections of a front end's errors
    nominal     hertz where there is no voltage to track
    tracked_v   volts peak below which there is none (as in Tracker)
    gains       factors of the voltages and currents of A, B, C: the instrument transformers' gain corrections
    angles      degrees of the voltages; None: those of a balanced service
    """

    def __init__(self, steps, half_cycles, nominal=60, tracked_v=0.0, gains=(1.0,) * 6, angles=None):
        self.steps = steps
        self.connection = half_cycles.connection
        self._half_cycles = half_cycles
        self._nominal, self._tracked, self._gains = nominal, tracked_v, gains
        angles = angles or (LINE_TO_LINE if self.connection.line_to_line else WYE)
        self._angles = [angle * (pi / 180) for angle in angles]
        self._first, self._rates, self._hertz, self._is_tracked = 0, None, (), ()
        self._until, self._ahead = None, 0.0

    def next_step(self, now):
        """Return the first UTC second after now at which the load changes, or ends."""
        return self.steps.start(self.steps.number(now) + 1)

    def span(self, start, end, into):
        """Fill a Span with what flows from `start` to `end`, UTC seconds.

        It holds whole half cycles, up to and with the one in which the end is passed, as Spans of samples do; the next
        one begins behind it. ValueError where there is no load.
        """
        steps = self.steps
        if start < steps.begin or (steps.end is not None and end > steps.end):
            raise ValueError("there is no load from %d to %d" % (start, end))
        into.clear()
        if start != self._until:
            self._ahead = 0.0
        now = start
        while now < end:
            number = steps.number(now)
            until = min(end, steps.start(number + 1))
            self._add(number, until - now, into)
            now = until
        into.end = self._until = end

    def _add(self, number, seconds, into):
        at = number - self._first
        if not 0 <= at < len(self._hertz):
            self._fill(number)
            at = 0
        # Half cycles that end within these seconds, and the one that goes on over their end.
        needed = seconds - self._ahead
        count = max(0, ceil(needed * 2.0 * self._hertz[at] - _ROUNDING))
        lasted = count * 0.5 / self._hertz[at]
        self._ahead = lasted - needed
        into.sums += self._rates[at] * lasted
        into.half_cycles += count
        into.seconds += lasted
        if not self._is_tracked[at]:
            into.flags |= UNLOCKED

    def _fill(self, first):
        """Compute the rates of a block of steps: what a second of each gives."""
        values = self.steps.read(first, BLOCK)
        count = values.shape[1]
        tracked = [0.0] * count
        for p in range(3):
            there = step(values[VOLTS + p] * (self._gains[p] * sqrt(2.0)) - max(self._tracked, _SMALLEST))
            tracked = [max(pair) for pair in zip(tracked, floats(there))]
        self._is_tracked = tracked
        hertz = floats(values[HERTZ])
        self._hertz = [hz if there else float(self._nominal) for hz, there in zip(hertz, tracked)]
        rows = self._half_cycles.steady(kernel_rows(values, self._angles, self._gains), np.ones(count))
        self._rates = rows.transpose() * 1.0  # so that a step's are in one piece
        self._first = first


def kernel_rows(values, angles, gains):
    """Return the kernel's rows of loads, (kernel.ROWS, n), of the half cycle in which the reference is positive.

    values: (VALUES, n). angles: of the voltages, radians. gains: of voltages and currents.
    """
    out = np.zeros((k.ROWS, values.shape[1]))
    volts, amps, at, lag = [], [], [], []
    for p in range(3):
        v, w, var = values[VOLTS + p] * 1.0, values[WATTS + p], values[VARS + p]
        there = step(v - _SMALLEST)
        factor = gains[p] * gains[3 + p]
        out[k.W + p] = w * there * factor
        out[k.VAR + p] = var * there * factor
        amps.append(root(w * w + var * var) * there / (v + (1.0 - there)) * gains[3 + p])
        volts.append(v * gains[p])
        at.append(v * 0.0 + angles[p])
        lag.append(arc_tangent(var, w))
    parts = []
    for p in range(3):
        parts += [volts[p] * np.cos(at[p]), volts[p] * np.sin(at[p])]
    origin = reference(*parts)[0] - pi / 2  # of sines; the tracking's are cosines
    for p in range(3):
        _element(out, p, volts[p], at[p] - origin, k.V2, k.PHASORS, k.MAXIMA)
        _element(out, p, amps[p], at[p] - lag[p] - origin, k.I2, k.PHASORS + 6, k.MAXIMA + 3)
        q = (p + 1) % 3
        out[k.VV + p] = volts[p] * volts[q] * np.cos(at[p] - at[q])
        out[k.II + p] = amps[p] * amps[q] * np.cos(at[p] - lag[p] - at[q] + lag[q])
    return out


def _element(out, p, rms, angle, square, phasor, maximum):
    """Write the rows of one sinusoid: rms * sqrt(2) * sin(x + angle)."""
    out[square + p] = rms * rms
    out[phasor + p] = rms * np.sin(angle)
    out[phasor + 3 + p] = rms * np.cos(angle) * -1.0
    out[maximum + p] = rms * sqrt(2.0)
    out[maximum + k.MINIMA - k.MAXIMA + p] = rms * -sqrt(2.0)
