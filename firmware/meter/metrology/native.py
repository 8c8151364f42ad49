"""One half cycle in the processor's own words: the kernel's sums, and the booking from a tape (see tape).

Importing this fails where there is no such processor: then kernel.Kernel and booking.Booking do the same in Python.
Nothing is allocated for a half cycle but a few floats.

    samples -- kernel_thumb --> NOW -- tape --> rows, and NOW becomes BEFORE
"""

from array import array
from math import cos, pi, sin, sqrt

from uctypes import addressof

from meter.compat import const
from meter.metrology import kernel as k
from meter.metrology.booking import stuck
from meter.metrology.frame import HALF, QUARTER
from meter.metrology.harmonics import ROWS as SQUARES
from meter.metrology.kernel_thumb import channels, products
from meter.metrology.spectrum import Spectrum
from meter.metrology.tape import record
from meter.metrology.tape_thumb import run
from meter.quantities import ROWS
from meter.xnp import np

# Registers of the tape. The first ROWS are what is booked.
_NOW = ROWS  # the kernel's rows of the half cycle
_BEFORE = _NOW + k.ROWS  # and of the one before
_SECONDS = _BEFORE + k.ROWS
_STUCK = _SECONDS + 1  # 0 if no channel was stuck
_ZERO = _STUCK + 1
_SQUARES = _ZERO + 1  # of the harmonics
_KNOWN = _SQUARES + SQUARES
_FACTORS = _KNOWN + 1  # of the correction, nine
_INPUTS = _FACTORS + 9
_ROW = const(1536)  # bytes of a channel's samples
_WAVE = const(2048)  # and of its wave


class Native:
    """Computes half cycles one by one.

    booking     Booking
    silent      rows of the kernel that are taken as zero
    wave        of the Harmonics: half cycles are added to it

    rows        (ROWS, 1) array of what was booked
    """

    def __init__(self, booking, silent, wave):
        if wave.itemsize != 4:
            raise ValueError("not single precision")
        self._booking, self._silent, self._wave = booking, silent, wave
        self._words, constants, count = record(self._lines, _INPUTS)
        self._registers = registers = array("f", [0.0] * count)
        for register, value in constants:
            registers[register] = value
        self.rows = np.frombuffer(registers, dtype=wave.dtype, count=ROWS).reshape((ROWS, 1))
        self._samples = self._squares = None
        self._address()

    def _address(self):
        """Lay out what the functions are told: addresses."""
        carrier = array("f", [0.0] * (2 * HALF))
        for sample in range(HALF):
            angle = sample * (pi / HALF)
            carrier[2 * sample] = cos(angle)
            carrier[2 * sample + 1] = -sin(angle)
        self._carrier = carrier  # keeps it where it is
        self._spectrum = Spectrum(self._wave, carrier)
        words, registers = addressof(self._words), addressof(self._registers)
        self._tape = array("I", [words, words + 4 * len(self._words), registers])
        out, wave = registers + 4 * _NOW, addressof(self._wave)
        self._products = array("I", [0, out])
        # For each half of the cycle, voltages and currents.
        self._channels = [
            [_channels(group, wave + half * 4 * HALF, addressof(carrier), out) for group in (0, 1)]
            for half in (0, 1)
        ]

    def takes(self, samples):
        """Return True if these samples can be computed: the array of the half cycle before, or one like it."""
        if samples is self._samples:
            return True
        if samples.shape != (6, QUARTER + HALF) or samples.itemsize != 4:
            return False
        try:
            place = addressof(samples)
        except (TypeError, ValueError):
            return False  # it does not lie in one piece
        self._samples = samples
        self._products[0] = place
        for half in self._channels:
            for group, words in enumerate(half):
                words[0] = place + group * 3 * _ROW + 4 * QUARTER
        return True

    def run(self, seconds, half, harmonics, is_first):
        """Compute the half cycle of the samples that takes() was asked for, and book it. Return True if one is stuck.

        seconds: float. half: of the wave, 0 or 1, to which it is added. harmonics: Harmonics, asked after that.
        is_first: nothing is known of the half cycle before.
        """
        registers = self._registers
        products(self._products)
        voltages, currents = self._channels[half]
        channels(voltages)
        channels(currents)
        harmonics.added(1, self._spectrum.sums)
        registers[_SECONDS] = seconds
        if harmonics.squares is not self._squares:
            self._squares = harmonics.squares
            for row in range(SQUARES):
                registers[_SQUARES + row] = self._squares[row]
            registers[_KNOWN] = harmonics.known
        if is_first:
            self.set_before(k.before_the_first(list(registers[_NOW:_BEFORE])))
        if self._booking.has_curve:
            self._find_factors()
        run(self._tape)
        return registers[_STUCK] > 0.5

    def _find_factors(self):
        registers, place = self._registers, _FACTORS
        for p in range(3):
            amperes = sqrt((registers[_NOW + k.I2 + p] + registers[_BEFORE + k.I2 + p]) * 0.5)
            for factor in self._booking.factors(amperes, p):
                registers[place] = factor
                place += 1

    def before(self):
        """Return the kernel's rows of the half cycle that was computed last, a list."""
        return list(self._registers[_BEFORE:_SECONDS])

    def set_before(self, rows):
        """Set what before() returns, and the next half cycle follows."""
        for row in range(k.ROWS):
            self._registers[_BEFORE + row] = 0.0 if row in self._silent else rows[row]

    def _lines(self, number):
        """Book one half cycle (see tape.record)."""
        now = [number(_NOW + row) for row in range(k.ROWS)]
        for row in self._silent:
            now[row] = number(_ZERO)
        last = now[:]
        before = [number(_BEFORE + row) for row in range(k.ROWS)]
        pieces = ((0, [number(_SQUARES + row) for row in range(SQUARES)], number(_KNOWN)),)
        factors = None
        if self._booking.has_curve:
            factors = [[number(_FACTORS + 3 * p + part) for part in range(3)] for p in range(3)]
        rows = [0.0] * ROWS
        self._booking.one(now, before, number(_SECONDS), pieces, rows, factors)
        found = [(row, value) for row, value in enumerate(rows)]
        found.append((_STUCK, stuck(last)))
        return found + [(_BEFORE + row, value) for row, value in enumerate(last)]


def _channels(group, wave, carrier, out):
    """Return the parameters of channels() for voltages, group 0, or currents, group 1. out: of the first row."""
    rows = (k.PHASORS + 6 * group, k.VD + 3 * group, k.MAXIMA + 3 * group, k.MINIMA + 3 * group)
    return array("I", [0, wave + group * 3 * _WAVE, carrier] + [out + 4 * row for row in rows])
