"""CSV recordings: a header row with VA VB VC IA IB IC (any of them, any order), volts and amperes, one sample
a line.

The time is a column t in seconds, or a rate given by the user. Comma, semicolon or tab separates; with a
semicolon a decimal comma is understood. Other columns are ignored.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ferraris.recordings.errors import InputError
from ferraris.recordings.files import decode, read_bytes
from ferraris.recordings.model import Channel, Recording
from ferraris.recordings.phases import METER_CHANNELS, UNITS
from ferraris.recordings.samples import ArraySamples, Floats
from ferraris.recordings.uniform import fit_rate

TIME = "T"
# how much a step of t may differ from the mean one, before it counts as irregular
JITTER = 0.01


@dataclass(frozen=True)
class _Text:
    """The lines after the header. first: the number of the first of them in the file, counted from 1."""

    path: Path
    lines: list[str]
    first: int
    separator: str
    header: list[str]


def read_csv(path: Path, rate: float | None = None) -> Recording:
    """Return the recording. InputError: names line and column of what cannot be used."""
    text = _split(decode(read_bytes(path)), path)
    columns = _columns(text)
    names = [name for name in METER_CHANNELS if name in columns]
    if not names:
        raise InputError(
            f"{path}: the header (line {text.first - 1}) names none of {' '.join(METER_CHANNELS)}"
        )
    if (TIME in columns) == (rate is not None):
        raise InputError(f"{path}: needs either a column t (seconds) or a rate{', not both' if rate else ''}")
    table = _table(text, [columns[name] for name in ([TIME, *names] if rate is None else names)])
    if rate is None:
        rate = _rate_of(table[:, 0], text, columns[TIME])
        table = table[:, 1:]
    channels = tuple(Channel(name, name[1], UNITS[name]) for name in names)
    return Recording(path, "CSV", channels, float(rate), ArraySamples(np.ascontiguousarray(table.T)))


def _split(content: str, path: Path) -> _Text:
    """Find the header and its separator; drop blank lines at the end."""
    lines = content.lstrip("\ufeff").splitlines()
    while lines and not lines[-1].strip(" \t;,\x1a\x00"):
        lines.pop()
    at = next((n for n, line in enumerate(lines) if line.strip()), None)
    if at is None:
        raise InputError(f"{path}: the file holds only blank lines")
    separator = max(";\t,", key=lines[at].count)
    header = [cell.strip().strip("\"'").strip().upper() for cell in lines[at].split(separator)]
    rows = lines[at + 1 :]
    if len(rows) < 2:
        raise InputError(f"{path}: {len(rows)} lines of samples after the header are too few")
    if separator == ";":
        rows = [row.replace(",", ".") for row in rows]
    return _Text(path, rows, at + 2, separator, header)


def _columns(text: _Text) -> dict[str, int]:
    """Return the index of each column that matters, by name."""
    columns: dict[str, int] = {}
    for index, name in enumerate(text.header):
        if name in (TIME, *METER_CHANNELS):
            if name in columns:
                raise InputError(f"{text.path}: the header (line {text.first - 1}) names {name} twice")
            columns[name] = index
    return columns


def _table(text: _Text, columns: list[int]) -> Floats:
    """Return the numbers of `columns`, (n_samples, len(columns))."""
    try:
        table = np.loadtxt(
            text.lines, delimiter=text.separator, usecols=columns, comments=None, ndmin=2, quotechar='"'
        )
    except ValueError as error:
        _raise_first_bad_cell(text, columns)
        raise InputError(f"{text.path}: {error}") from None
    if len(table) != len(text.lines) or not np.isfinite(table).all():
        _raise_first_bad_cell(text, columns)
    return table


def _raise_first_bad_cell(text: _Text, columns: list[int]) -> None:
    for number, line in enumerate(text.lines, text.first):
        if not line.strip():
            raise InputError(f"{text.path}: line {number} is blank")
        cells = [cell.strip().strip('"') for cell in line.split(text.separator)]
        for column in columns:
            name = "t" if text.header[column] == TIME else text.header[column]
            cell = cells[column] if column < len(cells) else None
            if cell is None or not _is_number(cell):
                what = "is missing" if not cell else f"is {cell!r}, not a number"
                raise InputError(f"{text.path}: line {number}, column {name}: the value {what}")


def _is_number(cell: str) -> bool:
    try:
        return "_" not in cell and bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _rate_of(instants: Floats, text: _Text, column: int) -> float:
    """Return the sample rate of the column t. InputError: a step that is more than 1 % (and rounding) off."""
    steps = np.diff(instants)
    if instants[-1] <= instants[0]:
        raise InputError(f"{text.path}: line {text.first + len(instants) - 1}: t does not increase")
    rate, _ = fit_rate(instants)
    usual = float(np.median(steps))
    tolerance = JITTER * usual + min(_resolution(text, column), usual / 4)
    wrong = np.flatnonzero((steps <= 0) | (np.abs(steps - usual) > tolerance))
    if len(wrong):
        line = text.first + int(wrong[0]) + 1
        step = steps[wrong[0]]
        raise InputError(
            f"{text.path}: line {line}: t is irregular:"
            f" {step:.6g} s after the line before, usually {usual:.6g} s"
        )
    return rate


def _resolution(text: _Text, column: int) -> float:
    """Return the last decimal place of t as it is written, in seconds, from the first thousand lines."""
    places = 0
    for line in text.lines[:1000]:
        cell = line.split(text.separator)[column].strip().strip('"').lower()
        digits, _, exponent = cell.partition("e")
        places = max(places, len(digits.partition(".")[2]) - int(exponent or 0))
    return float(10.0**-places)
