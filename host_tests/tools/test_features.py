"""tools/features.py: it reads the list, finds markers wherever pytest takes them, and refuses unknown IDs."""

from pathlib import Path

import features
import pytest

LIST = "## 1 One\n| ID | Requirement |\n|---|---|\n| AB-01 | first |\n| AB-02 | second |\n"
ROWS = features.read_features(LIST)


def test_rows_have_section_id_and_wording():
    assert ROWS == [("1 One", "AB-01", "first"), ("1 One", "AB-02", "second")]


@pytest.mark.parametrize(
    "source, test",
    [
        ("@pytest.mark.feature('AB-01')\ndef test_a(): pass", "t.py::test_a"),
        ("@pytest.mark.feature('AB-02', 'AB-01')\nasync def test_a(): pass", "t.py::test_a"),
        ("@pytest.mark.feature('AB-01')\nclass TestA:\n    pass", "t.py::TestA"),
        (
            "class TestA:\n    @pytest.mark.feature('AB-01')\n    def test_b(self): pass",
            "t.py::TestA::test_b",
        ),
        ("pytestmark = [pytest.mark.feature('AB-01')]", "t.py"),
        (
            "@pytest.mark.parametrize('a', [pytest.param(1, marks=pytest.mark.feature('AB-01'))])"
            "\ndef test_a(a): pass",
            "t.py::test_a",
        ),
    ],
)
def test_marker_is_found(source, test):
    assert ("AB-01", test) in list(features.find_proofs(source, "t.py"))


def test_unknown_and_repeated_ids_are_errors():
    assert features.find_errors(ROWS, {"AB-01": ["t"]}) == []
    assert features.find_errors(ROWS, {"AB-99": ["t"]}) == ["AB-99 is not in docs/features.md: t"]
    assert features.find_errors(ROWS + ROWS[:1], {}) == ["AB-01 is listed twice"]


def test_no_test_of_this_project_names_an_unknown_requirement():
    root = Path(__file__).parents[2]
    rows = features.read_features((root / "docs" / "features.md").read_text(encoding="utf-8"))
    assert len(rows) > 150
    assert features.find_errors(rows, features.collect(root / "host_tests")) == []
