"""Power-up on the device's interpreter: what is loaded when the first frame is metered, and what after it."""

import sys
from array import array
from math import pi, sin

IS_DEVICE = sys.implementation.name == "micropython"
BEFORE = set(sys.modules) if IS_DEVICE else set()
LATE = ("meter.protocols", "meter.ports", "meter.ui", "meter.serving", "meter.access.visitor")
SECTOR = 4096
PARTITIONS = (
    ("journal", 48), ("calibration", 3), ("load_profile", 16), ("profile_2", 8), ("events", 4), ("diagnostics", 4),
    ("security", 4), ("alarms", 4), ("sags", 4), ("self_reads", 4), ("config", 24), ("users", 4), ("keys", 4),
)  # fmt: skip
RATE = 30838.8
BLOCK = 256


class Flash:
    """hal.Flash in RAM."""

    size, erase_size = 160 * SECTOR, SECTOR

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


class Rtc:
    power_lost = False

    def read(self):
        return 1700000000


class Adc:
    """60 Hz, 120 V and 5 A, as a converter gives it, for so many blocks."""

    channels = ("VA", "VB", "VC", "IA", "IB", "IC")
    scales = (1e-4,) * 6
    rate = RATE

    def __init__(self, blocks):
        self.left, self.first = blocks, 0
        self.buffer = array("i", [0] * (6 * BLOCK))

    def set_rate(self, hz):
        assert hz == 30720.0
        return self.rate

    async def read(self):
        if not self.left:
            return None
        for k in range(BLOCK):
            turn = 2 * pi * 60 * (self.first + k) / RATE
            for p in range(3):
                self.buffer[6 * k + p] = int(1697056 * sin(turn - p * 2 * pi / 3))
                self.buffer[6 * k + 3 + p] = int(70711 * sin(turn - p * 2 * pi / 3))
        first = self.first
        self.first, self.left = first + BLOCK, self.left - 1
        return first, BLOCK, self.buffer


class Watchdog:
    fed = 0

    def feed(self):
        self.fed += 1


class Board:
    load = nvram = net = contacts = signature = None
    serial_ports = ()
    partitions = PARTITIONS
    half_cycles = 1
    max_pdu = 1024
    security_keys = (False, False)
    name = "device test"

    def __init__(self, blocks):
        self.flash, self.rtc, self.adc, self.watchdog = Flash(), Rtc(), Adc(blocks), Watchdog()


def finish(coroutine):
    """Run a coroutine that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


def started(blocks=14):
    from meter.app import App

    board = Board(blocks)
    return board, App(board)


def test_a_meter_that_has_power_meters_before_ports_and_protocols_are_loaded():
    board, app = started()
    seen = []

    def look(samples):
        if board.watchdog.fed and not seen:
            seen.append(samples)
            seen.extend(sorted(set(sys.modules) - BEFORE))

    finish(app.metering(look))
    assert board.watchdog.fed >= 5  # a frame for each half cycle once it is locked
    assert seen and seen[0] <= 9 * BLOCK  # three cycles and a half to lock, one to look ahead
    if IS_DEVICE:
        assert [name for name in seen[1:] if name.startswith(LATE)] == []
        assert "meter.metrology.kernel" in seen and "meter.storage.journal" in seen


def test_what_comes_after_it_is_loaded_one_module_at_a_time():
    from meter.parts import SERVING

    started(0)
    if IS_DEVICE and "socket" not in sys.modules:
        sys.modules["socket"] = sys  # the test interpreter has none; importing asks for its presence only
    for name in SERVING:
        before = set(sys.modules)
        __import__(name)
        if IS_DEVICE:
            # Itself, and the packages that it is in.
            others = [
                new for new in sys.modules if new not in before and not (name + ".").startswith(new + ".")
            ]
            assert others == [], (name, others)
    before = len(sys.modules)
    from meter.serving import Serving

    assert Serving and len(sys.modules) == before


def test_only_metering_feeds_the_watchdog():
    board, app = started(0)
    finish(app.metering())
    assert board.watchdog.fed == 0
