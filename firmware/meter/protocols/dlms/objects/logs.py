"""The logs as profiles, class 7, and what is in their columns.

    0.0.99.98.0     connection log of the manual: 0 connect, 1 disconnect; from the logons and logoffs over TCP in the
                    security log, which leaves out and counts what comes too quickly
    0.0.99.98.1-5   events, diagnostics, security, alarms, sags
    1.0.98.2.0      self-reads

The columns of a log are {class 1, attribute 2} of the objects here: each shows the newest entry's value.

    0.0.96.11.1n    event code of log n (Blue Book: event code objects); .1 to .5 are the manual's identifiers
    0.128.99.n.c    the other columns of log n: 1 start, 2 origin, 3 user, 4 peer, 5 fields as a text
    0.0.96.11.0     "Ethernet status" by the manual, which is the name of its serial number too: that is read there
    0.128.99.6.c    the columns of a self-read: 1 trigger, 2 diagnostic state, 3 values
"""

from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base, units
from meter.protocols.dlms.objects.clock import times
from meter.protocols.dlms.objects.doing import done
from meter.protocols.dlms.objects.profile import CLOCK, Profile

# log, in the order of its number from 1 on
LOGS = ("events", "diagnostics", "security", "alarms", "sags")
CONNECTIONS = b"\x00\x00\x63\x62\x00\xff"
SELF_READS = b"\x01\x00\x62\x02\x00\xff"
ETHERNET_STATUS = b"\x00\x00\x60\x0b\x00\xff"
# what a connection is, its status; and over which port
STATES = (("logon", 0), ("logoff", 1))
TCP = "tcp"
_TURN = const(32)  # entries between two turns of others: each is taken apart
_OWN, _CODE, _VALUES = const(6), const(10), const(3)

# columns of a log but the clock: function of (Event, Times)
_COLUMNS = (
    lambda event, stamp: axdr.number(axdr.LONG_UNSIGNED, event.kind),
    lambda event, stamp: axdr.null() if event.start is None else stamp.octets(event.start),
    lambda event, stamp: axdr.visible(event.origin_name),
    lambda event, stamp: axdr.utf8(event.user),
    lambda event, stamp: axdr.utf8(event.peer),
    lambda event, stamp: axdr.utf8(event.problem or text(event)),
)


def text(event):
    """Return the fields of an event: name=value; name=value. What is not known is left out."""
    return "; ".join(["%s=%s" % pair for pair in event.named() if pair[1] is not None])


def column_name(number, column):
    """Return the logical name of a column, from 0, of log `number`, from 1."""
    if not column:
        return bytes((0, 0, 96, 11, _CODE + number, 255))
    return bytes((0, 128, 99, number, column, 255))


class Log(Profile):
    """One of LOGS. number: from 1."""

    turn = _TURN

    def __init__(self, number):
        super().__init__(bytes((0, 0, 99, 98, number, 255)))
        self._number, self._name = number, LOGS[number - 1]
        self.read = "read:log " + self._name

    def columns(self, context):
        """Return the columns."""
        return [CLOCK] + [(1, column_name(self._number, k), 2) for k in range(len(_COLUMNS))]

    def period(self, context):
        """Return 0: it is not periodic."""
        return 0

    def capacity(self, context):
        """Return how many of the shortest entries there is room for."""
        return done(context.access.log_range, self._name)[2]

    def source(self, places, context):
        """Return how its rows are read."""
        stamp = times(context)

        def encode(row):
            event = row[2]
            parts = [
                _COLUMNS[place - 1](event, stamp) if place else stamp.octets(event.time) for place in places
            ]
            return axdr.structure(*parts)

        log = context.access.log
        done(log, self._name, 0xFFFFFFFF)  # says now whether it may be read
        return (lambda start: _events(log, self._name, start)), encode, _from_the_first


def _events(log, name, start):
    for event in done(log, name, start):
        yield event.entry, event.time, event


def _from_the_first(second):
    """Where to begin for the entries of a time: a clock that was set back has them anywhere."""
    return None


class Connections(Profile):
    """The connection log."""

    turn = _TURN
    read = "read:log security"

    def __init__(self):
        super().__init__(CONNECTIONS)

    def columns(self, context):
        """Return the columns. The manual prints class 8 for the status, of what it says elsewhere is of class 1."""
        return [CLOCK, (1, ETHERNET_STATUS, 2)]

    def period(self, context):
        """Return 0: it is not periodic."""
        return 0

    def capacity(self, context):
        """Return how many entries the log has room for."""
        return done(context.access.log_range, "security")[2]

    def source(self, places, context):
        """Return how its rows are read."""
        stamp = times(context)

        def encode(row):
            status = axdr.number(axdr.DOUBLE_LONG_UNSIGNED, row[2])
            return axdr.structure(*[status if place else stamp.octets(row[1]) for place in places])

        log = context.access.log
        done(log, "security", 0xFFFFFFFF)
        return (lambda start: _connections(log, start)), encode, _from_the_first


def _connections(log, start):
    for event in done(log, "security", start):
        for name, status in STATES:
            if event.name == name and event.origin_name == TCP:
                yield event.entry, event.time, status


class SelfReads(Profile):
    """The self-reads: clock, trigger, diagnostic state, values."""

    turn = _TURN
    read = "read:self_reads"

    def __init__(self):
        super().__init__(SELF_READS)

    def columns(self, context):
        """Return the columns."""
        return [CLOCK] + [(1, column_name(_OWN, k + 1), 2) for k in range(_VALUES)]

    def period(self, context):
        """Return 0: it follows other things too."""
        return 0

    def capacity(self, context):
        """Return how many are kept."""
        return done(context.access.self_reads_range)[2]

    def source(self, places, context):
        """Return how its rows are read."""
        stamp = times(context)

        def encode(row):
            one = row[2]
            parts = [_SELF_READ[place - 1](one) if place else stamp.octets(one.time) for place in places]
            return axdr.structure(*parts)

        done(context.access.self_reads_range)
        return (lambda start: _self_reads(context.access, start)), encode, _from_the_first


def _self_reads(access, start):
    for one in done(access.self_reads, start):
        yield one.entry, one.time, one


def _values(one):
    """Return an array of {register, value, scaler_unit}: long64 in millionths, float64, or null-data."""
    return axdr.array(
        [
            axdr.structure(
                axdr.number(axdr.LONG_UNSIGNED, value.number),
                _number(value.value),
                units.scaler_unit(value.scaler, units.code(value.unit)),
            )
            for value in one.values
        ]
    )


def _number(value):
    if value is None or isinstance(value, str):
        return axdr.null()
    return axdr.number(axdr.LONG64 if isinstance(value, int) else axdr.FLOAT64, value)


_SELF_READ = (
    lambda one: axdr.visible(one.trigger),
    lambda one: axdr.number(axdr.DOUBLE_LONG_UNSIGNED, one.health),
    _values,
)


class LogColumn(base.CosemObject):
    """A column of a log: its value in the newest entry, or null-data. number: of the log; 6: self-reads."""

    class_id = 1

    def __init__(self, number, column):
        super().__init__(column_name(number, column))
        self._number, self._column = number, column

    @property
    def attributes(self):
        """Row of (number, right to read, right to set)."""
        own = self._number == _OWN
        return ((2, "read:self_reads" if own else "read:log " + LOGS[self._number - 1], None),)

    def get(self, attribute, context):
        """Return the value."""
        access = context.access
        if self._number == _OWN:
            found = list(done(access.self_reads, done(access.self_reads_range)[1] - 1))
            return _SELF_READ[self._column - 1](found[-1]) if found else axdr.null()
        name = LOGS[self._number - 1]
        found = list(done(access.log, name, done(access.log_range, name)[1] - 1))
        return _COLUMNS[self._column](found[-1], times(context)) if found else axdr.null()


class LogFamily:
    """The logs and self-reads, with their columns, for the catalogue."""

    def find(self, class_id, ln, context):
        """Return the object with this name, or None."""
        if ln[2] not in (96, 98, 99) or ln[1] not in (0, 128):
            return None
        for one in self.all(context):
            if one.ln == ln:
                return one
        return None

    def all(self, context):
        """Yield the objects."""
        yield Connections()
        for number in range(1, 1 + len(LOGS)):
            yield Log(number)
            for column in range(len(_COLUMNS)):
                yield LogColumn(number, column)
        yield SelfReads()
        for column in range(1, 1 + _VALUES):
            yield LogColumn(_OWN, column)
