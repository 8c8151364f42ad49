"""Finds a reader's messages in the bytes that arrive. Bounded: it holds no more than one short message.

A start character anywhere begins a new message, so after damage the next sign-on is always found. The one
place where any character may stand is the BCC of a command.
"""

from meter.protocols.iec62056_21.codec import ACK, ADDRESS_LIMIT, ETX, LF, NAK, SLASH, SOH, bcc

REQUEST = "request"
OPTION_SELECT = "option select"
COMMAND = "command"
REPEAT = "repeat"

# Start character: (kind, longest message). A command's data set has at most 128 characters and an address.
_MESSAGES = {
    SLASH: (REQUEST, ADDRESS_LIMIT + 5),
    ACK: (OPTION_SELECT, 6),
    SOH: (COMMAND, 160),
}
# Readers wake battery meters with NUL, and some end with more line ends than needed: neither is damage.
_IDLE = b"\x00\r\n\x7f"


class Receiver:
    """Turns bytes into messages. bad: damaged messages and stretches of noise so far, an int."""

    def __init__(self):
        self.bad = 0
        self._message = bytearray()
        self._in_noise = False

    def partial(self):
        """Return True while a message has begun and not ended."""
        return len(self._message) > 0

    def drop(self):
        """Give the begun message up: it was cut off. A lone ACK is a whole message and not damaged."""
        if self.partial() and self._message != bytes((ACK,)):
            self.bad += 1
        self._message = bytearray()

    def feed(self, byte):
        """Take one character. Return (kind, message bytes) when it completes a message, else None."""
        byte &= 0x7F
        if self._at_check():
            return self._check(byte)
        if byte == NAK or byte in _MESSAGES:
            return self._start(byte)
        if not self.partial():
            self._noise(byte)
            return None
        self._message.append(byte)
        return self._end_of_line(byte)

    def _start(self, byte):
        """Begin a message; NAK is already a whole one."""
        self.drop()
        self._in_noise = False
        if byte == NAK:
            return REPEAT, bytes((NAK,))
        self._message.append(byte)
        return None

    def _end_of_line(self, byte):
        """Return the message if LF has ended it. Drop it if it is too long."""
        kind, limit = _MESSAGES[self._message[0]]
        if byte == LF and kind != COMMAND:
            return self._take(kind)
        if len(self._message) >= limit:
            self.drop()
            self._in_noise = True
        return None

    def _at_check(self):
        """Return True if the next character is the BCC of a command."""
        return len(self._message) > 1 and self._message[0] == SOH and self._message[-1] == ETX

    def _check(self, byte):
        """Return the command if its BCC is right. A wrong one may be the start of the next message."""
        if byte == bcc(self._message[1:]):
            self._message.append(byte)
            return self._take(COMMAND)
        self.drop()
        self._in_noise = True
        return self.feed(byte)

    def _take(self, kind):
        message = bytes(self._message)
        self._message = bytearray()
        return kind, message

    def _noise(self, byte):
        """Count a stretch of noise once, however it is cut into pieces."""
        if not self._in_noise and byte not in _IDLE:
            self._in_noise = True
            self.bad += 1
