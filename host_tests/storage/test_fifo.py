"""The Fifo as its users see it: numbers, order, overwriting, times, limits, errors."""

import pytest
from meter.hal.sim.flash import Flash
from meter.storage.errors import Damaged, Overwritten, StorageError, Unwritten
from meter.storage.fifo import Fifo

from host_tests.storage.fifo_life import KIND, SECTOR, Life, payload_of

START = 1_700_000_000
FIT = (SECTOR - 56) // (12 + 20)  # records of 20 bytes in a sector


def make(sectors=4, erase_size=SECTOR, kind=KIND):
    flash = Flash(sectors * erase_size, erase_size)
    fifo = Fifo(flash, 0, flash.size, kind)
    fifo.mount()
    return flash, fifo


def fill(fifo, records, length=20, start=START, step=60):
    for number in range(records):
        fifo.append(payload_of(number, length), start + number * step)


def remounted(flash):
    fifo = Fifo(flash, 0, flash.size, KIND)
    fifo.mount()
    return fifo


def test_a_blank_flash_is_an_empty_fifo():
    _, fifo = make()
    assert (fifo.first, fifo.next, len(fifo)) == (1, 1, 0)
    assert list(fifo.records()) == []
    assert fifo.find_time(0) == 1


def test_entries_are_numbered_from_one_and_read_back():
    _, fifo = make()
    assert [fifo.append(b"abc", START), fifo.append(b"", START + 1), fifo.append(b"x" * 100, 0)] == [1, 2, 3]
    assert fifo.read(1) == (START, b"abc")
    assert fifo.read(2) == (START + 1, b"")
    assert fifo.read(3) == (0, b"x" * 100)
    assert len(fifo) == 3


def test_everything_is_found_again_after_a_mount():
    flash, fifo = make()
    fill(fifo, 10)
    again = remounted(flash)
    assert list(again.records()) == list(fifo.records())
    assert (again.first, again.next, len(again)) == (1, 11, 10)
    assert (again.torn, again.damaged) == (0, 0)
    assert again.append(b"next", START) == 11


def test_mounting_writes_nothing():
    flash, fifo = make()
    fill(fifo, 30)
    operations = flash.programs + flash.erases
    remounted(flash)
    assert flash.programs + flash.erases == operations


@pytest.mark.feature("LP-06")
def test_the_oldest_records_are_overwritten_when_the_ring_is_full():
    flash, fifo = make()
    fill(fifo, 100)
    assert fifo.next == 101
    assert fifo.first == 101 - len(fifo)
    assert [entry for entry, _, _ in fifo.records()] == list(range(fifo.first, 101))
    assert fifo.read(100) == (START + 99 * 60, payload_of(99, 20))
    with pytest.raises(Overwritten):
        fifo.read(fifo.first - 1)


@pytest.mark.feature("LP-06")
@pytest.mark.parametrize("idle", (False, True))
def test_all_sectors_but_two_are_always_full_of_records(idle):
    _, fifo = make(sectors=6)
    for number in range(200):
        fifo.append(payload_of(number, 20), START)
        if idle:
            fifo.idle()
        assert len(fifo) >= min(number + 1, (6 - 2) * FIT)


def test_wear_is_even():
    flash, fifo = make(sectors=5)
    fill(fifo, 500)
    assert max(flash.wear) - min(flash.wear) <= 1


def test_a_record_costs_one_program_and_a_sector_one_erase():
    flash, fifo = make(sectors=5)
    fill(fifo, 20 * FIT)
    assert flash.programs == 20 * FIT + 20
    assert flash.erases == 20


def test_idle_erases_ahead_once_so_that_no_append_has_to():
    flash, fifo = make()
    for number in range(60):
        fifo.idle()
        erases = flash.erases
        fifo.append(payload_of(number, 20), START)
        assert flash.erases == erases
    assert fifo.idle() in (True, False)
    assert fifo.idle() is False


def test_idle_before_half_of_the_sector_is_used_keeps_the_oldest():
    _, fifo = make()
    fill(fifo, 3 * FIT + 1)
    assert fifo.idle() is False
    assert fifo.first == 1
    fill(fifo, FIT // 2)
    assert fifo.idle() is True
    assert fifo.first == FIT + 1


def test_a_sector_found_erased_at_mount_is_erased_again():
    flash, fifo = make()
    fill(fifo, FIT)
    assert fifo.idle() is True
    again = remounted(flash)
    erases = flash.erases
    again.append(payload_of(1, 20), START)
    assert flash.erases == erases + 1


def test_garbage_in_a_sector_that_was_never_used_does_no_harm():
    flash, fifo = make()
    flash.program(2 * SECTOR, bytes(range(200)))
    fifo = remounted(flash)
    fill(fifo, 3 * FIT)
    assert len(remounted(flash)) == 3 * FIT


def test_records_start_where_asked():
    _, fifo = make()
    fill(fifo, 15)
    assert [entry for entry, _, _ in fifo.records(9)] == list(range(9, 16))
    assert list(fifo.records(16)) == []
    assert [entry for entry, _, _ in fifo.records(0)] == list(range(1, 16))


def test_records_appended_while_reading_follow():
    _, fifo = make()
    fill(fifo, 3)
    read = []
    for entry, _, _ in fifo.records():
        read.append(entry)
        if entry < 15:
            fifo.append(payload_of(entry, 20), START)
    assert read == list(range(1, 18))[: len(read)] and read[-1] == fifo.next - 1


def test_records_overwritten_while_reading_are_passed_over_and_not_called_damaged():
    _, fifo = make()
    fill(fifo, 20)
    reader = fifo.records()
    assert next(reader)[0] == 1
    fill(fifo, 40)
    rest = [entry for entry, _, _ in reader]
    assert rest == list(range(fifo.first, fifo.next))
    assert fifo.damaged == 0


def test_reading_what_is_not_yet_written_is_a_lookup_error():
    _, fifo = make()
    fill(fifo, 3)
    for entry in (4, 1000):
        with pytest.raises(Unwritten):
            fifo.read(entry)
    assert issubclass(Unwritten, LookupError)
    assert issubclass(Overwritten, LookupError)
    assert issubclass(Damaged, LookupError)


def test_find_time_gives_the_first_entry_at_or_after():
    _, fifo = make(sectors=8)
    fill(fifo, 100, step=60)
    for entry in range(fifo.first, fifo.next):
        time, _ = fifo.read(entry)
        assert fifo.find_time(time) == entry
        assert fifo.find_time(time + 1) == entry + 1
    assert fifo.find_time(0) == fifo.first


def test_find_time_reads_a_few_headers_only():
    flash, fifo = make(sectors=256)
    fill(fifo, 2000)
    reads = []
    original = flash.read
    flash.read = lambda address, buffer: (reads.append(address), original(address, buffer))
    fifo.find_time(START + 1000 * 60)
    sectors = {address // SECTOR for address in reads}
    assert len(sectors) <= 10


def test_equal_times_give_the_first_of_them():
    _, fifo = make(sectors=8)
    for number in range(30):
        fifo.append(payload_of(number, 20), START + number // 10)
    assert [fifo.find_time(START + second) for second in range(4)] == [1, 11, 21, 31]


def test_no_record_is_missed_when_the_clock_was_set_back():
    life = Life(Flash(8 * SECTOR, SECTOR))
    times = [*range(0, 20), *range(5, 25), *range(0, 3), *range(20, 40), *range(10, 60)]
    for number, time in enumerate(times):
        life.append(payload_of(number, 20), time)
        life.check_times(range(0, 61, 7))
    life.mount()
    life.check_times(range(61))


def test_sectors_of_four_kilobytes_and_a_base_work_and_leave_the_rest_alone():
    flash = Flash(10 * 4096)
    fifo = Fifo(flash, 3 * 4096, 4 * 4096, KIND)
    fifo.mount()
    fill(fifo, 1000, length=32)
    outside = bytearray(3 * 4096)
    for address in (0, 7 * 4096):
        flash.read(address, outside)
        assert outside == b"\xff" * len(outside)
    assert len(fifo) >= 2 * (4096 - 56) // 44


def test_the_largest_record_fills_a_sector_and_one_byte_more_is_refused():
    flash, fifo = make()
    for number in range(6):
        assert fifo.append(bytes([number]) * fifo.largest, START) == number + 1
    with pytest.raises(ValueError):
        fifo.append(b"x" * (fifo.largest + 1), START)
    assert fifo.next == 7
    assert [payload[0] for _, _, payload in remounted(flash).records()] == [2, 3, 4, 5]


@pytest.mark.parametrize("time", (-1, 1 << 32))
def test_a_time_that_does_not_fit_is_refused(time):
    _, fifo = make()
    with pytest.raises(ValueError):
        fifo.append(b"x", time)
    assert fifo.append(b"x", (1 << 32) - 1) == 1


@pytest.mark.parametrize(
    "base, size", ((0, SECTOR), (1, 2 * SECTOR), (0, 2 * SECTOR + 1), (3 * SECTOR, 2 * SECTOR), (0, 0))
)
def test_an_area_that_is_not_whole_sectors_inside_the_flash_is_refused(base, size):
    with pytest.raises(ValueError):
        Fifo(Flash(4 * SECTOR, SECTOR), base, size, KIND)


def test_a_kind_that_is_not_a_byte_is_refused():
    with pytest.raises(ValueError):
        Fifo(Flash(4 * SECTOR, SECTOR), 0, 4 * SECTOR, 256)


def test_an_area_of_another_kind_is_refused_and_not_touched():
    flash, fifo = make(kind=3)
    fill(fifo, 5)
    operations = flash.programs + flash.erases
    with pytest.raises(StorageError, match="kind 3, expected 7"):
        remounted(flash)
    assert flash.programs + flash.erases == operations


def test_an_area_of_another_size_is_refused():
    flash, fifo = make(sectors=8)
    fill(fifo, 7 * FIT)
    with pytest.raises(StorageError, match="8 sectors, expected 4"):
        Fifo(flash, 0, 4 * SECTOR, KIND).mount()


def test_entry_numbers_beyond_sixteen_bits_work():
    flash, fifo = make()
    fifo.next = 0x10000 - 50  # as after years of records
    for number in range(60):
        fifo.append(payload_of(number, 20), START + number)
    again = remounted(flash)
    assert again.next == 0x10000 + 10
    assert [payload for _, _, payload in again.records()] == [
        payload_of(number, 20) for number in range(60 - len(again), 60)
    ]
    assert again.read(0x10000)[1] == payload_of(50, 20)


def test_a_record_is_synced_before_it_is_reported():
    flash, fifo = make()
    order = []
    program, sync = flash.program, flash.sync
    flash.program = lambda address, data: (order.append("program"), program(address, data))
    flash.sync = lambda: (order.append("sync"), sync())
    fifo.append(b"a", START)
    fifo.append(b"b", START)
    assert order == ["program", "program", "sync", "program", "sync"]


@pytest.mark.parametrize("read", ["records", "sweep"])
def test_what_is_appended_while_reading_follows(read):
    _, fifo = make(sectors=8)
    fill(fifo, FIT + 2)
    found = []
    for entry, _, payload in getattr(fifo, read)():
        found.append((entry, bytes(payload)))
        if fifo.next < 4 * FIT:
            fifo.append(payload_of(fifo.next - 1, 20), START)
    assert found == [(number + 1, payload_of(number, 20)) for number in range(4 * FIT - 1)]


@pytest.mark.parametrize("read", ["records", "sweep"])
def test_what_is_overwritten_while_reading_is_passed_over(read):
    _, fifo = make()
    fill(fifo, 2 * FIT)
    found = []
    for entry, _, payload in getattr(fifo, read)():
        found.append(entry)
        assert bytes(payload) == payload_of(entry - 1, 20)
        if entry == 2:
            for number in range(2 * FIT, 5 * FIT):
                fifo.append(payload_of(number, 20), START)
    assert found == [1, 2, *range(fifo.first, fifo.next)]


class StuckFlash(Flash):
    """A worn flash: the lowest bits at the places in `stuck` cannot be cleared any more."""

    stuck = ()

    def program(self, address, data):
        data = bytearray(data)
        for place in self.stuck:
            if address <= place < address + len(data):
                data[place - address] |= 1
        super().program(address, data)


def make_stuck(*places):
    flash = StuckFlash(4 * SECTOR, SECTOR)
    flash.stuck = places
    fifo = Fifo(flash, 0, flash.size, KIND)
    fifo.mount()
    return flash, fifo


def test_one_header_copy_is_enough():
    flash, fifo = make_stuck(13)
    assert fifo.append(b"kept", START) == 1
    again = remounted(flash)
    assert again.read(1) == (START, b"kept")
    assert again.damaged == 1


def test_no_record_is_reported_in_a_sector_that_did_not_keep_its_header():
    flash, fifo = make_stuck(0, 28)
    for _ in range(2):
        with pytest.raises(StorageError, match="did not keep a sector header"):
            fifo.append(b"lost", START)
    assert remounted(flash).next == 1


def test_a_record_that_the_flash_did_not_keep_is_not_reported_as_stored():
    flash, fifo = make_stuck(100)
    assert fifo.append(b"\0" * 20, START) == 1
    with pytest.raises(StorageError, match="did not keep"):
        fifo.append(b"\0" * 20, START)
    assert fifo.append(b"again", START) == 3  # in the next sector; number 2 is lost
    assert [entry for entry, _, _ in fifo.records()] == [1, 3]
    assert (fifo.torn, len(fifo)) == (1, 2)
    with pytest.raises(Damaged):
        fifo.read(2)
