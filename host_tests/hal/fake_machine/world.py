"""The simulated board: a virtual time in microseconds, pins with what drives them, and the chips that are wired up."""

import heapq
from itertools import count

_current = None


def current():
    """Return the World that the fake modules are in."""
    assert _current is not None, "no World: use new_world()"
    return _current


def set_current(made):
    """Make this the World of the fake modules; None: there is none."""
    global _current
    _current = made


class PowerCut(Exception):
    """The power failed while the flash was written or erased."""


class Line:
    """The voltage at one GPIO: what the pin drives, else what a chip drives, else the pull resistor.

    watchers    called with (is high, World time) when it changes
    """

    def __init__(self, number):
        self.number = number
        self.owner = None  # who has the pin: "sio", "spi", "i2c", "uart", "pwm", "pio"
        self.driven = self.outside = self.pulled = None
        self.watchers = []
        self._level = 0

    @property
    def level(self):
        for level in (self.driven, self.outside, self.pulled):
            if level is not None:
                return level
        return 0

    def changed(self):
        """Tell the watchers if the level is another now."""
        level = self.level
        if level != self._level:
            self._level = level
            for watcher in list(self.watchers):
                watcher(bool(level), current().now)


class World:
    """Time, pins and chips. system_hz: of the processor. flash_size: of the part that is left to data."""

    def __init__(self, system_hz=150_000_000, flash_size=2883584):
        self.now = 0.0
        self.system_hz = system_hz
        self.lines = {}
        self.spi = {}  # CS pin -> device
        self.i2c = {}  # (bus, address) -> device
        self.uarts = {}  # number -> models.line.Line
        self.pwm = {}  # pin -> (whole number that the system clock is divided by, duty of 65536)
        self.flash = bytearray(b"\xa5" * flash_size)
        self.flash_log = []  # (what, address, length)
        self.cut_after = (
            None  # operations of the flash until the power is cut in the middle of one; None: never
        )
        self.files = 0  # bytes of the flash that the file system has
        self.dma = {}  # channel -> rp2.DMA
        self.sources = {}  # DMA request -> whoever feeds it
        self.registers = {}  # address -> (read, write)
        self.watchdog = None
        self.network = None
        self._events = []
        self._order = count()

    def operates(self):
        """An operation of the flash begins. Return True if the power fails in the middle of it."""
        if self.cut_after is None:
            return False
        self.cut_after -= 1
        return self.cut_after < 0

    def line(self, number):
        """Return the Line of a GPIO."""
        if number not in self.lines:
            self.lines[number] = Line(number)
        return self.lines[number]

    def drive(self, number, level):
        """A chip or a person drives a pin: 0, 1, or None for not at all."""
        line = self.line(number)
        line.outside = level
        line.changed()

    def at(self, when, what):
        """Call what() at this time, microseconds."""
        heapq.heappush(self._events, (when, next(self._order), what))

    def after(self, us, what):
        """Call what() so much later."""
        self.at(self.now + us, what)

    def advance(self, us):
        """Let time pass, and all that is due in it happen."""
        until = self.now + us
        while self._events and self._events[0][0] <= until:
            when, _, what = heapq.heappop(self._events)
            self.now = max(self.now, when)
            what()
        self.now = until

    def selected(self):
        """Return the device of the SPI whose CS is low, or None. Two at a time is a fault of the driver."""
        found = [device for cs, device in self.spi.items() if cs in self.lines and not self.line(cs).level]
        assert len(found) < 2, "two chips are selected at once"
        return found[0] if found else None

    def wire_spi(self, cs, device):
        """Wire a device (select(), deselect(), clock(mosi) -> miso, mode) to the buses, selected by this pin."""
        self.spi[cs] = device
        line = self.line(cs)
        line.pulled = 1
        line.changed()
        line.watchers.append(lambda high, now: device.deselect() if high else device.select())
