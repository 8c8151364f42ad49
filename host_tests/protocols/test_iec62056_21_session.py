"""Conversations in IEC 62056-21 mode C: request bytes, reply bytes, in injected time."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.protocols.iec62056_21 import codec
from meter.protocols.iec62056_21.session import Iec6205621Session

from host_tests.protocols.iec62056_21_line import IDENTIFICATION, READOUT, SIGN_ON, Line
from host_tests.protocols.iec62056_21_meter import BLOCK, HeldValues

FULL_BLOCK = BLOCK + bytes((codec.bcc(BLOCK[1:]),))

repeatable = settings(derandomize=True, deadline=None, max_examples=150)


@pytest.fixture
def line():
    return Line()


def test_sign_on_is_answered_with_the_identification(line):
    assert line.ask(SIGN_ON) == IDENTIFICATION


def test_line_starts_at_300_baud_7e1(line):
    assert line.lines == [(300, 7, "E", 1)]


def test_meter_waits_the_reaction_time_before_it_answers(line):
    assert line.send(SIGN_ON) == b""
    assert line.wait(199) == b""
    assert line.wait(1) == IDENTIFICATION


def test_connection_is_answered_at_once():
    connection = Line(serial=False)
    assert connection.ask(SIGN_ON, 0) == IDENTIFICATION
    assert connection.ask(READOUT, 0) == FULL_BLOCK


@pytest.mark.parametrize("address", [b"0012345678", b"12345678", b"000000000012345678"])
def test_sign_on_with_our_address_is_answered(line, address):
    assert line.ask(b"/?" + address + b"!\r\n") == IDENTIFICATION


def test_sign_on_with_another_address_is_met_with_silence(line):
    assert line.ask(b"/?87654321!\r\n", 10_000) == b""
    assert line.session.bad_frames == 0


def test_configured_address_replaces_the_serial_number():
    line = Line(address="77")
    assert line.ask(b"/?12345678!\r\n") == b""
    assert line.ask(b"/?077!\r\n") == IDENTIFICATION


def test_sign_on_for_another_meter_ends_our_conversation(line):
    line.ask(SIGN_ON)
    assert line.ask(b"/?87654321!\r\n", 10_000) == b""


def test_sign_on_is_taken_byte_by_byte(line):
    assert line.send(SIGN_ON, each=34) + line.wait(200) == IDENTIFICATION


def test_sign_on_is_taken_with_parity_bits(line):
    assert line.ask(bytes(byte | 0x80 for byte in SIGN_ON)) == IDENTIFICATION


def test_sign_on_is_found_before_trailing_bytes(line):
    assert line.ask(SIGN_ON + b"\r\n\0") == IDENTIFICATION


def test_damaged_sign_on_is_counted_and_the_next_one_answered(line):
    assert line.ask(b"/?!x\r\n") == b""
    assert line.ask(SIGN_ON) == IDENTIFICATION
    assert line.session.bad_frames == 1


def test_truncated_sign_on_is_dropped_after_the_character_time_out(line):
    line.send(b"/?12")
    line.wait(1500)
    assert line.session.bad_frames == 1
    assert line.ask(b"34!\r\n") == b""
    assert line.ask(SIGN_ON) == IDENTIFICATION


def test_oversized_sign_on_is_dropped(line):
    assert line.ask(b"/?" + b"1" * 5000 + b"!\r\n") == b""
    assert line.ask(SIGN_ON) == IDENTIFICATION


def test_readout_follows_the_option_select_at_the_new_baud_rate(line):
    line.ask(SIGN_ON)
    assert line.send(READOUT) == b""
    assert line.lines[-1] == (9600, 7, "E", 1)
    assert line.wait(200) == FULL_BLOCK


def test_readout_is_taken_byte_by_byte(line):
    line.send(SIGN_ON, each=34)
    line.wait(200)
    assert line.send(READOUT, each=34) + line.wait(200) == FULL_BLOCK


@pytest.mark.parametrize(
    "option, baud",
    [(b"000", 300), (b"010", 600), (b"050", 9600), (b"060", 300), (b"090", 300), (b"150", 300)],
)
def test_baud_rate_is_the_one_asked_for_if_it_was_offered(line, option, baud):
    line.ask(SIGN_ON)
    assert line.ask(b"\x06" + option + b"\r\n") == FULL_BLOCK
    assert line.lines[-1] == (baud, 7, "E", 1)


def test_offered_baud_rate_can_be_configured():
    line = Line(baud="6")
    assert line.ask(SIGN_ON) == b"/FRS6FERRARIS\r\n"
    line.ask(b"\x06060\r\n")
    assert line.lines[-1][0] == 19200


@pytest.mark.parametrize("baud", ["", "7", "A", "55"])
def test_unknown_baud_character_is_an_error_that_names_the_setting(baud):
    with pytest.raises(ValueError, match="baud.*0 1 2 3 4 5 6"):
        Iec6205621Session(HeldValues(), baud=baud)


def test_without_option_select_the_readout_follows_at_300_baud(line):
    line.ask(SIGN_ON)
    sending_ms = len(IDENTIFICATION) * 10_000 // 300
    assert line.wait(sending_ms + 1500 - 1) == b""
    assert line.wait(201) == FULL_BLOCK
    assert line.lines == [(300, 7, "E", 1)]


def test_malformed_option_select_brings_the_readout_at_300_baud(line):
    line.ask(SIGN_ON)
    assert line.ask(b"\x0605x\r\n") == FULL_BLOCK
    assert line.lines == [(300, 7, "E", 1)]
    assert line.session.bad_frames == 1


def test_line_returns_to_300_baud_after_the_readout(line):
    line.ask(SIGN_ON)
    line.ask(READOUT)
    sending_ms = len(FULL_BLOCK) * 10_000 // 9600
    assert line.wait(sending_ms + 1499) == b""
    assert line.lines[-1][0] == 9600
    assert line.wait(2) == b""
    assert line.lines[-1] == (300, 7, "E", 1)
    assert line.session.deadline() is None


def test_repeat_request_brings_the_same_block_again(line):
    line.ask(SIGN_ON)
    block = line.ask(READOUT)
    line.session._access.values = {}
    assert line.ask(b"\x15") == block


def test_repeat_request_brings_the_identification_again(line):
    line.ask(SIGN_ON)
    assert line.ask(b"\x15") == IDENTIFICATION
    assert line.ask(READOUT) == FULL_BLOCK


def test_repeat_requests_are_answered_three_times(line):
    line.ask(SIGN_ON)
    line.ask(READOUT)
    assert [bool(line.ask(b"\x15")) for _ in range(5)] == [True, True, True, False, False]
    assert line.lines[-1] == (300, 7, "E", 1)


def test_repeat_request_and_option_select_out_of_place_are_ignored(line):
    assert line.ask(b"\x15") == b""
    assert line.ask(READOUT) == b""
    assert line.ask(SIGN_ON) == IDENTIFICATION


@pytest.mark.parametrize("mode", [b"2", b"6", b"9"])
def test_other_modes_are_refused_with_a_break_at_the_new_baud_rate(line, mode):
    line.ask(SIGN_ON)
    line.send(b"\x0605" + mode + b"\r\n")
    assert line.lines[-1] == (9600, 7, "E", 1)
    assert line.wait(200) == codec.BREAK
    assert line.lines[-1] == (300, 7, "E", 1)
    assert line.ask(SIGN_ON) == IDENTIFICATION


def test_break_from_the_reader_ends_the_conversation(line):
    line.ask(SIGN_ON)
    assert line.ask(codec.BREAK, 20_000) == b""
    assert line.session.bad_frames == 0


def test_command_with_wrong_block_check_is_counted_and_does_nothing(line):
    line.ask(SIGN_ON)
    assert line.ask(b"\x01B0\x03r") == b""
    assert line.session.bad_frames == 1
    assert line.ask(READOUT) == FULL_BLOCK


def test_sign_on_begins_anew_in_the_middle_of_a_conversation(line):
    line.ask(SIGN_ON)
    line.ask(READOUT)
    assert line.ask(SIGN_ON) == IDENTIFICATION
    assert line.lines[-1] == (300, 7, "E", 1)


def test_one_session_serves_many_conversations(line):
    for _ in range(20):
        assert line.ask(SIGN_ON) == IDENTIFICATION
        assert line.ask(READOUT, 5000) == FULL_BLOCK
    assert line.session.bad_frames == 0


def test_own_echo_does_not_disturb_the_conversation(line):
    line.send(line.ask(SIGN_ON))
    assert line.ask(READOUT) == FULL_BLOCK
    assert line.session.bad_frames == 0


def test_values_are_those_of_the_moment_of_the_readout(line):
    line.ask(SIGN_ON)
    line.session._access.values = {"V.A": (1.0, 0, "V")}
    assert b"1-0:32.7.0(1.00*V)" in line.ask(READOUT)


def test_idle_connection_is_closed_and_a_serial_line_is_not():
    connection, line = Line(serial=False), Line()
    connection.wait(1)
    assert not connection.session.closed
    for end in (connection, line):
        end.wait(60_000)
    assert connection.session.closed
    assert not line.session.closed


def test_connection_never_switches_a_line():
    connection = Line(serial=False)
    connection.ask(SIGN_ON)
    connection.ask(READOUT, 5000)
    assert connection.lines == []


def test_session_closes_when_the_peer_goes():
    connection = Line(serial=False)
    connection.session.finish(0)
    assert connection.session.closed


@repeatable
@given(st.lists(st.tuples(st.binary(max_size=60), st.integers(0, 2000)), max_size=10), st.booleans())
def test_no_bytes_at_any_time_disturb_the_meter_for_good(pieces, serial):
    line = Line(serial=serial, idle_ms=10**9)
    for data, pause in pieces:
        line.send(data)
        assert len(line.wait(pause)) <= 5 * len(FULL_BLOCK)
    line.send(SIGN_ON)
    assert line.wait(200).endswith(IDENTIFICATION)
    assert line.ask(READOUT) == FULL_BLOCK


conversation_parts = st.sampled_from(
    [SIGN_ON, READOUT, b"\x15", codec.BREAK, b"\x06051\r\n", b"/?12345678!\r\n", b"/", b"\x06", b"\x01B0\x03"]
)


@repeatable
@given(st.lists(conversation_parts, max_size=30))
def test_no_order_of_good_messages_makes_the_output_grow(parts):
    line = Line(serial=False)
    line.send(b"".join(parts))
    assert len(line.wait(0)) <= len(FULL_BLOCK)


def test_a_meter_that_is_only_read_out_does_not_load_programming_mode():
    code = (
        "import sys, meter.protocols.iec62056_21.session\n"
        "loaded = {name.rpartition('.')[2] for name in sys.modules if 'iec62056_21.' in name}\n"
        "print(sorted(loaded))"
    )
    firmware = Path(__file__).parents[2] / "firmware"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=firmware, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(["codec", "numbers", "objects", "readout", "receiver", "session"])
