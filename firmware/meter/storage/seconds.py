"""The state of each second in an Nvram: two slots, written in turn, so that one is always whole.

A slot names the checkpoint on the flash that it followed, by entry number and CRC. So it is known whether it is newer
than the newest checkpoint, and whether it belongs to this flash at all. SPEC.md draws the bytes, DESIGN.md gives the
reasons.
"""

from struct import pack_into, unpack_from

from meter.compat import const
from meter.crc import crc32

MAGIC = b"Sec1"
LEAD = "<4sIIIIH"  # magic, sequence, time, checkpoint's entry, its CRC-32, length of the state
LEAD_SIZE = const(22)
CRC_SIZE = const(4)
SLOTS = const(2)


class Seconds:
    """The two slots in the whole of an Nvram.

    largest  the longest state, bytes
    """

    def __init__(self, nvram):
        self._nvram = nvram
        self._slot_size = nvram.size // SLOTS
        self.largest = min(self._slot_size - LEAD_SIZE - CRC_SIZE, 0xFFFF)
        if self.largest < 1:
            raise ValueError("%d bytes are too few for the state of a second" % nvram.size)
        self._sequence = 0
        for slot in range(SLOTS):
            found = self._read(slot)
            if found:
                self._sequence = max(self._sequence, found[0])

    def save(self, state, time, checkpoint):
        """Store a state that follows `checkpoint` (entry, CRC) over the older of the two slots."""
        length = len(state)
        data = bytearray(LEAD_SIZE + length + CRC_SIZE)
        sequence = self._sequence + 1
        pack_into(LEAD, data, 0, MAGIC, sequence, time, checkpoint[0], checkpoint[1], length)
        data[LEAD_SIZE : LEAD_SIZE + length] = state
        pack_into("<I", data, LEAD_SIZE + length, crc32(memoryview(data)[: LEAD_SIZE + length]))
        self._nvram.write(sequence % SLOTS * self._slot_size, data)
        self._sequence = sequence

    def load(self, checkpoint, following):
        """Return (time, state) of the newest whole slot that is newer than the checkpoint, or None.

        checkpoint: (entry, CRC) of the newest readable one on the flash; (0, 0) if there is none.
        following: the entry number that the next checkpoint gets. A slot that names an entry from there on, or this
        one with another CRC, is of another flash.
        """
        newest = None
        for slot in range(SLOTS):
            found = self._read(slot)
            if not found or not checkpoint[0] <= found[2] < max(following, 1):
                continue
            if found[2] == checkpoint[0] and found[3] != checkpoint[1]:
                continue
            if not newest or found[0] > newest[0]:
                newest = found
        return (newest[1], newest[4]) if newest else None

    def _read(self, slot):
        """Return (sequence, time, checkpoint's entry, its CRC, state) of a slot, or None if it is not whole."""
        start = slot * self._slot_size
        lead = bytearray(LEAD_SIZE)
        self._nvram.read(start, lead)
        magic, sequence, time, entry, crc, length = unpack_from(LEAD, lead)
        if magic != MAGIC or length > self.largest:
            return None
        rest = bytearray(length + CRC_SIZE)
        self._nvram.read(start + LEAD_SIZE, rest)
        state = bytes(rest[:length])
        if unpack_from("<I", rest, length)[0] != crc32(state, crc32(lead)):
            return None
        return sequence, time, entry, crc, state
