"""A meter made of the gurux-dlms library (GPLv2), to compare speeds with: a process of its own, never part of Ferraris.

    python gurux_server.py ROWS        prints `listening PORT`, serves until its input ends

It has a clock, four registers and a load profile 1.0.99.1.0.255 of ROWS records with the four of them. The library's
server classes are translated from Java and call what Python's do not have; Patched and the lines at the end of this
file give them that.
"""

import contextlib
import datetime
import os
import socket
import sys
import threading

from gurux_dlms import GXDateTime, GXDLMSConnectionEventArgs, GXDLMSServer, GXServerReply
from gurux_dlms.enums import (
    AccessMode,
    DataType,
    InterfaceType,
    MethodAccessMode,
    SourceDiagnostic,
    Unit,
)
from gurux_dlms.GXDLMSLNParameters import GXDLMSLNParameters
from gurux_dlms.GXDLMSLongTransaction import GXDLMSLongTransaction
from gurux_dlms.GXDLMSSettings import GXDLMSSettings
from gurux_dlms.GXHdlcSettings import GXHdlcSettings
from gurux_dlms.objects import (
    GXDLMSAssociationLogicalName,
    GXDLMSClock,
    GXDLMSData,
    GXDLMSProfileGeneric,
    GXDLMSRegister,
)
from gurux_dlms.secure import GXDLMSSecureServer
from gurux_dlms.ValueEventArgs import ValueEventArgs

QUARTER = datetime.timedelta(minutes=15)
BEGIN = datetime.datetime(2024, 1, 1)


def accessors(cls):
    """Give a class the get... and set... methods that the library calls for its plain attributes."""

    def lookup(self, name):
        attribute = name[3:4].lower() + name[4:]
        if name.startswith("get") and attribute:
            return lambda: getattr(self, attribute)
        if name.startswith("set") and attribute:
            return lambda value: setattr(self, attribute, value)
        raise AttributeError(name)

    cls.__getattr__ = lookup


def nothing(*_):
    """Do nothing: what the library tells here does not matter."""


class Server(GXDLMSSecureServer):
    """Everybody may do everything."""

    def isTarget(self, *_):
        return True

    def onValidateAuthentication(self, *_):
        return SourceDiagnostic.NONE

    def onFindObject(self, *_):
        return None

    def onGetAttributeAccess(self, *_):
        return AccessMode.READ_WRITE

    def onGetMethodAccess(self, *_):
        return MethodAccessMode.ACCESS

    onPreGet = onPostGet = onPreRead = onPostRead = onPreWrite = onPostWrite = nothing

    def reportError(self, command, error):
        import traceback

        traceback.print_exc()
        return super().reportError(command, error)

    onPreAction = onPostAction = onConnected = onDisconnected = onInvalidConnection = nothing


def registers():
    """Return the four registers."""
    found = []
    for group in range(1, 5):
        register = GXDLMSRegister(f"1.0.{group}.8.0.255")
        register.value, register.scaler, register.unit = 1_234_567 + group, 1, Unit.ACTIVE_ENERGY
        register.setDataType(2, DataType.UINT32)
        found.append(register)
    return found


def profile(clock, channels, rows):
    """Return a load profile with its records in memory, as the library has it."""
    made = GXDLMSProfileGeneric("1.0.99.1.0.255")
    made.capturePeriod = 900
    for source in (clock, *channels):
        made.addCaptureObject(source, 2, 0)
    made.buffer = [[GXDateTime(BEGIN + n * QUARTER), n, n + 1, n + 2, n + 3] for n in range(rows)]
    made.entriesInUse = made.profileEntries = rows
    return made


def server(shared):
    """Return a server for one connection. shared: the objects, which all connections have."""
    made = Server(True, InterfaceType.WRAPPER)
    made.hdlc = None  # the wrapper needs none
    made.settings.ciphering.systemTitle = b"GRX00001"
    made.settings.cipher = made.settings.ciphering
    association = GXDLMSAssociationLogicalName("0.0.40.0.0.255")
    for one in (association, *shared):
        made.items.append(one)
        association.objectList.append(one)
    made.initialize()
    return made


def serve(connection, shared):
    """Answer one connection until it ends."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made, who = server(shared), GXDLMSConnectionEventArgs()
    with contextlib.closing(connection):
        while data := connection.recv(65536):
            reply = GXServerReply(data)
            reply.connectionInfo = who
            made.handleRequest(reply)
            if reply.reply:
                connection.sendall(bytes(reply.reply))


def patch():
    """Give the library's classes what they lack."""
    for cls in (GXDLMSSettings, GXServerReply, GXDLMSServer, ValueEventArgs, GXDLMSLongTransaction):
        accessors(cls)
    GXDLMSSettings.gbtWndowSize = property(lambda settings: settings.gbtWindowSize)
    GXDLMSLNParameters.isMultipleBlocks = lambda parameters: parameters.multipleBlocks
    GXDLMSServer.notifyRead = GXDLMSServer.notifyConnected = nothing
    GXHdlcSettings.update = nothing


def main(rows):
    """Serve."""
    patch()
    clock, name, channels = GXDLMSClock("0.0.1.0.0.255"), GXDLMSData("0.0.42.0.0.255"), registers()
    clock.time = GXDateTime(BEGIN)
    clock.setDataType(2, DataType.OCTET_STRING)
    name.value = "GRX0000000000001"
    shared = (name, clock, *channels, profile(clock, channels, rows))
    listener = socket.create_server(("127.0.0.1", 0))
    print("listening", listener.getsockname()[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, shared), daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]))
