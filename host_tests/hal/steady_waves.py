"""A converter in the World's time that costs next to nothing: for tests of minutes of metering, not of the converter.

Exactly 512 samples a cycle, so the same cycle again and again, in place of the chip's frames bit by bit (ads131m08.py).
"""

import asyncio
from array import array
from math import pi, sin

CYCLE = 512
HERTZ = 60.0


class SteadyWaves:
    """The HAL's Adc. channels, scales: of the driver that it is in place of. volts, amperes: RMS; lag: degrees.

    is_dead     True: nothing comes any more
    """

    def __init__(self, channels, scales, volts=120.0, amperes=5.0, lag=60.0):
        self.channels, self.scales = channels, scales
        self.rate = CYCLE * HERTZ
        self.is_dead = False
        self._first = 0
        self._data = array("i")
        for n in range(CYCLE):
            for name, scale in zip(channels, scales):
                angle = 2 * pi * (n / CYCLE - "ABC".index(name[1]) / 3)
                size, turn = (volts, 0.0) if name[0] == "V" else (amperes, lag * pi / 180)
                self._data.append(round(size * 2**0.5 / scale * sin(angle - turn)))

    def set_rate(self, hz):
        """There is one rate."""
        return self.rate

    async def read(self):
        """Return the next cycle when it is over; never, if it is dead."""
        await asyncio.sleep(CYCLE / self.rate)
        while self.is_dead:
            await asyncio.sleep(1)
        first, self._first = self._first, self._first + CYCLE
        return first, CYCLE, self._data

    def close(self):
        """Nothing is held."""
