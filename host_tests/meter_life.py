"""The life of a whole meter on a supply that may fail in any operation, with a memory of every promise it made.

The core is deterministic: up to an operation all lives are the same. So one life is run, and before each operation of
its flash or Nvram a copy of both is made, in which this operation is torn. A new meter starts on the copy, is held
against what the first one had promised, runs on over the next load profile record, and is checked again. Its own
operations, those of the recovery among them, can be torn in the same way.
"""

import numpy as np
from meter.hal.sim.flash import Flash, PowerCut
from meter.hal.sim.nvram import Nvram
from meter.meter import Meter
from meter.metrology.half_cycles import HalfCycles
from meter.quantities import INTEGRATED, index, keys
from meter.registers import event_kinds
from meter.registers.energy import Energy
from meter.registers.event_log import EventLog
from meter.storage.fifo import Fifo
from meter.storage.journal import Journal

from host_tests.harness import RATE, START, engine, frame_of

SECTOR = 4096
JOURNAL = 3  # sectors
MINUTE = 60
KM = 700_000  # of each channel of load profile 1, micro-units
VOLTS = 120.0
INTEGRATING = [name for name in keys() if name.split(".")[0] in INTEGRATED]
CHANNELS = (tuple(INTEGRATING[:32]), (*INTEGRATING[:16], "V.A", "Hz.A"))  # in counts; values and averages
CHECKED = (0, 5)  # places of channels whose every value is held against the registers of that second
AVERAGED = 16  # place of V.A in load profile 2
# Of both load profiles and the event log: kind, sectors, and how many records are in a sector, at least.
RINGS = ((0x4C, 4, 40), (0x4D, 3, 35), (0x45, 2, 80))
SECTORS = JOURNAL + sum([sectors for _, sectors, _ in RINGS])
LOG = 2  # place of the event log in RINGS
SETTINGS = {
    "registers.normal": (), "registers.alternate": (), "registers.test": (),
    "load_profile.channels": CHANNELS[0], "load_profile.interval": 1,
    "load_profile.format": "counts", "load_profile.km": (KM * 1e-6,) * len(CHANNELS[0]),
    "load_profile_2.channels": CHANNELS[1], "load_profile_2.interval": 1,
}  # fmt: skip
SET_BY = 7  # seconds that the clock is set forward by


class TornFlash(Flash):
    """A flash that tells before each operation; life is None or whose it is."""

    life = None

    def program(self, address, data):
        self._tell("program", address, bytes(data))
        super().program(address, data)

    def erase(self, address):
        self._tell("erase", address)
        super().erase(address)

    def _tell(self, *operation):
        if self.life:
            life, self.life = self.life, None
            life.tear("flash", *operation)
            self.life = life


class TornNvram(Nvram):
    """The same for an Nvram."""

    life = None

    def write(self, address, data):
        if self.life:
            life, self.life = self.life, None
            life.tear("nvram", "write", address, bytes(data))
            self.life = life
        super().write(address, data)


class Life:
    """One meter from a start to a cut, on a flash and an Nvram (or None).

    parent      the life whose cut it follows, or None
    seeds       how many ways each operation is torn; of the operations of its children, by depth
    seed        of the damage
    """

    def __init__(self, flash, nvram, seeds, utc, parent=None, seed=1):
        self.flash, self.nvram, self.seeds, self.parent = flash, nvram, seeds, parent
        self.utc, self.seed = utc, seed
        self.survived = 0
        self.meter = None
        self.history = {}  # second -> totals
        self.kept = set(parent.kept_or_pending() if parent else ())  # seconds to which a restart may go back
        self._saving = None
        # For each ring: entry -> (time, payload) of stored records.
        self.reported = [dict(known) for known in (parent.reported if parent else ({}, {}, {}))]
        self._appending = None
        if seeds:
            flash.life = self
            if nvram:
                nvram.life = self
        self._start()

    # Running, with every promise noted.

    def _start(self):
        journal = Journal(self.flash, 0, JOURNAL * SECTOR, nvram=self.nvram)
        self.fifos, at = [], JOURNAL
        for kind, sectors, _ in RINGS:
            self.fifos.append(Fifo(self.flash, at * SECTOR, sectors * SECTOR, kind))
            self.fifos[-1].mount()
            at += sectors
        if self.parent:
            self._settle_pending()
        journal.save, journal.save_second = self._noted(journal.save), self._noted(journal.save_second)
        for ring, fifo in enumerate(self.fifos):
            fifo.append = self._noted_append(ring, fifo.append)
        self._restored(journal)
        profiles = {"load_profile": self.fifos[0], "load_profile_2": self.fifos[1]}
        made = engine(journal, profiles, SETTINGS)
        self.meter = Meter(RATE, self.utc, made, HalfCycles(dtype=np.float64), self._observe, np.float64)
        self._log = EventLog(self.fifos[LOG])
        self._sample = 0

    def _restored(self, journal):
        """Note what the registers begin with, and hold it against what was stored."""
        found = journal.load()
        self.restored_at = found[0] if found else None
        if self.parent:
            assert self.restored_at in self.kept, "a stored second is missing"
        self.kept = {self.restored_at}
        self._begin = self.totals(self.restored_at)

    def run(self, seconds):
        """Meter a load that differs from minute to minute, in half cycles that last a second, with events."""
        assert self.meter.energy.totals == self._begin, "a restart changed the registers"
        self.history[self.utc] = self._begin
        while seconds > 0:
            now = self.meter.clock.second
            n = min(seconds, MINUTE - now % MINUTE)
            amps = (1.0 + now // MINUTE % 7, 2.0, 3.0)
            frame = frame_of(
                n, volts=(VOLTS,) * 3, amps=amps, lag=(40.0,) * 3, seconds=1.0, start=self._sample
            )
            self._sample = frame.ends[-1]
            self.meter.step(frame)
            seconds -= n
            if (now + n) % MINUTE == 0:
                self._happen(now // MINUTE)
        return self

    def _happen(self, minute):
        """Freeze, or set the clock, every few minutes."""
        now = self.meter.clock.second
        if minute % 4 == 1:
            self.meter.engine.freeze(self.meter.cut())
            self._log.add(
                event_kinds.REGISTER_FREEZE, now, origin=event_kinds.OPTICAL, fields=(minute, "some user")
            )
        elif minute % 4 == 3:
            after = now + SET_BY
            self.history[after] = list(self.meter.energy.totals)
            self.meter.set_time(after)
            self._log.add(
                event_kinds.TIME_SET, after, start=now, origin=event_kinds.TCP, peer="10.0.0.7:4000"
            )

    def _observe(self, span):
        self.history[span.end] = list(self.meter.energy.totals)

    def totals(self, second):
        """Return the totals as they were at a second of this life or, up to its cut, of the ones before."""
        if second in self.history:
            return self.history[second]
        if self.parent and second is not None:
            assert second <= self.restored_at, "a record of a time that was not metered"
            return self.parent.totals(second)
        return [0] * len(Energy().totals)

    def _noted(self, save):
        def saved(state, second):
            self._saving = second
            save(state, second)
            self.kept, self._saving = {second}, None

        return saved

    def kept_or_pending(self):
        """Return the seconds to which a restart after a cut now may go back."""
        return self.kept if self._saving is None else self.kept | {self._saving}

    def _noted_append(self, ring, append):
        def appended(payload, time):
            self._appending = (ring, time, bytes(payload))
            entry = append(payload, time)
            self.reported[ring][entry], self._appending = self._appending[1:], None
            return entry

        return appended

    def _settle_pending(self):
        """A record that was being written when the power failed may be there: then it must stay."""
        for ring, fifo in enumerate(self.fifos):
            # What is older than the end that the parent had is compared by check().
            for entry, time, payload in fifo.records(max(self.reported[ring], default=0) + 1):
                assert (ring, time, payload) == self.parent._appending, "a record that nobody wrote"
                self.reported[ring][entry] = (time, payload)

    # Cutting.

    def tear(self, device, name, *arguments):
        """Tear this operation in copies of flash and Nvram, and let a meter live on with each."""
        for seed in range(self.seeds[0]):
            seed += 1000 * len(self.seeds) + 7919 * (self.survived + 1) + 104729 * self.seed
            flash, nvram = copy_of(self.flash, self.nvram, seed)
            torn = {"flash": flash, "nvram": nvram}[device]
            torn.cut_after = 1
            try:
                getattr(torn, name)(*arguments)
                raise AssertionError("the power did not fail")
            except PowerCut:
                torn.restore_power()
            second = self.meter.clock.second if self.meter else self.utc
            child = Life(flash, nvram, self.seeds[1:], (second // MINUTE + 2) * MINUTE - 2, self, seed)
            child.check()
            child.run(4).check()
            self.survived += 1 + child.survived

    def check(self):
        """Assert that all that was reported as stored is there once, and agrees with the registers."""
        for ring, (_, sectors, per_sector) in enumerate(RINGS):
            fifo, reported = self.fifos[ring], self.reported[ring]
            read = {entry: (time, payload) for entry, time, payload in fifo.records()}
            known = {entry: reported[entry] for entry in reported if entry >= fifo.first}
            assert read == known, "a stored record is missing, or there is one too many"
            assert len(read) >= min(len(reported), (sectors - 3) * per_sector)
        for ring, profile in enumerate(self.meter.load_profiles):
            self._check_values(ring, profile)

    def _check_values(self, ring, profile):
        # Older ones were checked when they were new, and their bytes have just been compared.
        last = 0
        for record in profile.records(self.fifos[ring].next - 4):
            assert record.start >= last, "a time is in two records"
            last = record.end
            for place in CHECKED:
                grown = self.register(place, record.end) - self.register(place, record.start)
                value, exact = record.values[place], KM if ring == 0 else 1 + 1e-6 * grown
                assert abs(value * (KM if ring == 0 else 1e6) - grown) <= exact
            if ring and record.seconds and self.register(0, record.end) > self.register(0, record.start):
                assert abs(record.values[AVERAGED] - VOLTS) < 0.1

    def register(self, place, second):
        """Return a channel's register at a second, micro-units."""
        energy = Energy()
        energy.totals = self.totals(second)
        return energy.value(index(CHANNELS[0][place]))


def copy_of(flash, nvram, seed):
    """Return copies of both devices, in memory."""
    other = TornFlash(flash.size, SECTOR, seed=seed)
    content = bytearray(flash.size)
    flash.read(0, content)
    other.program(0, content)
    if not nvram:
        return other, None
    second = TornNvram(nvram.size, seed=seed)
    content = bytearray(nvram.size)
    nvram.read(0, content)
    second.write(0, content)
    return other, second


def first_life(seeds, nvram=True, seed=1):
    """Return the Life of a new meter. seeds: see Life."""
    flash = TornFlash(SECTORS * SECTOR, SECTOR, seed=seed)
    return Life(flash, TornNvram(8192, seed=seed) if nvram else None, seeds, START, seed=seed)
