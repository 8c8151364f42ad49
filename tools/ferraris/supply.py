"""What `ferraris run --source` names: the synthesizer, a recording, or a load table."""

import math
import os
from argparse import Namespace
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from boards.sim.board import load_model, nominal_full_scale, synthesizer
from ferraris.errors import UsageError
from ferraris.loads.load_csv import is_load, read_load
from ferraris.recordings import parse_map, parse_scale
from ferraris.settings import Settings
from ferraris.source import prepare


@dataclass
class Supply:
    """A source for the simulated board.

    source: a waveform source, or a LoadModel
    full_scale: volts and amperes RMS of the front end
    rate: samples per second; None: a load without waveforms
    begin, end: UTC seconds at which a load begins and ends, else None
    """

    source: Any
    full_scale: tuple[float, ...]
    rate: float | None = None
    begin: int | None = None
    end: int | None = None

    def last(self, start: int | None, duration: float | None) -> int | None:
        """Return what the board stops before: a sample, or a UTC second of a load; None: where the source ends."""
        if duration is None:
            return self.end
        if self.rate is not None:
            return int(duration * self.rate)
        assert start is not None and self.end is not None
        return min(self.end, start + int(duration))


def supply(options: Namespace, settings: Settings) -> Supply:
    """Return the source that the command line names. May set the service's frequency. Raises UsageError, InputError."""
    if options.source == "synth":
        source = synthesizer(settings, options.seed)
        return Supply(source, nominal_full_scale(settings), source.rate)
    chosen = parse_map(options.map) if options.map else None
    if is_load(options.source, chosen):
        return _load(options, settings, chosen)
    prepared = prepare(
        options.source, options, settings, settings["service.frequency"] if options.config else None
    )
    settings["service.frequency"] = prepared.frequency
    full_scale = tuple(max(peak, 1e-6) / math.sqrt(2) for peak in prepared.peaks)
    return Supply(prepared.source, full_scale, prepared.source.rate)


def _load(options: Namespace, settings: Settings, chosen: dict[str, str] | None) -> Supply:
    if options.rate is not None:
        raise UsageError("--rate: a load has no samples")
    scale = parse_scale(options.scale) if options.scale else None
    steps = read_load(options.source, settings, chosen, scale)
    if options.start is not None and not steps.begin <= options.start < steps.end:
        name = os.path.basename(options.source)
        raise UsageError(f"--start: {name} has a load from {_time(steps.begin)} to {_time(steps.end)}")
    return Supply(load_model(settings, steps), nominal_full_scale(settings), begin=steps.begin, end=steps.end)


def _time(utc: int) -> str:
    return datetime.fromtimestamp(utc, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
