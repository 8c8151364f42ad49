"""Contacts on a GPIO character device. Contract: Contacts in meter.hal.

Each contact has an input line, opto-coupled, which its voltage pulls low; the first ones have an output line besides.
The kernel filters bounce and stamps each edge when it comes.
"""

from time import monotonic_ns

from meter.compat import Uptime
from meter.hal.linux import gpio
from meter.hal.linux.system import System

DEBOUNCE_US = 5000
BUFFER = 256  # edges that the kernel keeps between two calls


class Contacts:
    """lines: input lines on `chip`, contact 1 first. drivers: output lines, contact 1 first, no more than lines.

    uptime: function that returns the uptime in ms, of which edges are told. monotonic: nanoseconds, the kernel's clock.
    missed: edges that the kernel could not keep, since start.
    """

    def __init__(
        self, chip, lines=(), drivers=(), uptime=None, debounce_us=DEBOUNCE_US, system=System,
        monotonic=monotonic_ns,
    ):  # fmt: skip
        if len(drivers) > len(lines):
            raise ValueError("%d outputs are more than %d contacts" % (len(drivers), len(lines)))
        self.channels, self.outputs = len(lines), len(drivers)
        self.missed = 0
        self._uptime, self._monotonic = uptime or Uptime().ms, monotonic
        self._edges = [0] * len(lines)
        self._numbers = [0] * len(lines)
        self._in = self._out = None
        if lines:
            flags = gpio.INPUT | gpio.ACTIVE_LOW | gpio.PULL_UP | gpio.RISING | gpio.FALLING
            self._in = gpio.Lines(chip, lines, flags, debounce_us, BUFFER, system)
        if drivers:
            self._out = gpio.Lines(chip, drivers, gpio.OUTPUT, system=system)

    def inputs(self):
        """Return (mask, edges): see Contacts in meter.hal."""
        if not self._in:
            return 0, ()
        while self._in.is_waiting():
            for edge in self._in.edges():
                self._note(edge)
        return self._in.values(), tuple(self._edges)

    def _note(self, edge):
        channel = self._in.offsets.index(edge.offset)
        self.missed += edge.number - self._numbers[channel] - 1
        self._numbers[channel] = edge.number
        ago_ms = (self._monotonic() - edge.ns) // 1000000
        self._edges[channel] = max(0, self._uptime() - ago_ms)

    def output(self, channel, state):
        """Close (True) or open an output, 1 to outputs. ValueError if there is none such."""
        if not 1 <= channel <= self.outputs:
            raise ValueError("there is no output %d" % channel)
        self._out.set(channel - 1, state)

    def close(self):
        """Give the lines back."""
        for lines in (self._in, self._out):
            if lines:
                lines.close()
        self._in = self._out = None
