"""HDLC with its time-outs, in injected time."""

import pytest
from meter.protocols.dlms.hdlc_session import HdlcSession

from host_tests.protocols.dlms.hdlc_model import (
    COMMAND,
    DISC,
    RESPONSE,
    SNRM,
    UA,
    EchoConversation,
    frame,
    information,
    parse,
    ready,
)


def session(slices=0, **options):
    conversation = EchoConversation(slices=slices)
    return HdlcSession(conversation, **options), conversation


def connected(slices=0, **options):
    station, conversation = session(slices, **options)
    station.receive(frame(SNRM), 0)
    station.expire(options.get("response_ms", 0))
    assert parse(station.take_output())[0][0] == UA
    return station, conversation


@pytest.mark.feature("DLM-02")
def test_association_of_a_silent_client_ends_after_120_seconds():
    station, conversation = connected()
    assert station.deadline() == 120_000
    station.expire(119_999)
    assert conversation.released == 0
    station.expire(120_000)
    assert conversation.released == 1
    assert station.deadline() is None
    assert not station.closed
    station.receive(ready(0), 120_001)
    assert parse(station.take_output())[0][0] == 0x1F  # DM


def test_every_frame_of_the_client_puts_the_time_out_off():
    station, conversation = connected(inactivity_ms=1000)
    station.receive(ready(0), 900)
    assert station.deadline() == 1900
    station.expire(1000)
    assert conversation.released == 0


def test_frames_of_other_stations_and_noise_do_not_put_it_off():
    station, _ = connected(inactivity_ms=1000)
    station.receive(frame(SNRM, destination=b"\x02\x09"), 900)
    station.receive(b"\x55", 950)
    assert station.deadline() == 1000


def test_without_inactivity_time_the_link_stays():
    station, _ = connected(inactivity_ms=0)
    assert station.deadline() is None


def test_nothing_is_due_before_the_first_frame():
    assert session()[0].deadline() is None


def test_frame_that_stops_in_the_middle_is_dropped_in_its_time_and_the_next_is_read():
    station, _ = connected(inter_frame_ms=200)
    station.receive(ready(0)[:5], 1000)
    assert station.deadline() == 1200
    station.expire(1200)
    assert station.bad_frames == 1
    station.receive(ready(0), 1300)
    assert len(parse(station.take_output())) == 1
    assert station.bad_frames == 1


def test_frame_that_goes_on_too_late_is_no_frame():
    station, _ = connected(inter_frame_ms=200)
    station.receive(ready(0)[:5], 1000)
    station.receive(ready(0)[5:], 1200)
    assert station.take_output() == b""


def test_slow_bytes_within_the_time_are_a_frame():
    station, _ = connected(inter_frame_ms=200)
    for i, byte in enumerate(ready(0)):
        station.receive(bytes((byte,)), 1000 + i * 199)
    assert len(parse(station.take_output())) == 1


def test_whole_frame_that_a_broken_one_has_swallowed_is_answered_at_the_time_out():
    station, _ = connected(inter_frame_ms=200)
    station.receive(information(0, 0, COMMAND + bytes(100))[:40] + ready(0), 1000)
    assert station.take_output() == b""
    station.expire(1200)
    assert len(parse(station.take_output())) == 1


@pytest.mark.feature("DLM-07")
def test_activity_is_ready_active_and_alert():
    station, _ = session(inter_frame_ms=200)
    assert station.activity == "ready"
    station.receive(frame(SNRM), 0)
    assert station.activity == "active"
    station.receive(b"\x7e\xa0", 0)
    station.expire(200)
    assert station.activity == "alert"
    station.receive(ready(0), 300)
    assert station.activity == "active"
    station.expire(200_000)
    assert station.activity == "alert"
    station.receive(frame(SNRM, destination=b"\x02\x09"), 200_001)  # another meter's
    assert station.activity == "alert"
    station.receive(frame(SNRM), 200_001)
    station.receive(frame(DISC), 200_002)
    assert station.activity == "ready"


def test_line_is_announced_once():
    station, _ = session(line=(9600, 8, "N", 1))
    assert station.take_line() == (9600, 8, "N", 1)
    assert station.take_line() is None


def test_session_that_closes_does_so_after_the_last_answer():
    station, conversation = connected(closes=True)
    station.receive(frame(DISC), 5)
    assert station.closed
    assert parse(station.take_output())[0][0] == UA
    assert conversation.released == 1


@pytest.mark.parametrize("response_ms", [0, 30])
def test_what_comes_behind_the_last_frame_is_not_taken(response_ms):
    station, conversation = connected(closes=True, response_ms=response_ms)
    station.receive(frame(DISC) + frame(SNRM) + information(0, 0, COMMAND + b"ab"), 50)
    station.receive(frame(SNRM), 60)
    station.expire(100)
    assert station.closed
    assert [control for control, _, _ in parse(station.take_output())] == [UA]
    assert conversation.heard == []


def test_disconnection_without_a_link_does_not_close():
    station, _ = session(closes=True)
    station.receive(frame(DISC), 5)
    assert not station.closed


@pytest.mark.parametrize("first", [b"", frame(SNRM), frame(DISC)])
def test_session_that_closes_does_so_after_inactivity_with_or_without_a_link(first):
    station, conversation = session(closes=True, inactivity_ms=1000)
    assert station.deadline() == 0
    station.expire(50)
    if first:
        station.receive(first, 50)
    assert station.deadline() == 1050
    station.expire(1050)
    assert station.closed
    assert conversation.released == (first == frame(SNRM))


def test_answers_wait_for_the_line_to_turn():
    station, _ = session(response_ms=30, closes=True)
    station.receive(frame(SNRM), 100)
    assert station.take_output() == b""
    assert station.deadline() == 130
    station.expire(130)
    assert parse(station.take_output())[0][0] == UA
    station.receive(frame(DISC), 200)
    assert not station.closed
    station.expire(230)
    assert station.closed
    assert parse(station.take_output())[0][0] == UA


def test_silence_is_not_counted_while_the_conversation_works():
    station, conversation = connected(slices=3, inactivity_ms=1000)
    station.receive(information(0, 0, COMMAND + b"ab"), 10)
    for now in (600, 1200, 1800):
        assert station.deadline() == 0
        station.expire(now)
    assert parse(station.take_output()) == [(0x30, RESPONSE + b"ba", False)]
    assert conversation.released == 0
    assert station.deadline() == 2800


def test_association_ends_with_the_transport():
    station, conversation = connected()
    station.finish(9)
    assert station.closed
    assert conversation.released == 1
    other, conversation = session()
    other.finish(9)
    assert conversation.released == 0
