"""The process that reads an ADS131M08 over spidev and writes blocks of samples to its standard output.

The chip keeps two samples, 80 microseconds; the kernel keeps none for it. So the reading is a process of its own,
which does nothing else and nobody holds up: with the meter's interpreter it would wait for the meter's arithmetic.

    DRDY  -> gpio: the kernel counts the edges ------------+
    chip  -> spidev: 136 frames in one call, each a poll --+-> samples, numbered -> pipe -> adc_ads131m08.Adc

A poll comes each 0.6 of a sample. The status word of a frame says whether it has a new sample; a frame without is
left out. The number of edges says how many samples there were: what was not read is a gap in the numbers, never
silent. Behind a gap the number is right to a sample or two, and it does not drift.

    record of the pipe:  MAGIC 4s | first u64 | count u32 | bad frames u32 | resets u32 | count * channels * s32
"""

import binascii
import errno
import fcntl
import json
import os
import sys
from struct import pack
from time import monotonic_ns

from meter.hal import ads131m08 as chip
from meter.hal.linux.gpio import FALLING, INPUT, Lines
from meter.hal.linux.spi import BUFFER_LIMIT, Frames, Spi
from meter.xnp import np

MAGIC = b"SMPL"
HEADER = "<4sQIII"
HEADER_SIZE = 24
HELD = 2  # samples that the chip keeps
POLL = 0.6  # of a sample
SETTLED = 16  # turns after which what is missing is lost, not late
NO_EDGES = 64  # samples without an edge: the line is not connected
SILENCE_S = 0.5  # without a sample: the chip is set up anew, or given up
EDGES = 1024
PIPE = 1 << 20


class Silence(OSError):
    """The converter gives no samples."""


class Reader:
    """Polls, sorts and numbers.

    spi, drdy   Spi, and Lines of the one line DRDY
    inputs      chip channels in the order of the samples' channels
    gains       eight
    rate        samples a second
    emit        called with (first, count, data) of each block
    block       samples to a block
    clock       monotonic nanoseconds

    bad_frames  frames with a wrong CRC; resets: how often the chip was found reset
    """

    def __init__(self, spi, drdy, inputs, gains, rate, emit, block=256, clock=monotonic_ns):
        self.bad_frames = self.resets = 0
        self._chip = chip.Chip(spi.exchange)
        self._drdy, self._gains, self._rate = drdy, gains, rate
        self._inputs = np.array(inputs)
        self._emit, self._block, self._clock = emit, block, clock
        gap = POLL * 1e6 / rate - chip.FRAME * 8e6 / spi.speed_hz
        self._frames = Frames(spi, BUFFER_LIMIT // chip.FRAME, chip.FRAME, max(0, int(gap)))
        self._edges = 0  # since start
        self._base = 0  # edges before sample 0
        self._next = 0  # number of the sample that comes next
        self._low, self._turns = None, 0  # the least that was missing in so many turns
        self._is_settling = True  # samples are counted, and left out
        self._pieces, self._first, self._count = [], 0, 0
        self._seen = clock()  # when there was a sample

    def start(self):
        """Set the chip up. OSError (chip.ChipError) if it does not answer as it should."""
        self._chip.reset()
        self._chip.configure(self._gains)
        self._align()

    def turn(self):
        """Read what there is in one call of the kernel. OSError if the chip has been silent for too long."""
        raw = np.frombuffer(self._frames.exchange(), dtype=np.uint8).reshape(-1, chip.FRAME)
        fresh = np.flatnonzero(raw[:, 1] == chip.READY)
        missing = self._converted() - self._next - len(fresh)
        if missing > HELD and not self._is_settling:
            # We came late, before the first frame: the chip held two samples from some time before.
            held = min(HELD, len(fresh))
            self._skip(missing + held)
            fresh = fresh[held:]
        if self._take(raw, fresh):
            self._restart()
        elif (self._clock() - self._seen) > SILENCE_S * 1e9:
            raise Silence(errno.EIO, "the ADS131M08 gives no samples: is its clock there, is DRDY connected?")
        self._settle()

    def _take(self, raw, fresh):
        """Take the frames with a new sample; return True if the chip tells of a reset."""
        was_reset = False
        good, places = [], []
        for row in fresh:
            frame = raw[row].tobytes()
            number, self._next = self._next, self._next + 1
            if binascii.crc_hqx(frame[: chip.CRC_AT], 0xFFFF) != int.from_bytes(frame[27:29], "big"):
                self.bad_frames += 1
                continue
            if frame[0] << 8 & chip.FRESH_RESET:
                was_reset, self._next = True, number
                break
            good.append(row)
            places.append(number)
        if good:
            self._seen = self._clock()
        if good and not self._is_settling:
            self._append(places, self._samples(raw[good]))
        return was_reset

    def _samples(self, rows):
        """Return the samples of some frames as int32, (count, channels)."""
        words = rows[:, chip.WORD : chip.CRC_AT].reshape(len(rows), chip.CHANNELS, chip.WORD)[:, self._inputs]
        wide = np.zeros((len(rows), len(self._inputs), 4), dtype=np.uint8)
        wide[:, :, 1:] = words[:, :, ::-1]
        return wide.view("<i4")[:, :, 0] >> 8

    def _append(self, places, samples):
        """Put samples into blocks; a block ends before a gap."""
        begin = 0
        for k, place in enumerate(places):
            if self._count + (k - begin) and place != self._first + self._count + (k - begin):
                self._hold(samples[begin:k])
                self._flush()
                begin = k
            if not self._count and k == begin:
                self._first = place
        self._hold(samples[begin:])
        if self._count >= self._block:
            self._flush()

    def _hold(self, samples):
        if len(samples):
            self._pieces.append(samples)
            self._count += len(samples)

    def _flush(self):
        if self._count:
            self._emit(self._first, self._count, b"".join([piece.tobytes() for piece in self._pieces]))
        self._pieces, self._count = [], 0

    def _converted(self):
        """Return how many samples there have been."""
        while self._drdy.is_waiting():
            # The kernel's number wraps after 46 hours.
            self._edges += (self._drdy.count() - self._edges) & 0xFFFFFFFF
        return self._edges - self._base

    def _skip(self, count):
        self._next += count
        self._low, self._turns = None, 0

    def _settle(self):
        """What is missing turn after turn is lost: a poll that came too late, a frame damaged in its status."""
        missing = self._converted() - self._next
        if missing < -NO_EDGES:
            raise Silence(errno.EIO, "the ADS131M08 gives samples, but DRDY has no edges: is it connected?")
        self._low = missing if self._low is None else min(self._low, missing)
        self._turns += 1
        if self._turns < SETTLED:
            return
        if self._is_settling:
            self._is_settling = False
            self._base += self._low  # nothing has been lost: the count of the edges was off by this
            self._low = 0
            if not self.resets:  # the start: the next sample is the first
                self._base, self._next = self._base + self._next, 0
        self._skip(max(0, self._low))

    def _align(self):
        """Find out anew which edge is that of which sample."""
        self._converted()
        self._base = self._edges - self._next
        self._is_settling = True
        self._low, self._turns = None, 0

    def _restart(self):
        """The chip was reset, by a dip of its supply: since then its rate was another. Count by the clock."""
        self.resets += 1
        self._flush()
        self._chip.configure(self._gains)
        lost = (self._clock() - self._seen) * self._rate / 1e9
        self._next += max(1, int(lost))
        self._align()


class Pipe:
    """Writes records to a descriptor without waiting. What the meter does not take is dropped, and is a gap to it."""

    def __init__(self, fd, system=os):
        self._fd, self._system = fd, system
        self._rest = b""
        os.set_blocking(fd, False)
        try:
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE)
        except OSError:
            pass  # a smaller one: the system's limit

    def put(self, record):
        """Write one record, or nothing of it."""
        self._push()
        if not self._rest:
            self._rest = record
            self._push()

    def _push(self):
        while self._rest:
            try:
                done = self._system.write(self._fd, self._rest)
            except BlockingIOError:
                return
            self._rest = self._rest[done:]


def record(reader, first, count, data):
    """Return a block as the pipe carries it."""
    return pack(HEADER, MAGIC, first, count, reader.bad_frames, reader.resets) + data


def serve(options, out, turns=None, **seams):
    """Read for ever, or for some turns. options: see adc_ads131m08.start. out: descriptor of the pipe."""
    system = {"system": seams["system"]} if "system" in seams else {}
    clock = {"clock": seams["clock"]} if "clock" in seams else {}
    spi = Spi(options["spi"], options["speed_hz"], 1, **system)
    drdy = Lines(options["chip"], (options["drdy"],), INPUT | FALLING, buffer=EDGES, **system)
    pipe = Pipe(out)
    reader = Reader(
        spi, drdy, options["inputs"], options["gains"], options["rate"],
        lambda *block: pipe.put(record(reader, *block)), options["block"], **clock,
    )  # fmt: skip
    reader.start()
    done = 0
    while turns is None or done < turns:
        reader.turn()
        done += 1
    return reader


def main():
    """Read as the first argument (JSON) says. Ends when nobody reads the pipe; 1 if the chip fails."""
    options = json.loads(sys.argv[1])
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(options["priority"]))
    except OSError as error:
        print("ads131m08: no real-time priority (%s): samples may be lost" % error, file=sys.stderr)
    try:
        serve(options, sys.stdout.fileno())
    except BrokenPipeError:
        return 0
    except OSError as error:
        print("ads131m08: %s" % error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
