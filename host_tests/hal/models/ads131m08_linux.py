"""An ADS131M08 behind spidev and a GPIO character device, at the level of its registers and of the kernel's ioctls.

Source: the chip's data sheet (SBAS950), sections on the interface, registers and the two-sample buffer; linux/gpio.h
and linux/spi/spidev.h. Time is virtual: it passes by the clocks of the transfers, and by pause(). It is written
without the driver's constants, so that a wrong one there does not go unseen.
"""

import ctypes
import struct

OSR = (128, 256, 512, 1024, 2048, 4096, 8192, 16256)
RESET_VALUES = {0x00: 0x2803, 0x01: 0x0500, 0x02: 0x0510, 0x03: 0xFF0E, 0x04: 0, 0x05: 0, 0x06: 0x0600}
GET_LINE, SET_MODE, SET_SPEED = 0xC250B407, 0x40016B01, 0x40046B04
KERNEL_EVENTS = 1024


def _crc_of_byte(byte):
    value = byte << 8
    for _ in range(8):
        value = value << 1 & 0xFFFF ^ (0x1021 if value >> 15 else 0)
    return value


CRCS = [_crc_of_byte(byte) for byte in range(256)]


def crc_ccitt(data):
    value = 0xFFFF
    for byte in data:
        value = value << 8 & 0xFFFF ^ CRCS[value >> 8 ^ byte]
    return value


class Chip:
    """source(n): the eight counts of conversion n since the last reset or configuration; clkin: Hz."""

    def __init__(self, source, clkin):
        self.source, self.clkin = source, clkin
        self.now_ns = 0.0
        self.conversions = 0
        self.edges = 0
        self.events = []
        self.is_clocked = self.is_powered = True
        self.power_up()

    def power_up(self):
        self.registers = dict(RESET_VALUES)
        self._was_reset = True
        self._locked = False
        self._answer = 0xFF28
        self._buffer, self._latest = [], (0,) * 8
        self._due = self.now_ns + self.period_ns()

    def period_ns(self):
        return 1e9 * 2 * OSR[self.registers[0x03] >> 2 & 7] / self.clkin

    def advance(self, ns):
        self.now_ns += ns
        while self.is_powered and self.is_clocked and self._due <= self.now_ns:
            self._buffer = [*self._buffer, self.source(self.conversions)][-2:]
            self.conversions += 1
            self.edges += 1
            self.events = [*self.events, (int(self._due), self.edges)][-KERNEL_EVENTS:]
            self._due += self.period_ns()

    def status(self):
        ready = 0xFF if self._buffer else 0
        return self._locked << 15 | self._was_reset << 10 | 1 << 8 | ready

    def frame(self, out):
        if not self.is_powered:
            return bytes(len(out))
        answer = self.status() if self._answer is None else self._answer
        if self._buffer:
            self._latest = self._buffer.pop(0)
        into = struct.pack(">Hx", answer)
        for counts in self._latest:
            into += struct.pack(">i", counts)[1:]
        into += struct.pack(">Hx", crc_ccitt(into))
        self._answer = self._command(struct.unpack_from(">H", out)[0], out)
        return into

    def _command(self, command, out):
        if command == 0x0011 and not self._locked:
            self.power_up()
            return 0xFF28
        if command == 0x0655:
            self._locked = False
        elif command == 0x0555:
            self._locked = True
        elif command >> 13 == 5:
            register = command >> 7 & 63
            return self.status() if register == 1 else self.registers[register]
        elif command >> 13 == 3:
            if not self._locked:
                self._write(command >> 7 & 63, struct.unpack_from(">H", out, 3)[0])
            return 0x4000 | command & 0x1F80
        elif command == 0:
            return None
        return command

    def _write(self, register, value):
        self.registers[register] = value
        if register == 0x02 and not value & 0x0400:
            self._was_reset = False
            self.registers[0x02] |= 0
        if register == 0x03:
            self._due = self.now_ns + self.period_ns()


class Kernel:
    """The two character devices before a Chip: what meter.hal.linux.system.System is to the real ones.

    overhead_us   of each transfer of a message
    damage        frame number since start -> function(bytes) -> bytes
    stalls        message number -> microseconds for which the reader does not get the processor before it
    before        message number -> function(chip): what happens to the chip then
    """

    def __init__(self, source, clkin=6553600.0, overhead_us=4.0):
        self.chip = Chip(source, clkin)
        self.overhead_us = overhead_us
        self.damage, self.stalls, self.before = {}, {}, {}
        self.frames = self.messages = 0
        self.speed_hz = self.mode = None
        self._open = {}

    def clock(self):
        return int(self.chip.now_ns)

    def open(self, path, flags):
        if path not in ("/dev/spidev0.0", "/dev/gpiochip0"):
            raise FileNotFoundError(path)
        fd = 1000 + len(self._open)
        self._open[fd] = path
        return fd

    def close(self, fd):
        del self._open[fd]

    def readable(self, fd):
        return bool(self.chip.events)

    def read(self, fd, size):
        assert self._open[fd] == "DRDY"
        taken, self.chip.events = self.chip.events[: size // 48], self.chip.events[size // 48 :]
        return b"".join(struct.pack("<QIIII24x", ns, 2, 25, number, number) for ns, number in taken)

    def ioctl(self, fd, number, argument):
        path = self._open[fd]
        if path == "/dev/gpiochip0":
            assert number == GET_LINE and len(argument) == 592
            offset, flags, lines = (struct.unpack_from("<I", argument, at)[0] for at in (0, 288, 560))
            assert (offset, flags, lines) == (25, 1 << 2 | 1 << 5, 1)
            line = 2000
            self._open[line] = "DRDY"
            struct.pack_into("<i", argument, 588, line)
        elif number == SET_MODE:
            self.mode = argument[0]
        elif number == SET_SPEED:
            self.speed_hz = struct.unpack("<I", argument)[0]
        elif number & 0xC000FFFF == 0x40006B00:
            self._message(argument, (number >> 16 & 0x3FFF) // 32)

    def _message(self, transfers, count):
        assert self.mode == 1 and len(transfers) == 32 * count
        if count > 1:
            self.messages += 1
            self.chip.advance(self.stalls.get(self.messages, 0) * 1000)
            if self.messages in self.before:
                self.before[self.messages](self.chip)
        for k in range(count):
            out, into, size, speed, delay, bits, change = struct.unpack_from("<QQIIHBB", transfers, 32 * k)
            assert bits == 8 and speed <= 25_000_000 and change == (k < count - 1), "each frame is its own"
            came = self.chip.frame(ctypes.string_at(out, size))
            came = self.damage.get(self.frames, lambda data: data)(came)
            self.frames += 1
            ctypes.memmove(into, came, size)
            self.chip.advance(size * 8e9 / speed + (delay + self.overhead_us) * 1000)
