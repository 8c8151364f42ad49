"""HDLC over anything that carries bytes: the time-outs around a Link (IEC 62056-46, 6.4.4; manual, Appendix D).

inter-octet    a frame that stops in the middle is dropped; the next one begins with a flag
inactivity     a client that is silent for so long has gone: its association ends
response       a pause before an answer, for lines whose direction takes time to turn
"""

from meter.protocols.dlms.hdlc_frame import Receiver
from meter.protocols.dlms.hdlc_link import Link
from meter.protocols.session import ACTIVE, ALERT, READY, Session

INACTIVITY_MS = 120000
INTER_FRAME_MS = 1000  # a network or a pseudo-terminal may hold a part of a frame back


class HdlcSession(Session):
    """One station on a line, or on a connection.

    conversation: see meter.protocols.dlms.conversation. unit: physical address. max_info, window: the most that is
    negotiated, 128 to 2030 bytes and 1 to 7 frames. inactivity_ms: 0 for none. response_ms: the pause before answers.
    line: (baud, bits, parity, stop) to switch to before the first frame, or None. closes: True if the session is
    over with the link, after DISC or inactivity; then one client is at the other end, and may use the address of the
    calling physical device.
    """

    def __init__(
        self,
        conversation,
        unit=1,
        max_info=128,
        window=1,
        inactivity_ms=INACTIVITY_MS,
        inter_frame_ms=INTER_FRAME_MS,
        response_ms=0,
        line=None,
        closes=False,
    ):
        super().__init__()
        self._receiver = Receiver(max_info)
        self._link = Link(conversation, unit, max_info, window, closes)
        self._inactivity_ms = inactivity_ms
        self._inter_frame_ms = inter_frame_ms
        self._response_ms = response_ms
        self._line = line
        self._closes = closes
        self._heard = None  # when the last frame came, or the session was first asked to go on
        self._last_byte = 0
        self._held, self._held_until = b"", 0  # the answer during the pause before it
        self._closing = False
        self._alert = False

    @property
    def activity(self):
        """What the port says of itself: "ready", "active" while there is a link, "alert" after a time-out."""
        if self._alert:
            return ALERT
        return ACTIVE if self._link.connected else READY

    def receive(self, data, now):
        """Take bytes from the client. Whatever they are, nothing is raised. now: ms."""
        self._drop_stalled(now)
        self._last_byte = now
        for frame in self._receiver.feed(data):
            self._handle(frame, now)
        self.bad_frames = self._receiver.bad + self._link.bad

    def take_line(self):
        """Return the settings of the line, once."""
        line, self._line = self._line, None
        return line

    def deadline(self):
        """Return when expire() is due, in ms: at once while the conversation works; None if nothing is under way."""
        if self._link.working:
            return 0
        times = []
        if self._held:
            times.append(self._held_until)
        if self._receiver.partial():
            times.append(self._last_byte + self._inter_frame_ms)
        if self._inactivity_ms and (self._closes or self._link.in_use):
            times.append(0 if self._heard is None else self._heard + self._inactivity_ms)
        return min(times) if times else None

    def expire(self, now):
        """Go on with the work, send the answer that is due, or see that nothing has come. now: ms."""
        if self._heard is None:
            self._heard = now  # a connection that has just begun: it is idle from here
        if self._link.working:
            self._heard = now
            self._answer(self._link.work(now), now)
            self.bad_frames = self._receiver.bad + self._link.bad
        self._drop_stalled(now)
        if self._held and now >= self._held_until:
            self._let_go()
        elif self._is_idle(now):
            self._alert = True
            self._link.drop(now)
            self.closed = self._closes

    def finish(self, now):
        """The client has gone."""
        self._link.drop(now)
        super().finish(now)

    def _handle(self, frame, now):
        """Give a frame to the link, and answer. Frames of other stations are no sign of life."""
        if self.closed or self._closing:
            return
        was_connected = self._link.connected
        output = self._link.handle(frame, now)
        if output is None:
            return
        self._heard, self._alert = now, False
        self._closing = self._closes and was_connected and not self._link.connected
        self._answer(output, now)

    def _answer(self, output, now):
        """Send the output after the pause. One that is still held is overtaken: the client has called again."""
        if not output:
            return
        self._held = output
        self._held_until = now + self._response_ms
        if not self._response_ms:
            self._let_go()

    def _let_go(self):
        self._output.extend(self._held)
        self._held = b""
        self.closed = self.closed or self._closing

    def _is_idle(self, now):
        """Return True if the client has been silent for too long."""
        watched = self._inactivity_ms and (self._closes or self._link.in_use) and not self._link.working
        return bool(watched) and now >= self._heard + self._inactivity_ms

    def _drop_stalled(self, now):
        """Drop a frame whose next byte is overdue. What was whole behind its flag is still answered."""
        if not self._receiver.partial() or now < self._last_byte + self._inter_frame_ms:
            return
        self._alert = True
        for frame in self._receiver.drop():
            self._handle(frame, now)
        self.bad_frames = self._receiver.bad + self._link.bad
