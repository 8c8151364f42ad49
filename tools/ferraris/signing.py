"""Signing firmware images: ECDSA on P-256 with SHA-256, deterministic (RFC 6979). Verifying is in the firmware.

A key file holds the private number as 64 hexadecimal digits; its permissions keep others out. This is no constant-time
code: sign where nobody can measure it.
"""

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from meter.storage import p256

from ferraris.errors import UsageError


def new_key(path: str) -> bytes:
    """Write a new private key, readable by its owner alone; return the public one. UsageError if the file exists."""
    number = secrets.randbelow(p256.N - 1) + 1
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"{path}: exists; a key is never overwritten") from error
    with os.fdopen(fd, "w") as file:
        file.write(f"{number:064x}\n")
    return public_key(number)


def read_key(path: str) -> int:
    """Return a private key. UsageError if the file holds none."""
    try:
        number = int(Path(path).read_text(encoding="ascii"), 16)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: no private key of 64 hexadecimal digits") from error
    if not 0 < number < p256.N:
        raise UsageError(f"{path}: no private key of P-256")
    return number


def public_key(private: int) -> bytes:
    """Return the public key: x and y, 64 bytes."""
    point = p256.multiply_sum(private, 0, p256.G)
    assert point is not None
    return _bytes(point[0]) + _bytes(point[1])


def sign(private: int, digest: bytes) -> bytes:
    """Return the signature of a SHA-256 digest: r and s, 64 bytes."""
    hashed = int.from_bytes(digest, "big") % p256.N
    for k in _candidates(private, hashed):
        point = p256.multiply_sum(k, 0, p256.G)
        assert point is not None
        r = point[0] % p256.N
        s = pow(k, -1, p256.N) * (hashed + r * private) % p256.N
        if r and s:
            return _bytes(r) + _bytes(s)
    raise AssertionError("unreachable")


def _candidates(private: int, hashed: int):  # type: ignore[no-untyped-def]
    """Yield the numbers k of RFC 6979, 3.2."""
    secret = _bytes(private) + _bytes(hashed)
    value, key = b"\x01" * 32, b"\0" * 32
    for separator in (b"\0", b"\1"):
        key = hmac.digest(key, value + separator + secret, sha256)  # type: ignore[arg-type]
        value = hmac.digest(key, value, sha256)  # type: ignore[arg-type]
    while True:
        value = hmac.digest(key, value, sha256)  # type: ignore[arg-type]
        k = int.from_bytes(value, "big")
        if 0 < k < p256.N:
            yield k
        key = hmac.digest(key, value + b"\0", sha256)  # type: ignore[arg-type]
        value = hmac.digest(key, value, sha256)  # type: ignore[arg-type]


def _bytes(number: int) -> bytes:
    return number.to_bytes(32, "big")
