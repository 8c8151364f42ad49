"""The register engine on a supply that fails in any flash operation: what was promised is there once, and agrees.

A life of two and a half hours over midnight with everything on: an hourly self-read, a scheduled freeze and billing
period reset, commands. The energy of each minute is whole watt-hours, which float32 records hold exactly: so the
load profile alone says what each register must have been at each moment.
"""

import pytest
from meter.hal.sim.flash import Flash, PowerCut
from meter.hal.sim.nvram import Nvram
from meter.registers import event_kinds as kinds
from meter.registers.load_profile_record import BILLING_PERIOD_RESET, FREEZE

from host_tests import power_cuts
from host_tests.engine_life import FLASH_SIZE, SECTOR, EngineLife, register

START = 1_700_000_100 - 1_700_000_100 % 86400 + 79800  # 22:10
MINUTES = 150
COMMANDS = {23: "reset", 47: "freeze", 48: "reset", 95: "reset", 131: "freeze"}
ONE, KEPT, DAY = 1, 2, 3  # registers: working, billing period reset, previous day


SETTINGS = {
    "registers.normal": (
        register(ONE, self_read=True), register(KEPT, storage="billing period reset", self_read=True),
        register(DAY, storage="previous day"),
    ),
    "registers.alternate": (),
    "registers.test": (),
    "self_read.kind": "hourly",
    "billing.reset.kind": "daily",
    "billing.reset.time": "23:40",
    "billing.freeze.kind": "hourly",
    "billing.freeze.time": "00:20",
}  # fmt: skip


class Life(EngineLife):
    """An engine that carries out COMMANDS. done: (command, second) that returned."""

    def __init__(self, flash, nvram, now):
        super().__init__(now, SETTINGS, flash, nvram)
        self.begun_with = self.engine.register(ONE).value()
        self.done = []

    def minute(self):
        super().minute()
        command = COMMANDS.get((self.now - START) // 60) if self.now % 60 == START % 60 else None
        if command == "freeze":
            self.engine.freeze(self.now, kinds.TCP)
        elif command:
            self.engine.billing_period_reset(self.now, kinds.TCP)
        if command:
            self.done.append((command, self.now))


def _at(life, second):
    """Return what the working register was at a second, from the load profile alone."""
    records = life.engine.profiles[0].records()
    return sum(int(record.values[0]) for record in records if record.end <= second) * 1_000_000


def _check(life, done):
    """Hold registers, self-reads, markers and logs against each other."""
    records = list(life.engine.profiles[0].records())
    assert all(a.end <= b.start for a, b in zip(records, records[1:])), "a time is in two records"
    events = [event for event in life.logs.log("events").records()]
    resets = [event.time for event in events if event.kind == kinds.BILLING_PERIOD_RESET]
    freezes = [event.time for event in events if event.kind == kinds.REGISTER_FREEZE]
    for command, second in done:
        assert second in (resets if command == "reset" else freezes), "what was reported is missing"
    marks = [record.end for record in records if record.status & BILLING_PERIOD_RESET]
    assert sorted(resets) == resets and marks == resets, "a reset is missing, or there twice"
    marks = [
        record.end
        for record in records
        if record.status & FREEZE and not record.status & BILLING_PERIOD_RESET
    ]
    assert [second for second in freezes if second not in resets] == marks
    if resets:
        assert life.engine.register(KEPT).value() == _at(life, resets[-1])
    for read in life.engine.self_reads.records():
        working, kept = dict(read.values)[ONE], dict(read.values)[KEPT]
        assert working == _at(life, read.time), read
        before = [second for second in resets if second <= read.time]
        assert kept == (_at(life, before[-1]) if before else None)
    times = [read.time for read in life.engine.self_reads.records()]
    assert len(set(times)) == len(times), "a self-read is there twice"


@pytest.mark.feature("BIL-01", "BIL-02", "BIL-03", "PWR-03")
@pytest.mark.parametrize("has_nvram", [True, False])
def test_the_power_may_fail_in_any_operation_of_a_billing_day(has_nvram):
    end = START + MINUTES * 60
    whole = Life(Flash(FLASH_SIZE, SECTOR), Nvram(65536) if has_nvram else None, START).run(end)
    whole.engine.checkpoint(whole.now)
    _check(whole, whole.done)
    assert len(whole.done) == len(COMMANDS)
    operations, survived = whole.flash.programs + whole.flash.erases, 0
    first = Flash(FLASH_SIZE, SECTOR)
    Life(first, None, START)
    for cut in range(first.programs + first.erases + 1, operations + 1):
        flash = Flash(FLASH_SIZE, SECTOR, seed=cut)
        nvram = Nvram(65536) if has_nvram else None
        flash.cut_after = cut
        life = None
        try:
            life = Life(flash, nvram, START)
            life.run(end)
        except PowerCut:
            flash.restore_power()
        else:
            continue
        again = Life(flash, nvram, life.now + 7)
        lost = life.engine.register(ONE).value() - again.begun_with
        assert 0 <= lost <= (7_000_000 if has_nvram else 50_000_000), "more is lost than the running minute"
        again.run(end)
        _check(again, life.done + again.done)
        survived += 1
    power_cuts.survived("of a billing day", survived)
    assert survived > 100
