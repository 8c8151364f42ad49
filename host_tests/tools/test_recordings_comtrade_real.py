"""Recordings of real relays, meters and fault recorders against values measured before them."""

import json
from pathlib import Path

import comtrade
import numpy as np
import pytest
from ferraris.recordings import InputError, RecordingSource, estimate_frequency, map_channels, open_recording

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FILES = (
    "keating_1999.CFG",
    "moreto_test1.cfg",
    "moreto_test2.cfg",
    "moreto_test3.cfg",
    "wisp_2.cfg",
    "wisp_3.cfg",
    "wisp_4.cfg",
)
G1 = {name: f"{name}_G1" for name in ("VA", "VB", "VC", "IA", "IB", "IC")}


def real(name):
    path = DATA / "comtrade" / name
    if not path.exists():
        pytest.skip(f"the shared recording {name} is not there")
    return path


def index(name):
    return json.loads((DATA / "comtrade_index.json").read_text("utf-8"))[name]


@pytest.mark.parametrize("name", FILES)
def test_channels_rate_and_length_are_those_of_the_index(name):
    recording, entry = open_recording(real(name)), index(name)
    assert recording.rate == pytest.approx(entry["effective_rate"], rel=3e-4)
    assert recording.duration == pytest.approx(entry["duration_s"], abs=2 / recording.rate)
    assert recording.frequency == entry["lf"]
    assert [c.name for c in recording.channels] == [c["name"] for c in entry["channels"]]
    assert [c.phase for c in recording.channels] == [c["ph"] for c in entry["channels"]]
    assert recording.format == f"COMTRADE {entry['rev']} {entry['ft']}"


@pytest.mark.parametrize("name", FILES)
def test_peak_and_rms_of_every_channel_are_those_of_the_index(name):
    recording, entry = open_recording(real(name)), index(name)
    data = recording.data
    assert data.shape == (len(recording.channels), recording.length) and np.isfinite(data).all()
    exact = not any("interpolated" in note for note in recording.notes)
    for row, channel in zip(data, entry["channels"], strict=True):
        if channel["uu"] not in ("V", "kV", "A", "volt", "ampere") or (not exact and channel["ph"] == "_"):
            continue
        factor = 1e3 if channel["uu"] == "kV" else 1.0
        peak, rms = np.abs(row).max() / factor, np.sqrt(np.mean(row**2)) / factor
        assert peak == pytest.approx(channel["peak"], rel=1e-5 if exact else 0.05, abs=1e-6)
        assert rms == pytest.approx(channel["rms_first_segment"], rel=1e-5 if exact else 0.002, abs=1e-6)


@pytest.mark.parametrize(
    "name", [name for name in FILES if name != "wisp_3.cfg"]
)  # its samples are made uniform
def test_samples_are_those_of_the_comtrade_package(name):
    recording, entry = open_recording(real(name)), index(name)
    peer = comtrade.Comtrade(ignore_warnings=True, use_double_precision=True)
    peer.load(str(real(name)), encoding="cp1251" if entry["encoding"] == "cp1251" else "utf-8")
    for row, other, channel in zip(recording.data, peer.analog, entry["channels"], strict=True):
        np.testing.assert_allclose(
            row, np.array(other) * (1e3 if channel["uu"] == "kV" else 1), rtol=1e-12, atol=1e-9
        )


@pytest.mark.parametrize("name", FILES)
def test_the_dat_file_may_be_named_instead(name):
    path = real(name)
    dat = path.with_suffix(".DAT" if path.suffix == ".CFG" else ".dat")
    np.testing.assert_array_equal(open_recording(dat).data, open_recording(path).data)


def test_three_phases_are_found_by_phase_and_unit():
    order = ("VA", "VB", "VC", "IA", "IB", "IC")
    for name, indices in {
        "keating_1999.CFG": (4, 5, 6, 0, 1, 2),
        "moreto_test1.cfg": (3, 4, 5, 0, 1, 2),
        "wisp_3.cfg": (4, 5, 6, 0, 1, 2),
    }.items():
        mapping = map_channels(open_recording(real(name)))
        assert mapping == dict(zip(order, indices, strict=True))
        assert tuple(mapping) == order


@pytest.mark.parametrize("name", ["moreto_test2.cfg", "moreto_test3.cfg", "wisp_2.cfg"])
def test_a_recording_of_several_feeders_says_what_it_has(name):
    recording = open_recording(real(name))
    with pytest.raises(InputError, match="--map") as caught:
        map_channels(recording)
    assert all(c.name in str(caught.value) for c in recording.channels)


def test_one_of_several_feeders_is_chosen_by_name():
    recording = open_recording(real("moreto_test3.cfg"))
    mapping = map_channels(recording, G1)
    assert [recording.channels[i].name for i in mapping.values()] == list(G1.values())
    other = open_recording(real("moreto_test1.cfg"))  # the same waveform before it was edited
    theirs = other.data[list(map_channels(other).values()), :5000]
    np.testing.assert_allclose(recording.data[list(mapping.values()), :5000], theirs, rtol=1e-9)


def test_a_recording_of_line_to_line_voltages_has_no_voltage_of_a_phase():
    recording = open_recording(real("wisp_4.cfg"))
    with pytest.raises(InputError, match="no voltage of a phase"):
        map_channels(recording)
    with pytest.raises(InputError, match="12 samples per cycle"):
        map_channels(recording, {"VA": "U21"})
    assert "1 samples more than the 2399" in recording.notes[0]


def test_sixteen_samples_a_cycle_are_enough_at_50_hz_and_too_few_at_60():
    recording = open_recording(real("wisp_3.cfg"))
    map_channels(recording, frequency=50.0)
    with pytest.raises(InputError, match="samples per cycle"):
        map_channels(recording, frequency=60.0)


def test_the_line_frequency_is_found():
    for name, nominal, expected, mapping in (
        ("keating_1999.CFG", 60.0, 59.97, None),
        ("moreto_test1.cfg", 50.0, 49.98, None),
        ("moreto_test2.cfg", 60.0, 60.02, {"VA": "VA_GC1"}),
    ):
        recording = open_recording(real(name))
        row = map_channels(recording, mapping)["VA"]
        assert estimate_frequency(recording.data[row], recording.rate, nominal) == pytest.approx(
            expected, abs=0.02
        )


@pytest.mark.parametrize("name", ["keating_1999.CFG", "moreto_test1.cfg", "wisp_3.cfg"])
def test_resampling_keeps_the_rms_of_a_recording(name):
    recording = open_recording(real(name))
    mapping = map_channels(recording)
    source = RecordingSource(recording, mapping, recording.frequency)
    block = source.read(0, source.length)
    assert source.length / source.rate == pytest.approx(recording.duration, abs=2 / recording.rate)
    for row, column in enumerate(mapping.values()):
        own = recording.data[column]
        assert np.sqrt(np.mean(block[row] ** 2)) == pytest.approx(np.sqrt(np.mean(own**2)), rel=2e-3)
        assert np.abs(block[row]).max() < 1.1 * np.abs(own).max() + 1e-6
