"""A firmware image: the file that is made for a board, and how it is checked. SPEC.md draws the bytes.

An image is cut into pieces of 256 bytes. Piece 0 is the header; then come the pieces of the table, a CRC-32 for each
piece of the payload, and the payload. So whoever has received a damaged image knows which pieces are wrong, and an
image block of DLMS (class 18) is a piece. What the payload is is the board's business: its boot loader takes it.
"""

import struct
from hashlib import sha256

from meter.compat import const
from meter.crc import crc32
from meter.storage.p256 import verify

MAGIC = b"FRRSIMG1"
VERSION = const(2)
PIECE = const(256)
# magic, version, bytes of a piece, length of the payload, CRC-32 of the payload, CRC-32 of the table; board;
# firmware version; identity of the firmware that it changes; type and length of the signature, signature
HEADER = "<8sHHIII20s20s8sHH64s"
_CRC_AT = const(252)  # of the header, before the CRC of all before
NAME = const(20)  # bytes of board and firmware version
SIGNATURE = const(64)
UNSIGNED, ECDSA_P256 = const(0), const(1)  # types of signature
WHOLE = b"\0" * 8  # in the place of an identity: the image changes nothing else, it is complete
_SIGNED = const(72)  # bytes of the header that a signature covers, beside the payload


class ImageError(Exception):
    """It is no image that this meter can take. The message is one line.

    pieces: numbers of the pieces that are damaged; () if the image is sound but not for this meter.
    """

    def __init__(self, message, pieces=()):
        super().__init__(message)
        self.pieces = pieces


class Header:
    """What a header says. board, version: texts. length: bytes of the payload. crc: its CRC-32.

    changes     identity of the frozen firmware of which it holds what has changed, 8 bytes; WHOLE if it is complete
    pieces      of the whole image
    first       number of the payload's first piece
    size        bytes of the whole image
    """

    def __init__(
        self, length, crc, table_crc, board, version, changes=WHOLE, signature_type=UNSIGNED, signature=b""
    ):
        self.length, self.crc, self.table_crc = length, crc, table_crc
        self.board, self.version, self.changes = board, version, changes
        self.signature_type, self.signature = signature_type, signature
        self.first, self.pieces, self.size = shape(length)

    def pack(self):
        """Return the header: one piece."""
        head = struct.pack(
            HEADER, MAGIC, VERSION, PIECE, self.length, self.crc, self.table_crc,
            self.board.encode(), self.version.encode(), self.changes,
            self.signature_type, len(self.signature), self.signature,
        )  # fmt: skip
        head += bytes(_CRC_AT - len(head))
        return head + struct.pack("<I", crc32(head))


def shape(length):
    """Return (first piece of the payload, pieces, bytes) of an image with a payload of this length."""
    of_payload = (length + PIECE - 1) // PIECE
    first = 1 + (4 * of_payload + PIECE - 1) // PIECE
    return first, first + of_payload, first * PIECE + length


def build(payload, board, version, sign=None, changes=WHOLE):
    """Return the image of a payload, bytes. board, version: ASCII texts. ValueError if they are too long.

    changes: as in Header.

    sign(digest)    returns the signature, 64 bytes, of a SHA-256 digest; None: an image without one
    """
    for text in (board, version):
        if not 0 < len(text.encode()) <= NAME:
            raise ValueError("%s: 1 to %d bytes" % (text, NAME))
    if not payload:
        raise ValueError("there is no payload")
    view = memoryview(payload)
    table = b"".join([struct.pack("<I", crc32(view[at : at + PIECE])) for at in range(0, len(view), PIECE)])
    header = Header(len(view), crc32(view), crc32(table), board, version, changes)
    if sign:
        header.signature_type = ECDSA_P256
        header.signature = sign(digest(header.pack(), sha256(view).digest()))
    room = (header.first - 1) * PIECE
    return header.pack() + table + bytes(room - len(table)) + bytes(view)


def read_header(piece):
    """Return the Header of an image's first piece, bytes. ImageError."""
    if len(piece) < PIECE or bytes(piece[:8]) != MAGIC:
        raise ImageError("it does not begin with %s" % MAGIC.decode(), (0,))
    if struct.unpack_from("<I", piece, _CRC_AT)[0] != crc32(memoryview(piece)[:_CRC_AT]):
        raise ImageError("its header is damaged", (0,))
    fields = struct.unpack_from(HEADER, piece)
    _, version, size, length, crc, table_crc, board, firmware, changes, kind, signed, signature = fields
    if version != VERSION or size != PIECE:
        raise ImageError("it has format %d, this meter knows %d" % (version, VERSION))
    if (kind, signed) not in ((UNSIGNED, 0), (ECDSA_P256, SIGNATURE)):
        raise ImageError("it has a signature of type %d and %d bytes" % (kind, signed))
    if not length:
        raise ImageError("it has no payload")
    return Header(length, crc, table_crc, _text(board), _text(firmware), changes, kind, signature[:signed])


def digest(piece, payload):
    """Return what is signed. piece: the header. payload: SHA-256 of the payload, 32 bytes."""
    return sha256(bytes(piece[:_SIGNED]) + payload).digest()


def check(read, size, board, key=None, oldest=None, flashed=WHOLE):
    """Return the Header of a sound image for a board. ImageError, with the damaged pieces.

    read(at, count): returns bytes of the image. size: bytes that there are.
    key: public key (see p256) whose signature it must have; None: any image is taken, signed or not.
    oldest: version before which an image is refused; None: any is taken.
    flashed: identity of the firmware that the board was flashed with, which an image may change; WHOLE: of none.
    """
    header = read_header(read(0, PIECE))
    if header.size != size:
        raise ImageError("it has %d bytes, its header says %d" % (size, header.size))
    if header.board != board:
        raise ImageError("it is for the board %s, this is %s" % (header.board, board))
    if header.changes not in (WHOLE, flashed):
        raise ImageError(
            "it changes the firmware %s, this board was flashed with %s"
            % (_hex(header.changes), _hex(flashed))
        )
    if key and header.signature_type != ECDSA_P256:
        raise ImageError("it is not signed, and this meter takes signed ones only")
    if oldest and numbers(header.version) < numbers(oldest):
        raise ImageError("its version %s is older than %s, which runs" % (header.version, oldest))
    count = header.pieces - header.first
    if _crc(read, PIECE, 4 * count) != header.table_crc:
        raise ImageError("its table is damaged", tuple(range(1, header.first)))
    bad = []
    for k in range(count):
        at = (header.first + k) * PIECE
        found = crc32(read(at, min(PIECE, size - at)))
        if found != struct.unpack("<I", read(PIECE + 4 * k, 4))[0]:
            bad.append(header.first + k)
    if bad:
        raise ImageError("%d of its %d pieces are damaged" % (len(bad), header.pieces), tuple(bad))
    if _crc(read, header.first * PIECE, header.length) != header.crc:
        raise ImageError(
            "its payload does not have the CRC that its header says", tuple(range(header.pieces))
        )
    if key and not verify(key, _digest(read, header), header.signature):
        raise ImageError("its signature is not the maker's")
    return header


def _digest(read, header):
    payload, at = sha256(), header.first * PIECE
    for first in range(at, header.size, PIECE):
        payload.update(read(first, min(PIECE, header.size - first)))
    return digest(read(0, PIECE), payload.digest())


def numbers(version):
    """Return a version, text such as 1.12.0-rc1, as what compares: its numbers, a pre-release before its release."""
    core, _, early = version.partition("-")
    parts = [int(part) if part.isdigit() else 0 for part in core.split(".")]
    return tuple(parts + [0] * (4 - len(parts))), not early, early


def _crc(read, at, length):
    crc, end = 0, at + length
    while at < end:
        crc = crc32(read(at, min(PIECE, end - at)), crc)
        at += PIECE
    return crc


def _hex(identity):
    return "".join(["%02x" % byte for byte in identity]) if identity != WHOLE else "another"


def _text(data):
    """Return a padded name as a text; what is not ASCII as question marks."""
    return "".join([chr(byte) if 32 <= byte < 127 else "?" for byte in bytes(data).rstrip(b"\0")])
