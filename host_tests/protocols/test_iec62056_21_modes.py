"""Protocol modes A, B and E of IEC 62056-21, clause 6.4 and Annex E: request bytes, reply bytes and the line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.protocols.iec62056_21 import codec
from meter.protocols.session import Session

from host_tests.protocols.iec62056_21_line import IDENTIFICATION, NAK, READOUT, SIGN_ON, Line, command
from host_tests.protocols.iec62056_21_meter import BLOCK, IDENTITY

FULL_BLOCK = BLOCK + bytes((codec.bcc(BLOCK[1:]),))
SLOW, FAST = (300, 7, "E", 1), (9600, 7, "E", 1)
HDLC = (9600, 8, "N", 1)
MODE_E = b"\x06252\r\n"
WITH_ESCAPE = b"/FRS5\\2FERRARIS\r\n"

repeatable = settings(derandomize=True, deadline=None, max_examples=100)


class Binary(Session):
    """Stands in for the HDLC session: doubles each byte, says tick at a deadline, closes at a zero byte."""

    made = ()

    def __init__(self, line):
        super().__init__()
        self.line, self.tick, self.ended = line, None, None
        Binary.made = (*Binary.made, self)

    def receive(self, data, now):
        self._output.extend(byte for byte in data for _ in range(2))
        self.bad_frames += data.count(0xFF)
        self.closed = 0 in data
        self.tick = now + 50 if b"t" in data else None

    def deadline(self):
        return self.tick

    def expire(self, now):
        self.tick = None
        self._output.extend(b"tick")

    def finish(self, now):
        super().finish(now)
        self.ended = now


@pytest.fixture
def line():
    Binary.made = ()
    return Line(mode="E", make_hdlc=Binary)


def handed_over(line):
    line.ask(SIGN_ON)
    assert line.ask(MODE_E) == MODE_E
    return Binary.made[-1]


# Mode A: 300 baud, nothing is selected


def test_mode_a_sends_the_readout_after_the_identification_at_300_baud():
    line = Line(mode="A")
    assert line.ask(SIGN_ON) == b"/FRSZFERRARIS\r\n"
    sending_ms = len(b"/FRSZFERRARIS\r\n") * 10_000 // 300
    assert line.wait(sending_ms + 199) == b""
    assert line.wait(1) == FULL_BLOCK
    assert line.lines == [SLOW]


@pytest.mark.feature("PRT-01")
def test_mode_b_names_a_rate_and_goes_there_by_itself():
    line = Line(mode="B")
    assert line.ask(SIGN_ON) == b"/FRSEFERRARIS\r\n"
    assert line.lines[-1] == FAST
    assert line.wait(1000) == FULL_BLOCK
    sending_ms = len(FULL_BLOCK) * 10_000 // 9600
    line.wait(sending_ms + 1500)
    assert line.lines[-1] == SLOW


@pytest.mark.parametrize(
    "baud, letter, rate",
    [
        ("1", b"A", 600),
        ("2", b"B", 1200),
        ("3", b"C", 2400),
        ("4", b"D", 4800),
        ("5", b"E", 9600),
        ("6", b"F", 19200),
    ],
)
def test_mode_b_has_a_letter_for_each_rate(baud, letter, rate):
    line = Line(mode="B", baud=baud)
    assert line.ask(SIGN_ON) == b"/FRS" + letter + b"FERRARIS\r\n"
    assert line.lines[-1] == (rate, 7, "E", 1)


@pytest.mark.parametrize("mode", ["A", "B"])
def test_modes_a_and_b_take_no_option_select(mode):
    line = Line(mode=mode)
    line.ask(SIGN_ON)
    assert line.ask(READOUT, 2000) == FULL_BLOCK


@pytest.mark.parametrize("mode", ["A", "B"])
def test_programming_mode_of_a_and_b_begins_with_a_command_after_the_readout(mode):
    line = Line(mode=mode)
    line.ask(SIGN_ON, 2000)
    assert line.ask(command("R1", "1.8.0()")) == codec.framed(codec.STX, b"1.8.0(00001234.567*kWh)")
    assert line.ask(command("R1", "99.9.9()")) == codec.error("ER02", "no such address")


@pytest.mark.parametrize("mode", ["A", "B"])
def test_a_readout_of_modes_a_and_b_is_repeated_on_request(mode):
    line = Line(mode=mode)
    line.ask(SIGN_ON, 2000)
    assert line.ask(NAK) == FULL_BLOCK


@pytest.mark.parametrize("mode, baud", [("B", "0"), ("D", "5"), ("e", "5"), ("", "5")])
def test_a_mode_that_is_none_or_cannot_offer_the_rate_is_an_error(mode, baud):
    with pytest.raises(ValueError, match="mode"):
        Line(mode=mode, baud=baud)


# Mode E


@pytest.mark.feature("DLM-01")
def test_mode_e_is_offered_in_the_identification_and_confirmed_at_300_baud(line):
    assert line.ask(SIGN_ON) == WITH_ESCAPE
    assert line.send(MODE_E) == b""
    assert line.lines == [SLOW]
    assert line.wait(200) == MODE_E
    assert line.lines == [SLOW, HDLC]
    assert Binary.made[-1].line == HDLC


@pytest.mark.feature("DLM-01")
def test_all_bytes_pass_the_hdlc_session_both_ways_until_it_closes(line):
    hdlc = handed_over(line)
    every = bytes(range(1, 256))
    assert line.send(every) == bytes(byte for byte in every for _ in range(2))
    assert line.lines[-1] == HDLC
    assert line.send(b"\0") == b"\0\0"
    assert hdlc.closed and line.lines[-1] == SLOW
    assert line.session.bad_frames == 1
    assert line.ask(SIGN_ON) == WITH_ESCAPE
    assert line.ask(READOUT) == FULL_BLOCK


def test_deadlines_of_the_hdlc_session_are_kept(line):
    handed_over(line)
    line.send(b"t")
    assert line.wait(49) == b""
    assert line.wait(1) == b"tick"


def test_a_hdlc_line_that_is_silent_for_two_minutes_goes_back_to_sign_on(line):
    hdlc = handed_over(line)
    line.wait(60_000)
    line.send(b"x")
    line.wait(119_999)
    assert line.lines[-1] == HDLC
    line.wait(1)
    assert hdlc.ended == line.now and line.lines[-1] == SLOW
    assert line.ask(SIGN_ON) == WITH_ESCAPE


def test_bad_frames_of_the_hdlc_session_are_counted_while_it_lives_and_after(line):
    handed_over(line)
    line.send(b"\xff\xff")
    assert line.session.bad_frames == 2
    line.send(b"\0")
    handed_over(line)
    line.send(b"\xff")
    assert line.session.bad_frames == 3


@pytest.mark.parametrize(
    "baud, confirmed, rate", [(b"6", b"0", 300), (b"9", b"0", 300), (b"0", b"0", 300), (b"3", b"3", 2400)]
)
def test_a_rate_that_was_not_offered_is_confirmed_as_300_baud(line, baud, confirmed, rate):
    line.ask(SIGN_ON)
    assert line.ask(b"\x062" + baud + b"2\r\n") == b"\x062" + confirmed + b"2\r\n"
    assert Binary.made[-1].line == (rate, 8, "N", 1)


@pytest.mark.parametrize("option", [b"250", b"251", b"052", b"256"])
def test_half_a_selection_of_mode_e_hands_nothing_over(line, option):
    line.ask(SIGN_ON)
    line.ask(b"\x06" + option + b"\r\n")
    assert Binary.made == () and HDLC not in line.lines


@pytest.mark.parametrize("options", [{"mode": "C", "make_hdlc": Binary}, {"mode": "E"}])
def test_without_mode_e_it_is_neither_offered_nor_taken(options):
    Binary.made = ()
    line = Line(**options)
    assert line.ask(SIGN_ON) == IDENTIFICATION
    assert line.ask(MODE_E) == codec.BREAK
    assert Binary.made == ()


def test_a_connection_hands_over_too_and_tells_the_peer():
    connection = Line(serial=False, mode="E", make_hdlc=Binary)
    connection.session.peer = "10.0.0.7:4000"
    hdlc = handed_over(connection)
    assert hdlc.peer == "10.0.0.7:4000"
    assert connection.send(b"ab") == b"aabb"
    connection.session.finish(5)
    assert hdlc.ended == 5 and connection.session.closed


def test_a_silent_connection_in_hdlc_is_closed():
    connection = Line(serial=False, mode="E", make_hdlc=Binary)
    handed_over(connection)
    connection.wait(119_000)
    assert not connection.session.closed
    connection.wait(2000)
    assert connection.session.closed


def test_the_visit_lasts_until_hdlc_ends():
    class Visits:
        log = ()

        def on(self, peer):
            self.log += ("on",)

        def off(self, peer=None):
            self.log += ("off",)

    visits = Visits()
    line = Line(mode="E", make_hdlc=Binary, visit=visits)
    handed_over(line)
    assert visits.log == ("on",)
    line.send(b"\0")
    assert visits.log == ("on", "off")


@repeatable
@given(st.lists(st.tuples(st.binary(max_size=40), st.integers(0, 2000)), max_size=8), st.sampled_from("ABCE"))
def test_whatever_comes_in_any_mode_the_next_sign_on_is_answered(pieces, mode):
    line = Line(mode=mode, make_hdlc=Binary)
    for data, pause in [(SIGN_ON, 200), *pieces]:
        line.send(data)
        line.wait(pause)
    line.wait(130_000)
    assert line.lines[-1] == SLOW
    line.send(b"\r\n")
    assert line.ask(b"/?" + IDENTITY["serial"].encode() + b"!\r\n")[:4] == b"/FRS"
