"""The battery of the clock and the backed memory: its state by its age, and how long it has been in use.

It lasts ten years (the manual, Maintenance, Clock Battery); it is used only while the supply is out. Whoever changes it
tells the meter. All in UTC seconds.
"""

import struct

from meter.compat import const

YEAR_S = const(31_557_600)  # 365.25 days
LIFE_S = 10 * YEAR_S
WARNING_S = 2 * YEAR_S  # before the end of its life: to be replaced within one or two years
GREEN, YELLOW, RED = "green", "yellow", "red"
_STATE = "<IIB"  # put in, seconds in use, failed


class Battery:
    """The battery.

    since       UTC second at which it was put in
    used_s      how many seconds of outages it has bridged
    has_failed  True once the clock was lost: until it is changed
    """

    def __init__(self):
        self.changed(0)

    def changed(self, now):
        """A new one was put in."""
        self.since, self.used_s, self.has_failed = now, 0, False

    def outage(self, seconds):
        """It has bridged an outage."""
        self.used_s += max(0, seconds)

    def failed(self):
        """The clock was lost."""
        self.has_failed = True

    def moved(self, before, after):
        """The clock was set: its age stays."""
        self.since = max(0, self.since + after - before)

    def colour(self, now):
        """Return GREEN; YELLOW in the last two years of its life; RED after it, or when it has failed."""
        age = now - self.since
        if self.has_failed or age >= LIFE_S:
            return RED
        return YELLOW if age >= LIFE_S - WARNING_S else GREEN

    def days(self):
        """Return for how many whole days it has been in use."""
        return self.used_s // 86400

    def state(self):
        """Return it as bytes."""
        return struct.pack(_STATE, self.since, self.used_s, self.has_failed)

    def restore(self, state):
        """Take it from bytes of state()."""
        self.since, self.used_s, failed = struct.unpack(_STATE, state)
        self.has_failed = bool(failed)
