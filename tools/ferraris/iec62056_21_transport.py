"""What the IEC 62056-21 reader talks through: a TCP connection or a serial line, in characters of 7 bits."""

import os
import socket
import termios
import time

import serial

from ferraris.errors import ClientError


class TcpTransport:
    """A connection. timeout: seconds of silence allowed. Raises ClientError."""

    is_line = False

    def __init__(self, host: str, port: int, timeout: float):
        self._name = f"{host}:{port}"
        self._timeout = timeout
        self._received = b""
        try:
            self._socket = socket.create_connection((host, port), timeout)
        except ConnectionRefusedError:
            raise ClientError(f"{self._name}: connection refused; no meter listens there") from None
        except OSError as error:
            raise ClientError(f"{self._name}: {error}") from None

    def send(self, data: bytes) -> None:
        """Send all of data."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise ClientError(f"{self._name}: {error}") from None

    def byte(self, what: str) -> bytes:
        """Return the next byte. what: what it should be part of, for the error message."""
        if not self._received:
            try:
                self._received = self._socket.recv(4096)
            except TimeoutError:
                raise ClientError(f"{self._name}: no answer: waited {self._timeout:g} s for {what}") from None
            except OSError as error:
                raise ClientError(f"{self._name}: {error}") from None
            if not self._received:
                raise ClientError(f"{self._name}: the meter closed the connection before {what}")
        first, self._received = self._received[:1], self._received[1:]
        return bytes((first[0] & 0x7F,))

    def switch(self, baud: int) -> None:
        """A connection has no baud rate."""

    def close(self) -> None:
        self._socket.close()


class SerialTransport:
    """A serial line at 300 baud 7E1, or a pseudo-terminal. timeout: seconds of silence allowed."""

    is_line = True

    def __init__(self, path: str, timeout: float):
        self._path = path
        self._timeout = timeout
        self._port = self._opened()

    def _opened(self) -> serial.Serial:
        """Open at 7E1. A pseudo-terminal already at 300 baud refuses that, as only the parity would change:
        it takes 8N1. The parity bit is masked away in any case."""
        for bits, parity in ((serial.SEVENBITS, serial.PARITY_EVEN), (serial.EIGHTBITS, serial.PARITY_NONE)):
            try:
                return serial.Serial(self._path, 300, bits, parity, timeout=self._timeout)
            except (OSError, ValueError, termios.error) as error:
                failure = error
        number = getattr(failure, "errno", None)
        raise ClientError(f"{self._path}: cannot open: {os.strerror(number) if number else failure}")

    def send(self, data: bytes) -> None:
        """Send data and wait until it has left."""
        try:
            self._port.write(data)
            self._port.flush()
        except (OSError, serial.SerialException) as error:
            raise ClientError(f"{self._path}: {error}") from None

    def byte(self, what: str) -> bytes:
        """Return the next byte. what: what it should be part of, for the error message."""
        try:
            data = self._port.read(1)
        except (OSError, serial.SerialException) as error:
            raise ClientError(f"{self._path}: {error}") from None
        if not data:
            raise ClientError(f"{self._path}: no answer: waited {self._timeout:g} s for {what}")
        return bytes((data[0] & 0x7F,))

    def switch(self, baud: int) -> None:
        """Change the baud rate. What was sent has left; the last bits are on the line for 2 ms at most."""
        time.sleep(0.01)
        self._port.baudrate = baud

    def close(self) -> None:
        self._port.close()


Transport = TcpTransport | SerialTransport
