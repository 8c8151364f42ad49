"""frames.unpack() in native code: the same lines, with types. See frames for what it does.

It is a module of its own since an interpreter without native code (or an image for another processor) refuses it
as a whole. `mpy-cross -march=armv7emsp` (RP2350) or `-march=armv6m` (RP2040) compiles it.
"""

import micropython


@micropython.viper
def unpack(
    ring: ptr8, at: int, count: int, number: int, table: ptr16, columns: ptr8, width: int, out: ptr32
) -> int:
    """See frames.unpack."""
    bad = 0
    status = 0
    into = width
    while count > 0:
        if ring[at + 30] << 8 | ring[at + 31] != number & 0xFFFF:
            return -1
        value = 0xFFFF
        k = at
        while k < at + 27:
            value = (value << 8 & 0xFFFF) ^ table[value >> 8 ^ ring[k]]
            k += 1
        if value == ring[k] << 8 | ring[k + 1]:
            status |= ring[at] << 8 | (ring[at + 1] ^ 0xFF)
            k = 0
            while k < width:
                place = at + columns[k]
                value = ring[place] << 16 | ring[place + 1] << 8 | ring[place + 2]
                out[into] = value - (value << 1 & 0x1000000)
                into += 1
                k += 1
        else:
            bad += 1
            k = 0
            while k < width:
                out[into] = out[into - width]
                into += 1
                k += 1
        number -= 1
        at += 32
        count -= 1
    return status << 9 | bad
