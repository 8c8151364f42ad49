"""Calibration: gain and offset of each channel, and the phase between the channels of each element.

They come from a reference: known volts, amperes and angle are applied, and what the meter measures is compared
(`ferraris calibrate` does the arithmetic). The constants are kept apart from the configuration, in a record with a CRC
of its own.
"""

import struct

from meter.compat import const
from meter.metrology.tracking import CHANNELS
from meter.quantities import index

_FORMAT = "<B6f6f3f"
_VERSION = const(1)
MEASURED = ("V", "A", "W.bi", "VAR.bi")  # of each phase, in this order; then the means of volts and amperes
MEANS = ("VD", "AD")


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


def measured(span, adc):
    """Return what constants are found from, 24 floats: MEASURED of A, B, C in turn, MEANS, and volts or amperes of a
    count by CHANNELS, as designed; 0 for a channel that the converter has not.

    span: Span of waveforms. adc: the HAL's Adc.
    """
    found = [span.value(index("%s.%s" % (kind, phase))) for kind in MEASURED for phase in "ABC"]
    found += [span.mean(name, p) for name in MEANS for p in range(3)]
    scales = dict(zip(adc.channels, adc.scales))
    return found + [scales.get(name, 0.0) for name in CHANNELS]


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
    """Return the Calibration that pack() made. Raises CalibrationError: it is of another version, or out of bounds."""
    if len(data) != struct.calcsize(_FORMAT) or data[0] != _VERSION:
        raise CalibrationError("stored calibration of another version: calibrate again")
    values = struct.unpack(_FORMAT, data)[1:]
    # No front end is further off: it would be a mistake.
    return Calibration(
        _within("gain", values[:6], 0.5, 2),
        _within("offset", values[6:12], -1000000, 1000000),
        _within("angle", values[12:], -20, 20),
    )


def _within(name, values, low, high):
    for value in values:
        if not low <= value <= high:  # as any NaN
            raise CalibrationError("%s %g of a calibration: from %g to %g" % (name, value, low, high))
    return values
