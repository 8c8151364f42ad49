"""The time grid of the half cycles: where the fundamental passes zero, in samples of the converter.

Points (position, phase) are laid a quarter cycle apart; the phase is relative to the next boundary that is not yet
cut, and boundaries are at multiples of pi. Between points the phase is linear. Half cycles have no parity: a phase
that jumps by 180 degrees needs no catching up.
"""

from math import ceil, floor, pi

from meter.xnp import np

SLEW = 0.2  # the grid may run this much faster or slower than the nominal frequency


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
        self._start = None  # the position of the next boundary, if it is known

    def begin(self, position, phase, advance, first):
        """Lay the first point, and one before it at `first` with the phase that the same frequency gives there."""
        start = phase - advance * (position - first) / self._spacing
        start_at = start - pi * ceil(start / pi)
        self.positions = [first, position]
        self._phases = [start_at, start_at + phase - start]

    def lay(self, phase, there, advance):
        """Add a point, within the slew limits of the one before.

        phase: measured, radians. there: whether there is a signal. advance: radians expected between points.
        """
        phases, positions = self._phases, self.positions
        last = phases[-1]
        if there:
            away = phase - last - advance
            step = advance + away - floor(away / pi + 0.5) * pi
            if step < self._low:
                step = self._low
            elif step > self._high:
                step = self._high
        else:
            step = self._nominal
        phases.append(last + step)
        positions.append(positions[-1] + self._spacing)

    def extend(self, position):
        """Continue the line of the last cycles to a position: the end of a recording."""
        if position > self.positions[-1]:
            slope = self.advance(8) / self._spacing
            self._phases.append(self._phases[-1] + slope * (position - self.positions[-1]))
            self.positions.append(position)

    def whole(self):
        """Return how many whole half cycles lie before the last point."""
        phases = self._phases
        return int(phases[-1] // pi) if phases and phases[-1] >= pi else 0

    def boundaries(self, n):
        """Return the positions of the next n + 1 boundaries, (n + 1,) floats, and move on past n half cycles."""
        targets = np.arange(n + 1) * pi
        found = np.interp(targets, np.array(self._phases), np.array(self.positions))
        phases, turns = self._phases, n * pi
        for k in range(len(phases)):
            phases[k] -= turns
        keep = 0
        while keep + 2 < len(phases) and phases[keep + 1] <= 0:
            keep += 1
        self.positions, self._phases = self.positions[keep:], phases[keep:]
        self._start = None
        return found

    def next(self):
        """Return the positions of the next two boundaries, and move on past the first: boundaries(1), as floats."""
        phases, positions = self._phases, self.positions
        start = self._start
        if start is None:
            start = _position(phases, positions, _before(phases, 0.0), 0.0)
        k = _before(phases, pi)
        self._start = end = _position(phases, positions, k, pi)
        phases[:k] = positions[:k] = ()
        for k in range(len(phases)):
            phases[k] -= pi
        return start, end

    def pass_over(self, position):
        """Move on past the half cycles that begin before a position."""
        phases = self._phases
        while self.whole() and _position(phases, self.positions, _before(phases, 0.0), 0.0) < position:
            self.next()

    def shift(self, samples):
        """Move the origin: the buffers were moved back by so many samples."""
        positions = self.positions
        for k in range(len(positions)):
            positions[k] -= samples
        if self._start is not None:
            self._start -= samples

    def advance(self, count):
        """Return the mean radians between points over the last `count` of them."""
        phases, positions = self._phases, self.positions
        first = max(0, len(phases) - 1 - count)
        return (phases[-1] - phases[first]) * self._spacing / (positions[-1] - positions[first])


def _before(phases, phase):
    """Return the number of the last point whose phase is not above this one, and which is not the last of all."""
    k = 0
    last = len(phases) - 2
    while k < last and phases[k + 1] <= phase:
        k += 1
    return k


def _position(phases, positions, k, phase):
    """Return the position of a phase on the line from point k to the next."""
    at, where = phases[k], positions[k]
    return where + (phase - at) / (phases[k + 1] - at) * (positions[k + 1] - where)
