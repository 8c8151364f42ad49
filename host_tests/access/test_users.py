"""The ten users: the manual's, their passwords, and what is stored of them over power cuts and bit rot."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.access import passwords
from meter.access.errors import Denied, Refused
from meter.access.rights import ALL, NAMES, mask, names
from meter.access.users import FACTORY, SLOTS, Users, factory_salt
from meter.aes import same
from meter.hal.sim.flash import Flash, PowerCut
from meter.registers.event_kinds import OPTICAL, TCP
from meter.storage.journal import Journal

from host_tests import power_cuts

SECTOR = 4096
HOUR = 3_600_000


def journal(flash):
    return Journal(flash, 0, 4 * SECTOR, 0x55)


def flash(seed=1):
    return Flash(4 * SECTOR, SECTOR, seed=seed)


def can(them, name, password, origin=TCP, now=HOUR):
    try:
        return them.check(name, password, origin, now).name == name
    except Denied:
        return False


# The manual, Appendix A, User Management


@pytest.mark.feature("SEC-02")
def test_a_new_meter_has_the_users_passwords_and_rights_of_the_manual():
    them = Users()
    assert [name for name, _, _ in them.list()] == ["admin", "user1", "user2", "pq"]
    for name in ("admin", "user1", "user2", "pq"):
        assert can(them, name, name)
    rights = {name: set(found) for name, found, _ in them.list()}
    assert rights["admin"] == set(NAMES)
    assert rights["user1"] == {"set time", "freeze", "test mode", "billing reset", "preset", "status"}
    assert rights["user2"] == {"set time", "billing reset"}
    assert rights["pq"] == {
        "configure inputs and outputs", "configure triggers", "configure power quality", "configure measurements",
        "read configuration", "read alarms", "read events", "read diagnostics", "read power quality",
        "read measurements",
    }  # fmt: skip


@pytest.mark.parametrize("row", FACTORY, ids=lambda row: row[0])
def test_the_stored_digests_of_the_factory_are_those_of_its_passwords(row):
    name, _, digest = row
    found = hashlib.sha256(factory_salt(name) + name.encode()).digest()
    for _ in range(passwords.ITERATIONS):
        found = hashlib.sha256(found + factory_salt(name)).digest()
    assert found.hex() == digest
    assert len(factory_salt(name)) == passwords.SALT


def test_rights_are_bits_that_go_both_ways():
    assert names(ALL) == NAMES and mask(NAMES) == ALL == 0xFFFFFFFF
    assert mask(names(0x12345678)) == 0x12345678
    with pytest.raises(KeyError, match="fly"):
        mask(("fly",))


@pytest.mark.feature("SEC-02")
def test_there_is_a_warning_for_each_password_of_the_factory_until_it_is_changed():
    them = Users()
    assert them.warnings() == [f"user {name} has the factory's password" for name, _, _ in FACTORY]
    for name in ("admin", "user1", "user2"):
        them.put(name, "another one")
    them.remove("pq")
    assert them.warnings() == []


# Changes


@pytest.mark.feature("SEC-01")
def test_there_are_ten_users_with_any_rights_and_no_eleventh():
    them = Users(journal(flash()))
    for k in range(6):
        them.put(f"guest{k}", "welcome", NAMES[k : k + 2])
    with pytest.raises(Refused, match="10 users"):
        them.put("guest6", "welcome", ())
    assert len(them.list()) == SLOTS
    assert them.list()[5][1] == NAMES[1:3]
    them.remove("guest3")
    them.put("guest6", "welcome")
    assert can(them, "guest6", "welcome") and not can(them, "guest3", "welcome")


def test_changed_users_are_those_after_a_restart():
    medium = flash()
    them = Users(journal(medium))
    them.put("admin", "a new one")
    them.put("Jürgen", "passwört", ("freeze",))
    them.put("user1", rights=("read events",))
    them.remove("user2")
    again = Users(journal(medium))
    assert again.list() == them.list() and again.problem is None
    assert can(again, "admin", "a new one") and not can(again, "admin", "admin")
    assert (
        can(again, "Jürgen", "passwört") and can(again, "user1", "user1") and not can(again, "user2", "user2")
    )


def test_somebody_must_always_be_able_to_manage_users():
    them = Users()
    with pytest.raises(Refused, match="manage users"):
        them.remove("admin")
    with pytest.raises(Refused, match="manage users"):
        them.put("admin", rights=("freeze",))
    them.put("chief", "something", ("manage users",))
    them.remove("admin")
    with pytest.raises(Refused):
        them.remove("chief")


def test_a_password_that_is_the_name_and_a_new_user_without_one_are_refused():
    them = Users()
    with pytest.raises(Refused, match="must not be the name"):
        them.put("guest", "guest")
    with pytest.raises(Refused, match="needs a password"):
        them.put("guest")
    with pytest.raises(Refused, match="no such user"):
        them.remove("guest")


def test_a_password_is_changed_by_who_knows_the_old_one():
    them = Users()
    me = them.check("user2", "user2", TCP, 0)
    with pytest.raises(Denied, match="wrong"):
        them.change_password(me, "user1", "another", TCP, 0)
    them.change_password(me, "user2", "another", TCP, 0)
    assert can(them, "user2", "another") and not them.holds(me)


def test_two_users_with_the_same_password_have_different_salts_and_digests():
    them = Users(seed=b"0815")
    them.put("one", "same password")
    first = them.put("two", "same password")
    assert len({user.salt for user in them._slots if user}) == 6
    assert len({user.digest for user in them._slots if user}) == 6
    second = them.put("two", "same password")
    assert (first.salt, first.digest) != (second.salt, second.digest)


@pytest.mark.feature("SEC-06")
def test_a_reset_gives_back_the_users_and_passwords_of_the_factory():
    medium = flash()
    them = Users(journal(medium))
    them.put("admin", "forgotten")
    them.put("guest", "welcome")
    them.reset()
    for each in (them, Users(journal(medium))):
        assert [name for name, _, _ in each.list()] == ["admin", "user1", "user2", "pq"]
        assert can(each, "admin", "admin") and not can(each, "guest", "welcome")


# Logging in


BAD = (
    None, "", b"", 0, 1.5, True, (), ["admin"], {"a": 1}, "x" * 100_000, b"\xff\xfe", "admin\0", "\0", "\x7f", "\ud800",
    "Admin", "admin ", " admin", b"admin\n", 10**400,
)  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_whatever_is_given_as_name_or_password_is_only_denied(bad):
    for name, password in ((bad, "admin"), ("admin", bad), (bad, bad)):
        with pytest.raises(Denied, match="wrong user name or password"):
            Users().check(name, password, TCP, 0)


def test_bytes_are_as_good_as_text():
    assert Users().check(b"admin", bytearray(b"admin"), TCP, 0).name == "admin"


class Counted(bytes):
    """Bytes that count how many of them were looked at."""

    looked = 0

    def __iter__(self):
        for byte in bytes.__iter__(self):
            Counted.looked += 1
            yield byte


def looks(a, b):
    Counted.looked = 0
    return same(Counted(a), b), Counted.looked


def test_a_comparison_looks_at_every_byte_whichever_is_wrong():
    right = bytes(range(32))
    assert looks(right, right) == (True, 32)
    for place in range(32):
        wrong = right[:place] + b"\xff" + right[place + 1 :]
        assert looks(wrong, right) == (False, 32)
    assert same(b"", right) is False


@pytest.mark.parametrize("name, password", [("admin", "admin"), ("admin", "wrong"), ("nobody", "wrong"),
                                            (None, None), ("admin", "x" * 5000), ("nobody", b"\xff")])  # fmt: skip
def test_an_unknown_user_costs_as_much_as_a_wrong_password(monkeypatch, name, password):
    blocks = []
    real = hashlib.sha256
    monkeypatch.setattr(passwords, "sha256", lambda data: blocks.append(len(data) // 64) or real(data))
    can(Users(), name, password)
    assert blocks == [0] * (1 + passwords.ITERATIONS)


@pytest.mark.feature("SEC-01")
def test_the_right_password_is_not_even_looked_at_while_it_is_locked_and_works_after_the_delay():
    them = Users()
    for _ in range(6):
        assert not can(them, "admin", "wrong", now=0)
        them._lockout._until = [0] * len(them._lockout._until)
    them._lockout.failed(0, TCP, 0)
    left = them._lockout.left_s(0, TCP, 0)
    with pytest.raises(Denied, match=f"locked for {left} s more"):
        them.check("admin", "admin", TCP, 0)
    assert can(them, "admin", "admin", OPTICAL, 0)
    assert can(them, "admin", "admin", TCP, left * 1000)


@pytest.mark.feature("SEC-01")
def test_a_lockout_outlives_a_restart():
    medium = flash()
    them = Users(journal(medium))
    now = 0
    for _ in range(7):
        now += 900_000
        assert not can(them, "admin", "wrong", now=now)
    again = Users(journal(medium), 0)
    with pytest.raises(Denied, match="locked for 16 s"):
        again.check("admin", "admin", TCP, 0)
    assert can(again, "admin", "admin", TCP, 16_000)


def test_who_guesses_for_years_wears_the_flash_by_some_records_only():
    medium = flash()
    them = Users(journal(medium))
    now = 0
    for k in range(300):
        now += 900_000
        can(them, "admin" if k % 2 else "nobody", "wrong", now=now)
    programs = medium.programs
    for _ in range(300):
        now += 900_000
        assert not can(them, "admin", "wrong", now=now) and not can(them, "nobody", "wrong", now=now + 60_000)
    assert medium.programs == programs


ATTEMPT = st.tuples(st.sampled_from(("admin", "user1", "x")), st.booleans(), st.integers(0, 400))


@settings(max_examples=40, deadline=None)
@given(st.lists(ATTEMPT, max_size=12))
def test_the_right_password_always_works_after_the_longest_delay(attempts):
    them, now = Users(), 0
    for name, is_right, seconds in attempts:
        now += seconds * 1000
        can(them, name, name if is_right else "wrong", now=now)
    assert can(them, "admin", "admin", now=now + 900_000)


# Storage


def changed(medium):
    """Change the users once more."""
    them = Users(journal(medium))
    them.put("admin", "the new one")
    them.put("guest", "welcome", ("freeze",))


def whose(medium):
    """Return which sets can log in: (the old admin, the new admin, the guest)."""
    them = Users(journal(medium))
    assert them.problem is None
    return tuple(can(them, *one, now=HOUR + k) for k, one in enumerate(
        (("admin", "admin"), ("admin", "the new one"), ("guest", "welcome"))))  # fmt: skip


@pytest.mark.parametrize("was_used", (False, True))
@pytest.mark.feature("SEC-01")
def test_a_power_cut_leaves_the_old_users_or_the_new_ones(was_used):
    cuts, found = 0, []
    while True:
        medium = flash(seed=cuts + 1)
        if was_used:
            Users(journal(medium)).put("user1", "something", ("freeze",))
        medium.cut_after = cuts + 1
        try:
            changed(medium)
            break
        except PowerCut:
            pass
        medium.cut_after, medium.powered = None, True
        found.append(whose(medium))
        cuts += 1
    assert cuts >= 3
    assert set(found) <= {(True, False, False), (False, True, False), (False, True, True)}
    assert found == sorted(found, key=lambda one: (not one[0], one[2]))
    power_cuts.survived("of users", cuts)


class WornOut(Flash):
    """A flash that fails, as hal describes, from some moment on."""

    is_worn_out = False

    def program(self, address, data):
        if self.is_worn_out:
            raise OSError("worn out")
        super().program(address, data)


def test_a_flash_that_fails_leaves_the_old_users():
    medium = WornOut(4 * SECTOR, SECTOR)
    them = Users(journal(medium))
    medium.is_worn_out = True
    with pytest.raises(Refused, match="could not be stored"):
        them.put("admin", "another")
    assert can(them, "admin", "admin") and not can(them, "user1", "wrong")


@pytest.mark.parametrize("state", [b"", b"\x02", b"\x01\x48", bytes(100), b"\xff" * 700], ids=len)
def test_stored_users_that_cannot_be_read_let_nobody_in_until_they_are_reset(state):
    medium = flash()
    journal(medium).save(state, 0)
    them = Users(journal(medium))
    assert them.problem and them.warnings() == [them.problem] and not can(them, "admin", "admin")
    them.reset()
    assert can(Users(journal(medium)), "admin", "admin") and them.problem is None


def test_users_of_whom_every_record_has_rotted_are_not_those_of_the_factory():
    medium = flash()
    Users(journal(medium)).put("admin", "secret one")
    for at in range(0, medium.size, 64):  # a bit in each 64 bytes, but for the heads of the sectors
        if at % SECTOR >= 128:
            medium._memory[at] &= 0xFE
            medium._memory[at + 1] &= 0x7F
            medium._memory[at + 20] = 0
    them = Users(journal(medium))
    assert not can(them, "admin", "admin")
