"""The bytes of a load profile: data records, and the descriptions that say what is in them. Both are records of a Fifo.

    time (in the Fifo's header)     end of what the record covers, UTC

    0         2        4        8                                8 + n * 4 (or 2)
    +---------+--------+--------+------------- ... -------------+- - - - - - -+
    | uint16  | uint16 | uint32 | n values: float32 (engineering | uint32      |
    | descr.  | status | begin  | values) or int16 (counts)      | until       |   until: only with ENDED
    | number  |        | UTC    |                                | UTC         |
    +---------+--------+--------+------------- ... -------------+- - - - - - -+

A description has DESCRIPTION in its status (with CONFIGURATION, and ERASED when all before it is to be ignored):

    0         2        4        8        9       10         12            12 + 8n
    +---------+--------+--------+--------+-------+----------+---- ... ----+------ ... ------+
    | uint16  | uint16 | uint32 | uint8  | uint8 | uint16   | n * uint64  | n text keys,    |
    | number  | status | from   | 1 if   | n     | interval | Km in 1e-6  | ASCII, a space  |
    |         |        | UTC    | counts |       | code     | of the unit | between         |
    +---------+--------+--------+--------+-------+----------+---- ... ----+------ ... ------+

Interval code: minutes; 1440 daily, 10080 weekly, 43200 monthly. Km is there for values too, and then means nothing.
The description with a record's number stands before it or, where the ring has come round, behind it.
"""

import struct
from collections import namedtuple

from meter.calendar import DAILY, MONTHLY, WEEKLY
from meter.compat import const

# What ended a record: the manual's DLMS Status Values, in the low 12 bits of the status.
NORMAL = const(1)
MIDNIGHT = const(2)
POWER_FAIL = const(4)
TIME_SET = const(8)
DST = const(16)
TEST_MODE = const(32)
CONFIGURATION = const(64)
FREEZE = const(128)
BILLING_PERIOD_RESET = const(256)
PRESET = const(512)
RECALIBRATION = const(1024)
DIAGNOSTIC = const(2048)

# Flags of the status, above them.
SHORT = const(0x1000)  # the record does not cover a whole interval
OVERFLOW = const(0x2000)  # a value was larger than its format holds, and is the largest
ENDED = const(0x4000)  # the event that ended the record lasted: `until` follows the values
DESCRIPTION = const(0x8000)
ERASED = const(0x2000)  # in a description
CODES = const(0x0FFF)

# kind of event, its name, True if an interval cannot go on over it: it ends a record even when events are off
EVENTS = (
    (MIDNIGHT, "midnight", False),
    (POWER_FAIL, "power outage", True),
    (TIME_SET, "time set", True),
    (DST, "daylight saving time", True),
    (TEST_MODE, "test mode", True),
    (CONFIGURATION, "configuration", True),
    (FREEZE, "freeze", False),
    (BILLING_PERIOD_RESET, "billing period reset", False),
    (PRESET, "register preset", False),
    (RECALIBRATION, "recalibration", False),
    (DIAGNOSTIC, "diagnostic", False),
)

INTERVALS_MIN = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
INTERVALS = INTERVALS_MIN + ("daily", "weekly", "monthly")
_CODES = (("daily", DAILY), ("weekly", WEEKLY), ("monthly", MONTHLY))

LARGEST_COUNT = const(16383)  # the manual, Load Profile: 16-bit counts
LARGEST_VALUE = 4294967296.0  # the manual, Load Profile: 32-bit engineering values
RETAINED_DAYS = const(1095)
_HEAD = "<HHI"
_HEAD_SIZE = const(8)
_DESCRIPTION = "<HHIBBH"
_DESCRIPTION_SIZE = const(12)
_OVERHEAD = const(12)  # of the Fifo, for each record (storage/SPEC.md)
_SECTOR_HEAD = const(56)

# entry: number in the Fifo. end, start, until: UTC seconds, until None where nothing lasted. seconds: end - start.
# values: in the order of description.keys; counts are ints, values floats.
Record = namedtuple(
    "Record", ("entry", "end", "seconds", "status", "values", "start", "until", "description")
)


def interval_code(interval):
    """Return the code of one of INTERVALS. ValueError if it is none."""
    if interval in INTERVALS_MIN:
        return interval
    for name, code in _CODES:
        if interval == name:
            return code
    raise ValueError("a load profile has no interval %s" % interval)


def status_text(status):
    """Return what a status says, for people: 'midnight freeze' for 130."""
    words = [name for code, name, _ in EVENTS if status & code]
    if status & NORMAL:
        words.append("normal")
    for flag, name in ((SHORT, "short"), (OVERFLOW, "overflow")):
        if status & flag:
            words.append(name)
    return " ".join(words)


class Description:
    """What the records of one number hold.

    number      0 to 65535
    keys        text keys of the channels
    km          for each channel what one count is worth, an int in 10**-6 of its unit
    interval    code of the interval
    counts      True: counts, False: engineering values
    layout      of a data record for struct: number, status, begin, values
    """

    def __init__(self, number, keys, km, interval, counts):
        self.number = number
        self.keys = tuple(keys)
        self.km = tuple(km)
        self.interval = interval
        self.counts = counts
        self._values = "<%d%s" % (len(self.keys), "h" if counts else "f")
        self.layout = _HEAD + self._values[1:]

    def same(self, other):
        """Return True if records of both can be read alike: all but the number agree."""
        return self._what() == other._what()

    def _what(self):
        return self.keys, self.km, self.interval, self.counts

    def __eq__(self, other):
        return self.number == other.number and self.same(other)

    def __hash__(self):
        return self.number

    def pack(self, now, flags=0):
        """Return the description's record."""
        count = len(self.keys)
        head = (self.number, DESCRIPTION | CONFIGURATION | flags, now, int(self.counts), count, self.interval)
        return (
            struct.pack(_DESCRIPTION, *head)
            + struct.pack("<%dQ" % count, *self.km)
            + " ".join(self.keys).encode()
        )

    @classmethod
    def unpack(cls, payload):
        """Return the Description in a record for which is_description() is True."""
        number, _, _, counts, count, interval = struct.unpack_from(_DESCRIPTION, payload)
        km = struct.unpack_from("<%dQ" % count, payload, _DESCRIPTION_SIZE)
        keys = bytes(payload[_DESCRIPTION_SIZE + 8 * count :]).decode().split()
        return cls(number, keys, km, interval, bool(counts))

    def record(self, status, start, values, until=None):
        """Return a data record as bytes."""
        if until is not None:
            status |= ENDED
        payload = struct.pack(_HEAD, self.number, status, start) + struct.pack(self._values, *values)
        return payload if until is None else payload + struct.pack("<I", until)

    def read(self, entry, end, payload):
        """Return the Record in a data record's bytes."""
        _, status, start = struct.unpack_from(_HEAD, payload)
        values = struct.unpack_from(self._values, payload, _HEAD_SIZE)
        until = None
        if status & ENDED:
            until = struct.unpack_from("<I", payload, _HEAD_SIZE + struct.calcsize(self._values))[0]
        return Record(entry, end, max(0, end - start), status & ~ENDED, values, start, until, self)


def number_of(payload):
    """Return the number of the description that a record belongs to, or that it is."""
    return struct.unpack_from("<H", payload)[0]


def is_description(payload):
    """Return True if a record is a description."""
    return bool(struct.unpack_from("<H", payload, 2)[0] & DESCRIPTION)


def is_erasure(payload):
    """Return True if a record is a description before which nothing counts any more."""
    return struct.unpack_from("<H", payload, 2)[0] & (DESCRIPTION | ERASED) == DESCRIPTION | ERASED


def days(sectors, channels, minutes, counts=False, sector_size=4096):
    """Return for how many days records are kept in so many sectors of flash. At most RETAINED_DAYS are given out.

    minutes: of the interval, 1 to 60. One sector is reckoned as being erased; events and descriptions, a few dozen
    bytes each, are not.
    """
    return min(capacity(sectors, channels, counts, sector_size) * minutes // DAILY, RETAINED_DAYS)


def capacity(sectors, channels, counts=False, sector_size=4096):
    """Return how many records are kept in so many sectors of flash, reckoned as for days()."""
    size = _OVERHEAD + _HEAD_SIZE + channels * (2 if counts else 4)
    return (sectors - 1) * ((sector_size - _SECTOR_HEAD) // size)
