"""The records of a stored load profile with the names of their channels."""

from collections.abc import Iterator
from typing import NamedTuple

from meter.registers.load_profile import DEFAULT_CHANNELS, POWER_FAIL, SHORT, LoadProfile

FLAGS = ((SHORT, "short"), (POWER_FAIL, "power fail"))


class Row(NamedTuple):
    """One record. start, end: UTC seconds. values: by the text keys of the channels. flagged: not a plain interval."""

    entry: int
    start: int
    end: int
    seconds: int
    status: str
    values: dict[str, float]
    flagged: bool


def rows(profile: LoadProfile, start: int | None = None) -> Iterator[Row]:
    """Yield the rows from an entry number on, oldest first."""
    for entry, end, seconds, status, values in profile.records(start):
        text = " ".join(name for flag, name in FLAGS if status & flag)
        names = DEFAULT_CHANNELS if len(values) == len(DEFAULT_CHANNELS) else _numbered(len(values))
        yield Row(entry, end - seconds, end, seconds, text, dict(zip(names, values, strict=True)), bool(text))


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"channel {k + 1}" for k in range(count))
