"""The AES key wrap with its default initial value (RFC 3394): how a key travels under the master key.

A key of n times 8 bytes becomes 8 bytes longer. Whoever lacks the master key can neither read it nor make one.
"""

from meter.aes import BLOCK, KEY, Aes, same

WRAPPED = KEY + 8  # bytes, of a key of AES-128
_INITIAL = b"\xa6" * 8


def wrap(master, key):
    """Return a key (a multiple of 8 bytes, 16 at least) wrapped under the master key. ValueError for other lengths."""
    _check(key, BLOCK)
    aes, first, parts = Aes(master), _INITIAL, _halves(key)
    for step in range(6 * len(parts)):
        block = aes.encrypt(first + parts[step % len(parts)])
        first, parts[step % len(parts)] = _stepped(block, step), block[8:]
    return first + b"".join(parts)


def unwrap(master, wrapped):
    """Return the key that was wrapped, or None if it was not wrapped under this key. ValueError for its length."""
    _check(wrapped, BLOCK + 8)
    aes, first, parts = Aes(master), bytes(wrapped[:8]), _halves(wrapped[8:])
    for step in range(6 * len(parts) - 1, -1, -1):
        block = aes.decrypt(_stepped(first, step) + parts[step % len(parts)])
        first, parts[step % len(parts)] = block[:8], block[8:]
    return b"".join(parts) if same(first, _INITIAL) else None


def _stepped(data, step):
    """Return the first 8 bytes XORed with the number of the step, from 1: it fits into the last two of them."""
    number = step + 1
    return bytes(data[:6]) + bytes((data[6] ^ number >> 8, data[7] ^ number & 0xFF))


def _halves(data):
    return [bytes(data[at : at + 8]) for at in range(0, len(data), 8)]


def _check(data, shortest):
    if len(data) < shortest or len(data) % 8 or len(data) > 4096:
        raise ValueError("a multiple of 8 bytes from %d to 4096" % shortest)
