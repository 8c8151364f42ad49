"""A meter for `ferraris bench` in a process of its own, with a load profile of so many rows.

python -m ferraris.bench_dlms_server ROWS      prints `listening PORT`, serves until its input ends

Its load has no waveforms: as the other server, it has nothing else to do than to answer.
"""

import asyncio
import os
import sys
from typing import Any

from meter.app import LOAD_PROFILE_KIND, App
from meter.config.schema import validate
from meter.hal.sim.flash import Flash
from meter.hal.sim.load_model import FunctionSteps
from meter.registers.load_profile import DEFAULT_CHANNELS
from meter.registers.load_profile_record import NORMAL, Description, interval_code
from meter.storage.fifo import Fifo
from meter.storage.partitions import Partitions

from boards.sim.board import (
    ERASE_SIZE,
    FLASH_SIZE,
    PARTITIONS,
    Board,
    load_model,
    nominal_full_scale,
    synthesizer,
)
from ferraris import loop
from ferraris.state_dir import FLASH

BEGIN = 1_735_689_600  # 2025-01-01T00:00:00Z
QUARTER = 900
OFF = {"enabled": False}
SETTINGS = {
    "ports": {"dlms_tcp": {"port": 0}, "iec62056_21_tcp": OFF},
    "load_profile": {"format": "values"},  # as fill() writes it
}


def fill(flash: Flash, rows: int) -> None:
    """Write a load profile of quarters of an hour from BEGIN on, with the factory's channels."""
    base, size = Partitions.open(flash, PARTITIONS).area("load_profile")
    fifo = Fifo(flash, base, size, LOAD_PROFILE_KIND)
    fifo.mount()
    keys = DEFAULT_CHANNELS
    description = Description(0, keys, (1,) * len(keys), interval_code(15), False)
    fifo.append(description.pack(BEGIN), BEGIN)
    for number in range(rows):
        start = BEGIN + number * QUARTER
        values = [float(number % 97 + place) for place in range(len(keys))]
        fifo.append(description.record(NORMAL, start, values), start + QUARTER)


def meter(
    rows: int,
    document: dict[str, Any] | None = None,
    state: str | None = None,
    waveforms: bool = True,
    speed: float = 1.0,
) -> App:
    """Return a meter whose clock is right behind its load profile. state: directory of a meter with serial ports.

    speed: times real time.
    """
    settings = validate(document or SETTINGS)
    if state:  # a file: written at once, and not record by record to the disk
        flash = Flash(FLASH_SIZE, ERASE_SIZE, os.path.join(state, FLASH), lazy=True)
        fill(flash, rows)
        flash.close()
    start = BEGIN + rows * QUARTER
    source = synthesizer(settings) if waveforms else load_model(settings, _steps(start))
    board = Board(settings, source, nominal_full_scale(settings), state=state, speed=speed, start=start)
    if not state:
        fill(board.flash, rows)
    return App(board, settings)


def _steps(start: int) -> FunctionSteps:
    """Return a load of 1 kW a phase for a week."""
    return FunctionSteps(
        lambda utc: (120.0,) * 3 + (1000.0,) * 3 + (0.0,) * 3 + (60.0,), QUARTER, start, start + 604800
    )


async def _serve(app: App) -> None:
    def announce(protocol: str, address: str) -> None:
        print("listening", address.rpartition(":")[2], flush=True)

    running = asyncio.create_task(app.run(announce))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    app._board.power.fail()
    await running


if __name__ == "__main__":
    loop.run(_serve(meter(int(sys.argv[1]), waveforms=False)))
