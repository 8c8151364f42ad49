"""Passwords: salted and iterated SHA-256, compared in constant time.

    h(0) = SHA-256(salt | password), h(k) = SHA-256(h(k - 1) | salt); the digest is h(iterations)

The cost. A login is done in one piece, and metering waits meanwhile: on a Pico 2 the converter's ring holds 8 half
cycles, 67 ms, and a collection of garbage may take 25 ms of them. One iteration is one block of SHA-256: 4,000 to
8,000 cycles on an RP2350 at 150 MHz, 27 to 53 us, and some 20 bytecodes and calls, 25 us. These are estimates;
measured on the WebAssembly build of MicroPython: 8.1 us, of them 1.3 us for the block, where an addition in a loop
takes 0.5 us, and 194 bytes of garbage. 400 iterations are 21 to 31 ms and 78 KB of garbage: one collection. The count
is stored with each user, so that a faster board can have more. It slows down guessing by whoever has read the flash;
guessing through a port is stopped by the lockout.
"""

from hashlib import sha256

from meter.compat import const

ITERATIONS = const(400)
SALT = const(16)  # bytes
DIGEST = const(32)
SHORTEST = const(4)  # of a new password, bytes of UTF-8; those of the factory are shorter
LONGEST = const(32)
LONGEST_NAME = const(24)


def digest(password, salt, iterations=ITERATIONS):
    """Return the 32 bytes that are stored for a password. password, salt: bytes."""
    found = sha256(salt + password).digest()
    for _ in range(iterations):
        block = sha256(found)
        block.update(salt)
        found = block.digest()
    return found


def encoded(text, longest):
    """Return a text (str, or bytes of UTF-8) as bytes without control characters; None if it is not that."""
    try:
        if isinstance(text, str):
            data = text.encode()
        elif isinstance(text, (bytes, bytearray)):
            data = bytes(text)
            data.decode()
        else:
            return None
    except UnicodeError:
        return None
    if not 0 < len(data) <= longest or min(data) < 32 or 127 in data:
        return None
    return data
