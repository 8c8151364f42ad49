"""docs/registers.md names what the code has, and its example is a configuration."""

import json
import re
from pathlib import Path

from meter.config.schema import validate
from meter.registers.definition import (
    _COLUMNS,
    _NAMES,
    KINDS,
    LISTS,
    STATUS_ITEMS,
    STORAGES,
    TIME_ITEMS,
    definitions,
)

PAGE = (Path(__file__).parents[2] / "docs" / "registers.md").read_text(encoding="utf-8")
TYPES = {1: "W", 5: "S", 7: "C"}


def table(heading):
    """Return the rows below a heading: tuples of cells."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in section.splitlines()
        if line[:1] == "|"
    ]
    return rows[2:]


def test_every_column_of_a_definition_is_there_with_what_it_must_be_and_its_default():
    expected = [
        (f"`{name}`", _NAMES[kind], "required" if default is None else f"`{json.dumps(default)}`")
        for name, kind, default in _COLUMNS
    ]
    assert [row[:3] for row in table("Columns of a definition")] == expected


def test_every_kind_is_there_with_rates_and_storage_types():
    expected = [(f"`{name}`", "yes" if rate else "no", TYPES[storages]) for name, _, rate, storages in KINDS]
    assert [(row[0], row[2], row[3]) for row in table("Kinds")] == expected
    words = " ".join(PAGE.split())
    assert all(re.search(rf"[ ,:] ?{item}[,. ]", words) for item in (*TIME_ITEMS, *STATUS_ITEMS))


def test_every_storage_type_is_there_with_its_window():
    windows = {"billing": "billing period"}
    expected = [(f"`{name}`", windows.get(window, window)) for name, window, _ in STORAGES]
    assert [row[:2] for row in table("Storage types and their windows")] == expected
    first, last = LISTS[0][1:]
    assert f"numbers {first} to {last}" in PAGE and all(f"({a} to {b})" in PAGE for _, a, b in LISTS[1:])


def test_the_example_is_a_configuration():
    document = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])
    settings = validate(document)
    for name in ("normal", "alternate"):
        found, problems = definitions(settings["registers." + name], name)
        assert len(found) == len(document["registers"][name]) and not problems
