"""The meter under test: a signal through converter, tracking, half cycles, spans and the integer energy registers.

No asyncio, storage or protocol takes part. A meter with errors is calibrated first by its own procedure, bare, at
nominal volts and amperes and power factor 0.5; the current transformers before it are corrected by their certificate.
A signal is metered for 112 half cycles (0.93 s at 60 Hz) unless a table says otherwise, and energies are taken over
that whole number of the signal's cycles, whose length is known exactly.
"""

from functools import cache
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from meter.config.schema import defaults
from meter.metrology import builder
from meter.metrology.calibration import Calibration
from meter.metrology.span import Span
from meter.metrology.tracking import CHANNELS
from meter.quantities import index
from meter.registers.energy import Energy

from ferraris.accuracy import front_ends
from ferraris.accuracy.signals import Signal, source
from ferraris.constants import improved

FRAME = 120  # half cycles
FLOATS = {"float32": np.float32, "float64": np.float64}
VOLTS = 120.0
AMPS = {2: 1.0, 10: 5.0, 20: 10.0}  # In by current class (the manual, Specifications)
CALIBRATION_FRAMES, CALIBRATION_ROUNDS, CALIBRATION_LAG = 8, 3, 60.0
# The settings of a meter under test that are not the factory's.
LOSS = (0.3, 0.5, 1.5, 0.4, 1.2)
SETUPS: dict[str, dict[str, Any]] = {
    "wye": {},
    "delta": {"service.connection": "3-wire delta"},
    "losses": {"loss.delivered": LOSS, "loss.received": LOSS},
}


class Test(NamedTuple):
    """One measurement.

    kelvin      above the temperature of calibration
    frames      how long: FRAME half cycles each, less the first `skipped`, in which the tracking settles
    """

    current_class: int
    frequency: int
    signal: Signal
    kelvin: float = 0.0
    setup: str = "wye"
    frames: int = 1
    skipped: int = 8


class Converter(NamedTuple):
    """What the meter's wiring wants to know of a converter."""

    channels: tuple[str, ...]
    rate: float
    scales: list[float]


class Reading:
    """What the meter has found: averages, and energies over `hours` of the signal."""

    def __init__(self, span: Span, energy: Energy, hours: float) -> None:
        self._span, self._energy, self.hours = span, energy, hours

    def value(self, number: int, integrated: bool) -> float:
        """Return the value of a quantity; of an integrated one, what the register would grow by in an hour."""
        if integrated:
            return float(self._energy.exact(number)) / self.hours
        return float(self._span.value(number))

    @property
    def counted(self) -> Energy:
        """The registers themselves."""
        return self._energy

    @property
    def span(self) -> Span:
        """The averages themselves."""
        return self._span


def settings(test: Test, name: str) -> dict[str, Any]:
    """Return the meter's configuration."""
    rated = AMPS[test.current_class]
    return {
        **defaults(),
        "service.current_class": test.current_class,
        "service.frequency": test.frequency,
        "service.nominal_voltage": VOLTS,
        "service.nominal_current": rated,
        "correction.curve": front_ends.curve(name, rated, test.current_class),
        **SETUPS[test.setup],
    }


def convert(test: Test, name: str, bare: bool = False) -> bytes:
    """Return the converter's samples of a test. bare: without current transformers."""
    lead = 24  # half cycles for the tracking before the first and after the last
    rate = front_ends.true_rate(name, test.frequency)
    count = int((test.frames * FRAME + lead) * 0.5 / test.signal.hz * rate)
    rated = AMPS[test.current_class]
    outside = front_ends.distortions(front_ends.IDEAL if bare else name, test.signal, rated)
    seed = crc32(repr(test).encode())  # noise of its own for each test, the same on every run
    converter = front_ends.front_end(name, test.current_class, test.kelvin, seed)
    return converter.convert(source(test.signal, rate, outside), 0, count)[1]


def meter(
    data: bytes, test: Test, name: str, dtype: str, calibration: Calibration, config: dict[str, Any]
) -> Reading:
    """Meter the samples of a test."""
    kind = FLOATS[dtype]
    converter = Converter(
        CHANNELS, front_ends.rate(name, test.frequency), front_ends.scales(test.current_class)
    )
    tracker = builder.tracker(converter, config, calibration, FRAME, kind)
    half_cycles = builder.half_cycles(config, calibration, kind)
    energy, total, piece = Energy(), Span(kind), Span(kind)
    skip = test.skipped
    frames = tracker.feed(0, len(data) // 4 // len(CHANNELS), data)
    for _, frame in zip(range(test.frames), frames, strict=False):
        piece.clear()
        piece.add(half_cycles.process(frame), frame.seconds, frame.flags, skip, frame.n)
        energy.add(piece)
        total.merge(piece)
        skip = 0
    if total.half_cycles != test.frames * FRAME - test.skipped:
        raise AssertionError(f"{test}: {total.half_cycles} half cycles")
    return Reading(total, energy, total.half_cycles * 0.5 / test.signal.hz / 3600)


@cache
def calibrated(name: str, current_class: int, frequency: int, dtype: str) -> Calibration:
    """Return the constants that the meter finds with its own procedure."""
    found = Calibration()
    if name == front_ends.IDEAL:
        return found
    rated = AMPS[current_class]
    signal = Signal(float(frequency), (VOLTS,) * 3, (rated,) * 3, (CALIBRATION_LAG,) * 3)
    test = Test(current_class, frequency, signal, frames=CALIBRATION_FRAMES)
    data = convert(test, name, bare=True)
    bare = {**settings(test, name), "correction.curve": ()}
    for _ in range(CALIBRATION_ROUNDS):
        span = meter(data, test, name, dtype, found, bare).span
        found = improved(found, span, signal.volts, signal.amps, signal.lag, front_ends.scales(current_class))
    return found


def number(key: str) -> tuple[int, bool]:
    """Return the index of a text key and if it is integrated."""
    return index(key), key.split(".")[0].endswith("h")
