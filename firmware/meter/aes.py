"""The seam to AES-128 (FIPS 197), and the comparison of what is secret. Whole blocks of 16 bytes, each by itself (ECB):
the modes are built on it (protocols/dlms/gcm.py).

Aes is the first of these that there is: the C code of a board (cryptolib), the package `cryptography` of a host, the
Python below. Each has encrypt(blocks) and decrypt(blocks), of any number of blocks at once; ValueError for a key or for
blocks of another length. On a Pico 2 the Python takes some milliseconds a block (estimate): it is for builds without
cryptolib, and the tests' reference.
"""

KEY = 16  # bytes
BLOCK = 16

# The S-box and its inverse, FIPS 197 figures 7 and 14.
SBOX = (
    b"\x63\x7c\x77\x7b\xf2\x6b\x6f\xc5\x30\x01\x67\x2b\xfe\xd7\xab\x76"
    b"\xca\x82\xc9\x7d\xfa\x59\x47\xf0\xad\xd4\xa2\xaf\x9c\xa4\x72\xc0"
    b"\xb7\xfd\x93\x26\x36\x3f\xf7\xcc\x34\xa5\xe5\xf1\x71\xd8\x31\x15"
    b"\x04\xc7\x23\xc3\x18\x96\x05\x9a\x07\x12\x80\xe2\xeb\x27\xb2\x75"
    b"\x09\x83\x2c\x1a\x1b\x6e\x5a\xa0\x52\x3b\xd6\xb3\x29\xe3\x2f\x84"
    b"\x53\xd1\x00\xed\x20\xfc\xb1\x5b\x6a\xcb\xbe\x39\x4a\x4c\x58\xcf"
    b"\xd0\xef\xaa\xfb\x43\x4d\x33\x85\x45\xf9\x02\x7f\x50\x3c\x9f\xa8"
    b"\x51\xa3\x40\x8f\x92\x9d\x38\xf5\xbc\xb6\xda\x21\x10\xff\xf3\xd2"
    b"\xcd\x0c\x13\xec\x5f\x97\x44\x17\xc4\xa7\x7e\x3d\x64\x5d\x19\x73"
    b"\x60\x81\x4f\xdc\x22\x2a\x90\x88\x46\xee\xb8\x14\xde\x5e\x0b\xdb"
    b"\xe0\x32\x3a\x0a\x49\x06\x24\x5c\xc2\xd3\xac\x62\x91\x95\xe4\x79"
    b"\xe7\xc8\x37\x6d\x8d\xd5\x4e\xa9\x6c\x56\xf4\xea\x65\x7a\xae\x08"
    b"\xba\x78\x25\x2e\x1c\xa6\xb4\xc6\xe8\xdd\x74\x1f\x4b\xbd\x8b\x8a"
    b"\x70\x3e\xb5\x66\x48\x03\xf6\x0e\x61\x35\x57\xb9\x86\xc1\x1d\x9e"
    b"\xe1\xf8\x98\x11\x69\xd9\x8e\x94\x9b\x1e\x87\xe9\xce\x55\x28\xdf"
    b"\x8c\xa1\x89\x0d\xbf\xe6\x42\x68\x41\x99\x2d\x0f\xb0\x54\xbb\x16"
)
INVERSE = (
    b"\x52\x09\x6a\xd5\x30\x36\xa5\x38\xbf\x40\xa3\x9e\x81\xf3\xd7\xfb"
    b"\x7c\xe3\x39\x82\x9b\x2f\xff\x87\x34\x8e\x43\x44\xc4\xde\xe9\xcb"
    b"\x54\x7b\x94\x32\xa6\xc2\x23\x3d\xee\x4c\x95\x0b\x42\xfa\xc3\x4e"
    b"\x08\x2e\xa1\x66\x28\xd9\x24\xb2\x76\x5b\xa2\x49\x6d\x8b\xd1\x25"
    b"\x72\xf8\xf6\x64\x86\x68\x98\x16\xd4\xa4\x5c\xcc\x5d\x65\xb6\x92"
    b"\x6c\x70\x48\x50\xfd\xed\xb9\xda\x5e\x15\x46\x57\xa7\x8d\x9d\x84"
    b"\x90\xd8\xab\x00\x8c\xbc\xd3\x0a\xf7\xe4\x58\x05\xb8\xb3\x45\x06"
    b"\xd0\x2c\x1e\x8f\xca\x3f\x0f\x02\xc1\xaf\xbd\x03\x01\x13\x8a\x6b"
    b"\x3a\x91\x11\x41\x4f\x67\xdc\xea\x97\xf2\xcf\xce\xf0\xb4\xe6\x73"
    b"\x96\xac\x74\x22\xe7\xad\x35\x85\xe2\xf9\x37\xe8\x1c\x75\xdf\x6e"
    b"\x47\xf1\x1a\x71\x1d\x29\xc5\x89\x6f\xb7\x62\x0e\xaa\x18\xbe\x1b"
    b"\xfc\x56\x3e\x4b\xc6\xd2\x79\x20\x9a\xdb\xc0\xfe\x78\xcd\x5a\xf4"
    b"\x1f\xdd\xa8\x33\x88\x07\xc7\x31\xb1\x12\x10\x59\x27\x80\xec\x5f"
    b"\x60\x51\x7f\xa9\x19\xb5\x4a\x0d\x2d\xe5\x7a\x9f\x93\xc9\x9c\xef"
    b"\xa0\xe0\x3b\x4d\xae\x2a\xf5\xb0\xc8\xeb\xbb\x3c\x83\x53\x99\x61"
    b"\x17\x2b\x04\x7e\xba\x77\xd6\x26\xe1\x69\x14\x63\x55\x21\x0c\x7d"
)


def same(found, expected):
    """Return True if two byte strings are equal. Every byte is looked at, whatever the first ones are."""
    difference = len(found) ^ len(expected)
    for a, b in zip(found, expected):
        difference |= a ^ b
    return difference == 0


def _check_key(key):
    if len(key) != KEY:
        raise ValueError("a key of AES-128 has 16 bytes")


def _check_blocks(blocks):
    if len(blocks) % BLOCK:
        raise ValueError("whole blocks of 16 bytes")


def _doubled(byte):
    """Return twice an element of GF(2**8), FIPS 197 section 4.2.1."""
    return (byte << 1 ^ (0x1B if byte & 0x80 else 0)) & 0xFF


class PythonAes:
    """AES-128 in Python. key: 16 bytes."""

    def __init__(self, key):
        _check_key(key)
        self._keys = _expanded(key)

    def encrypt(self, blocks):
        """Return the blocks enciphered."""
        return self._each(blocks, self._encrypt)

    def decrypt(self, blocks):
        """Return the blocks deciphered."""
        return self._each(blocks, self._decrypt)

    def _each(self, blocks, function):
        _check_blocks(blocks)
        out = bytearray(len(blocks))
        for at in range(0, len(blocks), BLOCK):
            out[at : at + BLOCK] = function(blocks[at : at + BLOCK])
        return bytes(out)

    def _encrypt(self, block):
        keys = self._keys
        state = _added(block, keys, 0)
        for first in range(16, 160, 16):
            # Byte 4c + r of the state is row r of column c: row r is turned left by r columns.
            state = _mixed([SBOX[state[(k + 4 * (k & 3)) & 15]] for k in range(16)])
            state = _added(state, keys, first)
        return bytes(_added([SBOX[state[(k + 4 * (k & 3)) & 15]] for k in range(16)], keys, 160))

    def _decrypt(self, block):
        keys = self._keys
        state = _added(block, keys, 160)
        for first in range(144, 0, -16):
            state = [INVERSE[state[(k - 4 * (k & 3)) & 15]] for k in range(16)]
            state = _unmixed(_added(state, keys, first))
        return bytes(_added([INVERSE[state[(k - 4 * (k & 3)) & 15]] for k in range(16)], keys, 0))


def _expanded(key):
    """Return the eleven round keys, 176 bytes (FIPS 197, section 5.2)."""
    keys, constant = bytearray(key), 1
    for at in range(16, 176, 4):
        word = list(keys[at - 4 : at])
        if at % 16 == 0:
            word = [SBOX[word[1]] ^ constant, SBOX[word[2]], SBOX[word[3]], SBOX[word[0]]]
            constant = _doubled(constant)
        for k in range(4):
            keys.append(keys[at - 16 + k] ^ word[k])
    return bytes(keys)


def _added(state, keys, first):
    return [state[k] ^ keys[first + k] for k in range(16)]


def _mixed(state):
    """MixColumns (FIPS 197, section 5.1.3)."""
    out = []
    for at in range(0, 16, 4):
        a, b, c, d = state[at : at + 4]
        every = a ^ b ^ c ^ d
        out.append(a ^ every ^ _doubled(a ^ b))
        out.append(b ^ every ^ _doubled(b ^ c))
        out.append(c ^ every ^ _doubled(c ^ d))
        out.append(d ^ every ^ _doubled(d ^ a))
    return out


def _unmixed(state):
    """InvMixColumns (FIPS 197, section 5.3.3): what MixColumns leaves to do after four times the columns' halves."""
    out = []
    for at in range(0, 16, 4):
        a, b, c, d = state[at : at + 4]
        even, odd = _doubled(_doubled(a ^ c)), _doubled(_doubled(b ^ d))
        out += (a ^ even, b ^ odd, c ^ even, d ^ odd)
    return _mixed(out)


def of_cryptolib(cipher):
    """Return the class over cryptolib.aes: `cipher(key, 1)` is ECB, and each object goes one way only."""

    class CryptolibAes:
        """AES-128 by the board's C code. key: 16 bytes."""

        def __init__(self, key):
            _check_key(key)
            self._key, self._forth, self._back = bytes(key), None, None

        def encrypt(self, blocks):
            """Return the blocks enciphered."""
            _check_blocks(blocks)
            if self._forth is None:
                self._forth = cipher(self._key, 1)
            return self._forth.encrypt(blocks)

        def decrypt(self, blocks):
            """Return the blocks deciphered."""
            _check_blocks(blocks)
            if self._back is None:
                self._back = cipher(self._key, 1)
            return self._back.decrypt(blocks)

    return CryptolibAes


def of_cryptography(ciphers):
    """Return the class over a host's cryptography.hazmat.primitives.ciphers."""

    class HostAes:
        """AES-128 by the host's library. key: 16 bytes."""

        def __init__(self, key):
            _check_key(key)
            self._cipher = ciphers.Cipher(ciphers.algorithms.AES(bytes(key)), ciphers.modes.ECB())
            self._forth = self._cipher.encryptor()

        def encrypt(self, blocks):
            """Return the blocks enciphered."""
            _check_blocks(blocks)
            return self._forth.update(bytes(blocks))

        def decrypt(self, blocks):
            """Return the blocks deciphered."""
            _check_blocks(blocks)
            return self._cipher.decryptor().update(bytes(blocks))

    return HostAes


try:
    from cryptolib import aes

    Aes = of_cryptolib(aes)
except ImportError:
    try:
        from cryptography.hazmat.primitives import ciphers

        Aes = of_cryptography(ciphers)
    except ImportError:
        Aes = PythonAes
