"""`ferraris config`, and what `ferraris run` keeps of a configuration."""

import json
import re
from pathlib import Path

import pytest
from ferraris.cli import main
from ferraris.config import EFFECTS, examples, written
from ferraris.stored import configuration
from meter.config import apply, document
from meter.config.schema import FIELDS, defaults

DOCS = Path(__file__).parents[2] / "docs" / "configuring.md"
QUIET = {"ports": {name: {"enabled": False} for name in ("optical", "rs485", "iec62056_21_tcp", "dlms_tcp")}}


def called(capsys, *arguments):
    """Return (exit code, lines of output, lines of errors)."""
    code = main([str(argument) for argument in arguments])
    found = capsys.readouterr()
    return code, found.out.splitlines(), found.err.splitlines()


def file_of(tmp_path, content, name="c.json"):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.feature("HST-01")
def test_a_new_document_has_every_setting_of_the_factory(capsys):
    code, lines, _ = called(capsys, "config", "new")
    assert code == 0 and max(map(len, lines)) < 230
    text = "\n".join(lines)
    assert json.loads(text) == json.loads(json.dumps(document.document_of(defaults())))
    assert document.read(text.encode()) == document.read(b"{}")


@pytest.mark.parametrize("name", examples())
def test_an_example_is_printed_as_it_stands_and_is_valid(capsys, tmp_path, name):
    _, lines, _ = called(capsys, "config", "new", "--example", name)
    path = file_of(tmp_path, "\n".join(lines))
    assert written(json.loads(path.read_text())) == path.read_text(), "written as `new` writes"
    code, lines, errors = called(capsys, "config", "check", path)
    assert (code, errors) == (0, []) and lines[0].startswith(f"{path}: valid; ")


@pytest.mark.feature("HST-01")
def test_check_lists_all_that_is_wrong(capsys, tmp_path):
    path = file_of(tmp_path, {"colour": 1, "service": {"frequency": 61}, "demand": {"subinterval": 4}})
    code, lines, errors = called(capsys, "config", "check", path)
    assert (code, lines, len(errors)) == (2, [], 3)
    assert all(line.startswith(f"ferraris: {path}: ") for line in errors)


@pytest.mark.parametrize(
    "text, problem",
    [
        (b"\xef\xbb\xbf{}", ":1:1: begins with a byte order mark"),
        (b'{"meter": {"id": "\xff"}}', ":1:19: not UTF-8 text"),
        (b'{"meter": {}, "meter": {}}', ':1:15: "meter" is there twice'),
        (b'{"service": {"pt_primary": NaN}}', ": service.pt_primary: must be a number"),
        (b"[" * 10_000, ":1:17: nested deeper than 16"),
        (b" " * 10_000_000, ": 10000000 bytes; the largest configuration has 65536"),
    ],
)
def test_what_is_no_document_is_told_by_its_place(capsys, tmp_path, text, problem):
    path = tmp_path / "c.json"
    path.write_bytes(text)
    code, _, errors = called(capsys, "config", "check", path)
    assert code == 2 and len(errors) == 1 and errors[0].startswith(f"ferraris: {path}{problem}")


@pytest.mark.feature("HST-01", "CFG-01")
def test_diff_says_what_differs_and_what_it_re_initialises(capsys, tmp_path):
    old = file_of(
        tmp_path, {"registers": {"test": [{"id": 200, "kind": "consumption", "quantity": "Wh.del.P"}]}}, "a"
    )
    new = file_of(tmp_path, {
        "service": {"ct_primary": 200, "ct_secondary": 5},
        "registers": {"test": [{"id": 200, "kind": "consumption", "quantity": "Wh.del.P", "digits": 6},
                               {"id": 201, "kind": "consumption", "quantity": "Wh.rec.P"}]},
    }, "b")  # fmt: skip
    _, lines, _ = called(capsys, "config", "diff", old, new)
    assert lines == [
        "service.ct_primary: 1.0 A -> 200 A",
        "service.ct_secondary: 1.0 A -> 5 A",
        "registers.test: register 200: digits null -> 6",
        "registers.test: register 201 (consumption Wh.rec.P) comes new",
        "register lists, primary scaling: all registers and self-reads are set to zero; load profile 1 is erased; "
        "load profile 2 is erased",
    ]
    assert called(capsys, "config", "diff", "factory", "factory")[1] == ["no setting differs"]
    _, lines, _ = called(capsys, "config", "diff", "factory", file_of(tmp_path, {"meter": {"id": "x"}}))
    assert lines == ['meter.id: "" -> "x"', "nothing is re-initialised"]


def test_show_is_a_table_of_every_setting_with_what_was_changed(capsys):
    _, lines, _ = called(capsys, "config", "show", "example:household")
    rows = [line for line in lines if not line.startswith("   ")]
    assert [row[2:].split()[0] for row in rows] == [field[0] for field in FIELDS]
    assert any(re.match(r"\* service.frequency +50 Hz +nominal", row) for row in rows)
    _, changed, _ = called(capsys, "config", "show", "example:household", "--changed")
    assert [row for row in rows if row[0] == "*"] == [row for row in changed if not row.startswith("   ")]


@pytest.mark.parametrize("what", ["example:none", "state:/nowhere", "/nowhere.json"])
def test_what_is_not_there_is_refused(capsys, what):
    code, _, errors = called(capsys, "config", "show", what)
    assert code == 2 and len(errors) == 1


@pytest.mark.feature("HST-01")
def test_run_keeps_a_configuration_and_goes_on_with_it(capsys, tmp_path):
    state = tmp_path / "state"
    first = file_of(tmp_path, {**QUIET, "meter": {"id": "first"}}, "first.json")
    run = ["run", "--state", state, "--speed", "max", "--duration", "2"]
    assert called(capsys, *run, "--config", first, "--start", "2026-01-01")[0] == 0
    assert configuration(str(state))["meter.id"] == "first"
    assert called(capsys, *run, "--start", "2026-01-02")[0] == 0, "without --config"
    _, lines, _ = called(capsys, "config", "diff", first, f"state:{state}")
    assert lines == ["no setting differs"]
    second = file_of(tmp_path, {**QUIET, "meter": {"id": "second"}}, "second.json")
    assert called(capsys, *run, "--config", second, "--start", "2026-01-03")[0] == 0
    assert configuration(str(state))["meter.id"] == "second"
    _, lines, _ = called(capsys, "read", f"state:{state}", "events", "--json")
    names = [event["name"] for event in json.loads("\n".join(lines))]
    assert names.count("configuration") == 1


def test_the_page_has_the_table_of_what_is_re_initialised():
    names = dict(zip([bit for bit, _ in EFFECTS], ("registers", "load profile 1", "load profile 2")))
    rows = re.findall(
        r"^\| ([^|]+) \| (`[^|]+`) \| ([^|]+) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE
    )
    expected = [
        (
            name,
            ", ".join(f"`{path}`" for path in paths),
            ", ".join(text for bit, text in names.items() if what & bit),
        )
        for name, paths, what in apply.CHANGES
    ]
    assert rows == expected


def test_the_page_has_every_example():
    page = DOCS.read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z_]+)` \| [^`]", page, re.MULTILINE) == ["household", "commercial_tou", "solar_plant",
                                                                           "test_bench"]  # fmt: skip
    assert set(examples()) == set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE))
