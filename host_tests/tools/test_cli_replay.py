"""`ferraris replay`: real recordings against sums made directly over their samples, generated ones against the
formula, and what is refused.

The reference reads the files with the `comtrade` package. It knows of a result only how long the metered stretch
is; where that begins is the one unknown, and the same for all nine values.
"""

import json
import os
import pty
import re
import shutil
import struct
import subprocess
import wave as wav

import comtrade
import numpy as np
import pytest

from host_tests.tools.cli_process import COMMAND, environment, ferraris, refused, wave

CHANNELS = ("VA", "VB", "VC", "IA", "IB", "IC")
# quantity, and the two channels whose product's mean it is; of V and A the root is taken
SUMS = (
    ("V.A", "VA", "VA"), ("V.B", "VB", "VB"), ("V.C", "VC", "VC"),
    ("A.A", "IA", "IA"), ("A.B", "IB", "IB"), ("A.C", "IC", "IC"),
    ("W.bi.A", "VA", "IA"), ("W.bi.B", "VB", "IB"), ("W.bi.C", "VC", "IC"),
)  # fmt: skip
KEATING = ("keating_1999.CFG", "U1 U2 U3 I1 I2 I3")
MORETO_2 = ("moreto_test2.cfg", "VA_GC1 VB_GC1 VC_GC1 IA_GC1 IB_GC1 IC_GC1")
MORETO_3 = ("moreto_test3.cfg", "VA_G1 VB_G1 VC_G1 IA_G1 IB_G1 IC_G1")
WISP_2 = (
    "wisp_2.cfg",
    "Ua_1СШ-110_ТН_110кВ Ub_1СШ-110_ТН_110кВ Uc_1СШ-110_ТН_110кВ Ia_1СШ-110_АТ1 Ib_1СШ-110_АТ1 Ic_1СШ-110_АТ1",
)


def replay(path, *arguments):
    """Return the JSON object of a replay that must succeed."""
    result = ferraris("replay", path, "--json", *arguments)
    assert result.returncode == 0, result
    assert all(line.startswith("note: ") for line in result.stderr.splitlines()), result
    return json.loads(result.stdout)


def mapping(names):
    return ",".join(f"{ours}={theirs}" for ours, theirs in zip(CHANNELS, names.split()))


# Real recordings


def read_reference(path, names):
    """Return ({meter channel: volts or amperes}, rate) by the comtrade package; time skew taken out."""
    record = comtrade.Comtrade(ignore_warnings=True)
    data = path.with_suffix(".DAT" if path.suffix.isupper() else ".dat")
    record.load(str(path), str(data), encoding="cp1251" if "wisp" in path.name else "utf-8")
    known = [channel.name for channel in record.cfg.analog_channels]
    rate = float(record.cfg.sample_rates[0][0])
    samples = {}
    for ours, theirs in zip(CHANNELS, names.split()):
        channel = record.cfg.analog_channels[known.index(theirs)]
        values = np.array(record.analog[known.index(theirs)]) * (1000 if channel.uu == "kV" else 1)
        samples[ours] = delayed(values, channel.skew * 1e-6 * rate)
    return samples, rate


def delayed(values, by):
    """Return samples taken `by` sampling intervals earlier, as a shift of phase in the spectrum."""
    if not by:
        return values
    pad = 256
    head, tail = 2 * values[0] - values[pad:0:-1], 2 * values[-1] - values[-2 : -pad - 2 : -1]
    wide = np.concatenate((head, values, tail))
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(len(wide)) * by)
    return np.fft.irfft(np.fft.rfft(wide) * turn, len(wide))[pad:-pad]


def direct(samples, length):
    """Return {quantity: its values over `length` sampling intervals, beginning at each tenth of an interval}."""
    values = {}
    for key, a, b in SUMS:
        products = samples[a] * samples[b]
        integral = np.concatenate(([0.0], np.cumsum((products[1:] + products[:-1]) / 2)))
        position = np.arange(len(integral))
        begin = np.arange(0, len(integral) - 1 - length, 0.1)
        means = np.interp(begin + length, position, integral) - np.interp(begin, position, integral)
        values[key] = np.sqrt(means / length) if a == b else means / length
    return values


def errors(quantities, samples, length):
    """Return {quantity: relative error} with the beginning of the stretch that makes the largest one smallest."""
    reference = direct(samples, length)
    all_errors = np.array([quantities[key] / reference[key] - 1 for key, _, _ in SUMS])
    best = int(np.argmin(np.max(np.abs(all_errors), axis=0)))
    return dict(zip([key for key, _, _ in SUMS], all_errors[:, best]))


@pytest.fixture(scope="module", params=[KEATING, MORETO_2, MORETO_3, WISP_2], ids=lambda param: param[0])
def replayed(request, shared_data):
    """(path, result, samples by the reference, rate) of a real recording."""
    name, names = request.param
    path = shared_data / "comtrade" / name
    # Of the first one every channel is found by its phase and unit.
    arguments = () if request.param is KEATING else ("--map", mapping(names))
    return path, replay(path, *arguments), *read_reference(path, names)


def test_real_recording_has_the_values_of_direct_sums_within_a_thousandth(replayed):
    _, result, samples, rate = replayed
    found = errors(result["quantities"], samples, result["measured_s"] * rate)
    assert max(map(abs, found.values())) < 1e-3, found


def test_real_recording_is_metered_but_for_a_cycle_at_each_end(replayed):
    _, result, _, _ = replayed
    missing = result["recording"]["duration"] - result["measured_s"]
    assert 0 <= missing < 2 / 49


def test_real_recording_has_all_fields_of_the_contract(replayed):
    path, result, samples, rate = replayed
    assert result.keys() >= {"recording", "elapsed_s", "times_real_time", "quantities", "energy", "events"}
    recording = result["recording"]
    assert recording["file"] == str(path)
    assert tuple(recording["channels"]) == CHANNELS
    assert recording["rate"] == pytest.approx(rate)
    assert recording["duration"] == pytest.approx(len(samples["VA"]) / rate)
    assert result["times_real_time"] == pytest.approx(recording["duration"] / result["elapsed_s"])
    assert isinstance(result["events"], list)


def test_real_recording_has_the_energy_of_its_mean_power(replayed):
    _, result, _, _ = replayed
    for energy, power in (("Wh", "W"), ("VARh", "VAR")):
        for phase in "ABCP":
            expected = result["quantities"][f"{power}.bi.{phase}"] * result["measured_s"] / 3600
            assert result["energy"][f"{energy}.net.{phase}"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("first_s, last_s", [(0.0, 0.3), (1.3, 2.3)], ids=["before", "after"])
def test_steady_windows_around_a_fault_agree_with_direct_sums(shared_data, tmp_path, first_s, last_s):
    name, names = MORETO_2
    samples, rate = read_reference(shared_data / "comtrade" / name, names)
    window = {key: values[round(first_s * rate) : round(last_s * rate)] for key, values in samples.items()}
    np.savez(tmp_path / "window.npz", rate=rate, **window)
    result = replay(tmp_path / "window.npz")
    found = errors(result["quantities"], window, result["measured_s"] * rate)
    assert max(map(abs, found.values())) < 1e-3, found


# Generated recordings

VOLTS, AMPERES, LAGS = (230.0, 228.0, 233.0), (5.0, 3.0, 4.0), (25.0, 60.0, -40.0)
SECONDS = 2.0


def three_phases(rate, hz):
    waves = {}
    for k, (phase, volts, amperes, lag) in enumerate(zip("ABC", VOLTS, AMPERES, LAGS)):
        waves["V" + phase] = wave(rate, SECONDS, hz, volts, 120 * k)
        waves["I" + phase] = wave(rate, SECONDS, hz, amperes, 120 * k + lag)
    return waves


def write_npz(path, rate, waves):
    np.savez(path, rate=rate, **waves)
    return ()


def write_csv(path, rate, waves):
    t = np.arange(len(waves["VA"])) / rate
    rows = np.column_stack([t, *waves.values()])
    np.savetxt(path, rows, "%.9g", delimiter=",", header="t," + ",".join(waves), comments="")
    return ()


def write_csv_without_t(path, rate, waves):
    np.savetxt(
        path, np.column_stack([*waves.values()]), "%.9g", delimiter=";", header=";".join(waves), comments=""
    )
    return ("--rate", rate)


def write_wav_16(path, rate, waves):
    full = {name: 400 if name[0] == "V" else 8 for name in waves}
    words = np.column_stack([np.round(values / full[name] * 32768) for name, values in waves.items()])
    with wav.open(str(path), "wb") as file:
        file.setnchannels(len(waves))
        file.setsampwidth(2)
        file.setframerate(round(rate))
        file.writeframes(words.astype("<i2").tobytes())
    names = ",".join(f"{name}=ch{k + 1}" for k, name in enumerate(waves))
    return ("--map", names, "--scale", ",".join(f"{name}={value}" for name, value in full.items()))


def write_wav_float(path, rate, waves):
    data = np.column_stack([*waves.values()]).astype("<f4").tobytes()
    head = struct.pack(
        "<HHIIHH", 3, len(waves), round(rate), round(rate) * 4 * len(waves), 4 * len(waves), 32
    )
    chunks = b"fmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    return ("--map", ",".join(f"{name}=ch{k + 1}" for k, name in enumerate(waves)), "--scale", "1")


@pytest.mark.parametrize(
    "name, write, rate, hz",
    [
        ("a.npz", write_npz, 25600, 50.0),
        ("a.npz", write_npz, 30720, 59.93),
        ("a.npz", write_npz, 4000, 50.03),
        ("a.npz", write_npz, 960, 60.0),
        ("a.csv", write_csv, 6400, 50.0),
        ("a.csv", write_csv_without_t, 5000, 60.0),
        ("a.wav", write_wav_16, 48000, 50.0),
        ("a.wav", write_wav_float, 8000, 60.0),
    ],
)
def test_generated_recording_has_the_values_of_the_formula(tmp_path, name, write, rate, hz):
    path = tmp_path / name
    result = replay(path, *write(path, rate, three_phases(rate, hz)))
    values = result["quantities"]
    assert values["Hz.A"] == pytest.approx(hz, abs=1e-3)
    total = 0.0
    for phase, volts, amperes, lag in zip("ABC", VOLTS, AMPERES, np.radians(LAGS)):
        assert values[f"V.{phase}"] == pytest.approx(volts, rel=1e-4)
        assert values[f"A.{phase}"] == pytest.approx(amperes, rel=1e-4)
        va = volts * amperes
        # of the apparent power: at a low power factor the angle counts
        assert values[f"W.bi.{phase}"] == pytest.approx(va * np.cos(lag), abs=1e-4 * va)
        assert values[f"VAR.bi.{phase}"] == pytest.approx(va * np.sin(lag), abs=1e-4 * va)
        assert values[f"VA.abs.{phase}"] == pytest.approx(va, rel=1e-4)
        total += va * np.cos(lag)
    assert result["energy"]["Wh.del.P"] == pytest.approx(total * result["measured_s"] / 3600, rel=1e-4)
    assert result["energy"]["Wh.rec.P"] == 0
    assert SECONDS - result["measured_s"] < 2 / hz


def test_sound_file_without_a_scale_is_metered_with_a_note(tmp_path):
    mapped = write_wav_float(tmp_path / "a.wav", 8000, three_phases(8000, 50))[:2]
    result = ferraris("replay", tmp_path / "a.wav", "--json", *mapped)
    assert result.returncode == 0
    assert result.stderr.startswith("note: ") and "no scale given" in result.stderr
    assert json.loads(result.stdout)["quantities"]["V.A"] == pytest.approx(VOLTS[0], rel=1e-4)


def test_transformer_ratios_divide_volts_and_amperes(tmp_path):
    np.savez(tmp_path / "a.npz", rate=25600, **three_phases(25600, 50))
    config = tmp_path / "c.json"
    config.write_text(
        '{"service": {"frequency": 50, "nominal_voltage": 23, "pt_primary": 10, "ct_primary": 40}}'
    )
    values = replay(tmp_path / "a.npz", "--config", config)["quantities"]
    assert values["V.A"] == pytest.approx(23.0, rel=1e-4)
    assert values["A.A"] == pytest.approx(0.125, rel=1e-4)
    assert values["W.del.A"] == pytest.approx(23 * 0.125 * np.cos(np.radians(25)), rel=1e-4)


def test_tables_fit_80_columns_with_unit_prefixes(tmp_path):
    waves = {
        name: values * (1000 if name[0] == "V" else 1) for name, values in three_phases(6400, 50).items()
    }
    np.savez(tmp_path / "a.npz", rate=6400, **waves)
    result = ferraris("replay", "a.npz", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    power = next(line.split() for line in lines if "Active power" in line)
    assert power[-1] == "kW" and float(power[2]) == pytest.approx(1150 * np.cos(np.radians(25)), rel=1e-3)


# The progress bar


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("long") / "long.npz"
    np.savez(path, rate=1000, VA=wave(1000, 40, 50, 230), IA=wave(1000, 40, 50, 5))
    return path


def test_long_recording_shows_progress_on_a_terminal(long_recording):
    master, slave = pty.openpty()
    command = [*COMMAND, "replay", str(long_recording), "--json"]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=slave, text=True)
    os.close(slave)
    shown = b""
    try:
        while block := os.read(master, 4096):
            shown += block
    except OSError:
        pass  # the other end has been closed
    output, _ = process.communicate(timeout=60)
    os.close(master)
    assert process.returncode == 0
    assert b"metering" in shown and re.search(rb"[0-9]+ %", shown)
    assert json.loads(output)["measured_s"] > 39


def test_long_recording_shows_nothing_but_its_result_on_a_pipe(long_recording):
    assert replay(long_recording)["measured_s"] > 39


# What is refused


def missing(directory):
    return "none.cfg", (), "no such file"


def no_extension(directory):
    (directory / "recording").write_bytes(b"")
    return "recording", (), "extension"


def a_directory(directory):
    (directory / "dir.npz").mkdir()
    return "dir.npz", (), "directory"


def empty_csv(directory):
    (directory / "a.csv").write_bytes(b"")
    return "a.csv", (), "empty"


def empty_npz(directory):
    (directory / "a.npz").write_bytes(b"")
    return "a.npz", (), "empty"


def empty_cfg(directory):
    (directory / "a.cfg").write_bytes(b"")
    (directory / "a.dat").write_bytes(b"")
    return "a.cfg", (), "empty"


def cfg_without_dat(directory):
    (directory / "a.cfg").write_text("station,1,1999\n")
    return "a.cfg", (), ".dat"


def noise_as_npz(directory):
    (directory / "a.npz").write_bytes(bytes(range(256)) * 4)
    return "a.npz", (), "not an .npz archive"


def npz(directory, **arrays):
    np.savez(directory / "a.npz", **arrays)


def npz_without_rate(directory):
    npz(directory, VA=wave(6400, 1, 50, 230))
    return "a.npz", (), "rate"


def npz_with_few_samples_a_cycle(directory):
    npz(directory, rate=750, VA=wave(750, 2, 50, 230))
    return "a.npz", ("--frequency", "50"), "15 samples per cycle"


def npz_of_less_than_two_cycles(directory):
    npz(directory, rate=25600, VA=wave(25600, 0.035, 50, 230))
    return "a.npz", (), "two and a half cycles"


def npz_of_three_samples(directory):
    npz(directory, rate=6400, VA=[1.0, 2.0, 3.0])
    return "a.npz", (), "3 samples"


def npz_without_voltage(directory):
    npz(directory, rate=6400, IA=wave(6400, 1, 50, 5))
    return "a.npz", (), "voltage"


def csv_of(directory, change):
    t = np.arange(640) / 6400
    rows = [f"{x:.7f},{y:.6f}" for x, y in zip(t, wave(6400, 0.1, 50, 230))]
    (directory / "a.csv").write_text("\n".join(change(["t,VA", *rows])) + "\n")


def csv_with_a_value_that_is_no_number(directory):
    csv_of(directory, lambda lines: [*lines[:4], "0.0004688,nan", *lines[5:]])
    return "a.csv", (), "line 5, column VA"


def csv_with_a_value_that_is_missing(directory):
    csv_of(directory, lambda lines: [*lines[:9], lines[9].split(",")[0], *lines[10:]])
    return "a.csv", (), "line 10, column VA"


def csv_with_irregular_time(directory):
    csv_of(directory, lambda lines: [*lines[:20], *lines[21:]])
    return "a.csv", (), "line 21"


def csv_without_time(directory):
    csv_of(directory, lambda lines: [line.split(",")[1] for line in lines])
    return "a.csv", (), "rate"


def wav_that_ends_early(directory):
    write_wav_16(directory / "a.wav", 6400, three_phases(6400, 50))
    (directory / "a.wav").write_bytes((directory / "a.wav").read_bytes()[:-1000])
    return "a.wav", (), "truncated"


def sound(directory, *arguments):
    npz(directory, rate=6400, **three_phases(6400, 50))
    return "a.npz", arguments


def unknown_channel(directory):
    return *sound(directory, "--map", "VA=UX"), "'UX'"


def unknown_meter_channel(directory):
    return *sound(directory, "--map", "VX=VA"), "VX"


def map_without_equals(directory):
    return *sound(directory, "--map", "VA"), "--map"


def volts_as_amperes(directory):
    return *sound(directory, "--map", "VA=VA,IA=VB"), "IA is in A"


def scale_for_no_wav(directory):
    return *sound(directory, "--scale", "400"), "scale"


def config_with_unknown_key(directory):
    (directory / "c.json").write_text('{"service": {"voltage": 230}}')
    return *sound(directory, "--config", "c.json"), "service.voltage"


def config_missing(directory):
    return *sound(directory, "--config", "none.json"), "none.json: No such file"


def without_permission(directory):
    name, arguments = sound(directory)
    (directory / name).chmod(0)
    if os.access(directory / name, os.R_OK):
        pytest.skip("this user may read every file")
    return name, arguments, "ermission denied"


BAD = [
    missing, no_extension, a_directory, empty_csv, empty_npz, empty_cfg, cfg_without_dat, noise_as_npz,
    npz_without_rate, npz_with_few_samples_a_cycle, npz_of_less_than_two_cycles, npz_of_three_samples,
    npz_without_voltage, csv_with_a_value_that_is_no_number, csv_with_a_value_that_is_missing,
    csv_with_irregular_time, csv_without_time, wav_that_ends_early, unknown_channel, unknown_meter_channel,
    map_without_equals, volts_as_amperes, scale_for_no_wav, config_with_unknown_key, config_missing,
    without_permission,
]  # fmt: skip


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_input_at_fault_is_refused_in_one_line(tmp_path, make):
    name, arguments, word = make(tmp_path)
    refused(ferraris("replay", name, "--json", *arguments, cwd=tmp_path), word)


def test_truncated_comtrade_data_is_refused(shared_data, tmp_path):
    for name in ("moreto_test2.cfg", "moreto_test2.dat"):
        shutil.copyfile(shared_data / "comtrade" / name, tmp_path / name)
    os.truncate(tmp_path / "moreto_test2.dat", 400_000)
    result = ferraris("replay", tmp_path / "moreto_test2.cfg", "--map", mapping(MORETO_2[1]))
    refused(result, "moreto_test2.dat", "truncated")


def test_comtrade_with_few_samples_a_cycle_is_refused(shared_data):
    path = shared_data / "comtrade" / "wisp_4.cfg"
    refused(ferraris("replay", path, "--map", "VA=U21,IA=I1"), path, "12 samples per cycle", "16")


def test_channels_that_could_be_several_are_listed_with_the_way_to_choose(shared_data):
    path = shared_data / "comtrade" / "moreto_test3.cfg"
    refused(ferraris("replay", path), path, "IA_G1 and IA_G2", "--map", "VC_B69")


def test_unknown_channel_of_a_comtrade_file_lists_those_there_are(shared_data):
    path = shared_data / "comtrade" / "keating_1999.CFG"
    refused(ferraris("replay", path, "--map", "VA=U9"), "'U9'", "U4")
