"""The simulated supply: it fails when told to, as a signal to stop tells it."""

import asyncio


class Power:
    """The HAL's Power."""

    def __init__(self):
        self.mains = True
        self._failing = asyncio.Event()

    def fail(self):
        """The supply begins to fail."""
        self.mains = False
        self._failing.set()

    async def failing(self):
        """Return when the supply has begun to fail."""
        await self._failing.wait()
