"""Records as files for other programs: CSV, and Parquet where pyarrow is installed."""

import csv
from datetime import datetime
from typing import Any

from ferraris.errors import UsageError

Record = dict[str, Any]


def write_csv(path: str, records: list[Record]) -> None:
    """Write records with the same names as CSV, with a header; times as ISO 8601 in UTC."""
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if records:
                writer.writerow(records[0])
            writer.writerows([_text(value) for value in record.values()] for record in records)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


def _text(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


def write_parquet(path: str, records: list[Record]) -> None:
    """Write the same as Parquet: times are timestamps in UTC, numbers are numbers."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise UsageError("--parquet needs pyarrow: pip install 'ferraris[export]'") from error
    columns = {}
    for name in records[0] if records else ():
        values = [record[name] for record in records]
        kind = pyarrow.timestamp("s", tz="UTC") if any(isinstance(v, datetime) for v in values) else None
        columns[name] = pyarrow.array(values, type=kind)
    try:
        parquet.write_table(pyarrow.table(columns), path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
