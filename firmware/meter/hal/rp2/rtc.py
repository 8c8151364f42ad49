"""A DS3231 on I2C: a clock with its own crystal and battery. It keeps UTC. Contract: Rtc in meter.hal.

    0x00  seconds | minutes | hours | day of week | day | month, century in bit 7 | year      all in BCD
    0x0E  control: EOSC stops the oscillator on battery
    0x0F  status: OSF says that the oscillator has stopped since it was last cleared

Years are 2000 to 2199, the century bit being the second hundred; the chip takes 2100 for a leap year.
Source: its data sheet, 19-5170, Registers.
"""

from meter.compat import const

ADDRESS = const(0x68)
TIME = const(0x00)
CONTROL = const(0x0E)
STATUS = const(0x0F)
CENTURY = const(0x80)
TWELVE_HOURS = const(0x40)
AFTERNOON = const(0x20)
STOPPED = const(0x80)  # OSF, of STATUS
DAY_S = const(86400)
_RUNNING = b"\x1c"  # CONTROL: oscillator on, also on battery; no square wave, no alarm
_DAYS_TO_2000 = const(10957)  # from 1970-01-01
_BASE_YEAR = const(2000)
_LAST_YEAR = const(2199)


class Rtc:
    """The clock on an I2C, a machine.I2C of 400 kHz at most.

    power_lost      True if the clock stopped since it was last set: what it says is wrong then
    OSError if no clock answers.
    """

    def __init__(self, i2c):
        self._bus = i2c
        self.power_lost = bool(self._bus.readfrom_mem(ADDRESS, STATUS, 1)[0] & STOPPED)

    def read(self):
        """Return UTC in whole seconds since 1970-01-01. One that never was set begins in the year 2000."""
        # One transfer: the chip holds the time still while it is read.
        raw = self._bus.readfrom_mem(ADDRESS, TIME, 7)
        year = _BASE_YEAR + _of_bcd(raw[6]) + (100 if raw[5] & CENTURY else 0)
        days = days_of(year, max(1, _of_bcd(raw[5] & 0x1F)), max(1, _of_bcd(raw[4] & 0x3F)))
        minutes = _hours(raw[2]) * 60 + _of_bcd(raw[1] & 0x7F)
        return days * DAY_S + minutes * 60 + _of_bcd(raw[0] & 0x7F)

    def set(self, seconds):
        """Set the clock, and forget that it had stopped. A time outside 2000 to 2199 becomes the nearest inside."""
        year, month, day, weekday = date_of(seconds // DAY_S)
        second = seconds % DAY_S
        century, year = divmod(year - _BASE_YEAR, 100)
        fields = (second % 60, second // 60 % 60, second // 3600, weekday, day, month, year)
        raw = bytearray([_to_bcd(field) for field in fields])
        raw[5] |= CENTURY if century else 0
        self._bus.writeto_mem(ADDRESS, TIME, raw)
        self._bus.writeto_mem(ADDRESS, CONTROL, _RUNNING)
        status = self._bus.readfrom_mem(ADDRESS, STATUS, 1)[0]
        self._bus.writeto_mem(ADDRESS, STATUS, bytes([status & ~STOPPED]))
        self.power_lost = False


def _of_bcd(byte):
    return (byte >> 4) * 10 + (byte & 0x0F)


def _to_bcd(number):
    return number // 10 << 4 | number % 10


def _hours(raw):
    """Return the hour from its register, which may be set to twelve hours by someone else."""
    if not raw & TWELVE_HOURS:
        return _of_bcd(raw & 0x3F)
    return _of_bcd(raw & 0x1F) % 12 + (12 if raw & AFTERNOON else 0)


def days_of(year, month, day):
    """Return the days from 1970-01-01 to a date of the Gregorian calendar."""
    # March is the first month: the leap day is the last of its year then.
    year -= month < 3
    month = (month + 9) % 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 719469


def date_of(days):
    """Return (year, month, day, weekday) of a day since 1970-01-01, Monday being 1; kept within 2000 to 2199."""
    days = min(max(days, _DAYS_TO_2000), days_of(_LAST_YEAR, 12, 31))
    year = _BASE_YEAR + (days - _DAYS_TO_2000) // 366
    while days_of(year + 1, 1, 1) <= days:
        year += 1
    month = 1
    while month < 12 and days_of(year, month + 1, 1) <= days:
        month += 1
    return year, month, days - days_of(year, month, 1) + 1, (days + 3) % 7 + 1
