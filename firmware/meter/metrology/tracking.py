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
from meter.metrology.frame import AFTER, BEFORE, GAP, UNLOCKED
from meter.metrology.grid import Grid
from meter.metrology.marks import Marks
from meter.metrology.phase import WINDOW
from meter.xnp import FLOAT

CHANNELS = ("VA", "VB", "VC", "IA", "IB", "IC")
_CENTRE = const(5)  # quarters from the start of a window to its centre
_ACQUIRE = const(14)  # quarters to see before the first lock: three cycles and a half
LIMIT = const(0x7FFFFF)  # counts at or beyond which, either sign, a sample of 24 bits is clipped
# One by one: imports within imports would need more of a stack than a board has (see parts).
_NATIVE = ("resampler_thumb", "ring")
_ARRAYS = ("resampler", "history")
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
        inputs = tuple(
            [
                (CHANNELS.index(name), scales[k], offsets[k] * scales[k] if offsets else 0.0)
                for k, name in enumerate(channels)
            ]
        )
        self._threshold = threshold * 1.4142
        self._limit = LIMIT
        self._n = half_cycles
        samples, detector = _parts(half_cycles, dtype)
        self._detector = detector(rate, nominal, dtype)
        self._block = self._detector.block
        self._grid = Grid(self._block, 2 * pi * nominal * self._block / rate)
        self._samples = samples(inputs, len(CHANNELS), self._detector, half_cycles, dtype)
        self._marks = Marks()
        self._restart(0)
        self._gap = 0  # nothing has been lost before the first sample

    def feed(self, first, count, data):
        """Take a block of samples and yield Frames, each valid until the next is asked for.

        first: the number of its first sample. count: samples a channel. data: count * channels little-endian int32.
        """
        samples = self._samples
        if first != self._base + samples.fill:
            yield from self.flush()
            self._restart(first)
        samples.read(data, count)
        taken = 0
        while taken < count:
            stop = min(count, taken + samples.free())
            if samples.append(taken, stop - taken) >= self._limit:
                self._marks.add_clipped(first, taken, stop, samples.largest, self._limit)
            taken = stop
            if samples.blocks - self._windows >= WINDOW:
                self._follow(_ACQUIRE)
                while self._grid.whole() >= self._n:
                    yield self._cut(self._n)
                if samples.fill >= samples.full:
                    self._compact()
            if samples.fill == samples.room:
                yield self._cut(self._grid.whole())
                self._compact()

    def flush(self):
        """Yield what is left, up to the last whole half cycle. What comes next starts afresh."""
        self._follow(WINDOW)
        if self._grid.positions:
            if self._lost:
                last = self._base + int(self._grid.positions[-1])
                self._marks.add(UNLOCKED, last, self._base + self._samples.fill)
            self._grid.extend(self._samples.fill - AFTER - 1)
            while self._grid.whole():
                yield self._cut(min(self._n, self._grid.whole()))
        self._restart(self._base + self._samples.fill)

    def _restart(self, first):
        self._base = first  # number of the sample that positions are counted from
        self._samples.clear()
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

    def _follow(self, least):
        """Evaluate the phase at the centres of all windows that are complete, once `least` quarters are there."""
        blocks = self._samples.blocks
        count = blocks - WINDOW + 1 - self._windows
        if count < 1:
            return
        if not self._grid.positions:
            if blocks < least:
                return
            self._lock(count)
        elif count == 1:
            phase = self._detector.phase(self._samples.sums(self._windows))
            there = self._detector.magnitude >= self._threshold
            if self._lost or not there:
                self._mark_unlocked([there])
            self._grid.lay(phase, there, self._detector.advance)
        else:
            self._lay(*self._phases(count))
        self._windows += count
        self._retune()

    def _phases(self, count):
        """Return the phases at the centres of windows, radians, and whether there is a signal: two lists."""
        phases, magnitude = self._detector.phases(self._samples.sums(self._windows), count)
        good = [volts >= self._threshold for volts in magnitude]
        if self._lost or not all(good):
            self._mark_unlocked(good)
        return phases, good

    def _lay(self, phases, good):
        advance = self._detector.advance
        for phase, there in zip(phases, good):
            self._grid.lay(phase, there, advance)

    def _lock(self, count):
        """Begin the grid with the windows there are."""
        detector, grid, samples = self._detector, self._grid, self._samples
        detector.acquire(self._nominal, samples.sums(self._windows), count, self._threshold)
        phases, good = self._phases(count)
        # Samples are instants: the middle of a block lies half a sample before where the block is cut in two.
        position = (self._windows + _CENTRE) * self._block - 0.5
        grid.begin(position, phases[0] if good[0] else 0.0, detector.advance, BEFORE)
        self._lay(phases[1:], good[1:])
        grid.pass_over(samples.oldest + BEFORE)

    def _retune(self):
        # The mean over a cycle and more: ripple at twice the frequency cancels.
        detector = self._detector
        part = self._grid.advance(32) / detector.advance
        if abs(part - 1.0) > _RETUNE:
            detector.tune(detector.carrier * part)

    def _cut(self, n):
        """Return the Frame of the next n half cycles."""
        frame = self._samples.cut(self._grid, n, self._base)
        first = self._base + self._samples.start
        frame.flags = self._gap | self._marks.flags_of(first, frame.ends[n - 1])
        self._gap = 0
        return frame

    def _compact(self):
        """Drop what is no longer needed, when the buffers are getting full."""
        samples, positions = self._samples, self._grid.positions
        if not positions:
            return
        spare = samples.spare(self._windows, positions[0])
        if spare < 1:
            return
        samples.drop(spare)
        self._base += spare * self._block
        self._windows -= spare
        self._grid.shift(spare * self._block)


def _parts(half_cycles, dtype):
    """Return what keeps the samples and what finds the phase: natively where the interpreter can."""
    if half_cycles == 1:
        try:
            _load(_NATIVE)
            from meter.metrology.ring import Ring, WindowDetector, fits

            if fits(dtype):
                return Ring, WindowDetector
        except (ImportError, ValueError, SyntaxError):  # no assembler here, or none for this processor
            pass
    _load(_ARRAYS)
    from meter.metrology.history import History
    from meter.metrology.phase import PhaseDetector

    return History, PhaseDetector


def _load(names):
    for name in names:
        __import__("meter.metrology." + name)
