"""Load profile retrieval: which records a reader gets (the manual, Load-Profile Retrieval). Always oldest first.

Everything is a generator that reads from the flash as it goes, so a year of records needs no memory. `now` is the
meter's UTC second: records older than 1,095 days are not given out.
"""

import struct

from meter.calendar import midnight
from meter.compat import const
from meter.registers.load_profile_record import RETAINED_DAYS
from meter.zone import UTC

LAST_DAYS = const(60)
READERS = const(8)  # whose positions are kept
NAME = const(12)
_DAY_S = const(86400)
_READER = "<12sI"
_READER_SIZE = const(16)


class Query:
    """The records of one LoadProfile.

    zone        Zone by which days begin; None: UTC

    readers     list of (name, entry number that the reader gets next), the one that read last at the end
    """

    def __init__(self, profile, zone=None):
        self._profile = profile
        self._zone = zone or UTC
        self.readers = []

    def all(self, now):
        """Yield all records."""
        return self._select(None, now - RETAINED_DAYS * _DAY_S, 0xFFFFFFFF)

    def last_days(self, days, now):
        """Yield the records of the last 0 to 60 complete days and of today. A day ends with its midnight record."""
        if not 0 <= days <= LAST_DAYS:
            raise ValueError("the last %s days: must be 0 to %d" % (days, LAST_DAYS))
        first = self._zone.utc(midnight(self._zone.local(now)) - days * _DAY_S)
        return self.between(first + 1, 0xFFFFFFFF, now)

    def between(self, first, last, now):
        """Yield the records that end at these UTC seconds or between them."""
        first = max(first, now - RETAINED_DAYS * _DAY_S, 0)
        return self._select(self._profile.fifo.find_time(first), first, last)

    def entries(self, first, last, now):
        """Yield the records with these entry numbers or between them."""
        for record in self._select(first, now - RETAINED_DAYS * _DAY_S, 0xFFFFFFFF):
            if record.entry > last:
                return
            yield record

    def since_last(self, reader, now):
        """Yield the records that this reader has not marked as read. reader: a name of 1 to 12 bytes."""
        for name, entry in self.readers:
            if name == reader:
                return self._select(entry, now - RETAINED_DAYS * _DAY_S, 0xFFFFFFFF)
        return self.all(now)

    def mark_read(self, reader, entry):
        """Note that a reader has got everything up to this entry. It is kept from the next checkpoint on.

        Of more readers than READERS the one that read longest ago is forgotten: it gets everything again.
        """
        if not 0 < len(reader.encode()) <= NAME:
            raise ValueError("a reader has a name of 1 to %d bytes" % NAME)
        self.readers = [known for known in self.readers if known[0] != reader]
        self.readers = self.readers[1 - READERS :] + [(reader, entry + 1)]

    def _select(self, start, first, last):
        for record in self._profile.records(start):
            if first <= record.end <= last:
                yield record

    def state(self):
        """Return the readers as bytes."""
        return b"".join([struct.pack(_READER, name.encode(), entry) for name, entry in self.readers])

    def restore(self, state):
        """Take the readers from bytes made by state()."""
        self.readers = []
        for at in range(0, len(state), _READER_SIZE):
            name, entry = struct.unpack_from(_READER, state, at)
            self.readers.append((name.rstrip(b"\0").decode(), entry))
