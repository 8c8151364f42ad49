"""A Linux board but for its converter: flash in a file, and what the constants of its board.py name.

WIRING is a class of constants in each board.py: paths and line numbers, None for what is not fitted.

    CHIP        GPIO character device of the lines below
    INPUTS, OUTPUTS   contacts. KEYS: the jumpers of the two security keys, closed is fitted. POWER_FAIL: a line
    OPTICAL, RS485    serial devices; RS485_MODE as in hal.linux.uart
    FRAM        file of the chip; RTC: its device; MTD: of a NOR flash in place of the file
"""

import os

from meter.hal.linux import gpio
from meter.hal.linux.contacts import Contacts
from meter.hal.linux.flash import Flash, Mtd
from meter.hal.linux.net import Net
from meter.hal.linux.nvram import Nvram
from meter.hal.linux.power import Power
from meter.hal.linux.rtc import Rtc
from meter.hal.linux.system import System
from meter.hal.linux.uart import Uart

FLASH_SIZE = 16 * 1024 * 1024
ERASE_SIZE = 4096
NVRAM_SIZE = 64 * 1024
LOGS = (("events", 8), ("diagnostics", 8), ("security", 8), ("alarms", 8), ("sags", 22))
LOAD_PROFILES = (("load_profile", 1152), ("profile_2", 1152))
PARTITIONS = (
    (("journal", 256), ("calibration", 3))
    + LOAD_PROFILES
    + LOGS
    + (("self_reads", 12), ("config", 96), ("users", 4), ("keys", 4))
    + (("dlms", 17), ("boot", 3), ("image", 256))
)
HALF_CYCLES = 2
MAX_PDU = 65535  # of DLMS


class LinuxBoard:
    """The HAL devices but the converter. state: directory of the flash file, which must exist."""

    load = watchdog = None
    is_attended = False

    def __init__(self, name, wiring, adc, state, system=System, clock=None):
        self.name = name
        self.max_pdu, self.signature = MAX_PDU, b""
        self.partitions = PARTITIONS
        self.half_cycles = HALF_CYCLES
        self.state = state
        self.adc = adc
        self._wiring = wiring
        self._uarts = {"optical": (wiring.OPTICAL, None), "rs485": (wiring.RS485, wiring.RS485_MODE)}
        self.serial_ports = tuple(name for name in ("optical", "rs485") if self._uarts[name][0])
        if wiring.MTD:
            self.flash = Mtd(wiring.MTD, system)
        else:
            self.flash = Flash(os.path.join(state, "flash.bin"), FLASH_SIZE, ERASE_SIZE)
        self.nvram = Nvram(wiring.FRAM, NVRAM_SIZE) if wiring.FRAM else None
        self.rtc = Rtc(wiring.RTC, clock)
        self._keys = gpio.Lines(wiring.CHIP, wiring.KEYS, _INPUT, system=system) if wiring.KEYS else None
        self.contacts = Contacts(wiring.CHIP, wiring.INPUTS, wiring.OUTPUTS, system=system)
        self.power = Power(_power_line(wiring, system))
        self.net = Net()

    @property
    def security_keys(self):
        """(is key 1 fitted, is key 2 fitted): the jumpers as they are now."""
        found = self._keys.values() if self._keys else 0
        return bool(found & 1), bool(found & 2)

    def uart(self, name):
        """Open the serial port with this name."""
        path, mode = self._uarts[name]
        return Uart(path, mode)

    def address(self, name):
        """Return the device of the serial port with this name."""
        return self._uarts[name][0]

    def close(self):
        """Release everything."""
        for device in (self.adc, self.flash, self.nvram, self.contacts, self._keys, self.power):
            if device:
                device.close()


_INPUT = gpio.INPUT | gpio.ACTIVE_LOW | gpio.PULL_UP


def _power_line(wiring, system):
    if wiring.POWER_FAIL is None:
        return None
    return gpio.Lines(
        wiring.CHIP, (wiring.POWER_FAIL,), gpio.INPUT | gpio.RISING | gpio.FALLING, system=system
    )
