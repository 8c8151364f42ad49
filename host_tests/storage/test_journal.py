"""The Journal: always the newest whole checkpoint, whatever was interrupted."""

import pytest
from meter.hal.sim.flash import Flash, PowerCut
from meter.hal.sim.nvram import Nvram
from meter.storage.errors import StorageError
from meter.storage.fifo import Fifo
from meter.storage.journal import KIND, Journal

SECTOR = 256


def make(seed=1, sectors=3):
    flash = Flash(sectors * SECTOR, SECTOR, seed=seed)
    return flash, Journal(flash, 0, flash.size)


def opened(flash):
    return Journal(flash, 0, flash.size)


def state_of(number, length):
    return bytes((number * 7 + at) & 0xFF for at in range(length))


def test_a_blank_journal_has_no_checkpoint():
    assert make()[1].load() is None


def test_the_newest_checkpoint_is_loaded():
    flash, journal = make()
    for number in range(50):
        journal.save(state_of(number, number), number)
        assert journal.load() == opened(flash).load() == (number, state_of(number, number))


def test_a_state_as_large_as_a_sector_holds_is_kept_and_a_larger_one_is_refused():
    flash, journal = make()
    journal.save(b"a" * journal.largest, 5)
    with pytest.raises(ValueError, match="does not fit in one sector"):
        journal.save(b"b" * (journal.largest + 1), 6)
    assert opened(flash).load() == (5, b"a" * journal.largest)


def test_less_than_three_sectors_are_refused():
    with pytest.raises(ValueError, match="3 sectors"):
        Journal(Flash(4 * SECTOR, SECTOR), 0, 2 * SECTOR)


def test_it_does_not_open_another_fifo():
    flash = Flash(4 * SECTOR, SECTOR)
    fifo = Fifo(flash, 0, flash.size, KIND + 1)
    fifo.append(b"profile", 1)
    with pytest.raises(StorageError):
        opened(flash)


def test_idle_erases_ahead():
    flash, journal = make()
    journal.save(state_of(1, 150), 1)
    assert journal.idle() is True
    assert journal.idle() is False
    erases = flash.erases
    journal.save(state_of(2, 150), 2)
    assert flash.erases == erases


@pytest.mark.parametrize("length", (10, 60, 100, 150, 188))
def test_a_cut_in_any_operation_leaves_the_last_saved_or_the_one_being_saved(length):
    after, cut = 0, True
    while cut:
        after += 1
        flash, journal = make(seed=after)
        flash.cut_after = after
        cut = False
        saved = None
        for number in range(20):
            try:
                journal.save(state_of(number, length), number)
                saved = number
                journal.idle()
            except PowerCut:
                cut = True
                flash.restore_power()
                journal = opened(flash)
                found = journal.load()
                wanted = [(now, state_of(now, length)) for now in (saved, number) if now is not None]
                assert found in wanted or (saved is None and found is None)
        flash.restore_power()
        journal.save(b"the end", 20)
        assert opened(flash).load() == (20, b"the end")
    assert after > 20


@pytest.mark.parametrize("length", (60, 188))
def test_a_supply_that_fails_in_every_save_never_loses_the_last_whole_one(length):
    flash, journal = make(seed=3)
    journal.save(state_of(0, length), 0)
    newest = 0
    for number in range(1, 200):
        flash.cut_after = 1 + number % 3
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


def test_a_rotten_newest_checkpoint_gives_the_one_before():
    for length in (20, 188):
        flash, journal = make(sectors=4)
        journal.save(b"\xff" * length, 1)
        journal.save(b"\xff" * length, 2)
        data = bytearray(flash.size)
        flash.read(0, data)
        places = [at for at in range(flash.size - length) if data[at : at + length] == b"\xff" * length]
        second = (56 + 12 + length + 8) if length == 20 else SECTOR + 56 + 8
        assert second in places
        flash.program(second + 3, b"\xef")
        assert opened(flash).load() == (1, b"\xff" * length)


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
    assert journal.largest == SECTOR - 56 - 12
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
    flash.program(56 + 32 + 8 + 3, b"\xef")
    assert Journal(flash, 0, flash.size).load() == (1, b"\xff" * 20)
    assert opened_with(flash, nvram).load() == (3, b"a second")


@pytest.mark.parametrize("length", (10, 100, 188))
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
