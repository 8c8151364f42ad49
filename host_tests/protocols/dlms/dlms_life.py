"""A whole meter in memory and its associations, as over a connection but without one."""

from meter.access.visitor import Visitor
from meter.protocols.dlms.conversation import Conversation
from meter.registers import event_kinds as kinds
from meter.serving import device

from host_tests.protocols.dlms.objects_life import Life
from host_tests.protocols.dlms.raw_client import RawClient

PUBLIC, READER, MANAGEMENT = 16, 32, 1


class DlmsLife(Life):
    """Life, with conversations. Parameters as of Life."""

    def __init__(self, settings=None, hours=0.0, **options):
        super().__init__(settings, hours, user=None, **options)
        self.visitor.off()
        self.dlms = device(self.app, self.board)
        self.talk = self.conversation()

    def conversation(self, origin=kinds.TCP, peer="10.0.0.7:4000"):
        """Return another Conversation."""
        made = Conversation(self.dlms, Visitor(self.access, origin, self.app._visits, self))
        made.peer = peer
        return made

    def client(self, sap, talk=None, **options):
        """Return a RawClient of this meter."""
        talk = talk or self.talk

        def receive(client, apdu):
            answer = talk.receive(client, 1, apdu, self.now)
            while answer is None:
                answer = talk.work(self.now)
            return answer

        return RawClient(receive, sap, **options)

    def public(self):
        """Return the public client, associated."""
        return self.client(PUBLIC).open()

    def reader(self, user="user1"):
        """Return a reader, associated, as a user with the factory's password."""
        return self.client(READER).open(f"{user}:{user}".encode())

    def management(self, **options):
        """Return the management client, associated."""
        options.setdefault("counter", self.access.keys.received + 1)
        return self.client(MANAGEMENT, **options).open_with_keys()
