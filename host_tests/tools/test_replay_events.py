"""The events of `ferraris replay`: real recordings against one-cycle RMS made directly over their samples."""

import json

import numpy as np
import pytest

from host_tests.tools.cli_process import configuration, ferraris
from host_tests.tools.test_cli_replay import (
    KEATING,
    MORETO_2,
    MORETO_3,
    WISP_2,
    mapping,
    read_reference,
    replay,
)

MORETO_1 = ("moreto_test1.cfg", "VA_G1 VB_G1 VC_G1 IA_G1 IB_G1 IC_G1")
RATE = 7680.0


def sliding_rms(values, window):
    """Return the RMS over one cycle that ends at each sample; window: samples, not whole. NaN in the first cycle."""
    total = np.concatenate(([0.0], np.cumsum(values**2)))
    ends = np.arange(len(values)) + 1.0
    out = np.full(len(values), np.nan)
    known = ends >= window
    before = np.interp(ends[known] - window, np.arange(len(total)), total)
    out[known] = np.sqrt(np.maximum(0, total[known.nonzero()[0] + 1] - before) / window)
    return out


def recording(tmp_path, seconds=2.0, **changes):
    """Write 120 V, 60 Hz with changes: VA=(start, end, factor). Return the path."""
    t = np.arange(int(seconds * RATE)) / RATE
    waves = {}
    for k, phase in enumerate("ABC"):
        for channel, rms in (("V" + phase, 120.0), ("I" + phase, 5.0)):
            waves[channel] = rms * np.sqrt(2) * np.sin(2 * np.pi * (60 * t - k / 3))
            start, end, factor = changes.get(channel, (0, 0, 1))
            waves[channel][(t >= start) & (t < end)] *= factor
    np.savez(tmp_path / "wave.npz", rate=RATE, **waves)
    return tmp_path / "wave.npz"


@pytest.mark.feature("EVT-03")
def test_events_have_kind_phase_times_and_magnitude(tmp_path):
    path = recording(tmp_path, VA=(0.5, 0.8, 0.7), VC=(1.0, 1.25, 1.2))
    events = replay(path, "--nominal", "120")["events"]
    assert [(event["kind"], event["phase"]) for event in events] == [("dip", "A"), ("swell", "C")]
    for event, expected in zip(events, ((0.5, 0.8, 84), (1.0, 1.25, 144))):
        assert event.keys() == {"kind", "phase", "start", "end", "magnitude"}
        assert (event["start"], event["end"]) == pytest.approx(expected[:2], abs=1 / 60)
        assert event["magnitude"] == pytest.approx(expected[2], abs=0.24)


def test_an_interruption_of_all_phases_and_the_table_for_people(tmp_path):
    path = recording(tmp_path, **{channel: (0.5, 0.8, 0.0) for channel in ("VA", "VB", "VC")})
    events = replay(path, "--nominal", "120")["events"]
    assert [(event["kind"], event["phase"]) for event in events] == [("interruption", p) for p in "ABC"]
    shown = ferraris("replay", path, "--nominal", "120").stdout
    assert len([line for line in shown.splitlines() if line.split()[:1] == ["interruption"]]) == 3
    assert "Event" not in ferraris("replay", recording(tmp_path)).stdout


@pytest.mark.parametrize("part, length", [(0.7, 0.7), (0.0, 1.4), (1.3, 0.7)])
def test_a_long_event_does_not_make_the_nominal_voltage_that_is_not_given(tmp_path, part, length):
    path = recording(
        tmp_path, VA=(0.4, 0.4 + length, part), VB=(0.4, 0.4 + length, part), VC=(0.4, 0.4 + length, part)
    )
    events = replay(path)["events"]
    assert [event["phase"] for event in events] == ["A", "B", "C"]
    assert [event["magnitude"] for event in events] == pytest.approx([part * 120] * 3, abs=0.3)


@pytest.mark.parametrize("name, names", [MORETO_1, MORETO_2, MORETO_3, WISP_2, KEATING])
def test_real_recordings_have_the_events_of_direct_one_cycle_rms(shared_data, name, names):
    path = shared_data / "comtrade" / name
    if not path.exists():
        pytest.skip(f"the shared recording {name} is not there")
    samples, rate = read_reference(path, names)
    hz = 60 if name in (KEATING[0], MORETO_2[0]) else 50
    nominal = float(np.median([np.nanmedian(sliding_rms(samples[v], rate / hz)) for v in ("VA", "VB", "VC")]))
    result = replay(path, "--map", mapping(names), "--nominal", f"{nominal}", "--frequency", f"{hz}")
    for phase in "ABC":
        rms = sliding_rms(samples["V" + phase], rate / result["quantities"]["Hz.A"])
        events = [event for event in result["events"] if event["phase"] == phase]
        for event in events:
            first, stop = round((event["start"] - 1 / hz) * rate), round((event["end"] + 1 / hz) * rate)
            near = rms[max(0, first) : stop]
            # Half cycles may begin anywhere: what the RMS of a cycle each half cycle would give, by where.
            pick, half = (np.nanmax if event["kind"] == "swell" else np.nanmin), rate / hz / 2
            grids = [np.arange(k, len(near), half).astype(int) for k in range(int(half))]
            direct = [pick(near[grid]) for grid in grids]
            tolerance = 0.003 * nominal
            assert min(direct) - tolerance <= event["magnitude"] <= max(direct) + tolerance, event
        for limit, kinds in ((0.88, ("dip", "interruption")), (1.12, ("swell",))):
            outside = (rms < limit * nominal) if limit < 1 else (rms > limit * nominal)
            for at in (
                outside.nonzero()[0] / rate
            ):  # whatever is clearly outside for a while belongs to an event
                covered = [
                    e
                    for e in events
                    if e["kind"] in kinds and e["start"] - 1.5 / hz <= at <= e["end"] + 1.5 / hz
                ]
                assert covered or not outside[round((at - 1 / hz) * rate) : round((at + 1 / hz) * rate)].all()


@pytest.mark.feature("EVT-03")
def test_the_log_of_a_stopped_meter_is_read_and_dumped(tmp_path):
    path = recording(tmp_path, VA=(0.5, 0.8, 0.7))
    state = tmp_path / "state"
    config = configuration(tmp_path / "config.json", service={"nominal_voltage": 120})
    run = ferraris(
        "run", "--config", config, "--state", state, "--source", path, "--speed", "max",
        "--start", "2026-01-01T00:00:00Z",
    )  # fmt: skip
    assert run.returncode == 0, run
    (record,) = json.loads(ferraris("read", f"state:{state}", "sags", "--json").stdout)
    assert record["name"] == "dip" and record["time"] == "2026-01-01T00:00:00Z"
    assert "phase=A" in record["fields"] and "V min=84" in record["fields"]
    assert "phase=A" in ferraris("flash", "dump", state, "--area", "sags").stdout
    assert "sags" in ferraris("flash", "check", state).stdout
