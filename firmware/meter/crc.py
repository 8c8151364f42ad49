"""Checksums shared by storage and protocols.

crc32 is the IEEE 802.3 one (reflected polynomial 0xEDB88320), the same as zlib's. The interpreter's own C
version is used where it has one; the loop below is for MicroPython builds without it, and has no table
because a table costs 4 KB of RAM there.
"""


def crc32_bitwise(data, value=0):
    """Return the CRC-32 of data, an int of 32 bits. value: the CRC of what came before, 0 at the start."""
    value ^= 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


try:
    from binascii import crc32
except ImportError:
    crc32 = crc32_bitwise


# Nibble by nibble: 16 entries instead of 256, for the same reason. Polynomial 0x8408, as X-25 sends its bits.
_X25 = (
    0x0000, 0x1081, 0x2102, 0x3183, 0x4204, 0x5285, 0x6306, 0x7387,
    0x8408, 0x9489, 0xA50A, 0xB58B, 0xC60C, 0xD68D, 0xE70E, 0xF78F,
)  # fmt: skip
X25_GOOD = 0x0F47  # the CRC of data that ends with its own CRC, low byte first


def crc16_x25_nibbles(data, value=0):
    """Return the CRC-16/X-25 of data, an int of 16 bits. value: the CRC of what came before, 0 at the start."""
    table = _X25
    value ^= 0xFFFF
    for byte in data:
        value ^= byte
        value = value >> 4 ^ table[value & 15]
        value = value >> 4 ^ table[value & 15]
    return value ^ 0xFFFF


try:
    from binascii import crc_hqx
except ImportError:
    crc16_x25 = crc16_x25_nibbles
else:
    # crc_hqx is the same CRC with the bits of every byte, and of the result, the other way round.
    _MIRRORED = bytes([int("{:08b}".format(byte)[::-1], 2) for byte in range(256)])

    def crc16_x25(data, value=0):
        """Return the CRC-16/X-25 of data, an int of 16 bits. value: the CRC of what came before, 0 at the start."""
        mirrored = _MIRRORED
        value ^= 0xFFFF
        value = crc_hqx(data.translate(mirrored), mirrored[value & 255] << 8 | mirrored[value >> 8])
        return (mirrored[value & 255] << 8 | mirrored[value >> 8]) ^ 0xFFFF
