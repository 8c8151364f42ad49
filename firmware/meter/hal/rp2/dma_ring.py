"""A ring in memory that DMA fills for ever, whatever the processor does: not even an interrupt is needed to go on.

Two channels. One carries a stretch of the ring and then starts the other; that one writes the address of the next
stretch into the first one's registers, which starts it again. It takes the addresses from a table, and its own
wrap-around of the read address makes the table endless. So the ring fills on while flash is erased (45 ms, with
interrupts off) or the heap is collected (10 to 25 ms). RP2350 data sheet, 12.6.5 (chaining) and 12.6.2 (wrapping).
"""

from array import array

import rp2
from uctypes import addressof

from meter.compat import const

STRETCHES = const(16)  # a power of two: the table wraps by its address bits
_TABLE_BITS = const(6)  # of STRETCHES addresses of 4 bytes
_WRITE_ADDRESS_TRIGGER = const(11)  # of a channel's registers: AL2_WRITE_ADDR_TRIG, 0x2C


class DmaRing:
    """STRETCHES * stretch transfers of `size` bytes from one place, which paces them.

    source      what is read: a StateMachine, or the address of a FIFO
    request     number of the DMA request that paces it (RP2350 data sheet, 12.6.4.1)
    stretch     transfers to a stretch
    size        bytes a transfer: 1, 2 or 4
    swapped     True: the bytes of each transfer are reversed on the way

    memory      the ring, a bytearray
    """

    def __init__(self, source, request, stretch, size=4, swapped=False):
        length = stretch * size
        self.memory = bytearray(STRETCHES * length)
        self._source, self._stretch = source, stretch
        # The wrap-around needs a table that is aligned to its size; the heap aligns to 16 bytes only.
        self._room = array("I", [0] * (2 * STRETCHES))
        spare = -addressof(self._room) % (1 << _TABLE_BITS) // 4
        self._base = addressof(self.memory)
        for k in range(STRETCHES):
            # The carrier's first stretch is begun by hand: the table goes on with the second.
            self._room[spare + k] = self._base + (k + 1) % STRETCHES * length
        self._table = memoryview(self._room)[spare : spare + STRETCHES]
        self._carrier, self._feeder = rp2.DMA(), rp2.DMA()
        self._carry = self._carrier.pack_ctrl(
            inc_read=False,
            size=(1, 2, 4).index(size),
            bswap=swapped,
            treq_sel=request,
            chain_to=self._feeder.channel,
            high_pri=True,
        )
        self._feed = self._feeder.pack_ctrl(inc_write=False, ring_size=_TABLE_BITS, ring_sel=False)

    def clear_last(self, size):
        """Zero the last bytes of the ring, before a start: what was there is not to be taken for new."""
        for k in range(len(self.memory) - size, len(self.memory)):
            self.memory[k] = 0

    def start(self):
        """Fill from the beginning of the ring."""
        self._feeder.config(
            read=self._table,
            write=self._carrier.registers[_WRITE_ADDRESS_TRIGGER:],
            count=1,
            ctrl=self._feed,
        )
        self._carrier.config(
            read=self._source, write=self.memory, count=self._stretch, ctrl=self._carry, trigger=True
        )

    def position(self):
        """Return how many bytes from its beginning the ring is being filled, an int below its size."""
        return (self._carrier.write - self._base) % len(self.memory)

    def stop(self):
        """Stop filling. start() begins anew."""
        # Unchained first, or the end of the carrier would start the feeder.
        self._carrier.ctrl = self._carrier.pack_ctrl(
            default=self._carry, chain_to=self._carrier.channel, enable=False
        )
        self._feeder.active(0)
        self._carrier.active(0)

    def close(self):
        """Give the two channels back."""
        self.stop()
        self._feeder.close()
        self._carrier.close()
