"""A register-level model of the ADS131M08: bit-exact SPI frames, commands, resets, data-ready, and its failures.

Source: Texas Instruments SBAS950, sections 8.4 (modes), 8.5 (programming) and 8.6 (registers). It shares nothing with
hal.ads131m08; its CRC is the standard library's.

    answer   command                         executed at the end of the frame, answered in the next one
    STATUS   0000 NULL                       and whatever is not understood
    FF28     0011 RESET
    0022     0022 STANDBY, 0033 WAKEUP, 0555 LOCK, 0655 UNLOCK likewise
    register 101a aaaa annn nnnn RREG        of several: 111a aaaa annn nnnn, then the registers instead of data
    010...   011a aaaa annn nnnn WREG
"""

from binascii import crc_hqx

RESET_VALUES = {0x00: 0x2883, 0x01: 0x0500, 0x02: 0x0510, 0x03: 0xFF0E, 0x06: 0x0600}
RESET_VALUES.update({0x0C + 5 * channel: 0x8000 for channel in range(8)})
WRITABLE = {0x02: 0x3F1F, 0x03: 0xFFFF, 0x04: 0x7777, 0x05: 0x7777, 0x06: 0x1FFF, 0x07: 0xFFFF, 0x08: 0xFF0F}
for _channel in range(8):
    WRITABLE.update(
        {9 + 5 * _channel + k: mask for k, mask in enumerate((0xFFC7, 0xFFFF, 0xFF00, 0xFFFF, 0xFF00))}
    )
RESET_ANSWER = 0xFF28
POWER_UP_US = 250
RESET_CLOCKS = 2048
DEPTH = 2  # conversions that wait to be read
UNREAD = 30


class Ads131m08:
    """The chip, wired to a World.

    pins        numbers of CLKIN, SCK, MOSI, MISO, DRDY, CS, SYNC/RESET
    source      called with the number of the conversion: eight input voltages
    silent      True: the chip converts no more (its clock has stopped, or it is dead)
    damage      called with the bytes of each frame that leaves, returns what arrives; or None
    resets, conversions, missed     counts; missed: conversions that nobody read in time
    commands    the command words that were executed
    """

    mode = (0, 1)
    fastest = 25_000_000

    def __init__(self, world, pins, source):
        self._world, self._source = world, source
        self._clkin, _, _, _, self._drdy, cs, reset = pins
        self.silent, self.damage = False, None
        self.resets = self.conversions = self.missed = 0
        self.commands = []
        self._machine = None
        self._powered = True
        self._selected = False
        self._low_since = None
        world.wire_spi(cs, self)
        world.line(reset).pulled = 1
        world.line(reset).changed()
        world.line(reset).watchers.append(self._reset_pin)
        self._forget()
        world.after(1, self._tick)

    # Supply, reset and clock

    def _forget(self):
        self.registers = dict.fromkeys(range(0x40), 0)
        self.registers.update(RESET_VALUES)
        self._answer = [RESET_ANSWER]
        self._waiting = []
        self._locked = self._standby = False
        self._fresh = 0
        self.resets += 1
        self._world.drive(self._drdy, 1)

    def brown_out(self, us):
        """The supply is too low for so long; all settings are gone after it."""
        self._powered = False
        self._world.drive(self._drdy, 1)

        def back():
            self._powered = True
            self._forget()

        self._world.after(us + POWER_UP_US, back)

    def _reset_pin(self, high, now):
        if not high:
            self._low_since = now
        elif self._low_since is not None and self.clkin_hz:
            if (now - self._low_since) * self.clkin_hz / 1e6 >= RESET_CLOCKS:
                self._forget()
            else:
                self._waiting = []
                self.registers[0x01] |= 0x4000

    @property
    def clkin_hz(self):
        """The clock at CLKIN; 0 without one."""
        cycles, duty = self._world.pwm.get(self._clkin, (0, 0))
        return self._world.system_hz / cycles if cycles and duty else 0

    @property
    def rate(self):
        """Conversions a second, of the clock and CLOCK.OSR."""
        return self.clkin_hz / 2 / (128 << (self.registers[0x03] >> 2 & 7))

    def _tick(self):
        """One period of conversion is over."""
        rate = self.rate
        if not rate or self.silent or not self._powered or self._standby:
            self._world.after(30, self._tick)
            return
        if self._machine is None and len(self._waiting) == DEPTH:
            # Nobody reads: many at once, to save time.
            self.conversions += UNREAD
            self.missed += UNREAD
            self._world.after(UNREAD * 1e6 / rate, self._tick)
            return
        self._world.after(1e6 / rate, self._tick)
        self._convert()
        if self._machine is not None:
            self._machine.take_frame(self)

    def _convert(self):
        volts = self._source(self.conversions)
        self.conversions += 1
        enabled = self.registers[0x03] >> 8
        counts = [self._counts(k, volts[k]) if enabled >> k & 1 else 0 for k in range(8)]
        if len(self._waiting) == DEPTH:
            self._waiting.pop(0)
            self.missed += 1
        self._waiting.append(counts)
        self._world.drive(self._drdy, 0)

    def _counts(self, channel, volts):
        gain = 1 << (self.registers[0x04 + channel // 4] >> 4 * (channel % 4) & 7)
        return max(-(1 << 23), min((1 << 23) - 1, int(round(volts * gain / 1.2 * (1 << 23)))))

    def attach(self, machine):
        """A state machine waits for DRDY, and takes a frame each time; None: no more."""
        self._machine = machine

    # Frames

    @property
    def word_bytes(self):
        """Bytes of a word, of MODE.WLENGTH."""
        return (2, 3, 4, 4)[self.registers[0x02] >> 8 & 3]

    def _status(self):
        mode = self.registers[0x02]
        word = self.registers[0x01] & 0x5000 | mode & 0x0800 | mode & 0x0700
        return word | (0x8000 if self._locked else 0) | self._fresh

    def _frame(self):
        """Return the bytes of the frame that begins now."""
        size = self.word_bytes
        if self._waiting:
            self._fresh, self._data = 0xFF & self.registers[0x03] >> 8, self._waiting.pop(0)
        else:
            self._fresh = 0
        data = getattr(self, "_data", [0] * 8)
        words = [self._status()] if self._answer is None else list(self._answer)
        if self._answer is None:
            self.registers[0x01] &= ~0x5000
        out = b"".join(word.to_bytes(2, "big") + bytes(size - 2) for word in words)
        if len(words) == 1:
            out += b"".join(self._sample(value) for value in data)
        return out + crc_hqx(out, 0xFFFF).to_bytes(2, "big") + bytes(size - 2)

    def _sample(self, value):
        wide = (value & 0xFFFFFF).to_bytes(3, "big")
        length = self.registers[0x02] >> 8 & 3
        if length == 3:
            return value.to_bytes(4, "big", signed=True)
        return (wide[:2], wide, wide + b"\0")[length]

    def select(self):
        """CS has gone low: the frame is made up."""
        self._selected = True
        self._out = self._frame() if self._powered else b""
        if self.damage and self._out:
            self._out = self.damage(self._out)
        self._bit = 0
        self._got = 0

    def clock(self, mosi):
        """One bit each way. Return MISO."""
        byte, bit = divmod(self._bit, 8)
        miso = self._out[byte] >> 7 - bit & 1 if byte < len(self._out) else 0
        self._got = self._got << 1 | mosi
        self._bit += 1
        return miso

    def deselect(self):
        """CS has gone high: the command of the frame is executed."""
        if not self._selected:
            return
        self._selected = False
        if self._bit == 8 * len(self._out):
            self._world.drive(self._drdy, 0 if self._waiting else 1)
        if self._powered:
            self._execute(self._got.to_bytes((self._bit + 7) // 8, "big"))

    def whole_frame(self, count):
        """A frame with NULL for a command, quickly: count bytes as they would be clocked out."""
        self.select()
        frame = self._out[:count] + bytes(max(0, count - len(self._out)))
        self._bit = 8 * count
        self.deselect()
        return frame

    # Commands

    def _execute(self, frame):
        size = self.word_bytes
        words = [int.from_bytes(frame[at : at + 2], "big") for at in range(0, len(frame), size)]
        command = words[0] if words else 0
        self._answer = None
        if self._locked and command >> 13 != 5 and command != 0x0655:
            return
        if command:
            self.commands.append(command)
        if command >> 13 == 5:
            self._read_registers(command)
        elif command >> 13 == 3:
            self._write_registers(command, words[1:])
        elif command == 0x0011 and len(frame) >= 10 * size:
            self._forget()
        elif command in (0x0022, 0x0033, 0x0555, 0x0655):
            self._answer = [command]
            self._standby = {0x0022: True, 0x0033: False}.get(command, self._standby)
            self._locked = {0x0555: True, 0x0655: False}.get(command, self._locked)

    def _read_registers(self, command):
        first, count = command >> 7 & 0x3F, (command & 0x7F) + 1
        values = [self._register(first + k) for k in range(count)]
        self._answer = values if count == 1 else [0xE000 | command & 0x1FFF] + values

    def _register(self, address):
        return self._status() if address == 0x01 else self.registers.get(address, 0)

    def _write_registers(self, command, values):
        first, count = command >> 7 & 0x3F, (command & 0x7F) + 1
        for k, value in enumerate(values[:count]):
            mask = WRITABLE.get(first + k, 0)
            self.registers[first + k] = self.registers[first + k] & ~mask | value & mask
        self._answer = [0x4000 | first << 7 | count - 1]
