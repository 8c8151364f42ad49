"""The calibration of a meter over DLMS: its constants, and what it reads with them at its terminals."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from meter.config import document
from meter.config.schema import ConfigError
from meter.metrology.calibration import MEANS, MEASURED, Calibration, CalibrationError, unpack
from meter.metrology.frame import CLIPPED, GAP
from meter.metrology.tracking import CHANNELS
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects.base import READ_WRITE_DENIED
from meter.quantities import index

from ferraris.constants import PHASES
from ferraris.dlms import writing
from ferraris.dlms.apdus import AnswerError, Attribute
from ferraris.dlms.client import Client
from ferraris.dlms.reading import DATA, parts
from ferraris.errors import ClientError, UsageError
from ferraris.settings import Settings

CONSTANTS = Attribute(DATA, "0.128.96.3.0.255")
READING = Attribute(DATA, "0.128.96.4.0.255")
WINDOW_S = 1.5  # of an average of the meter
SETTLING = 2  # windows after a change of constants: the tracking begins anew, and the first is not whole
_POLL_S = 0.25
_MOST_GAPS = 10
_UNSTEADY = 0.02  # part of a value by which its averages may differ
_VALUES = (len(MEASURED) + len(MEANS)) * len(PHASES)
_PLACES = {
    index(f"{kind}.{phase}"): len(PHASES) * row + column
    for row, kind in enumerate(MEASURED)
    for column, phase in enumerate(PHASES)
}
_CONNECTIONS = ("4-wire wye", "4-wire delta")  # where each input has a voltage of its own


class Reading(NamedTuple):
    """Averages, as the Reading of ferraris.constants. scales: volts or amperes for one count, by channel."""

    values: tuple[float, ...]
    scales: tuple[float, ...]

    def value(self, number: int) -> float:
        """Return the average of a quantity."""
        return self.values[_PLACES[number]]

    def mean(self, name: str, place: int) -> float:
        """Return the mean of VD or AD."""
        return self.values[len(PHASES) * (len(MEASURED) + MEANS.index(name)) + place]


class Window(NamedTuple):
    """What the meter has measured in 1.5 s. second: at its end, UTC. flags: of metrology.frame."""

    second: int
    flags: int
    values: tuple[float, ...]


def corrections(meter: Client) -> tuple[float, ...]:
    """Return the factors by which the meter's settings change what it reads, by value. UsageError if they do more."""
    try:
        settings = document.read(writing.configuration(meter))
    except ConfigError as error:
        raise ClientError(f"the meter's configuration is of another version: {error.problems[0]}") from error
    return factors(settings)


def factors(settings: Settings) -> tuple[float, ...]:
    """Return the factors of corrections(). Losses take no part: they are in quantities of their own."""
    if settings["service.connection"] not in _CONNECTIONS:
        raise UsageError(
            f"service.connection is {settings['service.connection']}: calibrate as {_CONNECTIONS[0]}, "
            "with a voltage on each input, and set it back after it"
        )
    if settings["correction.curve"]:
        raise UsageError("correction.curve is set, so currents are read through it: set it after calibrating")
    volts, amperes = settings["correction.voltage_gain"], settings["correction.current_gain"]
    power = [v * a for v, a in zip(volts, amperes, strict=True)]
    watts, vars_ = settings["correction.watt_gain"], settings["correction.var_gain"]
    return (
        *volts, *amperes, *(p * watts for p in power), *(p * vars_ for p in power), *volts, *amperes,
    )  # fmt: skip


def constants(meter: Client) -> Calibration:
    """Return the constants in force."""
    try:
        return unpack(octets(_read(meter, CONSTANTS)))
    except CalibrationError as error:
        raise ClientError(f"the meter's constants are of another version: {error}") from error


def octets(data: Any) -> bytes:
    """Return the value of an octet-string. ClientError."""
    if data.tag != axdr.OCTET_STRING:
        raise ClientError("the meter's constants have another shape than this reader knows")
    return bytes(data.value)


def write(meter: Client, new: Calibration) -> None:
    """Make these the constants of the meter, and see that they are. All of them are taken, or none."""
    try:
        meter.set(CONSTANTS, axdr.octets(new.pack()))
    except AnswerError as error:
        if error.result != READ_WRITE_DENIED:
            raise
        raise ClientError(
            "the meter does not let itself be calibrated: security key 1 is fitted, it is a MID meter, "
            "or this client has no right to it"
        ) from error
    if constants(meter).pack() != new.pack():
        raise ClientError("the meter has other constants than were written: somebody else calibrates it")


def _read(meter: Client, attribute: Attribute) -> Any:
    try:
        return meter.read(attribute)
    except AnswerError as error:
        if error.result != READ_WRITE_DENIED:
            raise
        raise ClientError(
            "the meter does not let this client calibrate: use its keys, ?client=1 in the URL"
        ) from error


def window(meter: Client) -> Window | None:
    """Return what the meter measured last, None if it has not measured yet. UsageError: it has no waveforms."""
    data = _read(meter, READING)
    if data.tag == axdr.NULL:
        return None
    second, flags, values = parts(data, 3)
    numbers = tuple(float(one.value) for one in parts(values, _VALUES + 2 * len(PHASES)))
    return Window(int(second.value), int(flags.value), numbers)


def measure(
    meter: Client, by: Sequence[float], seconds: float, skip: int, patience: float,
    pause: Callable[[float], None] = time.sleep,
) -> Reading:  # fmt: skip
    """Return what the meter reads in so many seconds, without the factors of its settings.

    by: of corrections(). skip: windows to leave out, from the one that is there now on. patience: seconds for a new
    window to come. ClientError, CalibrationError.
    """
    wanted, gaps = math.ceil(seconds / WINDOW_S), 0
    latest = _next(meter, None, patience, pause)
    for _ in range(skip):
        latest = _next(meter, latest.second, patience, pause)
    found: list[Window] = []
    while len(found) < wanted:
        latest = _next(meter, latest.second, patience, pause)
        if latest.flags & CLIPPED:
            raise CalibrationError("a channel is at the converter's limit: too much is applied")
        if not latest.flags & GAP:
            found.append(latest)
            continue
        gaps += 1
        if gaps > _MOST_GAPS:
            raise ClientError("the meter loses samples all the time: it cannot be calibrated so")
    _check_steady(found)
    averages = [math.fsum(column) / wanted for column in zip(*(one.values for one in found), strict=True)]
    return Reading(
        tuple(value / factor for value, factor in zip(averages[:_VALUES], by, strict=True)),
        tuple(averages[_VALUES:]),
    )


def _check_steady(found: list[Window]) -> None:
    """Raise CalibrationError if a voltage or current changes: the instrument has not shown the same moment."""
    problems = []
    for k, name in enumerate(CHANNELS):
        column = [one.values[k] for one in found]
        if max(column) - min(column) > _UNSTEADY * max(column):
            problems.append(f"{name} goes from {min(column):g} to {max(column):g}: the load is not steady")
    if problems:
        raise CalibrationError("\n".join(problems))


def _next(meter: Client, before: int | None, patience: float, pause: Callable[[float], None]) -> Window:
    """Return the first window that does not end at this second."""
    end = time.monotonic() + patience
    while True:
        found = window(meter)
        if found and found.second != before:
            return found
        if time.monotonic() > end:
            raise ClientError(f"waited {patience:g} s: the meter does not measure, or has no waveforms")
        pause(_POLL_S)
