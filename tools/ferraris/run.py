"""`ferraris run`: the simulated meter with its ports, live on the terminal."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from meter.app import App
from meter.config.schema import ConfigError
from meter.hal.sim.flash import WrongFileSize
from meter.registers.engine_state import StateError
from meter.serving import PortError
from meter.storage.errors import StorageError
from rich.console import Console

from boards.sim.board import Board
from ferraris import loop
from ferraris.errors import UsageError
from ferraris.scenario import Player
from ferraris.scenario_file import read_scenario
from ferraris.screen import Screen
from ferraris.state_dir import refuse, state_directory
from ferraris.stored import settings_for
from ferraris.supply import Supply, supply

SCENARIO = ".toml"
FAST = 5.0  # from this speed on, frames are long


def command(options: Namespace) -> int:
    """Run the meter until it is told to stop, or its source or --duration ends."""
    if options.source.lower().endswith(SCENARIO):
        return _play(options)
    settings = settings_for(options.config, options.state)
    source = supply(options, settings)
    with state_directory(options.state) as state:
        while True:
            restart = loop.run(_run(options, settings, source, state))
            if restart is None:
                return 0
            if options.start is not None:
                options.start = restart
            settings = settings_for(None, options.state)


def _play(options: Namespace) -> int:
    """Play a scenario. No ports are open; what is not as expected is told, and the exit code is 1."""
    for name in ("config", "start", "duration", "map", "rate", "scale"):
        if getattr(options, name) is not None:
            raise UsageError(f"--{name}: a scenario has this in its file")
    scenario = read_scenario(options.source)
    screen = Screen(Console(), (scenario.start, scenario.end))
    with state_directory(options.state) as state:
        try:
            player = Player(scenario, state, options.speed, screen.take, screen.open)
        except (WrongFileSize, StorageError, StateError, ConfigError) as error:
            raise refuse(state, error) from error
        try:
            with screen.live():
                unexpected = player.play()
            screen.farewell()
        except KeyboardInterrupt:
            player.app.finish()
            raise
        finally:
            player.close()
    for line in unexpected:
        print(f"ferraris: {options.source}: {line}", file=sys.stderr)
    return 1 if unexpected else 0


async def _run(options: Namespace, settings: dict[str, Any], source: Supply, state: str) -> int | None:
    """Run one meter. Return None, or after a warm start the second at which the next one goes on."""
    fast = options.speed is None or options.speed >= FAST
    start = options.start if options.start is not None else source.begin
    last = source.last(start, options.duration)
    stretch = None if source.begin is None or start is None or last is None else (start, last)
    try:
        board = Board(
            settings,
            source.source,
            source.full_scale,
            state=state,
            speed=options.speed,
            half_cycles=120 if fast else 2,
            block=int(source.rate if fast else source.rate / 10) if source.rate else None,
            last=last,
            start=start,
            seed=options.seed,
        )
        screen = Screen(Console(), stretch)
        app = App(board, settings, observer=screen.take)
    except (WrongFileSize, StorageError, StateError, ConfigError) as error:
        raise refuse(state, error) from error
    if app.calibration_problem:
        print(f"ferraris: {state}: {app.calibration_problem}", file=sys.stderr)
    screen.open(app)
    try:
        with _signals(board.power), screen.live():
            await app.run(screen.announce)
        screen.farewell()
    except OSError as error:
        problem = _port_problem(error, settings)
        if problem is None:
            raise
        raise UsageError(problem) from error
    finally:
        board.close()
    return app.meter.clock.second if app.restarts else None


def _port_problem(error: OSError, settings: dict[str, Any]) -> str | None:
    """Return what is wrong with a port that cannot be opened, and the way out; None if it is something else."""
    if isinstance(error, FileExistsError):
        return str(error)
    if not isinstance(error, PortError):
        return None
    cause, name = error.error, error.path
    if isinstance(cause, socket.gaierror):
        reason = cause.strerror or "unknown host"
    elif cause.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
        reason = os.strerror(cause.errno)
    else:
        return None
    return (
        f"{settings[name + '.host']}:{settings[name + '.port']}: {reason.lower()}; "
        f"choose another {name}.host or .port with --config (port 0 takes a free one)"
    )


@contextlib.contextmanager
def _signals(power: Any) -> Iterator[None]:
    """SIGINT and SIGTERM are a failing supply: the meter stores what it has and stops."""
    running = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        running.add_signal_handler(number, power.fail)
    yield
    for number in numbers:
        running.remove_signal_handler(number)


if sys.platform == "win32":  # pragma: no cover
    raise ImportError("the simulated meter needs pseudo-terminals: run it on Linux or macOS")
