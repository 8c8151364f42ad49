"""The port's `rp2`: assembler, state machines, DMA and flash.

Sources: the RP2350 data sheet (11.4 instructions, 12.6 DMA) and docs/library/rp2.*.rst of MicroPython. A running
state machine is not clocked here: its chip hands over a whole frame at a time, as the program would have taken it.
That the program does so is shown by test_rp2_pio, which runs its instructions.
"""

import ctypes
import struct
from collections import deque

from host_tests.hal.fake_machine import pio_assembler, uctypes
from host_tests.hal.fake_machine.machine import take
from host_tests.hal.fake_machine.world import PowerCut, current

asm_pio = pio_assembler.asm_pio
PIO = pio_assembler.PIO

DMA_BASE = 0x50000000
SECTOR, PAGE = 4096, 256


class StateMachine:
    """A state machine. Its program is what asm_pio has made."""

    def __init__(self, id, program=None, **options):
        assert 0 <= id < 12
        self.id = id
        self.request = 8 * (id // 4) + 4 + id % 4
        self.running = False
        if program is not None:
            self.init(program, **options)

    def init(self, program, freq=-1, *, in_base=None, set_base=None, sideset_base=None, **options):
        assert not options
        world = current()
        before = world.sources.get(self.request)
        if isinstance(before, StateMachine):
            before.active(0)  # it is the same hardware: its program and FIFO are gone
        world.sources[self.request] = self
        self.program = program
        self.divider = 1.0 if freq < 0 else world.system_hz * 256 // freq / 256
        self.pins = {"in": in_base.number, "set": set_base.number, "side": sideset_base.number}
        self.tx, self.rx = deque(), deque()
        for name, initial in (("set", program.set_init), ("side", program.sideset_init)):
            pin = {"set": set_base, "side": sideset_base}[name]
            take(pin, "pio")
            pin.line.driven = {PIO.OUT_LOW: 0, PIO.OUT_HIGH: 1}[initial]
            pin.line.changed()

    def active(self, value=None):
        if value is None:
            return self.running
        self.running = bool(value)
        device = current().spi.get(self.pins["set"]) if hasattr(self, "pins") else None
        if device:
            device.attach(self if value else None)

    def put(self, value, shift=0):
        assert len(self.tx) < 4
        self.tx.append(value << shift & 0xFFFFFFFF)

    def take_frame(self, chip):
        """The chip's DRDY has gone low: take a frame off it, as the program does, and hand it to the DMA."""
        lines = current().lines
        assert lines[self.pins["in"]].owner == "sio" and lines[self.pins["in"]].driven is None
        bits = self.tx[0] + 1 if self.tx else 0
        assert bits, "the program waits for the number of bits"
        if not hasattr(self, "_x"):
            self._x = 0
        frame = chip.whole_frame(bits // 8) + struct.pack(">H", self._x & 0xFFFF)
        self._x = (self._x - 1) & 0xFFFFFFFF
        self.rx.extend(struct.unpack(">8I", frame))
        for channel in list(current().dma.values()):
            channel.requested(self)


class DMA:
    """A channel. A transfer that is paced waits for requested(); one that is not is done at once."""

    CTRL = (
        ("enable", 0, 1), ("high_pri", 1, 1), ("size", 2, 2), ("inc_read", 4, 1), ("inc_write", 6, 1),
        ("ring_size", 8, 4), ("ring_sel", 12, 1), ("chain_to", 13, 4), ("treq_sel", 17, 6), ("irq_quiet", 23, 1),
        ("bswap", 24, 1),
    )  # fmt: skip
    UNPACED = 0x3F
    WRITE_ADDRESS_TRIGGER = 11

    def __init__(self):
        free = [k for k in range(16) if k not in current().dma]
        if not free:
            raise OSError(16, "EBUSY")
        self.channel = free[0]
        current().dma[self.channel] = self
        self.read = self.write = self.count = self.ctrl = 0
        self._reload = 0
        self._busy = False
        self._source = None

    def pack_ctrl(self, default=None, **fields):
        made = {"enable": 1, "size": 2, "inc_read": 1, "inc_write": 1, "chain_to": self.channel, "treq_sel": 0x3F,
                "irq_quiet": 1}  # fmt: skip
        if default is not None:
            made = {name: default >> at & (1 << bits) - 1 for name, at, bits in self.CTRL}
        made.update(fields)
        known = {name: (at, bits) for name, at, bits in self.CTRL}
        value = 0
        for name, number in made.items():
            at, bits = known[name]  # KeyError: the port raises TypeError
            if int(number) >> bits:
                raise ValueError("bad field value")
            value |= int(number) << at
        return value

    @property
    def ctrl(self):
        return self._ctrl

    @ctrl.setter
    def ctrl(self, value):
        self._ctrl = value
        self._fields = {name: value >> at & (1 << bits) - 1 for name, at, bits in self.CTRL}

    def _field(self, wanted):
        return self._fields[wanted]

    @property
    def registers(self):
        return _RegisterView(self, 0)

    def config(self, *, read=None, write=None, count=None, ctrl=None, trigger=False):
        if read is not None:
            self._source = read if isinstance(read, StateMachine) else None
            self.read = _address(read)
        if write is not None:
            self.write = _address(write)
        if count is not None:
            self.count = self._reload = count
        if ctrl is not None:
            self.ctrl = ctrl
        if trigger:
            self.trigger()

    def active(self, value=None):
        if value is not None:
            if value:
                self.trigger()
            else:
                self._busy = False
        return self._busy

    def close(self):
        self._busy = False
        current().dma.pop(self.channel, None)

    def trigger(self):
        """Start: the count is reloaded. An unpaced transfer runs to its end."""
        assert self._field("enable"), "a channel that is not enabled was triggered"
        self.count = self._reload
        self._busy = True
        if self._field("treq_sel") == self.UNPACED:
            while self._busy:
                self._transfer(lambda: int.from_bytes(uctypes.memory_at(self.read, 4), "little"))

    def requested(self, source):
        """A FIFO has something."""
        if self._field("treq_sel") != source.request:
            return
        while self._busy and source.rx:
            if self._field("inc_write") and not self._field("ring_size") and not self._field("inc_read"):
                self._carry(source.rx)
            else:
                self._transfer(source.rx.popleft)

    def _carry(self, fifo):
        """Several transfers at once, to save time: what _transfer() would do with each."""
        count, size = min(self.count, len(fifo)), self._field("size")
        form = (">" if self._field("bswap") else "<") + str(count) + "BHI"[size]
        mask = (1 << (8 << size)) - 1
        data = struct.pack(form, *[fifo.popleft() & mask for _ in range(count)])
        uctypes.memory_at(self.write, len(data))[:] = data
        self.write += len(data)
        self.count -= count
        if not self.count:
            self._busy = False
            if self._field("chain_to") != self.channel:
                current().dma[self._field("chain_to")].trigger()

    def _transfer(self, take_value):
        size = 1 << self._field("size")
        data = (take_value() & (1 << 8 * size) - 1).to_bytes(size, "little")
        if self._field("bswap"):
            data = data[::-1]
        target = current().dma.get((self.write - DMA_BASE) // 0x40) if self.write >= DMA_BASE else None
        if target is None:
            uctypes.memory_at(self.write, size)[:] = data
        if self._field("inc_read"):
            self.read = self._next(self.read, size, wraps=not self._field("ring_sel"))
        if self._field("inc_write"):
            self.write = self._next(self.write, size, wraps=self._field("ring_sel"))
        self.count -= 1
        if not self.count:
            self._busy = False
        if target is not None:
            assert self.write % 0x40 == 4 * self.WRITE_ADDRESS_TRIGGER
            target.write = int.from_bytes(data, "little")
            target.trigger()
        if not self.count and self._field("chain_to") != self.channel:
            current().dma[self._field("chain_to")].trigger()

    def _next(self, address, size, wraps):
        bits = self._field("ring_size")
        if not (wraps and bits):
            return address + size
        return address & ~((1 << bits) - 1) | (address + size) & (1 << bits) - 1


class _RegisterView:
    """memoryview of a channel's registers, of which only the place counts."""

    def __init__(self, channel, first):
        self.address = DMA_BASE + 0x40 * channel.channel + 4 * first
        self._channel = channel

    def __getitem__(self, place):
        return _RegisterView(self._channel, place.start)


def _address(of):
    if isinstance(of, int):
        return of
    if isinstance(of, _RegisterView):
        return of.address
    if isinstance(of, StateMachine):
        return 0x50200000 + 0x20 + 4 * of.id
    return uctypes.addressof(of)


def Flash(start=-1, len=-1):
    """The part of the flash that is left to data, as a block device; memoryview() of it shows the flash itself."""
    room = current().flash
    size = room.__len__()
    start = 0 if start == -1 else start
    length = size - start if len == -1 else len
    if start % SECTOR or length % SECTOR or start < 0 or length <= 0 or start + length > size:
        raise ValueError
    # Only a type of ctypes has a buffer that is not its own.
    made = type("Flash", (_Device, ctypes.c_ubyte * length), {}).from_buffer(room, start)
    made._start, made._length = start, length
    return made


class _Device:
    """It programs whole pages, and clears bits only. A power cut leaves half of what was being done."""

    def readblocks(self, block, buffer, offset=0):
        at = self._start + SECTOR * block + offset
        buffer[:] = current().flash[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=None):
        assert offset is not None, "without an offset the port erases first"
        at = self._start + SECTOR * block + offset
        assert at % PAGE == 0 and len(buffer) % PAGE == 0, "the chip programs whole pages"
        memory = current().flash
        is_cut = current().operates()
        for k, byte in enumerate(bytes(buffer)[: len(buffer) // 2 if is_cut else len(buffer)]):
            memory[at + k] &= byte
        if is_cut:
            raise PowerCut
        current().flash_log.append(("program", at, len(buffer)))

    def ioctl(self, op, arg):
        if op == 6:
            at = self._start + SECTOR * arg
            is_cut = current().operates()
            erased = SECTOR // 2 if is_cut else SECTOR
            current().flash[at : at + erased] = b"\xff" * erased
            if is_cut:
                raise PowerCut
            current().flash_log.append(("erase", at, SECTOR))
        return {3: 0, 4: self._length // SECTOR, 5: SECTOR, 6: 0}.get(op)
