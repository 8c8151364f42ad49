"""The pages under docs/ name what the code has."""

import re
from pathlib import Path

from meter.metrology.diagnostics import TEXTS
from meter.quantities import CATALOGUE

PAGE = (Path(__file__).parents[1] / "docs" / "metrology.md").read_text(encoding="utf-8")


def test_every_quantity_is_described_with_its_directions_and_phases():
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \| (.+?) \| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
    described = [(name, unit, directions, phases) for name, unit, directions, phases, _ in rows]
    assert described == [
        (name, unit, " ".join(directions) or "-", " ".join(phases))
        for name, unit, directions, phases, _ in CATALOGUE
    ]


def test_every_diagnostic_bit_is_named():
    bits = PAGE[PAGE.index("**Diagnostics**") : PAGE.index("## Quantities")]
    for bit, _ in TEXTS:
        assert re.search(rf"\b{bit} [a-z]", bits), bit
