"""From the bytes of the ring to samples: the one place where every byte of the converter is touched.

A frame in the ring has 32 bytes: the ADS131M08's 30 as they came over the wire (see hal.ads131m08), and 2 that the
PIO has added, its count of frames, downwards, so that a frame that was overwritten is seen.

    | status | 3 bytes a channel, 8 channels | CRC, 2 bytes | 0 | count, 2 bytes |

Plain Python takes some 60 ms for the 8 ms of a half cycle on a board, the processor's own instructions less than one
(docs/real-time.md). So the loop is there twice, and the tests hold both against each other.
"""

from array import array

from meter.hal.ads131m08 import crc_table

FRAME = 32  # bytes in the ring


class Unpacker:
    """Turns frames of a ring into samples, natively where the interpreter can. It allocates nothing after its making.

    ring        bytearray. columns: bytes, where in a frame each wanted channel begins
    out         array of int32: the samples of the frame before the first, then room for those of a block
    """

    def __init__(self, ring, columns, out):
        self._plain = (ring, columns, out)
        self._native = self._table = None
        try:
            from meter.hal.rp2.frames_thumb import unpack
        except (ImportError, ValueError):  # no assembler here, or instructions of another processor
            self._table = crc_table()
            return
        from uctypes import addressof

        self._native = unpack
        self._columns = columns  # keeps them where they are
        self._table = array("I", [crc << 16 for crc in crc_table()])
        start, width = addressof(columns), len(columns)
        self._ring, self._out, self._step = addressof(ring), addressof(out), 4 * width
        self._words = array("I", [0, 0, 0, addressof(self._table), start, start + width, 0, 0, 0, 0])

    def run(self, at, count, number):
        """Unpack `count` frames (1 to 511) from `at`, bytes; see unpack_plain()."""
        if self._native is None:
            ring, columns, out = self._plain
            return unpack_plain(ring, at, count, number, self._table, columns, len(columns), out)
        words = self._words
        words[0], words[1], words[2] = self._ring + at, count, number & 0xFFFF
        words[6], words[7] = self._out + self._step, self._out
        words[8] = words[9] = 0
        return self._native(words)


def unpack_plain(ring, at, count, number, table, columns, width, out):
    """Turn frames into samples. Allocates nothing.

    ring        bytes; the frames lie in a row from `at`
    count       frames, 1 to 511
    number      the count of the first frame (its lower 16 bits), one less in each that follows
    table       ads131m08.crc_table()
    columns     bytes: where in a frame each wanted channel begins
    width       how many are wanted
    out         array of int32: `width` samples of the frame before the first, then room for count * width

    A frame with a wrong CRC gets the samples of the frame before it. Returns -1 if a frame has another count: it was
    overwritten. Else status << 9 | bad: `status` is the OR of the good frames' status words, their lower byte
    inverted (so that 0 is as it should be), `bad` the number of frames with a wrong CRC.
    """
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
        at += FRAME
        count -= 1
    return status << 9 | bad
