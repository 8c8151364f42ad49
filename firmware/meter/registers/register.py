"""A register: a source, and what its storage type keeps of it."""

import struct

from meter.registers.definition import CUMULATIVE, REALS, STORAGES, TIMES, WORKING

_SLOT = "<Bq"  # kind of the value, value; a float is stored as <Bd
_SLOT_SIZE = 9
_NONE, _INTEGER, _REAL, _NEVER = 0, 1, 2, 3
_NOT_FROZEN = struct.pack(_SLOT, _NEVER, 0)
_EVENTS = {storage[0]: storage[2] for storage in STORAGES}
_MOST = 10**18  # in 10**-6 of the unit: what a state can hold, and a meter can never count


class NotPresettable(ValueError):
    """The register cannot be set, or not to this. The message says which and why."""


class Register:
    """One register.

    definition  Definition
    source      where its value comes from

    frozen      its value at the last freeze; None if it had none
    is_frozen   True if there was a freeze since the register was made
    """

    def __init__(self, definition, source):
        self.definition = definition
        self.source = source
        self.frozen = None
        self.is_frozen = False
        self._slot = self._state = None
        self.forget_sum()

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
        storage = self.definition.storage
        if event == _EVENTS[storage]:
            value = self.source.value()
            self._state = None
            self._slot = _sum(self._slot, value) if storage in CUMULATIVE else value

    def zero(self):
        """Keep nothing any more."""
        self._slot = self.frozen = None
        self.is_frozen = False
        self.forget_sum()

    def forget_sum(self):
        """A cumulative register begins anew; any other stays."""
        self._state = None
        if self.definition.storage in CUMULATIVE:
            self._slot = 0.0 if self.definition.kind in REALS else 0

    def preset(self, value):
        """Show this from now on: an int in 10**-6 of its unit, or a float in its unit. NotPresettable."""
        definition = self.definition
        is_kept = definition.storage != WORKING and definition.kind not in TIMES
        if not is_kept and not hasattr(self.source, "preset"):
            raise NotPresettable("register %d cannot be set: %s" % (definition.id, definition.kind))
        value = self._settable(value)
        self._state = None
        if definition.storage == WORKING:
            self.source.preset(value)
        elif definition.storage == CUMULATIVE[1]:
            self._slot = value - (self.source.value() or 0)
        else:
            self._slot = value

    def _settable(self, value):
        """Return a number as the register keeps it."""
        is_count = isinstance(value, int)
        most = _MOST if is_count else _MOST * 1e-6
        if not (is_count or isinstance(value, float)) or not -most <= value <= most:
            raise NotPresettable("register %d cannot be set to %s" % (self.definition.id, value))
        if self.definition.kind in REALS:
            return value * 1e-6 if is_count else value
        return value if is_count else int(round(value * 1e6))

    def freeze(self):
        """Keep the present value for remote readers. A text tells of the present: it is never frozen."""
        value = self.value()
        if not isinstance(value, str):
            self.frozen, self.is_frozen, self._state = value, True, None

    def state(self):
        """Return what is kept as bytes: always as many. Asked for each second, and seldom another."""
        if self._state is None:
            frozen = packed(self.frozen) if self.is_frozen else _NOT_FROZEN
            self._state = frozen if self.definition.storage == WORKING else packed(self._slot) + frozen
        return self._state

    def restore(self, state, at):
        """Take it from bytes of state(), from a position on. Return the position behind it."""
        self._state = None
        if self.definition.storage != WORKING:
            self._slot = unpacked(state, at)
            at += _SLOT_SIZE
        self.is_frozen = state[at] != _NEVER
        self.frozen = unpacked(state, at)
        return at + _SLOT_SIZE


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
    if kind in (_NONE, _NEVER):
        return None
    return struct.unpack_from("<q" if kind == _INTEGER else "<d", state, at + 1)[0]
