"""Get, set and action of one association: from the plain bytes of a request to those of its answer.

What streams is worked at in slices: serve() and work() return None while there is more to do before the next answer.
"""

from meter.access.errors import Denied, Refused
from meter.compat import const
from meter.protocols.dlms import apdu as apdus
from meter.protocols.dlms import axdr
from meter.protocols.dlms.apdu import Cursor
from meter.protocols.dlms.association import PENDING
from meter.protocols.dlms.axdr import BadData
from meter.protocols.dlms.blocks import Incoming, Outgoing
from meter.protocols.dlms.objects.base import (
    GET,
    INVOKE,
    LONG_GET_ABORTED,
    NO_LONG_GET_IN_PROGRESS,
    NO_LONG_SET_IN_PROGRESS,
    OBJECT_UNDEFINED,
    OTHER_REASON,
    READ_WRITE_DENIED,
    SCOPE_OF_ACCESS_VIOLATED,
    SET,
    SUCCESS,
    TYPE_UNMATCHED,
    AccessError,
)
from meter.protocols.dlms.objects.names import ASSOCIATION_CLASS, REPLY_TO_HLS, is_current_association

KEPT = const(8)  # objects that were asked for last: readers ask for the same few again and again
MOST_TARGETS = const(64)  # of a request with list
_HEAD = const(4)  # of a get answer with data
_BLOCK_HEAD = const(14)  # of a get answer with a block, the longest
_NULL = axdr.Data(axdr.NULL, None)


class Services:
    """association: Association. device: Device, with `catalogue` and `largest_set`."""

    def __init__(self, association, device):
        self._association, self._device = association, device
        self._context = association.context
        self._outgoing = self._incoming = self._room = None
        self._invoke = self._is_list = self._is_begun = 0
        self._kept, self._kept_under = {}, None
        self._handlers = {
            (apdus.GET, 1): self._get,
            (apdus.GET, 2): self._get_next,
            (apdus.GET, 3): self._get_list,
            (apdus.SET, 1): self._set,
            (apdus.SET, 2): self._set_first,
            (apdus.SET, 3): self._set_block,
            (apdus.SET, 4): self._set_list,
            (apdus.SET, 5): self._set_first_list,
            (apdus.ACTION, 1): self._act,
            (apdus.ACTION, 3): self._act_list,
            (apdus.ACTION, 4): self._act_first,
            (apdus.ACTION, 5): self._act_first_list,
            (apdus.ACTION, 6): self._act_block,
        }

    def reset(self):
        """Forget transfers: the association has ended."""
        self._outgoing = self._incoming = None

    def serve(self, apdu, room, now):
        """Answer a request. room: the longest answer, bytes. Return bytes, b"" for none, None: call work(). BadData."""
        handler = self._handlers.get((apdu[0], apdu[1])) if len(apdu) > 2 else None
        if handler is None:
            raise BadData("no request that is known")
        self._room, self._context.now = room, now
        invoke = apdu[2]
        answer = handler(invoke, Cursor(apdu))
        return answer if apdus.wants_answer(invoke) or answer is None else b""

    def work(self, now):
        """Go on with what serve() has begun. Returns as serve()."""
        self._context.now = now
        return self._next_answer()

    # Get.

    def _get(self, invoke, cursor):
        target = cursor.only_attribute()
        try:
            value = self._value(target)
        except AccessError as error:
            return apdus.get_result(invoke, error.result)
        if isinstance(value, bytes) and len(value) <= self._room - _HEAD:
            return apdus.get_data(invoke, value)
        return self._begin(invoke, value, False)

    def _get_list(self, invoke, cursor):
        targets = [cursor.attribute() for _ in range(_limited(cursor.count()))]
        cursor.end()
        return self._begin(invoke, self._results(targets), True)

    def _results(self, targets):
        """Yield the results of a get with list, from their count on."""
        yield axdr.length(len(targets))
        for target in targets:
            try:
                value = self._value(target)
            except AccessError as error:
                yield bytes((1, error.result))
                continue
            yield b"\x00"
            for piece in (value,) if isinstance(value, bytes) else value:
                yield piece

    def _begin(self, invoke, value, is_list):
        self._outgoing, self._invoke, self._is_list = Outgoing(value), invoke, is_list
        self._is_begun = False
        return self._next_answer()

    def _get_next(self, invoke, cursor):
        number = cursor.number()
        cursor.end()
        if self._outgoing is None or not self._is_begun:
            return apdus.get_block_result(invoke, number, NO_LONG_GET_IN_PROGRESS)
        if number != self._outgoing.number:
            self._outgoing = None
            return apdus.get_block_result(invoke, number, LONG_GET_ABORTED)
        self._invoke = invoke
        return self._next_answer()

    def _next_answer(self):
        """Return the next get answer of what is going out, or None: it is still at work."""
        going, size = self._outgoing, self._room - _BLOCK_HEAD
        try:
            if not going.fill(size + 1):
                return None
        except AccessError as error:
            self._outgoing = None
            if self._is_begun:
                return apdus.get_block_result(self._invoke, going.number + 1, error.result)
            return apdus.get_result(self._invoke, error.result)
        whole = None if self._is_begun else going.whole(size)
        if whole is not None:
            self._outgoing = None
            return (apdus.get_list if self._is_list else apdus.get_data)(self._invoke, whole)
        self._is_begun = True
        last, data = going.block(size)
        if last:
            self._outgoing = None
        return apdus.get_block(self._invoke, last, going.number, data)

    def _value(self, target):
        """Return an attribute's value. AccessError."""
        if target.number == 1:
            return axdr.octets(self._object(target).ln)
        found, row = self._row(target, GET)
        if not self._context.may(row[1]):
            raise AccessError(READ_WRITE_DENIED)
        if target.selection is None:
            return _done(found.get, target.number, self._context)
        selector, parameters = target.selection
        return _done(found.select, target.number, selector, parameters, self._context)

    # Set.

    def _set(self, invoke, cursor):
        target, data = cursor.attribute(), cursor.data()
        cursor.end()
        return apdus.set_result(invoke, self._write(target, data))

    def _set_list(self, invoke, cursor):
        targets = [cursor.attribute() for _ in range(_limited(cursor.count()))]
        values = _values(cursor, len(targets))
        cursor.end()
        return apdus.set_results(invoke, [self._write(*pair) for pair in zip(targets, values)])

    def _set_first(self, invoke, cursor):
        self._incoming = Incoming((SET, cursor.attribute()), self._device.largest_set)
        return self._set_block(invoke, cursor)

    def _set_first_list(self, invoke, cursor):
        targets = [cursor.attribute() for _ in range(_limited(cursor.count()))]
        self._incoming = Incoming((SET, targets), self._device.largest_set)
        return self._set_block(invoke, cursor)

    def _set_block(self, invoke, cursor):
        block = cursor.block()
        cursor.end()
        try:
            incoming = self._taken(SET, block)
        except AccessError as error:
            return apdus.set_last_block(invoke, error.result, block.number)
        if not block.last:
            return apdus.set_block(invoke, block.number)
        self._incoming = None
        targets = incoming.targets[1]
        try:
            if isinstance(targets, list):
                values = Cursor(incoming.data, 0)
                pairs = zip(targets, _values(values, len(targets)))
                values.end()
                return apdus.set_last_block_results(
                    invoke, [self._write(*pair) for pair in pairs], block.number
                )
            result = self._write(targets, axdr.read_whole(incoming.data))
        except BadData:
            result = TYPE_UNMATCHED
        return apdus.set_last_block(invoke, result, block.number)

    def _taken(self, kind, block):
        """Add a block to what is coming in and return it. AccessError, and nothing comes in any more."""
        incoming = self._incoming
        if incoming is None or incoming.targets[0] != kind:
            raise AccessError(NO_LONG_SET_IN_PROGRESS)
        try:
            incoming.take(block)
        except AccessError:
            self._incoming = None
            raise
        return incoming

    def _write(self, target, data):
        """Set an attribute. Return the result."""
        try:
            found, row = self._row(target, SET)
            if not self._context.may(row[2]):
                return READ_WRITE_DENIED
            if target.selection is not None:
                return SCOPE_OF_ACCESS_VIOLATED
            _done(found.set, target.number, data, self._context)
        except AccessError as error:
            return error.result
        return SUCCESS

    # Action.

    def _act(self, invoke, cursor):
        target, data = cursor.target(), cursor.optional()
        cursor.end()
        return apdus.action_result(invoke, *self._invoked(target, data))

    def _act_list(self, invoke, cursor):
        targets = [cursor.target() for _ in range(_limited(cursor.count()))]
        values = _values(cursor, len(targets))
        cursor.end()
        return self._acted(invoke, targets, values)

    def _acted(self, invoke, targets, values):
        results = [apdus.returned(*self._invoked(*pair)) for pair in zip(targets, values)]
        return apdus.action_results(invoke, results)

    def _act_first(self, invoke, cursor):
        self._incoming = Incoming((INVOKE, cursor.target()), self._device.largest_set)
        return self._act_block(invoke, cursor)

    def _act_first_list(self, invoke, cursor):
        targets = [cursor.target() for _ in range(_limited(cursor.count()))]
        self._incoming = Incoming((INVOKE, targets), self._device.largest_set)
        return self._act_block(invoke, cursor)

    def _act_block(self, invoke, cursor):
        block = cursor.block()
        cursor.end()
        try:
            incoming = self._taken(INVOKE, block)
        except AccessError as error:
            return apdus.action_result(invoke, error.result)
        if not block.last:
            return apdus.action_block(invoke, block.number)
        self._incoming = None
        targets = incoming.targets[1]
        try:
            if isinstance(targets, list):
                values = Cursor(incoming.data, 0)
                given = _values(values, len(targets))
                values.end()
                return self._acted(invoke, targets, given)
            return apdus.action_result(invoke, *self._invoked(targets, axdr.read_whole(incoming.data)))
        except BadData:
            return apdus.action_result(invoke, TYPE_UNMATCHED)

    def _invoked(self, target, data):
        """Invoke a method. Return (result, A-XDR bytes or None)."""
        try:
            found, row = self._row(target, INVOKE)
            if not self._is_reply(target) and not self._context.may(row[1]):
                return READ_WRITE_DENIED, None
            return SUCCESS, _done(found.invoke, target.number, data, self._context)
        except AccessError as error:
            return error.result, None

    def _is_reply(self, target):
        """Return True for the one thing that is done before the association stands."""
        return (
            self._association.status == PENDING
            and target.class_id == ASSOCIATION_CLASS
            and target.number == REPLY_TO_HLS
            and is_current_association(target.ln, self._association.client)
        )

    # Objects.

    def _object(self, target):
        """Return the object of a Target. AccessError."""
        name, settings = (target.class_id, target.ln), self._device.settings()
        if settings is not self._kept_under:  # another configuration, in which there may be other objects
            self._kept, self._kept_under = {}, settings
        found = self._kept.get(name)
        if found is None:
            found = self._device.catalogue.find(target.class_id, target.ln, self._context)
            if found is None:
                raise AccessError(OBJECT_UNDEFINED)
            if len(self._kept) >= KEPT:
                self._kept = {}
            self._kept[name] = found
        return found

    def _row(self, target, service):
        """Return (object, row of its attribute or method). AccessError."""
        found = self._object(target)
        for row in found.methods if service == INVOKE else found.attributes:
            if row[0] == target.number:
                return found, row
        raise AccessError(READ_WRITE_DENIED if target.number == 1 else OBJECT_UNDEFINED)


def _limited(count):
    if count > MOST_TARGETS:
        raise BadData("a list of %d, at most %d are served" % (count, MOST_TARGETS))
    return count


def _values(cursor, count):
    """Return the list of Data that stands for so many targets."""
    if cursor.count() != count:
        raise BadData("as many values as targets are due")
    return [cursor.data() for _ in range(count)]


def _done(function, *arguments):
    """Call it. What the meter does not do becomes an AccessError."""
    try:
        return function(*arguments)
    except Denied:
        raise AccessError(READ_WRITE_DENIED)
    except Refused:
        raise AccessError(OTHER_REASON)
