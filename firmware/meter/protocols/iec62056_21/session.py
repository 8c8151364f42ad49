"""One reader's conversations in IEC 62056-21 protocol mode C, clause 6.4.3.

    reader                            meter                                 state after it
    / ? [address] ! CR LF      -->                                          (300 baud)
                               <--    / FRS 5 FERRARIS CR LF                OFFERED
    ACK 0 Z Y CR LF            -->                                          line goes to baud rate Z
                               <--    STX ... ! CR LF ETX BCC   (Y = 0)     SENT
                               <--    SOH B 0 ETX BCC           (Y other)   IDLE
    NAK                        -->    the last message again, a few times

Clause 6.3.14 on V, Z and Y: the conversation goes on at 300 baud if Z is 0, if the option select message is
wrong or not supported, and if none comes (the readout then follows by itself). Programming mode is refused
with the break message.

The access object has `identity` (a dict: manufacturer, model, serial, firmware), `local_time()` and
`read(key)`, which returns (value, scaler, unit): value * 10**scaler is SI, value is None if there is none
yet. KeyError for keys it does not know.
"""

from meter.protocols.iec62056_21 import codec
from meter.protocols.iec62056_21.readout import data_lines
from meter.protocols.iec62056_21.receiver import COMMAND, OPTION_SELECT, REPEAT, REQUEST, Receiver
from meter.protocols.session import Session

INITIAL_BAUD = 300
# Times of clause 6.4.3. A manufacturer's third letter in capitals promises readers at least 200 ms.
REACTION_MS = 200
ANSWER_MS = 1500  # the reader must have answered by then
CHARACTER_MS = 1500  # the longest pause inside a message
IDLE_MS = 60000  # a connection on which nothing arrives is closed: it holds a place others may want
REPEATS = 3
_BITS = 10  # of a character on the line: start, 7 data, parity, stop

_IDLE, _OFFERED, _SENT = "idle", "offered", "sent"


class Iec6205621Session(Session):
    """A meter that waits for sign-ons, again and again. On a serial line it never closes.

    address: what a reader may call this meter, text; the serial number if None.
    serial: True for a line with baud rates; False for a connection, which closes when idle.
    baud: the baud rate character offered, "0" to "6". reaction_ms: pause before an answer; None for 200 or 0.
    visit: told of each conversation with on(peer) and off(peer), or None.
    """

    def __init__(
        self, access, address=None, serial=True, baud="5", reaction_ms=None, idle_ms=IDLE_MS, visit=None
    ):
        super().__init__()
        if len(baud) != 1 or codec.baud_rate(baud) is None:
            raise ValueError("baud: %r is none of 0 1 2 3 4 5 6" % (baud,))
        self._access = access
        self._address = access.identity["serial"] if address is None else address
        self._serial = serial
        self._offer = baud
        self._reaction_ms = (REACTION_MS if serial else 0) if reaction_ms is None else reaction_ms
        self._idle_ms = idle_ms
        self._receiver = Receiver()
        self._baud = None
        self._line = None
        self._heard = None
        self._visit, self._visiting = visit, False
        self._rest()

    # What the pump calls

    def receive(self, data, now):
        """Take bytes from the reader. Whatever they are, nothing is raised. now: ms."""
        self._drop_stalled(now)
        self._heard = now
        for byte in data:
            message = self._receiver.feed(byte)
            if message is not None:
                self._handle(message[0], message[1], now)
        self.bad_frames = self._receiver.bad

    def take_line(self):
        """Return (baud, bits, parity, stop) once after each change, else None."""
        line, self._line = self._line, None
        return line

    def deadline(self):
        """Return when expire() is due, in ms, or None while nothing is under way on a serial line."""
        if self._heard is None:
            return None if self._serial else 0
        times = [time for time in (self._reply_at, self._until) if time is not None]
        if self._receiver.partial():
            times = [self._reply_at] if self._reply_at is not None else []
            times.append(self._heard + CHARACTER_MS)
        if not self._serial:
            times.append(self._heard + self._idle_ms)
        return min(times) if times else None

    def expire(self, now):
        """Send the answer that is due, or go on without the reader's. now: ms."""
        if self._heard is None:
            self._heard = now  # a connection that has just begun: it is idle from here
        self._drop_stalled(now)
        if self._reply_at is not None and now >= self._reply_at:
            self._send(now)
        elif self._until is not None and now >= self._until and not self._receiver.partial():
            self._unanswered(now)
        if not self._serial and now >= self._heard + self._idle_ms:
            self.closed = True

    def finish(self, now):
        """The peer has gone."""
        self._rest()
        super().finish(now)

    # The conversation

    def _handle(self, kind, message, now):
        if kind == REQUEST:
            self._requested(message, now)
        elif kind == OPTION_SELECT and self._state == _OFFERED:
            self._selected(codec.parse_option_select(message), now)
        elif kind == REPEAT and self._state != _IDLE:
            self._repeat(now)
        elif kind == COMMAND and message == codec.BREAK:
            self._rest()

    def _requested(self, message, now):
        """A sign-on begins anew from any state. One for another meter ends what we had with this reader."""
        address = codec.parse_request(message)
        if address is None:
            # Another meter's identification on a shared line, or the echo of ours, is none of our business.
            self._receiver.bad += not codec.is_identification(message)
            return
        self._rest()
        if codec.same_address(address, self._address):
            self._begin_visit()
            self._reply(self._identification, _OFFERED, now)

    def _selected(self, option, now):
        """Answer an option select message. option: (V, Z, Y), or None if it was malformed."""
        self._repeats = 0
        if option is None:
            self._receiver.bad += 1
            option = ("0", "0", "0")
        procedure, baud, mode = option
        rate = codec.baud_rate(baud)
        supported = procedure == "0" and rate is not None and baud <= self._offer
        self._switch(rate if supported else INITIAL_BAUD)
        if mode == "0":
            self._reply(self._data_block, _SENT, now)
        else:
            self._reply(_break, _IDLE, now)

    def _repeat(self, now):
        """The reader asks for the last message again. After a few times it is left alone."""
        self._repeats += 1
        if self._repeats > REPEATS:
            self._rest()
        else:
            last = self._last
            self._reply(lambda: last, self._state, now)

    def _unanswered(self, now):
        """No option select message: read out at 300 baud. No repeat request: the conversation is over."""
        if self._state == _OFFERED:
            self._reply(self._data_block, _SENT, now)
        else:
            self._rest()

    # Answers

    def _reply(self, build, state, now):
        """Send what build() returns after the reaction time, and be in `state` then."""
        self._build, self._next = build, state
        self._reply_at = now + self._reaction_ms
        self._until = None

    def _send(self, now):
        """Queue the answer that is due. It is built now, so its values are those of this moment."""
        self._last = self._build()
        self._output.extend(self._last)
        self._state, self._reply_at = self._next, None
        if self._state == _IDLE:
            self._rest()
        else:
            self._until = now + self._sending_ms() + ANSWER_MS

    def _sending_ms(self):
        """Return how long the last message takes to leave: only a line is slow."""
        return len(self._last) * _BITS * 1000 // self._baud if self._serial else 0

    def _identification(self):
        identity = self._access.identity
        return codec.identification(identity["manufacturer"], self._offer, identity["model"])

    def _data_block(self):
        return codec.data_block(data_lines(self._access))

    # State

    def _rest(self):
        """Wait for a sign-on at 300 baud, and forget the conversation."""
        self._end_visit()
        self._state = _IDLE
        self._reply_at = self._until = None
        self._build = self._last = self._next = None
        self._repeats = 0
        self._switch(INITIAL_BAUD)

    def _begin_visit(self):
        self._visiting = True
        if self._visit:
            self._visit.on(self.peer)

    def _end_visit(self):
        if self._visiting and self._visit:
            self._visit.off(self.peer)
        self._visiting = False

    def _switch(self, baud):
        """Ask for a baud rate, 7 bits and even parity: after the output so far."""
        if self._serial and baud != self._baud:
            self._line = (baud, 7, "E", 1)
        self._baud = baud

    def _drop_stalled(self, now):
        """Drop a message whose next character is overdue."""
        if self._receiver.partial() and now - self._heard >= CHARACTER_MS:
            self._receiver.drop()
            self.bad_frames = self._receiver.bad


def _break():
    return codec.BREAK
