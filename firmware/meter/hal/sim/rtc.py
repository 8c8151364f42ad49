"""The simulated real-time clock: the host's clock, or one that starts at a given time and stands still."""

from time import time


class Rtc:
    """The HAL's Rtc. start: UTC second to begin with; None: the host's clock."""

    def __init__(self, start=None):
        self._start = start
        self.power_lost = False

    def read(self):
        """Return UTC in whole seconds since 1970-01-01."""
        return int(time()) if self._start is None else self._start

    def set(self, seconds):
        """Set the clock."""
        self._start = seconds
        self.power_lost = False
