"""The meter's clock: UTC, counted from the samples of the converter.

All metering time comes from the sample count, so the same samples always give the same records. Integers only: a
Pico's float could not tell one second of a year from the next.
"""

from meter.compat import const

TICKS = const(2)  # ticks a second: registers are booked each second, instantaneous values each 1.5 s


class Clock:
    """Turns sample numbers into UTC.

    rate        samples per second, a float, as the converter's contract has it
    utc         UTC second (since 1970) at the sample `sample`
    """

    def __init__(self, rate, utc, sample=0):
        self._millihertz = int(rate * 1000 + 0.5)
        self.set(utc, sample)

    def set(self, utc, sample):
        """Set the clock: it is `utc` at the sample `sample`."""
        self._anchor = sample
        self._anchor_tick = utc * TICKS
        self.tick = utc * TICKS  # the last tick that has passed
        self._next = self._sample_at(self.tick + 1)

    @property
    def second(self):
        """The last whole UTC second that has passed."""
        return self.tick // TICKS

    def _sample_at(self, tick):
        return self._anchor + (tick - self._anchor_tick) * self._millihertz // (1000 * TICKS)

    def utc(self, sample):
        """Return (seconds, microseconds) of UTC at a sample number."""
        elapsed = (sample - self._anchor) * 1000000000 // self._millihertz
        return self._anchor_tick // TICKS + elapsed // 1000000, elapsed % 1000000

    def cuts(self, ends):
        """Yield (stop, tick) for each tick passed in a frame.

        ends: the sample numbers at which its half cycles end. stop: the count of half cycles up to and with the
        one in which the clock passed the tick. A tick is 1 / TICKS of a second, counted from 1970.
        """
        for k in range(len(ends)):
            while ends[k] >= self._next:
                self.tick += 1
                self._next = self._sample_at(self.tick + 1)
                yield k + 1, self.tick
