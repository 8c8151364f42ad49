"""A reader's place in a Fifo: where it goes on, and what it never got because the ring came round first.

A head-end, a display list or a log transfer keeps one. It is a number, so it can be stored and taken up again after
a restart of either side; the ring knows nothing of its readers.
"""

from meter.storage.errors import Unwritten


class Reader:
    """Reads a mounted Fifo onwards from the entry `position`, or from the oldest that is kept.

    position    the entry number to be read next
    lost        entries that were overwritten before they were read
    damaged     entries within the ring that cannot be read, torn writes among them

    Raises Unwritten if the position is behind the end: it is of another fifo.
    """

    def __init__(self, fifo, position=None):
        self._fifo = fifo
        self.position = fifo.first if position is None else position
        self.lost = self.damaged = 0
        if self.position > fifo.next:
            raise Unwritten(self.position)

    def records(self):
        """Yield (entry, time, payload) of all that is there, oldest first. What was yielded counts as read.

        It may be left before the end, and called again when there is more. What was passed over is counted before
        the record behind it is yielded.
        """
        for entry, time, payload in self._fifo.records(self.position):
            self._pass_over(entry)
            self.position = entry + 1
            yield entry, time, payload
        self._pass_over(self._fifo.next)

    def _pass_over(self, entry):
        """Go on to `entry`, and count what is in between."""
        kept = min(max(self.position, self._fifo.first), entry)
        self.lost += kept - self.position
        self.damaged += entry - kept
        self.position = entry
