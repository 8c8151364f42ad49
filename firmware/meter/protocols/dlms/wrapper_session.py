"""DLMS over TCP: the wrapper (IEC 62056-47, 5; Green Book, 7), and the port that also takes HDLC.

    | version 0001 | source wPort | destination wPort | length | APDU |
      2              2              2                   2        length bytes

The client's wPort is its SAP, the server's the logical device. A stream that is out of step cannot be brought back,
so a wrong header ends the connection. An APDU for a logical device that is not there is passed over in silence.
"""

import struct

from meter.compat import const
from meter.protocols.dlms.hdlc_session import INACTIVITY_MS, INTER_FRAME_MS, HdlcSession
from meter.protocols.session import ACTIVE, ALERT, READY, Session

VERSION = const(1)
_HEADER = const(8)
_NO_STATION, _ALL_STATION = const(0), const(0xFFFF)
_HDLC_FLAG = const(0x7E)
_WAITING = const(
    8192
)  # bytes that may wait while the conversation works, if somebody sends them nevertheless


class WrapperSession(Session):
    """One client on a connection. It closes when no whole APDU has come for inactivity_ms; 0: never.

    conversation: see meter.protocols.dlms.conversation.
    """

    def __init__(self, conversation, inactivity_ms=INACTIVITY_MS):
        super().__init__()
        self._conversation = conversation
        self._inactivity_ms = inactivity_ms
        self._buffer = b""
        self._ports = (0, 0)  # client's and server's, of the APDU that is worked on
        self._heard = None
        self._served = False
        self._alert = False

    @property
    def activity(self):
        """What the port says of itself: "ready", "active" once an APDU has come, "alert" after a time-out."""
        if self._alert:
            return ALERT
        return ACTIVE if self._served and not self.closed else READY

    def receive(self, data, now):
        """Take bytes from the client. Whatever they are, nothing is raised. now: ms."""
        if self.closed:
            return
        if self._heard is None:
            self._heard = now
        self._buffer = self._buffer + bytes(data) if self._buffer else bytes(data)
        if self.busy and len(self._buffer) > _WAITING:
            self._refuse(now)
        self._go_on(now)

    def deadline(self):
        """Return when expire() is due, in ms: at once while the conversation works."""
        if self.busy:
            return 0
        if not self._inactivity_ms:
            return None
        return 0 if self._heard is None else self._heard + self._inactivity_ms

    def expire(self, now):
        """Go on with the work, or close a connection on which nothing comes. now: ms."""
        if self._heard is None:
            self._heard = now
        if self.busy:
            self._heard = now
            self._answer(self._conversation.work(now))
            self._go_on(now)
        elif self._inactivity_ms and now >= self._heard + self._inactivity_ms:
            self._alert = True
            self._end(now)

    def finish(self, now):
        """The client has gone."""
        self._end(now)

    def _go_on(self, now):
        """Take the whole APDUs there are."""
        while len(self._buffer) >= _HEADER and not self.busy and not self.closed:
            version, client, server, length = struct.unpack_from(">HHHH", self._buffer)
            if version != VERSION or length > self._conversation.max_pdu:
                self._refuse(now)
                return
            end = _HEADER + length
            if len(self._buffer) < end:
                return
            apdu, self._buffer = self._buffer[_HEADER:end], self._buffer[end:]
            self._heard = now
            self._take(client, server, apdu, now)

    def _take(self, client, server, apdu, now):
        """Hand an APDU in, if it is for somebody."""
        nobody = (_NO_STATION, _ALL_STATION)
        if not apdu or client in nobody or server in nobody or not self._conversation.serves(server):
            return
        self._served, self._alert = True, False
        self._ports = (client, server)
        self._answer(self._conversation.receive(client, server, apdu, now))

    def _answer(self, apdu):
        """Queue the answer, if there is one; or be busy, if there is none yet."""
        self.busy = apdu is None
        if apdu:
            client, server = self._ports
            self._output.extend(struct.pack(">HHHH", VERSION, server, client, len(apdu)))
            self._output.extend(apdu)

    def _refuse(self, now):
        """The stream is out of step."""
        self.bad_frames += 1
        self._end(now)

    def _end(self, now):
        if not self.closed and self._served:
            self._conversation.release(now)
        self.busy = False
        self._buffer = b""
        self.closed = True


class TcpDlmsSession(Session):
    """A connection that is HDLC if it begins with a flag, and else the wrapper.

    Parameters as of HdlcSession; the session closes after DISC or inactivity.
    """

    def __init__(
        self,
        conversation,
        unit=1,
        max_info=128,
        window=1,
        inactivity_ms=INACTIVITY_MS,
        inter_frame_ms=INTER_FRAME_MS,
    ):
        self._conversation = conversation
        super().__init__()
        self._hdlc = (unit, max_info, window, inactivity_ms, inter_frame_ms)
        self._inner = WrapperSession(conversation, inactivity_ms)
        self._chosen = False

    @property
    def peer(self):
        """Address of the client as text: the conversation's."""
        return self._conversation.peer

    @peer.setter
    def peer(self, peer):
        self._conversation.peer = peer

    @property
    def activity(self):
        """See HdlcSession and WrapperSession."""
        return self._inner.activity

    def receive(self, data, now):
        """Take bytes from the client; the first of all decides. now: ms."""
        if not self._chosen and len(data):
            self._chosen = True
            if data[0] == _HDLC_FLAG:
                self._inner = HdlcSession(self._conversation, *self._hdlc, closes=True)
        self._inner.receive(data, now)
        self._mirror()

    def take_output(self):
        """Return the bytes to send now."""
        return self._inner.take_output()

    def deadline(self):
        """Return when expire() is due, in ms, or None."""
        return self._inner.deadline()

    def expire(self, now):
        """The deadline has passed. now: ms."""
        self._inner.expire(now)
        self._mirror()

    def finish(self, now):
        """The client has gone."""
        self._inner.finish(now)
        self._mirror()

    def _mirror(self):
        """Show what became of the session inside."""
        inner = self._inner
        self.closed, self.busy, self.bad_frames = inner.closed, inner.busy, inner.bad_frames
