"""Who comes with the keys of DLMS: the login, its lockout, its log, and what every visitor may ask of itself."""

import pytest
from meter.access.errors import Denied, Refused
from meter.access.key_store import FACTORY, NAMES, UNICAST
from meter.access.rights import ALL
from meter.access.sections import SECTIONS
from meter.access.users import MANAGEMENT
from meter.key_wrap import wrap
from meter.registers import event_kinds as kinds

from host_tests.access.door_life import SETTINGS, Life

MINUTE = 60_000
NEW = b"a new unicastkey"
READABLE = {path for path in SETTINGS if path.startswith("ports.")}


@pytest.fixture
def life():
    return Life()


def present(life, origin=kinds.TCP, peer="10.0.0.7:4000"):
    visitor = life.visitor(origin)
    visitor.on(peer)
    return visitor


def told(life):
    return [(event.name, event.user, *event.fields) for event in life.log()]


# The login


@pytest.mark.feature("EVT-04")
def test_who_has_the_keys_is_management_with_all_rights_and_in_the_log(life):
    visitor = present(life)
    visitor.login_by_key(True)
    assert visitor.user == MANAGEMENT and visitor._who.rights == ALL
    visitor.command("freeze")
    visitor.off()
    assert visitor.user == ""
    assert [row for row in told(life) if row[1]] == [("logon", MANAGEMENT, 0), ("logoff", MANAGEMENT)]


def test_it_is_logged_off_when_it_is_silent_as_others_are(life):
    visitor = present(life)
    visitor.login_by_key(True)
    life.now += 5 * MINUTE
    with pytest.raises(Denied):
        visitor.command("freeze")
    assert visitor.user == "" and not visitor.may_command("freeze")


@pytest.mark.feature("SEC-01", "EVT-04")
def test_wrong_keys_count_like_wrong_passwords_and_wait_longer_each_time(life):
    visitor = present(life)
    for _ in range(4):
        with pytest.raises(Denied, match="wrong key"):
            visitor.login_by_key(False)
    with pytest.raises(Denied, match="locked for 2 s more"):
        visitor.login_by_key(True)
    visitor.login("admin", "admin")  # the users are not locked out by it
    life.now += 2000
    with pytest.raises(Denied, match="wrong key"):
        visitor.login_by_key(False)
    with pytest.raises(Denied, match="locked for 4 s more"):
        visitor.login_by_key(True)
    present(life, kinds.RS485, "").login_by_key(True)  # nor is another origin
    life.now += 4000
    visitor.login_by_key(True)
    refusals = [event for event in told(life) if event[0] == "access denied"]
    assert refusals[0] == ("access denied", MANAGEMENT, "login: wrong key", 0) and len(refusals) == 7


def test_its_lockout_outlives_a_restart(life):
    for _ in range(6):
        life.now += 15 * MINUTE
        with pytest.raises(Denied, match="wrong key"):
            present(life).login_by_key(False)
    again = Life(flash=life.board.flash)
    with pytest.raises(Denied, match="locked for"):
        present(again).login_by_key(True)


def test_a_front_panel_with_key_1_is_not_unlocked_by_keys_either(life):
    life.fit(key_1=True)
    with pytest.raises(Refused, match="front panel"):
        life.access.login_by_key(True, kinds.FRONT_PANEL, "", 0)


def test_no_user_can_have_its_name(life):
    admin = life.who("admin")
    with pytest.raises(Refused, match="management is who has the keys"):
        life.access.command("set user", admin, life.now, user=b"management", password="welcome")
    with pytest.raises(Denied, match="wrong user name"):
        life.access.login("management", "", kinds.TCP, "", life.now)


def test_keys_that_cannot_be_read_let_nobody_in(life):
    life.app._keys.problem = "the stored keys cannot be read"
    with pytest.raises(Denied, match="cannot be read"):
        present(life).login_by_key(True)
    assert "the stored keys cannot be read" in life.access.warnings()


def test_a_user_logs_in_by_the_number_of_the_slot(life):
    visitor = present(life)
    visitor.login_slot(2, b"user1")
    assert visitor.user == "user1"
    for slot, password in ((1, "user1"), (5, "x"), (0, "admin"), (11, "x"), (-1, "x"), (None, "x"), (2, None),
                           ("1", "admin"), (10**30, "x"), (True, "wrong")):  # fmt: skip
        with pytest.raises(Denied, match="wrong user name or password|locked"):
            visitor.login_slot(slot, password)
        life.now += 15 * MINUTE
    assert ("access denied", "slot 5", "login: wrong user name or password", 0) in told(life)


def test_wrong_passwords_by_slot_lock_out_the_user_of_the_slot(life):
    visitor = present(life)
    for _ in range(4):
        with pytest.raises(Denied, match="wrong"):
            visitor.login_slot(3, "wrong")
    with pytest.raises(Denied, match="locked"):
        visitor.login("user2", "user2")


def test_the_slots_of_users_are_read_by_who_manages_them(life):
    visitor = present(life)
    with pytest.raises(Denied, match="manage users"):
        visitor.users()
    visitor.login("admin", "admin")
    life.users.remove("user2")
    assert visitor.users() == [(1, "admin"), (2, "user1"), (4, "pq")]


# What a visitor may


def test_what_it_may_is_told_without_a_word_to_the_log(life):
    visitor = present(life)
    entries = len(life.log())
    assert visitor.may_read("registers") and not visitor.may_read("profile")
    assert not visitor.may_command("freeze") and not visitor.may_command("no such command")
    assert not any(visitor.may_set(path) for path in SETTINGS)
    assert len(life.log()) == entries
    visitor.login("user1", "user1")
    assert visitor.may_command("freeze") and not visitor.may_command("set user")
    visitor.login("admin", "admin")
    assert visitor.may_read("profile") and visitor.may_command("set user")
    del life.door._actions["freeze"]
    assert not visitor.may_command("freeze")  # it is not built into this meter
    with pytest.raises(KeyError):
        visitor.may_read("minds")


@pytest.mark.feature("SEC-03")
def test_what_it_may_is_what_it_then_can(life):
    visitor = present(life)
    visitor.login_by_key(True)
    for key_1 in (False, True):
        life.fit(key_1)
        for path in ("demand.interval", "ports.optical.enabled", "meter.serial", "meter.id", "no.such"):
            value = {"demand.interval": 30 if key_1 else 20, "meter.id": f"T{key_1}"}.get(path, "x")
            if visitor.may_set(path) and path != "ports.optical.enabled":
                visitor.change({path: value})
            elif not visitor.may_set(path):
                with pytest.raises((Denied, Refused)):
                    visitor.change({path: value})
        assert visitor.may_command("preset register") is not key_1
        assert visitor.may_set("demand.interval") is not key_1
    assert not visitor.may_set("meter.serial")


def test_settings_are_changed_on_top_of_those_in_force(life):
    visitor = present(life)
    with pytest.raises(Denied):
        visitor.change({"meter.id": "mine"})
    visitor.login_by_key(True)
    before = dict(life.app.settings)
    visitor.change({"meter.id": "mine", "clock.zone": "CET-1CEST,M3.5.0,M10.5.0/3"})
    changed = {path for path in before if life.app.settings[path] != before[path]}
    assert changed == {"meter.id", "clock.zone"} and life.app.settings["meter.id"] == "mine"
    assert ("configuration access", MANAGEMENT, "write configuration") in told(life)


@pytest.mark.parametrize(
    "values", [{"no.such": 1}, {"meter.id": b"bytes"}, {"meter.id": 5}, {"meter.id": "x" * 100}, {"demand": {}},
               {"meter.id": object()}, {"service.nominal_voltage": float("nan")}],
    ids=range(7),
)  # fmt: skip
def test_settings_that_are_none_are_refused_and_nothing_is_changed(life, values):
    visitor = present(life)
    visitor.login_by_key(True)
    before = dict(life.app.settings)
    with pytest.raises(Refused):
        visitor.change({**values, "meter.account": "other"})
    assert life.app.settings == before


def test_every_section_of_the_settings_can_be_asked_for(life):
    visitor = present(life)
    visitor.login_by_key(True)
    for row in SECTIONS:
        for path in SETTINGS:
            if path.startswith(row[0]) and row[2] == "fixed":
                assert not visitor.may_set(path)
    assert READABLE and all(visitor.may_set(path) for path in READABLE)


# Keys


def transfer(life, visitor, *numbers, master=FACTORY[3]):
    visitor.command("replace keys", keys=[(number, wrap(master, NEW)) for number in numbers])


@pytest.mark.feature("EVT-04")
def test_keys_are_replaced_and_the_log_says_which_and_by_whom(life):
    visitor = present(life)
    visitor.login_by_key(True)
    transfer(life, visitor, 0, 2)
    assert visitor.keys.key(UNICAST) == NEW
    line = "replace keys: global unicast encryption, authentication"
    assert ("configuration access", MANAGEMENT, line) in told(life)
    with pytest.raises(Refused, match="not wrapped under the master key"):
        transfer(life, visitor, 1, master=NEW)


BAD_KEYS = (
    None, (), [], b"", ((0, b""),), ((0, bytes(16)),), ((4, bytes(24)),), ((-1, bytes(24)),), ((True, bytes(24)),),
    (0, bytes(24)),
    ((0, bytes(24)),) * 5, ((0, "x" * 24),), {"0": bytes(24)}, ((0, bytes(24), 1),), ((0,),), ((10**30, bytes(24)),),
)  # fmt: skip


@pytest.mark.parametrize("keys", BAD_KEYS, ids=range(len(BAD_KEYS)))
def test_what_are_no_wrapped_keys_is_refused(life, keys):
    visitor = present(life)
    visitor.login_by_key(True)
    with pytest.raises(Refused, match="keys must be a list of keys"):
        visitor.command("replace keys", keys=keys)
    assert visitor.keys.warnings() == [f"the {name} key is the factory's" for name in NAMES]


def test_keys_of_the_factory_are_warned_about_with_the_passwords(life):
    assert life.access.warnings()[4:] == [f"the {name} key is the factory's" for name in NAMES]
    visitor = present(life)
    visitor.login_by_key(True)
    transfer(life, visitor, 0, 1, 2, 3)
    assert len(life.access.warnings()) == 4


@pytest.mark.feature("SEC-06")
def test_keys_are_those_of_the_factory_when_users_are_reset_and_stay_over_a_cold_start(life):
    visitor = present(life)
    visitor.login_by_key(True)
    transfer(life, visitor, 0)
    visitor.command("cold start", confirmed=True)
    life.app._armed.power_fails(life.app.uptime.ms())
    again = Life(flash=life.board.flash)
    assert again.access.keys.key(UNICAST) == NEW
    visitor = present(again)
    visitor.login_by_key(True)
    again.access.command("reset users", again.access.anonymous(kinds.FRONT_PANEL, ""), 0, confirmed=True)
    assert again.access.keys.key(UNICAST) == NEW
    again.app._armed.power_fails(1)
    assert Life(flash=life.board.flash).access.keys.key(UNICAST) == FACTORY[0]


def test_numbers_of_frames_outlive_the_meter_exactly_when_it_ends_in_order(life):
    keys = life.access.keys
    keys.accept_counter(77)
    sent = keys.next_counter()
    life.app.finish()
    again = Life(flash=life.board.flash).access.keys
    assert again.received == 77 and again.next_counter() == sent + 1


# Secrets


def test_no_log_and_no_attribute_has_bytes_of_a_key_or_of_a_wrapped_one(life):
    secret = bytes(range(100, 116))
    wrapped = wrap(FACTORY[3], secret)
    visitor = present(life)
    visitor.login_by_key(True)
    visitor.command("replace keys", keys=((0, wrapped),))
    for bad in (
        ((1, bytes(24)),),
        ((0, wrapped[::-1]),),
        ((9, wrapped),),
        (("x", secret),),
        (secret, wrapped),
    ):
        with pytest.raises(Refused):
            visitor.command("replace keys", keys=bad)
    for given in ({"key": secret}, {"keys": secret, "user": secret}, {"user": wrapped}):
        with pytest.raises(Refused):
            visitor.command("replace keys", **given)
    with pytest.raises(Denied):
        visitor.login("management", secret)
    visitor.refused("a frame: deciphering")
    said = [event.raw for name in kinds.LOGS for event in life.access.log(name)]
    said += [repr(said).encode(), repr(life.access.keys).encode(), life.access.configuration()]
    said += ["; ".join(life.access.warnings()).encode(), repr(visitor).encode()]
    for hidden in (secret, wrapped, *FACTORY):
        for part in (hidden[:4], hidden[4:8], hidden[-4:]):
            for form in (part, part.hex().encode(), repr(part)[2:-1].encode()):
                assert not any(form in one for one in said), form
    assert ("access denied", MANAGEMENT, "a frame: deciphering", 0) in told(life)
    public = [name for name in dir(life.access.keys) if not name.startswith("_")]
    values = [getattr(life.access.keys, name) for name in public]
    assert not any(isinstance(value, bytes) and len(value) == 16 for value in values)
