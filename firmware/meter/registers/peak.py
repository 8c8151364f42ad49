"""Peak demand: the highest demand since a reset, when it was, and what else flowed in that interval (DEM-03, DEM-04).

Source: the manual's Specifications, Peak Demand and Coincident Demand. Values are integers (see demand_window): two
peaks that differ by a quantum differ on a Pico too.
"""

import struct


class Peak:
    """The highest demand of a Window. Offer it each demand that is formed; reset it when its period ends.

    value       quanta; 0 before there is one
    time        UTC second of the end of the interval that set it; 0: none has
    coincident  tuple of ints: the demands of other windows in that interval; a power factor in millionths
    """

    def __init__(self, window, coincident=()):
        """window, coincident: what has past(): of demand_window."""
        self.window, self._others = window, tuple(coincident)
        self.reset()

    def also(self, other):
        """Capture another one from now on. Return its place in `coincident`."""
        self._others += (other,)
        self.coincident += (0,)
        return len(self._others) - 1

    def reset(self):
        """Begin a new period: no peak yet."""
        self.value = self.time = 0
        self.coincident = (0,) * len(self._others)

    def offer(self):
        """Take the past demand if it is higher: of equal ones the first keeps the time.

        Higher by its sign: of a bidirectional demand that was always received, the peak is the one nearest to zero.
        A demand of zero is none before there was another: a rate that was never in force has no time of peak.
        """
        past = self.window.past()
        is_first = past < 0 and not self.value and not self.time
        if past > self.value or is_first:
            self.value, self.time = past, self.window.ended
            self.coincident = tuple([other.past() for other in self._others])

    def preset(self, value, coincident=None):
        """Set the value in quanta: from now on only a higher demand is a peak. No interval has set it: no time.

        coincident: tuple, one for each; None: they stay.
        """
        if coincident is not None and len(coincident) != len(self._others):
            raise ValueError("%d coincident values, not %d" % (len(self._others), len(coincident)))
        self.value, self.time = value, 0
        if coincident is not None:
            self.coincident = tuple(coincident)

    def _layout(self):
        return "<Iq%dq" % len(self._others)

    def state(self):
        """Return as bytes what a restart needs."""
        return struct.pack(self._layout(), self.time, self.value, *self.coincident)

    def restore(self, state):
        """Go on from bytes made by state() with as many coincident values."""
        fields = struct.unpack(self._layout(), state)
        self.time, self.value, self.coincident = fields[0], fields[1], fields[2:]
