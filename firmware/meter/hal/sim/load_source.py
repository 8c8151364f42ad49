"""The simulated load in place of a converter: a LoadModel at its own pace, or as fast as it is read."""

import asyncio
from time import monotonic

_PICTURES = 10.0  # spans to a second of the host's time, at most


class LoadSource:
    """Spans instead of samples.

    model       LoadModel
    speed       how many times real time; None: as fast as it is read
    last        UTC second to end before, or None: where the load ends

    at          the UTC second up to which the load has flowed; None: not begun. The meter's clock may be set meanwhile:
                the load goes on where it is.
    end         the UTC second at which reading ends, or None
    """

    def __init__(self, model, speed=None, last=None):
        self.model = model
        self.connection = model.connection
        ends = [end for end in (model.steps.end, last) if end is not None]
        self.end = min(ends) if ends else None
        self.at = None
        self._speed = speed
        # From waveforms a span lasts a second; at high speeds more, for the host's sake.
        self._longest = None if speed is None else max(1, int(speed / _PICTURES))
        self._started = None

    async def read(self, now, until, into):
        """Fill a Span from `now` to `until` (UTC seconds), or to where the load changes. Return False at the end."""
        at = now if self.at is None else self.at
        if self.end is not None and at >= self.end:
            return False
        ends = [at + until - now, self.model.next_step(at)]
        if self.end is not None:
            ends.append(self.end)
        if self._longest is not None:
            ends.append(at + self._longest)
        end = min(ends)
        await self._pace(at, end)
        self.model.span(at, end, into)
        into.end = now + end - at
        self.at = end
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
