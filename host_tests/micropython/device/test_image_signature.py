"""Whether a signed image is genuine, and which slot runs, on the board's interpreter. Vector: RFC 6979, A.2.5."""

from binascii import unhexlify
from hashlib import sha256

from meter.storage import image, p256
from meter.storage.boot import CONFIRMED, FACTORY, ON_TRIAL, TRIED, Boot
from meter.storage.loader import choose

KEY = unhexlify(
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
)
SIGNATURE = unhexlify(
    "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
)


def test_a_signature_is_verified():
    digest = sha256(b"sample").digest()
    assert p256.verify(KEY, digest, SIGNATURE)
    assert not p256.verify(KEY, sha256(b"Sample").digest(), SIGNATURE)
    assert not p256.verify(KEY, digest, SIGNATURE[:-1] + b"\0")


def test_an_image_of_another_key_and_an_older_one_are_refused():
    data = image.build(b"payload" * 100, "board", "1.2.0", lambda digest: SIGNATURE)
    for options in ({"key": KEY}, {"oldest": "1.10.0"}):
        try:
            image.check(lambda at, count: data[at : at + count], len(data), "board", **options)
        except image.ImageError:
            continue
        raise AssertionError(options)
    assert image.check(lambda at, count: data[at : at + count], len(data), "board").signature == SIGNATURE


class Memory:
    """Two slots in memory, both with the same image."""

    def __init__(self, data):
        self._data = data

    def read(self, slot, at, count):
        return self._data[at : at + count]

    def check(self, slot, size, board):
        return image.check(lambda at, count: self._data[at : at + count], size, board)


def test_an_image_that_did_not_confirm_is_left():
    data = image.build(b"payload", "board", "1.2.0")
    boot = Boot(None)
    boot.start(1, image.read_header(data[:256]).crc, 0)
    assert boot.state == ON_TRIAL
    slot, header = choose(boot, Memory(data), "board", 0)
    assert (slot, header.version, boot.state) == (1, "1.2.0", TRIED)
    slot, header = choose(boot, Memory(data), "board", 0)
    assert (slot, header, boot.state) == (FACTORY, None, CONFIRMED)
