"""Signed images: the curve against the vectors of RFC 6979, what is refused, and older versions."""

from hashlib import sha256

import pytest
from ferraris import signing
from meter.storage import image, p256
from meter.storage.image import PIECE, ImageError

# RFC 6979, A.2.5: P-256, SHA-256
PRIVATE = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
PUBLIC = bytes.fromhex(
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
)
VECTORS = (
    (
        b"sample",
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    ),
    (
        b"test",
        "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
        "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
    ),
)


@pytest.mark.parametrize("message, signature", VECTORS)
def test_the_vectors_of_rfc_6979_are_made_and_verified(message, signature):
    digest, expected = sha256(message).digest(), bytes.fromhex(signature)
    assert signing.public_key(PRIVATE) == PUBLIC
    assert signing.sign(PRIVATE, digest) == expected
    assert p256.verify(PUBLIC, digest, expected)


@pytest.mark.parametrize("place", (0, 31, 32, 63))
def test_a_changed_signature_key_or_message_is_not_genuine(place):
    digest, signature = sha256(b"sample").digest(), bytes.fromhex(VECTORS[0][1])

    def changed(data):
        return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]

    assert not p256.verify(PUBLIC, digest, changed(signature))
    assert not p256.verify(changed(PUBLIC), digest, signature)
    assert not p256.verify(PUBLIC, sha256(b"samplf").digest(), signature)


ZERO, ORDER = bytes(32), p256.N.to_bytes(32, "big")


@pytest.mark.parametrize(
    "signature",
    (
        b"",
        bytes(63),
        bytes(64),
        bytes(65),
        ZERO + b"\1" * 32,
        b"\1" * 32 + ZERO,
        ORDER * 2,
        ORDER + b"\1" * 32,
    ),
)
def test_signatures_out_of_range_are_not_genuine(signature):
    assert not p256.verify(PUBLIC, sha256(b"sample").digest(), signature)


def test_keys_that_are_no_point_of_the_curve_are_refused():
    digest, signature = sha256(b"sample").digest(), bytes.fromhex(VECTORS[0][1])
    for key in (bytes(64), b"\xff" * 64, PUBLIC[32:] + PUBLIC[:32], PUBLIC[:63]):
        assert not p256.verify(key, digest, signature)


def test_it_agrees_with_another_implementation():
    """OpenSSL by `cryptography`, where that is installed."""
    ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import utils

    for seed in range(6):
        private = int.from_bytes(sha256(b"key %d" % seed).digest(), "big") % p256.N
        theirs, message = ec.derive_private_key(private, ec.SECP256R1()), b"image %d" % seed
        numbers = theirs.public_key().public_numbers()
        assert signing.public_key(private) == numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        r, s = utils.decode_dss_signature(theirs.sign(message, ec.ECDSA(hashes.SHA256())))
        their_signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        digest = sha256(message).digest()
        assert p256.verify(signing.public_key(private), digest, their_signature)
        ours = signing.sign(private, digest)
        encoded = utils.encode_dss_signature(
            int.from_bytes(ours[:32], "big"), int.from_bytes(ours[32:], "big")
        )
        theirs.public_key().verify(encoded, message, ec.ECDSA(hashes.SHA256()))


def made(payload=b"payload" * 100, board="board", version="1.2.0", private=PRIVATE):
    return image.build(payload, board, version, private and (lambda digest: signing.sign(private, digest)))


def check(data, board="board", **options):
    return image.check(lambda at, count: data[at : at + count], len(data), board, **options)


def test_a_signed_image_is_taken_with_and_without_the_key():
    header = check(made(), key=PUBLIC)
    assert header.signature_type == image.ECDSA_P256 and len(header.signature) == 64
    assert check(made()).version == "1.2.0"


@pytest.mark.parametrize(
    "data",
    [
        made(private=None),
        made(private=PRIVATE + 1),
    ],
    ids=("unsigned", "of another key"),
)
def test_an_image_that_is_not_signed_by_the_maker_is_refused(data):
    with pytest.raises(ImageError, match="sign"):
        check(data, key=PUBLIC)
    check(data)


def forged(change):
    """Return an image whose CRCs are right and whose signature was made before the change."""
    data = bytearray(made())
    header = image.read_header(data[:PIECE])
    payload = bytes(data[header.first * PIECE :])
    other = image.build(*change(payload, header))
    new = bytearray(other)
    new[64:132] = data[64:132]
    new[252:256] = image.crc32(new[:252]).to_bytes(4, "little")
    return bytes(new)


@pytest.mark.parametrize(
    "change",
    [
        lambda payload, header: (b"P" + payload[1:], header.board, header.version),
        lambda payload, header: (payload + b"more", header.board, header.version),
        lambda payload, header: (payload, header.board, "9.9.9"),
    ],
    ids=("payload", "length", "version"),
)
def test_a_signature_covers_payload_and_version(change):
    data = forged(change)
    check(data)  # nothing but the signature is wrong
    with pytest.raises(ImageError, match="not the maker's"):
        check(data, key=PUBLIC)


def test_older_versions_are_refused_and_the_same_is_not():
    with pytest.raises(ImageError, match="older than 1.10.0"):
        check(made(), oldest="1.10.0")
    for oldest in ("1.2.0", "1.1.9", "0.12", "1.2.0-rc1"):
        check(made(), oldest=oldest)
    with pytest.raises(ImageError, match="older"):
        check(made(version="1.2.0-rc1"), oldest="1.2.0")


def test_other_types_of_signature_are_refused():
    data = bytearray(made())
    for kind, length in ((2, 64), (1, 63), (0, 64), (1, 0)):
        data[72:76] = kind.to_bytes(2, "little") + length.to_bytes(2, "little")
        data[252:256] = image.crc32(data[:252]).to_bytes(4, "little")
        with pytest.raises(ImageError, match="signature of type"):
            check(bytes(data))


def test_a_key_is_written_for_its_owner_alone_and_never_over_another(tmp_path):
    path = str(tmp_path / "image.key")
    public = signing.new_key(path)
    assert signing.public_key(signing.read_key(path)) == public
    assert (tmp_path / "image.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(signing.UsageError, match="exists"):
        signing.new_key(path)
    (tmp_path / "bad").write_text("zz")
    for name in ("bad", "none"):
        with pytest.raises(signing.UsageError):
            signing.read_key(str(tmp_path / name))
