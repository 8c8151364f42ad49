"""A DlmsLife in which time passes, the supply goes and comes back, and clients go on."""

from meter.access.visitor import Visitor
from meter.app import App
from meter.hal.sim.contacts import Contacts
from meter.metrology.span import Span
from meter.registers import event_kinds as kinds
from meter.serving import device

from host_tests.protocols.dlms.dlms_life import DlmsLife


class ManagedLife(DlmsLife):
    """restart(): the supply has gone, and is back after a second."""

    def pass_time(self, seconds):
        """Meter nothing for so long."""
        meter = self.app.meter
        until = meter.clock.second + seconds
        while meter.clock.second < until:
            span = Span(connection=meter._half_cycles.connection)
            span.end = min(until, meter.next_boundary())
            meter.take(span)
            self.app.dlms_state.tick(span.end)
        self.now += seconds * 1000

    def restart(self):
        """Start another App on the same flash. Nothing is stored before: as if the supply had gone at once."""
        self.board.flash.restore_power()
        self.board.contacts = Contacts()
        self.board.rtc.set(self.app.meter.clock.second + 1)
        self.app = App(self.board, None)
        self.access = self.app.access
        self.visitor = Visitor(self.access, kinds.TCP, self.app._visits, self)
        self.dlms = device(self.app, self.board)
        self.talk = self.conversation()

    def cut(self, operations, seed=1):
        """The supply goes in one of the next flash operations."""
        self.board.flash.cut_after = operations
