"""A bank: the totals, demands and averages that registers show. The meter has one for billing and one for test mode.

Registers are made from definitions; what several of them need is made once. The order of the definitions is the order
of the state, so a state fits only the definitions it was made with: the engine sees to that.
"""

import struct

from meter.crc import crc32
from meter.metrology.values import reader
from meter.quantities import describe, index, terms
from meter.registers import demand_window
from meter.registers.definition import BILLING, STORAGES
from meter.registers.demand_sources import DemandSources
from meter.registers.energy import Energy
from meter.registers.register import Register
from meter.registers.sources import AveragePf, Extreme, Growth, Mean, Total

_SHOWN_FROM = 6  # columns of a Definition from here on say how it is shown, not what it is
_OFFSET = "<HBq"  # number, rate, offset
_EXTREMES = {"minimum": -1, "maximum": 1}


def rated_rows(definitions):
    """Return the rows of totals that must be kept for each rate."""
    rows = []
    for one in definitions:
        if one.rate:
            rows += _rows(one.kind, one.quantity) + (_rows(one.kind, one.peak) if one.peak else [])
    return rows


def _rows(kind, key):
    number = index(key)
    if kind != "consumption":
        return list(demand_window.rows(number))
    _, direction, phase, _, source = describe(number)
    return [row for _, row in terms(source, direction, phase)[1]]


class Instant:
    """The newest instantaneous value of a quantity."""

    def __init__(self, bank, number):
        self._bank, self._read = bank, reader(number)

    def value(self):
        """Return it, a float, or None."""
        return self._bank.latest and self._read(self._bank.latest)

    def reset(self):
        """It has no window."""

    def state(self):
        """Return nothing."""
        return b""

    def restore(self, state):
        """Take nothing."""


class Bank:
    """What a set of definitions needs.

    definitions     of the registers
    demand          a function that makes a Demand for an Energy
    thermal_min     the thermal time, minutes
    items           dict from ("time" or "status", item) to a function that gives its value
    billing         what says when billing periods end: after another one cumulative registers begin anew
    connection      metrology's Connection, or None: of three elements

    energy          Energy
    demand          Demand
    latest          the newest instantaneous Span, or None
    offsets         dict (number, rate): what presets have moved the total by
    registers       the Registers, in the order of the definitions
    meaning         a CRC of what the state depends on: another one cannot be restored
    """

    def __init__(self, definitions, demand, thermal_min, items, billing=(), connection=None):
        self.energy = Energy(rated_rows(definitions), connection)
        self.demand = demand(self.energy)
        self.latest = None
        self.offsets = {}
        self._items = items
        self._billing = crc32(repr(billing).encode())
        self._sources = {}  # while they are made: what several registers need is made once
        self._ordered = []  # (window, source), as they were made
        self._shown = []  # (reader, [source, ...]) of what takes instantaneous values
        self._demands = DemandSources(self.demand, thermal_min)
        self.registers = [self._register(one) for one in definitions]
        self._sources = None
        self.meaning = crc32(repr((self.demand.interval_s, self.demand.subintervals, thermal_min)).encode())
        for one in definitions:
            self.meaning = crc32(repr(one[:_SHOWN_FROM]).encode(), self.meaning)

    # Making.

    def _register(self, one):
        window = [storage[1] for storage in STORAGES if storage[0] == one.storage][0]
        return Register(one, self._source(one, window))

    def _source(self, one, window):
        if one.kind in ("time", "status"):
            return Item(self._items, one)
        key = (one.kind, one.quantity, one.rate, one.peak, window)
        if key not in self._sources:
            self._sources[key] = source = self._make(one, window)
            self._ordered.append((window, source))
        return self._sources[key]

    def _make(self, one, window):
        number = index(one.quantity)
        if one.kind == "consumption":
            return (Total if window == BILLING else Growth)(self, number, one.rate)
        if one.kind == "average PF":
            return AveragePf(self, number, one.rate)
        if one.kind == "instantaneous":
            return Instant(self, number)
        if one.kind == "average":
            return self._showing(number, Mean())
        if one.kind in _EXTREMES:
            return self._showing(number, Extreme(_EXTREMES[one.kind]))
        return self._demands.source(one, window)

    def _showing(self, number, source):
        for known, _, sources in self._shown:
            if known == number:
                sources.append(source)
                return source
        self._shown.append((number, reader(number), [source]))
        return source

    # Metering.

    def take(self, span, rate):
        """Book a Span at a rate, 0 to 8."""
        self.energy.add(span, rate)
        self._demands.take(span, rate)

    def show(self, span):
        """Take a Span as the newest instantaneous values."""
        self.latest = self._demands.latest = span
        seconds = span.seconds
        for _, read, sources in self._shown:
            number = read(span)
            if number is not None:
                for source in sources:
                    source.take(number, seconds)

    def close_demand(self, now):
        """End what ends at this second. Return True if a demand was formed."""
        return self._demands.close(now)

    def resynchronise(self, now):
        """An external pulse ends the demand subinterval. Return True if a demand was formed."""
        return self._demands.resynchronise(now)

    def jumped(self, before, after, is_outage):
        """The clock jumped: it was set, or the supply was out."""
        self._demands.jumped(before, after, is_outage)

    def ended(self, event, now):
        """A window ends (BILLING, HOUR or DAY), or a season: registers keep what they keep, windows begin again."""
        for register in self.registers:
            register.on(event)
        for window, source in self._ordered:
            if window == event:
                source.reset()
        self._demands.ended(event, now)

    def zero(self, now):
        """Begin anew, at this UTC second: nothing was metered, no register has a value, presets are forgotten."""
        self.energy.clear()
        self.offsets.clear()
        for _, source in self._ordered:
            source.reset()
        self._demands.zero(now)
        for register in self.registers:
            register.zero()

    def value(self, number, rate=0):
        """Return the total of an integrated quantity as registers show it: with presets."""
        return self.energy.value(number, rate) + self.offsets.get((number, rate), 0)

    # The state.

    def state(self):
        """Return all as bytes."""
        parts = [struct.pack("<I", self._billing), _sized(self.energy.state()), _sized(self._demands.state())]
        offsets = [struct.pack(_OFFSET, key[0], key[1], value) for key, value in sorted(self.offsets.items())]
        parts.append(_sized(b"".join(offsets)))
        parts += [source.state() for _, source in self._ordered]
        parts += [register.state() for register in self.registers]
        return b"".join(parts)

    def restore(self, state, is_same):
        """Take all from bytes of state(). is_same: with the same definitions; else only totals and their presets."""
        energy, at = _part(state, 4)
        demand, at = _part(state, at)
        offsets, at = _part(state, at)
        self.energy.restore(energy)
        for start in range(0, len(offsets), struct.calcsize(_OFFSET)):
            number, rate, value = struct.unpack_from(_OFFSET, offsets, start)
            self.offsets[(number, rate)] = value
        if not is_same:
            for _, source in self._ordered:
                source.reset()
            return
        self._demands.restore(demand)
        for _, source in self._ordered:
            size = len(source.state())
            source.restore(state[at : at + size])
            at += size
        for register in self.registers:
            at = register.restore(state, at)
            if struct.unpack_from("<I", state)[0] != self._billing:
                register.forget_sum()


class Item:
    """An item of a time or status register."""

    def __init__(self, items, definition):
        self._items, self._name = items, (definition.kind, definition.quantity)

    def value(self):
        """Return it: a UTC second for a time, else a number or a text; None if nobody gives it."""
        give = self._items.get(self._name)
        return give and give()


def _sized(part):
    return struct.pack("<I", len(part)) + part


def _part(state, at):
    size = struct.unpack_from("<I", state, at)[0]
    return state[at + 4 : at + 4 + size], at + 4 + size
