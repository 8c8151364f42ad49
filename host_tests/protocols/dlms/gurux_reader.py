"""A reader on the gurux-dlms library (GPLv2), which only tests import: somebody else's client for our meter.

What to know of it, seen with 1.0.203: it tolerates trailing bytes; its own serial port class fails on
pseudo-terminals, so pyserial carries the bytes; mode E needs HDLC_WITH_MODE_E and the sign-on sent by hand.
"""

import socket

import serial
from gurux_dlms import GXByteBuffer, GXDLMSException, GXReplyData
from gurux_dlms.enums import Authentication, InterfaceType, Security
from gurux_dlms.secure import GXDLMSSecureClient

WRAPPER, HDLC, MODE_E = InterfaceType.WRAPPER, InterfaceType.HDLC, InterfaceType.HDLC_WITH_MODE_E
UNICAST = bytes(range(16))
AUTHENTICATION = bytes.fromhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF")
TIMEOUT_S = 10


class Failed(Exception):
    """The library reports an error of the meter. code: a Data-Access-Result."""

    def __init__(self, code):
        super().__init__(str(code))
        self.code = int(code)


class GuruxReader:
    """where: (host, port), the path of a line, or what carries bytes: with write(), read() and close().

    level: "public", "reader", "management".
    """

    def __init__(self, kind, where, level="public", secret="admin:admin", counter=1, title=b"GRX12345"):
        sap, authentication = {
            "public": (16, Authentication.NONE),
            "reader": (32, Authentication.LOW),
            "management": (1, Authentication.HIGH_GMAC),
        }[level]
        password = secret if level == "reader" else None
        self.client = GXDLMSSecureClient(True, sap, 1, authentication, password, kind)
        if level == "management":
            ciphering = self.client.ciphering
            ciphering.security = Security.AUTHENTICATION_ENCRYPTION
            ciphering.systemTitle = title
            ciphering.authenticationKey, ciphering.blockCipherKey = AUTHENTICATION, UNICAST
            ciphering.invocationCounter = counter
        self._kind, self._level = kind, level
        known = {str: _Line, tuple: _Connection}.get(type(where))
        self._media = known(where) if known else where

    def __enter__(self):
        try:
            if self._kind == MODE_E:
                self._sign_on()
            self._associate()
        except BaseException:
            self._media.close()
            raise
        return self

    def __exit__(self, *_):
        try:
            if self._kind == WRAPPER:
                self._exchange(self.client.releaseRequest())
            else:
                self._exchange(self.client.disconnectRequest())
        except (Failed, OSError):
            pass  # a meter that starts again with other firmware has hung up
        self._media.close()

    def _sign_on(self):
        self._media.write(b"/?!\r\n")
        identification = self._media.line()
        self._media.write(b"\x062" + identification[4:5] + b"2\r\n")
        assert self._media.line() == b"\x062" + identification[4:5] + b"2\r\n"

    def _associate(self):
        client = self.client
        request = client.snrmRequest()
        if request:
            client.parseUAResponse(self._exchange(request).data)
        client.parseAareResponse(self._exchange(client.aarqRequest()).data)
        if self._level == "management":
            reply = self._exchange(client.getApplicationAssociationRequest())
            client.parseApplicationAssociationResponse(reply.data)

    def objects(self):
        """Return the objects of the association list."""
        self.client.parseObjects(self._exchange(self.client.getObjectsRequest()).data, True)
        return self.client.objects

    def read(self, one, attribute):
        """Read an attribute into the library's object, and return its value. Failed."""
        reply = self._exchange(self.client.read(one, attribute))
        return self.client.updateValue(one, attribute, reply.value)

    def rows(self, profile, request):
        """Return the rows of a buffer as the library reads them. request: of readRowsByRange or -ByEntry."""
        profile.buffer = []
        self.client.updateValue(profile, 2, self._exchange(request).value)
        return profile.buffer

    def write(self, one, attribute):
        """Set an attribute to what the library's object has. Failed."""
        self._exchange(self.client.write(one, attribute))

    def call(self, request):
        """Send the requests of a method of an object. Failed."""
        return self._exchange(request)

    def _exchange(self, packets):
        reply = GXReplyData()
        for packet in [packets] if isinstance(packets, (bytes, bytearray)) else packets or []:
            reply.clear()
            self._one(packet, reply)
            while reply.isMoreData():
                self._one(None if reply.isStreaming() else self.client.receiverReady(reply), reply)
        return reply

    def _one(self, packet, reply):
        received, notification = GXByteBuffer(), GXReplyData()
        reply.error = 0
        if packet:
            self._media.write(bytes(packet))
        try:
            while not self.client.getData(received, reply, notification):
                received.set(self._media.read())
        except GXDLMSException as error:
            raise Failed(error.errorCode) from error
        if reply.error:
            raise Failed(reply.error)


class _Connection:
    def __init__(self, where):
        self._socket = socket.create_connection(where, TIMEOUT_S)
        self.write, self.close = self._socket.sendall, self._socket.close

    def read(self):
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the meter closed the connection")
        return data


class _Line:
    def __init__(self, path):
        self._port = serial.Serial(path, 9600, timeout=TIMEOUT_S)
        self.write, self.close = self._port.write, self._port.close

    def read(self):
        data = self._port.read(1) + self._port.read(self._port.in_waiting)
        assert data, "the meter does not answer"
        return data

    def line(self):
        data = self._port.read_until(b"\n")
        assert data.endswith(b"\n"), data
        return data
