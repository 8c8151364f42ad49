"""The TCP wrapper by its bytes, and the port that takes HDLC as well."""

import asyncio
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.compat import Uptime
from meter.hal.sim.net import Net
from meter.ports import tcp
from meter.protocols.dlms.wrapper_session import TcpDlmsSession, WrapperSession

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
)


def wrapped(apdu, client=16, server=1, version=1, length=None):
    return struct.pack(">HHHH", version, client, server, len(apdu) if length is None else length) + apdu


def answer(apdu, client=16):
    return wrapped(apdu, 1, client)


def session(slices=0, max_pdu=1024, **options):
    conversation = EchoConversation(max_pdu, slices)
    return WrapperSession(conversation, **options), conversation


def work(station, now=0):
    while station.busy:
        assert station.deadline() == 0
        station.expire(now)


@pytest.mark.feature("DLM-01")
def test_request_and_answer_by_the_bytes():
    station, conversation = session()
    station.receive(bytes.fromhex("0001 0010 0001 0003 C0 01 C1"), 5)
    assert station.take_output() == bytes.fromhex("0001 0001 0010 0003 C1 01 C0")
    assert conversation.heard == [(16, 1, b"\xc0\x01\xc1")]


def test_several_requests_at_once_and_the_begin_of_another():
    station, _ = session()
    last = wrapped(b"ghi")
    station.receive(wrapped(b"abc") + wrapped(b"def", client=1) + last[:-1], 0)
    assert station.take_output() == answer(b"cba") + answer(b"fed", 1)
    station.receive(last[-1:], 0)
    assert station.take_output() == answer(b"ihg")


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5), st.lists(st.integers(1, 300)))
def test_requests_in_any_pieces(apdus, cuts):
    station, conversation = session()
    stream = b"".join(wrapped(apdu) for apdu in apdus)
    edges = [0, *sorted(cuts), len(stream)]
    for a, b in zip(edges, edges[1:], strict=False):
        station.receive(stream[a:b], 0)
    assert [apdu for _, _, apdu in conversation.heard] == apdus
    assert station.bad_frames == 0


def test_byte_by_byte():
    station, _ = session()
    for byte in wrapped(b"abc"):
        assert station.take_output() == b""
        station.receive(bytes((byte,)), 0)
    assert station.take_output() == answer(b"cba")


@pytest.mark.parametrize(
    "data",
    [
        wrapped(b"abc", version=2),
        wrapped(b"abc", version=0x0100),
        wrapped(b"", length=1025),
        wrapped(b"", length=65535),
        b"GET / HTTP/1.1\r\n",
    ],
)
def test_wrong_header_is_counted_and_ends_the_connection(data):
    station, conversation = session()
    station.receive(wrapped(b"ok"), 0)
    assert station.take_output() == answer(b"ko")
    station.receive(data + wrapped(b"never"), 0)
    assert station.closed
    assert station.bad_frames == 1
    assert station.take_output() == b""
    assert conversation.released == 1
    assert len(conversation.heard) == 1


def test_longest_apdu_is_taken():
    station, conversation = session(max_pdu=700)
    station.receive(wrapped(bytes(700)), 0)
    assert len(conversation.heard) == 1


@pytest.mark.parametrize("client, server", [(16, 2), (16, 0), (16, 0xFFFF), (0, 1), (0xFFFF, 1)])
def test_apdu_for_a_port_that_is_not_there_is_passed_over(client, server):
    station, conversation = session()
    station.receive(wrapped(b"abc", client, server) + wrapped(b"def"), 0)
    assert station.take_output() == answer(b"fed")
    assert conversation.heard == [(16, 1, b"def")]
    assert station.bad_frames == 0


def test_empty_apdu_is_passed_over():
    station, conversation = session()
    station.receive(wrapped(b"") + wrapped(b"x"), 0)
    assert len(conversation.heard) == 1


def test_request_without_an_answer_has_none():
    station, _ = session()
    station.receive(wrapped(b"-abc"), 0)
    assert station.take_output() == b""


@pytest.mark.feature("DLM-07")
def test_connection_on_which_nothing_comes_is_closed():
    station, conversation = session(inactivity_ms=1000)
    assert station.deadline() == 0
    station.expire(10)
    assert station.deadline() == 1010
    assert station.activity == "ready"
    station.receive(wrapped(b"ab"), 500)
    assert station.activity == "active"
    station.receive(wrapped(b"ab")[:7], 1400)  # no whole APDU is no sign of life
    assert station.deadline() == 1500
    station.expire(1500)
    assert station.closed
    assert station.activity == "alert"
    assert conversation.released == 1


def test_without_inactivity_time_the_connection_stays():
    station, _ = session(inactivity_ms=0)
    assert station.deadline() is None
    station.receive(wrapped(b"ab"), 500)
    assert station.deadline() is None


def test_work_goes_on_in_slices_and_requests_that_come_meanwhile_wait():
    station, _ = session(slices=3)
    station.receive(wrapped(b"ab") + wrapped(b"cd"), 0)
    assert station.busy
    station.receive(wrapped(b"ef"), 0)
    work(station)
    assert station.take_output() == answer(b"ba") + answer(b"dc") + answer(b"fe")


def test_what_waits_is_bounded():
    station, conversation = session(slices=3)
    station.receive(wrapped(b"ab"), 0)
    for _ in range(100):
        station.receive(wrapped(bytes(100)), 0)
    assert station.closed
    assert conversation.released == 1
    assert station.bad_frames == 1


def test_silence_is_not_counted_while_the_conversation_works():
    station, _ = session(slices=3, inactivity_ms=100)
    station.receive(wrapped(b"ab"), 0)
    work(station, 5000)
    assert not station.closed
    assert station.deadline() == 5100


def test_association_ends_with_the_connection():
    station, conversation = session()
    station.finish(0)
    assert conversation.released == 0
    station, conversation = session(slices=2)
    station.receive(wrapped(b"ab"), 0)
    station.finish(0)
    assert station.closed and not station.busy
    assert conversation.released == 1


@given(st.lists(st.binary(max_size=60), max_size=10), st.integers(0, 2))
def test_nothing_that_comes_raises(pieces, slices):
    for kind in (WrapperSession, TcpDlmsSession):
        station = kind(EchoConversation(100, slices))
        for now, piece in enumerate(pieces):
            station.receive(piece, now)
            station.take_output()
            station.expire(now)
            if station.closed:
                break
        station.finish(100)


# One port for both


def test_first_byte_chooses_the_wrapper_or_hdlc():
    station = TcpDlmsSession(EchoConversation())
    station.receive(wrapped(b"abc")[:1], 0)
    station.receive(wrapped(b"abc")[1:], 0)
    assert station.take_output() == answer(b"cba")
    station = TcpDlmsSession(EchoConversation())
    assert station.deadline() == 0
    station.expire(7)
    for byte in frame(SNRM):
        station.receive(bytes((byte,)), 8)
    assert parse(station.take_output())[0][0] == UA
    assert station.deadline() == 120_008
    station.receive(information(0, 0, COMMAND + b"abc"), 9)
    assert parse(station.take_output())[0][1] == RESPONSE + b"cba"
    assert station.activity == "active"
    station.receive(frame(DISC), 10)
    assert station.closed
    assert parse(station.take_output())[0][0] == UA


def test_connection_on_which_nothing_ever_comes_is_closed():
    station = TcpDlmsSession(EchoConversation(), inactivity_ms=500)
    station.expire(10)
    assert not station.closed
    station.expire(510)
    assert station.closed


def test_silence_of_an_hdlc_client_closes():
    station = TcpDlmsSession(EchoConversation(), inactivity_ms=500)
    station.receive(frame(SNRM), 10)
    station.expire(510)
    assert station.closed
    assert station.activity == "alert"


def test_counts_and_state_are_those_of_the_session_inside():
    station = TcpDlmsSession(EchoConversation(slices=2))
    station.receive(wrapped(b"ab"), 0)
    assert station.busy
    work(station)
    assert station.take_output() == answer(b"ba")
    station.receive(b"nonsense", 0)
    assert (station.closed, station.bad_frames) == (True, 1)
    station = TcpDlmsSession(EchoConversation())
    station.receive(frame(SNRM)[:-2] + b"\x00\x7e" + frame(SNRM), 0)
    assert (station.closed, station.bad_frames) == (False, 1)


def test_peer_is_the_conversations():
    conversation = EchoConversation()
    station = TcpDlmsSession(conversation)
    station.peer = "127.0.0.1:5"
    assert conversation.peer == station.peer == "127.0.0.1:5"


async def hdlc_frame(reader):
    head = await reader.readexactly(3)
    return head + await reader.readexactly((int.from_bytes(head[1:], "big") & 0x7FF) - 1)


@pytest.mark.parametrize("slices", [0, 3])
@pytest.mark.feature("DLM-01")
def test_both_are_served_on_one_port_of_the_network(slices):
    async def talk(port):
        (reader, writer), (hdlc_reader, hdlc_writer) = [
            await asyncio.open_connection(*port.address) for _ in range(2)
        ]
        hdlc_writer.write(frame(SNRM))
        assert parse(await hdlc_frame(hdlc_reader))[0][0] == UA
        for n in range(20):
            apdu = b"%d" % (n + 10)
            writer.write(wrapped(apdu) * 2)
            hdlc_writer.write(information(n & 7, n & 7, COMMAND + apdu))
            assert await reader.readexactly(20) == answer(apdu[::-1]) * 2
            assert parse(await hdlc_frame(hdlc_reader))[0][1] == RESPONSE + apdu[::-1]
        hdlc_writer.write(frame(DISC))
        assert parse(await hdlc_reader.read())[0][0] == UA  # and the end of the connection
        writer.write(b"not the wrapper")
        assert await reader.read() == b""
        writer.close()
        hdlc_writer.close()

    async def served():
        port = await tcp.serve(
            Net(), "127.0.0.1", 0, lambda: TcpDlmsSession(EchoConversation(slices=slices)), Uptime(), 2
        )
        try:
            await asyncio.wait_for(talk(port), 20)
        finally:
            port.close()
            await port.wait_closed()

    asyncio.run(served())
