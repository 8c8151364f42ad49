"""What a port says of itself, by protocol: fault, ready, active, alert (the manual, Appendix D, Communication Events;
Communication Status).

    fault       it could not be opened, or reading or writing failed
    ready       it is open, and nobody is connected
    active      a peer has a conversation
    alert       the last peer was silent for too long, or stopped in the middle of a message; until the next comes
"""

from meter.protocols.session import ACTIVE, ALERT, FAULT, READY


class Endpoint:
    """One protocol on one port.

    port, protocol  texts
    fault           True: see above
    """

    def __init__(self, port, protocol):
        self.port, self.protocol = port, protocol
        self.fault = False
        self._sessions = []

    def makes(self, make_session):
        """Return a function that makes sessions as make_session does, and knows them here."""

        def make():
            self._sessions = [one for one in self._sessions if not one.closed]
            session = make_session()
            self._sessions.append(session)
            return session

        return make

    @property
    def state(self):
        """One of session.STATES."""
        if self.fault:
            return FAULT
        open_now = [one.activity for one in self._sessions if not one.closed]
        if ACTIVE in open_now:
            return ACTIVE
        # A session that was closed for silence says so until the next one is made.
        return ALERT if self._sessions and self._sessions[-1].activity == ALERT else READY
