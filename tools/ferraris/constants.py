"""From what a meter reads on a reference load to the constants that make it read as applied."""

from collections.abc import Sequence
from math import atan2, degrees
from typing import Protocol

from meter.metrology.calibration import Calibration, CalibrationError
from meter.metrology.tracking import CHANNELS
from meter.quantities import index

PHASES = "ABC"
_SMALLEST = 0.8  # a channel that reads less than this part of the reference, or
_LARGEST = 1.25  # more than this, is not connected as the reference says
_NOTHING = 0.05  # of the reference: less than that is no load
_FARTHEST = 10.0  # degrees: nor is an element whose angle is further off than this
# degrees by which it is off, and what is likely then
_CAUSES = (
    (180, ": it is reversed, turn the clamp of this phase around"),
    (120, "; is it of another phase?"),
)


class Reading(Protocol):
    """What a meter reads: a Span, or what is like one."""

    def value(self, number: int) -> float:
        """Return the average of the quantity with this index."""

    def mean(self, name: str, place: int) -> float:
        """Return the mean of VD or AD of a phase: what the channel's offset leaves."""


def improved(
    old: Calibration,
    reading: Reading,
    volts: Sequence[float],
    amperes: Sequence[float],
    lag: Sequence[float],
    scales: Sequence[float],
) -> Calibration:
    """Return the Calibration that makes this reading the reference.

    reading: measured with the old one. volts, amperes: applied to A, B, C, RMS. lag: degrees, likewise. scales: volts
    or amperes for one count, by CHANNELS. Raises CalibrationError: a line for each channel or element at fault.
    """
    problems: list[str] = []
    gains, offsets = _magnitudes(old, reading, (*volts, *amperes), scales, problems)
    angles = _turned(old, reading, lag, problems) if not problems else []
    if problems:
        raise CalibrationError("\n".join(problems))
    return Calibration(gains, offsets, angles)


def _magnitudes(
    old: Calibration, reading: Reading, wanted: Sequence[float], scales: Sequence[float], problems: list[str]
) -> tuple[list[float], list[float]]:
    """Return the new gains and offsets. problems: what is wrong is added."""
    gains, offsets = [], []
    for k, name in enumerate(CHANNELS):
        kind = "V" if name[0] == "V" else "A"
        found = reading.value(index(f"{kind}.{name[1]}"))
        if not wanted[k] * _SMALLEST < found < wanted[k] * _LARGEST:
            nothing = "; is there a load?" if found < wanted[k] * _NOTHING else ""
            problems.append(f"{name} reads {found:g} where {wanted[k]:g} is applied{nothing}")
            continue
        gains.append(old.gains[k] * wanted[k] / found)
        # The mean as measured is of corrected samples: back to counts.
        mean = reading.mean("VD" if kind == "V" else "AD", k % 3)
        offsets.append(old.offsets[k] + mean / (scales[k] * old.gains[k]))
    return gains, offsets


def _turned(old: Calibration, reading: Reading, lag: Sequence[float], problems: list[str]) -> list[float]:
    """Return the new angles. problems: what is wrong is added."""
    angles = []
    for p, phase in enumerate(PHASES):
        found = lag_of(reading, phase)
        error = turn(lag[p] - found)
        if abs(error) > _FARTHEST:
            problems.append(
                f"I{phase} lags V{phase} by {found:.1f} degrees where {lag[p]:g} is applied" + _cause(error)
            )
        angles.append(old.angles[p] + error)
    return angles


def _cause(error: float) -> str:
    """Return what is likely where an angle is so far off."""
    for wrong, cause in _CAUSES:
        if abs(abs(error) - wrong) <= _FARTHEST:
            return cause
    return ""


def lag_of(reading: Reading, phase: str) -> float:
    """Return by how much the current of a phase lags, degrees."""
    return degrees(atan2(reading.value(index(f"VAR.bi.{phase}")), reading.value(index(f"W.bi.{phase}"))))


def turn(angle: float) -> float:
    """Return an angle as -180 to 180 degrees."""
    return (angle + 180) % 360 - 180
