"""The ADS131M08 at an RP2350: a PIO program reads each frame as the chip reports it, DMA lays it into a ring.

The processor does nothing per sample. Every block of half a cycle is then checked and unpacked (see frames). What
goes wrong is counted and never silent:

    crc_errors   frames damaged on the wire; their samples are those of the frame before
    overruns     samples lost since nobody read them in time, or while the chip was silent: a gap in `first`
    restarts     times the chip was set up anew: it had lost its supply or its settings, or reported no data

CLKIN comes from a PWM, which only makes the system clock over a whole number, so `rate` is near the wanted one and
is what it really is. The samples are resampled to 512 a cycle later (see metrology.tracking).
Source: ADS131M08 data sheet, SBAS950, 8.5 (interface) and 8.4 (reset).
"""

import asyncio
from array import array
from time import sleep_ms

import machine
import rp2
from machine import PWM, Pin, SoftSPI

from meter.compat import Uptime, const
from meter.hal import ads131m08 as chip
from meter.hal.rp2.dma_ring import STRETCHES, DmaRing
from meter.hal.rp2.frames import Unpacker
from meter.hal.rp2.frames_pio import BITS, read_frames

BLOCK = const(256)  # frames to a read: half a cycle
SLOT = const(32)  # bytes a frame takes in the ring
FRAMES = const(3072)  # in the ring, 96 KB: an erase of the flash and a collection fit (docs/real-time.md)
_SILENCE_MS = const(20)  # without a new frame, and the chip is set up anew: 600 samples
_RETRY_MS = const(100)  # between attempts to set up a chip that does not answer
_BAD_BLOCK = const(64)  # damaged frames in a block from which on the wire is not to be trusted
_SM_DIVIDER = const(3)  # of the system clock: SCK is a twelfth of it, 12.5 MHz at 150
_SPI_HZ = const(500000)  # for registers, by software: any pins do, and no SPI is taken
_RX_REQUEST = const(4)  # DMA request of the first state machine's RX FIFO, within its PIO
_COUNT_SIZE = const(0x10000)  # of the PIO: what it counts is known modulo this
_TURN = const(3 * 0x10000)  # after so many frames count and place in the ring repeat together


def divider(system_hz, rate):
    """Return by what whole number the system clock is divided for CLKIN, for about `rate` samples a second."""
    return max(2, int(system_hz / (rate * chip.CLOCKS_A_SAMPLE) + 0.5))


class Adc:
    """The HAL's Adc (see meter.hal).

    pins        numbers of CLKIN, SCK, MOSI, MISO, DRDY, CS and SYNC/RESET, in this order. DRDY is MISO + 1.
    inputs      for each of the chip's channels its name in the meter, or None
    gains       of the chip's channels, eight of ads131m08.GAINS
    ratios      volts or amperes at the meter's input for one volt at the chip's, by channel of the chip
    rate        samples a second that are wanted
    machine_id  number of the state machine; those of the first PIO are 0 to 3
    """

    def __init__(self, pins, inputs, gains, ratios, rate, machine_id=0):
        if pins[4] != pins[3] + 1:
            raise ValueError("DRDY on GPIO %d: it must follow MISO, %d" % (pins[4], pins[3]))
        self._pins, self._machine_id = pins, machine_id
        self._gains = tuple(gains)
        used = [k for k in range(chip.CHANNELS) if inputs[k]]
        self.channels = tuple([inputs[k] for k in used])
        self.scales = tuple([ratios[k] * chip.volts_a_count(gains[k]) for k in used])
        self.set_rate(rate)
        self.overruns = self.crc_errors = self.restarts = 0
        width = len(used)
        self._columns = bytearray([chip.WORD * (1 + k) for k in used])
        self._out = array("i", [0] * (width * (BLOCK + 1)))
        self._before = memoryview(self._out)[:width]
        self._last = memoryview(self._out)[width * BLOCK :]
        self._data = memoryview(self._out)[width:]
        self._ring = self._engine = self._unpacker = None
        self._closed = self._settled = False
        self._first = 0  # number of the sample that is read next
        self._count = 0  # how many frames since the start were before it; the ring's place follows from that
        self._uptime = Uptime()
        self._heard = None  # uptime of the sample before it
        self._since = 0  # uptime since when the chip is silent

    def set_rate(self, hz):
        """Set the sample rate, before the first read. Return the rate that is."""
        system = machine.freq()
        self._divider = divider(system, hz)
        self.rate = system / self._divider / chip.CLOCKS_A_SAMPLE
        return self.rate

    async def read(self):
        """Return the next (first, count, data); None after close()."""
        while not self._closed:
            if self._engine is None:
                await self._start()
                continue
            ready = self._ready()
            if ready >= BLOCK:
                first = self._first
                if self._take(ready):
                    return (first, BLOCK, self._data)
            elif self._uptime.ms() - self._since > _SILENCE_MS + 1000 * BLOCK / self.rate:
                self._give_up()
            else:
                await asyncio.sleep(max(0.001, (BLOCK - ready) / self.rate))
        return None

    def close(self):
        """Stop the converter and give everything back. A read that waits returns None."""
        self._closed = True
        self._stop()
        if self._ring:
            self._ring.close()
            self._ring = None

    # The ring. Its frames are numbered since the start, modulo _TURN; frame n lies in slot n modulo FRAMES.

    def _ready(self):
        """Return how many frames are to be read. Those that were overwritten, or soon will be, are given up."""
        last = (self._ring.position() // SLOT - 1) % FRAMES
        # The numbers go round in two seconds: a reader that is away for longer has the watchdog to fear.
        ready = (self._number(last) + 1 - self._count) % _COUNT_SIZE
        if (self._count + ready - 1) % FRAMES != last:
            return 0  # that slot was not written since the start
        if ready > FRAMES - BLOCK:
            late = ready // BLOCK * BLOCK - BLOCK
            self._lose(late)
            ready -= late
        return ready

    def _number(self, slot):
        at = SLOT * slot + SLOT - 2
        memory = self._ring.memory
        return -(memory[at] << 8 | memory[at + 1]) % _COUNT_SIZE

    def _lose(self, frames):
        self.overruns += frames
        self._pass(frames)

    def _pass(self, frames):
        self._first += frames
        self._count = (self._count + frames) % _TURN

    def _take(self, ready):
        """Unpack the next block. Return False, and be done with it, if it is not to be used."""
        self._before[:] = self._last  # what a damaged first frame repeats
        at = self._count % FRAMES * SLOT
        found = self._unpacker.run(at, BLOCK, -self._count)
        if found < 0:
            self._give_up()  # frames are not where they belong
            return False
        bad, status = found & 0x1FF, found >> 9
        self.crc_errors += bad
        if bad > _BAD_BLOCK or status & (chip.FRESH_RESET | chip.READY):
            self._give_up()
            return False
        self._since = self._uptime.ms()
        ended = self._since - int(1000 * (ready - BLOCK) / self.rate)
        if not self._settled:
            self._settle(ended)
            return False
        self._heard = ended
        self._pass(BLOCK)
        return True

    def _settle(self, ended):
        """The first block after a start is not used: the chip's filter settles in it. ended: uptime of its end.

        The numbers of the samples are time: they go on where the clock is, to a millisecond.
        """
        self._settled = True
        self._count = BLOCK
        if self._heard is not None:
            lost = int((ended - self._heard) * self.rate / 1000)
            self.overruns += lost
            self._first += lost
        self._heard = ended

    # Starting and stopping

    def _give_up(self):
        """Stop; the next turn sets up the chip anew."""
        self.restarts += 1
        self._stop()

    def _stop(self):
        if self._engine:
            self._engine.active(0)
            self._ring.stop()
            self._engine = None

    async def _start(self):
        """Set up the chip, and let PIO and DMA run. A chip that does not answer is tried again, without end."""
        if self._ring is None:
            self._ring = self._make_ring()
            self._unpacker = Unpacker(self._ring.memory, self._columns, self._out)
        try:
            self._set_up()
        except chip.ChipError:
            self.restarts += 1
            await asyncio.sleep(_RETRY_MS / 1000)
            return
        self._since = self._uptime.ms()
        self._run()

    def _make_ring(self):
        pio, number = self._machine_id // 4, self._machine_id % 4
        engine = rp2.StateMachine(self._machine_id)
        return DmaRing(engine, 8 * pio + _RX_REQUEST + number, FRAMES * SLOT // 4 // STRETCHES, swapped=True)

    def _set_up(self):
        """Reset the chip by its pin and write its registers: 15 ms."""
        clkin, sck, mosi, miso, _, cs, reset = self._pins
        system = machine.freq()
        PWM(Pin(clkin), freq=(system + self._divider // 2) // self._divider, duty_u16=0x8000)
        pulse, select = Pin(reset, Pin.OUT, value=0), Pin(cs, Pin.OUT, value=1)
        sleep_ms(1)  # a reset takes 2048 periods of CLKIN
        pulse.value(1)
        sleep_ms(1)
        spi = SoftSPI(baudrate=_SPI_HZ, polarity=0, phase=1, sck=Pin(sck), mosi=Pin(mosi), miso=Pin(miso))

        def exchange(out, into):
            select.value(0)
            spi.write_readinto(out, into)
            select.value(1)

        chip.Chip(exchange).configure(self._gains)

    def _run(self):
        """Hand the pins over to the PIO, and start."""
        _, sck, mosi, miso, drdy, cs, _ = self._pins
        Pin(mosi, Pin.OUT, value=0)  # NULL for ever
        Pin(miso, Pin.IN)
        Pin(drdy, Pin.IN)
        self._count, self._settled = 0, False
        # A new program empties the FIFO: only then may the ring be fed from it.
        engine = rp2.StateMachine(
            self._machine_id,
            read_frames,
            freq=machine.freq() // _SM_DIVIDER,
            in_base=Pin(miso),
            set_base=Pin(cs),
            sideset_base=Pin(sck),
        )
        self._ring.clear_last(SLOT)
        self._ring.start()
        engine.put(BITS)
        engine.active(1)
        self._engine = engine
