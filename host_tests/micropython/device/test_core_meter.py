"""The whole core on the device's interpreter: registers, flash, and a readout by IEC 62056-21."""

from math import pi, sqrt

from meter.access.access import Access
from meter.config.build_registers import engine
from meter.config.schema import defaults
from meter.meter import Meter
from meter.metrology.frame import HALF, QUARTER, Frame
from meter.metrology.half_cycles import HalfCycles
from meter.protocols.iec62056_21 import codec
from meter.protocols.iec62056_21.session import Iec6205621Session
from meter.quantities import index
from meter.registers.energy import Energy
from meter.registers.load_profile_record import POWER_FAIL
from meter.storage.fifo import Fifo
from meter.storage.journal import Journal
from meter.xnp import FLOAT, np

RATE = 1000.0
START = 1700000100
SECTOR = 4096
JOURNAL = 9  # sectors


class MemoryFlash:
    """hal.Flash in RAM: bits go from 1 to 0 only."""

    def __init__(self, sector=SECTOR):
        self.size, self.erase_size = (JOURNAL + 4) * sector, sector
        self.memory = bytearray(b"\xff" * self.size)

    def read(self, address, buffer):
        buffer[:] = self.memory[address : address + len(buffer)]

    def program(self, address, data):
        for k in range(len(data)):
            assert data[k] & ~self.memory[address + k] == 0, "a program sets a bit"
            self.memory[address + k] = data[k]

    def erase(self, address):
        assert address % self.erase_size == 0
        self.memory[address : address + self.erase_size] = b"\xff" * self.erase_size

    def sync(self):
        pass


def make(flash, utc=START):
    profile = Fifo(flash, JOURNAL * SECTOR, 4 * SECTOR, 0x4C)
    profile.mount()
    settings = defaults()
    settings["load_profile.interval"], settings["load_profile.format"] = 1, "values"
    made = engine(settings, Journal(flash, 0, JOURNAL * SECTOR), {"load_profile": profile})
    return Meter(RATE, utc, made, HalfCycles())


def second(number):
    """The Frame of one half cycle that lasts a second: 120 V and 5 A on each phase, lagging 60 degrees."""
    sign = -1.0 if number % 2 else 1.0
    samples = np.zeros((6, QUARTER + HALF), dtype=FLOAT)
    angles = np.arange(QUARTER + HALF) * (pi / HALF)
    for p in range(3):
        shift = (0.0, -2 * pi / 3, 2 * pi / 3)[p] - pi / 2
        samples[p] = np.sin(angles + shift) * (sign * 120.0 * sqrt(2))
        samples[3 + p] = np.sin(angles + (shift - pi / 3)) * (sign * 5.0 * sqrt(2))
    return Frame(1, samples, np.array([1.0], dtype=FLOAT), [(number + 1) * 1000])


def run(meter, seconds, first=0):
    frames = (second(0), second(1))
    for number in range(first, first + seconds):
        frame = frames[number % 2]
        frame.ends = [(number + 1) * 1000]
        meter.step(frame)


def wh(meter, key):
    return meter.energy.value(index(key)) * 1e-6


def close(found, expected, part=1e-5):
    assert abs(found - expected) <= part * max(1.0, abs(expected)), (found, expected)


def test_energy_is_counted_in_integers():
    meter = make(MemoryFlash())
    run(meter, 10)
    close(wh(meter, "Wh.del.P"), 900 * 10 / 3600)
    close(wh(meter, "VARh.q1.P"), 900 * sqrt(3) * 10 / 3600)
    close(wh(meter, "VARfh.q1.P"), 900 * sqrt(3) * 10 / 3600)
    close(wh(meter, "Wch.del.P"), 900 * 10 / 3600)
    close(wh(meter, "Ah.avg"), 5 * 10 / 3600)
    assert wh(meter, "Wh.rec.P") == 0
    assert all([isinstance(total, int) for total in meter.energy.totals])


def test_state_of_the_registers_comes_back():
    energy = Energy()
    energy.totals[3] = (1 << 40) + 5
    state = energy.state()
    other = Energy()
    other.restore(state)
    assert other.totals == energy.totals


def test_a_restart_continues_totals_and_closes_the_interval():
    flash = MemoryFlash()
    meter = make(flash)
    run(meter, 70)
    meter.finish()
    again = make(flash, START + 200)
    assert again.restored_at == START + 70
    assert again.energy.totals == meter.energy.totals
    records = [record[1:] for record in again.load_profile.records()]
    assert [record[:2] for record in records] == [(START + 60, 60), (START + 70, 10)]
    assert records[1][2] & POWER_FAIL
    close(records[0][3][0], 900 * 60 / 3600)
    close(sum([record[3][0] for record in records]), wh(again, "Wh.del.P"))


def test_a_fifo_keeps_its_records_over_a_mount():
    flash = MemoryFlash(1024)
    fifo = Fifo(flash, 0, 4 * 1024, 7)
    fifo.mount()
    for number in range(250):
        assert fifo.append(b"record %03d" % number, START + number) == number + 1
    other = Fifo(flash, 0, 4 * 1024, 7)
    other.mount()
    assert (other.first, other.next) == (fifo.first, fifo.next)
    assert other.first > 1 and other.torn == 0 and other.damaged == 0
    for entry, time, payload in other.records():
        assert payload == b"record %03d" % (entry - 1) and time == START + entry - 1
    assert other.append(b"one more", START + 999) == 251


def test_a_reader_signs_on_and_gets_the_registers():
    meter = make(MemoryFlash())
    run(meter, 20)
    session = Iec6205621Session(Access(meter, "0815"))
    now = 0
    session.receive(b"/?0815!\r\n", now)
    while session.deadline() is not None and now < 1000:
        now = session.deadline()
        session.expire(now)
        output = session.take_output()
        if output:
            break
    assert output.startswith(b"/FRS5") and output.endswith(b"\r\n")
    session.receive(b"\x06050\r\n", now)
    output = b""
    limit = now + 1400
    while session.deadline() is not None and session.deadline() < limit:
        now = session.deadline()
        session.expire(now)
        output += session.take_output()
    assert output[:1] == b"\x02" and output[-2:-1] == b"\x03"
    assert output[-1] == codec.bcc(output[1:-1])
    assert b"1-0:1.8.0(00000000.005*kWh)\r\n" in output
    assert b"1-0:32.7.0(120.00*V)\r\n" in output
    assert b"1-0:13.7.0(0.500)\r\n" in output


ERASED = MemoryFlash()  # not the meter's heap


def heap_of_the_default_meter_without_metrology():
    """Settings, journal, load profile and logs on flash, and the engine of the factory's configuration, running."""
    settings = defaults()
    journal, logs = Journal(ERASED, 0, JOURNAL * SECTOR), []
    profile = Fifo(ERASED, JOURNAL * SECTOR, 4 * SECTOR, 0x4C)
    profile.mount()
    for place in range(4):
        logs.append(Fifo(ERASED, (JOURNAL + place % 2 * 2) * SECTOR, 2 * SECTOR, 0x60 + place))
    made = engine(settings, journal, {"load_profile": profile})
    made.start(START)
    return settings, journal, logs, made
