"""Load profile: what was consumed in each interval, as records in a Fifo.

Intervals are aligned to the hour. A record is closed at the interval's end, and early where registration was broken
(the manual: Load Profile, Event Recording). Records are self-contained, so a reader needs no configuration:

    time (in the Fifo's header)     end of the interval, UTC
    0   uint16  seconds covered     as many as the interval has, fewer if it was closed early or begun late
    2   uint16  status              SHORT, POWER_FAIL
    4   float32 * channels          Wh, varh, VAh; the channels in the order of the configuration
"""

import struct

from meter.compat import const
from meter.quantities import INTEGRATED, describe, index, terms
from meter.registers.energy import SCALER

SHORT = const(1)  # the record does not cover a whole interval
POWER_FAIL = const(2)  # the supply failed at its end

DEFAULT_CHANNELS = ("Wh.del.P", "Wh.rec.P", "VARh.del.P", "VARh.rec.P")
INTERVALS_MIN = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)


class LoadProfile:
    """One group of channels with its interval.

    fifo        where the records go
    energy      the totals whose growth is recorded
    channels    text keys of integrated quantities
    minutes     of INTERVALS_MIN
    """

    def __init__(self, fifo, energy, channels=DEFAULT_CHANNELS, minutes=15):
        self.fifo = fifo
        self.channels = tuple(channels)
        self.interval = minutes * 60
        self._energy = energy
        self._numbers = tuple(index(key) for key in self.channels)
        self._parts = tuple(self._source(key) for key in self.channels)
        self._format = "<HH%df" % len(self.channels)
        self._saved = "<II%dH%dq" % (len(self.channels), len(self.channels))

    @staticmethod
    def _source(key):
        name, direction, phase, _, flow = describe(index(key))
        if name not in INTEGRATED:
            raise ValueError("load profile channel %s is not a consumption" % key)
        return terms(flow, direction, phase)

    def begin(self, now):
        """Begin an interval now (UTC seconds): what was consumed before is not in it."""
        self._begun = now
        self._start = [self._energy.total(parts) for parts in self._parts]

    def due(self, now):
        """Return True if an interval ends at this second. A checkpoint must be stored before it is closed."""
        return now % self.interval == 0

    def close(self, now, status=0):
        """Write the record of the interval up to now, and begin the next.

        Nothing is written for no time: what was consumed meanwhile is carried into the next interval.
        """
        seconds = now - self._begun
        if seconds > 0:
            if seconds < self.interval:
                status |= SHORT
            values = [
                (self._energy.total(parts) - start) * 10.0**SCALER
                for parts, start in zip(self._parts, self._start)
            ]
            self.fifo.append(struct.pack(self._format, min(seconds, 0xFFFF), status, *values), now)
            self.begin(now)
        self._begun = now

    def records(self, start=None):
        """Yield (entry, end time, seconds, status, values) oldest first. start: entry number to begin with."""
        for entry, time, payload in self.fifo.records(start):
            fields = struct.unpack(self._record_format(payload), payload)
            yield entry, time, fields[0], fields[1], fields[2:]

    @staticmethod
    def _record_format(payload):
        return "<HH%df" % ((len(payload) - 4) // 4)

    def state(self):
        """Return the running interval as bytes: beginning, next entry, channels, and the totals at its beginning."""
        return struct.pack(self._saved, self._begun, self.fifo.next, *(self._numbers + tuple(self._start)))

    def resume(self, state, saved_at, now):
        """Continue after an outage. state: from state(), saved at saved_at (UTC). now: UTC, when metering resumes.

        The interval in which the supply failed is closed with what it holds, unless its record was written after the
        state was saved. If the channels have changed since, its beginning is unknown and a new interval begins.
        """
        count = len(self.channels)
        fields = struct.unpack(self._saved, state) if len(state) == struct.calcsize(self._saved) else None
        if not fields or fields[2 : 2 + count] != self._numbers or self._is_stored(fields[1]):
            self.begin(now)
            return
        self._begun, self._start = fields[0], list(fields[2 + count :])
        self.close(saved_at, POWER_FAIL)
        self._begun = now

    def _is_stored(self, entry):
        """Return True if there is a sound record from this entry number on."""
        for _ in self.fifo.records(entry):
            return True
        return False
