"""The supply: it fails when a line says so, or when this process is told to end. Contract: Power in meter.hal.

A Linux computer stores nothing in the milliseconds of a failing supply unless something carries it over them: a
board with a super-capacitor or an uninterruptible supply has a line that tells, which is given here.
"""

import asyncio

from meter.hal.linux.waiting import Waiting


class Power:
    """line: gpio.Lines of one line, of which any edge means that the supply fails; None: only fail() tells."""

    def __init__(self, line=None):
        self.mains = True
        self._line = line
        self._failing = asyncio.Event()
        self._waiting = Waiting(line.fileno()) if line else None

    def fail(self):
        """The supply begins to fail, or SIGTERM says that this is the end."""
        self.mains = False
        self._failing.set()
        if self._waiting:
            self._waiting.end()

    async def failing(self):
        """Return when the supply has begun to fail."""
        if not self._waiting:
            await self._failing.wait()
        elif self.mains:
            await self._waiting.until()
            self.fail()

    def close(self):
        """Give the line back."""
        if self._line:
            self._waiting.end()
            self._line.close()
            self._line = None
