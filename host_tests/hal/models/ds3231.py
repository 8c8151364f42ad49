"""A register-level model of the DS3231. Source: Maxim 19-5170, Timekeeping Registers, Control and Status."""

from datetime import datetime, timedelta


def bcd(number):
    """Return two decimal digits in a byte."""
    return number // 10 << 4 | number % 10


class Ds3231:
    """The clock at 0x68 of an I2C. It ticks in the World's time.

    has_battery     False: it stops with the supply
    """

    def __init__(self, world, bus=0, has_battery=True):
        self._world = world
        self.has_battery = has_battery
        self.registers = bytearray(0x13)
        self.registers[0x0E], self.registers[0x0F] = 0x1C, 0x88
        self._place = 0
        self._started = world.now
        self._origin = datetime(2000, 1, 1)
        self._running = True
        self.writes = []
        world.i2c[bus, 0x68] = self

    def power_cut(self, seconds):
        """The supply is away for so long."""
        runs = self.has_battery and not self.registers[0x0E] & 0x80
        if not runs:
            self._freeze()
            self.registers[0x0F] |= 0x80
        self._world.advance(seconds * 1e6)
        if not runs:
            self._started = self._world.now

    def _freeze(self):
        self._origin = self.now()
        self._started = self._world.now

    def now(self):
        """Return the time it shows."""
        return self._origin + timedelta(seconds=int((self._world.now - self._started) / 1e6))

    def _latch(self):
        now = self.now()
        century = 0x80 if now.year >= 2100 else 0
        self.registers[:7] = bytes(
            (bcd(now.second), bcd(now.minute), bcd(now.hour), now.isoweekday(), bcd(now.day),
             bcd(now.month) | century, bcd(now.year % 100))
        )  # fmt: skip

    def write(self, data):
        """The place, and what is written from there on."""
        self._place = data[0]
        self.writes.append(bytes(data))
        self._latch()
        for byte in data[1:]:
            self._store(self._place, byte)
            self._place = (self._place + 1) % 0x13
        if len(data) > 1 and data[0] < 7:
            self._take_time()

    def _store(self, place, byte):
        if place == 0x0F:
            # OSF and the alarm flags can be cleared only; BSY not at all.
            byte = byte & 0x08 | self.registers[0x0F] & byte & 0x83 | self.registers[0x0F] & 0x04
        self.registers[place] = byte

    def _take_time(self):
        def number(byte):
            return (byte >> 4) * 10 + (byte & 15)

        second, minute, hour, _, day, month, year = self.registers[:7]
        assert not hour & 0x40, "24 hours"
        self._origin = datetime(
            2000 + number(year) + (100 if month & 0x80 else 0),
            number(month & 0x1F), number(day), number(hour), number(minute), number(second),
        )  # fmt: skip
        self._started = self._world.now

    def read(self, count):
        """Return what follows from the place."""
        self._latch()
        out = bytes(self.registers[(self._place + k) % 0x13] for k in range(count))
        self._place = (self._place + count) % 0x13
        return out
