"""The RP2040's own converter: 12 bits, two to four channels in turn, for the demonstration board.

The converter runs freely by its divider and DMA lays its results into a ring. Its channels are taken one after the
other: the samples of a set are apart by the conversion interval, which is not corrected. There is no accuracy claim.
Source: RP2040 data sheet, 4.9 (ADC and temperature sensor).
"""

import asyncio
from array import array

from machine import ADC, Pin, mem32

from meter.compat import Uptime, const
from meter.hal.rp2.dma_ring import STRETCHES, DmaRing

BASE = const(0x4004C000)
CS = const(0x00)
FCS = const(0x08)
FIFO = const(0x0C)
DIV = const(0x10)
REQUEST = const(36)  # DREQ_ADC
CLOCK_HZ = const(48000000)
FIRST_PIN = const(26)
ENABLE = const(0x1)
START_MANY = const(0x8)
FCS_START = const(0x01000009)  # a request at one result, FIFO and its requests on
MIDDLE = const(2048)  # counts at no signal: the input sits at half the supply
SUPPLY = 3.3  # volts: full scale
_SETS = const(64)  # of samples to a read: half a cycle at 128 a cycle
_RING_SETS = const(1024)  # sixteen half cycles


class Adc:
    """The HAL's Adc over the converter's inputs from GPIO 26 on.

    names       names of the channels in the meter, by input, two or four: the ring is whole sets
    ratios      volts or amperes at the meter's input for one volt at the pin, by channel
    rate        samples a second and channel that are wanted
    """

    def __init__(self, names, ratios, rate):
        if len(names) not in (1, 2, 4):
            raise ValueError("%d channels: 1, 2 or 4" % len(names))
        self.channels = tuple(names)
        self.scales = tuple([ratio * SUPPLY / 4096 for ratio in ratios])
        self.set_rate(rate)
        self.overruns = 0
        self._width = len(names)
        self._out = array("i", [0] * (self._width * _SETS))
        self._data = memoryview(self._out)
        self._ring = None
        self._closed = False
        self._uptime = Uptime()
        self._read = 0  # sets that were read or lost, since the start
        self._written = 0  # sets that were in the ring when it was last looked at
        self._looked = 0  # uptime then

    def set_rate(self, hz):
        """Set the sample rate, before the first read. Return the rate that is."""
        self._cycles = max(96, int(CLOCK_HZ / (hz * len(self.channels)) + 0.5))
        self.rate = CLOCK_HZ / self._cycles / len(self.channels)
        return self.rate

    async def read(self):
        """Return the next (first, count, data); None after close()."""
        while not self._closed:
            if self._ring is None:
                self._start()
            ready = self._ready()
            if ready >= _SETS:
                first = self._read
                self._take()
                return (first, _SETS, self._data)
            await asyncio.sleep(max(0.001, (_SETS - ready) / self.rate))
        return None

    def close(self):
        """Stop the converter. A read that waits returns None."""
        self._closed = True
        if self._ring:
            mem32[BASE + CS] = 0
            self._ring.close()
            self._ring = None

    def _start(self):
        for k in range(self._width):
            ADC(Pin(FIRST_PIN + k))
        stretch = _RING_SETS * self._width // STRETCHES
        self._ring = DmaRing(BASE + FIFO, REQUEST, stretch, size=2)
        mem32[BASE + CS] = ENABLE
        mem32[BASE + FCS] = FCS_START
        mem32[BASE + DIV] = (self._cycles - 1) << 8
        self._ring.start()
        in_turn = ((1 << self._width) - 1) << 16 if self._width > 1 else 0
        mem32[BASE + CS] = in_turn | START_MANY | ENABLE
        self._looked = self._uptime.ms()

    def _ready(self):
        """Return how many sets are to be read; those that were overwritten are skipped and counted.

        The converter never pauses, so the time since the last look tells how often the ring went round.
        """
        now = self._uptime.ms()
        moved = (self._ring.position() // (2 * self._width) - self._written) % _RING_SETS
        expected = (now - self._looked) * self.rate / 1000
        moved += max(0, int((expected - moved) / _RING_SETS + 0.5)) * _RING_SETS
        self._written += moved
        self._looked = now
        ready = self._written - self._read
        if ready > _RING_SETS - _SETS:
            lost = ready // _SETS * _SETS - _SETS
            self.overruns += lost
            self._read += lost
            ready -= lost
        return ready

    def _take(self):
        memory, out = self._ring.memory, self._out
        at = self._read % _RING_SETS * 2 * self._width
        for k in range(self._width * _SETS):
            out[k] = (memory[at] | memory[at + 1] << 8) - MIDDLE
            at += 2
        self._read += _SETS
