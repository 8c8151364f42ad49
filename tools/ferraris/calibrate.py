"""`ferraris calibrate`: a reference load on the meter, and the constants that make it read as applied.

The simulated meter applies the load itself. With --board it is the meter of that board, on this computer, not served
meanwhile; with --meter one that runs, reached over DLMS. There the load is real, and what is given is what a reference
instrument shows.

The reference is applied at the meter's terminals, without instrument transformers, so their corrections and the tweaks
of watts and vars take no part; nothing of it is registered as energy, but by a meter that runs. Each round measures
with the constants of the round before; a last round shows what is left.
"""

import asyncio
import importlib
import json
from argparse import Namespace
from typing import Any

import numpy as np
from meter.app import App
from meter.config.schema import ConfigError, defaults
from meter.hal.sim.flash import WrongFileSize
from meter.hal.sim.front_end import quantised_rate
from meter.hal.sim.synthesizer import Synthesizer, three_phase
from meter.metrology import builder
from meter.metrology.calibration import Calibration, CalibrationError, unpack
from meter.metrology.frame import HALF
from meter.metrology.span import Span
from meter.protocols.dlms import clients
from meter.registers.engine_state import StateError
from meter.storage.errors import StorageError

from boards.sim.board import Board, nominal_full_scale
from ferraris.calibrate_report import Reference, Values, result_of, show
from ferraris.constants import PHASES, improved
from ferraris.dlms import calibrating, url
from ferraris.dlms.client import Client
from ferraris.dlms.connecting import connected
from ferraris.errors import ClientError, UsageError
from ferraris.settings import Settings
from ferraris.state_dir import refuse, state_directory
from ferraris.stored import settings_for

LINUX_BOARDS = ("linux_ads131m08", "linux_ad7606")
STATE = "state"
ANGLE = 60.0
ROUNDS = 3
ROUNDS_OF_A_RUNNING_METER = 2  # the second is free of the offsets that the first has found
HALF_CYCLES = 30
SETTLING_S = 0.5  # before each measurement, while the tracking settles
NOTHING = "nothing was written"
NEUTRAL = ("correction.", "loss.", "service.connection")


def command(options: Namespace) -> int:
    """Calibrate, store, print."""
    result = _of_running(options) if options.meter else _of_stopped(options)
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        show(result)
    return 0


def _each(value: Values | None, default: float) -> Values:
    """Return a value for each phase."""
    given = value or (default,)
    return given * len(PHASES) if len(given) == 1 else given


# A meter that is not running.


def _of_stopped(options: Namespace) -> dict[str, Any]:
    for name in ("keys", "timeout"):
        if getattr(options, name) is not None:
            raise UsageError(f"--{name} is for a meter that runs: --meter URL")
    state_name = options.state or STATE
    settings = settings_for(options.config, state_name)
    reference = Reference(
        _each(options.voltage, settings["service.nominal_voltage"]),
        _each(options.current, settings["service.nominal_current"]),
        _each(options.angle, ANGLE),
        options.seconds,
    )
    if not options.board:
        _check(reference, settings)
    with state_directory(state_name) as state:
        try:
            board = _real_board(options.board, state) if options.board else _board(settings, reference, state)
            app = App(board, settings)
        except (WrongFileSize, StorageError, StateError, ConfigError) as error:
            raise refuse(state, error) from error
        try:
            return asyncio.run(calibrate(app, board, settings, reference))
        except CalibrationError as error:
            raise _not_calibrated(state, error) from error
        finally:
            board.close()


def _not_calibrated(where: str, error: CalibrationError) -> UsageError:
    lines = "".join(f"\n  {line}" for line in str(error).splitlines())
    return UsageError(f"{where}: not calibrated, the constants were left as they were:{lines}")


def _check(reference: Reference, settings: Settings) -> None:
    volts, amps = nominal_full_scale(settings)
    for name, value, most, unit in (
        ("--voltage", max(reference.voltage), volts, "V"),
        ("--current", max(reference.current), amps, "A"),
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
    load = three_phase(reference.voltage, reference.current, reference.angle)
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
        found = improved(found, span, reference.voltage, reference.current, reference.angle, board.adc.scales)
    spans.append(await _measure(board, settings, found, reference.seconds))
    app.calibrate(found)
    return result_of(reference, (before, spans[0]), (found, spans[-1]))


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


# A meter that runs.


def _of_running(options: Namespace) -> dict[str, Any]:
    for name in ("board", "config", "state"):
        if getattr(options, name):
            raise UsageError(f"--{name} is for a meter that does not run: leave it out with --meter")
    given = []
    for name in ("voltage", "current", "angle"):
        value = getattr(options, name)
        if value is None:
            raise UsageError(f"--{name}: what the reference instrument shows, of one phase or of A,B,C")
        given.append(_each(value, 0.0))
    reference = Reference(given[0], given[1], given[2], options.seconds)
    options.url, options.timeout = options.meter, options.timeout or 10.0
    address = url.parse(options.url)
    if address.client != clients.MANAGEMENT:
        raise UsageError(
            f"a meter is calibrated by who has its keys: ?client={clients.MANAGEMENT} in the URL, --keys"
        )
    with connected(options) as meter:
        return _Running(meter, address.where, reference, options.timeout).calibrate()


class _Running:
    """The calibration of one meter."""

    def __init__(self, meter: Client, where: str, reference: Reference, patience: float) -> None:
        self._meter, self._where, self._reference = meter, where, reference
        self._patience = max(patience, 2 * calibrating.WINDOW_S)
        self._state = NOTHING

    def calibrate(self) -> dict[str, Any]:
        """Find the constants and write them. Returns what --json prints."""
        before = calibrating.constants(self._meter)
        self._by = calibrating.corrections(self._meter)
        try:
            return self._rounds(before)
        except CalibrationError as error:
            if self._state != NOTHING:
                calibrating.write(self._meter, before)
            raise _not_calibrated(self._where, error) from error
        except ClientError as error:
            raise ClientError(f"{error}; {self._state}") from error

    def _rounds(self, before: Calibration) -> dict[str, Any]:
        found, readings = before, [self._read(0)]
        reference = self._reference
        for number in range(1, ROUNDS_OF_A_RUNNING_METER + 1):
            reading = readings[-1]
            better = improved(
                found, reading, reference.voltage, reference.current, reference.angle, reading.scales
            )
            found = unpack(better.pack())  # as it is stored, and within bounds
            self._state = f"the meter may have the constants of round {number} or those before, whole"
            calibrating.write(self._meter, found)
            self._state = f"the meter has the constants of round {number}"
            readings.append(self._read(calibrating.SETTLING))
        return result_of(reference, (before, readings[0]), (found, readings[-1]))

    def _read(self, skip: int) -> calibrating.Reading:
        return calibrating.measure(self._meter, self._by, self._reference.seconds, skip, self._patience)
