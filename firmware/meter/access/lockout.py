"""The lockout: after failures a login has to wait, longer after each one, up to a limit: nobody is out forever.

Failures are counted for each user at each origin, for all unknown names at each origin, for who comes with the keys of
DLMS, and for each origin. So
guessing over TCP does not lock out who stands before the meter. A right password ends the count of its user and of
its origin.

Waits are measured in uptime: a clock that is set changes nothing. After a restart they begin anew. What is stored is
the most that was counted (`counts` only rise), so guessing wears the flash by a few hundred records at most, ever; a
right password lowers them, which is worth a record once an hour.
"""

from meter.compat import const
from meter.registers.event_kinds import ORIGINS

SLOTS = const(12)  # ten users, all unknown names together, and who comes with the keys
PLACES = len(ORIGINS)
COUNTS = (SLOTS + 1) * PLACES  # by slot and origin; the last row is that of the origins
# failures that cost nothing, longest wait in seconds; the waits between are 2, 4, 8 ... s
USER = (3, 900)
ORIGIN = (10, 60)
LOWERING_MS = const(3600000)


def wait_s(failures, rule):
    """Return how long to wait after so many failures."""
    free, longest = rule
    return min(longest, 1 << min(failures - free, 16)) if failures > free else 0


class Lockout:
    """The counts. stored: COUNTS bytes, of `counts`, or None; now: uptime, ms.

    counts  bytearray: what is to be stored
    """

    def __init__(self, stored, now):
        self.counts = bytearray(stored or COUNTS)
        self._failures = bytearray(self.counts)
        waits = [wait_s(n, _rule(k)) * 1000 for k, n in enumerate(self.counts)]
        self._until = [now + wait if wait else 0 for wait in waits]
        self._lowered = now - LOWERING_MS

    def left_s(self, slot, origin, now):
        """Return for how many seconds more a login is locked, 0 if it is not. slot: 0 to SLOTS - 1."""
        until = max([self._until[k] for k in _both(slot, origin)])
        return (until - now + 999) // 1000 if until > now else 0

    def failed(self, slot, origin, now):
        """Count a failure. Return True if `counts` have risen."""
        has_risen = False
        for k in _both(slot, origin):
            rule = _rule(k)
            if wait_s(self._failures[k], rule) < rule[1]:
                self._failures[k] += 1
            self._until[k] = now + wait_s(self._failures[k], rule) * 1000
            if self._failures[k] > self.counts[k]:
                self.counts[k] = self._failures[k]
                has_risen = True
        return has_risen

    def passed(self, slot, origin, now):
        """A right password. Return True if `counts` have been lowered."""
        both = _both(slot, origin)
        for k in both:
            self._failures[k] = 0
            self._until[k] = 0
        would_wait = [k for k in both if wait_s(self.counts[k], _rule(k))]
        if not would_wait or now - self._lowered < LOWERING_MS:
            return False
        self._lowered = now
        for k in both:
            self.counts[k] = 0
        return True

    def forget(self, slot):
        """The slot has another user: forget the failures of the old one."""
        for k in range(slot * PLACES, (slot + 1) * PLACES):
            self.counts[k] = self._failures[k] = self._until[k] = 0


def _both(slot, origin):
    return slot * PLACES + origin, SLOTS * PLACES + origin


def _rule(k):
    return ORIGIN if k >= SLOTS * PLACES else USER
