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
