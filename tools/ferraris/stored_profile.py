"""The records of a stored load profile with the names of their channels."""

from collections.abc import Iterator
from typing import NamedTuple

from meter.registers.load_profile import LoadProfile
from meter.registers.load_profile_record import MIDNIGHT, NORMAL, status_text


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
    for record in profile.records(start):
        text = status_text(record.status & ~NORMAL)
        values = dict(zip(record.description.keys, record.values, strict=True))
        flagged = bool(record.status & ~(NORMAL | MIDNIGHT))
        yield Row(record.entry, record.start, record.end, record.seconds, text, values, flagged)
