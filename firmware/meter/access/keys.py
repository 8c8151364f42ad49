"""The security keys, jumpers inside the meter, and the MID option.

    security key 1      blocks what could change what is measured; the front panel cannot be unlocked
    security key 2      blocks the reset key of the front panel, and nothing else
    MID option          has both keys, firmware from the factory only, and no configuration from the menu

Source: the manual, Security Keys; MID Meters. Which command is blocked by what is in the table of commands.py.
"""

from meter.access.errors import Refused
from meter.registers.event_kinds import FRONT_PANEL

# What a column of the tables says.
FREE = "allowed"
BLOCKED = "blocked"
PANEL = "blocked at the front panel"
SECTIONS = "by section"  # of the configuration: see sections.py


class Keys:
    """read: function that returns (is key 1 fitted, is key 2 fitted). mid: True for a meter with the MID option."""

    def __init__(self, read=lambda: (False, False), mid=False):
        self._read = read
        self.mid = mid

    @property
    def key_1(self):
        """True if security key 1 is fitted."""
        return self.mid or bool(self._read()[0])

    @property
    def key_2(self):
        """True if security key 2 is fitted."""
        return self.mid or bool(self._read()[1])

    def check(self, what, origin, by_key_1, by_key_2, by_mid):
        """Refuse what a key or the option blocks. by_...: what the columns of the table say."""
        for is_fitted, column, name in (
            (self.mid, by_mid, "the MID option"),
            (self.key_1, by_key_1, "security key 1"),
            (self.key_2, by_key_2, "security key 2"),
        ):
            if is_fitted and (column == BLOCKED or column == PANEL and origin == FRONT_PANEL):
                raise Refused("%s: %s by %s" % (what, column, name))

    def check_unlock(self, origin):
        """Refuse a login at a front panel that cannot be unlocked."""
        self.check("login", origin, PANEL, FREE, PANEL)
