"""The door: what goes past it, what it writes, and that nothing a peer sends raises anything but its own errors."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from meter.access import arguments, sections
from meter.access.commands import COMMANDS, find
from meter.access.errors import Denied, Refused
from meter.access.rights import NAMES
from meter.access.security_log import HOLD_MS, MOST, REFILL_MS
from meter.calendar import utc
from meter.config.schema import FIELDS, defaults, validate
from meter.registers import event_kinds as kinds
from meter.registers.load_profile_record import CODES, CONFIGURATION, FREEZE

from host_tests.access.door_life import ANONYMOUS, ARGUMENTS, SETTINGS, Life
from host_tests.test_app import NO_PORTS

MINUTE = 60_000


@pytest.fixture
def life():
    return Life()


def told(life, name="security"):
    return [(event.name, event.user, event.origin, event.peer, *event.fields) for event in life.log(name)]


# Logs


@pytest.mark.feature("EVT-04")
def test_the_security_log_tells_who_came_from_where_what_was_refused_and_who_went(life):
    who = life.who("user2")
    with pytest.raises(Denied, match="needs the right: freeze"):
        life.access.command("freeze", who, life.now)
    life.access.logoff(who)
    peer = (kinds.TCP, "10.0.0.7:4000")
    assert told(life) == [
        ("logon", "user2", *peer, 0),
        ("access denied", "user2", *peer, "freeze: needs the right: freeze", 0),
        ("logoff", "user2", *peer),
    ]


@pytest.mark.feature("EVT-04")
def test_a_wrong_password_is_in_the_security_log_and_the_password_is_not(life):
    with pytest.raises(Denied):
        life.access.login("admin", "Tr0ub4dor", kinds.OPTICAL, "", life.now)
    with pytest.raises(Denied):
        life.access.login(b"\xff\xfe", "Tr0ub4dor", kinds.OPTICAL, "", life.now)
    line = "login: wrong user name or password"
    assert told(life) == [("access denied", user, kinds.OPTICAL, "", line, 0) for user in ("admin", "?")]
    assert not any(b"Tr0ub4dor" in event.raw for event in life.log())


@pytest.mark.feature("EVT-04")
def test_commands_are_in_the_log_they_belong_to_with_their_user(life):
    who = life.who("admin")
    for name in ("freeze", "billing period reset", "preset register", "set time", "calibrate"):
        life.access.command(name, who, life.now, **ARGUMENTS.get(name, {}))
    life.access.command("set user", who, life.now, user="guest", password="welcome")
    life.access.command("override tariff", who, life.now, is_on=True)
    peer = ("admin", kinds.TCP, "10.0.0.7:4000")
    found = told(life, "events")[1:]
    assert [row[:4] for row in found] == [
        (name, *peer)
        for name in ("register freeze", "billing period reset", "register preset", "time set", "calibration")
    ]
    assert told(life)[1:] == [
        ("configuration access", *peer, "set user guest"),
        ("command", *peer, "override tariff"),
    ]
    assert not any(b"welcome" in event.raw for event in life.log())


def test_who_guesses_leaves_a_few_entries_that_count_the_others_and_what_was_before_stays(life):
    life.who("user1")
    for _ in range(20_000):
        life.now += 5_000
        with pytest.raises(Denied):
            life.access.command("freeze", life.access.anonymous(kinds.TCP, "10.0.0.9:1"), life.now)
    refusals = [event.fields[1] for event in life.log() if event.name == "access denied"]
    assert len(refusals) == MOST + (20_000 * 5_000) // REFILL_MS
    assert sum(refusals) + len(refusals) >= 20_000 - REFILL_MS // 5_000
    assert life.log()[0].name == "logon"


def test_a_visitor_who_comes_every_second_is_written_seldom_and_counted(life):
    for k in range(120):
        visitor = life.visitor()
        visitor.on(f"10.0.0.7:{4000 + k}")
        visitor.off()
        life.now += 1000
    logons = [event.fields[0] for event in life.log() if event.name == "logon"]
    assert logons == [0, HOLD_MS // 1000 - 1]
    for k in range(100):
        life.visitor().on(f"10.0.1.{k}:4000")
    assert len([event for event in life.log() if event.name == "logon"]) == MOST
    assert life.door._log.present == 100


def test_a_user_is_written_although_anonymous_visitors_have_used_up_theirs(life):
    for k in range(30):
        life.visitor().on(f"10.0.1.{k}:4000")
        life.now += 5000
    life.now += HOLD_MS
    life.who("admin")
    assert life.log()[-1].user == "admin" and life.log()[-1].fields == (30 - MOST,)


# Logins


@pytest.mark.feature("SEC-02")
@pytest.mark.parametrize(
    "origin, minutes", [(kinds.OPTICAL, 5), (kinds.RS485, 5), (kinds.TCP, 5), (kinds.FRONT_PANEL, 2)]
)
def test_a_user_who_is_silent_for_the_ports_time_is_logged_off_and_one_who_is_not_stays(
    life, origin, minutes
):
    who = life.who("user1", origin)
    for _ in range(4):
        life.now += minutes * MINUTE - 1
        life.access.command("freeze", who, life.now)
    life.now += minutes * MINUTE
    with pytest.raises(Denied, match="needs a login"):
        life.access.command("freeze", who, life.now)
    assert who.user == "" and "logoff" in [event.name for event in life.log()]


@pytest.mark.feature("SEC-01")
def test_rights_that_are_taken_and_users_who_are_removed_are_so_at_once(life):
    admin, one, two = life.who("admin"), life.who("user1"), life.who("user2", peer="10.0.0.8:1")
    life.access.command("set user", admin, life.now, user="user1", rights=["preset"])
    life.access.command("remove user", admin, life.now, user="user2")
    for who, name in ((one, "freeze"), (two, "set time")):
        with pytest.raises(Denied, match="needs a login"):
            life.access.command(name, who, life.now, **ARGUMENTS.get(name, {}))
    life.access.command("set user", admin, life.now, user="admin", password="a new one")
    life.access.command("freeze", admin, life.now)


def test_who_changes_its_password_stays_logged_in(life):
    who = life.who("user2")
    with pytest.raises(Denied, match="wrong"):
        life.access.command("change password", who, life.now, old="nope", new="another")
    life.access.command("change password", who, life.now, old="user2", new="another")
    life.access.command("set time", who, life.now, utc=1_800_000_000)
    with pytest.raises(Denied):
        life.who("user2")


def test_a_clock_that_is_set_unlocks_nobody(life):
    for _ in range(8):
        with pytest.raises(Denied):
            life.access.login("admin", "wrong", kinds.TCP, "", life.now)
    life.access.command("set time", life.who("user1", kinds.OPTICAL), life.now, utc=2_000_000_000)
    with pytest.raises(Denied, match="locked for"):
        life.who("admin")


@pytest.mark.feature("SEC-06")
@pytest.mark.parametrize("seconds, is_done", [(0, True), (15, True), (16, False)])
def test_users_are_reset_if_the_supply_goes_within_15_seconds_else_not(life, seconds, is_done):
    life.access.command("set user", life.who("admin"), life.now, user="guest", password="welcome")
    panel = life.access.anonymous(kinds.FRONT_PANEL, "")
    with pytest.raises(Refused, match="confirmed"):
        life.access.command("reset users", panel, life.now, confirmed=False)
    life.access.command("reset users", panel, life.now, confirmed=True)
    assert len(life.users.list()) == 5
    assert life.app._armed.power_fails(life.now + seconds * 1000) is is_done
    again = Life(flash=life.board.flash)
    assert len(again.users.list()) == (4 if is_done else 5)
    assert not life.app._armed.power_fails(life.now)


def test_the_app_resets_users_as_it_stops(life):
    life.access.command("set user", life.who("admin"), life.now, user="guest", password="welcome")
    life.access.command("reset users", life.who("admin"), life.app.uptime.ms(), confirmed=True)
    life.app.finish()
    assert len(Life(flash=life.board.flash).users.warnings()) == 4
    assert len(Life(flash=life.board.flash).users.list()) == 4


@pytest.mark.feature("CST-01")
def test_a_cold_start_is_done_as_the_supply_goes_and_clears_registers_load_profiles_and_configuration(life):
    admin = life.who("admin")
    life.access.command("set user", admin, life.now, user="guest", password="welcome")
    engine = life.app.engine
    engine.bank.energy.totals[3] = 5_000_000
    engine.profiles[0].event(FREEZE, life.app.meter.clock.second)
    life.access.command("freeze", admin, life.now)
    assert len(list(life.access.profile())) == 2
    with pytest.raises(Refused, match="confirmed"):
        life.access.command("cold start", admin, life.app.uptime.ms(), confirmed=False)
    life.access.command("cold start", admin, life.app.uptime.ms(), confirmed=True)
    assert life.access.read("Wh.del.P")[0] == 5_000_000, "nothing is done while the supply is there"
    life.app.finish()
    assert life.app._store.settings == defaults()
    again = Life(flash=life.board.flash, settings=defaults())
    assert again.access.read("Wh.del.P")[0] == 0
    assert again.app.engine.frozen_at == 0
    (mark,) = again.access.profile()
    assert mark.status & CODES == CONFIGURATION and not any(mark.values)
    assert len(again.users.list()) == 5 and again.log("events"), "users and logs stay"


@pytest.mark.feature("CST-01")
def test_a_cold_start_is_forgotten_when_the_supply_stays(life):
    life.app.engine.bank.energy.totals[3] = 5_000_000
    life.access.command("cold start", life.who("admin"), life.now, confirmed=True)
    assert not life.app._armed.power_fails(life.now + 16_000)
    life.app.finish()
    assert Life(flash=life.board.flash).access.read("Wh.del.P")[0] == 5_000_000


@pytest.mark.feature("CST-01")
def test_a_warm_start_keeps_everything(life):
    life.app.engine.bank.energy.totals[3] = 5_000_000

    async def run():
        running = asyncio.create_task(life.app.run(lambda *_: None))
        await asyncio.sleep(0)
        life.access.command("warm start", life.who("admin"), life.now)
        await running

    asyncio.run(run())
    assert life.app.restarts
    again = Life(flash=life.board.flash)
    kept = life.access.read("Wh.del.P")[0]  # what was metered until then is in it
    assert again.access.read("Wh.del.P")[0] == kept >= 5_000_000 and not again.app.restarts


def test_factory_passwords_are_warned_of(life):
    assert "user admin has the factory's password" in life.access.warnings()


# Configuration


@pytest.mark.parametrize("path", [field[0] for field in FIELDS])
def test_every_setting_has_a_row_that_says_who_may_change_it(path):
    row = sections.section(path)
    assert row is not None and (row[2] in NAMES or row[2] == sections.FIXED)


# The manual, Security Keys: what key 1 blocks, and what it does not
BLOCKED = (
    "service.pt_primary", "registers.normal", "load_profile.interval", "load_profile_2.channels", "loss.delivered",
    "tou.days", "clock.zone", "demand.interval", "correction.curve", "billing.reset.kind", "self_read.kind",
)  # fmt: skip
ALLOWED = ("meter.id", "ports.optical.baud", "billing.lockout")
CHANGE = {
    "service.pt_primary": 10.0, "registers.normal": [], "load_profile.interval": 5, "load_profile_2.channels": ["V.A"],
    "loss.delivered": [1, 1, 1, 1, 1], "tou.days": [], "clock.zone": "CET-1", "demand.interval": 30,
    "correction.curve": [[1, 0.1, 0.1]], "billing.reset.kind": "daily", "self_read.kind": "daily", "meter.id": "mine",
    "ports.optical.baud": 300, "billing.lockout": 3,
}  # fmt: skip


def document(path, value):
    made = {"ports": dict(NO_PORTS["ports"]), "tou": {"override": "H", "days": [["all", "all", "00:00 A"]]},
            "demand": {"sync": True}}  # fmt: skip
    node = made
    *above, last = path.split(".")
    for name in above:
        node[name] = dict(node.get(name, {}))
        node = node[name]
    node[last] = value
    return json.dumps({"version": 2, **made})


def write(life, who, text):
    life.access.command("write configuration", who, life.now, document=text)


@pytest.mark.feature("SEC-03", "SEC-04", "MID-01")
@pytest.mark.parametrize("path", BLOCKED + ALLOWED)
def test_sections_are_written_or_not_as_keys_and_the_mid_option_have_it(path):
    life = Life()
    text = document(path, CHANGE[path])
    before = life.app.settings
    for fitted, name in (((True, False, False), "security key 1"), ((False, False, True), "the MID option")):
        life.fit(*fitted)
        if path in BLOCKED:
            with pytest.raises(Refused, match=f"{path} .*blocked by {name}"):
                write(life, life.who("admin"), text)
            assert life.app.settings == before
    life.fit(path in ALLOWED, True, path in ALLOWED)
    write(life, life.who("admin"), text)
    assert sections.changed(before, life.app.settings) == [path]
    assert ("configuration access", "write configuration") in [
        (event.name, event.fields[0]) for event in life.log() if event.fields
    ]


@pytest.mark.feature("SEC-01", "SEC-02")
@pytest.mark.parametrize("user", ["user1", "user2", "pq", ANONYMOUS])
def test_sections_are_written_by_those_with_the_right_only(life, user):
    before = life.app.settings
    for path in BLOCKED + ALLOWED:
        with pytest.raises(Denied):
            write(life, life.who(user), document(path, CHANGE[path]))
    assert life.app.settings is before


@pytest.mark.feature("SEC-01")
def test_a_right_to_one_section_is_none_to_another(life):
    life.access.command(
        "set user",
        life.who("admin"),
        life.now,
        user="tariffs",
        password="welcome",
        rights=["configure tariffs"],
    )
    who = life.access.login("tariffs", "welcome", kinds.TCP, "", life.now)
    write(life, who, document("clock.zone", "CET-1"))
    with pytest.raises(Denied, match="demand.interval: needs the right to configure demand"):
        write(life, who, document("demand.interval", 30))


@pytest.mark.parametrize(
    "path, value", [("meter.mid", True), ("meter.serial", "2"), ("simulator.key_1", True)]
)
@pytest.mark.feature("MID-01", "TST-06")
def test_what_the_factory_has_set_no_command_changes(life, path, value):
    with pytest.raises(Refused, match=f"{path}: no command changes it"):
        write(life, life.who("admin"), document(path, value))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"colour": 1}', "x" * 70_000, b"\xff", 5, None, "[" * 9999]
)
def test_a_document_that_is_none_is_refused_and_changes_nothing(life, text):
    before = life.app.settings
    with pytest.raises(Refused):
        write(life, life.who("admin"), text)
    assert life.app.settings is before


def test_reading_the_configuration_is_in_the_security_log_once_a_minute(life):
    who = life.who("pq")
    for _ in range(61):
        life.access.check_read("configuration", who, life.now)
        life.now += 1000
    assert [event.fields for event in life.log()[1:]] == [("read configuration",)] * 2


# Bad input


WRONG = (
    None, True, -1, 0, 2**31, 2**64, 10**400, 1.5, float("nan"), float("inf"), "", "x" * 100_000, b"", b"\xff", b"\0",
    "a\0b", "\ud800", (), [None], [[]], {}, object(),
)  # fmt: skip


@pytest.mark.parametrize("name", [row[0] for row in COMMANDS if row[5]])
def test_wrong_arguments_are_refused_by_name_and_nothing_else_is_raised(life, name):
    who = life.who("admin")
    good = dict(ARGUMENTS[name])
    for argument in list(good):
        for value in WRONG:
            try:
                life.access.command(name, who, life.now, **{**good, argument: value})
            except (Refused, Denied) as error:
                assert len(str(error)) < 500
    for missing in [argument for argument, _ in find(name)[5] if not argument.startswith("[")]:
        with pytest.raises(Refused, match=f"{missing} is missing"):
            life.access.command(name, who, life.now, **{k: v for k, v in good.items() if k != missing})
    with pytest.raises(Refused, match="unknown argument"):
        life.access.command(name, who, life.now, surprise=1, **good)


@pytest.mark.parametrize(
    "name", ["", "format disk", None, 5, b"freeze", "x" * 10_000, [], "FREEZE", "freeze\n"]
)
def test_commands_that_do_not_exist_are_refused(life, name):
    with pytest.raises(Refused, match="unknown command"):
        life.access.command(name, life.who("admin"), life.now)


def test_a_register_that_does_not_exist_or_cannot_be_preset_is_refused(life):
    who = life.who("admin")
    for number in (0, 1, 999):
        with pytest.raises(Refused):
            life.access.command("preset register", who, life.now, number=number, value=1)


def test_what_is_not_configured_is_refused_by_name():
    life = Life(
        settings=defaults() | {path: SETTINGS[path] for path in SETTINGS if path.startswith("ports.")}
    )
    who = life.who("admin")
    with pytest.raises(Refused, match="tou.override"):
        life.access.command("override tariff", who, life.now, is_on=True)
    with pytest.raises(Refused, match="demand.sync"):
        life.access.command("resynchronise demand", who, life.now)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40), st.binary(max_size=40),
    st.lists(st.text(max_size=5), max_size=3),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([row[0] for row in COMMANDS]), st.data())
def test_no_arguments_raise_anything_else(life, name, data):
    given_ = {argument.strip("[]"): data.draw(VALUES) for argument, _ in find(name)[5]}
    try:
        arguments.check(find(name)[5], given_)
        life.access.command(name, life.access.anonymous(kinds.TCP, ""), life.now, **given_)
    except (Refused, Denied):
        pass


# A visitor


def test_a_visitor_reads_and_commands_as_who_is_logged_in(life):
    visitor = life.visitor()
    assert visitor.identity["manufacturer"] == "FRS"
    visitor.on("10.0.0.7:1")
    visitor.read("Wh.del.P"), visitor.local_time()
    for forbidden in (visitor.profile, lambda: visitor.log("security"), lambda: visitor.command("freeze")):
        with pytest.raises(Denied):
            forbidden()
    visitor.login("admin", "admin")
    assert visitor.user == "admin" and list(visitor.profile()) == [] and visitor.profile_channels()
    assert [event.name for event in visitor.log("security")][:1] == ["logon"]
    visitor.command("freeze")
    assert life.app.engine.frozen_at
    visitor.off()
    assert visitor.user == "" and life.door._log.present == 0
    with pytest.raises(Denied):
        visitor.command("freeze")
    with pytest.raises(KeyError):
        visitor.log("gossip")


def test_a_login_that_fails_leaves_the_visitor_who_it_was(life):
    visitor = life.visitor()
    visitor.on("10.0.0.7:1")
    visitor.login("user1", "user1")
    with pytest.raises(Denied):
        visitor.login("admin", "guess")
    assert visitor.user == "user1"


@pytest.mark.feature("EVT-02")
def test_what_changes_the_registration_is_in_the_event_log_with_who_and_the_times(life):
    who = life.who("admin", kinds.OPTICAL, "10.0.0.9")
    begun = life.app.meter.clock.second
    life.pass_time(60)
    for name, wanted in (
        ("freeze", {}), ("billing period reset", {}), ("enter test mode", {}),
        ("preset register", {"number": 2, "value": 7_000_000}),
    ):  # fmt: skip
        life.access.command(name, who, life.now, **wanted)
    life.pass_time(60)
    life.access.command("leave test mode", who, life.now)
    life.access.command("calibrate", who, life.now, **ARGUMENTS["calibrate"])
    document = {**NO_PORTS, "clock": {"zone": "CET-1CEST,M3.5.0,M10.5.0/3"}, "tou": {"override": "H"}}
    life.access.command("write configuration", who, life.now, document=json.dumps(document))
    life.access.command("set time", who, life.now, utc=begun + 500)
    spring = utc(2024, 3, 31, 0, 59)
    life.access.command("set time", life.who("admin", kinds.TCP), life.now, utc=spring)
    life.pass_time(120)
    found = [(event.kind, event.origin, event.start, event.time) for event in life.log("events")]
    made = kinds.OPTICAL
    for expected in (
        (kinds.REGISTER_FREEZE, made, None, begun + 60),
        (kinds.BILLING_PERIOD_RESET, made, None, begun + 60),
        (kinds.REGISTER_PRESET, made, None, begun + 60),
        (kinds.TEST_MODE, made, begun + 60, begun + 120),
        (kinds.CALIBRATION, made, None, begun + 120),
        (kinds.CONFIGURATION, made, None, begun + 120),
        (kinds.TIME_SET, made, begun + 120, begun + 500),
        (kinds.TIME_SET, kinds.TCP, begun + 500, spring),
        (kinds.DST_CHANGE, kinds.METER, None, spring + 60),
    ):
        assert found.count(expected) == 1, (expected, found)
    assert {event.user for event in life.log("events") if event.origin in (made, kinds.TCP)} == {"admin"}


@pytest.mark.feature("SEC-01")
def test_the_configuration_is_read_by_name_and_as_a_whole_by_those_who_may(life):
    visitor = life.visitor()
    visitor.on("10.0.0.7:4000")
    with pytest.raises(Denied, match="read configuration"):
        visitor.configuration()
    visitor.login("admin", "admin")
    assert visitor.setting("demand.interval") == 15
    text = visitor.configuration()
    assert validate({k: v for k, v in json.loads(text).items() if k != "version"}) == life.app.settings
    write(life, life.who("admin"), document("demand.interval", 30))
    assert visitor.setting("demand.interval") == 30
    with pytest.raises(KeyError):
        visitor.setting("demand.colour")
