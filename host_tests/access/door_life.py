"""A whole meter in memory for the tests of access, with jumpers and a MID option that can be changed at any time."""

from meter.access.key_store import FACTORY
from meter.access.visitor import Visitor
from meter.config.schema import validate
from meter.key_wrap import wrap
from meter.metrology.calibration import Calibration
from meter.metrology.span import Span
from meter.registers import event_kinds as kinds

from host_tests.test_app import NO_PORTS, make

PASSWORDS = {"admin": "admin", "user1": "user1", "user2": "user2", "pq": "pq"}
ANONYMOUS = ""

# One set of good arguments for each command.
ARGUMENTS = {
    "set time": {"utc": 1_800_000_000},
    "preset register": {"number": 2, "value": 5_000_000},
    "override tariff": {"is_on": True},
    "write configuration": {"document": "{}"},
    "change password": {"old": "old", "new": "some other"},
    "set user": {"user": "guest", "password": "welcome", "rights": ("read events",)},
    "remove user": {"user": "pq"},
    "reset users": {"confirmed": True},
    "replace keys": {"keys": ((0, wrap(FACTORY[3], b"another 16 bytes")),)},
    "mark load profile read": {"profile": 1, "reader": "head-end", "entry": 1},
    "calibrate": {"calibration": Calibration(gains=(1.01,) * 6).pack()},
    "cold start": {"confirmed": True},
    "upgrade firmware": {"step": "begin", "image": b"image", "size": 1000},
    "drive output": {"output": 1, "is_on": True},
}


SETTINGS = validate(
    {**NO_PORTS, "tou": {"override": "H", "days": [["all", "all", "00:00 A"]]}, "demand": {"sync": True}}
)


class Life:
    """One App, its door, and time that passes as the test wants."""

    def __init__(self, flash=None, settings=SETTINGS):
        self.board, self.app = make(None, settings=settings, flash=flash)
        self.access = self.app.access
        self.door = self.access._door
        self.users = self.door._users
        self.now = 0

    def pass_time(self, seconds):
        """Meter nothing for so long."""
        meter = self.app.meter
        until = meter.clock.second + seconds
        while meter.clock.second < until:
            span = Span(connection=meter._half_cycles.connection)
            span.end = min(until, meter.next_boundary())
            meter.take(span)
        self.now += seconds * 1000

    def fit(self, key_1=False, key_2=False, mid=False):
        """Fit or take away the jumpers and the option."""
        self.board.security_keys = (key_1, key_2)
        self.door._keys.mid = mid

    def who(self, user, origin=kinds.TCP, peer="10.0.0.7:4000"):
        """Return a Login, past what locks a login out."""
        if user == ANONYMOUS:
            return self.access.anonymous(origin, peer)
        return self.access.login(user, PASSWORDS[user], origin, peer, self.now)

    def log(self, name="security"):
        """Return the entries of a log."""
        return list(self.access.log(name))

    def ms(self):
        """Uptime, as a Visitor reads it."""
        return self.now

    def visitor(self, origin=kinds.TCP):
        """Return a Visitor at this door."""
        return Visitor(self.access, origin, self.door._log, self)
