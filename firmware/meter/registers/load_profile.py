"""Load profile: what was consumed, and what was measured, in each interval, as records in a Fifo.

Intervals are aligned to the hour, day, week or month of the local clock. A record is closed at its end, and by every
event that breaks time or registration (the manual: Load Profile, Event Recording in Load Profile). The flash alone
says what each value is: before the records of new channels stands their description (load_profile_record).

What must hold over any power cut: the state is stored before a record is, so that resume() counts each interval once;
the records' values add up to what the registers grew.
"""

import struct

from meter.calendar import DAILY
from meter.compat import const
from meter.registers.energy import SCALER
from meter.registers.load_profile_channels import QUANTUM, Gated, channel
from meter.registers.load_profile_query import Query
from meter.registers.load_profile_record import (
    ERASED,
    EVENTS,
    FREEZE,
    MIDNIGHT,
    NORMAL,
    OVERFLOW,
    POWER_FAIL,
    SHORT,
    TEST_MODE,
    Description,
    capacity,
    interval_code,
    is_description,
    is_erasure,
    number_of,
)
from meter.storage.errors import NoRecord
from meter.zone import UTC

DEFAULT_CHANNELS = ("Wh.del.P", "Wh.rec.P", "VARh.del.P", "VARh.rec.P")
CHANNELS = const(16)
SYNC_GRACE_S = const(5)  # a pulse that is later than this is missing
# begun, next entry, entry of the description, first entry not erased, overflowed, paused since, bytes of description
_STATE = "<IIIIIIH"


class LoadProfile:
    """One group of channels with its interval.

    fifo        where the records go
    energy      the totals whose growth is recorded
    channels    text keys of quantities: the growth of integrated ones, the averages of instantaneous ones
    interval    one of load_profile_record.INTERVALS
    km          what one count is worth in each channel, in its (secondary) unit; None: engineering values
    events      True: events that do not break the interval end a record too
    freeze      True: so does a freeze
    zone        Zone of the local clock, by which intervals begin; None: UTC
    status      StatusWord, for channels that record it, or None
    sync        True: external pulses end intervals of minutes, the clock only where one is late

    overflowed  how many values were larger than their record holds
    query       Query: the records by reader, days, time and entry
    """

    def __init__(
        self,
        fifo,
        energy,
        channels=DEFAULT_CHANNELS,
        interval=15,
        km=None,
        events=True,
        freeze=True,
        zone=None,
        status=None,
        sync=False,
    ):
        scaled = [max(1, int(each * 10.0**-SCALER + 0.5)) for each in km or ()]
        self.fifo = fifo
        self.channels = tuple(channels)
        self.overflowed = 0
        self._zone = zone or UTC
        self.query = Query(self, zone)
        self._wanted = Description(
            0, self.channels, scaled or (1,) * len(self.channels), interval_code(interval), bool(km)
        )
        self._description = self._wanted
        self._energy, self._status = energy, status
        self.sync = sync and self._wanted.interval <= 60
        self._events, self._freeze = events, freeze
        self._sources = self._make_sources()
        self._averages = [source for source in self._sources if source.averages]
        self._begun = self._described = self._floor = 0
        self._paused = 0

    def _make_sources(self):
        description = self._description
        return [
            channel(key, self._energy, km if description.counts else 0, self._status)
            for key, km in zip(description.keys, description.km)
        ]

    # The interval that is running.

    def begin(self, now):
        """Begin an interval now (UTC seconds): what was consumed before is not in it."""
        self._find_description(now)
        self._begin(now)

    def _begin(self, now):
        self._begun = now
        self._paused = 0
        for source in self._sources:
            source.begin()

    def take(self, span):
        """Take a Span into the averages. Before the record that its end closes."""
        for source in self._averages:
            source.add(span)

    def due(self, now):
        """Return True if an interval ends at this second. A checkpoint must be stored before it is closed."""
        return not self._paused and self.next_boundary(now - 1) == now

    def pause(self, now):
        """Test mode begins: nothing is consumed and no interval ends, until event(TEST_MODE, ...) or an outage."""
        self._paused = now

    def next_boundary(self, now):
        """Return the first UTC second after now at which an interval ends; None in test mode."""
        if self._paused:
            return None
        if self.sync:
            return max(self._begun + self._description.interval * 60 + SYNC_GRACE_S, now + 1)
        return self._zone.next_boundary(now, self._description.interval)

    def switch(self, on):
        """The tariff override is on, or not: channels that record only then begin or stop."""
        for source in self._sources:
            if isinstance(source, Gated):
                source.switch(on)

    def close(self, now):
        """Write the record of the interval up to now, and begin the next.

        Nothing is written for no time: what was consumed meanwhile is carried into the next interval.
        """
        if now > self._begun:
            self._write(NORMAL, now)
        self._begun = now

    def is_ending(self, kind):
        """Return True if this kind of event ends a record, by the settings."""
        if kind == FREEZE:
            return self._freeze
        for code, _, breaks in EVENTS:
            if code == kind:
                return self._events or breaks
        raise ValueError("a load profile has no event %s" % kind)

    def event(self, kind, now, before=None, after=None):
        """End the record with an event, and begin the next. A checkpoint must be stored before.

        kind        of load_profile_record.EVENTS
        now         UTC second
        before      the second at which the event began, or that the clock showed before it was set; None: now
        after       the second at which it ended, or that the clock shows after it was set; None: it did not last

        A record without duration is written too: it marks the event. TEST_MODE ends a pause().
        """
        if self.is_ending(kind):
            self._write(kind, now if before is None else before, after)
            self._begun = now if after is None else after
            if kind == TEST_MODE:
                self._paused = 0

    def _write(self, kind, end, until=None):
        start, zone = min(self._begun, end), self._zone
        status = kind | (MIDNIGHT if zone.is_boundary(end, DAILY) else 0)
        if not self._is_whole(start, end):
            status |= SHORT
        values = []
        for source in self._sources:
            value, is_over = source.close()
            values.append(value)
            self.overflowed += is_over
            status |= is_over * OVERFLOW
        self._describe(end)
        self.fifo.append(self._description.record(status, start, values, until), end)
        self._describe(end)  # what is overwritten to make room may be the description

    def _is_whole(self, start, end):
        if self.sync:
            return abs(end - start - self._description.interval * 60) <= SYNC_GRACE_S
        return self._zone.is_whole(start, end, self._description.interval)

    # The description of the records on the flash.

    def _describe(self, now):
        if self._described < self.fifo.first:
            self._described = self.fifo.append(self._description.pack(now), now)

    def _find_description(self, now):
        """Make the wanted description the newest on flash."""
        newest = self._newest_description()
        if newest and newest.same(self._wanted):
            self._description = newest
            return
        number = self._unused_number()
        if newest:
            # Once more behind the last of its records: so no record can outlive its description in the ring.
            self.fifo.append(newest.pack(now), now)
        wanted = self._wanted
        self._description = Description(number, wanted.keys, wanted.km, wanted.interval, wanted.counts)
        self._described = self.fifo.append(self._description.pack(now), now)

    def _unused_number(self):
        """Return a number that no record has: one whose description has rotted must not be read with another."""
        for entry in range(self.fifo.next - 1, self.fifo.first - 1, -1):
            try:
                return (number_of(self.fifo.read(entry)[1]) + 1) & 0xFFFF
            except NoRecord:
                pass
        return 0

    def _mend_description(self, now):
        """Write the description again if it cannot be read any more."""
        try:
            self.fifo.read(self._described)
        except NoRecord:
            self._described = self.fifo.append(self._description.pack(now), now)

    def _newest_description(self):
        """Return the newest Description from the last known one on, or None. Notes its entry, and erasures."""
        found = None
        for entry, _, payload in self.fifo.records(self._described):
            if is_description(payload):
                found, self._described = payload, entry
                if is_erasure(payload):
                    self._floor = entry
        return Description.unpack(found) if found else None

    def erase(self, now):
        """Give out no record of before any more: the flash keeps them until the ring comes round.

        It is on flash when this returns; the running interval goes on.
        """
        self._floor = self._described = self.fifo.append(self._description.pack(now, ERASED), now)

    # Reading.

    @property
    def first(self):
        """The oldest entry number that is given out."""
        return max(self._floor, self.fifo.first)

    def records(self, start=None):
        """Yield Records oldest first. start: entry number to begin with.

        A record whose description was damaged is passed over: nothing says what its values are.
        """
        known = {}
        for entry, time, payload in self.fifo.records(max(start or 0, self.first)):
            number = number_of(payload)
            if is_description(payload):
                known[number] = Description.unpack(payload)
                continue
            if number not in known:
                known[number] = self._look_up(number, entry)
            if known[number]:
                yield known[number].read(entry, time, payload)

    def raw(self, start=None):
        """Yield (entry, end, payload, Description) of what records() yields, for readers of thousands of records.

        payload: a memoryview that holds until the next one is asked for; Description.layout says what is in it.
        """
        known = {}
        newest = described = None
        for entry, end, payload in self.fifo.sweep(max(start or 0, self.first)):
            number = payload[0] | payload[1] << 8
            if payload[3] & 0x80:  # DESCRIPTION
                known[number] = Description.unpack(payload)
                newest = None
                continue
            if number != newest:
                if number not in known:
                    known[number] = self._look_up(number, entry)
                newest, described = number, known[number]
            if described:
                yield entry, end, payload, described

    @property
    def interval(self):
        """The code of the interval (load_profile_record) of what is recorded now."""
        return self._description.interval

    @property
    def km(self):
        """What a count is worth in each channel, floats in its (secondary) unit; None: engineering values."""
        return [each * QUANTUM for each in self._description.km] if self._description.counts else None

    @property
    def capacity(self):
        """How many records of the present channels the flash keeps."""
        return capacity(self.fifo.shape[1], len(self.channels), self._description.counts, self.fifo.shape[0])

    def _look_up(self, number, entry):
        """Return the Description of a record at this entry: the running one, or the next one behind it."""
        if self._described and number == self._description.number:
            return self._description
        for _, _, payload in self.fifo.records(entry):
            if is_description(payload) and number_of(payload) == number:
                return Description.unpack(payload)
        for _, _, payload in self.fifo.records():
            if is_description(payload) and number_of(payload) == number:
                return Description.unpack(payload)
        return None

    # The state, for a checkpoint.

    def state(self):
        """Return as bytes what a restart needs: the running interval, the Fifo's end, the readers' positions."""
        description = self._description.pack(self._begun)
        head = struct.pack(
            _STATE, self._begun, self.fifo.next, self._described, self._floor, self.overflowed, self._paused,
            len(description),
        )  # fmt: skip
        return (
            head + description + b"".join([source.state() for source in self._sources]) + self.query.state()
        )

    def resume(self, state, saved_at, now, ending=None):
        """Continue after an outage. state: from state(), saved at saved_at (UTC). now: UTC, when metering resumes.

        The interval in which the supply failed is closed with what it holds, unless its record was written after the
        state was saved. If the channels have changed since, it is closed with the channels that it has, and a new
        interval begins. ending: (kind, before, after) of an event that was ending the record, see event().
        """
        fields = struct.unpack_from(_STATE, state)
        self._begun, following, self._described, self._floor, self.overflowed, paused, size = fields
        at = struct.calcsize(_STATE)
        self._description = Description.unpack(state[at : at + size])
        is_changed = not self._description.same(self._wanted)
        ours = self._sources
        if is_changed:
            self._sources = self._make_sources()
        self._restore(state, at + size)
        if self._is_stored(following):
            for source in self._sources:
                source.close()
        elif ending and self.is_ending(ending[0]):
            kind, before, after = ending
            self._write(kind, saved_at if before is None else before, after)
        elif saved_at > self._begun:
            self._write(POWER_FAIL | TEST_MODE if paused else POWER_FAIL, paused or saved_at, now)
        self._mend_description(now)
        self._begun = now
        if is_changed:
            self._sources = ours
            self.begin(now)

    def _restore(self, state, at):
        for source in self._sources:
            size = len(source.state())
            source.restore(state[at : at + size])
            at += size
        self.query.restore(state[at:])

    def _is_stored(self, entry):
        """Return True if there is a sound data record from this entry number on. Notes an erasure there."""
        is_stored = False
        for number, _, payload in self.fifo.records(entry):
            if is_erasure(payload):
                self._floor = self._described = number
            elif not is_description(payload):
                is_stored = True
        return is_stored
