"""The contract of a Session: one conversation of one protocol with one peer. Bytes and time in, bytes out, no I/O.

Three outcomes are never mixed up: more bytes are needed (receive returns and waits), a bad frame (dropped, counted in
`bad_frames`, the session resynchronises), our own bug (an exception). Nothing a peer sends raises past the Session.
`now` is the uptime in integer milliseconds that never wraps (compat.Uptime).
"""

FAULT, READY, ACTIVE, ALERT = (
    "fault",
    "ready",
    "active",
    "alert",
)  # what a port says of itself: ports/endpoint.py
STATES = (FAULT, READY, ACTIVE, ALERT)


class Session:
    """Base of all sessions: the output queue and the defaults of a protocol that has no time-outs.

    closed: True when the conversation is over and the transport may be closed or handed to a new Session.
    busy: True while nothing more is to be handed in: the pump does not read, and calls expire() meanwhile.
    bad_frames: how many frames were dropped as damaged.
    peer: address of who is at the other end, as text; set by a transport that knows it.
    activity: READY, ACTIVE while there is a conversation, ALERT after a time-out until the next message.
    """

    activity = READY

    def __init__(self):
        self.closed = False
        self.busy = False
        self.bad_frames = 0
        self.peer = ""
        self._output = bytearray()

    def receive(self, data, now):
        """Take bytes from the peer. data: any bytes-like. now: ms."""
        raise NotImplementedError

    def take_output(self):
        """Return the bytes to send now, and forget them."""
        if not self._output:
            return b""
        output = bytes(self._output)
        self._output = bytearray()
        return output

    def take_line(self):
        """Return (baud, bits, parity, stop) to switch the line to once all output taken so far has left, or None.

        Only serial transports have a line; others ignore it.
        """
        return None

    def deadline(self):
        """Return the time in ms at which expire() must be called, or None."""
        return None

    def expire(self, now):
        """The deadline has passed. now: ms, at or after deadline()."""

    def finish(self, now):
        """The peer has gone: end of file on the transport."""
        self.closed = True
