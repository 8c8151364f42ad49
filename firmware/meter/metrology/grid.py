"""The time grid of the half cycles: where the fundamental passes zero, in samples of the converter.

Points (position, phase) are laid a quarter cycle apart; the phase is relative to the next boundary that is not yet
cut, and boundaries are at multiples of pi. Between points the phase is linear. Half cycles have no parity: a phase
that jumps by 180 degrees needs no catching up.
"""

from math import ceil, floor, pi

from meter.xnp import np

SLEW = 0.2  # the grid may run this much faster or slower than the nominal frequency


def wrap(angle):
    """Return an angle in radians brought to -pi / 2 ... pi / 2 by a whole number of half turns."""
    return angle - floor(angle / pi + 0.5) * pi


class Grid:
    """Points of the phase, and the boundaries that follow from them.

    spacing     samples between points
    nominal     radians between points at the nominal frequency
    """

    def __init__(self, spacing, nominal):
        self._spacing = spacing
        self._nominal = nominal
        self._low, self._high = nominal * (1 - SLEW), nominal * (1 + SLEW)
        self.clear()

    def clear(self):
        """Forget all points."""
        self.positions = []
        self._phases = []

    def begin(self, position, phase, advance, first):
        """Lay the first point, and one before it at `first` with the phase that the same frequency gives there."""
        start = phase - advance * (position - first) / self._spacing
        start_at = start - pi * ceil(start / pi)
        self.positions = [first, position]
        self._phases = [start_at, start_at + phase - start]

    def lay(self, phases, good, advance):
        """Add points, each within the slew limits of the one before.

        phases: measured, radians. good: of each, whether there is a signal. advance: radians expected between points.
        """
        last, position = self._phases[-1], self.positions[-1]
        for phase, there in zip(phases, good):
            step = self._nominal
            if there:
                step = min(max(advance + wrap(phase - last - advance), self._low), self._high)
            last += step
            position += self._spacing
            self._phases.append(last)
            self.positions.append(position)

    def extend(self, position):
        """Continue the line of the last cycles to a position: the end of a recording."""
        if position > self.positions[-1]:
            slope = self.advance(8) / self._spacing
            self._phases.append(self._phases[-1] + slope * (position - self.positions[-1]))
            self.positions.append(position)

    def whole(self):
        """Return how many whole half cycles lie before the last point."""
        return int(self._phases[-1] // pi) if self._phases and self._phases[-1] > 0 else 0

    def boundaries(self, n):
        """Return the positions of the next n + 1 boundaries, (n + 1,) floats, and move on past n half cycles."""
        targets = np.arange(n + 1) * pi
        found = np.interp(targets, np.array(self._phases), np.array(self.positions))
        self._pass(n)
        return found

    def next(self):
        """Return the positions of the next two boundaries, and move on past the first: boundaries(1), as floats."""
        start, end = self._at(0.0), self._at(pi)
        self._pass(1)
        return start, end

    def pass_over(self, position):
        """Move on past the half cycles that begin before a position."""
        while self.whole() and self._at(0.0) < position:
            self._pass(1)

    def _at(self, phase):
        """Return the position of a phase, by the line between the points around it."""
        phases, positions = self._phases, self.positions
        k, last = 0, len(phases) - 1
        while k < last and phases[k + 1] <= phase:
            k += 1
        if k == last:
            return positions[k]
        part = (phase - phases[k]) / (phases[k + 1] - phases[k])
        return positions[k] + part * (positions[k + 1] - positions[k])

    def _pass(self, n):
        """Count from the n-th boundary on, and forget the points before the last in front of it."""
        phases, turn = self._phases, n * pi
        for k in range(len(phases)):
            phases[k] -= turn
        keep = 0
        while keep + 2 < len(phases) and phases[keep + 1] <= 0:
            keep += 1
        if keep:
            self.positions, self._phases = self.positions[keep:], phases[keep:]

    def shift(self, samples):
        """Move the origin: the buffers were moved back by so many samples."""
        positions = self.positions
        for k in range(len(positions)):
            positions[k] -= samples

    def advance(self, count):
        """Return the mean radians between points over the last `count` of them."""
        count = min(count, len(self._phases) - 1)
        span = self.positions[-1] - self.positions[-1 - count]
        return (self._phases[-1] - self._phases[-1 - count]) * self._spacing / span
