"""An Engine with registers of a test's choice, over loads that are steady for a while: every value can be computed by
hand. Energy is booked to the quantum: it begins half a quantum up, so rounding cannot take one away.
"""

from meter.hal.sim.flash import Flash
from meter.metrology.span import Span
from meter.quantities import START, terms
from meter.registers.self_read import KEPT
from meter.storage.fifo import Fifo

from host_tests.harness import engine

HOUR = 1_700_002_800  # UTC 2023-11-14 23:00:00
MINUTE = 60
MICRO = 1000000  # a watt-hour, a watt in what registers count
SECTOR = 4096
SELF_READS, PROFILE = 12, 4  # sectors
FIXED = {"demand.interval": 15, "demand.subinterval": 15}


def entry(kind, quantity, storage="working", **more):
    """Return a definition. A coincident demand is that of the peak of W.del.P."""
    more.update({"peak": "W.del.P"} if kind == "coincident demand" else {})
    return {"kind": kind, "quantity": quantity, "storage": storage, **more}


class Memory:
    """A journal that keeps the newest state."""

    keeps_seconds = False
    largest = 1 << 20
    kept = None

    def save(self, state, second):
        self.kept = (second, bytes(state))

    def idle(self):
        return False

    def load(self):
        return self.kept


def row_of(key):
    """Return the row of a flow (W.del.P) or of a plain row (V2.A)."""
    parts = key.split(".")
    if len(parts) == 2:
        return START[parts[0]] + "ABC".index(parts[1])
    return terms(*parts)[1][0][1]


def span_of(seconds, end, flows):
    """Return the Span of a load, flows: dict from row's key to watts, vars, mean squares."""
    span = Span(dtype=float)
    for key, power in flows.items():
        span.sums[row_of(key)] = power * seconds
    span.seconds, span.half_cycles, span.end = float(seconds), max(1, int(seconds * 120)), end
    return span


class RegisterLife:
    """Lives through time from `start` on.

    entries     definitions as in a configuration; what has no id is numbered from 0 on. What is left out is a working
                register with 10 digits
    settings    dict from path to value
    flash       of an earlier life
    """

    def __init__(self, *entries, start=HOUR, settings=None, flash=None, test=()):
        self.entries = [{"id": k, "digits": 10, **entry} for k, entry in enumerate(entries)]
        lists = {"normal": [], "alternate": [], "test": [{"digits": 10, **entry} for entry in test]}
        for entry in self.entries:
            lists["normal" if entry["id"] < 100 else "alternate"].append(entry)
        self.settings = {**FIXED, **{"registers." + name: lists[name] for name in lists}, **(settings or {})}
        self.flash = flash or Flash((SELF_READS + PROFILE) * SECTOR, SECTOR)
        self.journal = Memory()
        self.now = start
        self.engine = self.made(self.settings)
        self.engine.begin(start)
        for bank in (self.engine.bank, self.engine.test):
            bank.energy._residuals = [0.5] * len(bank.energy._residuals)

    def made(self, settings):
        """Return a new Engine over the same flash."""
        fifos = {
            "self_reads": Fifo(self.flash, 0, SELF_READS * SECTOR, 0x52),
            "load_profile": Fifo(self.flash, SELF_READS * SECTOR, PROFILE * SECTOR, 0x4C),
        }
        for fifo in fifos.values():
            fifo.mount()
        return engine(self.journal, fifos, settings)

    def run(self, minutes, flows=None):
        """Let a steady load flow. flows: watts delivered of all phases together, or a dict (see span_of)."""
        until = self.now + int(minutes * MINUTE)
        flows = flows if isinstance(flows, dict) else {"W.del.P": flows} if flows else {}
        while self.now < until:
            step = min(self.engine.next_boundary, until)
            span = span_of(step - self.now, step, flows)
            self.engine.take(span)
            self.engine.show(span)
            self.now = step
            self.engine.close(step)

    def restart(self, seconds=0, settings=None):
        """Stop, and start again so many seconds later, perhaps with other settings."""
        state, saved_at = self.engine.state(self.now), self.now
        self.settings = {**self.settings, **(settings or {})}
        self.engine = self.made(self.settings)
        self.now += seconds
        self.engine.resume(state, saved_at, self.now)

    def set_clock(self, seconds):
        """Set the clock on, or back."""
        before, self.now = self.now, self.now + seconds
        self.engine.set_time(before, self.now)

    def reset(self, **who):
        self.engine.billing_period_reset(self.now, **who)

    def freeze(self):
        self.engine.freeze(self.now)

    def preset(self, number, value):
        self.engine.preset(self.now, number, value)

    def register(self, number=0):
        return self.engine.register(number)

    def value(self, number=0):
        return self.engine.register(number).value()

    def values(self):
        """Return the values of all registers, in their order."""
        return [register.value() for register in self.engine.bank.registers]

    def self_reads(self):
        found = list(self.engine.self_reads.records())
        assert len(found) <= KEPT
        return found
