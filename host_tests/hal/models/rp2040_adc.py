"""A model of the RP2040's own converter: its registers, round robin, and the FIFO that asks for DMA.

Source: RP2040 data sheet, 4.9.6 (registers). It hands each result to the DMA at once, as its FIFO does.
"""

from collections import deque

from host_tests.hal.fake_machine.world import current

BASE = 0x4004C000
CLOCK_HZ = 48e6
DREQ = 36


class Rp2040Adc:
    """The converter of a World. levels: called with the number of the conversion: volts at the input it has.

    overwritten     results that no DMA took in time
    """

    request = DREQ

    def __init__(self, world, levels):
        self._world, self._levels = world, levels
        self.rx = deque()
        self.conversions = self.overwritten = 0
        self._cs = self._fcs = self._div = 0
        self._due = False
        world.registers[BASE + 0x00] = (lambda: self._cs, self._control)
        world.registers[BASE + 0x08] = (lambda: self._fcs, self._fifo)
        world.registers[BASE + 0x10] = (lambda: self._div, self._divide)

    def _control(self, value):
        self._cs = value
        if value & 0x9 == 0x9 and not self._due:
            self._due = True
            self._world.after(self._period(), self._convert)

    def _fifo(self, value):
        self._fcs = value

    def _divide(self, value):
        self._div = value

    def _period(self):
        """A conversion takes 96 cycles; a longer divider spaces them."""
        return 1e6 * max(96, 1 + self._div / 256) / CLOCK_HZ

    def _convert(self):
        self._due = False
        if self._cs & 0x9 != 0x9:
            return
        count = int(self._levels(self.conversions) / 3.3 * 4096)
        self.conversions += 1
        if self._fcs & 0x9 == 0x9:
            self.rx.append(max(0, min(4095, count)))
            for channel in list(current().dma.values()):
                channel.requested(self)
            while len(self.rx) > 4:
                self.rx.popleft()
                self.overwritten += 1
        self._control(self._cs)
