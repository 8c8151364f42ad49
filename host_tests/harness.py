"""What the tests of the metering core share: analytic waves, raw blocks cut from them, and runs of the pipeline.

The waves are written out here, independent of hal.sim.synthesizer: a test must not share its source's mistakes.
Nominal values are those of the manual's defaults: 120 V, 5 A, 60 Hz, 512 samples a cycle.
"""

import asyncio
from math import pi

import numpy as np
from meter.config import build_registers
from meter.config.schema import defaults
from meter.hal.sim.flash import Flash
from meter.meter import Meter
from meter.metrology.frame import HALF, QUARTER, Frame
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.span import Span
from meter.metrology.tracking import CHANNELS, Tracker
from meter.quantities import index
from meter.registers.load_profile import DEFAULT_CHANNELS
from meter.storage.fifo import Fifo
from meter.storage.journal import Journal

RATE = 30720.0
SCALES = (7.5e-5,) * 3 + (5e-6,) * 3  # volts and amperes for one count of 24 bits
FULL_SCALE = 0x7FFFFF
START = 1_700_000_100  # UTC 2023-11-14 22:15:00, on a quarter of an hour
ANGLES = (0.0, -120.0, 120.0)
THRESHOLD = 2.4  # volts: 2 % of nominal, as app.py has it


def times(seconds, rate=RATE):
    """Return the times of the samples of a stretch, (count,) seconds."""
    return np.arange(int(round(seconds * rate))) / rate


def sine(cycles, rms, degrees=0.0):
    """Return rms * sqrt(2) * sin(2 pi cycles + angle). cycles: array, turns of the fundamental."""
    return rms * np.sqrt(2.0) * np.sin(2 * pi * cycles + degrees * (pi / 180))


def three_phase(cycles, volts=(120.0,) * 3, amps=(5.0,) * 3, lag=(0.0,) * 3, harmonics=(), angles=ANGLES):
    """Return (6, count) volts and amperes of VA VB VC IA IB IC.

    cycles: array, turns of the fundamental. lag: degrees by which each current lags its voltage.
    harmonics: (order, part of the fundamental), on voltages and currents, in phase with the fundamental's zero.
    """
    out = np.zeros((6, len(cycles)))
    for p in range(3):
        for row, rms, angle in ((p, volts[p], angles[p]), (3 + p, amps[p], angles[p] - lag[p])):
            out[row] = sine(cycles, rms, angle)
            for order, part in harmonics:
                out[row] += sine(cycles * order, rms * part, angle * order)
    return out


def noise(shape, rms, seed=1):
    """Return white noise, the same on every run."""
    return np.random.default_rng(seed).standard_normal(shape) * rms


def blocks(samples, size=None, scales=SCALES, first=0):
    """Yield (first, count, data) as hal.Adc gives them. samples: (channels, count). size: samples to a block."""
    counts = np.round(samples / np.array(scales).reshape(-1, 1))
    counts = np.clip(counts, -FULL_SCALE - 1, FULL_SCALE).astype("<i4").T
    size = size or len(counts)
    for start in range(0, len(counts), size):
        part = counts[start : start + size]
        yield first + start, len(part), part.tobytes()


class Run:
    """What came out of Tracker, HalfCycles and Span for a run of blocks.

    ends, flags         lists, one of each half cycle (a frame's flags stand for all of its half cycles)
    seconds             (n,) how long each lasted
    rows                (ROWS, n), as HalfCycles has them
    frames              (n, flags) of each frame
    span                one Span over the whole run
    tracker
    """

    def __init__(self, chunks, rate=RATE, nominal=60, half_cycles=2, dtype=np.float64, flush=True, skip=0,
                 channels=CHANNELS, scales=SCALES):  # fmt: skip
        self.tracker = Tracker(channels, scales, rate, nominal, half_cycles, THRESHOLD, dtype=dtype)
        self._half_cycles = HalfCycles(dtype=dtype)
        self._skip = skip  # half cycles at the beginning that the span leaves out
        self.span = Span(np.float64)
        self.ends, self.flags, self.frames = [], [], []
        self._parts = []
        for first, count, data in chunks:
            self._take(self.tracker.feed(first, count, data))
        if flush:
            self._take(self.tracker.flush())
        self.seconds, self.rows = (
            np.concatenate([part[k] for part in self._parts], axis=-1) if self._parts else np.zeros(0)
            for k in range(2)
        )

    def _take(self, frames):
        for frame in frames:
            rows = self._half_cycles.process(frame)
            self._parts.append((frame.seconds.copy(), rows.copy()))
            self.span.add(rows, frame.seconds, frame.flags, max(0, self._skip - len(self.ends)), frame.n)
            self.ends += frame.ends
            self.flags += [frame.flags] * frame.n
            self.frames.append((frame.n, frame.flags))

    def value(self, key):
        """Return the average of an instantaneous quantity over the run."""
        return self.span.value(index(key))

    def hz(self, first, stop):
        """Return the frequency over the half cycles first to stop (not included)."""
        return 0.5 * (stop - first) / float(np.sum(self.seconds[first:stop], dtype=np.float64))


def run(samples, size=None, **options):
    """Run samples (channels, count) through the pipeline in blocks of `size`. Other options: see Run."""
    return Run(blocks(samples, size, options.get("scales", SCALES)), **options)


def frame_of(n=2, volts=(120.0,) * 3, amps=(5.0,) * 3, lag=(0.0,) * 3, seconds=1 / 120, start=0, rate=RATE,
             dtype=np.float64, flags=0, harmonics=(), first=0):  # fmt: skip
    """Return a Frame of n half cycles without any tracking, beginning at the sample `start`.

    `seconds` for a half cycle may be anything: a half cycle that lasts a second makes a long run short.
    first: the number of its first half cycle; odd ones begin with the falling zero crossing of A.
    """
    k = np.arange(first * HALF - QUARTER, (first + n) * HALF) / (2.0 * HALF)
    samples = np.array(three_phase(k, volts, amps, lag, harmonics), dtype=dtype)
    ends = [start + int(round((k + 1) * seconds * rate)) for k in range(n)]
    return Frame(n, samples, np.full(n, seconds, dtype=dtype), ends, flags)


def engine(journal, fifos, settings=None, logs=None, items=None, **profile):
    """Return an Engine with the factory's settings and engineering values in the load profile, but for those given.

    fifos, logs, items  as for config.build_registers.engine
    settings            dict from path to value
    profile             settings of load profile 1
    """
    used = {**defaults(), "load_profile.format": "values", **(settings or {})}
    used.update({"load_profile." + name: value for name, value in profile.items()})
    return build_registers.engine(used, journal, fifos, logs, items)


class Bench:
    """A whole Meter over a simulated flash: journal, load profile, and steps in any length.

    flash       of an earlier Bench, to start again from what it stored
    spans       (end, half cycles, seconds, sums) of every span that was closed
    """

    SECTOR = 4096
    JOURNAL, PROFILE = 9, 16  # sectors

    def __init__(
        self, flash=None, utc=START, channels=DEFAULT_CHANNELS, minutes=15, dtype=np.float64, nvram=None
    ):
        sectors = self.JOURNAL + self.PROFILE
        self.flash = flash or Flash(sectors * self.SECTOR, self.SECTOR)
        self.nvram = nvram
        journal = Journal(self.flash, 0, self.JOURNAL * self.SECTOR, nvram=nvram)
        profile = Fifo(self.flash, self.JOURNAL * self.SECTOR, self.PROFILE * self.SECTOR, 0x4C)
        profile.mount()
        self.spans = []
        half_cycles = HalfCycles(dtype=dtype)
        made = engine(journal, {"load_profile": profile}, channels=channels, interval=minutes)
        self.meter = Meter(RATE, utc, made, half_cycles, self._observe, dtype)
        self._dtype = dtype
        self._sample = 0
        self._half_cycles = 0

    def _observe(self, span):
        self.spans.append((span.end, span.half_cycles, span.seconds, [float(x) for x in span.sums]))

    def run(self, seconds, each=1.0, n=1, **load):
        """Meter a steady load (see frame_of) for so many seconds, in half cycles that last `each` seconds."""
        for _ in range(int(round(seconds / each / n))):
            first = self._half_cycles % 2
            frame = frame_of(n, seconds=each, start=self._sample, dtype=self._dtype, first=first, **load)
            self._sample = frame.ends[-1]
            self._half_cycles += n
            self.meter.step(frame)

    def total(self, key):
        """Return a register, micro-units, an int."""
        return self.meter.energy.value(index(key))

    def records(self):
        """Return the load profile: a list of (end time, seconds, status, values)."""
        return [record[1:5] for record in self.meter.load_profile.records()]

    def image(self):
        """Return all bytes of the flash."""
        content = bytearray(self.flash.size)
        self.flash.read(0, content)
        return bytes(content)


def read_all(adc, most=1000):
    """Return all blocks of an Adc up to its end, or the first `most`. data is copied."""

    async def collect():
        found = []
        while len(found) < most:
            block = await adc.read()
            if block is None:
                break
            found.append((block[0], block[1], bytes(block[2])))
        return found

    return asyncio.run(collect())
