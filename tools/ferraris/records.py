"""Records of any reader on their way out: the window of time they are from, then a table, JSON or files."""

import json
from argparse import Namespace
from datetime import datetime
from typing import Any

from ferraris.errors import UsageError
from ferraris.export import Record, write_csv, write_parquet

__all__ = ["MOST_DAYS", "Record", "check_window", "has_window", "put_out", "window"]

DAY = 86400
MOST_DAYS = 60  # the manual, Load Profile: complete days, and today
END = 1 << 32
_WIDTH = 24  # of a column on the terminal, at most


def has_window(options: Namespace) -> bool:
    """Return True if the command line says from when the records should be."""
    return any(getattr(options, name) is not None for name in ("last_days", "start", "to"))


def check_window(options: Namespace) -> None:
    """Raise UsageError for a window that cannot be."""
    if options.last_days is not None and options.start is not None:
        raise UsageError("--last-days and --from: one of them")
    if options.start is not None and options.to is not None and options.start >= options.to:
        raise UsageError("--from must be before --to")


def window(options: Namespace, newest: int) -> tuple[int, int]:
    """Return (from, to), UTC seconds. newest: the last second of the records; its day is today."""
    start = options.start or 0
    if options.last_days is not None:
        start = max(0, newest // DAY - options.last_days) * DAY
    return start, options.to if options.to is not None else END


def put_out(records: list[Record], options: Namespace, names: tuple[str, ...] | None = None) -> None:
    """Write or print records as the command line says. names: the columns of the table, without them all."""
    if options.csv:
        write_csv(options.csv, records)
    if options.parquet:
        write_parquet(options.parquet, records)
    if options.json:
        print(json.dumps([{name: _json(value) for name, value in one.items()} for one in records], indent=1))
    elif not (options.csv or options.parquet or options.plot):
        _print(records, names)
    else:
        print(f"{len(records)} records written")


def _json(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


def _print(records: list[Record], names: tuple[str, ...] | None = None) -> None:
    """Print a table whose columns are as wide as what is in them."""
    if not records:
        print("no records")
        return
    names = names or tuple(records[0])
    lines = [list(names), *([_cell(record[name]) for name in names] for record in records)]
    wide = [max(len(line[k]) for line in lines) for k in range(len(names))]
    for line in lines:
        cells = (cell.ljust(min(width, _WIDTH)) for cell, width in zip(line, wide, strict=True))
        print("  ".join(cells).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return f"{value:.6g}" if isinstance(value, float) else str(value)
