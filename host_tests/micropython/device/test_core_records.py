"""Journal pages, load profile records and event logs, on the device's interpreter."""

from meter.metrology.span import Span
from meter.quantities import START as ROW_OF
from meter.registers import event_kinds
from meter.registers.energy import Energy
from meter.registers.event_log import EventLog
from meter.registers.load_profile import LoadProfile
from meter.registers.load_profile_record import FREEZE, NORMAL, POWER_FAIL, SHORT, TIME_SET
from meter.storage.errors import StorageError
from meter.storage.fifo import Fifo
from meter.storage.journal import Journal

SECTOR = 1024
START = 1700000100 // 900 * 900


class MemoryFlash:
    """hal.Flash in RAM."""

    def __init__(self, sectors):
        self.size, self.erase_size = sectors * SECTOR, SECTOR
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


def test_a_state_in_pages_grows_shrinks_and_is_found_again():
    flash = MemoryFlash(13)
    journal = Journal(flash, 0, flash.size)
    for number in range(40):
        state = bytearray((number * 317) % (journal.largest + 1))
        for k in range(0, len(state), 200):
            state[k] = number // (1 + k // 200) & 0xFF
        journal.save(state, 0xFFFFFFFF - number)
        journal.idle()
        assert Journal(flash, 0, flash.size).load() == (0xFFFFFFFF - number, bytes(state))


def test_a_rotten_page_gives_the_checkpoint_before():
    flash = MemoryFlash(13)
    journal = Journal(flash, 0, flash.size)
    journal.save(b"a" * 300, 1)
    journal.save(b"a" * 200 + b"b" * 100, 2)
    at = bytes(flash.memory).find(b"b" * 50)
    flash.memory[at] ^= 1
    again = Journal(flash, 0, flash.size)
    assert again.load() == (1, b"a" * 300) and again.passed > 0


def test_a_journal_of_another_form_is_refused():
    flash = MemoryFlash(4)
    Fifo(flash, 0, flash.size, 0x4A).append(b"\x04 a whole state", 1)
    try:
        Journal(flash, 0, flash.size)
    except StorageError:
        return
    raise AssertionError("it was not refused")


def profile_of(flash, energy, **options):
    fifo = Fifo(flash, 0, flash.size, 0x4C)
    fifo.mount()
    return LoadProfile(fifo, energy, ("Wh.del.P", "V.A"), **options)


def consume(energy, profile, wh, volts):
    span = Span()
    span.sums[ROW_OF["W"] + 3] = wh * 3600.0
    span.half_cycles, span.seconds = 120, 1.0
    span.sums[ROW_OF["V2"]] = volts * volts
    energy.add(span)
    profile.take(span)


def test_counts_and_averages_are_recorded_with_events():
    energy, flash = Energy(), MemoryFlash(8)
    profile = profile_of(flash, energy, km=(0.5, 1.0))
    profile.begin(START)
    consume(energy, profile, 10.2, 100.0)
    consume(energy, profile, 0.1, 120.0)
    profile.event(FREEZE, START + 100)
    consume(energy, profile, 0.3, 110.0)
    profile.event(TIME_SET, START + 500, START + 200, START + 500)
    consume(energy, profile, 1.0, 110.0)
    profile.close(START + 900)
    one, two, three = profile.records()
    assert (one[1:5], two[1:5]) == (
        (START + 100, 100, FREEZE | SHORT, (20, 110)),
        (START + 200, 100, TIME_SET | SHORT, (1, 110)),
    )
    assert (two.until, three.start, three.status, three.values) == (
        START + 500,
        START + 500,
        NORMAL | SHORT,
        (2, 110),
    )


def test_an_outage_ends_the_interval_with_what_it_held():
    energy, flash = Energy(), MemoryFlash(8)
    profile = profile_of(flash, energy)
    profile.begin(START)
    consume(energy, profile, 2.0, 100.0)
    state = profile.state()
    profile = profile_of(flash, energy)
    profile.resume(state, START + 60, START + 3000)
    (record,) = profile.records()
    assert (record.start, record.end, record.until) == (START, START + 60, START + 3000)
    assert record.status == POWER_FAIL | SHORT
    assert abs(record.values[0] - 2.0) < 1e-5 and abs(record.values[1] - 100.0) < 1e-3


def test_a_log_keeps_times_users_and_fields():
    flash = MemoryFlash(4)
    fifo = Fifo(flash, 0, flash.size, 0x45)
    log = EventLog(fifo)
    what = {"start": 0xFFFFFF00, "origin": event_kinds.TCP, "user": "reader", "peer": "10.0.0.7:4000"}
    log.add(event_kinds.TIME_SET, 0xFFFFFFF0, fields=(1 << 40, 2.5, "text", None), **what)
    for number in range(200):
        log.add(event_kinds.REGISTER_FREEZE, number)
    log.add(event_kinds.TIME_SET, 0xFFFFFFF0, fields=(1 << 40, 2.5, "text", None), **what)
    event = list(log.records())[-1]
    assert (event.time, event.start, event.kind) == (0xFFFFFFF0, 0xFFFFFF00, event_kinds.TIME_SET)
    assert (event.user, event.peer, event.fields) == ("reader", "10.0.0.7:4000", (1 << 40, 2.5, "text", None))
    assert fifo.first > 1 and log.dropped == 0
