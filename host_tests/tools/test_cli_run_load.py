"""`ferraris run` on a load table and on a scenario, as users see it."""

import os
import pty
import re
import subprocess
import termios
from fcntl import ioctl
from struct import pack

import pytest

from host_tests.tools.cli_process import (
    COMMAND,
    RunningMeter,
    called,
    configuration,
    environment,
    ferraris,
    refused,
)
from host_tests.tools.test_cli_run import delivered_wh

DELIVERED = "1-0:1.8.0"


@pytest.fixture
def config(tmp_path):
    return configuration(tmp_path / "meter.json")


@pytest.fixture
def load(tmp_path):
    """A day of hours with 0 to 2.3 kW, 27.6 kWh, as a file."""
    path = tmp_path / "load.csv"
    rows = [f"2026-01-01T{hour:02d}:00:00Z,{hour / 10}" for hour in range(24)]
    path.write_text("\n".join(["time,kW", *rows]) + "\n")
    return path


@pytest.fixture
def run(tmp_path, config, load):
    """The arguments of a run of the load."""
    return ("run", "--config", config, "--state", tmp_path / "state", "--source", load)


def test_a_load_is_metered_to_its_end(run):
    result = ferraris(*run, "--speed", "max")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1].startswith("stopped at 2026-01-02 00:00:00 UTC: ")
    assert delivered_wh(result.stdout.splitlines()) == pytest.approx(27600, abs=0.0011)


def test_start_and_duration_choose_a_part_of_it(run):
    result = ferraris(*run, "--speed", "max", "--start", "2026-01-01T10:00:00Z", "--duration", 7200)
    assert "stopped at 2026-01-01 12:00:00 UTC: " in result.stdout
    assert delivered_wh(result.stdout.splitlines()) == pytest.approx(2100, abs=0.0011)


def test_a_load_is_served_on_the_ports_in_real_time(run):
    with RunningMeter(*run[1:], "--speed", "1000", "--start", "2026-01-01T23:00:00Z") as meter:
        meter.listening()
        values = meter.read_until(lambda values: values.get("1-0:32.7.0") and float(values[DELIVERED]) > 0)
        assert float(values["1-0:32.7.0"]) == pytest.approx(120.0)
        code, lines = meter.stop()
        assert code == 0 and "Wh delivered" in lines[-1]


def test_columns_are_mapped_and_scaled(tmp_path, run, load):
    load.write_text(load.read_text().replace("time,kW", "time,plant"))
    result = ferraris(*run, "--speed", "max", "--map", "kW=plant", "--scale", "0.5")
    assert delivered_wh(result.stdout.splitlines()) == pytest.approx(13800, abs=0.0011)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--start", "2025-12-31"), ["--start", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]),
        (("--rate", "50"), ["--rate", "no samples"]),
        (("--map", "kW=solar"), ["solar", "time, kw"]),
    ],
)
def test_options_that_do_not_fit_a_load_are_refused(capsys, run, arguments, words):
    refused(called(capsys, *run, *arguments), *words)


def test_a_load_at_fault_is_refused_with_a_line_for_each_problem(capsys, tmp_path, run, load):
    load.write_text(load.read_text().replace(",0.3\n", ",x\n").replace(",0.7\n", ",\n"))
    result = called(capsys, *run)
    assert (result.returncode, result.stdout) == (2, "")
    assert [line.partition(f"{load}: ")[2] for line in result.stderr.splitlines()] == [
        "line 5: kW: 'x' is not a number",
        "line 9: kW: the value is missing",
    ]
    assert not (tmp_path / "state").exists()


def test_a_bar_shows_the_progress_on_a_terminal(run):
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, pack("HHHH", 40, 80, 0, 0))
    variables = {name: value for name, value in environment().items() if name != "COLUMNS"}
    arguments = [*COMMAND, *map(str, run), "--speed", "max"]
    with subprocess.Popen(arguments, env=variables, stdin=slave, stdout=slave, stderr=slave) as process:
        os.close(slave)
        shown = b""
        try:
            while piece := os.read(master, 65536):
                shown += piece
        except OSError:
            pass  # the other end has been closed
        assert process.wait(30) == 0
    os.close(master)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode()).replace("\r", "\n")
    assert "100% of 1 days" in text and "Wh delivered" in text


SCENARIO = """start = 2024-01-01T00:00:00Z
duration = "1d"
load = {kW = 0.36}
event = [{at = "6h", do = "outage", lasts = "2h"}]
expect = {"Wh.del.P" = %s}
"""


@pytest.mark.parametrize("expected, code", [("7920.0", 0), ("8640.0", 1)])
def test_a_scenario_is_played_and_its_expectations_decide_the_exit_code(tmp_path, expected, code):
    path = tmp_path / "scenario.toml"
    path.write_text(SCENARIO % expected)
    result = ferraris("run", "--source", path, "--state", tmp_path / "state", "--speed", "max")
    assert result.returncode == code
    assert result.stdout.splitlines()[0] == "registers restored from 2024-01-01 06:00:00 UTC"
    assert "stopped at 2024-01-02 00:00:00 UTC: 7920.000 Wh delivered" in result.stdout
    assert ("Wh.del.P is 7920.000000, expected 8640.000000" in result.stderr) == bool(code)


def test_options_that_a_scenario_has_itself_are_refused(capsys, tmp_path):
    path = tmp_path / "scenario.toml"
    path.write_text(SCENARIO % "1.0")
    for option, value in (("--config", "c.json"), ("--duration", "5"), ("--start", "2024-01-01")):
        refused(called(capsys, "run", "--state", tmp_path / "state", "--source", path, option, value), option)
    assert not (tmp_path / "state").exists()
