"""The ADS131M08 as every backend speaks to it: registers, commands and frames. Source: its data sheet, SBAS950.

A frame is ten words each way; a word has 24 bits here, as after a reset, with 16-bit values in its upper part.

    to the chip     | command | data of WREG ... |                                   | (CRC: off)
    from the chip   | answer to the last frame | channel 0 | ... | channel 7 | CRC |

The answer to NULL is the status word. The CRC is CCITT's (0x1021, seed 0xFFFF) over all words before it.
"""

from meter.compat import const

CHANNELS = const(8)
WORDS = const(10)
WORD = const(3)  # bytes
FRAME = const(30)
CRC_AT = const(27)  # where in a frame the CRC stands
FULL_SCALE = const(0x800000)  # counts
REFERENCE = 1.2  # volts: the input that is full scale at gain 1, either sign

# Commands
NULL = const(0x0000)
RESET = const(0x0011)
STANDBY = const(0x0022)
WAKEUP = const(0x0033)
LOCK = const(0x0555)
UNLOCK = const(0x0655)
RREG = const(0xA000)  # 101a aaaa annn nnnn, n: registers less one
WREG = const(0x6000)  # 011a aaaa annn nnnn
WRITTEN = const(0x4000)  # its answer: 010a aaaa ammm mmmm, m: registers written less one
WAS_RESET = const(0xFF28)  # the answer to RESET, and to whatever follows another reset

# Registers
ID = const(0x00)
STATUS = const(0x01)
MODE = const(0x02)
CLOCK = const(0x03)
GAIN1 = const(0x04)  # of channels 0 to 3, four bits each
GAIN2 = const(0x05)  # of channels 4 to 7
CFG = const(0x06)
CHANNEL = const(0x09)  # CHn_CFG, OCAL_MSB, OCAL_LSB, GCAL_MSB, GCAL_LSB: five for each channel
CHANNEL_SIZE = const(5)

IDENTITY = const(0x2800)  # of ID, but for its lower byte: eight channels

# Bits of the status word
LOCKED = const(0x8000)
RESYNCHRONISED = const(0x4000)
BAD_COMMAND_CRC = const(0x1000)
FRESH_RESET = const(0x0400)  # there was a reset, and nobody has acknowledged it
READY = const(0x00FF)  # a bit a channel: this frame has a new sample of it

MODE_VALUE = const(0x0110)  # reset acknowledged, 24-bit words, CCITT, SPI time-out on, DRDY low until read
HIGH_RESOLUTION = const(0x0002)
EXTERNAL_CLOCK = const(0x0080)  # crystal oscillator off: CLKIN is driven
OSR_128 = const(0x0000)
CLOCKS_A_SAMPLE = const(256)  # of CLKIN, at OSR 128
GAINS = (1, 2, 4, 8, 16, 32, 64, 128)


class ChipError(OSError):
    """The chip does not answer, or does not keep what is written to it."""


def crc(data, stop):
    """Return the CRC of the first `stop` bytes of data."""
    value = 0xFFFF
    for k in range(stop):
        value ^= data[k] << 8
        for _ in range(8):
            value = value << 1 ^ (0x11021 if value & 0x8000 else 0)
    return value


def crc_table():
    """Return the 256 CRCs of one byte, for those who must be quick: an array of 512 bytes."""
    from array import array

    table = array("H", [0] * 256)
    for byte in range(256):
        value = byte << 8
        for _ in range(8):
            value = value << 1 ^ (0x11021 if value & 0x8000 else 0)
        table[byte] = value
    return table


def gain_words(gains):
    """Return the values of GAIN1 and GAIN2. gains: eight of GAINS. ValueError otherwise."""
    words = [0, 0]
    for channel, gain in enumerate(gains):
        if gain not in GAINS:
            raise ValueError("gain %s of channel %d: one of %s" % (gain, channel, GAINS))
        words[channel // 4] |= GAINS.index(gain) << 4 * (channel % 4)
    return words


def volts_a_count(gain):
    """Return the input volts of one count."""
    return REFERENCE / gain / FULL_SCALE


class Chip:
    """The chip behind an SPI.

    exchange(out, into)     sends FRAME bytes and fills `into` with as many, in one frame
    """

    def __init__(self, exchange):
        self._exchange = exchange
        self._out = bytearray(FRAME)
        self._into = bytearray(FRAME)

    def _frame(self, command, *values):
        """Send a command with the values of a WREG. Return the chip's answer to the frame before."""
        out, into = self._out, self._into
        for k in range(FRAME):
            out[k] = 0
        for k, word in enumerate((command,) + values):
            out[WORD * k], out[WORD * k + 1] = word >> 8, word & 0xFF
        self._exchange(out, into)
        if crc(into, CRC_AT) != into[CRC_AT] << 8 | into[CRC_AT + 1]:
            raise ChipError("a frame of the ADS131M08 with a wrong CRC")
        return into[0] << 8 | into[1]

    def command(self, command, *values):
        """Send a command; return the answer, a 16-bit word. ChipError if its frame is damaged."""
        self._frame(command, *values)
        return self._frame(NULL)

    def read(self, register):
        """Return a register."""
        return self.command(RREG | register << 7)

    def write(self, register, value):
        """Set a register. ChipError if it is not what was written then."""
        if self.command(WREG | register << 7, value) != WRITTEN | register << 7:
            raise ChipError("register 0x%02X of the ADS131M08 was not written" % register)
        if self.read(register) != value:
            raise ChipError("register 0x%02X of the ADS131M08 does not keep 0x%04X" % (register, value))

    def reset(self):
        """Reset by command. ChipError if the chip does not say that it did."""
        if self.command(RESET) != WAS_RESET:
            raise ChipError("the ADS131M08 does not reset")

    def identify(self):
        """ChipError unless an ADS131M08 answers."""
        found = self.read(ID)
        if found & 0xFF00 != IDENTITY:
            raise ChipError("ID 0x%04X is not an ADS131M08's" % found)

    def configure(self, gains, enabled=READY):
        """Set mode, clock and gains, and lock the registers. gains: eight. enabled: a bit for each channel."""
        self.command(UNLOCK)
        self.identify()
        low, high = gain_words(gains)
        for register, value in (
            (CLOCK, enabled << 8 | EXTERNAL_CLOCK | OSR_128 | HIGH_RESOLUTION),
            (GAIN1, low),
            (GAIN2, high),
            (CFG, 0x0600),  # no global chop, no current detection
            (MODE, MODE_VALUE),
        ):
            self.write(register, value)
        self.command(LOCK)
