"""COSEM objects on the device's interpreter: codes, times, registers, and a load profile that streams."""

from meter.access.profile_view import ProfileView
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base, codes, datetime, units
from meter.protocols.dlms.objects.profile import LoadProfile as ProfileObject
from meter.quantities import index
from meter.registers.energy import Energy
from meter.registers.load_profile import LoadProfile
from meter.storage.fifo import Fifo
from meter.zone import Zone

SECTOR = 4096
START = 1700000100
CHANNELS = ("Wh.del.P", "Wh.rec.P", "V.A", "status.system")


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


class Meter:
    """As a Visitor and a Device: what a load profile asks of them."""

    manual_scaler = primary = False

    def __init__(self, records, counts=False):
        flash = MemoryFlash(2 + records // 90)
        fifo = Fifo(flash, 0, flash.size, 0x4C)
        fifo.mount()
        self.zone = Zone("CET-1CEST,M3.5.0,M10.5.0/3")
        self.profile = LoadProfile(
            fifo, Energy(), CHANNELS, 15, (0.5, 0.5, 0.1, 1.0) if counts else None, zone=self.zone
        )
        self.profile.begin(START)
        description = self.profile._description
        for k in range(records):
            values = (k, 2, 1200, -1) if counts else (k * 0.5, float("nan") if k == 3 else 2.0, 120.0, 5.0)
            fifo.append(description.record(1, START + k * 900, values), START + (k + 1) * 900)
        self.records = records

    def second(self):
        return START + (1 + self.records) * 900

    def status(self):
        return {"is_doubtful": False}

    def channels(self, number):
        return CHANNELS

    def load_profile(self, number, primary):
        return ProfileView(self.profile, None, self.second())


def context_of(meter):
    return base.Context(meter, None, meter)


def whole(pieces):
    return b"".join([piece for piece in pieces if piece])


def test_every_code_comes_back():
    count = 0
    for kind in (codes.NOW, codes.TOTAL, codes.DEMAND, codes.PEAK, codes.CONSUMPTION, codes.AVERAGE):
        for code in codes.codes(kind):
            ln = codes.name_of(code)
            if ln:
                assert codes.of_name(ln) == code, code
                count += 1
            if code.key.split(".")[0] not in ("contact", "pulse", "status") and code.key != "A2.N":
                index(code.key)
    assert count > 700, count


def test_times_come_back():
    zone = Zone("CET-1CEST,M3.5.0,M10.5.0/3")
    times = datetime.Times(zone)
    for second in (START, 1783000000, 4000000000, 1774745999, 1774746000):
        data = axdr.Data(axdr.OCTET_STRING, times.bytes(second))
        assert datetime.moment(data, zone) == second, second
    assert datetime.rule(zone, 0, 2026) == b"\xff\xff\x03\xfe\x07\x02\x00\x00\x00\x80\x00\xff"


def test_values_are_in_thousandths():
    assert units.total(5000 * 4294967296 + 7000, "Wh.del.P") == b"\x06\x00\x00\x00\x07"
    assert units.total(-7000, "Wh.net.P") == b"\x05\xff\xff\xff\xf9"
    assert units.measured(120.5, 0, "V.A") == b"\x06\x00\x01\xd6\xb4"
    assert units.measured(None, 0, "V.A") == b"\x00"


def test_a_profile_streams_with_its_exact_count():
    for counts in (False, True):
        meter = Meter(300, counts)
        pieces = list(ProfileObject(1).get(2, context_of(meter)))
        assert None in pieces and max([len(piece or b"") for piece in pieces]) <= 2048
        rows = axdr.read_whole(whole(pieces)).value
        assert len(rows) == 300
        for k in (0, 2, 299):
            row = [part.value for part in rows[k].value]
            wanted = [k * 0.5, 1.0 if counts else 2.0, 120.0, 65535.0 if counts else 5.0]
            assert row[1] == 1 and all([abs(a - b) < 1e-4 for a, b in zip(row[2:], wanted)]), row
            data = axdr.Data(axdr.OCTET_STRING, row[0])
            assert datetime.moment(data, meter.zone) == START + (k + 1) * 900
        assert rows[3].value[3].tag == (axdr.FLOAT32 if counts else axdr.NULL)


def test_entries_are_selected():
    number = axdr.number
    parameters = axdr.structure(
        number(axdr.DOUBLE_LONG_UNSIGNED, 11), number(axdr.DOUBLE_LONG_UNSIGNED, 13),
        number(axdr.LONG_UNSIGNED, 3), number(axdr.LONG_UNSIGNED, 3),
    )  # fmt: skip
    found = ProfileObject(1).select(2, 2, axdr.read_whole(parameters), context_of(Meter(40)))
    rows = axdr.read_whole(whole(found)).value
    assert [row.value[0].value for row in rows] == [5.0, 5.5, 6.0]


meter = None


def heap_of_a_profile_that_streams():
    """What a transfer holds between two pieces; not the meter, which is there before."""
    stream = ProfileObject(1).get(2, context_of(meter))
    piece = next(stream)
    while not piece or len(piece) < 1000:
        piece = next(stream)
    return stream, piece


def _prepare():
    global meter
    meter = Meter(120)


_prepare()
