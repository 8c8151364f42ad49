"""The link of a secondary station: HDLC in normal response mode (IEC 62056-46, 6; Green Book, 8; ISO/IEC 13239).

    client                                server            state after it
    SNRM [parameters]             -->                       (NDM)
                                  <--     UA parameters     NRM
    I  LLC, APDU or a segment     -->
                                  <--     I or RR           the answer's window, or more is wanted
    RR                            -->
                                  <--     I or RR           from N(R) on: lost frames go out again
    DISC                          -->
                                  <--     UA                NDM

The client polls (P), and the last frame of what we send is final (F): nothing goes out between. A poll is answered
with the window that begins at its N(R), so a lost answer and a lost poll are mended the same way: the client polls
again. What the standard leaves to us:

  - One link at a time. SNRM from another client, or for another logical device, ends the link that is there; every
    other command of a client without a link is answered DM, and the link of the one who has it goes on.
  - SNRM parameters that cannot be read are taken as absent: the UA says what is in force.
  - An I frame out of sequence, or a new request before the whole answer has been acknowledged, is not taken; the poll
    in it is answered. An N(R) of what was not sent, too much information and unknown commands are answered FRMR, again
    and again until SNRM or DISC.
  - Of a request that is longer than the conversation takes, one byte too many is handed on: it says so itself.
  - While the conversation works every poll waits for the one answer.
  - UI frames need no link. One that polls is answered by a UI frame if there is an answer that fits into one. None
    that goes to all stations is answered, and no other command may go to all stations.
  - A destination address of one byte has no physical device: it is ours.
"""

import struct

from meter.compat import const
from meter.protocols.dlms.hdlc_frame import (
    CLIENT_ALL_STATION,
    DISC,
    DM,
    FRMR,
    LONGEST_INFO,
    NO_STATION,
    POLL,
    RNR,
    RR,
    SNRM,
    UA,
    UI,
    encode,
    numbers,
)

DEFAULT_INFO = const(128)
DEFAULT_WINDOW = const(1)
LARGEST_WINDOW = const(7)
_SMALLEST_INFO = const(32)

MANAGEMENT = const(1)  # the logical device that hears what is for all of them

LLC_COMMAND = b"\xe6\xe6\x00"
LLC_RESPONSE = b"\xe6\xe7\x00"
_LLC = const(3)

# Reasons of a FRMR.
_W_UNKNOWN = const(1)
_X_NO_INFO_ALLOWED = const(3)  # always together with W
_Y_INFO_TOO_LONG = const(4)
_Z_WRONG_NR = const(8)

# Parameters in SNRM and UA: format identifier, group identifier, length, then identifier, length, value of each.
_GROUP = b"\x81\x80"
_INFO_TRANSMIT, _INFO_RECEIVE, _WINDOW_TRANSMIT, _WINDOW_RECEIVE = const(5), const(6), const(7), const(8)


def read_parameters(info):
    """Return the client's (transmit info, receive info, transmit window, receive window) of the SNRM's information.

    Defaults where they are absent or no value; all defaults where the groups are malformed.
    """
    found = {}
    if not _read_groups(info, found):
        found = {}
    infos = [found.get(i, 0) for i in (_INFO_TRANSMIT, _INFO_RECEIVE)]
    windows = [found.get(i, 0) for i in (_WINDOW_TRANSMIT, _WINDOW_RECEIVE)]
    return tuple(
        [min(n, LONGEST_INFO) if n >= _SMALLEST_INFO else DEFAULT_INFO for n in infos]
        + [min(n, LARGEST_WINDOW) if n else DEFAULT_WINDOW for n in windows]
    )


def _read_groups(info, found):
    """Put the parameters of the HDLC group into found. Return False if the information is malformed."""
    if not info:
        return True
    if info[0] != _GROUP[0]:
        return False
    at = 1
    while at < len(info):  # other groups are somebody else's
        if at + 2 > len(info) or at + 2 + info[at + 1] > len(info):
            return False
        group = info[at + 2 : at + 2 + info[at + 1]]
        if info[at] == _GROUP[1] and not _read_group(group, found):
            return False
        at += 2 + len(group)
    return True


def _read_group(group, found):
    """Put the parameters of a group into found. Return False if it is malformed."""
    at = 0
    while at < len(group):
        if at + 2 > len(group) or at + 2 + group[at + 1] > len(group):
            return False
        value = group[at + 2 : at + 2 + group[at + 1]]
        found[group[at]] = int.from_bytes(value[-4:], "big")
        at += 2 + len(value)
    return True


def write_parameters(transmit, receive, window_transmit, window_receive):
    """Return the information of a UA: the four parameters in force, as the server sees them."""
    body = b""
    for identifier, value in ((_INFO_TRANSMIT, transmit), (_INFO_RECEIVE, receive)):
        body += (
            struct.pack(">BBB", identifier, 1, value)
            if value < 256
            else struct.pack(">BBH", identifier, 2, value)
        )
    body += struct.pack(">BBIBBI", _WINDOW_TRANSMIT, 4, window_transmit, _WINDOW_RECEIVE, 4, window_receive)
    return _GROUP + bytes((len(body),)) + body


class Link:
    """The link of one station, and the conversation on it.

    unit: the physical address. max_info, window: the most it sends and takes. calling: True if only one client can be
    at the other end, so that the address of the calling physical device is ours as well.
    connected: True in NRM. bad: APDUs dropped because of their LLC header. working: work() is to be called.
    """

    def __init__(self, conversation, unit, max_info, window, calling=False):
        self.connected = False
        self.working = False
        self.bad = 0
        self._conversation = conversation
        self._unit = unit
        self._max_info, self._max_window = max_info, window
        self._calling = calling
        self._heard_without_link = False
        self._reset()

    @property
    def in_use(self):
        """True while there is something to release: a link, or an APDU that came without one."""
        return self.connected or self._heard_without_link

    def handle(self, frame, now):
        """Take a Frame. Return the frames to send, bytes; None if it is not for us."""
        place = self._place(frame.destination)
        client = frame.source[0] >> 1
        if place is None or len(frame.source) != 1 or client == NO_STATION or client == CLIENT_ALL_STATION:
            return None
        server, to_all = place
        kind, poll = frame.control & ~POLL, frame.control & POLL
        if kind == UI:
            return self._unnumbered_information(frame, client, server, poll and not to_all, now)
        if to_all or kind in (UA, DM, FRMR):  # responses: somebody else's, or an echo
            return None
        mine = self.connected and client == self._client and server == self._server
        if kind == SNRM:
            return self._connect(frame, client, server, now) if poll else b""
        if not mine:
            return encode(frame.source, frame.destination, DM | POLL) if poll else b""
        self._destination = frame.destination
        if kind == DISC:
            return self._disconnect(now) if poll else b""
        return self._numbered(frame, poll, now)

    def work(self, now):
        """The conversation goes on. Return the frames to send, bytes. now: ms."""
        result = self._conversation.work(now)
        if result is None:
            return b""
        self.working = False
        if self._unconfirmed is not None:
            (destination, source, poll), self._unconfirmed = self._unconfirmed, None
            reply = self._unnumbered_answer(destination, source, poll, result)
            return reply + self._respond(0)
        self._answer = result
        return self._respond(0)

    def drop(self, now):
        """The link is over: the client is silent or has gone. now: ms."""
        if self.in_use:
            self._conversation.release(now)
        self.connected = self._heard_without_link = False
        self._reset()

    # Addresses

    def _place(self, address):
        """Return (logical device, whether for all stations) of a destination that is ours, or None."""
        upper, lower = numbers(address)
        every = 0x3FFF if len(address) == 4 else 0x7F
        to_all = upper == every or lower == every
        here = (
            lower is None or lower == every or lower == self._unit or (self._calling and lower == every - 1)
        )
        if not here or upper == NO_STATION or lower == NO_STATION:
            return None
        if upper == every:
            return MANAGEMENT, True
        return (upper, to_all) if self._conversation.serves(upper) else None

    # Mode changes

    def _reset(self):
        """Begin counting, with nothing under way."""
        self._client = self._server = 0
        self._source = self._destination = b""
        self._receive_state = 0  # V(R)
        self._acknowledged = 0  # N(S) of the first frame that is not acknowledged
        self._sent = 0  # frames sent from there on
        self._segment = 0  # which segment of the answer that frame is
        self._answer = b""  # APDU to send, b"" if there is none
        self._request = bytearray()  # segments of the APDU that arrives
        self._polled = False  # a poll waits for its response
        self._rejection = b""  # information of the FRMR while the client must reset the link
        self._unconfirmed = None  # addresses and poll of the UI frame that is worked on
        self.working = False
        self._transmit = self._receive = DEFAULT_INFO
        self._window = DEFAULT_WINDOW

    def _connect(self, frame, client, server, now):
        """SNRM: begin a link, whatever was before."""
        self.drop(now)
        self._client, self._server = client, server
        self._source, self._destination = frame.source, frame.destination
        sends, takes, window_sends, window_takes = read_parameters(frame.info or b"")
        self._transmit, self._receive = min(takes, self._max_info), min(sends, self._max_info)
        self._window = min(window_takes, self._max_window)
        self.connected = True
        window_receive = min(window_sends, self._max_window)
        return self._frame(
            UA | POLL, write_parameters(self._transmit, self._receive, self._window, window_receive)
        )

    def _disconnect(self, now):
        reply = self._frame(UA | POLL)
        self.drop(now)
        return reply

    # Information transfer

    def _numbered(self, frame, poll, now):
        """Take an I, RR or RNR frame, or what should be one."""
        control, is_information = frame.control, not frame.control & 1
        if self._rejection:
            return self._frame(FRMR | POLL, self._rejection) if poll else b""
        if not is_information and control & 0x0F not in (RR, RNR):
            return self._reject(control, _W_UNKNOWN, poll)
        if not is_information and frame.info != b"":
            return self._reject(control, _X_NO_INFO_ALLOWED, poll)
        if frame.info is None or len(frame.info) > self._receive:
            return self._reject(control, _Y_INFO_TOO_LONG, poll)
        if not self._acknowledge(control >> 5):
            return self._reject(control, _Z_WRONG_NR, poll)
        if (
            is_information
            and control >> 1 & 7 == self._receive_state
            and not self._answer
            and not self.working
        ):
            self._take(frame, now)
        if control & 0x0F == RNR and not is_information and not self.working:
            return self._ready() if poll else b""
        return self._respond(poll)

    def _acknowledge(self, expected):
        """The client expects the frame with this N(S). Return False if we have sent none before it."""
        count = expected - self._acknowledged & 7
        if count > self._sent:
            return False
        self._acknowledged = expected
        self._sent -= count
        self._segment += count
        if self._answer and self._segment * self._transmit >= _LLC + len(self._answer):
            self._answer = b""
        return True

    def _take(self, frame, now):
        """Take the information of the frame that is next, and serve the request that it completes."""
        self._receive_state = self._receive_state + 1 & 7
        request = frame.info
        if frame.segmented or self._request:
            room = self._conversation.max_pdu + _LLC + 1 - len(self._request)
            self._request.extend(request[:room])
            if frame.segmented:
                return
            request, self._request = bytes(self._request), bytearray()
        result = self._hand_in(request, self._client, self._server, now)
        self.working = result is None
        self._answer, self._segment = result or b"", 0

    def _hand_in(self, request, client, server, now):
        """Hand an APDU to the conversation; one without the LLC header is dropped. Return its result."""
        if request[:_LLC] != LLC_COMMAND:
            self.bad += 1
            return b""
        return self._conversation.receive(client, server, request[_LLC:], now)

    def _respond(self, poll):
        """Return what answers the poll, or one that has waited; b"" if there is none or it has to wait."""
        self._polled = self._polled or bool(poll)
        if not self._polled or self.working:
            return b""
        self._polled = False
        return self._send_window() if self._answer else self._ready()

    def _send_window(self):
        """Return the I frames from the first that is not acknowledged on."""
        total = _LLC + len(self._answer)
        left = (total + self._transmit - 1) // self._transmit - self._segment
        self._sent = count = min(self._window, left)
        frames = []
        for i in range(count):
            control = self._receive_state << 5 | (self._acknowledged + i & 7) << 1
            control |= POLL if i == count - 1 else 0
            frames.append(self._frame(control, self._piece(self._segment + i), i < left - 1))
        return frames[0] if count == 1 else b"".join(frames)

    def _piece(self, segment):
        """Return a segment of the answer with its LLC header."""
        first = segment * self._transmit - _LLC
        if segment:
            return self._answer[first : first + self._transmit]
        return LLC_RESPONSE + self._answer[: first + self._transmit]

    def _ready(self):
        return self._frame(self._receive_state << 5 | RR | POLL)

    def _reject(self, control, reason, poll):
        """From here on every poll is answered FRMR until the client resets the link."""
        state = self._receive_state << 5 | (self._acknowledged + self._sent & 7) << 1
        self._rejection = bytes((control, state, reason))
        self._polled = False
        return self._frame(FRMR | POLL, self._rejection) if poll else b""

    def _frame(self, control, info=b"", segmented=False):
        """Return a frame to the client of the link, from the address by which it last called us."""
        return encode(self._source, self._destination, control, info, segmented)

    # Unnumbered information

    def _unnumbered_information(self, frame, client, server, poll, now):
        """Take a UI frame. While the conversation works, or if it is too long, it is dropped, as any UI may be."""
        result = b""
        if (
            not self.working
            and frame.info is not None
            and len(frame.info) <= self._conversation.max_pdu + _LLC
        ):
            self._heard_without_link = True
            result = self._hand_in(frame.info, client, server, now)
        if result is None:
            self._unconfirmed = (frame.destination, frame.source, poll)
            self.working = True
            return b""
        return self._unnumbered_answer(frame.destination, frame.source, poll, result)

    def _unnumbered_answer(self, destination, source, poll, answer):
        """Return the response to a UI frame; b"" if it has not polled."""
        if not poll:
            return b""
        if answer and _LLC + len(answer) <= self._transmit:
            return encode(source, destination, UI | POLL, LLC_RESPONSE + answer)
        if self.connected and source == self._source:
            return self._ready()
        return encode(source, destination, DM | POLL)
