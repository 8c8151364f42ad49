"""AES-GCM with a tag of 12 bytes and an initialisation vector of 12 (NIST SP 800-38D; IEC 62056-5-3, suite 0).

GHASH multiplies in GF(2**128), whose elements are ints here, the coefficient of x**0 in the highest of 128 bits: to
multiply by x**8 is to shift right by 8. A block is multiplied byte by byte with two tables of 16 products of the hash
key, one for each half of the byte, into 248 bits that are reduced once. Measured: 11 ms for 64 KB on a host. On
MicroPython a block makes some 60 ints, 3 KB of garbage; tables for whole bytes would save a third of it, and
cost 8 KB for each key.
"""

from struct import pack

from meter.aes import BLOCK, Aes, same
from meter.compat import const

TAG = const(12)
IV = const(12)
_CHUNK = const(1024)  # bytes enciphered at once: it bounds what a long APDU needs besides itself
_ALL = (1 << 128) - 1


class Gcm:
    """AES-GCM under one key, 16 bytes."""

    def __init__(self, key):
        self._aes = Aes(key)
        self._high, self._low = _tables(int.from_bytes(self._aes.encrypt(bytes(BLOCK)), "big"))

    def cipher(self, iv, data):
        """Return data enciphered; the same deciphers it. iv: 12 bytes, never used twice with a key."""
        out = bytearray(len(data))
        for at in range(0, len(data), _CHUNK):
            part = data[at : at + _CHUNK]
            first = 2 + at // BLOCK
            counters = [iv + pack(">I", first + k) for k in range((len(part) + BLOCK - 1) // BLOCK)]
            stream = self._aes.encrypt(b"".join(counters))[: len(part)]
            mixed = int.from_bytes(stream, "big") ^ int.from_bytes(part, "big")
            out[at : at + len(part)] = mixed.to_bytes(len(part), "big")
        return bytes(out)

    def tag(self, iv, header, data=b""):
        """Return the 12 bytes that authenticate a header (sent in the clear, or known) and enciphered data."""
        hashed = self._hash(self._hash(0, header), data)
        hashed = self._times(hashed ^ len(header) << 67 ^ len(data) << 3)
        first = int.from_bytes(self._aes.encrypt(iv + b"\x00\x00\x00\x01"), "big")
        return (hashed ^ first).to_bytes(BLOCK, "big")[:TAG]

    def is_genuine(self, tag, iv, header, data=b""):
        """Return True if the tag is that of header and data. Compared in constant time."""
        return same(tag, self.tag(iv, header, data))

    def _hash(self, hashed, data):
        """Return GHASH so far, gone on with data that is filled up with zeros to whole blocks."""
        for at in range(0, len(data), BLOCK):
            block = data[at : at + BLOCK]
            hashed ^= int.from_bytes(block, "big") << 8 * (BLOCK - len(block))
            hashed = self._times(hashed)
        return hashed

    def _times(self, element):
        """Return the product with the hash key."""
        high, low, product = self._high, self._low, 0
        for byte in element.to_bytes(BLOCK, "big"):
            product = product << 8 ^ high[byte >> 4] ^ low[byte & 15]
        # Below bit 120 are the powers from x**128 on: x**128 = 1 + x + x**2 + x**7, twice, for x**7 overflows again.
        product <<= 8
        over = (product & _ALL) << 128
        over ^= over >> 1 ^ over >> 2 ^ over >> 7
        last = over & _ALL
        return product >> 128 ^ over >> 128 ^ last ^ last >> 1 ^ last >> 2 ^ last >> 7


def _tables(key):
    """Return the products of the hash key with each high half of a byte, and with each low half."""
    low_key = key
    for _ in range(4):
        low_key = _times_x(low_key)
    return _products(key), _products(low_key)


def _products(key):
    """Return the products of an element with the 16 sums of 1, x, x**2, x**3; the bit of 1 is the highest of four."""
    powers = [key]
    for _ in range(3):
        powers.append(_times_x(powers[-1]))
    table = []
    for bits in range(16):
        product = 0
        for k in range(4):
            if bits >> (3 - k) & 1:
                product ^= powers[k]
        table.append(product)
    return tuple(table)


def _times_x(element):
    return element >> 1 ^ (0xE1 << 120 if element & 1 else 0)
