"""Contacts on pins: outputs that drive a relay or opto-coupler, inputs with the times of their edges.

Contract: Contacts in meter.hal. The outputs are the first channels, the inputs those after them.
"""

from machine import Pin

from meter.compat import Uptime


class Contacts:
    """The contacts of a board.

    outputs     pins of the outputs; high closes the contact
    inputs      pins of the inputs; the opto-coupler pulls its pin down while there is voltage
    clock       function that returns the uptime in ms, or None: since this object was made
    """

    def __init__(self, outputs, inputs, clock=None):
        self._outputs = [Pin(number, Pin.OUT, value=0) for number in outputs]
        self._inputs = [Pin(number, Pin.IN, Pin.PULL_UP) for number in inputs]
        self.outputs = len(self._outputs)
        self.channels = self.outputs + len(self._inputs)
        self._clock = clock or Uptime().ms
        self._edges = [0] * self.channels
        for k, pin in enumerate(self._inputs):
            pin.irq(handler=self._handler(self.outputs + k), trigger=Pin.IRQ_RISING | Pin.IRQ_FALLING)

    def _handler(self, place):
        edges, clock = self._edges, self._clock

        def edge(pin):
            edges[place] = clock()

        return edge

    def output(self, channel, state):
        """Drive an output. ValueError if there is none such."""
        if not 1 <= channel <= self.outputs:
            raise ValueError("there is no output %d" % channel)
        self._outputs[channel - 1].value(1 if state else 0)

    def inputs(self):
        """Return (mask, edges): see Contacts in meter.hal. An output sees no voltage."""
        mask = 0
        for k, pin in enumerate(self._inputs):
            if not pin.value():
                mask |= 1 << self.outputs + k
        return mask, tuple(self._edges)

    def close(self):
        """Open all outputs and listen no more."""
        for pin in self._outputs:
            pin.value(0)
        for pin in self._inputs:
            pin.irq(handler=None)
