"""The registers of the demonstration: the totals of all energies, and their checkpoint each ten minutes.

It is to meter.meter.Meter what registers.engine.Engine is on a whole meter.
"""

from meter.compat import const
from meter.registers.energy import Energy

KIND = const(0x54)  # of the Journal
CHECKPOINT_S = const(600)


class Totals:
    """journal: Journal. connection: metrology's Connection.

    energy  Energy
    """

    profiles = ()  # no load profile

    def __init__(self, journal, connection):
        self._journal = journal
        self.energy = Energy(connection=connection)
        self.bank = self
        self._next = 0

    def start(self, now, lost=None):
        """Go on from what is stored; see Engine.start(). lost: true if the clock was lost."""
        stored = self._journal.load()
        if stored:
            self.energy.restore(stored[1])
            now = stored[0] if lost else now
        self._plan(now)
        return now, stored[0] if stored else None

    def take(self, span):
        """Book a Span."""
        self.energy.add(span)

    def show(self, span, health=0, ms=0):
        """Nothing here shows instantaneous values."""

    def close(self, now):
        """Store what is due at this UTC second."""
        if now >= self._next:
            self.checkpoint(now)
            self._plan(now)

    def checkpoint(self, now):
        """Store the totals."""
        self._journal.save(self.energy.state(), now)

    def _plan(self, now):
        self._next = now - now % CHECKPOINT_S + CHECKPOINT_S
