"""Self-reads: chosen registers with time and health, as records in a Fifo (the manual, Periodic Self-Read Records).

    time (in the Fifo's header)     of the self-read, UTC

    0        1         2        6        7                  7 + 11 n
    +--------+---------+--------+--------+------- ... ------+
    | uint8  | uint8   | uint32 | uint8  | n values:        |
    | version| trigger | health | n      | uint16 register, |
    |        |         | bits   |        | uint8 kind, 8    |
    +--------+---------+--------+--------+------- ... ------+

A record without trigger and values erases those before it: registers were zeroed by a new configuration.
A value is as in a register's state: kind 0 none, 1 int64 in 10**-6 of the unit (or UTC seconds), 2 float64.
"""

import struct
from collections import namedtuple

from meter.compat import const
from meter.registers.register import packed, unpacked

VERSION = const(1)
KEPT = const(96)  # records
_HEAD = "<BBIB"
_HEAD_SIZE = const(7)
_VALUE_SIZE = const(11)

# What a self-read follows: the setting, and its number in a record.
TRIGGERS = (
    "none", "subinterval", "interval", "hourly", "daily", "weekly", "monthly", "billing period reset"
)  # fmt: skip

ERASURE = struct.pack(_HEAD, VERSION, 0, 0, 0)

# entry: number in the Fifo. values: tuple of (register number, value)
SelfRead = namedtuple("SelfRead", ("entry", "time", "trigger", "health", "values"))


class SelfReads:
    """The self-reads of a meter.

    fifo        where the records go
    trigger     one of TRIGGERS
    registers   the Registers that are read
    """

    def __init__(self, fifo, trigger, registers):
        self.fifo = fifo
        self.trigger = trigger
        self._registers = registers

    def take(self, health):
        """Return the record of the present values, bytes. health: the diagnostic state."""
        values = [
            struct.pack("<H", register.definition.id) + packed(register.value())
            for register in self._registers
        ]
        trigger = TRIGGERS.index(self.trigger)
        return struct.pack(_HEAD, VERSION, trigger, health, len(values)) + b"".join(values)

    def records(self, start=None):
        """Yield the newest KEPT SelfReads, oldest first, from entry `start` on. None from before an erasure."""
        oldest = max(start or 0, self.fifo.next - KEPT)
        for entry, _, payload in self.fifo.records(oldest):
            if payload == ERASURE:
                oldest = entry + 1
        for entry, time, payload in self.fifo.records(oldest):
            yield read(entry, time, payload)


def read(entry, time, payload):
    """Return the SelfRead in a record's bytes."""
    _, trigger, health, count = struct.unpack_from(_HEAD, payload)
    values = []
    for at in range(_HEAD_SIZE, _HEAD_SIZE + count * _VALUE_SIZE, _VALUE_SIZE):
        values.append((struct.unpack_from("<H", payload, at)[0], unpacked(payload, at + 2)))
    return SelfRead(entry, time, TRIGGERS[trigger], health, tuple(values))
