"""A Raspberry Pi Pico 2 with an ADS131M08, a DS3231, an MB85RS512T and a W5500: the wiring, and how flash is divided.

All 26 pins are taken. With DISPLAY the five of the network card carry a display and three keys in its place.
"""

from machine import I2C, SPI, Pin
from meter.hal.rp2.adc import Adc
from meter.hal.rp2.flash import Flash
from meter.hal.rp2.nvram import Nvram
from meter.hal.rp2.power import Power
from meter.hal.rp2.rtc import Rtc
from meter.hal.rp2.watchdog import Watchdog

DISPLAY = False  # True: a display and keys in place of the network

# GPIO numbers
CLKIN, SCK, MOSI, MISO, DRDY, CS, RESET = 21, 18, 19, 16, 17, 20, 22  # of the ADS131M08
CLOCK_BUS, CLOCK_SDA, CLOCK_SCL = 1, 26, 27  # DS3231
MEMORY_BUS, MEMORY_SCK, MEMORY_MOSI, MEMORY_MISO, MEMORY_CS = 0, 2, 3, 4, 5  # MB85RS512T
NETWORK_BUS, NETWORK_SCK, NETWORK_MOSI, NETWORK_MISO, NETWORK_CS, NETWORK_RESET = (
    1,
    10,
    11,
    12,
    13,
    14,
)  # W5500
OPTICAL_UART, OPTICAL_TX, OPTICAL_RX = 0, 0, 1
RS485_UART, RS485_TX, RS485_RX, RS485_DIRECTION = 1, 8, 9, 15
KEY_1, KEY_2 = 6, 7  # jumpers to ground of the two security keys
POWER_GOOD = 28
DISPLAY_CS, DISPLAY_DC = 13, 14  # with DISPLAY, on the bus of the memory
DISPLAY_KEYS = (("up", 10), ("down", 11), ("enter", 12))  # with DISPLAY

# What the chip's channels see, and what a volt there is at the meter's input: dividers and burdens (see README.md).
INPUTS = ("VA", "VB", "VC", "IA", "IB", "IC", None, None)
GAINS = (1, 1, 1, 1, 1, 1, 1, 1)
VOLTS_A_VOLT = 355.47  # an isolating AC adapter of 230 V to 11.1 V without load, 10 kohm over 619 ohm
AMPERES_A_VOLT = 30.08  # class 20: a clamp of 2000 turns, 66.5 ohm of burden; class 10: 15.04
RATIOS = (VOLTS_A_VOLT,) * 3 + (AMPERES_A_VOLT,) * 3 + (1.0,) * 2
RATE = 30720.0  # until the settings say which frequency it is

# The optical head is dark while the line idles, and sees its own light.
OPTICAL_INVERTED, OPTICAL_DEAF = False, True
ADDRESS = None  # of the network: by DHCP, or (address, mask, gateway, name server)

# Of the 2.75 MiB that MicroPython leaves for data the file system has the beginning (boards/rp2/README.md).
FILES = 262144
FLASH_SIZE = 2621440
LOGS = (("events", 4), ("diagnostics", 4), ("security", 4), ("alarms", 4), ("sags", 8))
PARTITIONS = (
    (("journal", 96), ("calibration", 3), ("load_profile", 160), ("profile_2", 47))
    + LOGS
    + (("self_reads", 8), ("config", 48), ("users", 4), ("keys", 4))
    + (("dlms", 17), ("boot", 3), ("image", 224))  # two slots of 448 KB
)
SAMPLES_A_CYCLE = 512
HALF_CYCLES = 1  # to a frame
MAX_PDU = 1024  # bytes, of DLMS: the heap is small


class Board:
    """The HAL devices of this board."""

    name = "pico2_ads131m08"
    load = None
    signature = b""
    is_attended = False
    restarts_to_configure = True  # the heap holds one configuration at a time
    # Public key, 64 bytes, whose signature an image must have; None: any image for this board is taken (README.md).
    image_key = None

    def __init__(self):
        self.partitions = PARTITIONS
        self.half_cycles = HALF_CYCLES
        self.samples_a_cycle = SAMPLES_A_CYCLE
        self.max_pdu = MAX_PDU
        self.serial_ports = ("optical", "rs485")
        self.adc = Adc((CLKIN, SCK, MOSI, MISO, DRDY, CS, RESET), INPUTS, GAINS, RATIOS, RATE)
        self.flash = Flash(FILES, FLASH_SIZE)
        self._memory_bus = SPI(
            MEMORY_BUS, baudrate=20000000, sck=Pin(MEMORY_SCK), mosi=Pin(MEMORY_MOSI), miso=Pin(MEMORY_MISO)
        )
        self.nvram = Nvram(self._memory_bus, MEMORY_CS)
        self.rtc = Rtc(I2C(CLOCK_BUS, sda=Pin(CLOCK_SDA), scl=Pin(CLOCK_SCL), freq=400000))
        self.power = Power(POWER_GOOD)
        self.watchdog = Watchdog()
        self.contacts = None
        self._keys = (Pin(KEY_1, Pin.IN, Pin.PULL_UP), Pin(KEY_2, Pin.IN, Pin.PULL_UP))
        self._net = None

    @property
    def security_keys(self):
        """(is key 1 fitted, is key 2 fitted): the jumpers as they are now."""
        return tuple([not pin.value() for pin in self._keys])

    # What is used when metering has begun is loaded then.

    @property
    def net(self):
        """The network. What does not answer, or is not there, is one that has failed."""
        if self._net is None:
            try:
                self._net = self._open_net()
            except (
                ImportError,
                AttributeError,
                OSError,
            ) as error:  # no driver in this MicroPython, or no card
                from meter.hal.rp2.no_net import NoNet

                self._net = NoNet(str(error))
        return self._net

    def _open_net(self):
        if DISPLAY:
            raise OSError("the display has its pins")
        from meter.hal.rp2.net import Net

        bus = SPI(
            NETWORK_BUS,
            baudrate=20000000,
            sck=Pin(NETWORK_SCK),
            mosi=Pin(NETWORK_MOSI),
            miso=Pin(NETWORK_MISO),
        )
        return Net(bus, NETWORK_CS, NETWORK_RESET, ADDRESS)

    def uart(self, name):
        """Open the serial port with this name."""
        from meter.hal.rp2.uart import Uart

        if name == "optical":
            return Uart(OPTICAL_UART, OPTICAL_TX, OPTICAL_RX, inverted=OPTICAL_INVERTED, deaf=OPTICAL_DEAF)
        return Uart(RS485_UART, RS485_TX, RS485_RX, RS485_DIRECTION, "RS-485")

    def address(self, name):
        """Return what a serial port is called to people."""
        return {"optical": "uart0", "rs485": "uart1"}[name]

    def display(self):
        """Return (Display, Keys), or None without DISPLAY. The display is off."""
        if not DISPLAY:
            return None
        from meter.hal.rp2.display import Display
        from meter.hal.rp2.keys import Keys

        return Display(self._memory_bus, DISPLAY_CS, DISPLAY_DC), Keys(DISPLAY_KEYS)

    def close(self):
        """Stop the converter."""
        self.adc.close()
