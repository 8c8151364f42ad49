"""A Raspberry Pi with an ADS131M08: which line is what. README.md has the wiring and the parts.

The values of the front end are those of README.md's table, class 20 (tools/ferraris/front_end.py computes them).
"""

from meter.hal.linux.adc_ads131m08 import Adc, scales, start

from boards.linux.base import LinuxBoard

NAME = "linux_ads131m08"
CHANNELS = ("VA", "VB", "VC", "IA", "IB", "IC")
CHIP_CHANNELS = (0, 1, 2, 3, 4, 5)
GAINS = (1,) * 8
CLOCK_HZ = 6553600  # of the chip; a sample each 256: 512 a cycle at 50 Hz. 7864320 at 60 Hz
RATE = CLOCK_HZ / 256
ADAPTER = 230.0 / 11.1  # mains volts to a volt of the AC adapter without load
DIVIDER = (10000.0, 619.0)  # ohms: in series, and across the input
TURNS = 2000.0  # of the clamp CT
BURDEN = 66.5  # ohms


class Wiring:
    """See boards.linux.base. Lines are GPIO numbers of the header."""

    SPI = "/dev/spidev0.0"
    CHIP = "/dev/gpiochip0"
    DRDY = 25
    INPUTS = (5, 6)
    OUTPUTS = (16, 26)
    KEYS = (23, 24)
    POWER_FAIL = None
    OPTICAL = "/dev/ttyUSB0"
    RS485 = "/dev/ttyAMA0"
    RS485_MODE = "kernel"
    FRAM = None  # /sys/bus/i2c/devices/1-0050/eeprom where one is fitted
    RTC = "/dev/rtc0"
    MTD = None


def units():
    """Return mains volts or amperes for one volt at the chip's input, by channel."""
    volts = ADAPTER * (DIVIDER[0] + DIVIDER[1]) / DIVIDER[1]
    return (volts,) * 3 + (TURNS / BURDEN,) * 3


class Board(LinuxBoard):
    """state: directory that keeps the flash. source: what reads the chip, for tests; None: a process of its own."""

    def __init__(self, state, wiring=Wiring, source=None, **seams):
        if source is None:
            source = start(wiring.SPI, wiring.CHIP, wiring.DRDY, CHIP_CHANNELS, GAINS, RATE)
        adc = Adc(source, CHANNELS, scales(units(), CHIP_CHANNELS, GAINS), RATE)
        super().__init__(NAME, wiring, adc, state, **seams)
