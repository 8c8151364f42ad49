"""A register engine with all its storage, driven by spans whose energy is known: whole watt-hours by the minute."""

import numpy as np
from meter.hal.sim.flash import Flash
from meter.metrology.span import Span
from meter.quantities import START as ROW
from meter.registers.event_log import EventLogs
from meter.storage.fifo import Fifo
from meter.storage.journal import Journal
from meter.storage.partitions import Partitions

from host_tests.harness import engine

SECTOR = 4096
AREAS = (
    ("journal", 16), ("profile", 4), ("reads", 3), ("events", 4), ("diagnostics", 3), ("security", 3), ("alarms", 3),
    ("sags", 3),
)  # fmt: skip
FLASH_SIZE = 48 * SECTOR


def register(number, quantity="Wh.del.P", kind="consumption", **columns):
    """Return one register as a configuration has it."""
    return {"id": number, "kind": kind, "quantity": quantity, **columns}


def watt_hours(second):
    """Return what is delivered in the minute that ends at a UTC second, Wh."""
    return 1 + second // 60 % 7


class EngineLife:
    """One engine from a start on.

    settings    dict from path to value, over the factory's; there are no registers but those given
    lost        as for Engine.start
    """

    def __init__(
        self, now, settings=None, flash=None, nvram=None, lost=None, watt_hours=watt_hours, **profile
    ):
        self.flash, self.nvram = flash or Flash(FLASH_SIZE, SECTOR), nvram
        self.watt_hours = watt_hours
        areas = Partitions.open(self.flash, AREAS)
        self.logs = EventLogs(self.flash, areas)
        fifos = {
            "load_profile": self._fifo(areas, "profile", 0x4C),
            "self_reads": self._fifo(areas, "reads", 0x52),
        }
        journal = Journal(self.flash, *areas.area("journal"), nvram=nvram)
        used = {"registers." + name: () for name in ("normal", "alternate", "test")}
        used.update(settings or {})
        profile = {"channels": ("Wh.del.P",), "interval": 15, **profile}
        self.engine = engine(journal, fifos, used, self.logs, **profile)
        self.now, self.restored_at = self.engine.start(now, lost)

    def _fifo(self, areas, name, kind):
        fifo = Fifo(self.flash, *areas.area(name), kind)
        fifo.mount()
        return fifo

    def span(self, seconds, watt_hours):
        """Meter so many seconds in one span."""
        span = Span(np.float64)
        span.sums[ROW["W"] + 3] = 3600.0 * watt_hours
        span.half_cycles, span.seconds = 120 * seconds, float(seconds)
        self.now += seconds
        span.end = self.now
        self.engine.take(span)
        self.engine.show(span)
        self.engine.close(self.now)

    def minute(self):
        """Meter a minute."""
        self.span(60, self.watt_hours(self.now + 60))

    def run(self, until):
        """Meter to a UTC second, by minutes, and by what is left."""
        while self.now + 60 <= until:
            self.minute()
        if self.now < until:
            self.span(until - self.now, 1)
        return self

    def set_time(self, utc):
        """Set the clock."""
        self.engine.set_time(self.now, utc)
        self.now = utc

    def restart(self, now, **options):
        """Return a new engine on the same storage, as after an outage without warning."""
        return EngineLife(now, flash=self.flash, nvram=self.nvram, **options)

    def value(self, number):
        """Return a register's value; consumption in whole Wh."""
        value = self.engine.register(number).value()
        return value // 1_000_000 if isinstance(value, int) and self._is_energy(number) else value

    def _is_energy(self, number):
        return self.engine.register(number).definition.kind == "consumption"

    def events(self, *wanted):
        """Return the logged events of these kinds (all, if none are given): list of Event."""
        return [event for event in self.logs.log("events").records() if not wanted or event.kind in wanted]

    def records(self):
        """Return the load profile's records."""
        return list(self.engine.profiles[0].records())

    def reads(self):
        """Return the self-reads."""
        return list(self.engine.self_reads.records())
