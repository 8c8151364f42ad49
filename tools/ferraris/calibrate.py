"""`ferraris calibrate`: a reference load on the meter, and the constants that make it read as applied.

The simulated meter applies the load itself. With --board it is the meter of that board, on this computer, not served
meanwhile; the load is there, and what is given is what a reference instrument shows, the same on every phase.

The reference is applied at the meter's terminals, without instrument transformers, so their corrections and the tweaks
of watts and vars take no part; nothing of it is registered as energy. Each round measures with the constants of
the round before; a last round shows what is left.
"""

import asyncio
import importlib
import json
import math
from argparse import Namespace
from typing import Any, NamedTuple

import numpy as np
from meter.app import App
from meter.config.schema import ConfigError, defaults
from meter.hal.sim.flash import WrongFileSize
from meter.hal.sim.front_end import quantised_rate
from meter.hal.sim.synthesizer import Synthesizer, three_phase
from meter.metrology import builder
from meter.metrology.calibration import Calibration, CalibrationError
from meter.metrology.frame import HALF
from meter.metrology.span import Span
from meter.metrology.tracking import CHANNELS
from meter.quantities import index
from meter.registers.engine_state import StateError
from meter.storage.errors import StorageError
from rich import box
from rich.console import Console
from rich.table import Table

from boards.sim.board import Board, nominal_full_scale
from ferraris.errors import UsageError
from ferraris.settings import Settings
from ferraris.state_dir import refuse, state_directory
from ferraris.stored import settings_for

LINUX_BOARDS = ("linux_ads131m08", "linux_ad7606")
ROUNDS = 3
HALF_CYCLES = 30
SETTLING_S = 0.5  # before each measurement, while the tracking settles
NEUTRAL = ("correction.", "loss.", "service.connection")


class Reference(NamedTuple):
    """What is applied to each element: V, A, degrees by which the current lags; and for how long each round."""

    voltage: float
    current: float
    angle: float
    seconds: float


def command(options: Namespace) -> int:
    """Calibrate, store, print."""
    settings = settings_for(options.config, options.state)
    reference = Reference(
        options.voltage or settings["service.nominal_voltage"],
        options.current or settings["service.nominal_current"],
        options.angle,
        options.seconds,
    )
    if not options.board:
        _check(reference, settings)
    with state_directory(options.state) as state:
        try:
            board = _real_board(options.board, state) if options.board else _board(settings, reference, state)
            app = App(board, settings)
        except (WrongFileSize, StorageError, StateError, ConfigError) as error:
            raise refuse(state, error) from error
        try:
            result = asyncio.run(calibrate(app, board, settings, reference))
        except CalibrationError as error:
            lines = "".join(f"\n  {line}" for line in str(error).splitlines())
            raise UsageError(
                f"{state}: not calibrated, the constants were left as they were:{lines}"
            ) from error
        finally:
            board.close()
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        _print(result)
    return 0


def _check(reference: Reference, settings: Settings) -> None:
    volts, amps = nominal_full_scale(settings)
    for name, value, most, unit in (
        ("--voltage", reference.voltage, volts, "V"),
        ("--current", reference.current, amps, "A"),
        ("--seconds", reference.seconds, 600.0, "s"),
    ):
        if value > most:
            raise UsageError(f"{name} {value:g}: beyond {most:g} {unit}")


def _real_board(name: str, state: str) -> Any:
    """Return the Board of a Linux board. UsageError if there is none of this name, OSError if it is not here."""
    if name not in LINUX_BOARDS:
        raise UsageError(
            f"--board {name}: one of {', '.join(LINUX_BOARDS)}; others are not calibrated from here"
        )
    return importlib.import_module(f"boards.{name}.board").Board(state)


def _board(settings: Settings, reference: Reference, state: str) -> Board:
    rate = quantised_rate(2 * HALF * settings["service.frequency"], settings["simulator.clock"])
    load = three_phase((reference.voltage,) * 3, (reference.current,) * 3, (reference.angle,) * 3)
    source = Synthesizer(rate, float(settings["service.frequency"]), load)
    return Board(settings, source, nominal_full_scale(settings), state=state, half_cycles=HALF_CYCLES)


async def calibrate(app: App, board: Any, settings: Settings, reference: Reference) -> dict[str, Any]:
    """Find the constants and store them. Returns what --json prints. Raises CalibrationError: nothing is stored."""
    neutral = {name: value for name, value in defaults().items() if name.startswith(NEUTRAL)}
    settings = {**settings, **neutral}
    before = found = app.calibration
    spans = []
    for _ in range(ROUNDS):
        span = await _measure(board, settings, found, reference.seconds)
        spans.append(span)
        volts, amps, lag = (reference.voltage,) * 3, (reference.current,) * 3, (reference.angle,) * 3
        found = found.improved(span, volts, amps, lag, board.adc.scales)
    spans.append(await _measure(board, settings, found, reference.seconds))
    app.calibrate(found)
    return {
        "reference": reference._asdict(),
        "before": {**_constants(before), "error": _errors(spans[0], reference)},
        "after": {**_constants(found), "error": _errors(spans[-1], reference)},
    }


async def _measure(board: Any, settings: Settings, calibration: Calibration, seconds: float) -> Span:
    """Return what the meter reads in the next `seconds` of the converter's stream."""
    tracker = builder.tracker(board.adc, settings, calibration, HALF_CYCLES, np.float64)
    half_cycles = builder.half_cycles(settings, calibration, np.float64)
    span, metered = Span(np.float64), -SETTLING_S
    while metered < seconds:
        for frame in tracker.feed(*await board.adc.read()):
            metered += float(np.sum(frame.seconds))
            rows = half_cycles.process(frame)
            if metered > 0:
                span.add(rows, frame.seconds, frame.flags, 0, frame.n)
    return span


def _constants(calibration: Calibration) -> dict[str, dict[str, float]]:
    """Return gain and offset by channel, and the angle by phase."""
    return {
        "gain": dict(zip(CHANNELS, calibration.gains, strict=True)),
        "offset": dict(zip(CHANNELS, calibration.offsets, strict=True)),
        "angle": dict(zip("ABC", calibration.angles, strict=True)),
    }


def _errors(span: Span, reference: Reference) -> dict[str, float]:
    """Return by channel the error in percent, and by element that of W in percent of VA and the angle's in degrees."""
    found = {}
    for name in CHANNELS:
        applied = reference.voltage if name[0] == "V" else reference.current
        found[name] = 100 * (span.value(index(f"{name[0].replace('I', 'A')}.{name[1]}")) / applied - 1)
    apparent = reference.voltage * reference.current
    true = apparent * math.cos(math.radians(reference.angle))
    for phase in "ABC":
        w, var = span.value(index(f"W.bi.{phase}")), span.value(index(f"VAR.bi.{phase}"))
        found[f"W{phase}"] = 100 * (w - true) / apparent
        lag = math.degrees(math.atan2(var, w))
        found[f"angle{phase}"] = (lag - reference.angle + 180) % 360 - 180
    return found


def _print(result: dict[str, Any]) -> None:
    console = Console()
    applied = result["reference"]
    console.print(
        f"applied to each phase: {applied['voltage']:g} V, {applied['current']:g} A, "
        f"lagging by {applied['angle']:g} degrees",
        highlight=False,
    )
    before, after = result["before"], result["after"]
    channels = _table("Channel", ("Gain", "Offset", "Error %"))
    for name in CHANNELS:
        rows = [
            (f"{s['gain'][name]:.6f}", f"{s['offset'][name]:.1f}", f"{s['error'][name]:+.4f}")
            for s in (before, after)
        ]
        channels.add_row(name, *rows[0], *rows[1])
    elements = _table("Element", ("Angle", "Error", "W error %"))
    for phase in "ABC":
        rows = [
            (
                f"{s['angle'][phase]:+.5f}",
                f"{s['error']['angle' + phase]:+.5f}",
                f"{s['error']['W' + phase]:+.4f}",
            )
            for s in (before, after)
        ]
        elements.add_row(phase, *rows[0], *rows[1])
    console.print(channels)
    console.print(elements)
    console.print(
        "offsets in counts, angles in degrees, W error of the volt-amperes; stored", highlight=False
    )


def _table(what: str, columns: tuple[str, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1))
    table.add_column(what, no_wrap=True)
    for time in ("before", "after"):
        for column in columns:
            table.add_column(f"{column}\n{time}", justify="right", no_wrap=True)
    return table
