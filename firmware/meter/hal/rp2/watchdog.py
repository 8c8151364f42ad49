"""The hardware watchdog. It starts with the first frame that is metered, and only metering feeds it.

A port that hangs does not stop the meter and is not its matter; a meter that does not meter is started anew.
"""

from machine import WDT

from meter.compat import const

TIMEOUT_MS = const(8000)  # the longest an RP2040 has is 8.388 s


class Watchdog:
    """See Watchdog in meter.hal."""

    def __init__(self, timeout_ms=TIMEOUT_MS):
        self._timeout_ms = timeout_ms
        self._watchdog = None

    def feed(self):
        """A frame was metered. From the first call on there must be another within the time."""
        if self._watchdog is None:
            self._watchdog = WDT(timeout=self._timeout_ms)
        self._watchdog.feed()
