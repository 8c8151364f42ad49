"""A whole meter in memory on a load without waveforms, and its COSEM objects as an association would ask for them."""

import asyncio

from meter.access.visitor import Visitor
from meter.app import App
from meter.config.schema import validate
from meter.hal.sim.load_model import FunctionSteps
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base
from meter.protocols.dlms.objects.catalogue import Catalogue
from meter.registers import event_kinds as kinds

from boards.sim.board import Board, load_model, nominal_full_scale
from host_tests.harness import START
from host_tests.test_app import NO_PORTS

VOLTS = (120.0, 119.0, 121.0)


def loads(utc):
    """A load that changes each quarter hour, in all directions."""
    k = utc // 900 % 7
    return (*VOLTS, 100.0 + 50.0 * k, 80.0 - 40.0 * k, 120.0, 30.0, -20.0 * k, 10.0, 60.0)


class Association:
    """What an association is to an object: it may do what its Visitor may."""

    def __init__(self, rights=True):
        self._rights = rights

    def may(self, right):
        """Return True if it has this right."""
        return self._rights


class Device:
    """What all associations of a meter share."""

    def __init__(self, **changed):
        self.manual_scaler = self.primary = False
        self.signature = b""
        self.endpoints = tuple
        self.preset = None
        for name, value in changed.items():
            setattr(self, name, value)


class Life:
    """A meter that has metered for so long, and a user at its objects.

    settings    a document
    hours       for which there was a load
    """

    def __init__(self, settings=None, hours=0.0, user="admin", **device):
        document = {**NO_PORTS, **(settings or {})}
        self.settings = validate(document)
        end = START + int(hours * 3600)
        steps = FunctionSteps(loads, 900, START - 900, end)
        self.board = Board(
            self.settings, load_model(self.settings, steps), nominal_full_scale(self.settings), start=START
        )
        self.app = App(self.board, self.settings)
        if hours:
            asyncio.run(self.app.metering())
        self.access = self.app.access
        self.now = 0
        self.visitor = Visitor(self.access, kinds.TCP, self.app._visits, self)
        self.visitor.on("10.0.0.7:4000")
        if user:
            self.visitor.login(user, user)
        self.device = Device(**{"state": self.app.dlms_state, **device})
        self.context = base.Context(self.visitor, Association(), self.device)
        self.catalogue = Catalogue()

    def ms(self):
        """Uptime, as a Visitor reads it."""
        return self.now

    @property
    def second(self):
        """The UTC second of the meter's clock."""
        return self.app.meter.clock.second

    def find(self, class_id, obis):
        """Return an object. obis: a text such as 1.0.1.8.0.255."""
        return self.catalogue.find(class_id, name(obis), self.context)

    def bytes(self, class_id, obis, attribute=2):
        """Return the A-XDR of an attribute."""
        return whole(self.find(class_id, obis).get(attribute, self.context))

    def get(self, class_id, obis, attribute=2):
        """Return the value of an attribute in plain Python: see plain()."""
        return plain(axdr.read_whole(self.bytes(class_id, obis, attribute)))

    def select(self, obis, selector, parameters):
        """Return the rows of a buffer by selective access. parameters: A-XDR."""
        found = self.find(7, obis).select(2, selector, axdr.read_whole(parameters), self.context)
        return plain(axdr.read_whole(whole(found)))


def name(obis):
    """Return the six bytes of a logical name."""
    return bytes(int(part) for part in obis.split("."))


def whole(found):
    """Return what get() returned as bytes."""
    return found if isinstance(found, bytes) else b"".join(piece for piece in found if piece is not None)


def plain(data):
    """Return an axdr.Data in lists, numbers, bytes and texts."""
    if data.tag in (axdr.ARRAY, axdr.STRUCTURE):
        return [plain(part) for part in data.value]
    if data.tag in (axdr.VISIBLE_STRING, axdr.UTF8_STRING):
        return data.value.decode()
    return data.value
