"""hal/linux's Rtc over a model of a system's clock and of a clock chip, and its Power with and without a line."""

import os
import struct
import time

from meter.hal.linux.gpio import FALLING, INPUT, RISING, Lines
from meter.hal.linux.power import Power
from meter.hal.linux.rtc import Rtc

from host_tests.hal.models import gpio

READ_TIME, SET_TIME, READ_VOLTAGE, CLEAR_VOLTAGE = 0x80247009, 0x4024700A, 0x80047013, 0x7014


class SystemClock:
    """The kernel's clock, which a test may set."""

    def __init__(self, seconds=None):
        self._offset = 0 if seconds is None else seconds - time.time()

    def read(self):
        return time.time() + self._offset

    def set(self, seconds):
        self._offset = seconds - time.time()


class ClockChip:
    """/dev/rtc0, by the ioctls of linux/rtc.h. voltage: what RTC_VL_READ gives; None: the driver has no such call."""

    def __init__(self, voltage=0, is_there=True):
        self.voltage, self.is_there = voltage, is_there
        self.seconds = 1_800_000_000
        self.is_open = False

    def exists(self, path):
        return self.is_there and path == "/dev/rtc0"

    def open(self, path, flags):
        assert self.exists(path) and flags & os.O_ACCMODE == os.O_RDONLY
        self.is_open = True
        return 7

    def close(self, fd):
        self.is_open = False

    def ioctl(self, fd, number, argument):
        assert fd == 7 and self.is_open
        if number in (READ_VOLTAGE, CLEAR_VOLTAGE) and self.voltage is None:
            raise OSError(25, "Inappropriate ioctl for device")
        if number == READ_VOLTAGE:
            struct.pack_into("<I", argument, 0, self.voltage)
        elif number == CLEAR_VOLTAGE:
            self.voltage = 0
        elif number == READ_TIME:
            if self.voltage and self.voltage & 1:
                raise OSError(22, "Invalid argument")
            now = time.gmtime(self.seconds)
            struct.pack_into(
                "<9i", argument, 0, now.tm_sec, now.tm_min, now.tm_hour, now.tm_mday, now.tm_mon - 1,
                now.tm_year - 1900, (now.tm_wday + 1) % 7, now.tm_yday - 1, 0,
            )  # fmt: skip
        else:
            assert number == SET_TIME
            second, minute, hour, day, month, year, weekday, *_ = struct.unpack("<9i", argument)
            import calendar

            self.seconds = calendar.timegm((year + 1900, month + 1, day, hour, minute, second))
            assert weekday == (time.gmtime(self.seconds).tm_wday + 1) % 7


def power_line():
    chip = gpio.Chip()
    return Lines("/dev/gpiochip0", (17,), INPUT | RISING | FALLING, system=chip), chip


CLOCKS = {
    "linux": lambda: Rtc(clock=SystemClock(), system=ClockChip()),
    "linux without a chip": lambda: Rtc(clock=SystemClock(), system=ClockChip(is_there=False)),
}
SUPPLIES = {"linux": Power, "linux with a line": lambda: Power(power_line()[0])}
