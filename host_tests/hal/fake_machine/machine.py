"""The port's `machine`. Signatures and refusals: ports/rp2 and docs/library/machine.*.rst of MicroPython."""

import struct

from host_tests.hal.fake_machine.world import current


def freq(hz=None):
    """Return or set the system clock."""
    if hz is not None:
        current().system_hz = hz
    return current().system_hz


class Pin:
    """A pin: SIO, unless a peripheral takes it."""

    IN, OUT, OPEN_DRAIN = 0, 1, 2
    PULL_UP, PULL_DOWN = 1, 2
    IRQ_FALLING, IRQ_RISING = 4, 8

    def __init__(self, id, mode=-1, pull=-1, *, value=None):
        self.number = id.number if isinstance(id, Pin) else id
        if not 0 <= self.number < 48:
            raise ValueError("invalid pin")
        self.line = current().line(self.number)
        if mode != -1:
            self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None):
        line = self.line
        line.owner = "sio"
        if pull != -1:
            line.pulled = {None: None, Pin.PULL_UP: 1, Pin.PULL_DOWN: 0}[pull]
        if mode == Pin.OUT:
            line.driven = (line.driven or 0) if value is None else int(bool(value))
        else:
            line.driven = None
        line.changed()

    def value(self, level=None):
        if level is None:
            return self.line.level
        assert self.line.owner == "sio" and self.line.driven is not None, f"pin {self.number} is no output"
        self.line.driven = int(bool(level))
        self.line.changed()

    def irq(self, handler=None, trigger=IRQ_FALLING | IRQ_RISING):
        self.line.watchers = [watcher for watcher in self.line.watchers if not hasattr(watcher, "of_pin")]
        if handler is None:
            return

        def watch(high, now):
            if trigger & (Pin.IRQ_RISING if high else Pin.IRQ_FALLING):
                handler(self)

        watch.of_pin = True
        self.line.watchers.append(watch)


def take(pin, owner):
    """A peripheral takes a pin."""
    if pin is not None:
        line = current().line(pin.number)
        line.owner, line.driven = owner, None


class SPI:
    """The hardware SPI, as controller. Bytes go to the chip that is selected."""

    MSB = 0

    def __init__(self, id, baudrate=1000000, *, polarity=0, phase=0, bits=8, firstbit=MSB, sck=None, mosi=None,
                 miso=None):  # fmt: skip
        assert id in (0, 1)
        for pin, what in ((sck, 2), (mosi, 3), (miso, 0)):
            if pin is not None and (pin.number % 4 != what or pin.number // 8 % 2 != id):
                raise ValueError("bad pin")
        self.mode, self.baudrate = (polarity, phase), baudrate
        self.pins = [pin for pin in (sck, mosi, miso) if pin is not None]
        for pin in self.pins:
            take(pin, "spi")

    def deinit(self):
        self.pins = []

    def _exchange(self, out):
        assert self.pins, "the SPI was given back"
        assert all(pin.line.owner == "spi" for pin in self.pins), "a pin of the SPI was taken away"
        device = current().selected()
        current().advance(len(out) * 8e6 / self.baudrate)
        if device is None:
            return bytes(len(out))
        assert device.mode == self.mode, f"SPI mode {self.mode}"
        assert self.baudrate <= device.fastest, "SPI too fast"
        return bytes(exchange_byte(device, byte) for byte in out)

    def write(self, data):
        self._exchange(bytes(data))

    def readinto(self, buffer, write=0):
        buffer[:] = self._exchange(bytes([write]) * len(buffer))

    def write_readinto(self, out, into):
        if len(out) != len(into):
            raise ValueError("buffers must be the same length")
        into[:] = self._exchange(bytes(out))


class SoftSPI(SPI):
    """An SPI by software: any pins do."""

    def __init__(self, baudrate=500000, *, polarity=0, phase=0, bits=8, firstbit=SPI.MSB, sck, mosi, miso):
        self.mode, self.baudrate = (polarity, phase), min(baudrate, 500000)
        self.pins = [sck, mosi, miso]
        for pin in self.pins:
            take(pin, "spi")


def exchange_byte(device, byte):
    """Clock one byte, most significant bit first. A chip that is asked much may take whole bytes: exchange()."""
    if hasattr(device, "exchange"):
        return device.exchange(byte)
    got = 0
    for bit in range(7, -1, -1):
        got = got << 1 | device.clock(byte >> bit & 1)
    return got


class I2C:
    """The hardware I2C. A device has write(data) and read(count); a missing one does not acknowledge."""

    def __init__(self, id, *, scl=None, sda=None, freq=400000, timeout=50000):
        self.id = id
        for pin, what in ((sda, 0), (scl, 1)):
            if pin is not None and pin.number % 4 != what + 2 * id:
                raise ValueError("bad pin")
            take(pin, "i2c")

    def _device(self, address):
        if (self.id, address) not in current().i2c:
            raise OSError(5, "EIO")
        return current().i2c[self.id, address]

    def readfrom_mem(self, address, register, count, *, addrsize=8):
        device = self._device(address)
        device.write(bytes([register]))
        return device.read(count)

    def writeto_mem(self, address, register, data, *, addrsize=8):
        self._device(address).write(bytes([register]) + bytes(data))


class PWM:
    """A PWM of 16 bits with a divider that stays at 1 here: only for what divides the clock by less than 65536."""

    def __init__(self, pin, *, freq=None, duty_u16=None):
        self._pin = pin
        take(pin, "pwm")
        self.init(freq=freq, duty_u16=duty_u16)

    def init(self, *, freq=None, duty_u16=None):
        if freq is not None:
            hz = current().system_hz
            self._cycles = min(65535, (hz + freq // 2) // freq)
        if duty_u16 is not None:
            self._duty = duty_u16
        current().pwm[self._pin.number] = (self._cycles, self._duty)

    def duty_u16(self, duty):
        self.init(duty_u16=duty)


class UART:
    """The PL011 with the port's ring buffers. See models.line for the wire."""

    INV_TX, INV_RX = 1, 2

    def __init__(self, id, baudrate=None, **options):
        self._id = id
        self._line = current().uarts[id]
        self.init(**({"baudrate": baudrate} if baudrate else {}), **options)

    def init(self, baudrate=9600, bits=8, parity=None, stop=1, *, tx=None, rx=None, txbuf=256, rxbuf=256, timeout=0,
             timeout_char=0, invert=0):  # fmt: skip
        for pin, what in ((tx, 0), (rx, 1)):
            if pin.number % 2 != what or (pin.number + 4) // 8 % 2 != self._id:
                raise ValueError("bad pin")
            take(pin, "uart")
        assert bits in (7, 8) and parity in (None, 0, 1) and stop in (1, 2)
        assert timeout == 0, "the port waits in write() and read() for so long: nothing else would run"
        self._line.opened(baudrate, bits, parity, stop, txbuf, rxbuf, invert)

    def deinit(self):
        self._line.closed()

    def any(self):
        return len(self._line.received)

    def read(self, count=None):
        return self._line.take(count)

    def write(self, data):
        return self._line.put(bytes(data))

    def txdone(self):
        return self._line.is_idle


class WDT:
    """The watchdog: it cannot be stopped."""

    def __init__(self, id=0, timeout=5000):
        if timeout > 8388:
            raise ValueError("timeout exceeds 8388")
        self.timeout = timeout
        current().watchdog = self
        self.feed()

    def feed(self):
        self.fed_at = current().now

    @property
    def bites(self):
        """True if the board would have been reset by now."""
        return current().now - self.fed_at > self.timeout * 1000


class ADC:
    """Only puts its pin into analogue mode."""

    def __init__(self, pin):
        assert pin.number in (26, 27, 28, 29)
        take(pin, "adc")


class Registers:
    """mem32: addresses that a chip of the World answers to."""

    def __getitem__(self, address):
        return current().registers[address][0]()

    def __setitem__(self, address, value):
        current().registers[address][1](struct.unpack("<I", struct.pack("<I", value))[0])


mem32 = Registers()
