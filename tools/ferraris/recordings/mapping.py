"""Which channel of a recording is which channel of the meter: as the user says, or by phase and unit."""

from collections.abc import Mapping

import numpy as np

from ferraris.recordings.errors import InputError
from ferraris.recordings.model import Recording
from ferraris.recordings.phases import METER_CHANNELS, UNITS, phase_of, unit_of

# fewer samples a cycle cannot show the harmonics and dips that a meter has to measure
SAMPLES_PER_CYCLE = 16
RATE_TOLERANCE = 0.005
BLOCK = 1 << 18


def parse_map(text: str) -> dict[str, str]:
    """Return {"VA": "name", ...} of "VA=name,IA=name". InputError: a part without =, a channel twice."""
    mapping: dict[str, str] = {}
    for part in text.split(","):
        key, equals, name = (piece.strip() for piece in part.partition("="))
        if not (key and equals and name):
            raise InputError(f"--map: {part.strip()!r} is not METER_CHANNEL=NAME")
        if key in mapping:
            raise InputError(f"--map: {key} is given twice")
        mapping[key] = name
    return mapping


def parse_scale(text: str) -> float | dict[str, float]:
    """Return the number of "400", or {"VA": 400.0, "IA": 20.0} of "VA=400,IA=20". InputError: not a number
    above 0.
    """
    if "=" not in text:
        return _positive(text)
    return {key: _positive(value) for key, value in parse_map(text).items()}


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise InputError(f"--scale: {text.strip()!r} is not a number above zero")
    return value


def map_channels(
    recording: Recording, mapping: Mapping[str, str] | None = None, frequency: float | None = None
) -> dict[str, int]:
    """Return {meter channel: index in the recording}, in the order VA VB VC IA IB IC; what is not recorded is
    left out.

    mapping: the user's choice, {"VA": name in the file, or "#3" for its third channel}; None: by phase and
        unit.
    frequency: the nominal one in hertz (default: the file's), to check that there are samples enough in a
        cycle.
    InputError: unknown or doubtful channels, no voltage, too few samples a cycle, missing values in a channel
        used.
    """
    chosen = _explicit(recording, mapping) if mapping else _automatic(recording)
    result = {name: chosen[name] for name in METER_CHANNELS if name in chosen}
    if not any(UNITS[name] == "V" for name in result):
        raise _no_choice(
            recording, "no voltage of a phase was found" if not mapping else "no voltage is mapped"
        )
    _check_rate(recording, frequency or recording.frequency)
    _check_values(recording, result)
    return result


def describe(recording: Recording) -> str:
    """Return all analog channels as "name (phase, unit)"; "-" stands for a blank."""
    return ", ".join(f"{c.name or '-'} ({c.phase or '-'}, {c.unit or '-'})" for c in recording.channels)


def _no_choice(recording: Recording, reason: str) -> InputError:
    count = len(recording.channels)
    return InputError(
        f"{recording.path}: {reason}; choose with --map VA=name,IA=name,..."
        f" from its {count} analog channels: {describe(recording)}"
    )


def _automatic(recording: Recording) -> dict[str, int]:
    chosen: dict[str, int] = {}
    letter = {"V": "V", "A": "I"}
    for index, channel in enumerate(recording.channels):
        phase, unit = phase_of(channel), unit_of(channel)
        if not phase or not unit:
            continue
        key = letter[unit] + phase
        if key in chosen:
            both = f"{recording.channels[chosen[key]].name} and {channel.name}"
            raise _no_choice(recording, f"both {both} could be {key}")
        chosen[key] = index
    return chosen


def _explicit(recording: Recording, mapping: Mapping[str, str]) -> dict[str, int]:
    chosen: dict[str, int] = {}
    for key, name in mapping.items():
        if key not in METER_CHANNELS:
            raise InputError(f"--map: {key} is not a channel of the meter ({' '.join(METER_CHANNELS)})")
        index = _find(recording, name)
        if index in chosen.values():
            raise InputError(f"{recording.path}: channel {name} is mapped twice")
        unit = recording.channels[index].unit
        if unit and unit != UNITS[key]:
            raise InputError(f"{recording.path}: {key} is in {UNITS[key]}, but channel {name} is in {unit}")
        chosen[key] = index
    return chosen


def _find(recording: Recording, name: str) -> int:
    names = [channel.name for channel in recording.channels]
    exact = [index for index, other in enumerate(names) if other == name]
    found = exact or [
        index for index, other in enumerate(names) if other.strip().lower() == name.strip().lower()
    ]
    if not found and name.startswith("#") and name[1:].isdecimal() and 1 <= int(name[1:]) <= len(names):
        return int(name[1:]) - 1
    if not found:
        raise _no_choice(recording, f"there is no channel {name!r}")
    if len(found) > 1:
        numbers = " or ".join(f"#{index + 1}" for index in found)
        raise InputError(f"{recording.path}: {len(found)} channels have the name {name!r}: say {numbers}")
    return found[0]


def _check_rate(recording: Recording, frequency: float | None) -> None:
    if frequency is None:
        return
    per_cycle = recording.lowest_rate / frequency
    if per_cycle < SAMPLES_PER_CYCLE * (1 - RATE_TOLERANCE):
        part = "" if recording.lowest_rate == recording.rate else " in its slowest part"
        raise InputError(
            f"{recording.path}: {recording.lowest_rate:.6g} samples/s{part} are {per_cycle:.4g} samples"
            f" per cycle of {frequency:g} Hz; at least {SAMPLES_PER_CYCLE} are needed"
        )
    if recording.length < recording.rate / frequency:
        raise InputError(
            f"{recording.path}: {recording.length} samples are less than a cycle of {frequency:g} Hz"
        )


def _check_values(recording: Recording, chosen: Mapping[str, int]) -> None:
    """InputError when a channel that is used has a value missing: a meter does not invent one."""
    for first in range(0, recording.length, BLOCK):
        block = recording.samples.read(list(chosen.values()), first, BLOCK)
        bad = np.argwhere(~np.isfinite(block))
        if len(bad):
            row, column = bad[np.argmin(bad[:, 1])]
            name = recording.channels[list(chosen.values())[row]].name
            raise InputError(
                f"{recording.path}: channel {name} has no value at sample {first + column + 1};"
                " choose others with --map"
            )
