"""An answer of programming mode as messages, from its lines as they come: a load profile is never built in memory.

whole       STX line CR LF line ... ETX BCC                       in pieces that follow each other at once
blocks      STX line CR LF line ... EOT BCC, and ETX in the last  each when the reader has acknowledged the one before
"""

from meter.access.errors import Denied
from meter.compat import const
from meter.protocols.iec62056_21 import codec

PIECE = const(512)  # characters, and the rest of a line

# What ends an answer that cannot be finished; what was sent before is right.
FAILED = "(ER07 storage failed)"
ENDED = "(ER05 logged off)"


class Blocks:
    """lines: iterator of text. partial: in blocks.

    The first line is taken at once, and what that raises goes on to the caller.

    is_last     True when take() has returned everything
    is_empty    True if there is no line at all
    """

    def __init__(self, lines, partial=False):
        self.partial = partial
        self._lines = lines
        self._check = 0
        self._begun = False
        self._following = next(lines, None)
        self.is_last = self.is_empty = self._following is None

    def _next_line(self):
        try:
            return next(self._lines, None)
        except OSError:
            failure = FAILED
        except Denied:
            failure = ENDED
        self._lines = iter(())
        return failure

    def take(self):
        """Return the next piece, or block, as bytes."""
        found = bytearray()
        while self._following is not None and len(found) < PIECE:
            line = self._following
            self._following = self._next_line()
            found.extend(line.encode())
            if self._following is not None:
                found.extend(b"\r\n")
        self.is_last = self._following is None
        if self.partial:
            return codec.framed(codec.STX, found, codec.ETX if self.is_last else codec.EOT)
        return self._piece(found)

    def _piece(self, found):
        """Return a piece of the one message, with its beginning and end where they are due."""
        if self.is_last:
            found.append(codec.ETX)
        self._check ^= codec.bcc(found)
        start = b"" if self._begun else bytes((codec.STX,))
        self._begun = True
        return start + bytes(found) + (bytes((self._check,)) if self.is_last else b"")
