"""The upgrade of the firmware: an image arrives in blocks, is verified, and is to run from the next start on.

    begin -> INITIATED -- verify --> VERIFIED -- activate --> ACTIVATING -- start --> ACTIVE
                 ^          \\-> VERIFY_FAILED <- blocks again           \\-> ACTIVATE_FAILED

The states have the numbers of class 18 (IEC 62056-6-2, 5.3.6). Blocks are pieces of the image, so a damaged one is
known by its number: verifying notes it as missing, and it can be sent again. All of it outlives power cuts.

    state `image`   status, slot, size uint32 little-endian, length of the name, name, then the map of the blocks
"""

import struct

from meter.access.errors import Refused
from meter.compat import const
from meter.storage.boot import CONFIRMED, FACTORY, TRIED
from meter.storage.errors import StorageError
from meter.storage.image import PIECE, ImageError, read_header
from meter.storage.loader import Trial
from meter.storage.slots import SLOTS, BlockMap

NAME = "image"
(
    NOT_INITIATED,
    INITIATED,
    VERIFYING,
    VERIFIED,
    VERIFY_FAILED,
    ACTIVATING,
    ACTIVE,
    ACTIVATE_FAILED,
) = range(8)
_TAKES_BLOCKS = (INITIATED, VERIFY_FAILED)
_CAN_BE_VERIFIED = (INITIATED, VERIFIED, VERIFY_FAILED, ACTIVATE_FAILED)
LONGEST_NAME = const(64)
_NO_ROOM = "this board has no room for an image"
_HEAD = "<BBIB"
_HEAD_SIZE = const(7)
STEPS = ("begin", "block", "verify", "activate")


class Upgrade:
    """kept: Kept. slots: Slots. boot: Boot. board: name of the board. restart: function.

    activated(version, slot)    function: an image is to run, tell it

    status  of above
    size    bytes of the image
    name    how the client calls it, bytes
    blocks  BlockMap
    is_enabled  False: no step is done
    trial   Trial of what runs since the start, or None
    """

    block_size = PIECE

    def __init__(self, kept, slots, boot, board, restart, activated):
        self._kept, self._slots, self._boot, self._board = kept, slots, boot, board
        self._restart, self._activated = restart, activated
        self.trial = None
        self.status, self._slot, self.size, self.name = NOT_INITIATED, 0, 0, b""
        self.blocks = BlockMap(0)
        self.is_enabled = slots is not None
        stored = kept.get(NAME)
        if stored:
            self.status, self._slot, self.size, length = struct.unpack_from(_HEAD, stored)
            at = _HEAD_SIZE + length
            self.name = stored[_HEAD_SIZE:at]
            self.blocks = BlockMap(_blocks(self.size), stored[at:])

    def enable(self, is_enabled):
        """Allow transfers or not, until the next start. Refused where the board has no room for an image."""
        if is_enabled and self._slots is None:
            raise Refused(_NO_ROOM)
        self.is_enabled = is_enabled

    def start(self, now):
        """The meter has started: what was activated runs, or does not. now: UTC second."""
        if self.status != ACTIVATING:
            return
        boot = self._boot
        if boot.slot == self._slot and boot.crc == self._header().crc:
            if boot.state == TRIED:  # a boot loader watches: it has to meter first
                self.trial = Trial(self._confirm)
                return
            if boot.state != CONFIRMED:
                boot.confirm(now)
            self._become(ACTIVE)
        else:
            self._become(ACTIVATE_FAILED)

    def _confirm(self, now):
        self._boot.confirm(now)
        self._become(ACTIVE)

    def take(self, step, now, image=b"", size=0, number=0, data=b""):
        """Do a step of STEPS. image: its name. now: UTC second. Refused."""
        if self._slots is None:
            raise Refused(_NO_ROOM)
        if not self.is_enabled:
            raise Refused("transfers of images are switched off")
        try:
            if step == "begin":
                self._begin(bytes(image), size)
            elif step == "block":
                self._block(number, bytes(data))
            elif step == "verify":
                self._verify()
            else:
                self._activate(now)
        except (OSError, StorageError) as error:
            raise Refused("the image could not be stored: %s" % error)

    def _begin(self, name, size):
        if not 0 < size <= self._slots.size:
            raise Refused("an image has 1 to %d bytes" % self._slots.size)
        if len(name) > LONGEST_NAME:
            raise Refused("the name of an image has up to %d bytes" % LONGEST_NAME)
        running = self._boot.confirmed
        slot = 0 if running == FACTORY else (running + 1) % SLOTS
        self._keep(INITIATED, slot, size, name, BlockMap(_blocks(size)))

    def _block(self, number, data):
        if self.status not in _TAKES_BLOCKS:
            raise Refused("no image is being transferred")
        if not 0 <= number < self.blocks.count:
            raise Refused("there is no block %d" % number)
        if len(data) != min(PIECE, self.size - number * PIECE):
            raise Refused("block %d has %d bytes" % (number, min(PIECE, self.size - number * PIECE)))
        slots, slot = self._slots, self._slot
        if self.blocks.has(number):
            if slots.read(slot, number * PIECE, len(data)) == data:
                return
            self._mark((number,), False)
        if slots.takes(slot, number, data):
            slots.program(slot, number, data)
            self._mark((number,))
            return
        first, end = slots.sector_of(number)
        there = [k for k in range(first, min(end, self.blocks.count)) if self.blocks.has(k)]
        self._mark(there, False)
        slots.rewrite(slot, number, data, there)
        self._mark(there + [number])

    def _mark(self, numbers, is_there=True):
        """Store which blocks are there, or not."""
        if not numbers:
            return
        blocks = BlockMap(self.blocks.count)
        blocks.bits[:] = self.blocks.bits
        for number in numbers:
            blocks.mark(number, is_there)
        self._keep(self.status, self._slot, self.size, self.name, blocks)

    def _verify(self):
        if self.status not in _CAN_BE_VERIFIED:
            raise Refused("there is no image to verify")
        if self.blocks.first_missing < self.blocks.count:
            raise Refused("block %d is missing" % self.blocks.first_missing)
        try:
            self._slots.check(self._slot, self.size, self._board)
        except ImageError as error:
            self.status = VERIFY_FAILED
            self._mark(error.pieces, False)
            self._become(VERIFY_FAILED)
            raise Refused("the image cannot be used: %s" % error)
        self._become(VERIFIED)

    def _activate(self, now):
        if self.status != VERIFIED:
            self._verify()
        header = self._header()
        self._become(ACTIVATING)
        self._boot.start(self._slot, header.crc, now)
        self._activated(header.version, self._slot)
        self._restart()

    def _header(self):
        return read_header(self._slots.read(self._slot, 0, PIECE))

    @property
    def to_activate(self):
        """(size, name, signature) of an image that can be activated, or None."""
        if self.status not in (VERIFIED, ACTIVATING, ACTIVATE_FAILED):
            return None
        return self.size, self.name, self._header().signature

    def _become(self, status):
        self._keep(status, self._slot, self.size, self.name, self.blocks)

    def _keep(self, status, slot, size, name, blocks):
        head = struct.pack(_HEAD, status, slot, size, len(name))
        self._kept.put(NAME, head + name + blocks.packed())
        self.status, self._slot, self.size, self.name, self.blocks = status, slot, size, name, blocks


def _blocks(size):
    return (size + PIECE - 1) // PIECE
