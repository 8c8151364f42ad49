"""The pages under docs/ name what the code has."""

import re
from pathlib import Path

import pytest
from ferraris.accuracy import points, runner
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


@pytest.mark.feature("MET-23")
def test_standards_are_tested_against_and_never_claimed():
    root = Path(__file__).parents[1]
    accuracy = (root / "docs" / "accuracy.md").read_text(encoding="utf-8")
    sections = {row.section for row in runner.chosen_rows(points.meters(True)[0], None)}
    for standard in ("IEC 62053-22 class 0.2S", "IEC 62053-24 class 0.5S", "MID class C"):
        assert any(section.startswith(standard) for section in sections), standard
        assert f"| {standard} |" in accuracy, standard
    for page in [root / "README.md", root / "CHANGELOG.md", *(root / "docs").rglob("*.md")]:
        text = page.read_text(encoding="utf-8").lower()
        assert not re.search(r"\b(complies|compliant|conforms)\b", text), page
