"""`ferraris bench`: it measures every stage and says so; how fast is a matter of the machine."""

import json

import pytest
from ferraris import bench_dlms

from host_tests.tools.cli_process import called, ferraris

NUMBERS = (
    "signal_s",
    "elapsed_s",
    "times_real_time",
    "tracking_ms_per_s",
    "half_cycles_ms_per_s",
    "registers_ms_per_s",
    "peak_allocated_kib",
)


@pytest.fixture(scope="module")
def summary():
    result = ferraris("bench", "--seconds", "2", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_machine_and_memory_are_named(summary):
    assert "Python" in summary["machine"]
    assert summary["process_peak_mib"] > 10


def test_long_and_short_frames_are_measured_in_every_stage(summary):
    assert [row["frames"] for row in summary["frames"]] == ["in step", "resampled", "half cycles"]
    for row in summary["frames"]:
        assert set(row) == {"frames", *NUMBERS}
        assert all(isinstance(row[name], (int, float)) and row[name] >= 0 for name in NUMBERS)
        assert row["times_real_time"] > 0 and row["elapsed_s"] > 0


def test_signal_is_as_long_as_asked_for(summary):
    assert summary["frames"][0]["signal_s"] == 2


def test_table_fits_80_columns():
    result = ferraris("bench", "--seconds", "0.5")
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum("times real time, one core" in line for line in lines) == 1  # not wrapped


def test_another_library_runs_beside_it_on_the_same_signal(summary):
    pytest.importorskip("pqopen")
    same, least = summary["peers"]
    assert "same quantities" in same["name"] and "RMS and power only" in least["name"]
    for peer in (same, least):
        faster = summary["frames"][0]["times_real_time"] / peer["times_real_time"]
        assert peer["ferraris_is_faster_by"] == pytest.approx(faster, abs=0.1)


def test_storage_is_measured(summary):
    storage = summary["storage"]
    for name in ("append_us", "read_rows_per_s", "mount_ms", "amplification_profile", "amplification_all"):
        assert storage[name] > 0
    assert storage["mount_mib"] == 16
    for area in ("journal", "load_profile"):
        assert storage["erases_per_year"][area] > 0
        assert 0 < storage["percent_of_endurance_in_20_years"][area] < 10


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan"])
def test_seconds_at_fault_are_refused(capsys, seconds):
    result = called(capsys, "bench", "--seconds", seconds)
    assert (result.returncode, result.stdout) == (2, "")
    assert seconds in result.stderr and "must be a number above 0" in result.stderr


def test_a_span_through_all_registers_is_measured(summary):
    cost = summary["registers"]
    assert 0 < cost["span_us"] and 0 < cost["span_with_nvram_us"]
    assert cost["state_bytes"] > 5000  # 150 registers, 32 channels, demands


def test_dlms_is_measured_beside_another_server_with_the_same_client(summary):
    dlms = summary["dlms"]
    assert dlms["ferraris"]["rows"] == 35040
    assert dlms["ferraris"]["reads_per_s"] > 0 and dlms["ferraris"]["rows_per_s"] > 0
    pytest.importorskip("gurux_dlms")
    peer = dlms["peer"]
    assert (peer["name"], peer["rows"]) == ("gurux-dlms", 35040)
    for what in ("reads", "rows"):
        times = dlms["ferraris"][f"{what}_per_s"] / peer[f"{what}_per_s"]
        assert dlms[f"{what}_times"] == pytest.approx(times, abs=0.1)
    # 2 and 10 are wanted, and there on an idle machine; a busy one takes its part of both, of the faster one more.
    assert dlms["reads_times"] > 1.5 and dlms["rows_times"] > 10


def test_dlms_without_another_server_says_so():
    ours = {"reads_per_s": 5000, "rows_per_s": 60000, "rows": 35040}
    lines = bench_dlms.lines({"ferraris": ours, "peer": None})
    assert lines[-1] == "gurux-dlms is not installed: no server to compare with"
    assert max(map(len, lines)) <= 80
