"""The other side of the transports, for their tests: frames by an independent codec, a conversation, a client.

Nothing here uses the firmware's codec: the CRC is bit by bit from the polynomial, a frame is put together and taken
apart from the drawing in the standard. EchoConversation stands where the real one does; LossyClient is a primary
station that loses, repeats and damages frames.
"""

import random

FLAG = b"\x7e"
SNRM, DISC, UA, DM, FRMR, UI = 0x93, 0x53, 0x73, 0x1F, 0x97, 0x13  # with their P/F bit
CLIENT, SERVER = b"\x21", b"\x02\x03"  # client 16; logical device 1 of physical device 1
COMMAND, RESPONSE = bytes.fromhex("E6E600"), bytes.fromhex("E6E700")


def crc(data):
    """CRC-16/X-25, bit by bit: reflected 0x1021, all ones before and after. Two bytes, low one first."""
    value = 0xFFFF
    for byte in data:
        for bit in range(8):
            value = (value >> 1) ^ (0x8408 if (value ^ byte >> bit) & 1 else 0)
    return (value ^ 0xFFFF).to_bytes(2, "little")


def frame(control, info=b"", destination=SERVER, source=CLIENT, segmented=False):
    """A frame to the server."""
    header = destination + source + bytes((control,))
    length = 2 + len(header) + 2 + (len(info) + 2 if info else 0)
    header = (0xA000 | segmented << 11 | length).to_bytes(2, "big") + header
    checked = header + crc(header)
    return FLAG + (checked + info + crc(checked + info) if info else checked) + FLAG


def information(ns, nr, info, poll=True, segmented=False, **addresses):
    """An I frame to the server."""
    return frame(nr << 5 | poll << 4 | ns << 1, info, segmented=segmented, **addresses)


def ready(nr, poll=True, **addresses):
    """An RR frame to the server."""
    return frame(nr << 5 | poll << 4 | 1, **addresses)


def parse(data, client=CLIENT):
    """Take the server's output apart: a list of (control, info, segmented). Asserts that every byte is right."""
    frames = []
    while data:
        assert data[:1] == FLAG
        length = int.from_bytes(data[1:3], "big") & 0x7FF
        assert data[1] & 0xF0 == 0xA0
        body, end, data = data[1 : 1 + length], data[1 + length : 2 + length], data[2 + length :]
        assert end == FLAG and crc(body[:-2]) == body[-2:]
        assert body[2 : 2 + len(client)] == client
        at = 2 + len(client)
        while not body[at] & 1:
            at += 1
        at += 1
        info = body[at + 3 : -2]
        if len(body) > at + 3:
            assert crc(body[: at + 1]) == body[at + 1 : at + 3] and info
        frames.append((body[at], info, bool(body[0] & 0x08)))
    return frames


def parameters(transmit, receive, window_transmit=1, window_receive=1):
    """The information of an SNRM, lengths and windows as the client sees them."""
    body = b"".join(
        bytes((i, 1, n)) if n < 256 else bytes((i, 2)) + n.to_bytes(2, "big")
        for i, n in ((5, transmit), (6, receive))
    )
    body += (
        bytes((7, 4)) + window_transmit.to_bytes(4, "big") + bytes((8, 4)) + window_receive.to_bytes(4, "big")
    )
    return b"\x81\x80" + bytes((len(body),)) + body


class EchoConversation:
    """Answers every APDU with the same bytes the other way round, after some slices of work.

    APDUs that begin with "-" have no answer. One that begins with "*" is answered by 100 of itself.
    heard: (client, server, apdu) of each. released: how often.
    """

    def __init__(self, max_pdu=1024, slices=0):
        self.max_pdu = max_pdu
        self.slices = slices
        self.heard = []
        self.released = 0
        self.peer = ""
        self._left = None

    def receive(self, client, server, apdu, now):
        assert self._left is None, "an APDU was handed in while another is worked on"
        assert isinstance(apdu, bytes)
        self.heard.append((client, server, apdu))
        if not self.slices:
            return self._answer()
        self._left = self.slices
        return None

    def work(self, now):
        assert self._left, "there is no work"
        self._left -= 1
        if self._left:
            return None
        self._left = None
        return self._answer()

    def release(self, now):
        self.released += 1
        self._left = None

    def serves(self, server):
        return server == 1

    def _answer(self):
        apdu = self.heard[-1][2]
        if apdu[:1] == b"-":
            return b""
        return apdu * 100 if apdu[:1] == b"*" else apdu[::-1]


class LossyClient:
    """A primary station over a bad line: it sends APDUs one by one, and must get every answer exactly once.

    session: the server. line(data): what arrives of what was sent, a list of pieces; both directions go through it.
    It follows the rules: it polls, and when nothing final comes back in time it polls again.
    """

    def __init__(self, session, line, info=128, window=1):
        self.session, self.line = session, line
        self.now = 0
        self.info, self.window = info, window
        self.send_state = self.receive_state = 0
        self.polls = 0

    def connect(self, information):
        """SNRM until a UA comes."""
        for _ in range(100):
            if any(control == UA for control, _, _ in self.exchange(frame(SNRM, information))):
                self.send_state = self.receive_state = 0
                return
        raise AssertionError("no UA")

    def request(self, apdu):
        """Send an APDU, and return the answer."""
        data = COMMAND + apdu
        segments = [data[i : i + self.info] for i in range(0, len(data), self.info)]
        answer, first = b"", self.send_state
        done = False
        for _ in range(2000):
            acknowledged = self.send_state - first & 7
            for control, info, segmented in self.exchange(self.window_of(segments, acknowledged)):
                assert control != DM and control != FRMR, hex(control)
                nr = control >> 5
                step = nr - self.send_state & 7
                assert step <= min(self.window, len(segments)), "it acknowledges what was not sent"
                del segments[:step]
                self.send_state = first = nr
                if not control & 1 and control >> 1 & 7 == self.receive_state:
                    self.receive_state = self.receive_state + 1 & 7
                    assert len(info) <= self.info
                    answer += info
                    done = not segmented
            if done:
                assert not segments
                assert answer[:3] == RESPONSE
                return answer[3:]
        raise AssertionError("no answer")

    def window_of(self, segments, acknowledged):
        """The frames of one turn: the last of them polls."""
        count = min(self.window, len(segments))
        if not count:
            return ready(self.receive_state)
        return b"".join(
            information(
                self.send_state + i & 7,
                self.receive_state,
                segments[i],
                i == count - 1,
                i < len(segments) - 1,
            )
            for i in range(count)
        )

    def exchange(self, data):
        """Send bytes, let the server go on, and return the frames that arrive whole."""
        self.polls += 1
        for piece in self.line(data):
            self.session.receive(piece, self.now)
        output = self.session.take_output()
        self.now += 2000  # longer than an inter-frame time-out
        for _ in range(50):
            deadline = self.session.deadline()
            if deadline is None or deadline > self.now:
                break
            self.session.expire(self.now)
            output += self.session.take_output()
        assert not self.session.closed
        return list(self.whole_frames(b"".join(self.line(output))))

    def whole_frames(self, data):
        """What a receiver finds in a damaged stream, by trying at every flag."""
        at = 0
        while at < len(data):
            length = int.from_bytes(data[at + 1 : at + 3], "big") & 0x7FF
            try:
                frames = parse(data[at : at + length + 2])
            except (AssertionError, IndexError):
                at += 1
                continue
            yield from frames
            at += length + 2


class BadLine:
    """Loses, damages and repeats frames, by a seed. Frames are what is between flags: nothing the server relies on."""

    def __init__(self, seed, loss):
        self.random = random.Random(seed)
        self.loss = loss

    def __call__(self, data):
        at = 0
        pieces = []
        while at < len(data):
            length = int.from_bytes(data[at + 1 : at + 3], "big") & 0x7FF
            pieces += self.fate(data[at : at + length + 2])
            at += length + 2
        return pieces

    def fate(self, one):
        """What becomes of a frame."""
        chance = self.random.random()
        if chance >= self.loss:
            return [one]
        kind = self.random.randrange(5)
        spot = self.random.randrange(len(one))
        if kind == 0:
            return []
        if kind == 1:
            return [one, one]
        if kind == 2:
            return [one[:spot]]
        if kind == 3:
            return [one[:spot] + bytes((one[spot] ^ 1 << self.random.randrange(8),)) + one[spot + 1 :]]
        return [bytes(self.random.randrange(256) for _ in range(spot)), one]
