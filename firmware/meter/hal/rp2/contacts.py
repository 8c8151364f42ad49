"""Contacts on pins: inputs with the times of their edges, and outputs. Contract: Contacts in meter.hal."""

from array import array

from machine import Pin

from meter import compat
from meter.compat import const

EDGES = const(64)  # that are remembered until they are taken


class Contacts:
    """The contacts of a board.

    inputs      pins of the inputs; a closed contact pulls its pin down
    outputs     pins of the outputs; high drives the relay or opto-coupler

    dropped     edges that were not remembered, since nobody took those before
    """

    def __init__(self, inputs, outputs):
        self._inputs = [Pin(number, Pin.IN, Pin.PULL_UP) for number in inputs]
        self._outputs = [Pin(number, Pin.OUT, value=0) for number in outputs]
        self.dropped = 0
        # An interrupt handler must not allocate: rings of fixed size.
        self._marks = bytearray(EDGES)  # channel << 1 | state
        self._times = array("i", [0] * EDGES)
        self._written = self._taken = 0
        for channel, pin in enumerate(self._inputs):
            pin.irq(handler=self._handler(channel), trigger=Pin.IRQ_RISING | Pin.IRQ_FALLING)

    def _handler(self, channel):
        def edge(pin):
            if (self._written - self._taken) % (2 * EDGES) >= EDGES:
                self.dropped += 1
                return
            place = self._written % EDGES
            self._marks[place] = channel << 1 | (1 - pin.value())
            self._times[place] = compat.ticks_ms()
            self._written = (self._written + 1) % (2 * EDGES)

        return edge

    def inputs(self):
        """Return the inputs as a bit mask; 1 is closed, bit 0 the first input."""
        mask = 0
        for channel, pin in enumerate(self._inputs):
            if not pin.value():
                mask |= 1 << channel
        return mask

    def edges(self):
        """Return what has changed since the last call: a list of (channel, is closed, ticks_ms), oldest first."""
        found = []
        while self._taken != self._written:
            place = self._taken % EDGES
            mark = self._marks[place]
            found.append((mark >> 1, bool(mark & 1), self._times[place]))
            self._taken = (self._taken + 1) % (2 * EDGES)
        return found

    def output(self, channel, state):
        """Close or open an output. IndexError if there is none with this number."""
        self._outputs[channel].value(1 if state else 0)

    def close(self):
        """Open all outputs and listen no more."""
        for pin in self._outputs:
            pin.value(0)
        for pin in self._inputs:
            pin.irq(handler=None)
