"""Times as load tables have them: ISO 8601, or DD.MM.YYYY HH:MM; with an offset, or on the meter's local clock."""

import re
from datetime import UTC, datetime, timedelta

from meter.zone import Zone

GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY_S = 86400
LAST = 1 << 32  # the meter counts seconds in 32 bits


class Times:
    """Turns texts into UTC seconds, one after the other: in a repeated hour the order tells which one is meant."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._last = -1

    def read(self, text: str) -> int:
        """Return the UTC second. Raises ValueError: what is wrong with it."""
        time = _civil(text)
        if time.microsecond:
            raise ValueError(f"{text}: has a fraction of a second")
        if time.tzinfo:
            utc = int((time - EPOCH) // SECOND)
        else:
            utc = self._utc(int((time.replace(tzinfo=UTC) - EPOCH) // SECOND), text)
        if not 0 <= utc < LAST:
            raise ValueError(f"{text}: must be from 1970 to 2105")
        self._last = utc
        return utc

    def _utc(self, local: int, text: str) -> int:
        offsets = {self._zone.offset(local - DAY_S), self._zone.offset(local + DAY_S)}
        if len(offsets) == 1:
            return int(local - offsets.pop())
        found = sorted(local - offset for offset in offsets if self._zone.local(local - offset) == local)
        if not found:
            raise ValueError(f"{text}: is passed over by the local clock ({self._zone.rule})")
        return int(next((utc for utc in found if utc > self._last), found[-1]))


def _civil(text: str) -> datetime:
    match = GERMAN.fullmatch(text)
    try:
        if match:
            day, month, year, hour, minute, second = (int(part or 0) for part in match.groups())
            return datetime(year, month, day, hour, minute, second)
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a time such as 2026-01-31T12:00:00Z or 31.01.2026 12:00") from None
