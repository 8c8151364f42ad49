"""The xDLMS APDUs with logical names: get, set, action and their answers (IEC 62056-5-3, 9.5), from and to bytes.

C0 get     01 normal       I attribute selection              C4  01 I 00 data | 01 I 01 result
           02 next         I block number                         02 I last block 00 length data | 01 result
           03 with list    I count attributes                     03 I count (00 data | 01 result) ...
C1 set     01 normal       I attribute selection data         C5  01 I result
           02 first block  I attribute selection block            02 I block number
           03 block        I block                                03 I result block number
           04 with list    I attributes, data                     05 I count results
           05 first block with list   I attributes block          04 I count results block number
C3 action  01 normal       I method 00 | 01 data              C7  01 I result 00 | 01 (00 data | 01 result)
           02 next block   I block number                         02 (not used: answers are short)
           03 with list    I methods, data                        03 I count (result 00 | 01 ...) ...
           04 first block  I method block                         04 I block number
           05 first block with list   I methods block
           06 block        I block

I           invoke-id-and-priority, answered as it is; bit 6 clear: no answer is wanted
attribute   class uint16, logical name 6 bytes, number int8;  selection: 00 | 01 selector data
block       last uint8, number uint32, length and bytes
"""

import struct
from collections import namedtuple

from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.axdr import BadData

GET, SET, ACTION = const(0xC0), const(0xC1), const(0xC3)
GET_ANSWER, SET_ANSWER, ACTION_ANSWER = const(0xC4), const(0xC5), const(0xC7)
EXCEPTION = const(0xD8)

NORMAL = const(1)
NEXT = const(2)
WITH_LIST = const(3)

_CONFIRMED = const(0x40)
_ATTRIBUTE = ">H6sb"
_ATTRIBUTE_SIZE = const(9)
_PLAIN_GET = const(13)  # bytes of a get request for one attribute without selection

# State errors and service errors of an exception response.
NOT_ALLOWED, UNKNOWN = const(1), const(2)
OPERATION_NOT_POSSIBLE = const(1)
SERVICE_NOT_SUPPORTED = const(2)
OTHER_REASON = const(3)
PDU_TOO_LONG = const(4)
DECIPHERING = const(5)
INVOCATION_COUNTER = const(6)

# One attribute or method. selection: (selector, Data) or None.
Target = namedtuple("Target", ("class_id", "ln", "number", "selection"))
# One block. last: bool.
Block = namedtuple("Block", ("last", "number", "data"))


class Cursor:
    """Reads a request from its fourth byte on. BadData where it ends too early."""

    def __init__(self, apdu, at=3):
        self._apdu, self._at = apdu, at

    def _take(self, size):
        at = self._at
        if at + size > len(self._apdu):
            raise BadData(
                "the APDU ends at byte %d, %d more are due" % (len(self._apdu), at + size - len(self._apdu))
            )
        self._at = at + size
        return at

    def byte(self):
        """Return the next byte."""
        return self._apdu[self._take(1)]

    def number(self):
        """Return the next uint32."""
        return struct.unpack_from(">I", self._apdu, self._take(4))[0]

    def data(self):
        """Return the next Data."""
        found, self._at = axdr.read(self._apdu, self._at)
        return found

    def optional(self):
        """Return Data, null-data if there is none."""
        return self.data() if self.byte() else axdr.Data(axdr.NULL, None)

    def count(self):
        """Return a count of elements, each of at least a byte."""
        count, self._at = axdr.read_length(self._apdu, self._at)
        if self._at + count > len(self._apdu):
            raise BadData("%d elements do not fit into the APDU" % count)
        return count

    def target(self):
        """Return a Target without selection: a method."""
        return Target(
            *struct.unpack_from(_ATTRIBUTE, self._apdu, self._take(_ATTRIBUTE_SIZE)), selection=None
        )

    def attribute(self):
        """Return a Target with its selection."""
        target = self.target()
        if not self.byte():
            return target
        selector = self.byte()
        return Target(target.class_id, target.ln, target.number, (selector, self.data()))

    def only_attribute(self):
        """Return a Target with its selection, and nothing may follow it."""
        apdu = self._apdu
        if len(apdu) == _PLAIN_GET and not apdu[-1]:
            return Target(*struct.unpack_from(_ATTRIBUTE, apdu, 3), selection=None)
        target = self.attribute()
        self.end()
        return target

    def block(self):
        """Return a Block."""
        last, number = bool(self.byte()), self.number()
        size, self._at = axdr.read_length(self._apdu, self._at)
        at = self._take(size)
        return Block(last, number, bytes(self._apdu[at : at + size]))

    def end(self):
        """Raise BadData unless all has been read."""
        if self._at != len(self._apdu):
            raise BadData("%d bytes follow the request" % (len(self._apdu) - self._at))


def wants_answer(invoke):
    """Return True if an invoke-id-and-priority asks for an answer."""
    return bool(invoke & _CONFIRMED)


def get_data(invoke, data):
    """Return a get answer with data that is written already."""
    return bytes((GET_ANSWER, NORMAL, invoke, 0)) + data


def get_result(invoke, result):
    """Return a get answer that says why not."""
    return bytes((GET_ANSWER, NORMAL, invoke, 1, result))


def get_block(invoke, last, number, data):
    """Return a get answer with a block."""
    head = struct.pack(">BBBBIB", GET_ANSWER, NEXT, invoke, last, number, 0)
    return head + axdr.length(len(data)) + data


def get_block_result(invoke, number, result):
    """Return a get answer that ends a transfer of blocks."""
    return struct.pack(">BBBBIBB", GET_ANSWER, NEXT, invoke, 1, number, 1, result)


def get_list(invoke, results):
    """Return a get answer with list. results: the bytes from the count on."""
    return bytes((GET_ANSWER, WITH_LIST, invoke)) + results


def set_result(invoke, result):
    """Return a set answer."""
    return bytes((SET_ANSWER, NORMAL, invoke, result))


def set_results(invoke, results):
    """Return a set answer with list. results: a list of numbers."""
    return bytes((SET_ANSWER, 5, invoke)) + axdr.length(len(results)) + bytes(results)


def set_block(invoke, number):
    """Return the answer to a block that is not the last."""
    return struct.pack(">BBBI", SET_ANSWER, 2, invoke, number)


def set_last_block(invoke, result, number):
    """Return the answer to the last block."""
    return struct.pack(">BBBBI", SET_ANSWER, 3, invoke, result, number)


def set_last_block_results(invoke, results, number):
    """Return the answer to the last block of a set with list."""
    return (
        bytes((SET_ANSWER, 4, invoke))
        + axdr.length(len(results))
        + bytes(results)
        + struct.pack(">I", number)
    )


def returned(result, data):
    """Return the result of one method: a number, and data that is written already, or None."""
    return bytes((result, 0)) if data is None else bytes((result, 1, 0)) + data


def action_result(invoke, result, data=None):
    """Return an action answer."""
    return bytes((ACTION_ANSWER, NORMAL, invoke)) + returned(result, data)


def action_results(invoke, results):
    """Return an action answer with list. results: list of bytes as of returned()."""
    return bytes((ACTION_ANSWER, WITH_LIST, invoke)) + axdr.length(len(results)) + b"".join(results)


def action_block(invoke, number):
    """Return the answer to a block that is not the last."""
    return struct.pack(">BBBI", ACTION_ANSWER, 4, invoke, number)


def exception(state, service, counter=None):
    """Return an exception response. counter: the invocation counter that is expected, with INVOCATION_COUNTER."""
    tail = b"" if counter is None else struct.pack(">I", counter)
    return bytes((EXCEPTION, state, service)) + tail
