"""Calibration: gain and offset of each channel, and the phase between the channels of each element.

They come from a reference: known volts, amperes and angle are applied, and what the meter measures is compared. The
constants are kept apart from the configuration, in a record with a CRC of its own.
"""

import struct
from math import atan2, pi

from meter.compat import const
from meter.metrology.tracking import CHANNELS
from meter.quantities import index

_FORMAT = "<B6f6f3f"
_VERSION = const(1)
_SMALLEST = 0.8  # a channel that reads less than this part of the reference, or
_LARGEST = 1.25  # more than this, is not connected as the reference says
_FARTHEST = 10.0  # degrees: nor is an element whose angle is further off than this
_ANGLE_UNIT = 180 / pi


class CalibrationError(Exception):
    """A calibration is refused: the message says why, in a line for each channel that is at fault."""


class Calibration:
    """Constants of one meter.

    gains       factors, by CHANNELS
    offsets     counts to subtract, by CHANNELS
    angles      degrees by which the current channel of A, B, C leads its voltage channel
    """

    def __init__(self, gains=(1.0,) * 6, offsets=(0.0,) * 6, angles=(0.0,) * 3):
        self.gains = tuple(gains)
        self.offsets = tuple(offsets)
        self.angles = tuple(angles)

    def pack(self):
        """Return the constants as bytes."""
        return struct.pack(_FORMAT, _VERSION, *(self.gains + self.offsets + self.angles))

    def improved(self, span, volts, amperes, lag, scales):
        """Return the Calibration that makes this span read as the reference.

        span: measured with this calibration. volts, amperes: three values applied, RMS. lag: degrees, three values.
        scales: volts or amperes for one count, by CHANNELS. Raises CalibrationError.
        """
        problems = []
        gains, offsets = self._magnitudes(span, tuple(volts) + tuple(amperes), scales, problems)
        angles = self._turned(span, lag, problems) if not problems else ()
        if problems:
            raise CalibrationError("\n".join(problems))
        return Calibration(gains, offsets, angles)

    def _magnitudes(self, span, wanted, scales, problems):
        """Return the new gains and offsets. wanted: six values. problems: what is wrong is added."""
        gains, offsets = [], []
        for k, name in enumerate(CHANNELS):
            kind = "V" if name[0] == "V" else "A"
            found = span.value(index("%s.%s" % (kind, name[1])))
            if not wanted[k] * _SMALLEST < found < wanted[k] * _LARGEST:
                problems.append("%s reads %g where %g is applied" % (name, found, wanted[k]))
                continue
            gains.append(self.gains[k] * wanted[k] / found)
            # The mean as measured is of corrected samples: back to counts.
            mean = span.mean("VD" if kind == "V" else "AD", k % 3)
            offsets.append(self.offsets[k] + mean / (scales[k] * self.gains[k]))
        return gains, offsets

    def _turned(self, span, lag, problems):
        """Return the new angles. lag: degrees, three values. problems: what is wrong is added."""
        angles = []
        for p, phase in enumerate("ABC"):
            var, w = span.value(index("VAR.bi." + phase)), span.value(index("W.bi." + phase))
            found = atan2(var, w) * _ANGLE_UNIT
            error = (lag[p] - found + 180) % 360 - 180
            if abs(error) > _FARTHEST:
                problems.append(
                    "I%s lags V%s by %.1f degrees where %g is applied" % (phase, phase, found, lag[p])
                )
            angles.append(self.angles[p] + error)
        return angles


def stored(journal):
    """Return (Calibration, problem): the newest of a Journal that is sound, and a line if something is wrong.

    A damaged record falls back to the one before it, and without one, or with one of another version, the channels are
    taken as they were designed. problem: None if all is well, also where nothing was ever stored.
    """
    found = journal.load()
    problem = None
    if journal.passed:
        problem = "the newest calibration is damaged: " + (
            "the one before it is used" if found else "metering uncalibrated, calibrate again"
        )
    if found is None:
        return Calibration(), problem
    try:
        return unpack(found[1]), problem
    except CalibrationError as error:
        return Calibration(), "%s; metering uncalibrated" % error


def unpack(data):
    """Return the Calibration that pack() made. Raises CalibrationError if it is of another version."""
    if len(data) != struct.calcsize(_FORMAT) or data[0] != _VERSION:
        raise CalibrationError("stored calibration of another version: calibrate again")
    values = struct.unpack(_FORMAT, data)[1:]
    return Calibration(values[:6], values[6:12], values[12:])
