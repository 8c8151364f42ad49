"""A Raspberry Pi with an AD7606 and Linux's driver for it: which line is what. README.md has the wiring and the parts.

The values of the front end are those of README.md's table, class 20 (tools/ferraris/front_end.py computes them).
"""

from meter.hal.linux.adc_ad7606 import Adc

from boards.linux.base import LinuxBoard

NAME = "linux_ad7606"
CHANNELS = ("VA", "VB", "VC", "IA", "IB", "IC")
INPUTS = (0, 1, 2, 4, 5, 6)
RATE = 25600.0  # asked of the trigger: 512 a cycle at 50 Hz. 30720 at 60 Hz
ADAPTER = 230.0 / 11.1  # mains volts to a volt of the AC adapter without load
DIVIDER = (10000.0, 3160.0)  # ohms: in series, and across the input
TURNS = 2000.0  # of the clamp CT
BURDEN = 100.0  # ohms


class Wiring:
    """See boards.linux.base. Lines are GPIO numbers of the header."""

    DEVICE = "/sys/bus/iio/devices/iio:device0"
    NODE = "/dev/iio:device0"
    TRIGGER = "/sys/bus/iio/devices/trigger0"
    CHIP = "/dev/gpiochip0"
    INPUTS = (5, 6)
    OUTPUTS = (16, 26)
    KEYS = (20, 21)
    POWER_FAIL = None
    OPTICAL = "/dev/ttyUSB0"
    RS485 = "/dev/ttyAMA0"
    RS485_MODE = "kernel"
    FRAM = None  # /sys/bus/i2c/devices/1-0050/eeprom where one is fitted
    RTC = "/dev/rtc0"
    MTD = None


def units():
    """Return mains volts or amperes for one volt at the converter's input, by channel."""
    volts = ADAPTER * (DIVIDER[0] + DIVIDER[1]) / DIVIDER[1]
    return (volts,) * 3 + (TURNS / BURDEN,) * 3


class Board(LinuxBoard):
    """state: directory that keeps the flash."""

    def __init__(self, state, wiring=Wiring, **seams):
        adc = Adc(wiring.DEVICE, wiring.NODE, CHANNELS, INPUTS, units(), RATE, wiring.TRIGGER)
        super().__init__(NAME, wiring, adc, state, **seams)
