"""A Raspberry Pi Pico with its own 12-bit converter: one phase, 128 samples a cycle, no accuracy claim.

Two inputs, each an alternating voltage of 3.3 V peak to peak at most around half the supply.
"""

from machine import I2C, SPI, Pin
from meter.hal.rp2.flash import Flash
from meter.hal.rp2.internal_adc import Adc
from meter.hal.rp2.power import Power
from meter.hal.rp2.rtc import Rtc
from meter.hal.rp2.watchdog import Watchdog

# GPIO numbers. The inputs are GPIO 26 (voltage) and 27 (current).
CLOCK_BUS, CLOCK_SDA, CLOCK_SCL = 0, 8, 9  # DS3231
OPTICAL_UART, OPTICAL_TX, OPTICAL_RX = 0, 0, 1
OUTPUTS, CONTACTS = (4, 5), (2, 3)
KEY_1, KEY_2 = 14, 15  # jumpers to ground of the two security keys
POWER_GOOD = 22
DISPLAY_BUS, DISPLAY_SCK, DISPLAY_MOSI, DISPLAY_CS, DISPLAY_DC, DISPLAY_RESET, DISPLAY_LIGHT = (
    0,
    18,
    19,
    17,
    16,
    20,
    21,
)
DISPLAY_KEYS = (("up", 10), ("down", 11), ("enter", 12))

INPUTS = ("VA", "IA")
# What a volt at the pin is at the meter's input: dividers and burdens (see README.md).
VOLTS_A_VOLT = 259.99  # an isolating AC adapter of 230 V to 11.1 V without load, 10 kohm over 866 ohm
AMPERES_A_VOLT = 21.48  # class 20: a clamp of 2000 turns, 93.1 ohm of burden; class 10: 10.99
RATIOS = (VOLTS_A_VOLT, AMPERES_A_VOLT)
RATE = 128 * 60.0  # until the settings say which frequency it is

# Of the 1280 KB that MicroPython leaves for data the file system has the beginning (boards/rp2/README.md).
FILES = 262144
FLASH_SIZE = 786432
PARTITIONS = (("journal", 48), ("calibration", 3))
SAMPLES_A_CYCLE = 128
HALF_CYCLES = 1
SETTINGS = {}  # what of SETTINGS in meter/app.py is other here, such as {"service.frequency": 50}


class Board:
    """The HAL devices of this board."""

    name = "pico_demo"

    def __init__(self):
        self.partitions = PARTITIONS
        self.half_cycles = HALF_CYCLES
        self.samples_a_cycle = SAMPLES_A_CYCLE
        self.settings = SETTINGS
        self.adc = Adc(INPUTS, RATIOS, RATE)
        self.flash = Flash(FILES, FLASH_SIZE)
        self.rtc = Rtc(I2C(CLOCK_BUS, sda=Pin(CLOCK_SDA), scl=Pin(CLOCK_SCL), freq=400000))
        self.power = Power(POWER_GOOD)
        self.watchdog = Watchdog()
        self._keys = (Pin(KEY_1, Pin.IN, Pin.PULL_UP), Pin(KEY_2, Pin.IN, Pin.PULL_UP))
        self._contacts = None

    @property
    def security_keys(self):
        """(is key 1 fitted, is key 2 fitted): the jumpers as they are now."""
        return tuple([not pin.value() for pin in self._keys])

    # What is used when metering has begun is loaded then.

    @property
    def contacts(self):
        """The contacts."""
        if self._contacts is None:
            from meter.hal.rp2.contacts import Contacts

            self._contacts = Contacts(OUTPUTS, CONTACTS)
        return self._contacts

    def uart(self, name):
        """Open the serial port with this name."""
        from meter.hal.rp2.uart import Uart

        return Uart(OPTICAL_UART, OPTICAL_TX, OPTICAL_RX, deaf=True)

    def address(self, name):
        """Return what a serial port is called to people."""
        return "uart0"

    def display(self):
        """Return (Display, Keys). The display is off."""
        from meter.hal.rp2.display import Display
        from meter.hal.rp2.keys import Keys

        bus = SPI(DISPLAY_BUS, baudrate=40000000, sck=Pin(DISPLAY_SCK), mosi=Pin(DISPLAY_MOSI))
        return Display(bus, DISPLAY_CS, DISPLAY_DC, DISPLAY_RESET, DISPLAY_LIGHT), Keys(DISPLAY_KEYS)

    def close(self):
        """Stop the converter."""
        self.adc.close()
