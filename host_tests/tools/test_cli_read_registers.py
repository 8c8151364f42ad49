"""`ferraris read state:DIR registers` and `self_reads`: what a meter stopped with, as its display would show it."""

import csv
import json

import pytest

from host_tests.engine_life import register
from host_tests.tools.cli_process import called, configuration, ferraris

LISTS = {
    "normal": [
        {"id": 3, "kind": "consumption", "quantity": "Wh.del.P", "label": "used", "digits": 6, "decimals": 3,
         "prefix": "k", "rate": "B", "self_read": True},
        {"id": 5, "kind": "time of peak demand", "quantity": "W.del.P", "label": "when", "self_read": True},
        {"id": 6, "kind": "average PF", "quantity": "PF.del.P", "label": "factor", "digits": 3, "decimals": 2},
        {"id": 7, "kind": "time", "quantity": "present time", "label": "now"},
    ],
    "alternate": [
        {"id": 100, "kind": "consumption", "quantity": "Wh.del.P", "storage": "previous hour", "label": "hour",
         "prefix": "k", "digits": 6, "decimals": 3},
    ],
    "test": [],
}  # fmt: skip


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A meter that ran for two minutes around midnight in Vienna with registers of its own."""
    directory = tmp_path_factory.mktemp("registers")
    config = configuration(
        directory / "c.json",
        registers=LISTS,
        clock={"zone": "CET-1"},
        tou={"days": [["all", "all", "00:00 B"]]},
        self_read={"kind": "subinterval"},
        demand={"interval": 1, "subinterval": 1},
    )
    ran = ferraris(
        *("run", "--config", config, "--state", directory / "state", "--speed", "max"),
        *("--start", "2026-01-01T22:59:00Z", "--duration", "122"),
    )
    assert ran.returncode == 0, ran.stderr
    return f"state:{directory / 'state'}", config


def test_a_table_has_number_label_text_unit_storage_and_rate_and_local_times(capsys, stopped):
    url, config = stopped
    result = called(capsys, "read", url, "registers", "--config", config)
    assert (result.returncode, result.stderr) == (0, "")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["number", "label", "shown", "in", "storage", "rate"]
    assert [line[0] for line in lines[1:]] == ["3", "5", "6", "7", "100"]
    assert lines[1][1:2] + lines[1][3:] == ["used", "kWh", "working", "B"]
    assert lines[2][1:] == ["when", "00:01:00", "02.01.26", "working", "total"]
    assert lines[4][1:4] == ["now", "00:01:01", "02.01.26"]
    assert lines[5][3:] == ["kWh", "previous", "hour", "total"]


@pytest.mark.feature("REG-05")
def test_json_and_csv_have_numbers_in_the_unit_and_the_hour_is_that_before_the_stop(
    capsys, stopped, tmp_path
):
    url, config = stopped
    rows = json.loads(called(capsys, "read", url, "registers", "--config", config, "--json").stdout)
    used, when, factor, _, hour = rows
    assert (used["list"], used["unit"], used["kind"], used["quantity"]) == (
        "normal",
        "Wh",
        "consumption",
        "Wh.del.P",
    )
    assert when["value"] == "2026-01-01T23:01:00Z" and (hour["list"], hour["number"]) == ("alternate", 100)
    assert 0 < hour["value"] < used["value"] < 2.2 * hour["value"]
    assert used["shown"] == f"{int(used['value']) / 1000:07.3f}"
    assert factor["shown"] == f"{factor['value']:.2f}"[:4] and factor["unit"] == ""
    assert (
        called(capsys, "read", url, "registers", "--config", config, "--csv", tmp_path / "r.csv").returncode
        == 0
    )
    with open(tmp_path / "r.csv", newline="") as file:
        assert [row["shown"] for row in csv.DictReader(file)] == [row["shown"] for row in rows]


def test_without_a_configuration_it_is_the_meters_own_and_another_one_zeroes(capsys, stopped, tmp_path):
    url, config = stopped
    used = called(capsys, "read", url, "registers", "--config", config, "--json")
    result = called(capsys, "read", url, "registers", "--json")
    assert (result.stdout, result.stderr) == (used.stdout, "")
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"registers": {"normal": [register(7)]}}))
    result = called(capsys, "read", url, "registers", "--config", other, "--json")
    assert result.returncode == 0 and "ran with another configuration" in result.stderr
    rows = {row["number"]: row for row in json.loads(result.stdout)}
    assert rows[7]["value"] == 0
    assert called(capsys, "read", url, "registers", "--json").stdout == used.stdout, "nothing was changed"


@pytest.mark.feature("BIL-03")
def test_self_reads_have_time_trigger_and_a_column_for_each_register(capsys, stopped):
    url, config = stopped
    rows = json.loads(called(capsys, "read", url, "self_reads", "--config", config, "--json").stdout)
    assert [row["time"] for row in rows] == ["2026-01-01T23:00:00Z", "2026-01-01T23:01:00Z"]
    assert [row["trigger"] for row in rows] == ["subinterval"] * 2
    assert [row["5 when"] for row in rows] == ["2026-01-01T23:00:00Z", "2026-01-01T23:01:00Z"]
    assert 0 < rows[0]["3 used Wh"] < rows[1]["3 used Wh"]
    late = called(
        capsys, "read", url, "self_reads", "--config", config, "--from", "2026-01-01T23:01:00Z", "--json"
    )
    assert json.loads(late.stdout) == rows[1:]
    bare = called(capsys, "read", url, "self_reads", "--json")
    assert json.loads(bare.stdout)[0]["time"] == "2026-01-01T23:00:00Z"
