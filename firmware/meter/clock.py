"""The meter's clock: UTC, counted from the samples of the converter.

All metering time comes from the sample count, so the same samples always give the same records. Integers only: a
Pico's float could not tell one second of a year from the next.
"""


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
        self._anchor_utc = utc
        self.second = utc  # the last whole second that has passed
        self._next = self._sample_at(utc + 1)

    def _sample_at(self, second):
        return self._anchor + (second - self._anchor_utc) * self._millihertz // 1000

    def utc(self, sample):
        """Return (seconds, microseconds) of UTC at a sample number."""
        elapsed = (sample - self._anchor) * 1000000000 // self._millihertz
        return self._anchor_utc + elapsed // 1000000, elapsed % 1000000

    def cuts(self, ends):
        """Yield (stop, second) for each whole second passed in a frame.

        ends: the sample numbers at which its half cycles end. stop: the count of half cycles up to and with the one in
        which the clock passed the second.
        """
        for k in range(len(ends)):
            while ends[k] >= self._next:
                self.second += 1
                self._next = self._sample_at(self.second + 1)
                yield k + 1, self.second
