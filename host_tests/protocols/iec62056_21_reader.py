"""A whole meter in memory behind a session in programming mode, for the tests that need what is in it."""

import json

from meter.access.errors import Refused
from meter.access.visitor import Visitor
from meter.registers import event_kinds as kinds

from host_tests.access.door_life import Life
from host_tests.protocols.iec62056_21_line import Line
from host_tests.register_life import span_of

LOAD = {"W.del.P": 1000, "V2.A": 14400}


def flow(life, seconds, flows=LOAD):
    """Let a steady load flow for so many seconds."""
    meter = life.app.meter
    until = meter.clock.second + seconds
    while meter.clock.second < until:
        end = min(until, meter.next_boundary())
        meter.take(span_of(end - meter.clock.second, end, flows))


class Changing(Visitor):
    """A Visitor on which settings can be changed by path."""

    def change(self, given):
        document = json.loads(self._access.configuration())
        for path, value in given.items():
            node, names = document, path.split(".")
            for name in names[:-1]:
                node = node.get(name)
                if not isinstance(node, dict):
                    raise Refused(f"{path}: unknown setting")
            if names[-1] not in node:
                raise Refused(f"{path}: unknown setting")
            node[names[-1]] = value
        self.command("write configuration", document=json.dumps(document))


class Reader(Line):
    """life: the meter. visitor: the session's access object. The time of both passes together."""

    def __init__(self, life=None, origin=kinds.OPTICAL, **options):
        self.life = life or Life()
        self.visitor = Changing(self.life.access, origin, self.life.door._log, self.life)
        super().__init__(self.visitor, visit=self.visitor, **options)

    def wait(self, ms):
        self.life.now = max(self.life.now, self.now)
        return super().wait(ms)
