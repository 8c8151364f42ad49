"""The records of a stored load profile with the names of their channels."""

from collections.abc import Iterator
from typing import NamedTuple

from meter.registers.load_profile import LoadProfile
from meter.registers.load_profile_channels import bits, is_status
from meter.registers.load_profile_record import MIDNIGHT, NORMAL, is_erasure, status_text
from meter.storage.fifo import Fifo


class Row(NamedTuple):
    """One record. start, end: UTC seconds. values: by the text keys of the channels. flagged: not a plain interval."""

    entry: int
    start: int
    end: int
    seconds: int
    status: str
    values: dict[str, float | str]
    flagged: bool


def rows(profile: LoadProfile, start: int | None = None) -> Iterator[Row]:
    """Yield the rows from an entry number on, oldest first.

    Counts are given as what they are worth, words of the status as hex.
    """
    for record in profile.records(start):
        text = status_text(record.status & ~NORMAL)
        description = record.description
        worth = [km * 1e-6 if description.counts else 0 for km in description.km]
        values: dict[str, float | str] = {}
        for key, value, each in zip(description.keys, record.values, worth, strict=True):
            values[key] = (
                f"0x{bits(value):04X}" if is_status(key) else value * each if each else _single(value)
            )
        flagged = bool(record.status & ~(NORMAL | MIDNIGHT))
        yield Row(record.entry, record.start, record.end, record.seconds, text, values, flagged)


def erased_before(fifo: Fifo) -> int:
    """Return the entry number before which records count as erased, 0 if none do."""
    return max((entry for entry, _, payload in fifo.records() if is_erasure(payload)), default=0)


def _single(value: float) -> float:
    """Return a float of 32 bits with no more digits than it has."""
    return float(f"{value:.9g}")
