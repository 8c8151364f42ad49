"""Load tables as CSV: a header, a column of times, and those of ferraris.loads.columns; also compressed (.csv.gz).

A row holds from its time on until the next one; the last as long as the one before. Rows follow each other in equal
steps: a gap is not filled, for a meter invents nothing. Comma, semicolon or tab separates; with a semicolon a decimal
comma is understood. All that is wrong is told at once, by line.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from meter.hal.sim.load_model import TableSteps
from meter.zone import Zone

from ferraris.loads.columns import KEYS, POWERS, Floats, at_inputs, conflicts
from ferraris.loads.times import Times
from ferraris.recordings import InputError
from ferraris.recordings.files import decode, read_bytes

TIME = "time"
ENDINGS = (".csv", ".tsv", ".txt", ".csv.gz")
MOST_PROBLEMS = 20
Scale = float | Mapping[str, float]


class Problems:
    """Collects what is wrong, by line of the file; told as one InputError."""

    def __init__(self, path: str | Path) -> None:
        self._path = path
        self._found: list[tuple[int, str]] = []

    def add(self, line: int, text: str) -> None:
        """Note a problem. line: of the file, from 1; 0: the whole file."""
        self._found.append((line, text))

    def __bool__(self) -> bool:
        return bool(self._found)

    def check(self) -> None:
        """Raise InputError if there are problems."""
        if not self._found:
            return
        found = list(dict.fromkeys(sorted(self._found, key=lambda each: each[0])))
        lines = [f"{self._path}: " + (f"line {n}: " if n else "") + text for n, text in found[:MOST_PROBLEMS]]
        if len(found) > MOST_PROBLEMS:
            lines.append(f"{self._path}: and {len(found) - MOST_PROBLEMS} more")
        raise InputError("\n".join(lines))


def is_load(path: str, mapping: Mapping[str, str] | None) -> bool:
    """Return True if a file is a load table: by its columns, kW, kW_A, ..., named so in it or by --map."""
    if not path.lower().endswith(ENDINGS):
        return False
    if mapping:
        return any(key in POWERS for key in mapping)
    head, separator = _head(_text(Path(path)))
    names = _header(head.split(separator))
    return any(key.lower() in names for key in POWERS)


def read_load(
    path: str | Path, settings: Mapping[str, Any], mapping: Mapping[str, str] | None = None, scale: Scale | None = None
) -> TableSteps:  # fmt: skip
    """Return the steps of a load table, as the meter with these settings sees them.

    mapping: of KEYS and "time" to names of columns, or "#3"; None: columns are named so. What is not named is not used.
    scale: factor of the powers, or of each column by its key. InputError: all that is wrong.
    """
    problems = Problems(path)
    (first, header), *rows = _rows(Path(path))
    places = _places(_header(header), first, mapping, problems)
    factors = _factors(scale, places, problems)
    for text in [] if problems else conflicts(places, settings):
        problems.add(first, text)
    problems.check()
    if len(rows) < 2:
        raise InputError(f"{path}: {len(rows)} lines of values after the header are too few")
    time = places.pop(TIME)
    columns = {
        key: _column(rows, place, key, problems) * factors.get(key, 1.0) for key, place in places.items()
    }
    lines = [number for number, _ in rows]
    values = None
    if not problems:
        values = at_inputs(columns, len(rows), settings, lambda place, text: problems.add(lines[place], text))
    times = _times(rows, time, Zone(settings["clock.zone"]), problems)
    problems.check()
    assert values is not None
    return TableSteps([*times, 2 * times[-1] - times[-2]], values)


def _text(path: Path) -> str:
    content = read_bytes(path)
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{path}: not a sound gzip file: {error}") from None
    return decode(content).lstrip("\ufeff")


def _head(text: str) -> tuple[str, str]:
    """Return the first line that is not blank, and what separates its cells."""
    match = re.search(r"\S.*", text)
    head = match[0] if match else ""
    return head, max(";\t,", key=head.count)


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return (number of the line, cells) of every line that is not blank."""
    text = _text(path)
    separator = _head(text)[1]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                cells = [cell.strip() for cell in cells]
                if separator == ";":
                    cells = [cell.replace(",", ".") for cell in cells]
                rows.append((reader.line_num, cells))
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: {error}") from None
    if not rows:
        raise InputError(f"{path}: the file holds only blank lines")
    return rows


def _header(cells: list[str]) -> list[str]:
    return [cell.strip("\"' ").lower() for cell in cells]


def _places(
    names: list[str], line: int, mapping: Mapping[str, str] | None, problems: Problems
) -> dict[str, int]:
    """Return the place of each column that is used, by key."""
    wanted = dict(mapping) if mapping else {key: key for key in KEYS if key.lower() in names}
    wanted.setdefault(TIME, TIME)
    places = {}
    for key, name in wanted.items():
        if key not in KEYS and key != TIME:
            problems.add(0, f"--map: {key} is no column of a load (time {' '.join(KEYS)})")
            continue
        found = [place for place, other in enumerate(names) if other == name.lower()]
        if not found and name.startswith("#") and name[1:].isdecimal() and 1 <= int(name[1:]) <= len(names):
            found = [int(name[1:]) - 1]
        if len(found) != 1:
            what = f"names {name!r} {len(found)} times" if found else f"names no column {name!r}"
            problems.add(line, f"the header {what}: {', '.join(names[:40])}")
        else:
            places[key] = found[0]
    return places


def _factors(scale: Scale | None, places: Mapping[str, int], problems: Problems) -> dict[str, float]:
    if scale is None:
        return {}
    if isinstance(scale, Mapping):
        for key in scale:
            if key not in places:
                problems.add(0, f"--scale: {key} is no column that is used ({' '.join(places)})")
        return dict(scale)
    return {key: scale for key in places if key in POWERS}


def _times(rows: list[tuple[int, list[str]]], place: int, zone: Zone, problems: Problems) -> list[int]:
    """Return the UTC second of each row; notes what does not follow in equal steps."""
    times, found, lines = Times(zone), [], []
    for line, cells in rows:
        text = cells[place] if place < len(cells) else ""
        try:
            found.append(times.read(text))
            lines.append(line)
        except ValueError as error:
            problems.add(line, f"time: {error if text else 'is missing'}")
    steps = np.diff(np.array(found))
    usual = int(np.median(steps)) if len(steps) else 0
    for at in np.flatnonzero((steps != usual) | (steps <= 0)):
        step = int(steps[at])
        what = (
            "the same time as before" if step == 0 else f"{step} s after the line before, usually {usual} s"
        )
        if step < 0:
            what = f"{-step} s earlier than the line before: lines must be in the order of time"
        elif step > usual:
            what += ": a gap"
        problems.add(lines[at + 1], f"time: {what}{_hint(abs(step - usual), zone)}")
    return found


def _hint(off: int, zone: Zone) -> str:
    return " (local time? then set clock.zone)" if off == 3600 and zone.rule == "UTC0" else ""


def _column(rows: list[tuple[int, list[str]]], place: int, key: str, problems: Problems) -> Floats:
    out = np.zeros(len(rows))
    for at, (line, cells) in enumerate(rows):
        cell = cells[place] if place < len(cells) else ""
        try:
            out[at] = float(cell)
        except ValueError:
            problems.add(line, f"{key}: " + (f"{cell!r} is not a number" if cell else "the value is missing"))
        else:
            if not np.isfinite(out[at]) or "_" in cell:
                problems.add(line, f"{key}: {cell!r} is not a number")
    return out
