"""The supply: a comparator watches the unregulated side and warns while the capacitors still carry the board.

Contract: Power in meter.hal. The pin is high while the supply is present.
"""

import asyncio

from machine import Pin

from meter.compat import const

_POLL_MS = const(2)
_CONFIRM_MS = const(1)  # the pin must stay low for so long


class Power:
    """The power-fail input at a pin.

    dips        how often the comparator warned and the supply came back before it was believed
    """

    def __init__(self, pin):
        self.dips = 0
        self._pin = Pin(pin, Pin.IN, Pin.PULL_DOWN)
        self._warned = False
        # An interrupt, so that a warning is not missed while something else has the processor.
        self._pin.irq(handler=self._warn, trigger=Pin.IRQ_FALLING)

    @property
    def mains(self):
        """True while the supply is present."""
        return bool(self._pin.value())

    def _warn(self, pin):
        self._warned = True

    async def failing(self):
        """Return when the supply has begun to fail: time for the last-gasp save."""
        while True:
            if self._warned or not self.mains:
                self._warned = False
                await asyncio.sleep(_CONFIRM_MS / 1000)
                if not self.mains:
                    return
                self.dips += 1
            else:
                await asyncio.sleep(_POLL_MS / 1000)
