"""From a recording on disk to a waveform source for the simulated converter."""

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferraris.recordings import (
    Recording,
    RecordingSource,
    estimate_frequency,
    map_channels,
    open_recording,
    parse_map,
    parse_scale,
)
from ferraris.settings import Settings

BLOCK = 1 << 16  # samples to look at in one go
CHUNKS = 5  # a second: 200 ms are 10 cycles at 50 Hz and 12 at 60 Hz
NO_VOLTAGE = 0.01  # of the largest mean square: a tenth of the voltage
SAMPLES_PER_CYCLE = 512
NEAR = 0.02  # a recording whose rate is this near to 512 a cycle is not resampled: the tracking does that


@dataclass
class Prepared:
    """A recording ready to be metered.

    mapping: meter channel -> the recording's channel name
    frequency: nominal, 50 or 60 Hz
    voltage, peaks: usual RMS volts of the largest voltage; peak volts and amperes, all at the meter's terminals
    """

    recording: Recording
    source: "Terminals"
    mapping: dict[str, str]
    frequency: int
    voltage: float
    peaks: tuple[float, float]


class Terminals:
    """What a source gives, at the meter's terminals: divided by the instrument transformers' ratios.

    The HAL's source contract: channels, rate, length, read(first, count). Samples before the first and after
    the last are not there: read() gives zeros before, and fewer after.
    """

    def __init__(self, source: RecordingSource, pt_ratio: float, ct_ratio: float) -> None:
        self.channels = source.channels
        self.rate = source.rate
        self.length = source.length
        self._source = source
        ratios = [ct_ratio if name.startswith("I") else pt_ratio for name in source.channels]
        self._factor = None if set(ratios) == {1.0} else 1.0 / np.array(ratios).reshape(-1, 1)

    def read(self, first: int, count: int) -> NDArray[np.float64]:
        """Return (channels, count) volts and amperes, fewer samples at the end."""
        before = min(count, max(0, -first))
        samples = self._source.read(first + before, count - before)
        if self._factor is not None:
            samples = samples * self._factor
        if before:
            samples = np.concatenate((np.zeros((len(self.channels), before)), samples), axis=1)
        return samples


def prepare(path: str, options: Any, settings: Settings, frequency: int | None) -> Prepared:
    """Open and map a recording; what a user should know of it goes to stderr.

    options: has map, rate and scale as on the command line.
    frequency: nominal, or None: the recording's, or the nearer of 50 and 60 Hz. Raises InputError.
    """
    chosen = parse_map(options.map) if options.map else None
    recording = open_recording(
        path, mapping=chosen, rate=options.rate, scale=parse_scale(options.scale) if options.scale else None
    )
    mapping = map_channels(recording, chosen, frequency)
    for note in recording.notes:
        print(f"note: {note}", file=sys.stderr)
    measured, voltage, peaks = _survey(recording, mapping, frequency)
    nominal = frequency or (60 if measured > 55 else 50)
    rate = SAMPLES_PER_CYCLE * measured
    if abs(recording.rate / rate - 1) < NEAR:
        rate = recording.rate
    source = RecordingSource(recording, mapping, measured, rate)
    pt = settings["service.pt_primary"] / settings["service.pt_secondary"]
    ct = settings["service.ct_primary"] / settings["service.ct_secondary"]
    names = {name: recording.channels[k].name for name, k in mapping.items()}
    return Prepared(
        recording, Terminals(source, pt, ct), names, nominal, voltage / pt, (peaks[0] / pt, peaks[1] / ct)
    )


def _survey(
    recording: Recording, mapping: dict[str, int], frequency: int | None
) -> tuple[float, float, tuple[float, float]]:
    """Return the measured frequency, the usual RMS of the largest voltage, and the peaks of voltage and current."""
    peaks = {"V": 0.0, "I": 0.0}
    squares = dict.fromkeys(mapping, 0.0)
    levels: dict[str, list[float]] = {name: [] for name in mapping}
    chunk = max(1, round(recording.rate / CHUNKS))
    indices = list(mapping.values())
    for first in range(0, recording.length, BLOCK):
        block = recording.samples.read(indices, first, BLOCK)
        for row, name in zip(block, mapping, strict=True):
            peaks[name[0]] = max(peaks[name[0]], float(np.max(np.abs(row))))
            squares[name] += float(np.dot(row, row))
            levels[name] += _mean_squares(row, chunk)
    rms = {name: (square / recording.length) ** 0.5 for name, square in squares.items() if name[0] == "V"}
    loudest = max(rms, key=lambda name: rms[name])
    signal = recording.samples.read([mapping[loudest]], 0, min(recording.length, 4 * BLOCK))[0]
    guess = float(frequency or recording.frequency or 0)
    if not guess:
        guess = min((50.0, 60.0), key=lambda f: abs(estimate_frequency(signal, recording.rate, f) - f))
    measured = estimate_frequency(signal, recording.rate, guess)
    if abs(measured / guess - 1) > 0.1:
        measured = guess
    return measured, _usual(levels[loudest]), (peaks["V"], peaks["I"])


def _mean_squares(row: Any, chunk: int) -> list[float]:
    """Return the mean square of each chunk of samples, what is left over left out; of all if there are fewer."""
    whole = len(row) // chunk * chunk
    pieces = row[:whole].reshape(-1, chunk) if whole else row.reshape(1, -1)
    return [float(square) for square in np.mean(pieces**2, axis=1)]


def _usual(squares: list[float]) -> float:
    """Return the median RMS of the chunks with voltage: no dip, swell or interruption makes the nominal voltage."""
    return float(np.sqrt(np.median([x for x in squares if x >= max(squares) * NO_VOLTAGE])))
