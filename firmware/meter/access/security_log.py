"""What the security log is told: who came and went, what was refused, what was done. Flash wears, and the log is short:
what comes quickly is written seldom, and what was not written is counted in the next entry.

    users       each user from the same address once a minute, 16 in a minute at most
    anonymous   16 at once, then one each hour
    refusals    16 at once, then one each hour: somebody who guesses for a month leaves 740 entries and not a million,
                and what was before stays for weeks

Time is uptime here, so that a clock that is set opens no gap; what is written carries the meter's time.
"""

from meter.compat import const
from meter.registers import event_kinds as kinds

HOLD_MS = const(60000)
MOST = const(16)
REFILL_MS = const(3600000)


class Budget:
    """So many at once, and one more each REFILL_MS."""

    def __init__(self):
        self._left, self._since = MOST, None

    def take(self, now):
        """Return True if there is one left. now: uptime, ms."""
        if self._since is None or self._left >= MOST:
            self._since = now
        more = (now - self._since) // REFILL_MS
        self._left = min(MOST, self._left + more)
        self._since += more * REFILL_MS
        if not self._left:
            return False
        self._left -= 1
        return True


class SecurityLog:
    """logs: EventLogs, or None. clock: with `second`, UTC.

    present     how many visitors there are
    """

    def __init__(self, logs, clock):
        self._logs, self._clock = logs, clock
        self._recent = []  # (who, uptime ms)
        self._visits, self._refusals = Budget(), Budget()
        self._unlogged = self._unrefused = 0
        self.present = 0

    def logon(self, origin, peer, user, now):
        """Return the UTC second of the logon if it was written, None if it was only counted."""
        if not (self._is_new((origin, _host(peer), user), now) and (user or self._visits.take(now))):
            self._unlogged += 1
            return None
        self._add(kinds.LOGON, {"origin": origin, "user": user, "peer": peer}, (self._unlogged,))
        self._unlogged = 0
        return self._clock.second

    def _is_new(self, visitor, now):
        self._recent = [one for one in self._recent if now - one[1] < HOLD_MS]
        if len(self._recent) >= MOST or any([one[0] == visitor for one in self._recent]):
            return False
        self._recent.append((visitor, now))
        return True

    def logoff(self, who):
        """Write the end of a visit (Login) whose logon was written."""
        if who.since is not None:
            self._add(kinds.LOGOFF, who.marks, start=who.since)
        who.since = None

    def refused(self, marks, what, now):
        """Write what was refused, a line. marks: as of Login."""
        if not self._refusals.take(now):
            self._unrefused += 1
            return
        self._add(kinds.ACCESS_DENIED, marks, (what, self._unrefused))
        self._unrefused = 0

    def done(self, kind, marks, what):
        """Write what was done. kind: CONFIGURATION_ACCESS or COMMAND of event_kinds."""
        self._add(kind, marks, (what,))

    def was_read(self, marks, what, now):
        """Write what was read, of each reader once a minute."""
        if self._is_new((marks["origin"], _host(marks["peer"]), marks["user"], what), now):
            self._add(kinds.CONFIGURATION_ACCESS, marks, ("read " + what,))

    def _add(self, kind, marks, fields=(), start=None):
        if self._logs:
            self._logs.add(
                kind, self._clock.second, start=start, fields=fields,
                origin=marks["origin"], user=marks["user"], peer=marks["peer"],
            )  # fmt: skip


def _host(peer):
    return peer.rsplit(":", 1)[0]
