"""The whole table of commands in both directions: who may do what, what a key or the MID option forbids, the effect.

MAY and the three columns of KEYS are written by hand from the manual (Appendix A, User Management; Security Keys; MID
Meters), not taken from the table that they test.
"""

from itertools import product

import pytest
from meter.access.commands import COMMANDS, NOT_BUILT, READS, WRITE_CONFIGURATION
from meter.access.errors import Denied, Refused
from meter.access.rights import NAMES
from meter.access.upgrade import NOT_INITIATED
from meter.inputs_outputs.disconnector import REMOTE_DISCONNECT
from meter.registers import event_kinds as kinds

from host_tests.access.door_life import ANONYMOUS, ARGUMENTS, Life

USERS = ("admin", "user1", "user2", "pq", ANONYMOUS)
ORIGINS = (kinds.TCP, kinds.OPTICAL, kinds.RS485, kinds.FRONT_PANEL)

# command: the users who may, and who needs no login at the front panel
MAY = {
    "set time": "admin user1 user2",
    "freeze": "admin user1",
    "billing period reset": "admin user1 user2 panel",
    "preset register": "admin user1",
    "override tariff": "admin",
    "resynchronise demand": "admin",
    "enter test mode": "admin user1",
    "leave test mode": "admin user1",
    "change password": "admin user1 user2 pq",
    "set user": "admin",
    "remove user": "admin",
    "reset users": "admin panel",
    "replace keys": "admin",
    "mark load profile read": "admin",
    "battery changed": "admin user1",
    "calibrate": "admin",
    "warm start": "admin",
    "cold start": "admin",
    "upgrade firmware": "admin",
    "drive output": "admin pq",
    "disconnect": "admin",
    "reconnect": "admin",
    "push": "admin",
}
# command: blocked by key 1, key 2, MID. P: at the front panel only. MID has both keys.
KEYS = {
    "billing period reset": "-PP",
    "preset register": "X-X",
    "override tariff": "X-X",
    "resynchronise demand": "X-X",
    "enter test mode": "X-X",
    "reset users": "P-P",
    "calibrate": "X-X",
    "cold start": "X-X",
    "upgrade firmware": "X-X",
}


def blocks(column, origin):
    return column == "X" or column == "P" and origin == kinds.FRONT_PANEL


def expected(name, user, origin, fitted):
    """Return the exception that is due, or None. fitted: key 1, key 2, MID."""
    key_1, key_2, mid = fitted
    allowed = MAY[name].split()
    is_panel = origin == kinds.FRONT_PANEL
    if user == ANONYMOUS and not (is_panel and "panel" in allowed):
        return Denied
    if user != ANONYMOUS and user not in allowed and not (is_panel and "panel" in allowed):
        return Denied
    columns = KEYS.get(name, "---")
    for is_fitted, column in zip((key_1 or mid, key_2 or mid, mid), columns):
        if is_fitted and blocks(column, origin):
            return Refused
    return None


@pytest.fixture(scope="module")
def life():
    return Life()


def effect_of(life):
    """Return what the commands change, to be compared."""
    engine, app = life.app.engine, life.app
    now = app.meter.clock.second
    return (
        now,
        engine.frozen_at,
        engine.reset_at,
        engine.register(2).value(),
        engine.tou.is_overridden,
        engine.test_at,
        engine.battery.state(),
        engine.bank.demand.next_boundary(now),
        [(user.name, user.rights, user.digest) for user in life.users._slots if user],
        app._keys._keys,
        app._armed._action,
        app.restarts,
        app._calibrations.load(),
        app.dlms_state.upgrade.status,
        app.dlms_state.disconnector.state,
        life.board.contacts.states,
        list(life.pushed),
        tuple(app.meter.load_profile.query.readers),
        [app.logs.log(name).fifo.next for name in ("events", "diagnostics", "alarms")],
    )


def fresh(life, user, origin, name=""):
    """Make everything as it was, so that each command has an effect, and return a Login (the front panel unlocked)."""
    life.fit()
    life.pass_time(607)
    life.now += 3_600_000
    life.users.reset()
    life.app._keys.reset()
    life.app._armed._action, life.app.restarts = None, False
    life.app._calibrations.save(b"none", 0)
    life.app.meter.load_profile.query.readers = []
    engine = life.app.engine
    state = life.app.dlms_state
    state.upgrade._become(NOT_INITIATED)
    state.disconnector.set_mode(0)
    state.disconnector.set_mode(4)
    if name == "reconnect":
        state.disconnector.request(REMOTE_DISCONNECT)
    state.push = lambda reason: life.pushed.append(reason) or True
    life.pushed = []
    life.board.contacts.output(1, False)
    engine.leave_test(engine.now)
    if name == "leave test mode":
        engine.enter_test(engine.now)
    engine.tou.override(False)
    engine.register(2).preset(0)
    return life.who(user, origin)


@pytest.mark.parametrize("name", [row[0] for row in COMMANDS if row[0] != WRITE_CONFIGURATION])
@pytest.mark.feature("SEC-01", "SEC-02", "SEC-03", "SEC-04", "SEC-05", "MID-01")
def test_every_command_is_done_or_not_as_the_manual_says(life, name):
    for user, origin, *fitted in product(USERS, ORIGINS, *[(False, True)] * 3):
        who = fresh(life, user, origin, name)
        given = dict(ARGUMENTS.get(name, {}))
        if "old" in given:
            given["old"] = user
        life.fit(*fitted)
        before = effect_of(life)
        due = expected(name, user, origin, fitted)
        is_built = name in life.door._actions
        if due is None and is_built:
            life.access.command(name, who, life.now, **given)
            assert effect_of(life) != before, (name, user, origin, fitted)
        else:
            with pytest.raises(due or Refused) as refusal:
                life.access.command(name, who, life.now, **given)
            assert effect_of(life) == before, (name, user, origin, fitted)
            if due is None:
                assert str(refusal.value) == "not built into this meter"


def test_the_tables_of_this_test_and_of_the_meter_name_the_same_commands():
    assert set(MAY) | {WRITE_CONFIGURATION} == {row[0] for row in COMMANDS}
    assert len({row[0] for row in COMMANDS}) == len(COMMANDS)


def test_what_is_not_built_is_named_and_nothing_else_is_missing(life):
    missing = {row[0] for row in COMMANDS} - set(life.door._actions)
    assert missing == {row[0] for row in COMMANDS if row[6] == NOT_BUILT}
    assert set(life.door._actions) <= {row[0] for row in COMMANDS}


# What can be read

READERS = {
    "admin": NAMES,
    "pq": (
        "read registers", "read events", "read alarms", "read diagnostics", "read power quality", "read measurements",
        "read configuration",
    ),
    "user1": ("read registers",),
    "user2": ("read registers",),
    ANONYMOUS: ("read registers",),
}  # fmt: skip


@pytest.mark.parametrize("what, right", READS)
@pytest.mark.feature("SEC-01", "SEC-02", "SEC-04")
def test_everything_is_read_by_those_who_may_whatever_keys_are_fitted(life, what, right):
    for user in USERS:
        who = fresh(life, user, kinds.TCP)
        life.fit(True, True, True)
        if right in READERS[user]:
            life.access.check_read(what, who, life.now)
        else:
            with pytest.raises(Denied, match=right):
                life.access.check_read(what, who, life.now)


@pytest.mark.feature("SEC-03", "MID-01")
@pytest.mark.parametrize("fitted", [(True, False, False), (False, False, True)])
def test_a_front_panel_with_key_1_or_the_mid_option_cannot_be_unlocked(life, fitted):
    life.fit(*fitted)
    with pytest.raises(Refused, match="front panel"):
        life.who("admin", kinds.FRONT_PANEL)
    assert life.who("admin", kinds.TCP).user == "admin"
