"""Contact inputs and outputs on a GPIO character device. Contract: Contacts in meter.hal.

Inputs are opto-coupled and pull the line low, so low is active. The kernel filters bounce and stamps each edge.
"""

from meter.hal.linux import gpio
from meter.hal.linux.system import System

DEBOUNCE_US = 5000
BUFFER = 256  # edges that the kernel keeps between two calls


class Contacts:
    """inputs, outputs: line numbers on `chip`, in the order of their channels; either may be empty.

    missed: edges that the kernel could not keep, since start.
    """

    def __init__(self, chip, inputs=(), outputs=(), debounce_us=DEBOUNCE_US, system=System):
        self.missed = 0
        self._numbers = {}
        self._in = self._out = None
        if inputs:
            flags = gpio.INPUT | gpio.ACTIVE_LOW | gpio.PULL_UP | gpio.RISING | gpio.FALLING
            self._in = gpio.Lines(chip, inputs, flags, debounce_us, BUFFER, system)
        if outputs:
            self._out = gpio.Lines(chip, outputs, gpio.OUTPUT, system=system)

    def inputs(self):
        """Return the inputs as a bit mask, bit 0 the first; a closed contact is 1."""
        return self._in.values() if self._in else 0

    def edges(self):
        """Return the edges since the last call: (input, closed, microseconds of the monotonic clock), oldest first."""
        found = []
        while self._in and self._in.is_waiting():
            for edge in self._in.edges():
                channel = self._in.offsets.index(edge.offset)
                self.missed += edge.number - self._numbers.get(channel, 0) - 1
                self._numbers[channel] = edge.number
                found.append((channel, edge.is_rising, edge.ns // 1000))
        return found

    def output(self, channel, state):
        """Close (True) or open an output. IndexError if there is none of this number."""
        if not self._out or not 0 <= channel < len(self._out.offsets):
            raise IndexError("there is no output %d" % channel)
        self._out.set(channel, state)

    def close(self):
        """Give the lines back. Outputs keep what the kernel leaves them at."""
        for lines in (self._in, self._out):
            if lines:
                lines.close()
        self._in = self._out = None
