"""hal/linux's Uart on one end of a real pseudo-terminal, its peer on the other."""

import contextlib
import os
import select
import time
import tty

from meter.hal.linux.uart import Uart


class Peer:
    """The other end of the line, with the calls of pyserial that the tests use."""

    def __init__(self, fd):
        self._fd = fd

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def write(self, data):
        os.write(self._fd, data)

    def read(self, size):
        data, end = b"", time.monotonic() + 2
        while len(data) < size and select.select([self._fd], [], [], max(0, end - time.monotonic()))[0]:
            data += os.read(self._fd, size - len(data))
        return data


@contextlib.contextmanager
def line(**options):
    """Give (Uart, opener of the peer's end)."""
    master, slave = os.openpty()
    tty.setraw(slave)
    uart = Uart(os.ttyname(slave), **{"stall_ms": 20, **options})
    try:
        yield uart, lambda: Peer(master)
    finally:
        uart.close()
        os.close(master)
        os.close(slave)
