"""Which samples a flag holds for: frames are cut a cycle and more after their samples came in.

Marks are kept by sample number, so a frame's flags do not depend on the blocks in which the samples came.
"""

from meter.metrology.frame import CLIPPED, HALF


class Marks:
    """Stretches of samples with a flag. first, last: sample numbers, both included."""

    def __init__(self):
        self._marks = []

    def clear(self):
        """Forget all marks."""
        self._marks = []

    def add(self, flag, first, last):
        """A flag holds from `first` to `last`."""
        if self._marks and self._marks[-1][0] == flag and first <= self._marks[-1][2] + 1:
            first = self._marks.pop()[1]
        self._marks.append((flag, first, last))

    def add_clipped(self, number, start, stop, largest, limit):
        """Mark where samples are at the limit or beyond, in stretches of HALF at multiples of HALF.

        start, stop: the samples to look at, of a block whose sample 0 has this number. largest: called with two such
        places, returns the largest magnitude between them.
        """
        while start < stop:
            into = (number + start) % HALF
            end = min(start + HALF - into, stop)
            if largest(start, end) >= limit:
                first = number + start - into
                self.add(CLIPPED, first, first + HALF - 1)
            start = end

    def flags_of(self, first, last):
        """Return the flags of the frame with these samples, and forget the marks that end in it."""
        flags = 0
        if self._marks:
            for flag, start, stop in self._marks:
                if start <= last and stop >= first:
                    flags |= flag
            self._marks = [mark for mark in self._marks if mark[2] > last]
        return flags
