"""Long values: out in blocks that are made when they are asked for, in in blocks that are put together.

Nothing longer than one APDU is ever built: an attribute that streams gives pieces, and a block takes as many as fit.
"""

from meter.protocols.dlms.objects.base import (
    DATA_BLOCK_NUMBER_INVALID,
    LONG_SET_ABORTED,
    AccessError,
)


class Outgoing:
    """A value on its way out. value: bytes, or an iterator of pieces (None among them: others have their turn).

    number  of the last block given
    """

    def __init__(self, value):
        is_whole = isinstance(value, (bytes, bytearray))
        self._pieces = iter((value,)) if is_whole else iter(value)
        self._buffer = b""
        self._has_ended = False
        self.number = 0

    def fill(self, size):
        """Gather `size` bytes or all there are. Return False if the value is still at work: call it again.

        AccessError from the value: it cannot go on.
        """
        if len(self._buffer) >= size or self._has_ended:
            return True
        parts, total = [self._buffer], len(self._buffer)
        for piece in self._pieces:
            if piece is None:
                self._buffer = b"".join(parts)
                return False
            parts.append(piece)
            total += len(piece)
            if total >= size:
                break
        else:
            self._has_ended = True
        self._buffer = b"".join(parts)
        return True

    def whole(self, size):
        """Return the value if it is whole and no longer than this, else None. After fill(size + 1)."""
        return self._buffer if self._has_ended and len(self._buffer) <= size else None

    def block(self, size):
        """Return (is it the last, bytes) of the next block. After fill(size + 1)."""
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        self.number += 1
        return self._has_ended and not self._buffer, data


class Incoming:
    """A value on its way in. largest: bytes; a longer one is refused.

    targets     what it is for
    data        what has come so far
    """

    def __init__(self, targets, largest):
        self.targets = targets
        self.data = bytearray()
        self._largest, self._next = largest, 1

    def take(self, block):
        """Take an apdu.Block. AccessError if it is not the next one, or if there is no room."""
        if block.number != self._next:
            raise AccessError(DATA_BLOCK_NUMBER_INVALID)
        if len(self.data) + len(block.data) > self._largest:
            raise AccessError(LONG_SET_ABORTED)
        self._next += 1
        self.data.extend(block.data)
