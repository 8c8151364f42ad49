"""The clock: the system's, and the real-time clock behind it. Contract: Rtc in meter.hal.

The system's clock is read, since it is the one that time services keep right; set() sets both. The chip says whether
its oscillator has stopped, and what its battery is like (RTC_VL_READ of linux/rtc.h, Linux 5.11).

    rtc_time, 36 bytes: 9 x s32 as in struct tm: sec, min, hour, mday, mon (0 to 11), year (less 1900), ...
"""

import os
import time
from struct import pack, unpack

from meter.hal.linux.system import NONE, READ, WRITE, System, request

READ_TIME = request(READ, "p", 0x09, 36)
SET_TIME = request(WRITE, "p", 0x0A, 36)
READ_VOLTAGE = request(READ, "p", 0x13, 4)
CLEAR_VOLTAGE = request(NONE, "p", 0x14, 0)
INVALID, BATTERY_LOW, BATTERY_EMPTY = 1, 2, 4
_TIME = "<9i"
OLDEST = 1704067200  # 2024-01-01: a system's clock before that was never set


class SystemClock:
    """The clock of the kernel."""

    def read(self):
        """Return UTC in seconds."""
        return time.time()

    def set(self, seconds):
        """Set it. PermissionError without the right to (CAP_SYS_TIME)."""
        time.clock_settime(time.CLOCK_REALTIME, seconds)


class Rtc:
    """path: the chip's device, /dev/rtc0; None, or one that is not there: the system's clock alone.

    power_lost       True if the clock stopped since it was last set
    is_battery_low   True if the chip says so
    """

    def __init__(self, path="/dev/rtc0", clock=None, system=System):
        self._clock = clock or SystemClock()
        self._system = system
        self._path = path if path and system.exists(path) else None
        state = self._state()
        self.is_battery_low = bool(state & (BATTERY_LOW | BATTERY_EMPTY))
        self.power_lost = bool(state & INVALID) or self._clock.read() < OLDEST

    def read(self):
        """Return UTC in whole seconds since 1970-01-01."""
        return int(self._clock.read())

    def chip(self):
        """Return the chip's own UTC in seconds, or None if there is none or it has no valid time."""
        if not self._path:
            return None
        found = bytearray(36)
        try:
            self._ask(READ_TIME, found)
        except OSError:
            return None
        second, minute, hour, day, month, year = unpack(_TIME, found)[:6]
        return days_of(year + 1900, month + 1, day) * 86400 + hour * 3600 + minute * 60 + second

    def set(self, seconds):
        """Set the system's clock and the chip."""
        self._clock.set(seconds)
        if self._path:
            now = time.gmtime(seconds)
            fields = (
                now.tm_sec, now.tm_min, now.tm_hour, now.tm_mday, now.tm_mon - 1, now.tm_year - 1900,
                (now.tm_wday + 1) % 7, now.tm_yday - 1, 0,
            )  # fmt: skip
            self._ask(SET_TIME, bytearray(pack(_TIME, *fields)))
            self._forget_loss()
        self.power_lost = False

    def _state(self):
        if not self._path:
            return 0
        found = bytearray(4)
        try:
            self._ask(READ_VOLTAGE, found)
        except OSError:
            return 0  # a chip that cannot tell
        return unpack("<I", found)[0]

    def _forget_loss(self):
        try:
            self._ask(CLEAR_VOLTAGE, 0)
        except OSError:
            pass  # most chips forget it when they are set

    def _ask(self, number, argument):
        fd = self._system.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._system.ioctl(fd, number, argument)
        finally:
            self._system.close(fd)


def days_of(year, month, day):
    """Return the days from 1970-01-01 to a date of the Gregorian calendar."""
    year -= month <= 2
    day_of_year = (153 * (month + (9 if month <= 2 else -3)) + 2) // 5 + day - 1
    return 365 * year + year // 4 - year // 100 + year // 400 + day_of_year - 719468
