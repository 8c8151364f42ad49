"""The transports of DLMS on the device's interpreter: frames, links, the wrapper, and what a link takes."""

from meter.crc import X25_GOOD, crc16_x25, crc16_x25_nibbles
from meter.protocols.dlms.hdlc_frame import Receiver, encode
from meter.protocols.dlms.hdlc_session import HdlcSession
from meter.protocols.dlms.wrapper_session import TcpDlmsSession

SNRM, RR = 0x93, 0x11
CLIENT, SERVER = b"\x21", b"\x00\x02\x00\x03"
PARAMETERS = bytes.fromhex("818014 05020200 06020200 0704 00000007 0804 00000007".replace(" ", ""))


class Echo:
    """A conversation that answers with the same, ten times; after a slice of work if asked to."""

    max_pdu = 1024

    def __init__(self, works=False):
        self.works = works
        self.apdu = b""

    def receive(self, client, server, apdu, now):
        self.apdu = apdu
        return None if self.works else apdu * 10

    def work(self, now):
        return self.apdu * 10

    def release(self, now):
        pass

    def serves(self, server):
        return server == 1


def ask(session, data):
    session.receive(data, 0)
    while session.deadline() == 0:
        session.expire(0)
    return session.take_output()


def linked(works=False):
    session = HdlcSession(Echo(works), max_info=512, window=7)
    answer = ask(session, encode(SERVER, CLIENT, SNRM, PARAMETERS))
    assert answer[8] == 0x73
    return session


def test_crc_and_its_check_value():
    assert crc16_x25(b"123456789") == crc16_x25_nibbles(b"123456789") == 0x906E
    assert crc16_x25(b"123456789\x6e\x90") == X25_GOOD


def test_known_frame_is_read_byte_by_byte():
    data = bytes.fromhex("7EA0210002002303939A74818012050180060180070400000001080400000007655E7E")
    receiver = Receiver(128)
    frames = []
    for i in range(len(data)):
        frames += receiver.feed(data[i : i + 1])
    assert [(f.destination, f.source, f.control) for f in frames] == [(b"\x00\x02\x00\x23", b"\x03", 0x93)]
    assert encode(frames[0].destination, frames[0].source, 0x93, frames[0].info) == data


def test_frame_behind_damage_is_found():
    data = encode(SERVER, CLIENT, 0x10, bytes(range(100)))
    receiver = Receiver(128)
    assert receiver.feed(data[:50]) == []
    frames = receiver.feed(data) + receiver.drop()
    assert [f.info for f in frames] == [bytes(range(100))]
    assert receiver.bad == 1


def test_long_answer_comes_in_windows():
    for works in (False, True):
        session = linked(works)
        output = ask(session, encode(SERVER, CLIENT, 0x10, b"\xe6\xe6\x00" + bytes(500)))
        output += ask(session, encode(SERVER, CLIENT, 7 << 5 | RR))
        receiver = Receiver(512)
        infos = [f.info for f in receiver.feed(output)]
        assert [len(info) for info in infos] == [512] * 9 + [395]
        assert b"".join(infos) == b"\xe6\xe7\x00" + bytes(5000)


def test_wrapper_answers_and_closes_at_a_wrong_header():
    session = TcpDlmsSession(Echo(True))
    session.receive(b"\x00\x01\x00\x10\x00\x01\x00\x01a", 0)
    assert session.busy
    session.expire(0)
    assert session.take_output() == b"\x00\x01\x00\x01\x00\x10\x00\x0a" + b"a" * 10
    session.receive(b"GET / HTTP/1.1", 0)
    assert session.closed


def heap_of_an_hdlc_session():
    """With information fields of 512 bytes, windows of 7 frames, and a request of 1,000 bytes half way in."""
    session = linked()
    ask(session, encode(SERVER, CLIENT, 0x10, b"\xe6\xe6\x00" + bytes(490), True))
    session.receive(encode(SERVER, CLIENT, 0x12, bytes(490), True)[:300], 0)
    return session


def heap_of_an_hdlc_session_with_a_window_to_send():
    """The answer has 1,000 bytes; a window of it waits to be taken, after a request of 100 bytes."""
    session = linked()
    session.receive(encode(SERVER, CLIENT, 0x10, b"\xe6\xe6\x00" + bytes(100)), 0)
    return session
