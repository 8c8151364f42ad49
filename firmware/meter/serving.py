"""The ports of a meter: which are open, what is spoken on each, and who asks. It knows all protocols; app.py imports
it when metering has begun.
"""

import asyncio

from meter.access.visitor import Visitor
from meter.compat import const, random_bytes
from meter.config.schema import BAUDS
from meter.ports import serial, tcp
from meter.ports.endpoint import Endpoint
from meter.protocols.dlms.conversation import Conversation
from meter.protocols.dlms.device import Device
from meter.protocols.dlms.hdlc_session import HdlcSession
from meter.protocols.dlms.objects import managed
from meter.protocols.dlms.objects.association import Associations
from meter.protocols.dlms.objects.catalogue import MEASURED, Catalogue
from meter.protocols.dlms.wrapper_session import TcpDlmsSession
from meter.protocols.iec62056_21.session import Iec6205621Session
from meter.pushing import pusher
from meter.registers import event_kinds

CONNECTIONS = const(4)  # of each protocol on TCP
DLMS_READ_SIZE = const(2048)
ORIGINS = {"optical": event_kinds.OPTICAL, "rs485": event_kinds.RS485, "rs485_2": event_kinds.RS485}
_FLAG = "iec62056-21"


class PortError(OSError):
    """A TCP port cannot be opened. path: of its settings. error: the OSError."""

    def __init__(self, path, error):
        super().__init__("%s: %s" % (path, error))
        self.path, self.error = path, error


def device(app, board, endpoints=tuple):
    """Return the Device: what all associations of this meter share. endpoints: function that returns the Endpoints."""
    catalogue = Catalogue((Associations(), managed.family()) + MEASURED)
    return Device(
        catalogue, board.max_pdu, random_bytes, lambda: app.settings, endpoints, board.signature,
        state=app.dlms_state,
    )  # fmt: skip


class Serving:
    """The ports of one App.

    app         App: access, settings and so on as they are now
    board       its Board
    visits      SecurityLog

    tasks       what was started, to be cancelled at the end
    endpoints   list of Endpoint: each protocol on each port
    """

    def __init__(self, app, board, visits):
        self._app, self._board, self._visits = app, board, visits
        self._ports, self._network = [], []
        self.tasks, self.endpoints = [], []
        self._device = device(app, board, lambda: self.endpoints)
        self._pusher = pusher(app, self._device, visits)

    async def open(self, announce):
        """Open all ports. announce: called with (protocol, address) for each. PortError, OSError."""
        for name in self._board.serial_ports:
            if self._app.settings["ports.%s.enabled" % name]:
                self._open_serial(name, announce)
        for path, word, make_session, read_size in (
            ("ports.iec62056_21_tcp", _FLAG, self._flag_connection, tcp.READ_SIZE),
            ("ports.dlms_tcp", "dlms", self._dlms_connection, DLMS_READ_SIZE),
        ):
            if self._app.settings[path + ".enabled"]:
                await self._listen(path, word, make_session, read_size, announce)
        self.tasks.append(asyncio.create_task(self._pusher.run(self._board.net, self._app.uptime)))

    def _endpoint(self, port, protocol):
        made = Endpoint(port, protocol)
        self.endpoints.append(made)
        return made

    def _failed(self, error):
        """A port cannot be opened. Where somebody watches the start, it ends here; else the meter goes on without."""
        self.endpoints[-1].fault = True
        if self._board.is_attended:
            raise error

    def close(self):
        """Close all ports."""
        for task in self.tasks:
            task.cancel()
        for port in self._ports:
            port.close()

    def hang_up(self):
        """End all network connections."""
        for server in self._network:
            server.hang_up()

    # Networks

    async def _listen(self, path, word, make_session, read_size, announce):
        settings, app = self._app.settings, self._app
        make_session = self._endpoint(path.split(".")[1], word).makes(make_session)
        try:
            server = await tcp.serve(
                self._board.net, settings[path + ".host"], settings[path + ".port"], make_session, app.uptime,
                CONNECTIONS, is_suspended=lambda: bool(app.engine.test_at), read_size=read_size,
            )  # fmt: skip
        except OSError as error:
            self._failed(PortError(path, error))
            return
        self._network.append(server)
        self._ports.append(server)
        announce(word, "%s:%d" % server.address)

    def _flag_connection(self):
        visitor = self._visitor(event_kinds.TCP)
        session = Iec6205621Session(
            visitor,
            serial=False,
            visit=visitor,
            mode="E",
            make_hdlc=lambda line: self._hdlc_session(visitor, line, session.peer),
        )
        return session

    def _dlms_connection(self):
        unit, max_info, window, _, inter_frame = self._hdlc_settings()
        inactivity = self._app.settings["ports.dlms_tcp.inactivity"] * 1000
        conversation = Conversation(self._device, self._visitor(event_kinds.TCP))
        return TcpDlmsSession(conversation, unit, max_info, window, inactivity, inter_frame)

    # Serial lines

    def _open_serial(self, name, announce):
        app, word = self._app, self._app.settings.get("ports.%s.protocol" % name, _FLAG)
        make_session, line = SERIAL[word](self, name, self._visitor(ORIGINS[name]))
        endpoint = self._endpoint(name, word)
        try:
            uart = self._board.uart(name)
        except OSError as error:
            self._failed(error)
            return
        self._ports.append(uart)
        if line:
            uart.configure(*line)
        timing = self._half_duplex(name, uart)
        carried = _carry(endpoint, uart, endpoint.makes(make_session), app.uptime, timing)
        self.tasks.append(asyncio.create_task(carried))
        announce(word, self._board.address(name))

    def _half_duplex(self, name, uart):
        """Set up the kind of line of a serial port, and return the serial.Timing that it is driven with, or None."""
        settings, path = self._app.settings, "ports.%s." % name
        if path + "type" not in settings:
            return None
        uart.mode(settings[path + "type"], settings[path + "terminator"])
        return serial.Timing(
            settings[path + "tx_start"], settings[path + "tx_end"], settings[path + "turnaround"]
        )

    def _flag_line(self, name, visitor):
        settings, path = self._app.settings, "ports.%s." % name
        baud, reaction = str(BAUDS.index(settings[path + "baud"])), settings[path + "reaction"]
        mode = settings[path + "mode"]

        def make_session():
            return Iec6205621Session(
                visitor, baud=baud, reaction_ms=reaction, visit=visitor, mode=mode,
                make_hdlc=lambda line: self._hdlc_session(visitor, line),
            )  # fmt: skip

        return make_session, None

    def _hdlc_line(self, name, visitor):
        line = (self._app.settings["ports.%s.baud" % name], 8, "N", 1)
        return lambda: self._hdlc_session(visitor, line, closes=False), line

    def _hdlc_session(self, visitor, line, peer="", closes=True):
        unit, max_info, window, inactivity, inter_frame = self._hdlc_settings()
        conversation = Conversation(self._device, visitor)
        conversation.peer = peer
        return HdlcSession(
            conversation, unit, max_info, window, inactivity * 1000, inter_frame, line=line, closes=closes
        )

    def _hdlc_settings(self):
        names = ("unit", "max_info", "window", "inactivity", "inter_frame")
        return [self._app.settings["ports.hdlc." + name] for name in names]

    def _visitor(self, origin):
        return Visitor(self._app.access, origin, self._visits, self._app.uptime)


async def _carry(endpoint, *line):
    """Carry a serial port, see serial.run(). One that ends by itself, or with an error, has failed."""
    try:
        await serial.run(*line)
    except asyncio.CancelledError:
        raise
    except OSError:
        pass
    endpoint.fault = True


# protocol word of a serial port -> how its sessions are made
SERIAL = {_FLAG: Serving._flag_line, "dlms": Serving._hdlc_line}
