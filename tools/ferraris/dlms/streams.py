"""What bytes travel over: a TCP connection, a serial line or pseudo-terminal. All failures are ClientErrors."""

import os
import socket
import termios
import time
from typing import Protocol

import serial

from ferraris.errors import ClientError


class Stream(Protocol):
    """name: for messages. timeout: seconds of silence allowed."""

    name: str
    timeout: float

    def send(self, data: bytes) -> None:
        """Send all of data."""

    def read(self, count: int, what: str) -> bytes:
        """Return `count` bytes. what: what they should be, for the message if they do not come."""

    def some(self, what: str) -> bytes:
        """Return what has come, at least a byte."""

    def close(self) -> None:
        """Close."""


class TcpStream:
    """A connection."""

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self.name, self.timeout = f"{host}:{port}", timeout
        self._received = bytearray()
        try:
            self._socket = socket.create_connection((host, port), timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except ConnectionRefusedError:
            raise ClientError(f"{self.name}: connection refused; no meter listens there") from None
        except OSError as error:
            raise ClientError(f"{self.name}: {error}") from None

    def send(self, data: bytes) -> None:
        """See Stream."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise ClientError(f"{self.name}: {error}") from None

    def read(self, count: int, what: str) -> bytes:
        """See Stream."""
        while len(self._received) < count:
            self._received += self._receive(what)
        data = bytes(self._received[:count])
        del self._received[:count]
        return data

    def some(self, what: str) -> bytes:
        """See Stream."""
        data = bytes(self._received) or self._receive(what)
        self._received.clear()
        return data

    def _receive(self, what: str) -> bytes:
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            raise ClientError(f"{self.name}: no answer: waited {self.timeout:g} s for {what}") from None
        except OSError as error:
            raise ClientError(f"{self.name}: {error}") from None
        if not data:
            raise ClientError(f"{self.name}: the meter closed the connection before {what}")
        return data

    def close(self) -> None:
        """See Stream."""
        self._socket.close()


class SerialStream:
    """A serial line. bits, parity: as of pyserial."""

    def __init__(self, path: str, timeout: float, baud: int, bits: int = 8, parity: str = "N") -> None:
        self.name, self.timeout = path, timeout
        try:
            self._port = serial.Serial(path, baud, bits, parity, timeout=timeout)
        except (OSError, ValueError, termios.error) as error:
            number = getattr(error, "errno", None)
            raise ClientError(f"{path}: cannot open: {os.strerror(number) if number else error}") from None

    def configure(self, baud: int, bits: int = 8, parity: str = "N") -> None:
        """Change the line once all has left."""
        try:
            self._port.flush()
            time.sleep(0.01)  # the last bits are on the line for 2 ms at most
            self._port.apply_settings({"baudrate": baud, "bytesize": bits, "parity": parity})
        except (OSError, ValueError, serial.SerialException, termios.error) as error:
            raise ClientError(f"{self.name}: {error}") from None

    def send(self, data: bytes) -> None:
        """See Stream. Returns when it has left."""
        try:
            self._port.write(data)
            self._port.flush()
        except (OSError, serial.SerialException) as error:
            raise ClientError(f"{self.name}: {error}") from None

    def read(self, count: int, what: str) -> bytes:
        """See Stream."""
        data = b""
        while len(data) < count:
            data += self._receive(count - len(data), what)
        return data

    def wait_for(self, end: bytes, seconds: float) -> None:
        """Take bytes until this one has come (without its parity bit), or for so long as none comes."""
        self._port.timeout = seconds
        try:
            byte = self._port.read(1)
            while byte and byte[0] & 0x7F != end[0]:
                byte = self._port.read(1)
        except (OSError, serial.SerialException) as error:
            raise ClientError(f"{self.name}: {error}") from None
        finally:
            self._port.timeout = self.timeout

    def some(self, what: str) -> bytes:
        """See Stream."""
        return self._receive(max(1, self._port.in_waiting), what)

    def _receive(self, count: int, what: str) -> bytes:
        try:
            data = bytes(self._port.read(count))
        except (OSError, serial.SerialException) as error:
            raise ClientError(f"{self.name}: {error}") from None
        if not data:
            raise ClientError(f"{self.name}: no answer: waited {self.timeout:g} s for {what}")
        return data

    def close(self) -> None:
        """See Stream."""
        self._port.close()
