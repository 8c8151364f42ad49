"""The samples that the sample clock still needs, as arrays: what a processor without its own code in ring.py uses.

Frames are cut a cycle and more behind the newest sample, and may be some hundred half cycles long. When the buffers
are getting full, what is still needed is moved to where they begin.
"""

from meter.metrology.frame import BEFORE, HALF, QUARTER, Frame
from meter.metrology.phase import WINDOW
from meter.metrology.resampler import Resampler
from meter.xnp import Samples, copy, move_down, multiply, np

# Quarters of room for frames of one half cycle, and from how many on what is not needed is dropped.
_SINGLE = (16, 14)
_IN_STEP = 0.02  # samples by which boundaries may stray from every 256th sample to take samples as they are


class History:
    """Samples in volts and amperes, and the sums of voltages that the phase is found from.

    inputs      for each channel of the converter its row (of CHANNELS), scale, and offset in volts or amperes
    detector    PhaseDetector
    half_cycles the most there are to a frame

    room        how many samples there may be
    full        from how many on what is not needed should be dropped
    fill        how many samples there are, counted from the base
    blocks      quarters of them that are added up
    oldest      the first sample, counted from the base, that is still there
    start       the first sample of the frame that was cut last, counted from the base
    """

    oldest = 0

    def __init__(self, inputs, rows, detector, half_cycles, dtype):
        self._inputs, self._rate, self._dtype = inputs, detector.rate, dtype
        self._block, self._decimation = detector.block, detector.decimation
        room, full = _SINGLE
        if half_cycles > 1:
            room = WINDOW + 12 + half_cycles * 5 // 2
            full = room / 2
        self.room, self.full = room * self._block, int(full * self._block)
        self._reader = Samples()
        self._raw = None
        self._samples = np.zeros((rows, self.room), dtype=dtype)
        self._decimated = np.zeros((3, self.room // self._decimation), dtype=dtype)
        self._output = np.zeros((rows, QUARTER + half_cycles * HALF), dtype=dtype)
        self._resampler = Resampler(half_cycles * HALF, rows, dtype)
        self._last = 0  # where in the output the last quarter of the last frame lies
        self._even = np.arange(half_cycles + 1) * float(HALF)
        self._phase_of_sample = np.arange(HALF) * (1.0 / HALF)
        self._ones = np.ones((self._decimation, 1), dtype=dtype)
        self.start = 0
        self.clear()

    def clear(self):
        """Forget all samples. The next one is the base."""
        self.fill = self.blocks = 0

    def read(self, data, count):
        """Take a block of samples, little-endian int32, to append from it."""
        self._raw = self._reader.read(data, count, len(self._inputs))

    def free(self):
        """Return how many samples may be appended next."""
        return self.room - self.fill

    def largest(self, start, stop):
        """Return the largest magnitude of any channel's counts between these samples of the block."""
        raw = self._raw[start:stop]
        return max(float(np.max(raw)), -float(np.min(raw)))

    def append(self, start, count):
        """Append samples of the block, from `start` on. Return the largest magnitude of their counts."""
        fill, raw = self.fill, self._raw
        for column, (row, scale, offset) in enumerate(self._inputs):
            samples = self._samples[row, fill : fill + count]
            multiply(raw[start : start + count, column], scale, samples)
            if offset:
                samples -= offset
        self.fill = fill + count
        self._decimate(self.blocks, self.fill // self._block)
        return self.largest(start, start + count)

    def _decimate(self, before, after):
        """Add up the voltages of the quarters that have become complete."""
        if after == before:
            return
        block, decimation = self._block, self._decimation
        ratio = block // decimation
        count = (after - before) * ratio
        for p in range(3):
            samples = self._samples[p, before * block : after * block].reshape((count, decimation))
            self._decimated[p, before * ratio : after * ratio] = np.dot(samples, self._ones).reshape((count,))
        self.blocks = after

    def sums(self, window):
        """Return what the detector takes, from the window on that begins at this quarter."""
        return self._decimated[:, window * (self._block // self._decimation) :]

    def cut(self, grid, n, base):
        """Return the Frame of the grid's next n half cycles, without flags. base: number of the base's sample."""
        bounds = grid.boundaries(n)
        lengths = bounds[1:] - bounds[:n]
        ends = [base + int(float(bound) + 0.5) for bound in bounds[1:]]
        samples = self._as_they_are(bounds, n)
        if samples is None:
            samples = self._interpolated(bounds, lengths, n)
        seconds = np.array(lengths * (1.0 / self._rate), dtype=self._dtype)
        self.start = int(bounds[0])
        return Frame(n, samples, seconds, ends)

    def _as_they_are(self, bounds, n):
        """Return the samples themselves if the converter runs in step with the signal, else None."""
        first = int(float(bounds[0]) + 0.5)
        if first < QUARTER or _farthest(bounds - self._even[: n + 1] - first) > _IN_STEP:
            return None
        last = first + n * HALF
        # The next frame may be interpolated: then its history must be in the output.
        copy(self._samples[:, last - QUARTER : last], self._output[:, :QUARTER])
        self._last = 0
        return self._samples[:, first - QUARTER : last]

    def _interpolated(self, bounds, lengths, n):
        output, last = self._output, self._last
        if last:
            copy(output[:, last : last + QUARTER], output[:, :QUARTER])
        self._last = n * HALF
        grid = lengths.reshape((n, 1)) * self._phase_of_sample
        grid += bounds[:n].reshape((n, 1))
        end = QUARTER + n * HALF
        self._resampler.prepare(grid.reshape((n * HALF,)))
        self._resampler.run(self._samples, output[:, QUARTER:end])
        return output[:, :end]

    def spare(self, windows, position):
        """Return how many quarters may be dropped when windows and frames begin at this window and position."""
        return min(windows, (int(position) - BEFORE - QUARTER) // self._block)

    def drop(self, quarters):
        """Forget the oldest quarters: the base moves on."""
        samples, ratio = quarters * self._block, self._block // self._decimation
        move_down(self._samples, samples, self.fill - samples)
        move_down(self._decimated, quarters * ratio, (self.blocks - quarters) * ratio)
        self.fill -= samples
        self.blocks -= quarters


def _farthest(values):
    return max(float(np.max(values)), -float(np.min(values)))
