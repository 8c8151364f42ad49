"""An ADS131M08 on spidev, with DRDY on a GPIO character device. Contract: Adc in meter.hal.

The reading is in a process of its own (ads131m08_reader), which writes blocks into a pipe of a mebibyte: more than a
second of samples, so that nothing the meter does in between loses any.
"""

import asyncio
import json
import os
import subprocess
import sys
from struct import unpack

from meter.hal import ads131m08 as chip
from meter.hal.linux.ads131m08_reader import HEADER, HEADER_SIZE, MAGIC
from meter.hal.linux.waiting import Waiting

SPEED_HZ = 20000000  # the chip takes 25 MHz
PRIORITY = 50
_READ_SIZE = 65536


class Child:
    """The reader process. fd: its pipe."""

    def __init__(self, options):
        folder = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
        environment = dict(os.environ, PYTHONPATH=folder)
        command = [sys.executable, "-m", "meter.hal.linux.ads131m08_reader", json.dumps(options)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        self.fd = self._process.stdout.fileno()

    def failed(self):
        """The pipe has ended: return True unless the process ended well."""
        return bool(self._process.wait(5))

    def close(self):
        """End the process."""
        self._process.terminate()
        self._process.stdout.close()
        self._process.wait(5)


def start(spi, chip_path, drdy, inputs, gains, rate, speed_hz=SPEED_HZ, block=256, priority=PRIORITY):
    """Start the reader process and return it, a Child.

    spi, chip_path, drdy   /dev/spidevB.C, /dev/gpiochipN and the number of the line DRDY
    inputs, gains          chip channels in the order of the samples; gain of each of the eight
    rate                   samples a second: the chip's clock in Hz / 256
    """
    return Child(
        {
            "spi": spi, "chip": chip_path, "drdy": drdy, "inputs": list(inputs), "gains": list(gains),
            "rate": rate, "speed_hz": speed_hz, "block": block, "priority": priority,
        }
    )  # fmt: skip


def scales(units, inputs, gains):
    """Return volts or amperes of one count by channel. units: volts or amperes for one volt at the chip's input."""
    return tuple(unit * chip.volts_a_count(gains[at]) for unit, at in zip(units, inputs))


class Adc:
    """channels, scales, rate: see meter.hal. source: the Child, or whatever has fd, failed() and close().

    overruns     samples lost: because the reader was late, a frame was damaged, the chip reset, or nobody read
    bad_frames   frames with a wrong CRC
    resets       how often the chip was found reset
    """

    def __init__(self, source, channels, scales, rate):
        self.channels, self.scales, self.rate = tuple(channels), tuple(scales), float(rate)
        self.overruns = self.bad_frames = self.resets = 0
        self._source = source
        self._waiting = Waiting(source.fd)
        self._buffer = bytearray()
        self._next = 0
        self._ended = False
        os.set_blocking(source.fd, False)

    def set_rate(self, hz):
        """The rate is that of a crystal: returns it."""
        return self.rate

    async def read(self):
        """Return the next (first, count, data); None when closed. OSError if the converter has failed."""
        await asyncio.sleep(0)  # others run, however much waits here
        if not await self._fill(HEADER_SIZE):
            return None
        magic, first, count, self.bad_frames, self.resets = unpack(HEADER, self._buffer[:HEADER_SIZE])
        if magic != MAGIC:
            raise OSError("the reader of the ADS131M08 sends no records")
        size = HEADER_SIZE + 4 * count * len(self.channels)
        if not await self._fill(size):
            return None
        data = bytes(self._buffer[HEADER_SIZE:size])
        del self._buffer[:size]
        self.overruns += first - self._next
        self._next = first + count
        return first, count, data

    async def _fill(self, size):
        """Return True when the buffer has so many bytes; False if the pipe ends before."""
        while len(self._buffer) < size and not self._ended:
            try:
                data = os.read(self._source.fd, _READ_SIZE)
            except BlockingIOError:
                await self._waiting.until()
                continue
            self._ended = not data
            self._buffer += data
            if self._ended and self._source.failed():
                raise OSError("the ADS131M08 cannot be read (see the message before)")
        return len(self._buffer) >= size

    def close(self):
        """End the reader. A read that waits returns None."""
        if self._source:
            self._ended = True
            self._waiting.end()
            self._source.close()
            self._source = None
