"""The simulated converter: a waveform source behind a front-end model, at its own pace or as fast as it is read."""

import asyncio
from time import monotonic


class Adc:
    """The HAL's Adc over a source (see synthesizer) and a FrontEnd.

    speed       how many times real time; None: as fast as it is read
    block       samples a block
    first, last sample numbers to begin with and to end before (None: where the source ends)
    """

    def __init__(self, source, front_end, speed=None, block=None, first=0, last=None):
        self.channels = tuple(source.channels)
        self.rate = float(source.rate)
        self.scales = front_end.scales
        self.overruns = 0
        self._source = source
        self._front_end = front_end
        self._speed = speed
        self._block = block or int(self.rate / 10)
        self._next = first
        self._last = last
        self._started = None

    def set_rate(self, hz):
        """Set the sample rate. A source computed or resampled at one rate keeps it: returns the rate that is."""
        return self.rate

    async def read(self):
        """Return the next (first, count, data), or None at the end."""
        count = self._block
        if self._last is not None:
            count = min(count, self._last - self._next)
        if count < 1:
            return None
        await self._pace(count)
        first = self._next
        count, data = self._front_end.convert(self._source, first, count)
        self._next += count
        return (first, count, data) if count else None

    async def _pace(self, count):
        if self._speed is None:
            await asyncio.sleep(0)
            return
        now = monotonic()
        if self._started is None:
            self._started = now
            self._origin = self._next
        due = self._started + (self._next + count - self._origin) / self.rate / self._speed
        await asyncio.sleep(max(0.0, due - now))

    def close(self):
        """Nothing to release."""
