"""The simulated load in place of a converter: a LoadModel at its own pace, or as fast as it is read."""

import asyncio
from time import monotonic

_PICTURES = 10.0  # spans to a second of the host's time, at most


class LoadSource:
    """Spans instead of samples.

    model       LoadModel
    speed       how many times real time; None: as fast as it is read
    last        UTC second to end before, or None: where the load ends
    """

    def __init__(self, model, speed=None, last=None):
        self.model = model
        self.connection = model.connection
        ends = [end for end in (model.steps.end, last) if end is not None]
        self.end = min(ends) if ends else None
        self._speed = speed
        # From waveforms a span lasts a second; at high speeds more, for the host's sake.
        self._longest = None if speed is None else max(1, int(speed / _PICTURES))
        self._started = None

    async def read(self, now, until, into):
        """Fill a Span from `now` to `until` (UTC seconds), or to where the load changes. Return False at the end."""
        end = min(until, self.model.next_step(now)) if self.end is None or now < self.end else now
        if self.end is not None:
            end = min(end, self.end)
        if self._longest is not None:
            end = min(end, now + self._longest)
        if end <= now:
            return False
        await self._pace(now, end)
        self.model.span(now, end, into)
        return True

    async def _pace(self, now, end):
        if self._speed is None:
            await asyncio.sleep(0)
            return
        if self._started is None:
            self._started, self._origin = monotonic(), now
        due = self._started + (end - self._origin) / self._speed
        await asyncio.sleep(max(0.0, due - monotonic()))

    def close(self):
        """Nothing to release."""
