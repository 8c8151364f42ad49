"""Programming mode of IEC 62056-21, clause 6.4.3.4 and 6.3.7 to 6.3.12: what goes over the line, and what it does."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.config.schema import validate
from meter.protocols.iec62056_21 import codec

from host_tests.access.door_life import SETTINGS, Life
from host_tests.protocols.iec62056_21_line import (
    ACK,
    NAK,
    PROGRAMMING,
    READOUT,
    SIGN_ON,
    Line,
    answer,
    command,
    text_of,
)
from host_tests.protocols.iec62056_21_reader import Reader, flow
from host_tests.test_app import NO_PORTS

repeatable = settings(derandomize=True, deadline=None, max_examples=150)
JEM = pytest.mark.feature("JEM-01")


@pytest.fixture
def line():
    return Reader()


@pytest.fixture
def admin(line):
    assert line.program("admin:admin") == ACK
    return line


# Into it and out of it


def test_programming_mode_begins_with_the_operand_at_the_new_baud_rate():
    line = Line()
    line.ask(SIGN_ON)
    assert line.send(PROGRAMMING) == b""
    assert line.lines[-1] == (9600, 7, "E", 1)
    assert line.wait(200) == command("P0", "(0012345678)")


@pytest.mark.parametrize("option, baud", [(b"001", 300), (b"061", 300), (b"151", 300), (b"031", 2400)])
def test_a_rate_that_was_not_offered_leaves_it_at_300_baud(option, baud):
    line = Line()
    line.ask(SIGN_ON)
    assert line.ask(b"\x06" + option + b"\r\n") == command("P0", "(0012345678)")
    assert line.lines[-1] == (baud, 7, "E", 1)


@pytest.mark.parametrize("name", ["B0", "B1"])
def test_a_break_ends_it_without_an_answer(admin, name):
    assert admin.ask(command(name), 1000) == b""
    assert admin.lines[-1] == (300, 7, "E", 1)
    assert admin.visitor.user == ""
    assert admin.ask(command("R1", "1.8.0()"), 1000) == b""


def test_it_ends_after_two_minutes_without_a_command_and_the_user_is_logged_off(admin):
    admin.wait(110_000)
    assert admin.say("R1", "0.0.0()") == "0.0.0(00000001)"
    admin.wait(119_000)
    assert admin.visitor.user == "admin"
    admin.wait(2000)
    assert admin.visitor.user == ""
    assert admin.lines[-1] == (300, 7, "E", 1)


def test_a_connection_in_programming_mode_may_be_silent_as_long():
    line = Reader(serial=False)
    line.program()
    line.wait(119_000)
    assert not line.session.closed
    assert line.say("R1", "0.0.0()") == "0.0.0(00000001)"
    line.wait(200_000)
    assert line.session.closed


def test_a_new_sign_on_ends_it(admin):
    assert admin.ask(SIGN_ON).startswith(b"/FRS")
    assert admin.visitor.user == ""
    assert text_of(admin.ask(READOUT)).endswith("!\r\n")


def test_every_answer_waits_the_reaction_time(admin):
    assert admin.send(command("R1", "0.0.0()")) == b""
    assert admin.wait(199) == b""
    assert admin.wait(1) == answer("0.0.0(00000001)")


def test_a_command_is_taken_byte_by_byte_and_with_parity_bits(admin):
    slowly = admin.send(command("R1", "0.0.0()"), each=30) + admin.wait(200)
    assert slowly == answer("0.0.0(00000001)")
    assert admin.ask(bytes(byte | 0x80 for byte in command("R1", "0.0.0()"))) == slowly


# Passwords


@JEM
def test_a_user_logs_in_with_name_and_password_and_may_then_do_what_the_user_may(line):
    assert line.program("user1:user1") == ACK
    assert line.visitor.user == "user1"
    assert line.say("W1", "R.2(5)") == ACK
    assert line.say("R1", "C.meter.id()") == "(ER05 needs the right: read confi)"
    assert line.say("P1", "(admin:admin)") == ACK
    assert line.say("R1", "C.meter.id()") == 'C.meter.id("")'


@pytest.mark.parametrize(
    "data", ["(00000000)", "()", "(admin)", "(admin:wrong)", "(nobody:x)", "", "admin:admin"]
)
def test_a_wrong_or_bare_password_is_an_error_and_is_counted(line, data):
    line.program()
    for _ in range(4):
        assert line.say("P1", data) == "(ER05 wrong user name or password)"[:33] + ")"
    assert line.say("P1", data) == "(ER05 locked for 2 s more)"
    assert line.visitor.user == ""


def test_no_password_is_in_what_is_answered_or_logged(line):
    line.program("admin:admin")
    line.say("P1", "(admin:hush-hush)")
    line.say("W1", "PW(hush-hush)(hush-too)")
    line.say("W1", "PW(admin)(hush-too)")
    line.say("E2", "USER(guest;hush-three;freeze)")
    line.say("P1", "(guest:hush-three)")
    told = line.say("R1", "L.security()") + repr([event.raw for event in line.life.log()])
    assert "guest" in told and "hush" not in told


@pytest.mark.parametrize("name", ["P0", "P2", "P3", "R0", "R2", "R4", "W2", "W4", "E1", "E5", "X1", "R9"])
def test_commands_that_are_none_of_ours_are_errors(admin, name):
    assert admin.say(name, "1.8.0()") == "(ER01 no such command)"


# Reading


@JEM
@pytest.mark.parametrize("kind", ["R1", "R3", "R5", "R6"])
def test_every_value_of_the_readout_is_read_by_its_code(kind):
    line = Line()
    line.program()
    assert line.say(kind, "1-0:1.8.0()") == "1-0:1.8.0(00001234.567*kWh)"
    assert line.say(kind, "1.8.0(1)") == "1.8.0(00001234.567*kWh)"
    assert line.say(kind, "1.8.0") == "1.8.0(00001234.567*kWh)"
    assert line.say(kind, "52.7.0()") == "52.7.0()"
    assert line.say(kind, "97.97.0()") == "97.97.0(00000000)"
    assert line.say(kind, "96.1.0()") == line.say(kind, "96.1.0(x)") == "96.1.0(0012345678)"
    assert [line.say(kind, f"0.9.{n}()") for n in (1, 2)] == ["0.9.1(123456)", "0.9.2(250131)"]
    assert line.say(kind, "1-0:0.2.0()") == "1-0:0.2.0(0.1.0)"
    assert line.say(kind, "1.8()") == line.say(kind, "()") == "(ER02 no such address)"


@JEM
def test_any_register_is_read_by_its_number_and_a_list_at_once(line):
    line.life.pass_time(3600)
    line.program()
    assert line.say("R5", "R.2()") == "R.2(0*Wh)"
    assert line.say("R5", "R.1()") == "R.1(0231114231500)"
    assert line.say("R5", "R.normal()").split("\r\n")[1:3] == [
        "R.1(0231114231500)(present time)",
        "R.2(0*Wh)(kWh delivered)",
    ]
    for address in ("R.999", "R.x", "R.", "R.-1", "R.12345678901", "R.1e3"):
        assert line.say("R5", address + "()") in ("(ER02 no such address)", "(ER03 no data set)")


@JEM
def test_any_quantity_is_read_by_its_key(line):
    line.program()
    assert line.say("R1", "Q.Wh.del.P()") == "Q.Wh.del.P(0*Wh)"
    assert line.say("R1", "Q.V.A()") == "Q.V.A()"
    assert line.say("R1", "Q.X()") == "(ER02 no such address)"


@JEM
def test_logs_are_read_from_a_time_to_a_time(admin):
    for seconds, name in ((10, "FREEZE"), (20, "RESET"), (30, "FREEZE")):
        admin.life.pass_time(seconds)
        assert admin.say("E2", name + "()") == ACK
    whole = admin.say("R5", "P.98()").split("\r\n")
    assert [line.rpartition("(event)")[0].partition("(")[0] for line in whole] == ["P.98"] * 4
    assert "(event)()(origin)()(user)()(register freeze)(1)(admin)" in whole[1]
    assert whole[1].startswith("P.98(0231114221510)(0006)()(3)")
    part = admin.say("R5", "P.98(0231114221511;0231114221530)")
    assert part == whole[2]
    assert admin.say("R5", "L.events()") == "\r\n".join(whole).replace("P.98", "L.events")
    assert admin.say("R5", "P.98(0240101000000;)") == "(ER08 no data)"
    assert admin.say("R5", "L.security()").count("logon") == 2


def test_logs_need_their_rights(line):
    line.program("user1:user1")
    assert line.say("R5", "P.98()") == "(ER05 needs the right: read event)"
    assert line.say("R5", "P.01()") == "(ER05 needs the right: read load)"


@JEM
def test_self_reads_are_lines_of_their_registers():
    register = {"kind": "consumption", "quantity": "Wh.del.P", "label": "kWh", "self_read": True}
    registers = {"normal": [{"id": n, **register} for n in (2, 3)]}
    life = Life(settings=validate({**NO_PORTS, "self_read": {"kind": "hourly"}, "registers": registers}))
    line = Reader(life)
    line.program()
    assert line.say("R5", "S()") == "(ER08 no data)"
    life.pass_time(3600)
    line.program("admin:admin")
    line.say("W1", "R.2(1234.5)")
    life.pass_time(3600)
    oldest = ["S.1(0231114230000)(hourly)(00000000)(2)", "R.2(0*Wh)(kWh)", "R.3(0*Wh)(kWh)"]
    newest = ["S.2(0231115000000)(hourly)(00000000)(2)", "R.2(1234.5*Wh)(kWh)", "R.3(1234.5*Wh)(kWh)"]
    assert line.say("R5", "S()").split("\r\n") == oldest + newest
    assert line.say("R5", "S(2)").split("\r\n") == newest
    assert line.say("R5", "S(x)") == "(ER02 no such address)"


# Load profiles


def profile_life(**load_profile):
    """A meter that consumes 1000 W."""
    profile = {"format": "values", "channels": ["Wh.del.P", "V.A"], **load_profile}
    life = Life(
        settings=validate(
            {**NO_PORTS, "load_profile": profile, "clock": {"zone": "CET-1CEST,M3.5.0,M10.5.0/3"}}
        )
    )
    flow(life, 3600)
    return life


@JEM
def test_a_load_profile_has_a_head_and_a_line_for_each_record():
    line = Reader(profile_life())
    line.program("admin:admin")
    assert line.say("R5", "P.01(;)") == (
        "P.01(0231114233000)(0001)(15)(2)(1-0:1.29.0)(Wh)(V.A)(V)\r\n(250)(120)\r\n(250)(120)\r\n"
        "P.01(0231115000000)(0003)(15)(2)(1-0:1.29.0)(Wh)(V.A)(V)\r\n(250)(120)\r\n"
        "P.01(0231115001500)(0001)(15)(2)(1-0:1.29.0)(Wh)(V.A)(V)\r\n(250)(120)"
    )
    assert line.say("R5", "P.02(;)") == "(ER02 no such address)"


def test_a_new_head_stands_where_the_time_or_the_status_is_another():
    life = profile_life()
    line = Reader(life)
    line.program("admin:admin")
    assert line.say("E2", "FREEZE()") == ACK
    flow(life, 600)
    assert line.say("E2", "RESET()") == ACK
    flow(life, 1200)
    lines = line.say("R5", "P.01(0231115001500;)").split("\r\n")
    names = "(15)(2)(1-0:1.29.0)(Wh)(V.A)(V)"
    assert lines == [
        "P.01(0231115001500)(0001)" + names,
        "(250)(120)",
        "P.01(0231115001500)(1080)" + names,
        "(0)()",
        "P.01(0231115002500)(1100)" + names,
        "(166.6667)(120)",
        "P.01(0231115003000)(1001)" + names,
        "(83.33334)(120)",
        "P.01(0231115004500)(0001)" + names,
        "(250)(120)",
    ]


def test_counts_of_a_load_profile_are_shown_as_what_they_are_worth():
    life = profile_life(format="counts", channels=["Wh.del.P"], km=[0.1])
    line = Reader(life)
    line.program("admin:admin")
    values = [each[1:-1] for each in line.say("R5", "P.01(;)").split("\r\n") if each.startswith("(")]
    assert values == ["249.9", "250", "250", "250"]  # a tenth of a watt-hour is one count


@pytest.mark.parametrize(
    "interval, count",
    [
        (";", 4), ("", 4), ("0231114233001;", 3), (";0231114233000", 1), ("23111423300;23111423300", None),
        ("2311142330;2311142345", 2), ("02311142330;02311142345", 2), ("2231114223000;", 4), ("x;y", None),
        ("0231314233000;", None), ("0231114243000;", None), ("3231114233000;", None), ("1;2;3", None),
    ],
)  # fmt: skip
def test_a_load_profile_is_read_from_a_time_to_a_time(interval, count):
    line = Reader(profile_life())
    line.program("admin:admin")
    got = line.say("R5", f"P.01({interval})")
    assert got.startswith("(ER03") if count is None else got.count("(250)") == count


LONG = "P.01(;)"


@pytest.fixture(scope="module")
def week():
    """A week of records each minute, and the lines of them."""
    life = profile_life(interval=1)
    flow(life, 86400)
    return life


def test_a_long_answer_comes_whole_in_pieces_that_follow_at_once(week):
    line = Reader(week)
    line.program("admin:admin")
    whole, pieces, longest = b"", 0, 0
    line.send(command("R5", LONG))
    line.now += 200
    while True:
        line.session.expire(line.now)
        piece = line.collect()
        whole, pieces, longest = whole + piece, pieces + 1, max(longest, len(piece))
        if line.session.deadline() > line.now:
            break
    lines = text_of(whole).split("\r\n")
    assert len([each for each in lines if each.startswith("(")]) == 1500
    assert pieces > 20 and longest < 700


def blocks_of(line, name, data):
    """Read an answer in blocks, and return their texts."""
    texts, message = [], line.ask(command(name, data))
    while message[-2] == codec.EOT:
        texts.append(text_of(message))
        message = line.ask(ACK)
    return [*texts, text_of(message)]


def test_a_long_answer_comes_in_blocks_that_are_acknowledged(week):
    line = Reader(week)
    line.program("admin:admin")
    whole = text_of(line.ask(command("R5", LONG)))
    for name in ("R3", "R6"):
        texts = blocks_of(line, name, LONG)
        assert "".join(texts) == whole
        assert len(texts) > 20 and max(map(len, texts)) < 700
    assert line.ask(ACK) == b""


def test_a_block_is_sent_again_on_request_and_then_the_next(week):
    line = Reader(week)
    line.program("admin:admin")
    first = line.ask(command("R6", LONG))
    assert [line.ask(NAK) for _ in range(3)] == [first] * 3
    second = line.ask(ACK)
    assert second != first and line.ask(NAK) == second
    assert line.say("R1", "0.0.0()") == "0.0.0(00000001)"  # the rest was not wanted
    assert line.ask(ACK) == b""


def test_a_whole_answer_is_read_again_on_request(week):
    line = Reader(week)
    line.program("admin:admin")
    whole = line.ask(command("R5", LONG))
    assert line.ask(NAK) == whole
    assert [bool(line.ask(NAK)) for _ in range(3)] == [True, True, False]
    assert line.lines[-1] == (300, 7, "E", 1)


# Writing


@JEM
def test_a_register_is_preset(admin):
    for text, shown in (
        ("5", "5"),
        ("1234567.891", "1234567.891"),
        ("0", "0"),
        ("-2.5", "-2.5"),
        ("0.000001", "0.000001"),
    ):
        assert admin.say("W1", f"R.2({text})") == ACK
        assert admin.say("R1", "R.2()") == f"R.2({shown}*Wh)"
    for text in ("", "x", "1.2345678", "1e3", "--1", "1" * 41, ".5", "1.2.3", "1*Wh"):
        assert admin.say("W1", f"R.2({text})")[:5] == "(ER03", text
    assert admin.say("W1", "R.2(999999999999999)")[:5] == "(ER06"
    assert admin.say("W1", "R.999(1)")[:5] == "(ER06"
    assert admin.say("W1", "R.1(1)")[:5] == "(ER06"
    assert admin.say("W1", "R.2")[:5] == "(ER03"
    assert admin.say("R1", "R.2()") == "R.2(0.000001*Wh)"


@JEM
@pytest.mark.parametrize("kind", ["W1", "W5"])
def test_time_and_date_are_set_together_or_each(admin, kind):
    assert admin.say(kind, "0-0:1.0.0(240229101112)") == ACK
    assert admin.say("R1", "1.0.0()") == "1.0.0(240229101112)"
    assert admin.say(kind, "0.9.1(131415)") == ACK
    assert admin.say(kind, "0.9.2(0250131)") == ACK
    assert admin.say("R1", "1.0.0()") == "1.0.0(250131131415)"
    for bad in ("0.9.1(1314)", "0.9.1(246000)", "0.9.2(250229)", "0.9.2(0)", "1.0.0(2501311314)", "1.0.0()", "0.9.1(x)",
                "0.9.2(0171021)(00000000)"):  # fmt: skip
        assert admin.say(kind, bad)[:5] == "(ER03"
    assert admin.say("R1", "1.0.0()") == "1.0.0(250131131415)"


def test_time_is_local_and_the_hour_that_is_there_twice_has_a_season():
    line = Reader(profile_life())
    line.program("admin:admin")
    for text, second in (
        ("231029023000", 1698539400), ("1231029023000", 1698539400), ("0231029023000", 1698543000),
        ("2231029023000", 1698546600), ("231029043000", 1698550200),
    ):  # fmt: skip
        assert line.say("W5", f"1.0.0({text})") == ACK
        assert line.life.access.second() == second


@JEM
def test_settings_are_read_and_changed_by_their_path(admin):
    for path, text, value in (
        ("demand.interval", "30", 30),
        ("meter.id", "Feeder 7", "Feeder 7"),
        ("meter.id", "0815", "0815"),
        ("meter.id", "15", "15"),
        ("meter.id", "true", "true"),
        ("load_profile.interval", "daily", "daily"),
        ("load_profile.interval", "30", 30),
        ("service.nominal_voltage", "230.5", 230.5),
        ("registers.frozen_reads", "false", False),
        ("load_profile.channels", '["V.A", "V.B"]', ("V.A", "V.B")),
        ("clock.zone", "CET-1CEST,M3.5.0,M10.5.0/3", "CET-1CEST,M3.5.0,M10.5.0/3"),
    ):
        assert admin.say("W1", f"C.{path}({text})") == ACK, path
        assert admin.life.access.setting(path) == value
    assert admin.say("R1", "C.demand.interval()") == "C.demand.interval(30)"
    assert admin.say("R1", "C.meter.id()") == 'C.meter.id("true")'
    assert admin.say("R1", "C.clock.zone()") == r'C.clock.zone("CET-1CEST,M3.5.0,M10.5.0\u002f3")'
    assert admin.say("W1", r'C.clock.zone("EET-2EEST,M3.5.0\u002f3,M10.5.0\u002f4")') == ACK
    assert admin.say("R1", "C.load_profile.channels()") == 'C.load_profile.channels(["V.A", "V.B"])'


@pytest.mark.parametrize(
    "data, error",
    [
        ("C.demand.interval(7)", "(ER06 must be one of 1, 2, 3, 4,)"),
        ("C.demand.interval()", "(ER06 must be one of 1, 2, 3, 4,)"),
        ("C.nothing(1)", "(ER06 unknown setting)"),
        ("C.demand(1)", "(ER06 must be a section with inte)"),
        ("C.(1)", "(ER06 unknown setting)"),
        ("C.meter.serial(2)", "(ER06 no command changes it)"),
        ("C.load_profile.channels([)", "(ER03 no JSON)"),
        ("C.load_profile.channels(" + "[" * 300 + ")", "(ER03 nested too deep)"),
        ("C.load_profile.channels([" + "9" * 300 + "])", "(ER06 1:...: a number of 300 digi)"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_and_nothing_changes(admin, data, error):
    before = admin.life.access.configuration()
    got = admin.say("W1", data)
    assert re.sub(r"1:\d+", "1:...", got) == error and len(got) <= 34
    assert admin.life.access.configuration() == before


def test_a_setting_that_is_long_is_written_in_blocks(admin):
    rows = json.dumps([f"{n}: V.A < 0.4 Vn" for n in range(1, 16)])
    text = f"C.status.triggers({rows})"
    for name in ("W3",):
        parts = [text[at : at + 100] for at in range(0, len(text), 100)]
        for part in parts[:-1]:
            assert admin.ask(command(name, part, codec.EOT)) == ACK
        assert admin.ask(command(name, parts[-1])) == ACK
    assert list(admin.life.access.setting("status.triggers")) == json.loads(rows)


def test_blocks_that_never_end_are_an_error_and_forgotten(admin):
    answers = [admin.ask(command("W3", "C.meter.id(" + "x" * 300, codec.EOT)) for _ in range(60)]
    assert answers[0] == ACK and answers[52] != ACK
    assert text_of(answers[52]) == "(ER04 too long)"
    admin.say("R1", "0.0.0()")
    assert admin.say("W3", "C.meter.id(short)") == ACK


def test_what_is_not_written_in_blocks_must_be_whole(admin):
    for name, data in (("W1", "C.meter.id(x)"), ("R1", "0.0.0()"), ("E2", "FREEZE()")):
        assert text_of(admin.ask(command(name, data, codec.EOT))) == "(ER03 no data set)"


@JEM
def test_the_password_is_changed(admin):
    assert admin.say("W1", "PW(wrong)(new-secret)") == "(ER05 wrong user name or password)"[:33] + ")"
    assert admin.say("W1", "PW(admin)(x)")[:5] == "(ER06"
    assert admin.say("W1", "PW(admin)")[:5] == "(ER03"
    assert admin.say("W1", "PW(admin)(new-secret)") == ACK
    assert admin.say("P1", "(admin:new-secret)") == ACK
    assert admin.say("R1", "PW()") == "(ER02 no such address)"


# Commands


@JEM
def test_commands_are_executed_by_name(admin):
    engine = admin.life.app.engine
    assert admin.say("E2", "FREEZE()") == ACK
    assert admin.say("E2", "RESET()") == ACK
    assert admin.say("E2", "RESET") == ACK
    assert admin.say("E2", "OVERRIDE(1)") == ACK and engine.is_overridden
    assert admin.say("E2", "OVERRIDE(0)") == ACK and not engine.is_overridden
    assert admin.say("E2", "SYNC()") == ACK
    assert admin.say("E2", "TEST()") == ACK and engine.test_at
    assert admin.say("E2", "NORMAL()") == ACK and not engine.test_at
    assert admin.say("E2", "USER(guest;welcome;freeze,read events)") == ACK
    assert ("guest", ("read events", "freeze"), False) in admin.life.users.list()
    assert admin.say("P1", "(guest:welcome)") == ACK
    assert admin.say("E2", "NOUSER(guest)")[:5] == "(ER05"
    assert admin.say("P1", "(admin:admin)") == ACK
    assert admin.say("E2", "NOUSER(guest)") == ACK
    assert admin.say("E2", "USERS(yes)") == ACK
    assert admin.say("E2", "WARM()") == ACK and admin.life.app.restarts


@pytest.mark.parametrize(
    "data, error",
    [
        ("NOTHING()", "(ER01 no such command)"),
        ("()", "(ER01 no such command)"),
        ("freeze()", "(ER01 no such command)"),
        ("OVERRIDE()", "(ER06 is_on is missing)"),
        ("OVERRIDE(2)", "(ER03 0 or 1)"),
        ("OVERRIDE(1;1)", "(ER03 too many arguments)"),
        ("COLD(no)", "(ER03 yes)"),
        ("USER(guest;x;freeze)", None),
        ("USER(guest;longenough;nothing)", None),
        ("MARK(1;reader;99)", "(ER06 there is no such record)"),
        ("MARK(1;reader;99999999999)", "(ER03 a whole number)"),
        ("OUTPUT(64;1)", None),
    ],
)
def test_commands_that_cannot_be_are_refused(admin, data, error):
    got = admin.say("E2", data)
    assert got[:5] == "(ER06" if error is None else got == error


@pytest.mark.parametrize("name, data", [("W1", "R.2(5)"), ("W5", "0.9.1(000000)"), ("W1", "C.meter.id(x)"),
                                        ("E2", "FREEZE()"), ("W1", "PW(a)(bcde)"), ("R1", "C.meter.id()"),
                                        ("R5", "P.01()"), ("R5", "P.98()"), ("E2", "COLD(yes)")])  # fmt: skip
def test_without_a_login_only_what_anybody_may_read_is_read(line, name, data):
    line.program()
    assert line.say(name, data)[:15] in ("(ER05 needs a l", "(ER05 needs the")
    assert line.say("R1", "R.2()") == "R.2(0*Wh)"


def test_security_key_1_forbids_presets_and_says_so(admin):
    admin.life.fit(key_1=True)
    assert admin.say("W1", "R.2(5)").startswith("(ER06")
    assert admin.say("R1", "R.2()") == "R.2(0*Wh)"


# Damage


def test_a_command_with_a_wrong_bcc_is_asked_for_again_and_does_nothing(admin):
    good = command("W1", "R.2(5)")
    for wrong in range(1, 128, 9):
        damaged = good[:-1] + bytes((good[-1] ^ wrong,))
        assert admin.ask(damaged) == NAK
        assert admin.say("R1", "R.2()") == "R.2(0*Wh)"
    assert admin.ask(good) == ACK
    assert (
        admin.session.bad_frames == len(range(1, 128, 9)) + 1
    )  # a wrong BCC that is the first character of a message


def test_each_damaged_character_of_a_command_is_noticed(admin):
    good = command("W1", "R.2(5)")
    for place in range(1, len(good)):
        damaged = bytearray(good)
        damaged[place] ^= 0x10
        admin.send(bytes(damaged))
        admin.wait(1700)
    assert admin.say("R1", "R.2()") == "R.2(0*Wh)"


@pytest.mark.parametrize("length", range(1, 12))
def test_a_command_that_is_cut_off_is_dropped_and_the_next_one_served(admin, length):
    assert admin.ask(command("W1", "R.2(5)")[:length], 2000) == b""
    assert admin.session.bad_frames == 1
    assert admin.say("R1", "R.2()") == "R.2(0*Wh)"


def test_a_command_that_is_too_long_is_an_error_and_is_not_kept(admin):
    assert text_of(admin.ask(command("W1", "C.meter.id(" + "x" * 5000 + ")"))) == "(ER04 too long)"
    assert admin.ask(command("W1", "C.meter.id(" + "x" * 5000 + ")")[:-1] + b"\0") == NAK
    assert admin.say("R1", "C.meter.id()") == 'C.meter.id("")'


@pytest.mark.parametrize(
    "body", [b"", b"R", b"R1", b"R1x", b"R1\x02", b"r1\x021.8.0()", b"R1\x021.8.0(", b"R1\x021.8.0)", b"R1\x02(",
             b"R1\x02" + b"x" * 65 + b"()", b"W1\x02R.2", b"E2", b"E2\x02", b"RR\x021.8.0()", b"R1\x02\t()"]
)  # fmt: skip
def test_malformed_commands_are_errors(admin, body):
    assert text_of(admin.ask(codec.framed(codec.SOH, body)))[:3] == "(ER"
    assert admin.say("R1", "R.2()") == "R.2(0*Wh)"


def test_a_sign_on_inside_a_cut_off_command_is_found(admin):
    assert admin.ask(b"\x01W1\x02R.2(5" + SIGN_ON).startswith(b"/FRS")


def test_an_answer_is_repeated_three_times_and_then_the_line_is_left(admin):
    first = admin.ask(command("W1", "R.2(5)"))
    assert [admin.ask(NAK) for _ in range(4)] == [first] * 3 + [b""]
    assert admin.lines[-1] == (300, 7, "E", 1)


def test_an_error_message_has_32_characters_at_most_and_none_that_is_reserved():
    got = text_of(codec.error("ER06", "(a)*/!\\" + "x" * 100))
    assert got == "(ER06 a" + "x" * 26 + ")" and len(got) == 34


hostile = st.one_of(
    st.binary(max_size=80),
    st.builds(command, st.sampled_from(["R1", "R3", "R5", "W1", "W3", "W5", "E2", "P1", "P2", "X7"]),
              st.text(st.characters(max_codepoint=127), max_size=60)),
    st.builds(lambda name, address, value: command(name, f"{address}({value})"),
              st.sampled_from(["R1", "R5", "R6", "W1", "W5", "E2"]),
              st.sampled_from(["R.2", "R.normal", "S", "P.01", "P.98", "L.sags", "C.meter.id", "C.tou.days", "PW",
                               "0.9.1", "1.0.0", "Q.V.A", "FREEZE", "USER", "OVERRIDE", "MARK", "1.8.0"]),
              st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)),
    st.sampled_from([ACK, NAK, b"/", b"\x01", SIGN_ON]),
)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(hostile, max_size=12), st.sampled_from([None, "admin:admin"]))
def test_whatever_comes_nothing_is_raised_and_the_next_sign_on_is_served(messages, password):
    line = Reader(LIFE)
    line.program(password)
    for message in messages:
        line.send(message)
        assert len(line.wait(300)) < 20_000
        assert len(line.session._receiver._message) <= codec.COMMAND_LIMIT
    line.wait(130_000)
    line.send(b"\r\n")
    assert line.ask(SIGN_ON).startswith(b"/FRS")
    assert line.ask(READOUT).startswith(b"\x020-0:96.1.0")


LIFE = Life(settings=SETTINGS)
