"""The keys of the front: debounced. Contract: Keys in meter.hal."""

import asyncio

from machine import Pin

from meter.compat import const

DEBOUNCE_MS = const(20)
POLL_MS = const(5)


class Keys:
    """The keys of a board. names: (name, pin) of each; a pressed key pulls its pin down."""

    def __init__(self, names):
        self._names = tuple([name for name, _ in names])
        self._pins = [Pin(number, Pin.IN, Pin.PULL_UP) for _, number in names]
        self._pressed = [False] * len(self._pins)
        self._since = [None] * len(self._pins)  # uptime at which a key was first seen other than it counts

    def poll(self, now):
        """Look at the keys. Return a list of (name, is pressed) of those that have changed. now: uptime, ms.

        A change counts when the key has kept it for DEBOUNCE_MS.
        """
        found = []
        for k, pin in enumerate(self._pins):
            is_pressed = not pin.value()
            if is_pressed == self._pressed[k]:
                self._since[k] = None
            elif self._since[k] is None:
                self._since[k] = now
            elif now - self._since[k] >= DEBOUNCE_MS:
                self._pressed[k], self._since[k] = is_pressed, None
                found.append((self._names[k], is_pressed))
        return found

    async def read(self, uptime):
        """Return the next changes, at least one, as poll() does. uptime: compat.Uptime."""
        while True:
            found = self.poll(uptime.ms())
            if found:
                return found
            await asyncio.sleep(POLL_MS / 1000)
