"""Runs on MicroPython with nothing but what the image of pico_demo has: a load is metered. See ../test_pico_demo.py."""

from array import array
from math import pi, sin

from meter.app import App
from meter.parts import SERVING

RATE, BLOCK = 7680.0, 64
SECTOR = 4096


class Flash:
    """hal.Flash in RAM."""

    size, erase_size = 32 * SECTOR, SECTOR

    def __init__(self):
        self.memory = bytearray(b"\xff" * self.size)

    def read(self, address, buffer):
        buffer[:] = self.memory[address : address + len(buffer)]

    def program(self, address, data):
        for k in range(len(data)):
            self.memory[address + k] &= data[k]

    def erase(self, address):
        self.memory[address : address + SECTOR] = b"\xff" * SECTOR

    def sync(self):
        pass


class Adc:
    """60 Hz, 120 V and 5 A, 60 degrees lagging, as the internal converter gives it, for so many blocks."""

    channels, scales, rate = ("VA", "IA"), (0.2, 0.01), RATE

    def __init__(self, blocks):
        self.left, self.first = blocks, 0
        self.buffer = array("i", [0] * (2 * BLOCK))

    def set_rate(self, hz):
        assert hz == RATE
        return hz

    async def read(self):
        if not self.left:
            return None
        for k in range(BLOCK):
            turn = 2 * pi * 60 * (self.first + k) / RATE
            self.buffer[2 * k] = int(120 * 2**0.5 / 0.2 * sin(turn))
            self.buffer[2 * k + 1] = int(5 * 2**0.5 / 0.01 * sin(turn - pi / 3))
        first = self.first
        self.first, self.left = first + BLOCK, self.left - 1
        return first, BLOCK, self.buffer


class Rtc:
    power_lost = False

    def read(self):
        return 1700000000


class Watchdog:
    fed = 0

    def feed(self):
        self.fed += 1


class Board:
    partitions = (("journal", 24), ("calibration", 3))
    half_cycles, samples_a_cycle = 1, 128
    settings = {}

    def __init__(self, blocks, flash=None):
        self.flash, self.rtc, self.adc, self.watchdog = flash or Flash(), Rtc(), Adc(blocks), Watchdog()


def finish(coroutine):
    """Run a coroutine that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


def metered(blocks, flash=None):
    board = Board(blocks, flash)
    app = App(board)
    finish(app.metering())
    return board, app


def close(found, wanted, part):
    assert abs(found / wanted - 1) < part, (found, wanted)


BLOCKS = 24  # half cycles: the stand-in of ulab is slow


def test_what_is_applied_is_metered_and_outlives_a_power_cut():
    """The energies of voltage, current and power over the same time: their ratios are the load."""
    board, app = metered(BLOCKS)
    assert board.watchdog.fed >= BLOCKS - 9  # three cycles and a half to lock, one to look ahead
    app.finish()
    read = app.access.read
    watts, amperes, hertz = read("Wh.del.A")[0], read("Ah.avg")[0], 60.0
    seconds = watts * 1e-6 * 3600 / 300.0
    assert (BLOCKS - 9) / (2 * hertz) <= seconds <= BLOCKS / (2 * hertz)
    close(read("VARh.q1.A")[0], watts * 3**0.5, 0.01)
    close(read("VAh.del.A")[0], watts * 2, 0.01)
    assert amperes > 0 and read("Wh.del.B")[0] == 0
    _, again = metered(0, board.flash)
    assert again.access.read("Wh.del.A")[0] == watts


def test_a_reader_gets_the_readout_and_no_programming_mode():
    _, app = metered(0)
    for name in SERVING:
        __import__(name)
    from meter.protocols.iec62056_21.session import Iec6205621Session

    def asked(option):
        session, now, output = Iec6205621Session(app.access), 0, b""
        session.receive(b"/?!\r\n", 0)
        for message in (option, b""):
            output, limit = b"", now + 1400
            while session.deadline() is not None and session.deadline() < limit:
                now = session.deadline()
                session.expire(now)
                output += session.take_output()
                if message and output:
                    break
            if message:
                assert output.startswith(b"/FRS5"), output
                session.receive(message, now)
        return output

    assert b"1-0:1.8.0(00000000.000*kWh)" in asked(b"\x06050\r\n")
    assert asked(b"\x06051\r\n")[:4] == b"\x01B0\x03", "a break: there is no programming mode here"


# Alive, with arrays of single precision as a board has them. Not the meter's: its flash.
FLASH = Flash()


def heap_of_what_runs():
    return metered(14, FLASH)
