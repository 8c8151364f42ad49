"""The link of a secondary station: command bytes, response bytes, and a client on a line that loses a third of all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.protocols.dlms import hdlc_link
from meter.protocols.dlms.hdlc_session import HdlcSession

from host_tests.protocols.dlms.hdlc_model import (
    COMMAND,
    DISC,
    DM,
    FLAG,
    FRMR,
    RESPONSE,
    SNRM,
    UA,
    UI,
    BadLine,
    EchoConversation,
    LossyClient,
    crc,
    frame,
    information,
    parameters,
    parse,
    ready,
)

RR = 0x11


class Station:
    """A session with its conversation, asked in bytes and answered in parsed frames."""

    def __init__(self, slices=0, max_pdu=1024, **options):
        self.conversation = EchoConversation(max_pdu, slices)
        self.session = HdlcSession(self.conversation, **options)

    def ask(self, *frames, client=b"\x21"):
        for data in frames:
            self.session.receive(data, 0)
        return parse(self.session.take_output(), client)

    def work(self):
        while self.session.deadline() == 0:
            self.session.expire(0)
        return parse(self.session.take_output())

    @property
    def heard(self):
        return [apdu for _, _, apdu in self.conversation.heard]


def connected(parameter=b"", **options):
    station = Station(**options)
    ((control, _, _),) = station.ask(frame(SNRM, parameter))
    assert control == UA
    return station


def control_of(ns, nr, final=True):
    return nr << 5 | final << 4 | ns << 1


# Connecting and disconnecting


@pytest.mark.feature("DLM-02")
def test_connection_by_the_bytes():
    """An SNRM that stands in several public projects; the last bytes of the UA are in another public SNRM."""
    station = Station(unit=17)
    station.session.receive(
        bytes.fromhex("7EA0210002002303939A74818012050180060180070400000001080400000007655E7E"), 0
    )
    head = bytes.fromhex("A021 03 00020023 73")
    tail = bytes.fromhex("818012050180060180070400000001080400000001 533B 7E")
    assert station.session.take_output() == FLAG + head + crc(head) + tail


@pytest.mark.parametrize(
    "asked, able, expected",
    [
        # the client's transmit, receive, windows; ours; then transmit, receive, windows as we see them
        ((128, 128, 1, 1), (128, 1), (128, 128, 1, 1)),
        ((2030, 2030, 7, 7), (128, 1), (128, 128, 1, 1)),
        ((2030, 2030, 7, 7), (2030, 7), (2030, 2030, 7, 7)),
        ((128, 512, 3, 5), (1024, 7), (512, 128, 5, 3)),
        ((512, 128, 5, 3), (1024, 4), (128, 512, 3, 4)),
        ((64, 32, 1, 1), (512, 7), (32, 64, 1, 1)),
    ],
)
@pytest.mark.feature("DLM-02")
def test_parameters_are_the_lower_of_both_sides(asked, able, expected):
    station = Station(max_info=able[0], window=able[1])
    assert station.ask(frame(SNRM, parameters(*asked))) == [(UA, parameters(*expected), False)]


@pytest.mark.parametrize(
    "info",
    [
        "",
        "81",
        "8180 00",
        "8180 12 0502",  # cut off
        "8180 04 0502 0400 00",  # rest after the group
        "8180 03 050904",  # a parameter longer than its group
        "8280 03 050120",  # another format
        "8180 06 050100 060105",  # values that are none
        "8180 06 070100 080100",
        "81F0 03 050120",  # another group
        "8180 03 090101",  # another parameter
        "8180 02 0500",  # no value
    ],
)
def test_parameters_that_are_absent_malformed_or_no_values_are_the_defaults(info):
    station = Station(max_info=512, window=7)
    assert station.ask(frame(SNRM, bytes.fromhex(info))) == [(UA, parameters(128, 128), False)]


def test_parameters_of_any_length_and_beyond_the_limits_are_read():
    info = bytes.fromhex("8180 13 0504 00000400 0602 FFFF 0701 FF 0802 0003 05")
    assert hdlc_link.read_parameters(info[:2] + b"\x11" + info[3:-1]) == (1024, 2030, 7, 3)


@given(st.binary(max_size=40))
def test_parameters_of_any_bytes_are_in_their_range(info):
    for data in (info, b"\x81\x80" + bytes((max(0, len(info)),)) + info):
        sends, takes, window_sends, window_takes = hdlc_link.read_parameters(data)
        assert (
            32 <= sends <= 2030 and 32 <= takes <= 2030 and 1 <= window_sends <= 7 and 1 <= window_takes <= 7
        )


def test_disconnected_station_answers_polls_with_dm():
    station = Station()
    for data in (frame(DISC), ready(0), information(0, 0, COMMAND + b"x"), frame(0x94 | 0x10), frame(0x15)):
        assert station.ask(data) == [(DM, b"", False)]
    assert station.ask(ready(0, poll=False)) == []
    assert station.heard == []
    assert station.conversation.released == 0


def test_disconnection_ends_the_association_and_a_second_one_is_answered_dm():
    station = connected()
    assert station.ask(frame(DISC)) == [(UA, b"", False)]
    assert station.conversation.released == 1
    assert station.ask(frame(DISC)) == [(DM, b"", False)]
    assert station.conversation.released == 1


def test_snrm_again_begins_anew():
    station = connected()
    station.ask(information(0, 0, COMMAND + b"one"))
    assert station.ask(frame(SNRM))[0][0] == UA
    assert station.conversation.released == 1
    assert station.ask(information(0, 0, COMMAND + b"two")) == [(control_of(0, 1), RESPONSE + b"owt", False)]


def test_snrm_of_another_client_ends_the_link_that_is_there():
    station = connected()
    assert station.ask(frame(SNRM, source=b"\x03"), client=b"\x03")[0][0] == UA
    assert station.conversation.released == 1
    assert station.ask(information(0, 0, COMMAND + b"x")) == [(DM, b"", False)]
    answer = station.ask(information(0, 0, COMMAND + b"ab", source=b"\x03"), client=b"\x03")
    assert answer == [(control_of(0, 1), RESPONSE + b"ba", False)]
    assert station.conversation.heard == [(1, 1, b"ab")]


def test_other_clients_are_answered_dm_and_the_link_goes_on():
    station = connected()
    for data in (ready(0, source=b"\x03"), frame(DISC, source=b"\x03")):
        assert station.ask(data, client=b"\x03") == [(DM, b"", False)]
    assert station.ask(information(0, 0, COMMAND + b"x"))[0][1] == RESPONSE + b"x"
    assert station.conversation.released == 0


# Addresses


@pytest.mark.parametrize("destination", ["03", "0203", "00020003"])
@pytest.mark.feature("DLM-02")
def test_our_address_in_each_length_is_answered_from_the_same(destination):
    station = Station()
    address = bytes.fromhex(destination)
    station.session.receive(frame(SNRM, destination=address), 0)
    answer = station.session.take_output()
    assert answer[3:4] == b"\x21" and answer[4 : 4 + len(address)] == address


@pytest.mark.parametrize(
    "destination",
    [
        "05",  # another logical device
        "01",  # no station
        "0205",  # another physical device
        "0201",  # no station below
        "0003",  # no station above
        "00020005",
        "00020203",  # physical 129: its low byte is ours
        "02020003",  # logical 129
        "02FF",  # SNRM to all stations
        "FE03",
        "FF",
        "FEFEFEFF",
        "02FD",  # the calling device: on a shared line that may be anybody
        "0002FEFD",
    ],
)
@pytest.mark.feature("DLM-02")
def test_frames_for_others_are_ignored_in_silence(destination):
    station = Station()
    address = bytes.fromhex(destination)
    for data in (frame(SNRM, destination=address), ready(0, destination=address)):
        assert station.ask(data) == []
    assert station.session.bad_frames == 0


@pytest.mark.parametrize("source", ["01", "FF", "0221", "00020021"])
def test_frames_from_no_client_are_ignored(source):
    station = Station()
    assert station.ask(frame(SNRM, source=bytes.fromhex(source))) == []


@pytest.mark.parametrize("destination", ["02FD", "0002FEFD"])
def test_calling_device_is_us_where_one_client_is_at_the_other_end(destination):
    station = Station(closes=True)
    assert station.ask(frame(SNRM, destination=bytes.fromhex(destination)))[0][0] == UA


@pytest.mark.parametrize("unit, destination", [(17, "00020023"), (0x1234, "00024869"), (17, "0223")])
def test_unit_is_the_physical_address(unit, destination):
    station = Station(unit=unit)
    assert station.ask(frame(SNRM, destination=bytes.fromhex(destination)))[0][0] == UA


# Information


def test_request_and_answer_by_the_bytes():
    """I with N(S) 0 and N(R) 0 and the LLC header E6 E6 00; I with N(R) 1 and the LLC header E6 E7 00."""
    station = connected()
    station.session.receive(frame(0x10, bytes.fromhex("E6E600 C001C1")), 0)
    head = bytes.fromhex("A010 21 0203 30")
    head += crc(head) + bytes.fromhex("E6E700 C101C0")
    assert station.session.take_output() == FLAG + head + crc(head) + FLAG


def test_sequence_numbers_go_round():
    station = connected()
    for n in range(20):
        answer = station.ask(information(n & 7, n & 7, COMMAND + b"%d" % n))
        assert answer == [(control_of(n & 7, n + 1 & 7), RESPONSE + (b"%d" % n)[::-1], False)]
    assert len(station.heard) == 20


def test_request_without_an_answer_is_acknowledged():
    station = connected()
    assert station.ask(information(0, 0, COMMAND + b"-x")) == [(RR | 1 << 5, b"", False)]


def test_long_request_is_put_together():
    station = connected()
    assert station.ask(information(0, 0, COMMAND + b"ab", segmented=True)) == [(RR | 1 << 5, b"", False)]
    assert station.ask(information(1, 0, b"cd", segmented=True)) == [(RR | 2 << 5, b"", False)]
    assert station.ask(information(2, 0, b"ef")) == [(control_of(0, 3), RESPONSE + b"fedcba", False)]
    assert station.heard == [b"abcdef"]


def test_long_request_in_a_window_is_answered_at_its_poll():
    station = connected(parameters(128, 128, 3, 3), window=7)
    answer = station.ask(
        information(0, 0, COMMAND + b"ab", poll=False, segmented=True),
        information(1, 0, b"cd", poll=False, segmented=True),
        information(2, 0, b"ef"),
    )
    assert answer == [(control_of(0, 3), RESPONSE + b"fedcba", False)]


def test_answer_waits_for_a_poll():
    station = connected()
    assert station.ask(information(0, 0, COMMAND + b"ab", poll=False)) == []
    assert station.ask(ready(0)) == [(control_of(0, 1), RESPONSE + b"ba", False)]


def test_frame_lost_from_a_window_is_asked_for():
    station = connected(parameters(128, 128, 7, 7), window=7)
    answer = station.ask(
        information(0, 0, COMMAND + b"ab", poll=False, segmented=True),
        information(2, 0, b"ef"),
    )
    assert answer == [(RR | 1 << 5, b"", False)]
    answer = station.ask(information(1, 0, b"cd", poll=False, segmented=True), information(2, 0, b"ef"))
    assert answer == [(control_of(0, 3), RESPONSE + b"fedcba", False)]


def test_long_answer_comes_segment_by_segment():
    station = connected()
    whole = RESPONSE + b"*abc" * 100
    ((control, info, more),) = station.ask(information(0, 0, COMMAND + b"*abc"))
    assert (control, more, len(info)) == (control_of(0, 1), True, 128)
    for n in range(1, 4):
        ((control, piece, more),) = station.ask(ready(n))
        assert (control, more) == (control_of(n, 1), n < 3)
        info += piece
    assert info == whole
    assert station.ask(ready(4)) == [(RR | 1 << 5, b"", False)]


def test_answer_that_fills_its_frames_exactly_has_no_empty_one_behind():
    station = connected()
    ((_, info, more),) = station.ask(information(0, 0, COMMAND + bytes(125)))
    assert (len(info), more) == (128, False)
    assert station.ask(ready(1)) == [(RR | 1 << 5, b"", False)]


def test_long_answer_comes_in_windows_and_only_the_last_frame_is_final():
    station = connected(parameters(128, 128, 1, 3), window=7)
    answer = station.ask(information(0, 0, COMMAND + b"*abcdef"))
    assert [control for control, _, _ in answer] == [control_of(n, 1, n == 2) for n in range(3)]
    answer += station.ask(ready(3))
    assert [control for control, _, _ in answer[3:]] == [control_of(n, 1, n == 5) for n in range(3, 6)]
    assert [more for _, _, more in answer] == [True] * 5 + [False]
    assert b"".join(info for _, info, _ in answer) == RESPONSE + b"*abcdef" * 100


def test_window_goes_on_where_a_frame_was_lost():
    station = connected(parameters(128, 128, 1, 3), window=7)
    first = station.ask(information(0, 0, COMMAND + b"*abcdef"))
    again = station.ask(ready(1))
    assert again[:2] == [first[1], (control_of(2, 1, False), *first[2][1:])]
    assert again[2][0] == control_of(3, 1)


def test_lost_answer_is_sent_again_for_a_poll_and_for_the_request_again():
    station = connected()
    answer = station.ask(information(0, 0, COMMAND + b"ab"))
    assert station.ask(ready(0)) == answer
    assert station.ask(information(0, 0, COMMAND + b"ab")) == answer
    assert station.heard == [b"ab"]


def test_repeated_request_after_its_answer_was_acknowledged_is_not_served_again():
    station = connected()
    station.ask(information(0, 0, COMMAND + b"ab"))
    assert station.ask(information(0, 1, COMMAND + b"ab")) == [(RR | 1 << 5, b"", False)]
    assert station.heard == [b"ab"]


def test_new_request_before_the_whole_answer_was_taken_gets_the_rest_of_the_answer():
    station = connected()
    station.ask(information(0, 0, COMMAND + b"*abc"))
    ((control, info, _),) = station.ask(information(1, 1, COMMAND + b"new"))
    assert control == control_of(1, 1) and info == (RESPONSE + b"*abc" * 100)[128:256]
    assert station.heard == [b"*abc"]


def test_client_that_is_not_ready_gets_no_information():
    station = connected()
    station.ask(information(0, 0, COMMAND + b"*abc"))
    assert station.ask(frame(1 << 5 | 0x15)) == [(RR | 1 << 5, b"", False)]
    assert station.ask(ready(1))[0][0] == control_of(1, 1)


def test_request_in_the_wrong_sequence_is_not_taken_and_the_poll_says_which_is_next():
    station = connected()
    for ns in (1, 3, 7):
        assert station.ask(information(ns, 0, COMMAND + b"x")) == [(RR, b"", False)]
        assert station.ask(information(ns, 0, COMMAND + b"x", poll=False)) == []
    assert station.heard == []


# Frame reject


@pytest.mark.parametrize(
    "data, rejected",
    [
        (ready(3), "71 20 08"),  # N(R) of frames that were not sent
        (information(1, 5, COMMAND + b"x"), "B2 20 08"),
        (information(1, 0, bytes(129)), "12 20 04"),  # information too long
        (frame(0x19), "19 20 01"),  # REJ, which DLMS has not
        (frame(0xF3), "F3 20 01"),  # TEST
        (frame(0x31, b"abc"), "31 20 03"),  # RR with information
    ],
)
def test_what_cannot_be_is_answered_frmr_until_the_link_is_reset(data, rejected):
    station = connected(max_info=128)
    station.ask(information(0, 0, COMMAND + b"-"))
    expected = [(FRMR, bytes.fromhex(rejected), False)]
    assert station.ask(data) == expected
    assert station.ask(ready(0)) == expected
    assert station.ask(information(1, 0, COMMAND + b"x")) == expected
    assert station.ask(ready(0, poll=False)) == []
    assert station.heard == [b"-"]
    assert station.ask(frame(SNRM))[0][0] == UA
    assert station.ask(information(0, 0, COMMAND + b"x"))[0][1] == RESPONSE + b"x"


def test_frmr_tells_our_send_state():
    station = connected()
    station.ask(information(0, 0, COMMAND + b"x"))
    assert station.ask(ready(5)) == [(FRMR, bytes((0xB1, 1 << 5 | 1 << 1, 8)), False)]


def test_frame_longer_than_we_can_hold_is_answered_frmr():
    station = connected()
    assert station.ask(information(0, 0, bytes(2000))) == [(FRMR, bytes((0x10, 0, 4)), False)]
    assert station.session.bad_frames == 0


def test_disconnecting_ends_a_frame_reject():
    station = connected()
    station.ask(ready(3))
    assert station.ask(frame(DISC)) == [(UA, b"", False)]
    assert station.ask(ready(0)) == [(DM, b"", False)]


def test_responses_on_the_line_are_not_answered():
    station = connected()
    for control in (UA, DM, FRMR):
        assert station.ask(frame(control)) == []


# LLC, long APDUs


@pytest.mark.parametrize("info", ["", "E6", "E6E6", "E6E700C0", "E6E601C0", "C001C1"])
def test_apdu_without_the_llc_header_is_dropped_and_counted(info):
    station = connected()
    data = bytes.fromhex(info)
    assert station.ask(information(0, 0, data)) == [(RR | 1 << 5, b"", False)]
    assert station.heard == []
    assert station.session.bad_frames == 1
    assert station.ask(information(1, 0, COMMAND + b"x"))[0][1] == RESPONSE + b"x"


def test_request_longer_than_the_conversation_takes_is_handed_on_one_byte_too_long_and_no_more_is_kept():
    station = connected(max_pdu=300)
    for n in range(30):
        station.ask(information(n & 7, 0, (COMMAND if n == 0 else b"") + bytes(100), segmented=n < 29))
    assert station.heard == [bytes(301)]


# Unnumbered information


@pytest.mark.parametrize("destination", ["0203", "02FF", "FEFF", "FF", "0002FEFF", "FEFEFEFF", "FEFE0003"])
def test_unnumbered_information_reaches_the_conversation_without_a_link(destination):
    station = Station()
    assert station.ask(frame(0x03, COMMAND + b"ab", destination=bytes.fromhex(destination))) == []
    assert station.conversation.heard == [(16, 1, b"ab")]


def test_unnumbered_information_that_polls_is_answered():
    station = Station()
    assert station.ask(frame(UI, COMMAND + b"ab")) == [(UI, RESPONSE + b"ba", False)]
    assert station.ask(frame(UI, COMMAND + b"-")) == [(DM, b"", False)]
    assert station.ask(frame(UI, COMMAND + b"*ab")) == [(DM, b"", False)]  # does not fit into one frame
    assert station.ask(frame(SNRM))[0][0] == UA
    assert station.ask(frame(UI, COMMAND + b"-")) == [(RR, b"", False)]
    assert station.ask(information(0, 0, COMMAND + b"cd"))[0][0] == control_of(0, 1)


def test_broadcast_that_polls_is_heard_and_not_answered():
    station = Station()
    assert station.ask(frame(UI, COMMAND + b"ab", destination=b"\xfe\xff")) == []
    assert station.heard == [b"ab"]


def test_what_came_without_a_link_is_released_in_the_end():
    station = Station()
    station.ask(frame(0x03, COMMAND + b"ab"))
    station.session.expire(200_000)
    assert station.conversation.released == 1


# Work that takes time


def test_work_goes_on_in_slices_and_is_answered_once():
    station = connected(slices=3)
    assert station.ask(information(0, 0, COMMAND + b"ab")) == []
    assert station.session.deadline() == 0
    assert station.work() == [(control_of(0, 1), RESPONSE + b"ba", False)]
    assert station.session.deadline() > 0


def test_polls_and_repeated_requests_during_the_work_wait_for_the_one_answer():
    station = connected(slices=3)
    station.ask(information(0, 0, COMMAND + b"ab"))
    assert station.ask(ready(0), information(0, 0, COMMAND + b"ab"), frame(0x15), ready(0)) == []
    answer = station.work()
    assert answer == [(control_of(0, 1), RESPONSE + b"ba", False)]
    assert station.ask(information(1, 1, COMMAND + b"cd")) == []
    assert station.work() == [(control_of(1, 2), RESPONSE + b"dc", False)]
    assert station.heard == [b"ab", b"cd"]


def test_request_that_did_not_poll_is_answered_at_the_poll_that_came_during_the_work():
    station = connected(slices=2)
    station.ask(information(0, 0, COMMAND + b"ab", poll=False))
    station.session.expire(0)
    assert station.ask(ready(0)) == []
    assert station.work() == [(control_of(0, 1), RESPONSE + b"ba", False)]


def test_next_request_during_the_work_is_not_taken_and_comes_again():
    station = connected(parameters(128, 128, 7, 7), window=7, slices=2)
    station.ask(information(0, 0, COMMAND + b"ab", poll=False), information(1, 0, COMMAND + b"cd"))
    assert station.work() == [(control_of(0, 1), RESPONSE + b"ba", False)]
    station.ask(information(1, 1, COMMAND + b"cd"))
    assert station.work() == [(control_of(1, 2), RESPONSE + b"dc", False)]


@pytest.mark.parametrize("control", [SNRM, DISC])
def test_reset_during_the_work_ends_it(control):
    station = connected(slices=3)
    station.ask(information(0, 0, COMMAND + b"ab"))
    assert station.ask(frame(control))[0][0] == UA
    assert station.conversation.released == 1
    assert station.session.deadline() != 0


def test_unnumbered_information_is_worked_on_too_and_dropped_during_other_work():
    station = Station(slices=2)
    assert station.ask(frame(UI, COMMAND + b"ab")) == []
    assert station.ask(frame(0x03, COMMAND + b"lost")) == []
    assert station.work() == [(UI, RESPONSE + b"ba", False)]
    assert station.heard == [b"ab"]


def test_poll_during_the_work_on_unnumbered_information_is_answered_after_it():
    station = connected(slices=2)
    station.ask(frame(0x03, COMMAND + b"ab"))
    assert station.ask(ready(0)) == []
    assert station.work() == [(RR, b"", False)]


# A bad line


@pytest.mark.parametrize("slices", [0, 2])
@pytest.mark.parametrize("info, window", [(128, 1), (128, 3), (300, 7), (2030, 7), (32, 7)])
@pytest.mark.parametrize("loss", [0, 0.1, 0.3])
@pytest.mark.feature("DLM-02")
def test_client_on_a_line_that_loses_damages_and_repeats_frames_gets_every_answer_once(
    info, window, loss, slices
):
    conversation = EchoConversation(4096, slices)
    session = HdlcSession(conversation, max_info=max(128, info), window=window, inactivity_ms=0)
    line = BadLine(f"{info} {window} {loss} {slices}", loss)
    client = LossyClient(session, line, info, window)
    client.connect(parameters(info, info, window, window))
    sent = []
    for n in range(30):
        apdu = (
            (b"*" if n % 3 == 0 else b"")
            + b"%d." % n
            + bytes(line.random.randrange(1 if n % 3 == 0 else 900))
        )
        sent.append(apdu)
        assert client.request(apdu) == (apdu * 100 if n % 3 == 0 else apdu[::-1])
    assert [apdu for _, _, apdu in conversation.heard] == sent
    assert (session.bad_frames > 0) == (loss > 0)


commands = st.one_of(
    st.builds(frame, st.integers(0, 255), st.binary(max_size=20)),
    st.builds(frame, st.just(SNRM), st.just(parameters(64, 64, 7, 7))),
    st.builds(
        information, st.integers(0, 7), st.integers(0, 7), st.binary(max_size=140).map(lambda b: COMMAND + b)
    ),
    st.builds(ready, st.integers(0, 7)),
    st.binary(max_size=30),
)


@given(st.lists(commands, max_size=25), st.integers(0, 2))
def test_no_sequence_of_frames_raises_and_a_new_link_always_works(sequence, slices):
    conversation = EchoConversation(200, slices)
    session = HdlcSession(conversation, window=7)
    now = 0
    for data in sequence:
        session.receive(data, now)
        parse(session.take_output())
        now += 1500
        session.expire(now)
    session.receive(frame(SNRM), now)
    assert parse(session.take_output())[-1][0] == UA
    session.receive(information(0, 0, COMMAND + b"ok"), now)
    while session.deadline() == 0:
        session.expire(now)
    assert parse(session.take_output()) == [(control_of(0, 1), RESPONSE + b"ko", False)]
