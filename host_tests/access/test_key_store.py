"""The keys of DLMS and the numbers under them: what is promised of them over power cuts and bit rot."""

import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.access.errors import Refused
from meter.access.key_store import (
    AUTHENTICATION,
    BROADCAST,
    FACTORY,
    HALF,
    KEYS,
    MASTER,
    NAMES,
    RESERVED,
    SETTLE_MS,
    UNICAST,
    USED_UP,
    KeyStore,
    system_title,
)
from meter.hal.sim.flash import Flash, PowerCut
from meter.key_wrap import wrap
from meter.storage.journal import Journal

from host_tests import power_cuts

SECTOR = 4096
NEW = b"a new unicastkey"


def flash(seed=1, kind=Flash):
    return kind(4 * SECTOR, SECTOR, seed=seed)


def journal(medium):
    return Journal(medium, 0, 4 * SECTOR, 0x4B)


def store(medium):
    return KeyStore(journal(medium), "00000815")


def after_a_cut(medium):
    medium.cut_after, medium.powered = None, True
    return store(medium)


# The system title


@pytest.mark.parametrize(
    "serial, title",
    [
        ("00000001", "46525300 00000001"),
        ("815", "46525300 0000032f"),
        ("1099511627775", "465253ff ffffffff"),
    ],
)
def test_the_system_title_is_the_manufacturer_and_the_serial_number(serial, title):
    assert system_title(serial) == bytes.fromhex(title)


@pytest.mark.parametrize("serial", ["", "A815", "1099511627776", "12345678901234567890", "８１５", "Zähler"])
def test_a_serial_that_is_no_number_of_five_bytes_has_a_title_too(serial):
    assert len(system_title(serial)) == 8 and system_title(serial)[:3] == b"FRS"
    assert system_title(serial) == system_title(serial) != system_title(serial + "x")


# Keys


def test_a_new_meter_has_the_keys_of_the_factory_and_warns_of_each():
    keys = KeyStore()
    assert keys.key(UNICAST) == bytes(range(16)) and keys.key(AUTHENTICATION) == bytes(range(0xD0, 0xE0))
    assert keys.warnings() == [f"the {name} key is the factory's" for name in NAMES]
    assert NAMES == (UNICAST, BROADCAST, AUTHENTICATION, MASTER)  # key_id 0 to 3 of IEC 62056-6-2
    for name, _ in KEYS:
        keys.replace(name, (name.encode() * 3)[:16])
    assert keys.warnings() == []
    with pytest.raises(KeyError):
        keys.key("house")


def test_replaced_keys_are_those_after_a_restart():
    medium = flash()
    store(medium).replace(AUTHENTICATION, NEW)
    again = store(medium)
    assert again.key(AUTHENTICATION) == NEW and again.key(UNICAST) == FACTORY[0] and again.problem is None


def test_keys_are_transferred_under_the_master_key_all_or_none():
    keys = store(flash())
    good, bad = wrap(keys.key(MASTER), NEW), wrap(NEW, NEW)
    with pytest.raises(Refused, match="not wrapped under the master key"):
        keys.transfer(((0, good), (2, bad)))
    assert keys.key(UNICAST) == FACTORY[0]
    keys.transfer(((0, good), (3, good)))
    assert keys.key(UNICAST) == keys.key(MASTER) == NEW
    with pytest.raises(Refused):
        keys.transfer(((0, good),))
    keys.transfer(((0, wrap(NEW, FACTORY[1])),))
    assert keys.key(UNICAST) == FACTORY[1]


@pytest.mark.parametrize("size", [0, 15, 17, 32])
def test_a_key_of_another_length_is_refused(size):
    with pytest.raises(Refused, match="16 bytes"):
        KeyStore().replace(UNICAST, bytes(size))


def test_another_unicast_key_begins_what_is_received_at_0_and_no_other_key_does():
    keys = KeyStore()
    keys.accept_counter(99)
    for name in (BROADCAST, AUTHENTICATION, MASTER):
        keys.replace(name, NEW)
    keys.replace(UNICAST, keys.key(UNICAST))
    assert keys.expected == 100  # for what was sent under this key is still a replay
    keys.replace(UNICAST, NEW)
    assert keys.expected == 0 and keys.check_counter(0)


def test_our_own_numbers_go_on_under_another_key_and_begin_anew_when_they_have_become_many():
    medium = flash()
    keys = store(medium)
    used = [keys.next_counter() for _ in range(5)]
    keys.replace(UNICAST, NEW)
    keys.replace(UNICAST, FACTORY[0])
    assert keys.next_counter() not in used
    keys._sent = keys._sent_limit = HALF
    keys.replace(AUTHENTICATION, NEW)
    assert keys.next_counter() == HALF
    keys.replace(UNICAST, NEW)
    assert keys.next_counter() == 0
    assert store(medium).next_counter() <= RESERVED


def test_a_reset_gives_back_the_keys_of_the_factory():
    medium = flash()
    keys = store(medium)
    keys.accept_counter(5)
    keys.replace(MASTER, NEW)
    keys.replace(UNICAST, NEW)
    keys.reset()
    for each in (keys, store(medium)):
        assert [each.key(name) for name in NAMES] == list(FACTORY)


def changed(medium):
    keys = store(medium)
    keys.replace(UNICAST, NEW)
    keys.transfer(((2, wrap(FACTORY[3], NEW)), (3, wrap(FACTORY[3], NEW))))


@pytest.mark.parametrize("was_used", (False, True))
def test_a_power_cut_leaves_the_old_keys_or_the_new_ones(was_used):
    cuts, found = 0, []
    while True:
        medium = flash(seed=cuts + 1)
        if was_used:
            store(medium).next_counter()
        medium.cut_after = cuts + 1
        try:
            changed(medium)
            break
        except PowerCut:
            pass
        again = after_a_cut(medium)
        assert again.problem is None
        found.append(tuple(again.key(name) == NEW for name in NAMES))
        cuts += 1
    assert cuts >= 6
    assert set(found) == {(False,) * 4, (True, False, False, False), (True, False, True, True)}
    assert found == sorted(found)
    power_cuts.survived("of keys", cuts)


# Numbers of our own


def test_numbers_are_given_out_one_by_one_and_go_on_after_an_orderly_end():
    medium = flash()
    keys = store(medium)
    assert [keys.next_counter() for _ in range(3)] == [0, 1, 2]
    keys.finish()
    assert store(medium).next_counter() == 3


def test_when_they_are_used_up_there_are_no_more_until_the_key_is_replaced():
    medium = flash()
    keys = store(medium)
    keys._sent = keys._sent_limit = USED_UP - 2
    assert [keys.next_counter(), keys.next_counter()] == [USED_UP - 2, USED_UP - 1]
    for each in (keys, store(medium)):
        with pytest.raises(Refused, match="used up"):
            each.next_counter()
    keys.replace(UNICAST, NEW)
    assert keys.next_counter() == 0


def lived(medium, dice, used, floor):
    """Use numbers until the power goes: sent ones are added to `used`, the lowest that may be taken is floor[0]."""
    keys = store(medium)
    now = 0
    while True:
        what = dice.randrange(8)
        if what < 4:
            number = keys.next_counter()
            assert number not in used
            used.add(number)
        elif what < 6:
            # Mostly the next; now and then a leap.
            number = keys.expected + (
                dice.randrange(5 * RESERVED) if dice.randrange(4) == 0 else dice.randrange(3)
            )
            assert keys.check_counter(number) and number >= floor[0]
            keys.accept_counter(number)
            floor[0] = number + 1
            assert not keys.check_counter(number)
        elif what == 6:
            now += dice.randrange(2 * SETTLE_MS)
            keys.settle(now)
        else:
            # As if very many had been used: to the end of what is reserved.
            keys._sent = max(keys._sent, keys._sent_limit - dice.randrange(2))
            keys._lowest = max(keys._lowest, keys._lowest_limit - dice.randrange(2))
            floor[0] = max(floor[0], keys._lowest)


def test_no_number_is_used_or_taken_twice_whenever_the_power_goes():
    """Lives end at each flash operation in turn, one after another on the same flash."""
    cuts = 0
    for seed in range(3):
        medium, dice, used, floor = flash(seed), random.Random(seed), set(), [0]
        for operation in range(1, 60):
            medium.cut_after = operation
            with pytest.raises(PowerCut):
                lived(medium, dice, used, floor)
            keys = after_a_cut(medium)
            assert keys.problem is None
            assert keys.expected >= floor[0] and not keys.check_counter(floor[0] - 1)
            assert not used or keys._sent > max(used)
            cuts += 1
    power_cuts.survived("of frame numbers", cuts)


@pytest.mark.parametrize("seed", range(80))
def test_no_number_is_used_or_taken_twice_if_the_newest_record_rots(seed):
    medium, dice = flash(seed), random.Random(seed)
    keys = store(medium)
    sent = taken = -1
    for _ in range(dice.randrange(1, 12)):
        before = bytes(medium._memory)
        keys._sent = keys._sent_limit
        sent = keys.next_counter()
        if dice.randrange(2):
            before = bytes(medium._memory)
            keys._lowest = keys._lowest_limit
            taken = keys.expected + dice.choice((0, 1, RESERVED, 3 * RESERVED))
            keys.accept_counter(taken)
        if dice.randrange(3) == 0:
            before = bytes(medium._memory)
            keys.finish()
    spoil(medium, before)
    again = store(medium)
    assert again.problem is None and again._sent > sent
    assert not again.check_counter(taken) if taken >= 0 else again.expected >= 0


def spoil(medium, before):
    """Clear a bit in the last thing that was written since `before`."""
    places = [at for at in range(len(before)) if medium._memory[at] != before[at]]
    for at in places[-3:]:
        if medium._memory[at]:
            medium._memory[at] &= medium._memory[at] - 1
            return
    raise AssertionError("nothing was written")


# Numbers that are received


def test_a_number_must_be_greater_than_all_before():
    keys = KeyStore()
    assert keys.received == 0 and keys.check_counter(0)
    keys.accept_counter(7)
    assert keys.received == 7 and keys.expected == 8
    assert [keys.check_counter(number) for number in (0, 6, 7, 8, 9, 10**9)] == [False] * 3 + [True] * 3


def test_the_last_number_is_never_taken():
    keys = KeyStore()
    assert not keys.check_counter(USED_UP) and keys.check_counter(USED_UP - 1)
    keys.accept_counter(USED_UP - 1)
    assert (
        keys.expected == USED_UP and not keys.check_counter(USED_UP - 1) and not keys.check_counter(USED_UP)
    )
    keys.replace(UNICAST, NEW)
    assert keys.check_counter(0)


def test_a_replay_is_refused_after_a_restart_and_after_an_orderly_one_the_next_is_taken():
    medium = flash()
    keys = store(medium)
    keys.accept_counter(41)
    again = store(medium)  # the power went
    assert not again.check_counter(41) and again.expected == 41 + RESERVED
    keys = again
    keys.accept_counter(5000)
    keys.finish()
    again = store(medium)
    assert again.received == 5000 and not again.check_counter(5000) and again.check_counter(5001)


def test_an_association_that_ends_stores_the_numbers_once_an_hour():
    medium = flash()
    keys = store(medium)
    programs = []
    for k in range(20):
        keys.accept_counter(keys.expected)
        before = medium.programs
        keys.settle(k * SETTLE_MS // 10)
        programs.append(medium.programs > before)
    assert programs == [k % 10 == 0 for k in range(20)]


def test_a_million_frames_wear_the_flash_by_few_records():
    medium = flash()
    keys = store(medium)
    for _ in range(20 * RESERVED):
        keys.accept_counter(keys.expected)
        keys.next_counter()
    assert journal(medium)._fifo.next <= 1 + 2 * (2 * 20 + 2)


# A flash that fails, and one that cannot be read


class WornOut(Flash):
    is_worn_out = False

    def program(self, address, data):
        if self.is_worn_out:
            super().program(address, data[: len(data) // 2])
            raise OSError("worn out")
        super().program(address, data)


class Deceitful(Flash):
    """It does what it is told, and once says that it has failed. in_writes: in so many writes from now."""

    in_writes = 0

    def program(self, address, data):
        super().program(address, data)
        self.in_writes -= 1
        if self.in_writes == 0:
            raise OSError("worn out")


def test_a_flash_that_fails_leaves_the_old_keys_and_what_was_stored_ahead():
    medium = flash(kind=WornOut)
    keys = store(medium)
    keys.next_counter()
    keys.accept_counter(10)
    medium.is_worn_out = True
    with pytest.raises(Refused, match="could not be stored"):
        keys.replace(MASTER, NEW)
    with pytest.raises(Refused):
        keys.accept_counter(10**6)
    assert keys.key(MASTER) == FACTORY[3] and keys.expected == 11
    medium.is_worn_out = False
    again = store(medium)
    assert again.next_counter() >= RESERVED and not again.check_counter(10)


@pytest.mark.parametrize("writes", range(1, 12))
@pytest.mark.parametrize("what", ["send", "take"])
def test_a_write_that_was_done_and_is_said_to_have_failed_gives_no_number_twice(what, writes):
    medium = flash(kind=Deceitful)
    keys = store(medium)
    sent, taken = [keys.next_counter() for _ in range(5)], 10
    keys.accept_counter(10)
    medium.in_writes = writes
    keys.finish()
    for counter in (11, 12, 13):
        with contextlib.suppress(Refused):  # then it has not been given out, or not been taken
            if what == "send":
                sent.append(keys.next_counter())
            else:
                keys.accept_counter(counter)
                taken = counter
    medium.in_writes = 0
    again = store(medium)
    assert again.next_counter() > sent[-1] and not again.check_counter(taken)
    assert len(sent) >= 7 or taken >= 12


@pytest.mark.parametrize(
    "state", [b"", b"\x01", b"\x02" + bytes(72), bytes(73), b"\x01" + bytes(500)], ids=len
)
def test_stored_keys_that_cannot_be_read_let_nobody_in_until_they_are_reset(state):
    medium = flash()
    journal(medium).save(state, 0)
    keys = store(medium)
    assert keys.warnings() == [keys.problem] and "until users are reset" in keys.problem
    with pytest.raises(Refused):
        keys.key(UNICAST)
    with pytest.raises(Refused):
        keys.replace(UNICAST, NEW)
    with pytest.raises(Refused):
        keys.transfer(((0, wrap(FACTORY[3], NEW)),))
    keys.finish()
    assert store(medium).problem
    keys.reset()
    assert store(medium).key(UNICAST) == keys.key(UNICAST) == FACTORY[0] and keys.problem is None


def test_keys_of_which_every_record_has_rotted_are_not_those_of_the_factory():
    medium = flash()
    store(medium).replace(UNICAST, NEW)
    for at in range(0, medium.size, 32):  # a bit in each 32 bytes, but for the heads of the sectors
        if at % SECTOR >= 32:
            medium._memory[at + 8] ^= 4
    assert store(medium).problem


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("send", "take", "finish", "restart", "replace", "reset")), st.integers(0, 3000)
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_happens_in_order_no_number_comes_twice_under_a_key(steps):
    medium = flash()
    keys, sent, floor = store(medium), set(), 0
    for what, number in steps:
        if what == "send":
            pair = (keys.key(UNICAST), keys.next_counter())
            assert pair not in sent
            sent.add(pair)
        elif what == "take":
            counter = floor + number
            if keys.check_counter(counter):
                keys.accept_counter(counter)
                floor = counter + 1
            assert not keys.check_counter(counter)
        elif what == "finish":
            keys.finish()
        elif what == "restart":
            keys = store(medium)
        else:
            old = keys.key(UNICAST)
            keys.replace(UNICAST, bytes([number % 3] * 16)) if what == "replace" else keys.reset()
            floor = floor if keys.key(UNICAST) == old else 0
        assert keys.expected >= floor
