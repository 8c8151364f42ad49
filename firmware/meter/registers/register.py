"""A register: a source, and what its storage type keeps of it."""

import struct

from meter.registers.definition import CUMULATIVE, STORAGES, TIMES, WORKING

_SLOT = "<Bq"  # kind of the value, value; a float is stored as <Bd
_SLOT_SIZE = 9
_NONE, _INTEGER, _REAL = 0, 1, 2


class NotPresettable(ValueError):
    """The register shows something that cannot be set. The message says what."""


class Register:
    """One register.

    definition  Definition
    source      where its value comes from

    frozen      its value at the last freeze; None if it had none, or there was none
    """

    def __init__(self, definition, source):
        self.definition = definition
        self.source = source
        self.frozen = None
        self._slot = None
        self._event = [storage[2] for storage in STORAGES if storage[0] == definition.storage][0]
        self._adds = definition.storage in CUMULATIVE

    def value(self):
        """Return the present value: an int in 10**-6 of its unit, a UTC second, a float, a text, or None."""
        storage = self.definition.storage
        if storage == WORKING:
            return self.source.value()
        if storage == CUMULATIVE[1]:
            return _sum(self._slot, self.source.value())
        return self._slot

    def on(self, event):
        """Keep the source's value if this is the event to do so."""
        if event == self._event:
            value = self.source.value()
            self._slot = _sum(self._slot, value) if self._adds else value

    def preset(self, value):
        """Show this value from now on: an int in 10**-6 of its unit, or a float. NotPresettable if it has no memory."""
        definition = self.definition
        if definition.kind in TIMES or not hasattr(self.source, "reset"):
            raise NotPresettable("register %d shows a %s" % (definition.id, definition.kind))
        if definition.storage == WORKING:
            if not hasattr(self.source, "preset"):
                raise NotPresettable("register %d shows a %s" % (definition.id, definition.kind))
            self.source.preset(value)
        elif definition.storage == CUMULATIVE[1]:
            self._slot = value - (self.source.value() or 0)
        else:
            self._slot = value

    def freeze(self):
        """Keep the present value for remote readers."""
        self.frozen = self.value()

    def state(self):
        """Return what is kept as bytes."""
        return packed(self._slot) + packed(self.frozen)

    def restore(self, state, at):
        """Take it from bytes of state(), from a position on. Return the position behind it."""
        self._slot = unpacked(state, at)
        self.frozen = unpacked(state, at + _SLOT_SIZE)
        return at + 2 * _SLOT_SIZE


def _sum(a, b):
    return b if a is None else a if b is None else a + b


def packed(value):
    """Return a value as 9 bytes; a text is not kept."""
    if isinstance(value, float):
        return struct.pack("<Bd", _REAL, value)
    if isinstance(value, int):
        return struct.pack(_SLOT, _INTEGER, value)
    return struct.pack(_SLOT, _NONE, 0)


def unpacked(state, at):
    """Return the value at a position."""
    kind = state[at]
    if kind == _NONE:
        return None
    return struct.unpack_from("<q" if kind == _INTEGER else "<d", state, at + 1)[0]
