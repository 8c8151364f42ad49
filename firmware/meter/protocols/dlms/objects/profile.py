"""Profiles, class 7 version 1 (IEC 62056-6-2, 4.3.6): rows that stream. And the load profiles of the manual.

A buffer is never in memory. A first pass counts the rows that are chosen, because an array begins with their number; a
second one writes them, in pieces of up to some 2 KB. Both yield None now and then: others have their turn. If rows are
lost in between (the ring came round, the flash rots), the transfer is aborted: what was announced is kept, or nothing.

Selective access by range: the restricting object is the clock; columns in the order asked for, none named: all. By
entry: from 1, the oldest; 0 as the last entry or column is the last one. What is reversed or beyond the end is empty.
"""

import struct

from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base, clock, datetime, register
from meter.protocols.dlms.objects.doing import change, done

BY_RANGE, BY_ENTRY = const(1), const(2)
FIFO = const(1)  # sort method: first in, first out
PIECE = const(2048)
TURN = const(256)  # rows between two turns of others
MOST_COLUMNS = const(64)
_ANY_TIME = (0, 0xFFFFFFFF)
_NOTHING = b"\x00" * 6

# A column: class, logical name, attribute.
CLOCK = (8, clock.LN, 2)


class Profile(base.CosemObject):
    """What all profiles share. A subclass says in `read` who may read it, and has:

    columns(context)            list of columns
    period(context)             capture period, s
    capacity(context)           the most rows
    source(columns, context)    (scan, encode, find_time): scan(start) yields tuples that begin with the entry
                                number and the UTC second of a row, encode(tuple) returns the row with these columns
                                (places), bytes; find_time(second) the entry to begin with, or None
    """

    class_id = 7
    version = 1
    read = base.FREE
    set_columns = set_period = None
    methods = ((1, None), (2, None))
    turn = TURN

    @property
    def attributes(self):
        """Rows of (number, right to read, right to set)."""
        read = self.read
        return (
            (2, read, None), (3, read, self.set_columns), (4, read, self.set_period), (5, read, None),
            (6, read, None), (7, read, None), (8, read, None),
        )  # fmt: skip

    def get(self, attribute, context):
        """Return an attribute."""
        if attribute == 2:
            return self._stream(list(range(len(self.columns(context)))), _ANY_TIME, (1, 0), context)
        if attribute == 3:
            return axdr.array([capture_object(column) for column in self.columns(context)])
        if attribute == 4:
            return axdr.number(axdr.DOUBLE_LONG_UNSIGNED, self.period(context))
        if attribute == 5:
            return axdr.enum(FIFO)
        if attribute == 6:
            return capture_object((0, _NOTHING, 0))
        if attribute == 7:
            return self._in_use(context)
        return axdr.number(axdr.DOUBLE_LONG_UNSIGNED, self.capacity(context))

    def select(self, attribute, selector, parameters, context):
        """Return the rows and columns that are asked for."""
        if attribute != 2 or selector not in (BY_RANGE, BY_ENTRY):
            raise base.AccessError(base.SCOPE_OF_ACCESS_VIOLATED)
        if selector == BY_ENTRY:
            return self._by_entry(base.structure(parameters, 4), context)
        return self._by_range(base.structure(parameters, 4), context)

    def _by_entry(self, given, context):
        first, last = base.integer(given[0], 1, 0xFFFFFFFF), base.integer(given[1], 0, 0xFFFFFFFF)
        low, high = base.integer(given[2], 1, 0xFFFF), base.integer(given[3], 0, 0xFFFF)
        places = list(range(len(self.columns(context))))
        return self._stream(places[low - 1 : high or None], _ANY_TIME, (first, last), context)

    def _by_range(self, given, context):
        if _column(given[0])[0] != CLOCK:
            raise base.AccessError(base.SCOPE_OF_ACCESS_VIOLATED)
        zone = context.access.zone
        span = datetime.bound(given[1], zone, False), datetime.bound(given[2], zone, True)
        wanted = [_column(each)[0] for each in base.array(given[3], MOST_COLUMNS)]
        known = self.columns(context)
        if [column for column in wanted if column not in known]:
            raise base.AccessError(base.SCOPE_OF_ACCESS_VIOLATED)
        places = [known.index(column) for column in wanted] or list(range(len(known)))
        return self._stream(places, span, (1, 0), context)

    def _stream(self, places, span, entries, context):
        """Return the iterator of the array. span: first, last UTC second. entries: first, last, 0: to the end."""
        return _Stream(self.source(places, context), span, entries, self.turn).pieces()

    def _in_use(self, context):
        stream = _Stream(self.source([], context), _ANY_TIME, (1, 0), self.turn)
        for _ in stream.counting():
            yield None
        yield axdr.number(axdr.DOUBLE_LONG_UNSIGNED, stream.count)


class _Stream:
    """Rows of a source: which, how many, and their bytes."""

    def __init__(self, source, span, entries, turn):
        self._scan, self._encode, find_time = source
        self._low, self._high = span
        self._from, self._to = entries
        self._turn = turn
        self._begin = find_time(self._low) if self._low else None
        self.count = 0

    def counting(self):
        """Count the rows that are chosen, and note where they begin. Yield None now and then."""
        low, high, count, seen, turn = self._low, self._high, 0, 0, self._turn
        first, last = self._from, self._to or 0xFFFFFFFF
        begin = None
        if first <= last and low <= high:
            for row in self._scan(self._begin):
                seen += 1
                if not seen % turn:
                    yield None
                if low <= row[1] <= high:
                    count += 1
                    if count == first:
                        begin = row[0]
                    if count == last:
                        break
        self.count = max(0, count - first + 1)
        self._begin = begin

    def pieces(self):
        """Yield the array. AccessError if rows that were counted are gone."""
        for _ in self.counting():
            yield None
        yield bytes((axdr.ARRAY,)) + axdr.length(self.count)
        if not self.count:
            return
        low, high, encode, left, seen, turn = (
            self._low, self._high, self._encode, self.count, 0, self._turn,
        )  # fmt: skip
        piece = bytearray()
        for row in self._scan(self._begin):
            seen += 1
            if low <= row[1] <= high:
                piece += encode(row)
                left -= 1
                if not left:
                    yield bytes(piece)
                    return
                if len(piece) > PIECE - 256:
                    yield bytes(piece)
                    piece = bytearray()
            elif not seen % turn:
                yield None
        raise base.AccessError(base.LONG_GET_ABORTED)


def capture_object(column):
    """Return a column as a capture_object_definition."""
    class_id, ln, attribute = column
    return axdr.structure(
        axdr.number(axdr.LONG_UNSIGNED, class_id),
        axdr.octets(ln),
        axdr.number(axdr.INTEGER, attribute),
        axdr.number(axdr.LONG_UNSIGNED, 0),
    )


def _column(data):
    """Return (column, data index) of a capture_object_definition that a client sent."""
    class_id, ln, attribute, index = base.structure(data, 4)
    column = base.integer(class_id, 0, 0xFFFF), base.octets(ln, 6), base.integer(attribute, -128, 127)
    return column, base.integer(index, 0, 0xFFFF)


# Load profiles.

SECTIONS = ("load_profile", "load_profile_2")
NAMES = (b"\x01\x00\x63\x01\x00\xff", b"\x01\x00\x62\x01\x00\xff")
_CODES = const(0x0FFF)  # of a record's status: the manual's Buffer Object Status
_TIME, _STATUS, _VALUES = const(4), const(6), const(8)  # places of a row's arguments for pack()
# minutes of an interval, of those that have a name
_NAMED = ((1440, "daily"), (10080, "weekly"), (43200, "monthly"))


def status_name(profile):
    """Return the logical name of the status of load profile 1 or 2: the profile status."""
    return bytes((0, 0, 96, 10, profile, 255))


class LoadProfile(Profile):
    """Load profile 1 or 2: clock, status, up to 16 channels as float32."""

    read = "read:profile"

    def __init__(self, number):
        super().__init__(NAMES[number - 1])
        self._number = number
        self.set_columns = "set:%s.channels" % SECTIONS[number - 1]
        self.set_period = "set:%s.interval" % SECTIONS[number - 1]

    def _view(self, context):
        return done(context.access.load_profile, self._number, context.device.primary)

    def columns(self, context):
        """Return the columns."""
        channels = context.access.channels(self._number)
        return [CLOCK, (1, status_name(self._number), 2)] + [
            (3, register.channel_name(self._number, place, key), 2) for place, key in enumerate(channels)
        ]

    def period(self, context):
        """Return the length of the interval, s; of a month that of 30 days."""
        return self._view(context).interval_s

    def capacity(self, context):
        """Return how many records the flash keeps."""
        return self._view(context).capacity

    def source(self, places, context):
        """Return how its rows are read."""
        view = self._view(context)
        return view.raw, _Rows(view, places, clock.times(context)).encode, view.find_time

    def set(self, attribute, data, context):
        """Set the channels, or the interval: both erase the load profile."""
        section = SECTIONS[self._number - 1]
        if attribute == 4:
            change(context, {section + ".interval": _interval(base.integer(data, 60, 43200 * 60))})
            return
        known = context.access.channels(self._number)
        wanted = [_column(each) for each in base.array(data, MOST_COLUMNS)]
        wanted = [one for one in wanted if one[0] not in (CLOCK, (1, status_name(self._number), 2))]
        keys = [_key(one, self._number, known) for one in wanted]
        change(context, {section + ".channels": keys, section + ".km": []})


def _interval(seconds):
    minutes = seconds // 60
    for known, name in _NAMED:
        if known == minutes:
            return name
    return minutes


def _key(one, profile, known):
    """Return the channel of a column that a client wants. AccessError."""
    (class_id, ln, attribute), index = one
    key = register.channel_key(ln, profile, known)
    if key is None or (class_id, attribute, index) != (3, 2, 0):
        raise base.AccessError(base.OTHER_REASON)
    return key


class _Rows:
    """Writes rows of a load profile: all columns, or those with some places.

    All of a whole row is one pack() of arguments of which only time, status and values change. A row with a value that
    is not a number, which is null-data, is put together one by one, and so is one of chosen columns.
    """

    def __init__(self, view, places, times):
        self._channels, self._places = view.channels, places
        self._factors_of, self._stamp = view.factors, times.bytes
        count = len(view.channels)
        self._is_whole = places == list(range(2 + count))
        self._form = ">BBBB12sBI" + "Bf" * count
        self._arguments = [
            axdr.STRUCTURE, 2 + count, axdr.OCTET_STRING, datetime.SIZE, b"", axdr.DOUBLE_LONG_UNSIGNED, 0,
        ] + [axdr.FLOAT32, 0.0] * count  # fmt: skip
        self._known = self._layout = self._factors = self._moved = None

    def encode(self, row):
        """Return the row of (entry, end, payload, Description)."""
        description = row[3]
        if description is not self._known:
            self._look_at(description)
        fields = struct.unpack_from(self._layout, row[2])
        if self._moved or not self._is_whole:
            return self._one_by_one(row, fields)
        arguments, factors, at = self._arguments, self._factors, _VALUES
        arguments[_TIME], arguments[_STATUS] = self._stamp(row[1]), fields[1] & _CODES
        for value in fields[3:]:
            if value != value:
                return self._one_by_one(row, fields)
            arguments[at] = value
            at += 2
        if factors:
            at = _VALUES
            for factor in factors:
                value = arguments[at]
                arguments[at] = value * factor if factor else value & 0xFFFF
                at += 2
        return struct.pack(self._form, *arguments)

    def _look_at(self, description):
        self._known, self._layout = description, description.layout
        self._factors = self._factors_of(description)
        keys = description.keys
        self._moved = None
        if keys != self._channels:  # of before the channels were changed
            self._moved = [keys.index(key) if key in keys else None for key in self._channels]

    def _one_by_one(self, row, fields):
        parts = []
        for place in self._places:
            if place == 0:
                parts.append(axdr.octets(self._stamp(row[1])))
            elif place == 1:
                parts.append(axdr.number(axdr.DOUBLE_LONG_UNSIGNED, fields[1] & _CODES))
            else:
                at = self._moved[place - 2] if self._moved else place - 2
                parts.append(_value(at, fields, self._factors))
        return axdr.structure(*parts)


def _value(at, fields, factors):
    """Return one value of a record's fields; null-data where there is none."""
    if at is None:
        return axdr.null()
    value = fields[3 + at]
    if value != value:
        return axdr.null()
    if factors:
        value = value * factors[at] if factors[at] else value & 0xFFFF
    return axdr.number(axdr.FLOAT32, value)


class LoadProfileFamily:
    """The load profiles that are on, for the catalogue."""

    def find(self, class_id, ln, context):
        """Return the object with this name, or None."""
        for one in self.all(context) if ln in NAMES else ():
            if one.ln == ln:
                return one
        return None

    def all(self, context):
        """Yield the objects."""
        for number in register.PROFILES:
            try:
                context.access.channels(number)
            except KeyError:
                continue
            yield LoadProfile(number)
