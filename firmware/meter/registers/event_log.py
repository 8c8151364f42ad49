"""Event logs: what happened to the meter, as records in Fifos, one for each log.

A record says all about itself: its version, its kind, the kinds of its value fields. The Fifo's header has its time:
that of the event, or of its end where there are two (the manual: "the date and time at which the event occurred; if
applicable, the time after the event").

    0   uint8   version             1
    1   uint16  kind                a number of event_kinds
    3   uint8   origin              a number of event_kinds
    4   uint16  milliseconds        of the time
    6   uint8   bit 0: it has a start
    7   uint32  start               UTC seconds: power down, the time before a time set; 0 if it has none
    11  uint8   length of the user name, then that many bytes of UTF-8
        uint8   length of the peer's address, then that many bytes of UTF-8
        uint8   number of value fields, then for each
                    uint8   NONE    nothing: the value is not known
                    uint8   INTEGER, int64
                    uint8   REAL,    float64
                    uint8   TEXT,    uint8 length, bytes of UTF-8

A later version keeps bytes 0 to 10. What cannot be understood is still an Event, with `problem` and the bytes.
"""

import struct

from meter.compat import const
from meter.registers import event_kinds
from meter.storage.errors import StorageError
from meter.storage.fifo import Fifo

VERSION = const(1)
NONE = const(0)
INTEGER = const(1)
REAL = const(2)
TEXT = const(3)
HAS_START = const(1)

LONGEST_NAME = const(48)  # bytes of a user name, and of a peer's address (an IPv6 address and port have 47)
LONGEST_TEXT = const(80)
MOST_FIELDS = const(16)

# What the Fifos of the logs hold, as numbers in their sector headers.
FIFO_KINDS = (("events", 0x45), ("diagnostics", 0x44), ("security", 0x53), ("alarms", 0x41), ("sags", 0x56))

SHORTEST = const(26)  # bytes that an entry takes at least, with the Fifo's

_HEAD = "<BHBHBI"
_HEAD_SIZE = const(11)
_LATEST = 0xFFFFFFFF


class Event:
    """One entry of a log.

    entry       its number in the log
    time, ms    UTC seconds and milliseconds: when it happened, or ended
    kind, name  number and name of the kind
    start       UTC seconds: when it began, the time before; None if it has one time only
    origin      number of event_kinds
    user, peer  texts, "" if none
    fields      tuple of values: int, float, text or None
    problem     what could not be read of it, a line; None if all was
    raw         the payload, bytes
    """

    def __init__(self, entry, time, payload):
        self.entry, self.time, self.raw = entry, time, payload
        self.kind = self.origin = self.ms = 0
        self.start = self.problem = None
        self.user = self.peer = ""
        self.fields = ()
        try:
            self._read(payload)
        except _Unreadable as error:
            self.problem = str(error)
        self.name = event_kinds.kind_name(self.kind)

    def _read(self, payload):
        if len(payload) < _HEAD_SIZE:
            raise _Unreadable("the record ends in its head")
        version, self.kind, self.origin, self.ms, flags, start = struct.unpack_from(_HEAD, payload)
        self.start = start if flags & HAS_START else None
        if version != VERSION:
            raise _Unreadable("the record has version %d, known is %d" % (version, VERSION))
        cursor = _Cursor(payload, _HEAD_SIZE)
        self.user, self.peer = cursor.text(), cursor.text()
        for _ in range(cursor.byte()):
            self.fields += (cursor.value(),)

    @property
    def origin_name(self):
        """The name of the origin."""
        return event_kinds.origin_name(self.origin)

    def named(self):
        """Return the value fields as a tuple of (name, value)."""
        return tuple((event_kinds.field_name(self.kind, k), value) for k, value in enumerate(self.fields))


class _Unreadable(Exception):
    """The record is of another version, or ends too early. The message says which."""


class _Cursor:
    """Reads a payload from a position on."""

    def __init__(self, payload, at):
        self._payload, self._at = payload, at

    def _take(self, length):
        start = self._at
        if start + length > len(self._payload):
            raise _Unreadable("the record ends at byte %d" % len(self._payload))
        self._at = start + length
        return self._payload[start : self._at]

    def byte(self):
        return self._take(1)[0]

    def text(self):
        data = self._take(self.byte())
        try:
            return data.decode()
        except UnicodeError:
            raise _Unreadable("a text is not UTF-8")

    def value(self):
        tag = self.byte()
        if tag == NONE:
            return None
        if tag == INTEGER:
            return struct.unpack("<q", self._take(8))[0]
        if tag == REAL:
            return struct.unpack("<d", self._take(8))[0]
        if tag == TEXT:
            return self.text()
        raise _Unreadable("a value of an unknown type %d" % tag)


def pack(kind, start=None, origin=event_kinds.METER, user="", peer="", fields=(), ms=0):
    """Return the payload of a record. Texts too long are cut, numbers too large are limited."""
    flags = HAS_START if start is not None else 0
    payload = struct.pack(_HEAD, VERSION, kind, origin, ms, flags, _limited(start or 0, 0, _LATEST))
    payload += _text(user, LONGEST_NAME) + _text(peer, LONGEST_NAME)
    fields = fields[:MOST_FIELDS]
    payload += bytes((len(fields),))
    for value in fields:
        payload += _value(value)
    return payload


def _value(value):
    if value is None:
        return bytes((NONE,))
    if isinstance(value, int):
        return struct.pack("<Bq", INTEGER, _limited(value, -(1 << 63), (1 << 63) - 1))
    if isinstance(value, float):
        return struct.pack("<Bd", REAL, value)
    return bytes((TEXT,)) + _text(value, LONGEST_TEXT)


def _text(text, longest):
    data = text.encode()
    length = min(len(data), longest)
    while length < len(data) and data[length] & 0xC0 == 0x80:
        length -= 1  # never cut a character in two
    return bytes((length,)) + data[:length]


def _limited(value, low, high):
    return min(max(value, low), high)


class EventLog:
    """One log.

    fifo        where its records are, mounted
    dropped     how many events could not be stored, because the flash failed
    """

    def __init__(self, fifo):
        self.fifo = fifo
        self.dropped = 0

    def add(self, kind, time, **what):
        """Store an event (what: as of pack) and return its entry number; None if the flash did not take it.

        It never stops the meter: metering goes on without a log. time: UTC seconds.
        """
        try:
            return self.fifo.append(pack(kind, **what), _limited(time, 0, _LATEST))
        except (OSError, StorageError):
            self.dropped += 1
            return None

    def records(self, start=None):
        """Yield Events, oldest first, from entry number `start` on."""
        for entry, time, payload in self.fifo.records(start):
            yield Event(entry, time, payload)

    def newest(self, kinds):
        """Return the newest Event of one of the kinds, or None."""
        found = None
        for event in self.records():
            if event.kind in kinds and not event.problem:
                found = event
        return found


class EventLogs:
    """All logs of a meter. flash: hal.Flash. areas: Partitions with an area for each log."""

    def __init__(self, flash, areas):
        self._logs = {}
        for name, fifo_kind in FIFO_KINDS:
            fifo = Fifo(flash, *areas.area(name), fifo_kind)
            fifo.mount()
            self._logs[name] = EventLog(fifo)

    def log(self, name):
        """Return the EventLog with this name, of event_kinds.LOGS. KeyError if there is none."""
        return self._logs[name]

    def add(self, kind, time, **what):
        """Store an event in the log that its kind belongs to. Returns as EventLog.add()."""
        return self._logs[event_kinds.find(kind)[2]].add(kind, time, **what)
