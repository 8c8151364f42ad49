"""A whole App on a small flash, driven by spans of known energy: what a configuration does to what it keeps."""

import numpy as np
from meter.app import App
from meter.config import document
from meter.hal.sim.flash import Flash
from meter.hal.sim.nvram import Nvram
from meter.hal.sim.rtc import Rtc
from meter.metrology.span import Span
from meter.quantities import START as ROW

from host_tests.engine_life import register

SECTOR = 4096
AREAS = (
    ("journal", 12), ("calibration", 3), ("load_profile", 4), ("profile_2", 4), ("events", 4), ("diagnostics", 3),
    ("security", 3), ("alarms", 3), ("sags", 3), ("self_reads", 3), ("config", 16), ("users", 4), ("keys", 4),
)  # fmt: skip
FLASH_SIZE = 72 * SECTOR
START = 1_700_000_100 - 1_700_000_100 % 3600  # on the hour
# Two profiles, self-reads each hour, a rate, a demand and its peak: something to lose in every feature.
CONFIGURATION = {
    "version": 2,
    "registers": {
        "normal": [
            register(1, self_read=True), register(2, storage="billing period reset"), register(3, rate="A"),
            register(4, "W.del.P", "peak demand"),
        ],
        "alternate": [],
        "test": [],
    },
    "load_profile": {"channels": ["Wh.del.P"], "format": "values"},
    "load_profile_2": {"channels": ["Wh.del.P", "V.A"], "format": "values"},
    "self_read": {"kind": "hourly"},
    "tou": {"days": [["all", "all", "00:00 A"]]},
    "ports": {name: {"enabled": False} for name in ("optical", "rs485", "iec62056_21_tcp", "dlms_tcp")},
}  # fmt: skip


def changed(**sections):
    """Return CONFIGURATION with other values in some sections, as JSON."""
    whole = dict(CONFIGURATION)
    for name, values in sections.items():
        whole[name] = {**whole.get(name, {}), **values}
    return document.text(document.settings_of(whole))


class _Load:
    connection = None


class _Board:
    partitions, serial_ports, half_cycles = AREAS, (), 2
    name, contacts = "test", None
    security_keys = (False, False)
    adc, load = None, _Load()

    def __init__(self, flash, nvram, now):
        self.flash, self.nvram, self.rtc = flash, nvram, Rtc(now)


class Life:
    """One App from a start on. text: a document to start with; None: the stored one."""

    def __init__(self, now=START, text=None, flash=None, nvram=None, has_nvram=False):
        self.flash = flash or Flash(FLASH_SIZE, SECTOR)
        self.nvram = nvram or (Nvram(65536) if has_nvram else None)
        settings = document.read(text) if text else None
        self.app = App(_Board(self.flash, self.nvram, now), settings, dtype=np.float64)
        self.now = self.app.meter.clock.second
        self.consumed = 0  # Wh of this life

    def run(self, minutes):
        """Meter so many minutes of 60 W and a little: 1 Wh each."""
        for _ in range(minutes):
            span = Span(np.float64)
            span.sums[ROW["W"] + 3] = 3600.0
            span.half_cycles, span.seconds, span.end = 7200, 60.0, self.now + 60
            self.app.meter.take(span)
            self.now += 60
            self.consumed += 1
        return self

    def value(self, number=1):
        """Return a register's value; consumption in whole Wh."""
        found = self.app.engine.register(number)
        value = found.value()
        return value // 1_000_000 if found.definition.kind == "consumption" and value is not None else value

    def records(self, place=0):
        """Return the records of a load profile."""
        return list(self.app.engine.profiles[place].records())

    def reads(self):
        """Return the self-reads."""
        return list(self.app.engine.self_reads.records())

    def events(self, name):
        """Return the events of a kind, by its name."""
        return [event for event in self.app.access.log("events") if event.name == name]

    def restart(self, text=None, after=7):
        """Return a new App on the same storage, after an outage without warning."""
        return Life(self.now + after, text, self.flash, self.nvram)
