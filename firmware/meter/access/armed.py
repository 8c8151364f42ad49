"""What is done only if the supply is taken away within 15 s after it was confirmed; else it is forgotten.

Source: the manual, Meter Status (Reset Users & Passwords) and Maintenance (Cold Start).
"""

from meter.compat import const

WITHIN_MS = const(15000)


class Armed:
    """One thing at a time that waits for the supply to go. now: uptime, ms."""

    def __init__(self):
        self._action, self._until = None, 0

    def arm(self, action, now):
        """Do this, a function without arguments, if the supply goes within 15 s."""
        self._action, self._until = action, now + WITHIN_MS

    def power_fails(self, now):
        """The supply goes. Return True if something was done."""
        action, self._action = self._action, None
        if action is None or now > self._until:
            return False
        action()
        return True
