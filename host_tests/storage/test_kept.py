"""Small states under names: each is there when put() has returned, whenever the power fails."""

import random

import pytest
from meter.hal.sim.flash import Flash, PowerCut
from meter.storage.errors import StorageError
from meter.storage.journal import Journal
from meter.storage.kept import Kept

from host_tests import power_cuts

NAMES = ("one", "two", "three")


def journal(flash):
    return Journal(flash, 0, flash.size, 0x44)


def test_states_are_found_again_and_an_empty_one_is_none():
    flash = Flash(8 * 4096, 4096)
    kept = Kept(journal(flash), NAMES)
    assert kept.get("one") == b""
    kept.put("three", b"333")
    kept.put("one", bytes(700))
    kept.put("two", b"2")
    kept.put("two", b"")
    again = Kept(journal(flash), NAMES)
    assert [again.get(name) for name in NAMES] == [bytes(700), b"", b"333"]


def test_a_name_that_newer_firmware_added_is_passed_over():
    flash = Flash(8 * 4096, 4096)
    kept = Kept(journal(flash), NAMES)
    kept.put("three", b"333")
    kept.put("one", b"1")
    assert Kept(journal(flash), NAMES[:1]).get("one") == b"1"


def test_another_version_is_refused():
    flash = Flash(8 * 4096, 4096)
    journal(flash).save(b"\x02\x00\x00\x00", 0)
    with pytest.raises(StorageError):
        Kept(journal(flash), NAMES)


def test_an_unknown_name_and_too_long_a_state_change_nothing():
    kept = Kept(journal(Flash(8 * 4096, 4096)), NAMES)
    kept.put("one", b"1")
    with pytest.raises(KeyError):
        kept.put("four", b"4")
    with pytest.raises(ValueError):
        kept.put("one", bytes(50000))
    assert kept.get("one") == b"1"


def test_with_the_power_cut_at_every_operation_nothing_that_was_put_is_lost():
    flash, chance, promised, cuts = Flash(8 * 4096, 4096, seed=9), random.Random(1), {}, 0
    for cut in range(1, 400):
        kept = Kept(journal(flash), NAMES)
        flash.cut_after = 1 + cut % 6
        name, state = "", b""
        try:
            while True:
                name, state = chance.choice(NAMES), chance.randbytes(chance.randrange(1, 900))
                kept.put(name, state)
                promised[name] = state
        except PowerCut:
            cuts += 1
            flash.restore_power()
        again = Kept(journal(flash), NAMES)
        for known, wanted in promised.items():
            assert again.get(known) == wanted or known == name and again.get(known) == state
        promised[name] = again.get(name)
    power_cuts.survived("of kept states", cuts)
    assert cuts == 399
