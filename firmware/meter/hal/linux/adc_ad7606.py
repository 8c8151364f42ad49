"""An AD7606 by Linux's industrial I/O (IIO): settings in sysfs, samples from /dev/iio:deviceN. Contract: Adc.

The kernel's driver starts the conversions by a trigger and keeps the samples in a ring of its own. It drops scans
when that is full and tells nobody; each scan has its time, so what is missing shows. The format of a scan is what
sysfs says (Documentation/ABI/testing/sysfs-bus-iio):

    scan_elements/in_voltage0_type      le:s16/16>>0     endianness : sign, bits / storage bits >> shift
    scan_elements/in_voltage0_index     place in the scan; each element is aligned to its own size
    in_voltage0_scale or in_voltage_scale    millivolts of one count

Samples are made 24 bits wide, so that a sample at the end of the range is one at the end of 24 bits: clipped.
"""

import asyncio
import os
import re

from meter.hal.linux.waiting import Waiting
from meter.xnp import np

WIDTH = 24
LENGTH = 16384  # scans that the kernel keeps
_TYPE = re.compile(r"(be|le):([su])(\d+)/(\d+)(?:X1)?>>(\d+)")
_LATE = 1.5  # sample periods between two scans from which on one is missing


class FormatError(OSError):
    """sysfs describes a scan that this module cannot take."""


class Element:
    """One element of a scan, by its type in sysfs. at: its byte in the scan, set by layout()."""

    def __init__(self, name, text, index):
        match = _TYPE.fullmatch(text)
        if not match or int(match[4]) not in (8, 16, 32, 64):
            raise FormatError("%s: %s is no scan element" % (name, text))
        self.name, self.index, self.at = name, index, 0
        self.bits, self.storage, self.shift = int(match[3]), int(match[4]), int(match[5])
        self.is_signed = match[2] == "s"
        order = ">" if match[1] == "be" else "<"
        self.dtype = "%s%s%d" % (order, "i" if self.is_signed else "u", self.storage // 8)

    def values(self, column):
        """Return stored values, an array, as the numbers they are: shifted, and signed by their own width."""
        numbers = column.astype(np.int64) >> self.shift
        if self.bits < 64:
            numbers = numbers & ((1 << self.bits) - 1)
            if self.is_signed:
                numbers -= (numbers >> (self.bits - 1)) << self.bits
        return numbers


def layout(elements):
    """Set the places of the elements of a scan; return its bytes: a multiple of the largest element."""
    at = 0
    for element in sorted(elements, key=lambda each: each.index):
        size = element.storage // 8
        element.at = -(-at // size) * size
        at = element.at + size
    largest = max(element.storage // 8 for element in elements)
    return -(-at // largest) * largest


class Sysfs:
    """The attributes below one folder, as texts."""

    def __init__(self, folder):
        self.folder = folder

    def has(self, name):
        """Return True if there is such an attribute."""
        return os.path.exists(os.path.join(self.folder, name))

    def get(self, name):
        """Return an attribute."""
        with open(os.path.join(self.folder, name), encoding="ascii") as file:
            return file.read().strip()

    def set(self, name, value):
        """Write an attribute, which exists."""
        fd = os.open(os.path.join(self.folder, name), os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(fd, str(value).encode())
        finally:
            os.close(fd)


class Adc:
    """device     folder of the device in sysfs: /sys/bus/iio/devices/iio:device0
    node       its character device: /dev/iio:device0
    channels   names in the order of the samples. inputs: number of the voltage input of each
    units      volts or amperes for one volt at the input, by channel
    rate       samples a second to ask for
    trigger    folder of the trigger in sysfs, or None if the device makes its own clock
    block      samples to a block
    """

    def __init__(self, device, node, channels, inputs, units, rate, trigger=None, block=512):
        self.channels = tuple(channels)
        self.overruns = 0
        self._device = Sysfs(device)
        self._clock = Sysfs(trigger) if trigger else self._device
        self._device.set("buffer/enable", 0)
        self.rate = float(rate)
        self.set_rate(rate)
        elements = self._enable(inputs)
        self._elements, self._time = elements[:-1], elements[-1]
        self._size = layout(elements)
        self.scales = tuple(
            unit * self._volts(element) / (1 << (WIDTH - element.bits))
            for unit, element in zip(units, self._elements)
        )
        self._block, self._buffer = block, b""
        self._first, self._last_ns = 0, None
        self._fd = self._start(node, trigger)
        self._waiting = Waiting(self._fd)
        self._ended = False

    def set_rate(self, hz):
        """Set the rate, where sysfs has it; return what it is."""
        if self._clock.has("sampling_frequency"):
            self._clock.set("sampling_frequency", "%.10g" % hz)
            self.rate = float(self._clock.get("sampling_frequency"))
        return self.rate

    def _enable(self, inputs):
        """Put the inputs and the time into the scan, nothing else; return their Elements, the time's last."""
        folder = os.path.join(self._device.folder, "scan_elements")
        names = ["in_voltage%d" % number for number in inputs] + ["in_timestamp"]
        for file in sorted(os.listdir(folder)):
            if file.endswith("_en"):
                self._device.set("scan_elements/" + file, int(file[:-3] in names))
        found = []
        for name in names:
            index = int(self._device.get("scan_elements/%s_index" % name))
            element = Element(name, self._device.get("scan_elements/%s_type" % name), index)
            if name != "in_timestamp" and not 8 <= element.bits <= WIDTH:
                raise FormatError("%s: %d bits" % (name, element.bits))
            found.append(element)
        return found

    def _volts(self, element):
        """Return the volts of one count of an input."""
        own = element.name + "_scale"
        return float(self._device.get(own if self._device.has(own) else "in_voltage_scale")) / 1000.0

    def _start(self, node, trigger):
        if trigger:
            self._device.set("trigger/current_trigger", self._clock.get("name"))
        self._device.set("buffer/length", LENGTH)
        if self._device.has("buffer/watermark"):
            self._device.set("buffer/watermark", self._block)
        fd = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._device.set("buffer/enable", 1)
        return fd

    async def read(self):
        """Return the next (first, count, data); None when the device is closed. OSError if it fails."""
        await asyncio.sleep(0)  # others run, however much waits here
        scans = await self._scans()
        if scans is None:
            return None
        count = self._up_to_gap(scans[:, self._time.at :])
        scans, rest = scans[:count], scans[count:]
        self._buffer = rest.tobytes() + self._buffer
        first, self._first = self._first, self._first + count
        return first, count, self._samples(scans)

    async def _scans(self):
        """Return whole scans, up to a block, as an array (count, bytes of a scan); None at the end."""
        while len(self._buffer) < self._size:
            if self._ended:
                return None
            try:
                data = os.read(self._fd, self._block * self._size)
            except BlockingIOError:
                await self._waiting.until()
                continue
            self._ended = not data
            self._buffer += data
        count = min(len(self._buffer) // self._size, self._block)
        taken, self._buffer = self._buffer[: count * self._size], self._buffer[count * self._size :]
        return np.frombuffer(taken, dtype=np.uint8).reshape(count, self._size)

    def _up_to_gap(self, times):
        """Return how many scans follow each other; a gap before the first moves the number of the first sample."""
        ns = np.ascontiguousarray(times[:, :8]).view(self._time.dtype)[:, 0]
        period = 1e9 / self.rate
        if self._last_ns is not None and ns[0] - self._last_ns > _LATE * period:
            lost = int(round((ns[0] - self._last_ns) / period)) - 1
            self.overruns += lost
            self._first += lost
        breaks = np.flatnonzero(np.diff(ns) > _LATE * period)
        count = int(breaks[0]) + 1 if len(breaks) else len(ns)
        self._last_ns = int(ns[count - 1])
        return count

    def _samples(self, scans):
        """Return interleaved int32 of 24 bits, bytes."""
        out = np.empty((len(scans), len(self.channels)), dtype="<i4")
        for k, element in enumerate(self._elements):
            column = np.ascontiguousarray(scans[:, element.at : element.at + element.storage // 8])
            numbers = element.values(column.view(element.dtype)[:, 0])
            if not element.is_signed:
                numbers = numbers - (1 << (element.bits - 1))
            wide = numbers << (WIDTH - element.bits)
            wide[numbers == (1 << (element.bits - 1)) - 1] = (1 << (WIDTH - 1)) - 1
            out[:, k] = wide
        return out.tobytes()

    def close(self):
        """Stop converting. A read that waits returns None."""
        if self._fd is not None:
            self._ended = True
            self._waiting.end()
            os.close(self._fd)
            self._fd = None
            self._device.set("buffer/enable", 0)
