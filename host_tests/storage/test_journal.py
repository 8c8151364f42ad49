"""The Journal: always the newest whole checkpoint, whatever was interrupted."""

import pytest
from meter.hal.sim.flash import Flash, PowerCut
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
