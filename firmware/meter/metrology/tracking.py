"""The sample clock: cuts the converter's stream into half cycles of exactly 256 samples, in step with the signal.

A real converter runs near 512 samples a cycle, not at it. The phase of the fundamental is followed a quarter cycle at
a time (see phase), boundaries are laid where it passes a multiple of pi, which are the zero crossings of the
fundamental (see grid), and the samples between are interpolated (see resampler). A phase jump is caught up with over
some cycles and never tears the grid. Without a signal it runs on at the nominal frequency.

    samples      |----|----|----|----|----|----|----|----|----|----|     quarters, `block` samples each
    points                           x    x    x                         at the centre of each window of 8 quarters
    half cycles     |         |                                          between points, a cycle behind the samples
"""

from math import pi

from meter.compat import const
from meter.metrology.frame import GAP, HALF, QUARTER, UNLOCKED, Frame
from meter.metrology.grid import Grid
from meter.metrology.marks import Marks
from meter.metrology.phase import WINDOW, PhaseDetector
from meter.metrology.resampler import AFTER, BEFORE, Resampler
from meter.xnp import FLOAT, floats_from_int32, np

CHANNELS = ("VA", "VB", "VC", "IA", "IB", "IC")
_CENTRE = const(4)  # quarters from the start of a window to its centre
_ACQUIRE = const(12)  # quarters to see before the first lock: three cycles
_RETUNE = 2e-4  # the carrier follows when it is off by more than this part


class Tracker:
    """Turns blocks of raw samples into Frames.

    channels    names of the interleaved samples; those of CHANNELS that are missing are taken as zero
    scales      volts or amperes for one count, by channel
    rate        samples per second and channel
    nominal     nominal frequency, Hz
    half_cycles half cycles to a frame: 1 or 2 on a Pico, some hundred for a recording
    threshold   volts RMS below which a voltage is no signal to track
    limit       counts at or beyond which (either sign) a sample is taken as clipped
    """

    def __init__(self, channels, scales, rate, nominal, half_cycles, threshold, limit=0x7FFFFF, dtype=FLOAT):
        self.rate = rate
        self._nominal = nominal
        self._width = len(channels)
        self._map = tuple(
            (channels.index(name), k, scales[channels.index(name)])
            for k, name in enumerate(CHANNELS)
            if name in channels
        )
        self._threshold = threshold * 1.4142
        self._limit = limit
        self._n = half_cycles
        self._dtype = dtype
        self._detector = PhaseDetector(rate, nominal, dtype)
        self._block = self._detector.block
        self._grid = Grid(self._block, 2 * pi * nominal * self._block / rate)
        self._room = (WINDOW + 12 + half_cycles * 5 // 2) * self._block
        self._marks = Marks()
        self._allocate(half_cycles)
        self._restart(0)

    def _allocate(self, n):
        dtype, decimated = self._dtype, self._room // self._detector.decimation
        self._samples = [np.zeros(self._room, dtype=dtype) for _ in CHANNELS]
        self._decimated = [np.zeros(decimated, dtype=dtype) for _ in range(3)]
        self._voltage = [np.zeros(QUARTER + n * HALF, dtype=dtype) for _ in range(3)]
        self._current = [np.zeros(n * HALF, dtype=dtype) for _ in range(3)]
        self._last = 0  # half cycles in the last frame: its last quarter is the next one's history

    @property
    def frequency(self):
        """The tracked frequency, Hz."""
        return self._detector.carrier

    def feed(self, first, count, data):
        """Take a block of samples and yield Frames, each valid until the next is asked for.

        first: the number of its first sample. count: samples a channel. data: count * channels little-endian int32.
        """
        if first != self._base + self._fill:
            yield from self.flush()
            self._restart(first)
        raw = np.zeros(count * self._width, dtype=self._dtype)
        raw = floats_from_int32(data, raw).reshape((count, self._width))
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
        for column, k, scale in self._map:
            self._samples[k][fill : fill + count] = raw[start : start + count, column] * scale
        self._fill = fill + count
        before, after = self._blocks, self._fill // self._block
        if after > before:
            block, ratio = self._block, self._block // self._detector.decimation
            for p in range(3):
                self._detector.decimate(
                    self._samples[p][before * block : after * block],
                    self._decimated[p][before * ratio : after * ratio],
                )
            self._blocks = after

    def _follow(self, least):
        """Evaluate the phase at the centres of all windows that are complete, once `least` quarters are there."""
        count = self._blocks - WINDOW + 1 - self._windows
        if count < 1 or (not self._grid.positions and self._blocks < least):
            return
        detector, grid = self._detector, self._grid
        start = self._windows * (self._block // detector.decimation)
        decimated = [samples[start:] for samples in self._decimated]
        if not grid.positions:
            detector.acquire(self._nominal, decimated, count, self._threshold)
        phases, magnitude = detector.phases(decimated, count)
        good = magnitude >= self._threshold
        if self._lost or not np.all(good):
            self._mark_unlocked(good)
        advance = detector.advance()
        if not grid.positions:
            position = (self._windows + _CENTRE) * self._block
            grid.begin(position, float(phases[0]) if good[0] else 0.0, advance, BEFORE)
            phases, good = phases[1:], good[1:]
        if len(phases):
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
        if self._last:
            end = self._last * HALF
            for v in self._voltage:
                v[:QUARTER] = v[end : end + QUARTER]
        self._last = n
        bounds = self._grid.boundaries(n)
        lengths = bounds[1:] - bounds[:n]
        grid = bounds[:n].reshape((n, 1)) + lengths.reshape((n, 1)) * (np.arange(HALF) * (1.0 / HALF))
        resampler = Resampler(grid.reshape((n * HALF,)), self._dtype)
        for p in range(3):
            resampler.channel(self._samples[p], self._voltage[p][QUARTER : QUARTER + n * HALF])
            resampler.channel(self._samples[3 + p], self._current[p][: n * HALF])
        ends = [self._base + int(bound) for bound in bounds[1:]]
        seconds = np.array(lengths * (1.0 / self.rate), dtype=self._dtype)
        flags = self._gap | self._marks.flags_of(self._base + int(bounds[0]), ends[n - 1])
        self._gap = 0
        return Frame(n, self._voltage, self._current, seconds, ends, flags)

    def _compact(self):
        """Move what is still needed to the start of the buffers, when they are getting full."""
        if not self._grid.positions:
            return
        spare = min(self._windows, (int(self._grid.positions[0]) - BEFORE) // self._block)
        if spare < 1 or self._fill < self._room // 2:
            return
        samples, ratio = spare * self._block, self._block // self._detector.decimation
        for buffer in self._samples:
            buffer[: self._fill - samples] = buffer[samples : self._fill]
        for buffer in self._decimated:
            buffer[: (self._blocks - spare) * ratio] = buffer[spare * ratio : self._blocks * ratio]
        self._base += samples
        self._fill -= samples
        self._blocks -= spare
        self._windows -= spare
        self._grid.shift(samples)
