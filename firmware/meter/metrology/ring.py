"""The samples that the sample clock still needs, in a ring, for frames of one half cycle: what a Pico 2 uses.

Where history.py moves arrays, here nothing moves, and every sample is touched by native code alone (resampler_thumb).
The ring holds what the latest frame may need, two cycles and a quarter, and no more. When the clock locks it has seen
three and a half: frames begin with the first half cycle that is in the ring whole. After a gap it is the same. From
then on the frames are those that History gives.

    sums     |----|----|----|----|----|----|----|----|----|----|----|     kept for longer: they are small
    ring           |----|----|----|----|----|----|----|----|----|
                    >-- 2.5 --<  slowest half cycle  |-- 5 quarters from a window's centre to its end, and a new one
"""

from array import array
from math import atan2, pi

from uctypes import addressof

from meter.compat import const
from meter.metrology.frame import AFTER, BEFORE, HALF, QUARTER, Frame
from meter.metrology.grid import SLEW
from meter.metrology.phase import PER_QUARTER, WINDOW, PhaseDetector
from meter.metrology.resampler_thumb import add_up, phasor, resample, take
from meter.xnp import FLOAT, np

_SUMS = const(20)  # quarters whose sums are kept: more than are needed to lock
_FULL = const(16)  # of them, and the base moves on: so positions stay small, which a single float likes
_ROWS = const(6)
_SAMPLE = const(24)  # bytes in the ring
_SUM = const(12)  # bytes of a sum of three voltages
_GUARD = const(5)  # samples behind the end of the ring, the same as those at its beginning
_FLOAT = const(4)  # bytes
_QUARTER_TURN = pi / 2


def fits(dtype):
    """Return True where native code can read arrays of this type: single precision."""
    return len(bytes(np.zeros(1, dtype=dtype))) == _FLOAT


class WindowDetector(PhaseDetector):
    """A PhaseDetector over the sums of a Ring, one window at a time."""

    def __init__(self, rate, nominal, dtype=FLOAT):
        self._found = array("f", [0.0, 0.0, 0.0])
        self._words = array("I", [0, 0, WINDOW * PER_QUARTER, addressof(self._found)])
        PhaseDetector.__init__(self, rate, nominal, dtype)

    def tune(self, hz):
        """Set the frequency of the carrier."""
        PhaseDetector.tune(self, hz)
        self._words[1] = addressof(self._weights)

    def phase(self, decimated):
        """As PhaseDetector.phase(). decimated: the address of the window's sums."""
        found = self._found
        self._words[0] = decimated
        phasor(self._words)
        self.magnitude = found[2]
        return atan2(found[1], found[0]) + _QUARTER_TURN

    def phases(self, decimated, count):
        """As PhaseDetector.phases()."""
        phases, largest = [], []
        for _ in range(count):
            phases.append(self.phase(decimated))
            largest.append(self.magnitude)
            decimated += PER_QUARTER * _SUM
        return phases, largest


class Ring:
    """What History is, for one half cycle to a frame. It allocates nothing after its making but numbers.

    See there for the parameters, attributes and methods.
    """

    def __init__(self, inputs, rows, detector, half_cycles, dtype):
        if half_cycles != 1 or rows != _ROWS:
            raise ValueError("%d half cycles of %d channels" % (half_cycles, rows))
        self._block, self._rate = detector.block, detector.rate
        # To the end of a window, a quarter that comes in, the slowest half cycle, and what interpolation needs.
        slowest = pi / (detector.advance * (1 - SLEW))
        quarters = int(WINDOW / 2 + 1 + slowest + (BEFORE + AFTER + 1) / self._block) + 1
        self._size = quarters * self._block
        self._ring = bytearray(_SAMPLE * (self._size + _GUARD))
        self._sums = bytearray(_SUM * PER_QUARTER * _SUMS)
        self._output = np.zeros((_ROWS, QUARTER + HALF), dtype=dtype)
        seconds = np.zeros(1, dtype=dtype)
        self._seconds = memoryview(seconds)
        self._frame = Frame(1, self._output, seconds, [0])
        self._ring_at, self._sums_at = addressof(self._ring), addressof(self._sums)
        self._prepare(inputs, detector.decimation)
        self.room = None  # no number of samples fills it
        self.full = _FULL * self._block
        self._from = self._taken = self.start = 0
        self.clear()

    def _prepare(self, inputs, decimation):
        """Lay out the parameters of the native functions."""
        width = len(inputs)
        self._step = _FLOAT * width  # bytes of a sample in a block: int32 are as long
        columns = [0] * _ROWS
        self._scaling = array("f", [0.0] * (2 * _ROWS))  # what is missing is zero
        for column, (row, scale, offset) in enumerate(inputs):
            columns[row] = _FLOAT * column
            self._scaling[row], self._scaling[_ROWS + row] = scale, offset
        self._taking = array("I", [0, 0, 0, self._step] + columns + [addressof(self._scaling)])
        self._summing = array("I", [0, 0, PER_QUARTER, decimation])
        self._fractions = array("f", [0.0, 0.0, 1 / 120, 1 / 24, 1 / 12, 1.0, 2.0, 3.0])
        at, out = self._ring_at, addressof(self._output)
        size, fractions = _SAMPLE * self._size, addressof(self._fractions)
        self._end, self._guarded = at + size, at + _SAMPLE * _GUARD
        row = _FLOAT * (QUARTER + HALF)
        self._cutting = array(
            "I", [at, at + size, size, out, HALF, row, fractions, 0, out + _FLOAT * QUARTER]
        )

    def clear(self):
        """Forget all samples. The next one is the base."""
        self.fill = self.blocks = 0
        self._origin = 0  # where in the ring the base lies, samples
        self._at = self._ring_at  # where the next sample goes, address

    @property
    def oldest(self):
        """The first sample, counted from the base, that is still there."""
        return max(0, self.fill - self._size)

    def read(self, data, count):
        """Take a block of samples, int32 in the processor's order, to append from it."""
        self._from = addressof(data)

    def free(self):
        """Return how many samples may be appended next: up to the end of the quarter."""
        return self._block - self.fill % self._block

    def append(self, start, count):
        """Append samples of the block, free() at most. Return the largest magnitude of their counts."""
        words, at = self._taking, self._at
        words[0] = self._from + start * self._step
        words[1] = at
        words[2] = count
        largest = take(words)
        if at < self._guarded:
            words[1] = at + _SAMPLE * self._size
            words[2] = min(count, (self._guarded - at) // _SAMPLE)
            take(words)
        self._taken = start + count
        self.fill += count
        self._at = at = at + _SAMPLE * count
        if self.fill % self._block == 0:
            words = self._summing
            words[0] = at - _SAMPLE * self._block
            words[1] = self._sums_at + _SUM * PER_QUARTER * self.blocks
            add_up(words)
            self.blocks += 1
            if at == self._end:
                self._at = self._ring_at
        return largest

    def largest(self, start, stop):
        """Return the largest magnitude of any channel's counts between these samples of those appended last."""
        # Taken once more, to where they are: that happens when one is clipped, and no other time.
        words = self._taking
        words[0] = self._from + start * self._step
        words[1] = self._ring_at + _SAMPLE * ((self._origin + self.fill - self._taken + start) % self._size)
        words[2] = stop - start
        return take(words)

    def sums(self, window):
        """Return what the detector takes, from the window on that begins at this quarter."""
        return self._sums_at + _SUM * PER_QUARTER * window

    def cut(self, grid, n, base):
        """Return the Frame of the grid's next half cycle, without flags. base: number of the base's sample."""
        start, end = grid.next()
        length = end - start
        step = length / HALF
        first, whole = int(start), int(step)
        words, fractions, frame = self._cutting, self._fractions, self._frame
        fractions[0], fractions[1] = start - first, step - whole
        words[0] = self._ring_at + _SAMPLE * ((self._origin + first - BEFORE) % self._size)
        words[7] = _SAMPLE * whole
        resample(words)
        self._seconds[0] = length / self._rate
        frame.ends[0] = base + int(end + 0.5)
        self.start = first
        return frame

    def spare(self, windows, position):
        """Return how many quarters may be dropped when windows and frames begin at this window and position."""
        return min(windows, (int(position) - BEFORE) // self._block)

    def drop(self, quarters):
        """Forget the oldest quarters: the base moves on. Only the sums are moved."""
        self._origin = (self._origin + quarters * self._block) % self._size
        self.fill -= quarters * self._block
        self.blocks -= quarters
        size, distance = _SUM * PER_QUARTER * self.blocks, _SUM * PER_QUARTER * quarters
        view = memoryview(self._sums)
        view[:size] = view[distance : distance + size]
