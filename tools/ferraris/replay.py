"""`ferraris replay`: a recording through the whole meter, as fast as possible."""

import asyncio
import json
import math
import sys
from argparse import Namespace
from time import perf_counter
from typing import Any

import numpy as np
from meter.app import App
from meter.metrology.connection import Connection
from meter.metrology.span import Span
from meter.power_quality.voltage_event import VoltageEvent
from meter.quantities import INTEGRATED, index, keys
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from boards.sim.board import Board
from ferraris.errors import UsageError
from ferraris.report import print_report
from ferraris.settings import load_settings
from ferraris.source import Prepared, prepare

HALF_CYCLES = 120
LONG_S = 30.0  # recordings longer than this get a progress bar


def command(options: Namespace) -> int:
    """Meter a recording and print what was measured."""
    settings = load_settings(options.config)
    frequency = options.frequency or (settings["service.frequency"] if options.config else None)
    prepared = prepare(options.recording, options, settings, frequency)
    nominal = options.nominal or (settings["service.nominal_voltage"] if options.config else prepared.voltage)
    settings["service.frequency"] = prepared.frequency
    settings["service.nominal_voltage"] = nominal or settings["service.nominal_voltage"]
    settings["simulator.noise"] = settings["simulator.noise"] if options.config else 0.0
    result = replay(prepared, settings)
    if not result["measured_s"]:
        raise UsageError(
            f"{options.recording}: shorter than the two and a half cycles that are needed to find the frequency"
        )
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        print_report(result)
    return 0


def replay(prepared: Prepared, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON object of DESIGN section 5 for a prepared recording."""
    source, recording = prepared.source, prepared.recording
    started = perf_counter()
    start = int(recording.start or 0)
    full_scale = tuple(max(peak, 1e-6) / math.sqrt(2) for peak in prepared.peaks)
    board = Board(settings, source, full_scale, half_cycles=HALF_CYCLES, block=int(source.rate), start=start)
    total = Span(np.float64, Connection(settings["service.connection"]))
    app = App(board, settings, observer=total.merge)
    events: list[VoltageEvent] = []
    app.meter.dips.observers.append(events.append)
    with _progress(recording.duration) as progress:
        asyncio.run(_meter(app, source.length, progress))
    elapsed = perf_counter() - started
    values, energy = {}, {}
    for key in keys():
        number = index(key)
        if key.split(".")[0] in INTEGRATED:
            energy[key] = app.meter.energy.exact(number)
        elif total.half_cycles:
            values[key] = total.value(number)
    return {
        "recording": {
            "file": str(recording.path),
            "format": recording.format,
            "channels": prepared.mapping,
            "rate": recording.rate,
            "duration": recording.duration,
        },
        "elapsed_s": elapsed,
        "times_real_time": recording.duration / elapsed,
        "measured_s": total.seconds,
        "quantities": values,
        "energy": energy,
        "events": [_event(event, source.rate) for event in sorted(events, key=lambda event: event.first)],
    }


def _event(event: VoltageEvent, rate: float) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "phase": event.phase,
        "start": event.first / rate,
        "end": event.last / rate,
        "magnitude": event.magnitude,
    }


async def _meter(app: App, length: int, progress: Progress) -> None:
    bar = progress.add_task("metering", total=length)
    await app.metering(lambda done: progress.update(bar, completed=done))
    app.finish()


def _progress(duration: float) -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=duration < LONG_S or not sys.stderr.isatty(),
    )
