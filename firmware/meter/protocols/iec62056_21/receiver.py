"""Finds a reader's messages in the bytes that arrive. Bounded: it holds no more than one message.

A start character anywhere begins a new message, so after damage the next sign-on is always found. There are two
exceptions: any character may be the BCC of a command; and a slash may stand in a data set, where only the two
characters /? begin anew (the standard forbids both there, but a zone such as CET-1CEST,M3.5.0,M10.5.0/3 has one).
"""

from meter.protocols.iec62056_21.codec import ACK, ADDRESS_LIMIT, COMMAND_LIMIT, EOT, ETX, LF, NAK, SLASH, SOH

REQUEST = "request"
OPTION_SELECT = "option select"
COMMAND = "command"
REPEAT = "repeat"
# Of programming mode only: a lone ACK, and what came of a command that cannot be used; without a message.
ACKNOWLEDGED = "acknowledged"
DAMAGED = "damaged"
TOO_LONG = "too long"

# Start character: (kind, longest message).
_MESSAGES = {
    SLASH: (REQUEST, ADDRESS_LIMIT + 5),
    ACK: (OPTION_SELECT, 6),
    SOH: (COMMAND, COMMAND_LIMIT),
}
_QUESTION = 0x3F
# Readers wake battery meters with NUL, and some end with more line ends than needed: neither is damage.
_IDLE = b"\x00\r\n\x7f"


class Receiver:
    """Turns bytes into messages.

    bad         damaged messages and stretches of noise so far, an int
    programming True in programming mode: what a command came to is told whatever it is, and ACK is a whole message
    """

    def __init__(self):
        self.bad = 0
        self.programming = False
        self._message = bytearray()
        self._in_noise = False
        self._last = self._check = 0  # of a command: the character before, and the exclusive or so far
        self._is_long = False

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
        is_command = self.partial() and self._message[0] == SOH
        if is_command and self._last in (ETX, EOT):
            return self._checked(byte)
        if byte == NAK or byte in _MESSAGES and not (is_command and byte == SLASH):
            return self._start(byte)
        if is_command:
            return self._command(byte)
        if not self.partial():
            self._noise(byte)
            return None
        self._message.append(byte)
        return self._end_of_line(byte)

    def _start(self, byte):
        """Begin a message; NAK is already a whole one, and in programming mode so is ACK."""
        self.drop()
        self._in_noise = False
        if byte == NAK:
            return REPEAT, bytes((NAK,))
        if byte == ACK and self.programming:
            return ACKNOWLEDGED, b""
        self._message.append(byte)
        self._last = self._check = 0
        self._is_long = False
        return None

    def _end_of_line(self, byte):
        """Return the message if LF has ended it. Drop it if it is too long."""
        kind, limit = _MESSAGES[self._message[0]]
        if byte == LF:
            return self._take(kind)
        if len(self._message) >= limit:
            self.drop()
            self._in_noise = True
        return None

    def _command(self, byte):
        """Take a character of a command. What is longer than a command can be is read to its end, not kept."""
        if byte == _QUESTION and self._last == SLASH:
            self._start(SLASH)
            self._message.append(byte)
            return None
        self._last = byte
        self._check ^= byte
        if len(self._message) < COMMAND_LIMIT:
            self._message.append(byte)
        else:
            self._is_long = True
        return None

    def _checked(self, byte):
        """Return the command if its BCC is right. A wrong one may be the start of the next message."""
        if byte == self._check and not self._is_long:
            self._message.append(byte)
            return self._take(COMMAND)
        is_damaged = byte != self._check
        self.drop()
        self._in_noise = True
        if not self.programming:
            return self.feed(byte) if is_damaged else None
        if is_damaged and byte in (SLASH, SOH):
            self._start(byte)
        return (DAMAGED if is_damaged else TOO_LONG), b""

    def _take(self, kind):
        message = bytes(self._message)
        self._message = bytearray()
        return kind, message

    def _noise(self, byte):
        """Count a stretch of noise once, however it is cut into pieces."""
        if not self._in_noise and byte not in _IDLE:
            self._in_noise = True
            self.bad += 1
