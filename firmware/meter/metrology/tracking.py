"""The sample clock: cuts the converter's stream into half cycles of exactly 256 samples, in step with the signal.

A real converter runs near 512 samples a cycle, not at it. The phase of the fundamental is followed a quarter cycle at
a time (see phase), boundaries are laid where it passes a multiple of pi, which are the zero crossings of the
fundamental (see grid), and the samples between are interpolated (see resampler). A phase jump is caught up with over
some cycles and never tears the grid. Without a signal it runs on at the nominal frequency.

    samples      |----|----|----|----|----|----|----|----|----|----|     quarters, `block` samples each
    points                           x    x    x                         at the centre of each window of 10 quarters
    half cycles     |         |                                          between points, a cycle behind the samples
"""

from math import pi

from meter.compat import const
from meter.metrology.frame import GAP, HALF, QUARTER, UNLOCKED, Frame
from meter.metrology.grid import Grid
from meter.metrology.marks import Marks
from meter.metrology.phase import WINDOW, PhaseDetector
from meter.metrology.resampler import AFTER, BEFORE, Resampler
from meter.xnp import FLOAT, Samples, copy, move_down, multiply, np

CHANNELS = ("VA", "VB", "VC", "IA", "IB", "IC")
_CENTRE = const(5)  # quarters from the start of a window to its centre
_ACQUIRE = const(14)  # quarters to see before the first lock: three cycles and a half
LIMIT = const(0x7FFFFF)  # counts at or beyond which, either sign, a sample of 24 bits is clipped
_IN_STEP = 0.02  # samples by which boundaries may stray from every 256th sample to take samples as they are
_RETUNE = 2e-4  # the carrier follows when it is off by more than this part


class Tracker:
    """Turns blocks of raw samples into Frames.

    channels    names of the interleaved samples; those of CHANNELS that are missing are taken as zero
    scales      volts or amperes for one count, by channel
    rate        samples per second and channel
    nominal     nominal frequency, Hz
    half_cycles half cycles to a frame: 1 or 2 on a Pico, some hundred for a recording
    threshold   volts RMS below which a voltage is no signal to track
    offsets     counts to subtract, by channel, or None
    """

    def __init__(self, channels, scales, rate, nominal, half_cycles, threshold, offsets=None, dtype=FLOAT):
        self.rate = rate
        self._nominal = nominal
        self._width = len(channels)
        self._map = tuple(
            (
                column,
                CHANNELS.index(name),
                scales[column],
                offsets[column] * scales[column] if offsets else 0.0,
            )
            for column, name in enumerate(channels)
        )
        self._reader = Samples()
        self._threshold = threshold * 1.4142
        self._limit = LIMIT
        self._n = half_cycles
        self._dtype = dtype
        self._detector = PhaseDetector(rate, nominal, dtype)
        self._block = self._detector.block
        self._grid = Grid(self._block, 2 * pi * nominal * self._block / rate)
        self._room = (WINDOW + 12 + half_cycles * 5 // 2) * self._block
        self._marks = Marks()
        self._allocate(half_cycles)
        self._ones = np.ones((self._detector.decimation, 1), dtype=dtype)
        self._restart(0)
        self._gap = 0  # nothing has been lost before the first sample

    def _allocate(self, n):
        dtype, decimated = self._dtype, self._room // self._detector.decimation
        self._samples = np.zeros((len(CHANNELS), self._room), dtype=dtype)
        self._decimated = np.zeros((3, decimated), dtype=dtype)
        self._output = np.zeros((len(CHANNELS), QUARTER + n * HALF), dtype=dtype)
        self._resampler = Resampler(n * HALF, len(CHANNELS), dtype)
        self._history = 0  # where in the output the last quarter of the last frame lies
        self._even = np.arange(n + 1) * float(HALF)
        self._phase_of_sample = np.arange(HALF) * (1.0 / HALF)

    def feed(self, first, count, data):
        """Take a block of samples and yield Frames, each valid until the next is asked for.

        first: the number of its first sample. count: samples a channel. data: count * channels little-endian int32.
        """
        if first != self._base + self._fill:
            yield from self.flush()
            self._restart(first)
        raw = self._reader.read(data, count, self._width)
        self._marks.add_clipped(raw, first, self._limit)
        taken = 0
        while taken < count:
            room = min(count - taken, self._room - self._fill)
            self._append(raw, taken, room)
            taken += room
            self._follow(_ACQUIRE)
            while self._grid.whole() >= self._n:
                yield self._cut(self._n)
            self._compact()
            if self._fill == self._room:
                yield self._cut(self._grid.whole())
                self._compact()

    def flush(self):
        """Yield what is left, up to the last whole half cycle. What comes next starts afresh."""
        self._follow(WINDOW)
        if self._grid.positions:
            if self._lost:
                last = self._base + int(self._grid.positions[-1])
                self._marks.add(UNLOCKED, last, self._base + self._fill)
            self._grid.extend(self._fill - AFTER - 1)
            while self._grid.whole():
                yield self._cut(min(self._n, self._grid.whole()))
        self._restart(self._base + self._fill)

    def _restart(self, first):
        self._base = first  # number of the first sample in the buffers
        self._fill = 0  # samples in the buffers
        self._blocks = 0  # quarters that are decimated
        self._windows = 0  # windows that are evaluated; window j begins at quarter j
        self._gap = GAP  # the flag of the next frame
        self._marks.clear()
        self._lost = False  # the last window that was evaluated had no signal
        self._grid.clear()

    def _mark_unlocked(self, good):
        """Mark the quarters before the centres of windows without signal. good: of the windows just evaluated."""
        for k in range(len(good)):
            if not good[k]:
                centre = self._base + (self._windows + k + _CENTRE) * self._block
                first = centre - self._block if self._grid.positions else self._base
                self._marks.add(UNLOCKED, first, centre)
        self._lost = not good[len(good) - 1]

    def _append(self, raw, start, count):
        fill = self._fill
        for column, row, scale, offset in self._map:
            samples = self._samples[row, fill : fill + count]
            multiply(raw[start : start + count, column], scale, samples)
            if offset:
                samples -= offset
        self._fill = fill + count
        self._decimate(self._blocks, self._fill // self._block)

    def _decimate(self, before, after):
        """Add up the voltages of the quarters that have become complete."""
        if after == before:
            return
        block, decimation = self._block, self._detector.decimation
        ratio = block // decimation
        count = (after - before) * ratio
        for p in range(3):
            samples = self._samples[p, before * block : after * block].reshape((count, decimation))
            self._decimated[p, before * ratio : after * ratio] = np.dot(samples, self._ones).reshape((count,))
        self._blocks = after

    def _follow(self, least):
        """Evaluate the phase at the centres of all windows that are complete, once `least` quarters are there."""
        count = self._blocks - WINDOW + 1 - self._windows
        if count < 1 or (not self._grid.positions and self._blocks < least):
            return
        detector, grid = self._detector, self._grid
        start = self._windows * (self._block // detector.decimation)
        decimated = self._decimated[:, start:]
        if not grid.positions:
            detector.acquire(self._nominal, decimated, count, self._threshold)
        phases, magnitude = detector.phases(decimated, count)
        good = [volts >= self._threshold for volts in magnitude]
        if self._lost or not all(good):
            self._mark_unlocked(good)
        advance = detector.advance()
        if not grid.positions:
            # Samples are instants: the middle of a block lies half a sample before where the block is cut in two.
            position = (self._windows + _CENTRE) * self._block - 0.5
            grid.begin(position, phases[0] if good[0] else 0.0, advance, BEFORE)
            phases, good = phases[1:], good[1:]
        grid.lay(phases, good, advance)
        self._windows += count
        self._retune()

    def _retune(self):
        # The mean over a cycle and more: ripple at twice the frequency cancels.
        hz = self._grid.advance(32) / (2 * pi) * self.rate / self._block
        if abs(hz / self._detector.carrier - 1.0) > _RETUNE:
            self._detector.tune(hz)

    def _cut(self, n):
        """Return the Frame of the next n half cycles."""
        bounds = self._grid.boundaries(n)
        lengths = bounds[1:] - bounds[:n]
        ends = [self._base + int(float(bound) + 0.5) for bound in bounds[1:]]
        samples = self._as_they_are(bounds, n)
        if samples is None:
            samples = self._interpolated(bounds, lengths, n)
        seconds = np.array(lengths * (1.0 / self.rate), dtype=self._dtype)
        flags = self._gap | self._marks.flags_of(self._base + int(bounds[0]), ends[n - 1])
        self._gap = 0
        return Frame(n, samples, seconds, ends, flags)

    def _as_they_are(self, bounds, n):
        """Return the samples themselves if the converter runs in step with the signal, else None."""
        first = int(float(bounds[0]) + 0.5)
        if first < QUARTER or _largest(bounds - self._even[: n + 1] - first) > _IN_STEP:
            return None
        last = first + n * HALF
        # The next frame may be interpolated: then its history must be in the output.
        copy(self._samples[:, last - QUARTER : last], self._output[:, :QUARTER])
        self._history = 0
        return self._samples[:, first - QUARTER : last]

    def _interpolated(self, bounds, lengths, n):
        output, history = self._output, self._history
        if history:
            copy(output[:, history : history + QUARTER], output[:, :QUARTER])
        self._history = n * HALF
        grid = lengths.reshape((n, 1)) * self._phase_of_sample
        grid += bounds[:n].reshape((n, 1))
        end = QUARTER + n * HALF
        self._resampler.prepare(grid.reshape((n * HALF,)))
        self._resampler.run(self._samples, output[:, QUARTER:end])
        return output[:, :end]

    def _compact(self):
        """Move what is still needed to the start of the buffers, when they are getting full."""
        if not self._grid.positions:
            return
        spare = min(self._windows, (int(self._grid.positions[0]) - BEFORE - QUARTER) // self._block)
        if spare < 1 or self._fill < self._room // 2:
            return
        samples, ratio = spare * self._block, self._block // self._detector.decimation
        move_down(self._samples, samples, self._fill - samples)
        move_down(self._decimated, spare * ratio, (self._blocks - spare) * ratio)
        self._base += samples
        self._fill -= samples
        self._blocks -= spare
        self._windows -= spare
        self._grid.shift(samples)


def _largest(values):
    return max(float(np.max(values)), -float(np.min(values)))
