"""One reader's conversations in IEC 62056-21, clause 6.4: protocol modes A, B, C and E.

    reader                            meter                                 state after it
    / ? [address] ! CR LF      -->                                          (300 baud)
                               <--    / FRS 5 FERRARIS CR LF                OFFERED
    ACK 0 Z Y CR LF            -->                                          line goes to baud rate Z
                               <--    STX ... ! CR LF ETX BCC   (Y = 0)     SENT
                               <--    SOH P 0 STX () ETX BCC    (Y = 1)     PROGRAMMING, see programming.py
                               <--    SOH B 0 ETX BCC           (Y other)   IDLE
    ACK 2 Z 2 CR LF            -->
                               <--    ACK 2 Z 2 CR LF           (mode E)    HDLC: 8N1 at baud rate Z
    NAK                        -->    the last message again, a few times

Mode A has no baud rates and mode B a letter for one: the readout follows the identification by itself, in mode B at
that rate. Programming mode then begins with a command after the readout.

Clause 6.3.14 on V, Z and Y: the conversation goes on at 300 baud if Z is 0, if the option select message is
wrong or not supported, and if none comes (the readout then follows by itself). Mode E is confirmed with Z = 0 then.

The access object has `identity` (a dict: manufacturer, model, serial, firmware), `local_time()` and
`read(key)`, which returns (value, scaler, unit): value * 10**scaler is SI, value is None if there is none
yet. KeyError for keys it does not know. Programming mode asks it for more: see addresses.py.
"""

from meter.optional import part
from meter.protocols.iec62056_21 import codec, receiver
from meter.protocols.iec62056_21.readout import data_lines
from meter.protocols.iec62056_21.receiver import COMMAND, OPTION_SELECT, REPEAT, REQUEST, Receiver
from meter.protocols.session import ACTIVE, READY, Session

INITIAL_BAUD = codec.INITIAL_BAUD
# Times of clause 6.4.3. A manufacturer's third letter in capitals promises readers at least 200 ms.
REACTION_MS = 200
ANSWER_MS = 1500  # the reader must have answered by then
CHARACTER_MS = 1500  # the longest pause inside a message
PROGRAMMING_MS = 120000  # programming mode without a command ends; so does HDLC without a byte
IDLE_MS = 60000  # a connection on which nothing arrives is closed: it holds a place others may want
REPEATS = 3
MODES = ("A", "B", "C", "E")
_BITS = 10  # of a character on the line: start, 7 data, parity, stop

_IDLE, _OFFERED, _SENT, _PROGRAMMING, _HDLC = "idle", "offered", "sent", "programming", "hdlc"


class Iec6205621Session(Session):
    """A meter that waits for sign-ons, again and again. On a serial line it never closes.

    address: what a reader may call this meter, text; the serial number if None.
    serial: True for a line with baud rates; False for a connection, which closes when idle.
    baud: the baud rate character offered, "0" to "6". reaction_ms: pause before an answer; None for 200 or 0.
    visit: told of each conversation with on(peer) and off(peer), or None.
    mode: the protocol mode, of MODES. make_hdlc(line): returns a Session for mode E, line: (baud, bits, parity, stop);
    None: mode E is not offered.
    """

    def __init__(
        self, access, address=None, serial=True, baud="5", reaction_ms=None, idle_ms=IDLE_MS, visit=None,
        mode="C", make_hdlc=None,
    ):  # fmt: skip
        super().__init__()
        if len(baud) != 1 or codec.baud_rate(baud) is None:
            raise ValueError("baud: %r is none of 0 1 2 3 4 5 6" % (baud,))
        if mode not in MODES:
            raise ValueError("mode: %r is none of A B C E" % (mode,))
        self._access = access
        self._address = access.identity["serial"] if address is None else address
        self._serial = serial
        self._mode, self._make_hdlc = mode, make_hdlc if mode == "E" else None
        self._offer = baud
        self._letter = codec.baud_character(codec.baud_rate(baud), mode)
        self._reaction_ms = (REACTION_MS if serial else 0) if reaction_ms is None else reaction_ms
        self._idle_ms = idle_ms
        self._receiver = Receiver()
        self._line_now = self._line = None
        self._heard = None
        self._visit, self._visiting = visit, False
        self._programming = self._hdlc = None
        self._hdlc_baud, self._hdlc_bad = INITIAL_BAUD, 0
        self._rest()

    @property
    def activity(self):
        """See Session."""
        if self._hdlc:
            return self._hdlc.activity
        return ACTIVE if self._visiting else READY

    # What the pump calls

    def receive(self, data, now):
        """Take bytes from the reader. Whatever they are, nothing is raised. now: ms."""
        self._drop_stalled(now)
        self._heard = now
        if self._hdlc:
            self._hdlc.receive(data, now)
            self._after_hdlc()
        else:
            for byte in data:
                message = self._receiver.feed(byte)
                if message is not None:
                    self._handle(message[0], message[1], now)
        self._count()

    def take_line(self):
        """Return (baud, bits, parity, stop) once after each change, else None."""
        line, self._line = self._line, None
        return line

    def deadline(self):
        """Return when expire() is due, in ms, or None while nothing is under way on a serial line."""
        if self._heard is None:
            return None if self._serial else 0
        times = [self._reply_at] if self._reply_at is not None else []
        if self._receiver.partial():
            times.append(self._heard + CHARACTER_MS)
        elif self._until is not None:
            times.append(self._until)
        if self._hdlc:
            due = self._hdlc.deadline()
            times += [self._heard + PROGRAMMING_MS] + ([] if due is None else [due])
        if not self._serial:
            times.append(self._heard + self._longest_idle())
        return min(times) if times else None

    def expire(self, now):
        """Send the answer that is due, or go on without the reader's. now: ms."""
        if self._heard is None:
            self._heard = now  # a connection that has just begun: it is idle from here
        self._drop_stalled(now)
        if self._hdlc:
            self._expire_hdlc(now)
        elif self._reply_at is not None and now >= self._reply_at:
            self._send(now)
        elif self._until is not None and now >= self._until and not self._receiver.partial():
            self._unanswered(now)
        if not self._serial and now >= self._heard + self._longest_idle():
            self.closed = True
        self._count()

    def finish(self, now):
        """The peer has gone."""
        if self._hdlc:
            self._hdlc.finish(now)
        self._rest()
        super().finish(now)

    def _longest_idle(self):
        """Return for how long a connection may be silent, in ms."""
        is_busy = self._programming or self._hdlc
        return max(self._idle_ms, PROGRAMMING_MS) if is_busy else self._idle_ms

    def _count(self):
        self.bad_frames = self._receiver.bad + self._hdlc_bad + (self._hdlc.bad_frames if self._hdlc else 0)

    # The conversation

    def _handle(self, kind, message, now):
        if kind == REQUEST:
            self._requested(message, now)
        elif kind == OPTION_SELECT and self._state == _OFFERED and self._mode in "CE":
            self._selected(codec.parse_option_select(message), now)
        elif kind == REPEAT and self._state != _IDLE:
            self._repeat(now)
        elif kind == COMMAND and message[1:2] == b"B":
            self._rest()
        elif self._state == _PROGRAMMING:
            self._commanded(kind, message, now)
        elif kind == COMMAND and self._state == _SENT and self._mode in "AB":
            self._begin_programming()
            self._commanded(kind, message, now)

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
        is_offered = rate is not None and baud <= self._offer
        if self._make_hdlc and procedure == mode == "2":
            character = baud if is_offered else "0"
            self._hdlc_baud = rate if is_offered else INITIAL_BAUD
            self._reply(lambda: codec.option_select("2", character, "2"), _HDLC, now)
            return
        self._switch(rate if is_offered and procedure == "0" else INITIAL_BAUD)
        if mode == "0":
            self._reply(self._data_block, _SENT, now)
        elif mode == "1" and self._begin_programming():
            self._reply(self._programming.operand, _PROGRAMMING, now)
        else:
            self._reply(_break, _IDLE, now)

    def _repeat(self, now):
        """The reader asks for the last message again. After a few times it is left alone."""
        self._repeats += 1
        if self._repeats > REPEATS:
            self._rest()
            return
        if self._answer and not self._answer.partial:
            self._answered(self._programming.answer(self._command), now)  # it was not kept: it is read again
        else:
            last = self._last
            self._reply(lambda: last, self._state, now)

    def _unanswered(self, now):
        """No option select message: read out at 300 baud. No repeat request or command: the conversation is over."""
        if self._state == _OFFERED:
            self._reply(self._data_block, _SENT, now)
        else:
            self._rest()

    # Programming mode

    def _begin_programming(self):
        """Return False if this meter is read out only."""
        # Imported here: a meter that is only read out needs no memory for it.
        found = part("meter.protocols.iec62056_21.programming")
        if found is None:
            return False
        self._programming = found.Programming(self._access)
        self._receiver.programming = True
        self._state = _PROGRAMMING
        return True

    def _commanded(self, kind, message, now):
        """Answer what came in programming mode. A command with a wrong BCC is asked for again."""
        if kind == receiver.ACKNOWLEDGED:
            if self._answer and self._answer.partial and not self._answer.is_last:
                self._repeats = 0
                self._reply(self._answer.take, _PROGRAMMING, now)
            return
        self._answer = None
        if kind == receiver.DAMAGED:
            self._reply(lambda: bytes((codec.NAK,)), _PROGRAMMING, now)
        elif kind == receiver.TOO_LONG:
            self._reply(lambda: codec.error("ER04", "too long"), _PROGRAMMING, now)
        elif kind == COMMAND:
            self._repeats = 0
            self._command = message
            self._answered(self._programming.answer(message), now)

    def _answered(self, answer, now):
        """Send an answer: bytes, or Blocks to be taken from."""
        if isinstance(answer, bytes):
            self._answer = None
            self._reply(lambda: answer, _PROGRAMMING, now)
        else:
            self._answer = answer
            self._reply(answer.take, _PROGRAMMING, now)

    # Mode E

    def _begin_hdlc(self, now):
        """The confirmation has been sent: the line is handed over until the HDLC session closes."""
        line = (self._hdlc_baud, 8, "N", 1)
        self._set_line(line)
        self._until = None
        self._heard = now
        self._hdlc = self._make_hdlc(line)
        self._hdlc.peer = self.peer

    def _expire_hdlc(self, now):
        due = self._hdlc.deadline()
        if due is not None and now >= due:
            self._hdlc.expire(now)
            if self._after_hdlc():
                self._heard = now  # what is sent is no silence
        if self._hdlc and now >= self._heard + PROGRAMMING_MS:
            self._hdlc.finish(now)
            self._after_hdlc()

    def _after_hdlc(self):
        """Take what the HDLC session wants sent, and its line. Return True if there was something to send."""
        output = self._hdlc.take_output()
        self._output.extend(output)
        line = self._hdlc.take_line()
        if line is not None:
            self._set_line(line)
        if self._hdlc.closed:
            self._rest()
        return len(output) > 0

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
        answer = self._answer
        if self._state == _IDLE:
            self._rest()
        elif self._state == _HDLC:
            self._begin_hdlc(now)
        elif self._state == _OFFERED and self._mode in "AB":
            self._follow(now)
        elif answer and not answer.partial and not answer.is_last:
            self._reply_at = now  # the next piece of the same message
        else:
            is_long = self._state == _PROGRAMMING
            self._until = now + self._sending_ms() + (PROGRAMMING_MS if is_long else ANSWER_MS)

    def _follow(self, now):
        """Modes A and B: the readout follows the identification, in mode B at the rate that it named."""
        if self._mode == "B":
            self._switch(codec.baud_rate(self._offer))
        self._reply(self._data_block, _SENT, now + self._sending_ms(INITIAL_BAUD))

    def _sending_ms(self, baud=None):
        """Return how long the last message takes to leave: only a line is slow."""
        return len(self._last) * _BITS * 1000 // (baud or self._line_now[0]) if self._serial else 0

    def _identification(self):
        identity = self._access.identity
        escape = codec.HDLC_ESCAPE if self._make_hdlc else ""
        return codec.identification(identity["manufacturer"], self._letter, identity["model"], escape)

    def _data_block(self):
        return codec.data_block(data_lines(self._access))

    # State

    def _rest(self):
        """Wait for a sign-on at 300 baud, and forget the conversation."""
        self._end_visit()
        if self._hdlc:
            self._hdlc_bad += self._hdlc.bad_frames
        self._state = _IDLE
        self._reply_at = self._until = None
        self._build = self._last = self._next = None
        self._programming = self._answer = self._command = self._hdlc = None
        self._receiver.programming = False
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
        self._set_line((baud, 7, "E", 1))

    def _set_line(self, line):
        if self._serial and line != self._line_now:
            self._line = line
        self._line_now = line

    def _drop_stalled(self, now):
        """Drop a message whose next character is overdue."""
        if self._receiver.partial() and now - self._heard >= CHARACTER_MS:
            self._receiver.drop()


def _break():
    return codec.BREAK
