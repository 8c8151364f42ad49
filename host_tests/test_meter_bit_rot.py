"""Bits that flip anywhere in a whole meter's flash: nothing raises, what is read was written, the rest is there."""

import random

import pytest
from meter.hal.sim.flash import Flash
from meter.meter import Meter
from meter.metrology.half_cycles import HalfCycles
from meter.registers.event_log import EventLog
from meter.storage.fifo import Fifo
from meter.storage.journal import Journal

from host_tests.harness import RATE, engine
from host_tests.meter_life import JOURNAL, LOG, RINGS, SECTOR, SETTINGS, first_life


@pytest.fixture(scope="module")
def life():
    """A meter that has gone round its rings."""
    life = first_life((), nvram=False).run(60 * 190)
    life.meter.finish()
    return life


def rotten(flash, flips, seed):
    """Return a copy of a flash with so many bits the other way round, and where."""
    content = bytearray(flash.size)
    flash.read(0, content)
    chance = random.Random(seed)
    used = [at for at in range(flash.size) if content[at] != 0xFF]
    places = [chance.choice(used) for _ in range(flips)]
    for at in places:
        content[at] ^= 1 << chance.randrange(8)
    other = Flash(flash.size, SECTOR)
    other.program(0, content)
    return other, places


def fifos_of(flash):
    fifos, at = [], JOURNAL
    for kind, sectors, _ in RINGS:
        fifos.append(Fifo(flash, at * SECTOR, sectors * SECTOR, kind))
        fifos[-1].mount()
        at += sectors
    return fifos


@pytest.mark.parametrize("flips", [1, 3, 20, 200])
def test_what_is_read_was_written_and_a_flip_costs_a_record_at_most(life, flips):
    sound = [dict((entry, payload) for entry, _, payload in fifo.records()) for fifo in fifos_of(life.flash)]
    for seed in range(60 if flips < 20 else 15):
        flash, _ = rotten(life.flash, flips, seed)
        lost = 0
        for fifo, known in zip(fifos_of(flash), sound, strict=True):
            found = {entry: payload for entry, _, payload in fifo.records()}
            assert all(known[entry] == payload for entry, payload in found.items())
            missing = len(known) - len(found)
            # What is lost is counted. Two sound sector headers lost together cost a sector: only many flips do that.
            assert missing == 0 or fifo.damaged + fifo.torn > 0
            lost += missing
        if flips < 20:
            assert lost <= flips


@pytest.mark.parametrize("flips", [1, 3, 20, 200])
def test_a_meter_starts_on_it_with_registers_that_were_stored_and_reads_what_is_left(life, flips):
    for seed in range(25 if flips < 20 else 10):
        flash, _ = rotten(life.flash, flips, seed)
        fifos = fifos_of(flash)
        journal = Journal(flash, 0, JOURNAL * SECTOR)
        utc = life.meter.clock.second + 100
        made = engine(journal, {"load_profile": fifos[0], "load_profile_2": fifos[1]}, SETTINGS)
        meter = Meter(RATE, utc, made, HalfCycles())
        if meter.restored_at is None:
            assert flips > 1 and journal.passed  # three sectors are few: every checkpoint in them is hit
        else:
            assert meter.energy.totals == life.history[meter.restored_at]
            # A description that has rotted on the flash is in the state too.
            assert all(list(profile.records()) for profile in meter.load_profiles)
        assert all(event.problem is None for event in EventLog(fifos[LOG]).records())
