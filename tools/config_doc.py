"""docs/configuration.md and docs/configuration.schema.json from the table of settings in meter.config.schema:
`config_doc.py` writes them anew, `config_doc.py --check` says whether they are up to date.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from ferraris.config_schema import schema
from meter.config.calendars import ROWS
from meter.config.push_fields import EVENTS, MOST_OBJECTS, MOST_WINDOWS
from meter.config.schema import FIELDS
from meter.registers.tou import HOLIDAYS, SEASONS

DOCS = Path(__file__).parents[1] / "docs"
PATH = DOCS / "configuration.md"
SCHEMA = DOCS / "configuration.schema.json"
HEAD = """\
# Configuration

<!-- Written by tools/config_doc.py from firmware/meter/config/schema.py. Edit that table, not this page. -->

A configuration is a JSON document for `--config`. It holds what differs from the defaults; sections are nested:

```json
{"version": 2, "service": {"frequency": 50, "nominal_voltage": 230}, "ports": {"dlms_tcp": {"port": 0}}}
```

Settings that are unknown or not allowed are refused, with one line for each. How a configuration is made, checked and
applied, and what a change re-initialises: [configuring.md](configuring.md). For editors there is a JSON Schema:
[configuration.schema.json](configuration.schema.json).
"""

# What the kinds take that have nothing to choose from.
WORDS = {
    "flag": "true, false",
    "zone": "POSIX TZ, such as `CET-1CEST,M3.5.0,M10.5.0/3` ([tariffs.md](tariffs.md))",
    "time": "HH:MM",
    "seasons": f"up to {SEASONS} dates `MM-DD`",
    "days": f"up to {ROWS} rows `[seasons, days, switches]` ([tariffs.md](tariffs.md))",
    "triggers": "up to 16 rows such as `1: V.A < 0.4 Vn` ([status-word.md](status-word.md))",
    "attributes": f"up to {MOST_OBJECTS} texts `class/OBIS code/attribute`",
    "windows": f"up to {MOST_WINDOWS} texts `HH:MM-HH:MM`",
    "events": ", ".join(EVENTS),
    "holidays": f"up to {HOLIDAYS} dates `YYYY-MM-DD` or `YYYY-MM-DD H2`",
}


def document() -> str:
    """Return the whole page."""
    page = HEAD
    for section, fields in groupby(FIELDS, key=lambda field: field[0].partition(".")[0]):
        page += f"\n## {section}\n\n| Setting | Default | Allowed | Meaning |\n|---|---|---|---|\n"
        page += "".join(_rows(fields))
    return page


def _rows(fields: Iterator[Any]) -> Iterator[str]:
    for path, kind, default, allowed, unit, text in fields:
        value = "the factory's list" if kind == "registers" else json.dumps(default)
        yield f"| `{path}` | `{value}`{' ' + unit if unit else ''} | {_allowed(kind, allowed)} | {text} |\n"


def _allowed(kind: str, allowed: Any) -> str:
    """Return in words what a setting of this kind takes."""
    if kind in WORDS:
        return WORDS[kind]
    if kind == "registers":
        return f"up to {allowed} registers ([registers.md](registers.md))"
    if kind == "text":
        return f"text of {allowed[0]} to {allowed[1]} characters"
    if kind == "choice":
        return ", ".join(map(str, allowed))
    if kind == "quantities":
        return f"{allowed[0]} to {allowed[1]} quantities, such as Wh.del.P (consumed) or V.A (averaged)"
    if kind == "each":
        return f"up to {allowed[0]} numbers, {allowed[1]:.7g} to {allowed[2]:.7g}"
    if kind == "numbers":
        return f"{allowed[0]} numbers, {allowed[1]:.7g} to {allowed[2]:.7g}"
    return f"{'whole number, ' if kind == 'integer' else ''}{allowed[0]:.7g} to {allowed[1]:.7g}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 if it is out of date"
    )
    is_check = parser.parse_args().check
    stale = [path for path, text in pages() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path, text in pages():
        if not is_check:
            path.write_text(text, encoding="utf-8")
        elif path in stale:
            print(f"{path}: out of date; run tools/config_doc.py", file=sys.stderr)
    return 1 if is_check and stale else 0


def pages() -> list[tuple[Path, str]]:
    """Return (path, text) of all that is made from the table."""
    return [(PATH, document()), (SCHEMA, json.dumps(schema(), indent=1) + "\n")]


if __name__ == "__main__":
    sys.exit(main())
