"""Frames of HDLC, format type 3: bytes to Frame and back (IEC 62056-46, 6.4; DLMS UA 1000-2 "Green Book", 8.4).

    | 7E | A x | length | destination | source | control | HCS   | information | FCS   | 7E |
      1    1     1        1, 2 or 4     1, 2, 4  1         2       0 to 2030     2       1

    format     1010 S LLL LLLL LLLL   S: more segments of this APDU follow; L: bytes between the flags
    address    the last byte of each has bit 0 set, the others have not
               server:  upper (logical device) [lower (physical device)], 7 bits each in 1 or 2 bytes,
                        14 bits each in 4 bytes;  client: one byte
    HCS, FCS   CRC-16/X-25, low byte first, over all that follows the flag; no HCS without information

    control    N(R) 3 bits, P/F, N(S) 3 bits, 0       I
               N(R)         P/F  0 0 0 1              RR
               N(R)         P/F  0 1 0 1              RNR
               1 0 0        P    0 0 1 1              SNRM
               0 1 0        P    0 0 1 1              DISC
               0 1 1        F    0 0 1 1              UA
               0 0 0        F    1 1 1 1              DM
               1 0 0        F    0 1 1 1              FRMR
               0 0 0        P/F  0 0 1 1              UI

The length delimits a frame, so any byte may stand inside it: there is no transparency. Two frames may share a flag.
"""

from collections import namedtuple

from meter.compat import const
from meter.crc import X25_GOOD, crc16_x25

POLL = const(0x10)  # the P/F bit
RR, RNR = const(0x01), const(0x05)
SNRM, DISC, UI = const(0x83), const(0x43), const(0x03)
UA, DM, FRMR = const(0x63), const(0x0F), const(0x87)

NO_STATION = const(0)
CLIENT_ALL_STATION = const(0x7F)

LONGEST_INFO = const(2030)
AROUND = const(17)  # what a frame has beside its information, at most, flags and all

_FLAG = const(0x7E)
_FORMAT_TYPE = const(0xA0)
_SEGMENTATION = const(0x08)
_SHORTEST = const(7)
_HEADER = const(14)  # flag to HCS, at most
_WITHOUT_INFO = const(15)  # a whole frame without information, at most

# destination, source: address bytes as they are on the line. control: int. segmented: bool. info: bytes; b"" if
# there is none; None if it is longer than the receiver holds.
Frame = namedtuple("Frame", ("destination", "source", "control", "segmented", "info"))


def encode(destination, source, control, info=b"", segmented=False):
    """Return a frame with both flags. destination, source, info: bytes. control: int with its P/F bit."""
    size = 5 + len(destination) + len(source) + (len(info) + 2 if info else 0)
    form = _FORMAT_TYPE | (_SEGMENTATION if segmented else 0) | size >> 8
    head = bytes((form, size & 0xFF)) + destination + source + bytes((control,))
    check = crc16_x25(head)
    tail = bytes((check & 0xFF, check >> 8, _FLAG))
    if info:
        check = crc16_x25(info, X25_GOOD)
        tail = tail[:2] + info + bytes((check & 0xFF, check >> 8, _FLAG))
    return b"\x7e" + head + tail


def numbers(address):
    """Return (upper, lower) of a server's address; lower is None in one byte. address: bytes."""
    if len(address) == 1:
        return address[0] >> 1, None
    if len(address) == 2:
        return address[0] >> 1, address[1] >> 1
    return (address[0] >> 1) << 7 | address[1] >> 1, (address[2] >> 1) << 7 | address[3] >> 1


def _size(frame):
    """Return the length in the format field. frame: bytes after the flag."""
    return (frame[0] & 7) << 8 | frame[1]


def _address_end(frame, first):
    """Return where the address that begins at `first` ends, or None if it has not 1, 2 or 4 bytes."""
    for count in (1, 2, 3, 4):
        if first + count > len(frame):
            return None
        if frame[first + count - 1] & 1:
            return None if count == 3 else first + count
    return None


def _addresses(frame):
    """Return the ends of destination and source, or None. frame: bytes after the flag."""
    middle = _address_end(frame, 2)
    end = None if middle is None else _address_end(frame, middle)
    return None if end is None else (middle, end)


def decode(frame):
    """Return the Frame of the bytes between two flags, or None if they are damaged. Their length is the frame's."""
    ends = _addresses(frame)
    if ends is None:
        return None
    middle, end = ends
    info, check = b"", frame
    if len(frame) != end + 3:
        if len(frame) < end + 5 or crc16_x25(frame[: end + 3]) != X25_GOOD:
            return None
        check = frame[end + 3 :]
        info = check[:-2]
    if crc16_x25(check, 0 if check is frame else X25_GOOD) != X25_GOOD:
        return None
    return Frame(frame[2:middle], frame[middle:end], frame[end], bool(frame[0] & _SEGMENTATION), info)


class Receiver:
    """Finds frames in the bytes that arrive. Holds one frame at most, and looks again behind the flag of a bad one.

    bad: stretches of damage and noise so far, an int. max_info: the longest information field held.
    """

    def __init__(self, max_info):
        self.bad = 0
        self._in_damage = False
        self._buffer = bytearray(max_info + AROUND)
        self._have = 0  # bytes in the buffer: 0 while there is no flag
        self._need = 0  # bytes that the next check wants
        self._total = 0  # bytes of the frame, flags and all, once its format is known
        self._skip = 0  # bytes to come of a frame that is too long to hold
        self._check = 0  # CRC of it so far

    def partial(self):
        """Return True while a frame has begun and not ended."""
        return self._have > 1

    def feed(self, data):
        """Take bytes. Return a list of the Frames they complete."""
        frames = []
        data = bytes(data)
        while data:
            data = self._take(data, frames)
        return frames

    def drop(self):
        """The frame that has begun will not end. Return a list of the Frames that were behind its flag."""
        frames = []
        while self._have > 1:
            data = self._damaged(b"")
            while data:
                data = self._take(data, frames)
        return frames

    def _take(self, data, frames):
        """Take the first bytes of data, and return the rest."""
        if self._skip:
            return self._pass_over(data, frames)
        if not self._have:
            return self._hunt(data)
        if self._have == 1:
            data = data.lstrip(b"\x7e")  # flags between frames
            frame = self._whole(data)
            if frame is not None:
                self._found(frame, frames)
                return data[_size(data) + 1 :]
        count = min(len(data), self._need - self._have)
        self._buffer[self._have : self._have + count] = data[:count]
        self._have += count
        if self._have < self._need:
            return b""
        rest = data[count:]
        return rest if self._step(frames) else self._damaged(rest)

    def _whole(self, data):
        """Return the Frame at the beginning of data if all of it is there and good: the usual case, without a copy."""
        if len(data) <= _SHORTEST or data[0] & 0xF0 != _FORMAT_TYPE:
            return None
        size = _size(data)
        if len(data) <= size or size + 2 > len(self._buffer) or data[size] != _FLAG:
            return None
        return decode(data[:size])

    def _hunt(self, data):
        """Look for a flag. What is before it is noise."""
        flag = data.find(b"\x7e")
        if flag:
            self._note_damage()
        if flag < 0:
            return b""
        self._begin()
        return data[flag + 1 :]

    def _begin(self):
        """A flag is there: it opens a frame, whether or not it has closed one."""
        self._buffer[0] = _FLAG
        self._have, self._need, self._total, self._skip = 1, 3, 0, 0

    def _step(self, frames):
        """As many bytes are there as were needed: look at them. Return False if they are damaged."""
        if not self._total:
            return self._read_format()
        if self._need < self._total:
            return self._read_header()
        frame = (
            decode(bytes(self._buffer[1 : self._total - 1]))
            if self._buffer[self._total - 1] == _FLAG
            else None
        )
        if frame is None:
            return False
        self._found(frame, frames)
        return True

    def _read_format(self):
        """Check the format field, and see how long the frame is."""
        size = _size(self._buffer[1:3])
        if self._buffer[1] & 0xF0 != _FORMAT_TYPE or size < _SHORTEST:
            return False
        self._total = size + 2
        self._need = self._total if self._total <= _WITHOUT_INFO else _HEADER
        return True

    def _read_header(self):
        """Check the header of a frame with information before its length is relied on."""
        header = bytes(self._buffer[1:_HEADER])
        ends = _addresses(header)
        if ends is None or crc16_x25(header[: ends[1] + 3]) != X25_GOOD:
            return False
        self._need = self._total
        if self._total > len(self._buffer):
            self._skip, self._check = self._total - _HEADER, crc16_x25(header)
        return True

    def _pass_over(self, data, frames):
        """Take bytes of a frame that is too long to hold: its end is looked at, and its header handed on."""
        part, rest = data[: self._skip], data[self._skip :]
        self._skip -= len(part)
        if self._skip:
            self._check = crc16_x25(part, self._check)
            return rest
        if part[-1] != _FLAG or crc16_x25(part[:-1], self._check) != X25_GOOD:
            self._note_damage()
            self._have = 0
            return rest
        middle, end = _addresses(bytes(self._buffer[1:_HEADER]))
        head = bytes(self._buffer[1 : end + 2])
        segmented = bool(head[0] & _SEGMENTATION)
        self._found(Frame(head[2:middle], head[middle:end], head[end], segmented, None), frames)
        return rest

    def _found(self, frame, frames):
        frames.append(frame)
        self._in_damage = False
        self._begin()

    def _damaged(self, rest):
        """Give the frame up. Return what was behind its flag, and rest, to be looked at again."""
        self._note_damage()
        held = b"" if self._skip else bytes(self._buffer[1 : self._have])
        self._have = self._skip = 0
        return held + rest

    def _note_damage(self):
        """Count a stretch of damage once, however many flags are in it."""
        if not self._in_damage:
            self._in_damage = True
            self.bad += 1
