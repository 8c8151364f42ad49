"""The drivers of hal/rp2 over the models, as the contract suites want them.

Each is made in a World of its own, which conftest.py ends after the test.
"""

import socket
from contextlib import contextmanager

from host_tests.hal.fake_machine import new_world
from host_tests.hal.models.ads131m08 import Ads131m08
from host_tests.hal.models.ds3231 import Ds3231
from host_tests.hal.models.mb85rs512t import Mb85rs512t
from host_tests.hal.models.serial_line import SerialLine
from host_tests.hal.rp2_bench import GAINS, INPUTS, PINS, RATIOS, waves

FLASH_START, FLASH_SIZE = 4 * 4096, 4 * 4096
open_worlds = []
NVRAM_CS, POWER_PIN, DIRECTION = 5, 28, 15


def in_world(make, **options):
    """Return a function without use for its arguments that makes a device in a World of its own."""

    def factory(*_):
        context = new_world(**options)
        open_worlds.append(context)
        return make(context.__enter__())

    return factory


def end_worlds():
    """End the Worlds that were made."""
    while open_worlds:
        open_worlds.pop().__exit__(None, None, None)


def _flash(world):
    from meter.hal.rp2.flash import Flash

    device = Flash(FLASH_START, FLASH_SIZE)
    for sector in range(FLASH_SIZE // 4096):
        device.erase(4096 * sector)
    return device


def _nvram(world):
    from meter.hal.rp2.nvram import Nvram

    Mb85rs512t(world, NVRAM_CS)
    return Nvram(spi_0(), NVRAM_CS)


def spi_0():
    """The SPI with the memory and the display."""
    import machine

    return machine.SPI(0, baudrate=20_000_000, sck=machine.Pin(2), mosi=machine.Pin(3), miso=machine.Pin(4))


def i2c_1():
    """The I2C with the clock."""
    import machine

    return machine.I2C(1, sda=machine.Pin(26), scl=machine.Pin(27), freq=400_000)


def _rtc(world):
    from meter.hal.rp2.rtc import Rtc

    Ds3231(world, bus=1)
    made = Rtc(i2c_1())
    made.set(1_700_000_000)
    return made


def _power(world):
    from meter.hal.rp2.power import Power

    world.drive(POWER_PIN, 1)
    made = Power(POWER_PIN)
    made.fail = lambda: world.drive(POWER_PIN, 0)
    return made


class Peer:
    """The other side of a line, as pyserial's Serial is used."""

    def __init__(self, line):
        self._line = line
        self._read = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def write(self, data):
        self._line.arrive(data)

    def read(self, count):
        self._read += count
        return self._line.text()[self._read - count : self._read]


def _uart(world):
    from meter.hal.rp2.uart import Uart

    line = SerialLine(world, 1, direction=DIRECTION)
    made = Uart(1, 8, 9, direction=DIRECTION, kind="RS-485")
    made.peer = Peer(line)
    return made


def _net(world):
    import machine
    from meter.hal.rp2.net import Net

    bus = machine.SPI(1, sck=machine.Pin(10), mosi=machine.Pin(11), miso=machine.Pin(12))
    return Net(bus, 13, 14, ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1"))


def free_port():
    """Return a port that nobody has on the loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _adc(world):
    from meter.hal.rp2.adc import Adc

    class Ending(Adc):
        """Ends, as a recording does: contract tests read to the end."""

        blocks = 0

        async def read(self):
            self.blocks += 1
            if self.blocks > 6:
                Adc.close(self)
            return await super().read()

    Ads131m08(world, PINS, waves)
    return Ending(PINS, INPUTS, GAINS, RATIOS, 30720.0)


adc = in_world(_adc)
flash = in_world(_flash)
nvram = in_world(_nvram)
rtc = in_world(_rtc)
power = in_world(_power)
uart = in_world(_uart)


@contextmanager
def line():
    """(Uart, opener of the other side)"""
    made = uart()
    yield made, lambda: made.peer
    made.close()


net = in_world(_net, is_virtual=False)


def contacts(clock):
    """Return (Contacts, apply, seen) for the contract suite: three outputs, then two inputs."""
    outputs, inputs = (4, 5, 8), (2, 3)

    def made(world):
        from meter.hal.rp2.contacts import Contacts

        device = Contacts(outputs, inputs, clock)

        def apply(channel, state):
            pin = inputs[channel - 1 - len(outputs)]
            if world.line(pin).level == bool(state):  # a voltage pulls the pin down
                world.drive(pin, 0 if state else 1)

        return device, apply, lambda: tuple([bool(world.line(pin).level) for pin in outputs])

    return in_world(made)()
