"""Who asks: at which origin, from which address, as which user, if any. It is told of every command and every read.

A user who is silent for too long is logged off (SEC-02: the manual's password timeouts, and its User Menu Timeout).
"""

from meter.access.rights import anonymous
from meter.compat import const
from meter.registers import event_kinds as kinds

_MINUTE_MS = const(60000)
# origin, ms
TIMEOUTS = (
    (kinds.OPTICAL, 5 * _MINUTE_MS),
    (kinds.RS485, 5 * _MINUTE_MS),
    (kinds.TCP, 5 * _MINUTE_MS),
    (kinds.FRONT_PANEL, 2 * _MINUTE_MS),
)


class Login:
    """Made by Access.login() and Access.anonymous() only.

    origin  number of event_kinds
    peer    its address as text, "" where there is none
    entry   User of users.py, or None: nobody has logged in, or no more
    since   UTC second of its entry in the security log, or None
    """

    def __init__(self, origin, peer, entry=None, since=None, now=0):
        self.origin, self.peer, self.since = origin, peer, since
        self.entry = entry
        self._anybody, self._timeout_ms = anonymous(origin), _timeout_ms(origin)
        self._until = now + self._timeout_ms

    @property
    def user(self):
        """The user's name, "" if nobody is logged in."""
        return self.entry.name if self.entry else ""

    @property
    def rights(self):
        """Mask of what it may do."""
        return self._anybody | (self.entry.rights if self.entry else 0)

    @property
    def marks(self):
        """What an event tells of it: arguments of event_log.pack()."""
        return {"origin": self.origin, "user": self.user, "peer": self.peer}

    def has_timed_out(self, now):
        """Return True if the user has been silent for too long. now: uptime, ms."""
        return now >= self._until

    def heard(self, now):
        """The user is still there."""
        self._until = now + self._timeout_ms


def _timeout_ms(origin):
    for known, ms in TIMEOUTS:
        if known == origin:
            return ms
    return 0
