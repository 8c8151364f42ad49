"""The Journal: always the newest whole checkpoint, whatever was interrupted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.hal.sim.flash import Flash, PowerCut
from meter.hal.sim.nvram import Nvram
from meter.storage.errors import StorageError
from meter.storage.fifo import Fifo
from meter.storage.journal import KIND, Journal, entries_of

from boards.sim.board import NVRAM_SIZE, PARTITIONS
from host_tests import power_cuts

SECTOR = 256
PAGE = SECTOR // 8
# Sectors of the area and length of the state: the smallest area full and not, then larger ones with longer states.
SHAPES = ((3, 10), (3, 60), (3, 96), (5, 96), (9, 192), (17, 420))


def make(seed=1, sectors=3):
    flash = Flash(sectors * SECTOR, SECTOR, seed=seed)
    return flash, Journal(flash, 0, flash.size)


def opened(flash):
    return Journal(flash, 0, flash.size)


def state_of(number, length):
    """A state of which the first page changes each time, the second every second time, and so on."""
    return bytes((at * 7 + number // (1 + at // PAGE)) & 0xFF for at in range(length))


def records(flash):
    fifo = Fifo(flash, 0, flash.size, KIND)
    fifo.mount()
    return [(entry, payload) for entry, _, payload in fifo.records()]


def test_a_blank_journal_has_no_checkpoint():
    assert make()[1].load() is None


def test_the_newest_checkpoint_is_loaded():
    for sectors in (3, 9, 17):
        flash, journal = make(sectors=sectors)
        for number in range(200):
            state = state_of(number, number * 37 % (journal.largest + 1))
            journal.save(state, number)
            assert journal.load() == opened(flash).load() == (number, state)


@given(st.lists(st.tuples(st.integers(0, 420), st.integers(0, 3), st.booleans()), max_size=60))
def test_states_grow_and_shrink_between_saves_and_starts(life):
    flash, journal = make(sectors=17)
    for number, (length, version, is_new_start) in enumerate(life):
        if is_new_start:
            journal = opened(flash)
        state = state_of(version, length)
        journal.save(state, number)
        assert journal.load() == opened(flash).load() == (number, state)
        journal.idle()
        assert opened(flash).load() == (number, state)


def test_a_state_as_large_as_fits_is_kept_and_a_larger_one_is_refused():
    for sectors, largest in ((3, 96), (8, 96), (9, 224), (17, 448), (64, 1408)):
        flash, journal = make(sectors=sectors)
        assert journal.largest == largest
        for number in range(40):
            journal.save(bytes([number]) * largest, number)
        with pytest.raises(ValueError, match=f"{largest + 1} bytes does not fit"):
            journal.save(b"b" * (largest + 1), 6)
        assert opened(flash).load() == (39, bytes([39]) * largest)


def test_the_sim_boards_journal_keeps_a_state_of_two_hundred_kilobytes_and_a_calibration_of_three():
    for sectors, largest in ((256, 200_000), (3, 3000), (17, 12_000)):
        flash = Flash(sectors * 4096)
        journal = Journal(flash, 0, flash.size)
        assert journal.largest >= largest
        journal.save(bytes(largest), 1)
        assert Journal(flash, 0, flash.size).load() == (1, bytes(largest))


def test_less_than_three_sectors_are_refused():
    with pytest.raises(ValueError, match="3 sectors"):
        Journal(Flash(4 * SECTOR, SECTOR), 0, 2 * SECTOR)
    with pytest.raises(ValueError, match="64 bytes are too small"):
        Journal(Flash(3 * 64, 64), 0, 3 * 64)


def test_it_does_not_open_another_fifo():
    flash = Flash(4 * SECTOR, SECTOR)
    fifo = Fifo(flash, 0, flash.size, KIND + 1)
    fifo.append(b"profile", 1)
    with pytest.raises(StorageError):
        opened(flash)


@pytest.mark.parametrize("payload", (b"\x04 a state as it is", b"", b"C", b"C\x02" + bytes(8)))
def test_records_of_another_version_are_refused_and_not_passed_over(payload):
    flash = Flash(4 * SECTOR, SECTOR)
    Fifo(flash, 0, flash.size, KIND).append(payload, 1)
    with pytest.raises(StorageError, match="another version"):
        opened(flash)


def test_idle_erases_ahead():
    flash, journal = make()
    journal.save(state_of(1, 96), 1)
    assert journal.idle() is True
    assert journal.idle() is False
    erases = flash.erases
    journal.save(state_of(2, 96), 2)
    assert flash.erases == erases


def test_only_pages_that_changed_are_written():
    flash = Flash(17 * 4096)
    journal = opened(flash)
    state = bytearray(range(250)) * 20
    journal.save(state, 0)
    assert len(records(flash)) == 10 + 1
    for number, at in enumerate((0, 511, 512, 4999)):
        state[at] ^= 1
        journal.save(state, number)
        assert len(records(flash)) == 11 + 2 * (number + 1)
        assert opened(flash).load() == (number, state)
    journal.save(state, 9)  # nothing changed: a commit tells that it was so at this time
    assert len(records(flash)) == 11 + 8 + 1
    assert opened(flash).load() == (9, state)
    opened(flash).save(state, 10)  # after a start nothing is taken for granted
    assert len(records(flash)) == 11 + 9 + 11


def test_a_page_that_does_not_change_is_written_again_in_time():
    """No page is older than twice the state's length, but for what the running save wrote."""
    flash, journal = make(sectors=64)
    length = 640
    for number in range(400):
        journal.save(bytes([number & 0xFF]) * PAGE + bytes(length - PAGE), number)
        found = dict(records(flash))
        entry = max(found)
        pages = entries_of(found[entry])[0]
        since = [12 + len(payload) for later, payload in found.items() if later >= min(pages)]
        assert sum(since) <= 2 * length + 12 + 10 + 4 * 20 + 2 * 64 * 12
    assert opened(flash).load()[0] == 399


def test_a_page_that_rots_in_use_is_written_again_with_the_next_save():
    for page in range(7):
        flash = Flash(17 * 4096)
        journal = opened(flash)
        journal.save(b"\xff" * 4000, 1)
        flash.program(56 + page * (12 + 3 + 512) + 8 + 3 + 5, b"\xf7")
        assert opened(flash).load() is None
        journal.save(b"\xff" * 4000, 2)
        assert opened(flash).load() == (2, b"\xff" * 4000)
        assert len(records(flash)) == 9 - 1 + 2


@pytest.mark.parametrize(("sectors", "length"), SHAPES)
def test_a_cut_in_any_operation_leaves_the_last_saved_or_the_one_being_saved(sectors, length):
    after, cut, survived = 0, True, 0
    while cut:
        after += 1
        flash, journal = make(seed=after, sectors=sectors)
        flash.cut_after = after
        cut = False
        saved = None
        for number in range(20 if sectors < 9 else 30):
            try:
                journal.save(state_of(number, length), number)
                saved = number
                journal.idle()
            except PowerCut:
                cut = True
                survived += 1
                flash.restore_power()
                journal = opened(flash)
                found = journal.load()
                wanted = [(now, state_of(now, length)) for now in (saved, number) if now is not None]
                assert found in wanted or (saved is None and found is None)
        flash.restore_power()
        journal.save(b"the end", 20)
        assert opened(flash).load() == (20, b"the end")
    assert after > 40
    power_cuts.survived("journal, one in each life", survived)


@pytest.mark.parametrize(("sectors", "length"), SHAPES)
def test_the_power_may_fail_again_every_few_operations_for_ever(sectors, length):
    survived = 0
    for every in range(1, 30):
        flash, journal = make(seed=every, sectors=sectors)
        newest, number = None, 0
        while number < 40:
            flash.cut_after = every + number % 3
            number += 1
            try:
                journal.save(state_of(number, length), number)
                newest = number
                journal.idle()
            except PowerCut:
                survived += 1
                flash.restore_power()
                journal = opened(flash)
                found = journal.load()
                if found:
                    assert found[0] in (newest, number) and found[1] == state_of(found[0], length)
                    newest = found[0]
                assert found or newest is None
            flash.restore_power()
    power_cuts.survived("journal, many in each life", survived)


@pytest.mark.parametrize(("sectors", "length"), SHAPES)
def test_a_supply_that_fails_in_every_save_never_loses_the_last_whole_one(sectors, length):
    """The pages of saves that came to nothing must not push the last whole checkpoint out of the ring."""
    for before in range(1, 2 * sectors):
        flash, journal = make(seed=before, sectors=sectors)
        for number in range(before):
            journal.save(state_of(number, length), number)
        newest = before - 1
        for number in range(before, before + 60):
            flash.cut_after = 1 + number * before % (3 + length // PAGE)
            try:
                journal.save(state_of(number, length), number)
                journal.idle()
            except PowerCut:
                flash.restore_power()
                journal = opened(flash)
            flash.restore_power()
            time, state = journal.load()
            assert time in (newest, number) and state == state_of(time, length)
            newest = time


def large_state(number):
    """12 KB: registers that change each time, and pages of which one at a time changes."""
    state = bytearray(b"\x55" * 12_000)
    state[:1500] = number.to_bytes(4, "little") * 375
    for turn in range(number + 1):
        state[1500 + turn * 700 % 10_000] ^= turn + 1
    return bytes(state)


def test_a_state_of_12_kilobytes_survives_a_cut_in_any_operation():
    states = [large_state(number) for number in range(12)]
    after, cut, survived = 0, True, 0
    while cut:
        after += 1
        flash = Flash(17 * 4096, seed=after)
        journal, cut, saved = opened(flash), False, None
        flash.cut_after = after
        for number, state in enumerate(states):
            try:
                journal.save(state, number)
                saved = number
                journal.idle()
            except PowerCut:
                cut = True
                survived += 1
                flash.restore_power()
                found = opened(flash).load()
                wanted = [(now, states[now]) for now in (saved, number) if now is not None]
                assert found in wanted or (saved is None and found is None)
                break
    assert opened(flash).load() == (11, states[11]) and survived > 80
    power_cuts.survived("journal, 12 KB", survived)


class Worn(Flash):
    """A flash that, from some time on, fails in every program of a commit."""

    is_worn = False

    def program(self, address, data):
        if self.is_worn and bytes(data)[8:9] == b"C":
            raise OSError("worn out")
        super().program(address, data)


@pytest.mark.parametrize(("sectors", "length"), SHAPES)
def test_saves_that_fail_without_a_power_cut_do_not_cost_the_last_whole_one_either(sectors, length):
    flash = Worn(sectors * SECTOR, SECTOR)
    journal = opened(flash)
    for number in range(9):
        journal.save(state_of(number, length), number)
    flash.is_worn = True
    for number in range(100, 100 + 5 * sectors):
        with pytest.raises(OSError, match="worn"):
            journal.save(state_of(number, length), number)
        assert opened(flash).load() == (8, state_of(8, length))
    flash.is_worn = False
    journal.save(b"at last", 200)
    assert opened(flash).load() == (200, b"at last")


def flipped(flash, at, bit):
    """Return a copy of the flash with one bit the other way round."""
    content = bytearray(flash.size)
    flash.read(0, content)
    content[at] ^= 1 << bit
    other = Flash(flash.size, SECTOR)
    other.program(0, content)
    return other


def test_any_flipped_bit_gives_a_checkpoint_that_was_saved_and_is_counted_if_it_is_not_the_newest():
    flash, journal = make(sectors=17)
    saved = {}
    for number in range(40):
        saved[number] = state_of(number, 300)
        journal.save(saved[number], number)
    oldest = 39
    content = bytearray(flash.size)
    flash.read(0, content)
    for at in range(flash.size):
        if content[at] == 0xFF:
            continue
        again = opened(flipped(flash, at, at % 8))
        time, state = again.load()
        assert state == saved[time]
        assert (time == 39) == (again.passed == 0)
        oldest = min(oldest, time)
    # Twice the state's length is what three of its saves write.
    assert 39 - oldest == 3


def test_a_rotten_newest_commit_gives_the_one_before():
    flash, journal = make(sectors=4)
    journal.save(b"\xff" * 20, 1)
    journal.save(b"\xff" * 20, 2)
    flash.program(56 + 35 + 26 + 35 + 8 + 2, b"\x00")
    again = opened(flash)
    assert again.load() == (1, b"\xff" * 20) and again.passed == 1
    again.save(b"next", 3)
    assert opened(flash).load() == (3, b"next")


# The state of each second, in an Nvram


def make_with_nvram(seed=1):
    flash, nvram = Flash(3 * SECTOR, SECTOR, seed=seed), Nvram(512, seed=seed)
    return flash, nvram, Journal(flash, 0, flash.size, nvram=nvram)


def opened_with(flash, nvram):
    return Journal(flash, 0, flash.size, nvram=nvram)


def test_without_an_nvram_no_second_is_kept():
    flash, journal = make()
    journal.save_second(b"gone", 1)
    assert not journal.keeps_seconds and journal.load() is None and flash.programs == 0


def test_whichever_was_saved_last_is_loaded_whatever_the_clock_says():
    flash, nvram, journal = make_with_nvram()
    times = (100, 101, 90, 91, 3, 500, 499)
    for number, time in enumerate(times * 8):
        state = state_of(number, 20 + number)
        (journal.save if number % 3 == 2 else journal.save_second)(state, time)
        assert journal.load() == opened_with(flash, nvram).load() == (time, state)


def test_a_state_too_large_for_a_slot_is_refused_before_anything_is_written():
    flash, nvram, journal = make_with_nvram()
    assert journal.largest == 3 * PAGE
    small = Journal(flash, 0, flash.size, nvram=Nvram(100))
    assert small.largest == 50 - 26
    for save in (small.save, small.save_second):
        with pytest.raises(ValueError, match="25 bytes"):
            save(b"a" * 25, 1)
    small.save_second(b"a" * 24, 1)
    assert small.load() == (1, b"a" * 24) and flash.programs == 0
    with pytest.raises(ValueError, match="too few"):
        Journal(flash, 0, flash.size, nvram=Nvram(52))


def test_an_nvram_of_another_flash_is_not_believed():
    flash, nvram, journal = make_with_nvram()
    journal.save(b"one", 1)
    journal.save_second(b"one and a second", 2)
    blank = Flash(3 * SECTOR, SECTOR)
    assert opened_with(blank, nvram).load() is None
    other = Journal(blank, 0, blank.size)
    other.save(b"other", 1)
    joined = opened_with(blank, nvram)
    assert joined.load() == (1, b"other")
    joined.save_second(b"other and a second", 2)
    assert opened_with(blank, nvram).load() == (2, b"other and a second")
    # The older slot still is of the first flash.
    assert opened_with(flash, nvram).load() == (2, b"one and a second")


def test_an_nvram_with_anything_in_it_is_not_believed():
    flash, _, journal = make_with_nvram()
    journal.save(b"one", 1)
    for filling in (b"\0", b"\xff", b"Sec1", bytes(range(256))):
        nvram = Nvram(512)
        nvram.write(0, (filling * 512)[:512])
        assert opened_with(flash, nvram).load() == (1, b"one")


def test_every_flipped_bit_of_a_second_gives_the_second_before():
    flash, nvram, journal = make_with_nvram()
    journal.save(b"one", 1)
    for number in (2, 3):
        journal.save_second(state_of(number, 30), number)
    content = bytearray(512)
    nvram.read(0, content)
    newest = 0  # sequence 1 is in the second slot, 2 in the first
    assert content[newest + 4] == 2
    for bit in range(8 * (22 + 30 + 4)):
        rotten = Nvram(512)
        damaged = bytearray(content)
        damaged[newest + bit // 8] ^= 1 << bit % 8
        rotten.write(0, damaged)
        assert opened_with(flash, rotten).load() == (2, state_of(2, 30))


def test_a_second_counts_still_if_the_checkpoint_it_followed_rots():
    flash, nvram, journal = make_with_nvram()
    journal.save(b"\xff" * 20, 1)
    journal.save(b"\xff" * 20, 2)
    journal.save_second(b"a second", 3)
    flash.program(56 + 35 + 26 + 35 + 8 + 2, b"\x00")  # the second commit
    assert Journal(flash, 0, flash.size).load() == (1, b"\xff" * 20)
    assert opened_with(flash, nvram).load() == (3, b"a second")


@pytest.mark.parametrize("length", (10, 60, 96))
def test_a_cut_in_any_write_to_flash_or_nvram_costs_what_was_being_saved_at_most(length):
    for device in ("flash", "nvram"):
        after, cut = 0, True
        while cut:
            after += 1
            flash, nvram, journal = make_with_nvram(seed=after)
            {"flash": flash, "nvram": nvram}[device].cut_after = after
            cut, saved = False, None
            for number in range(40):
                state = state_of(number, length)
                try:
                    (journal.save_second if number % 4 else journal.save)(state, 1000 - number)
                    saved = number
                except PowerCut:
                    cut = True
                    flash.restore_power()
                    nvram.restore_power()
                    journal = opened_with(flash, nvram)
                    wanted = [(1000 - n, state_of(n, length)) for n in (saved, number) if n is not None]
                    found = journal.load()
                    assert found in wanted or (saved is None and found is None)
                    journal.save_second(state, 1000 - number)
                    saved = number
            assert opened_with(flash, nvram).load() == (1000 - saved, state_of(saved, length))
        assert after > 10


def test_a_second_that_names_a_rotten_checkpoint_counts_still_when_its_number_is_used_again():
    """A cut while the sectors of rotten and unfinished saves are erased, their numbers and all."""
    cuts = 0
    for after in range(1, 40):
        flash, nvram = Flash(9 * SECTOR, SECTOR, seed=after), Nvram(1024, seed=after)
        journal = opened_with(flash, nvram)
        for number in range(3):
            journal.save(state_of(number, 200), number)
        for number in range(3, 7):  # four more, whose commits have rotted since
            journal.save(state_of(number, 200), number)
            flash.program(journal._fifo.place[0] % 9 * SECTOR + journal._fifo.place[1] + 8, b"\x00")
        journal.save_second(state_of(7, 200), 7)
        again = opened_with(flash, nvram)
        assert again.load() == (7, state_of(7, 200)) and again.passed == 4
        flash.cut_after = after
        wanted = (7, 8)
        try:
            again.save(state_of(8, 200), 8)
            wanted = (8,)
        except PowerCut:
            cuts += 1
        flash.restore_power()
        time, state = opened_with(flash, nvram).load()
        assert time in wanted and state == state_of(time, 200)
    assert 10 < cuts < 39


def test_the_sim_board_keeps_seconds_of_30_kilobytes():
    nvram = Nvram(NVRAM_SIZE)
    flash = Flash(dict(PARTITIONS)["journal"] * 4096)
    journal = Journal(flash, 0, flash.size, nvram=nvram)
    journal.save_second(bytes(30_000), 1)
    assert Journal(flash, 0, flash.size, nvram=nvram).load() == (1, bytes(30_000))
