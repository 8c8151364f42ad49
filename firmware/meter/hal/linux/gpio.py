"""Lines of a GPIO character device, /dev/gpiochipN, by version 2 of its interface (linux/gpio.h, Linux 5.10).

    gpio_v2_line_request, 592 bytes: offsets 64 x u32 | consumer 32 | config 272 | num_lines u32 |
                                     event_buffer_size u32 | padding 5 x u32 | fd s32
    config, 272 bytes:               flags u64 | num_attrs u32 | padding 5 x u32 | 10 attributes of 24 bytes
    attribute:                       id u32 | padding u32 | value u64 | mask u64
    gpio_v2_line_event, 48 bytes:    timestamp_ns u64 | id u32 | offset u32 | seqno u32 | line_seqno u32 | padding 24

The kernel stamps and numbers every edge when it comes. Its buffer drops the oldest when nobody reads, but the
numbers go on: so what was missed is known.
"""

import os
from struct import pack_into, unpack, unpack_from

from meter.hal.linux.system import READ, WRITE, System, request

GET_LINE = request(READ | WRITE, "\xb4", 0x07, 592)
GET_VALUES = request(READ | WRITE, "\xb4", 0x0E, 16)
SET_VALUES = request(READ | WRITE, "\xb4", 0x0F, 16)
ACTIVE_LOW, INPUT, OUTPUT = 1 << 1, 1 << 2, 1 << 3
RISING, FALLING = 1 << 4, 1 << 5
PULL_UP = 1 << 8
DEBOUNCE = 3  # the attribute's id
EVENT = "<QIIII24x"
EVENT_SIZE = 48
RISING_EDGE = 1
_READ_EVENTS = 64
_COUNT_EVENTS = 1024  # the most that the kernel keeps
_CONSUMER = b"ferraris"


class Edge:
    """One edge. ns: monotonic time. offset: the line's. is_rising. number: of this line's edges, from 1."""

    def __init__(self, ns, kind, offset, number):
        self.ns, self.is_rising, self.offset, self.number = ns, kind == RISING_EDGE, offset, number


class Lines:
    """Some lines of one chip, all with the same flags.

    chip      path of the character device. offsets: line numbers on it
    flags     of the constants above
    debounce_us   how long an input must stay to count, or 0
    buffer    edges that the kernel keeps; 0: its own choice, 16 a line
    """

    def __init__(self, chip, offsets, flags, debounce_us=0, buffer=0, system=System):
        self.offsets = tuple(offsets)
        self._system = system
        fd = system.open(chip, os.O_RDWR | os.O_CLOEXEC)
        try:
            wanted = _request(self.offsets, flags, debounce_us, buffer)
            system.ioctl(fd, GET_LINE, wanted)
        finally:
            system.close(fd)
        self._fd = unpack_from("<i", wanted, 588)[0]

    def fileno(self):
        """The descriptor that can be read when there are edges."""
        return self._fd

    def values(self):
        """Return the lines as a bit mask, bit 0 the first of `offsets`; active is 1."""
        found = bytearray(16)
        pack_into("<QQ", found, 0, 0, (1 << len(self.offsets)) - 1)
        self._system.ioctl(self._fd, GET_VALUES, found)
        return unpack_from("<Q", found)[0]

    def set(self, index, state):
        """Drive one output: the line at this index of `offsets`."""
        wanted = bytearray(16)
        pack_into("<QQ", wanted, 0, bool(state) << index, 1 << index)
        self._system.ioctl(self._fd, SET_VALUES, wanted)

    def edges(self):
        """Wait for edges; return those that there are, a list of Edge, oldest first."""
        data = self._system.read(self._fd, _READ_EVENTS * EVENT_SIZE)
        found = []
        for at in range(0, len(data) - EVENT_SIZE + 1, EVENT_SIZE):
            ns, kind, offset, _, number = unpack(EVENT, data[at : at + EVENT_SIZE])
            found.append(Edge(ns, kind, offset, number))
        return found

    def count(self):
        """Wait for edges, forget those that there are, return the number of the newest (32 bits). For one line."""
        data = self._system.read(self._fd, _COUNT_EVENTS * EVENT_SIZE)
        return unpack_from("<I", data, len(data) - EVENT_SIZE + 20)[0]

    def is_waiting(self):
        """Return True if there are edges: edges() and count() would not wait."""
        return self._system.readable(self._fd)

    def close(self):
        """Give the lines back."""
        if self._fd is not None:
            self._system.close(self._fd)
            self._fd = None


def _request(offsets, flags, debounce_us, buffer):
    wanted = bytearray(592)
    pack_into("<%dI" % len(offsets), wanted, 0, *offsets)
    pack_into("%ds" % len(_CONSUMER), wanted, 256, _CONSUMER)
    pack_into("<QI", wanted, 288, flags, 1 if debounce_us else 0)
    if debounce_us:
        pack_into("<IIQQ", wanted, 320, DEBOUNCE, 0, debounce_us, (1 << len(offsets)) - 1)
    pack_into("<II", wanted, 560, len(offsets), buffer)
    return wanted
