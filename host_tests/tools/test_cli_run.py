"""`ferraris run` as users and scripts see it: a process with ports, signals, and a state that outlives it."""

import os
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
from fcntl import ioctl

import numpy as np
import pytest
from iec62056_21.client import Iec6205621Client
from meter.app import LOAD_PROFILE_KIND
from meter.hal.sim.flash import Flash
from meter.registers.energy import Energy
from meter.registers.load_profile import DEFAULT_CHANNELS, LoadProfile
from meter.registers.load_profile_record import NORMAL, SHORT
from meter.storage.fifo import Fifo
from meter.storage.partitions import Partitions

from boards.sim.board import FLASH_SIZE, PARTITIONS
from host_tests.tools.cli_process import (
    COMMAND,
    RunningMeter,
    called,
    configuration,
    environment,
    ferraris,
    poll,
    read_values,
    refused,
    wave,
)

# The simulated supply: RMS of the fundamental and its 5th harmonic of 2 %
VOLTAGES = {"1-0:32.7.0": 120.3, "1-0:52.7.0": 119.6, "1-0:72.7.0": 120.1}
START = "2026-01-01T00:14:50Z"
QUARTER_PAST = 1767226500  # 2026-01-01 00:15:00 UTC
VOLTAGE_A, SERIAL, DELIVERED, CLOCK = "1-0:32.7.0", "0-0:96.1.0", "1-0:1.8.0", "0-0:1.0.0"


@pytest.fixture
def config(tmp_path):
    return configuration(tmp_path / "meter.json")


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def fast(config, state):
    """The arguments of a run that ends by itself, as fast as it can, but for its duration."""
    return ("run", "--config", config, "--state", state, "--speed", "max", "--start", START, "--duration")


def delivered_wh(lines):
    """Return the Wh of the line with which a meter stops."""
    return float(re.search(r"stopped at .*: ([0-9.]+) Wh delivered", lines[-1])[1])


def content(directory):
    """Return {name: bytes} of a directory's files, without the lock."""
    return {file.name: file.read_bytes() for file in directory.iterdir() if file.name != "lock"}


# Ports


def test_each_endpoint_is_one_line_without_colour_or_wrapping(tmp_path, config):
    state = tmp_path / "a directory with a name that is longer than a narrow terminal"
    with RunningMeter("--config", config, "--state", state, columns="40") as meter:
        lines = meter.listening()
        assert lines[:2] == [f"listening: iec62056-21 {state / name}" for name in ("optical", "rs485")]
        assert re.fullmatch(r"listening: iec62056-21 127\.0\.0\.1:[1-9][0-9]*", lines[2])
        host, port = meter.address.split(":")
        socket.create_connection((host, int(port)), 10).close()


def test_own_client_reads_the_simulated_supply_over_tcp(config, state):
    with RunningMeter("--config", config, "--state", state, "--speed", "10") as meter:
        meter.listening()
        values = meter.read_until(lambda values: VOLTAGE_A in values)
        for obis, fundamental in VOLTAGES.items():
            assert float(values[obis]) == pytest.approx(fundamental * (1 + 0.02**2) ** 0.5, rel=1e-3)
        assert meter.read("1.8.0").keys() == {DELIVERED}


def test_own_client_reads_over_the_pseudo_terminal(config, state):
    with RunningMeter("--config", config, "--state", state) as meter:
        meter.listening()
        for name in ("optical", "rs485"):
            assert read_values(f"iec62056-21+serial:{state / name}")[SERIAL] == "00000001"


def test_independent_client_and_own_client_agree_over_tcp(config, state):
    with RunningMeter("--config", config, "--state", state) as meter:
        meter.listening()
        before = meter.read_until(lambda values: VOLTAGE_A in values)
        host, port = meter.address.split(":")
        client = Iec6205621Client.with_tcp_transport((host, int(port)), device_address="00000001")
        values = independent_readout(client)
        after = meter.read()
    assert float(before[DELIVERED]) <= float(values[DELIVERED]) <= float(after[DELIVERED])
    assert float(values[VOLTAGE_A]) == pytest.approx(float(before[VOLTAGE_A]), rel=1e-4)
    assert before.keys() == values.keys()


def test_independent_client_reads_over_the_pseudo_terminal(tmp_path, state):
    # That client opens the port anew, and so empties it, 0.75 s after its option select message.
    config = configuration(tmp_path / "slow.json")
    config.write_text(config.read_text().replace('"ports": {', '"ports": {"optical": {"reaction": 1000}, '))
    with RunningMeter("--config", config, "--state", state) as meter:
        meter.listening()
        values = independent_readout(Iec6205621Client.with_serial_transport(str(state / "optical")))
    assert values[SERIAL] == "00000001" and DELIVERED in values


def independent_readout(client):
    client.connect()
    try:
        return {row.address: row.value for row in client.standard_readout().data}
    finally:
        client.disconnect()


def test_occupied_port_is_named_with_a_way_out(tmp_path, state):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config = configuration(
            tmp_path / "c.json", ports={"iec62056_21_tcp": {"port": port}, "dlms_tcp": {"port": 0}}
        )
        result = ferraris("run", "--config", config, "--state", state)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1 and "address already in use" in result.stderr
    assert f"127.0.0.1:{port}" in result.stderr and "--config" in result.stderr


def test_unknown_host_is_named_with_a_way_out(tmp_path, state):
    config = configuration(
        tmp_path / "c.json",
        ports={"dlms_tcp": {"port": 0, "host": "host.invalid"}, "iec62056_21_tcp": {"port": 0}},
    )
    result = ferraris("run", "--config", config, "--state", state)
    assert result.returncode == 2
    assert (
        result.stderr.count("\n") == 1 and "host.invalid:0: " in result.stderr and "--config" in result.stderr
    )


# Ends, and what stays


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_a_run_cleanly_and_registers_survive(config, state, fast, number):
    with RunningMeter("--config", config, "--state", state, "--speed", "10") as meter:
        assert meter.listening()[0].startswith("listening: ")
        read = meter.read_until(lambda values: float(values[DELIVERED]) > 0)
        code, lines = meter.stop(number)
        assert (code, meter.errors()) == (0, "")
    kept = delivered_wh(lines)
    assert kept >= float(read[DELIVERED]) * 1000
    again = ferraris(*fast, 2)
    assert again.stdout.startswith("registers restored from 20")
    assert kept < delivered_wh(again.stdout.splitlines()) < kept + 2


@pytest.mark.parametrize("nvram", [True, False])
def test_killed_meter_starts_again_from_its_last_second_or_its_last_checkpoint(config, state, fast, nvram):
    start = "2026-01-01T00:09:50Z"  # ten seconds before a checkpoint
    with RunningMeter("--config", config, "--state", state, "--speed", "10", "--start", start) as meter:
        meter.listening()
        read = meter.read_until(lambda values: values[CLOCK] > "260101001003")
        code, lines = meter.stop(signal.SIGKILL)
        assert (code, lines) == (-signal.SIGKILL, [])
    if not nvram:
        (state / "nvram.bin").unlink()
    again = ferraris(*fast, 1)
    assert again.returncode == 0, again
    restored = re.match(r"registers restored from 2026-01-01 00:(\d\d):(\d\d) UTC\n", again.stdout)
    assert restored, again
    minutes, seconds = map(int, restored.groups())
    if nvram:
        assert (minutes, seconds) >= (10, int(read[CLOCK][-2:]) - 1)
        assert delivered_wh(again.stdout.splitlines()) >= float(read[DELIVERED]) * 1000
    else:
        assert (minutes, seconds) == (10, 0)
        assert delivered_wh(again.stdout.splitlines()) > 10 * 1400 / 3600  # ten seconds of 1.5 kW, about


def test_a_meter_whose_flash_file_was_moved_away_is_new(state, fast):
    assert ferraris(*fast, 700).returncode == 0
    (state / "flash.bin").rename(state.parent / "kept.bin")
    again = ferraris(*fast, 1)
    assert again.returncode == 0 and "restored" not in again.stdout


def test_meter_killed_while_it_makes_its_state_starts_again(state, fast):
    state.mkdir()
    (state / "lock").write_text("1\n")
    (state / "flash.bin.new").write_bytes(b"\xff" * 1000)
    assert ferraris(*fast, 1).returncode == 0


def test_duration_ends_a_run_by_itself(fast):
    result = ferraris(*fast, 20)
    assert (result.returncode, result.stderr) == (0, "")
    assert re.fullmatch(
        r"stopped at 2026-01-01 00:15:(09|10) UTC: [0-9.]+ Wh delivered, 1 load profile records",
        result.stdout.splitlines()[-1],
    )


def test_source_can_be_a_recording(tmp_path, fast):
    rate, recording = 25600, tmp_path / "recording.npz"
    np.savez(recording, rate=rate, VA=wave(rate, 5, 50, 230), IA=wave(rate, 5, 50, 10, 60))
    result = ferraris(*fast, 60, "--source", recording)
    assert (result.returncode, result.stderr) == (0, "")
    # All but the cycles in which the frequency is found and the last cut is made
    assert delivered_wh(result.stdout.splitlines()) == pytest.approx(1150 * 5 / 3600, rel=0.01)


# Determinism and records


def flash_of(state, seed, fast):
    state.mkdir()
    arguments = [state if argument == "STATE" else argument for argument in fast]
    assert ferraris(*arguments, 40, "--seed", seed).returncode == 0
    return (state / "flash.bin").read_bytes()


def test_same_seed_gives_identical_flash_and_another_does_not(tmp_path, config):
    fast = ("run", "--config", config, "--state", "STATE", "--speed", "max", "--start", START, "--duration")
    first, second, other = (flash_of(tmp_path / str(k), seed, fast) for k, seed in enumerate((7, 7, 8)))
    assert first == second
    assert first != other


def test_load_profile_records_end_at_quarter_hours(state, fast):
    result = ferraris(*fast, 920)
    assert result.returncode == 0, result
    flash = Flash(FLASH_SIZE, path=str(state / "flash.bin"))
    fifo = Fifo(flash, *Partitions.open(flash, PARTITIONS).area("load_profile"), LOAD_PROFILE_KIND)
    fifo.mount()
    records = list(LoadProfile(fifo, Energy(), DEFAULT_CHANNELS).records())
    flash.close()
    assert [record[1:4] for record in records] == [
        (QUARTER_PAST, 10, NORMAL | SHORT),
        (QUARTER_PAST + 900, 900, NORMAL),
    ]
    # Wh in the records, and ten seconds after them, are all that was delivered; and it is about 1.5 kW
    recorded = sum(record[4][0] for record in records)
    assert 0 < delivered_wh(result.stdout.splitlines()) - recorded < 10 * 2000 / 3600
    assert records[1][4][0] == pytest.approx(1500 / 4, rel=0.25)


# What is refused


def test_second_meter_on_the_same_state_is_refused(config, state, fast):
    with RunningMeter("--config", config, "--state", state) as meter:
        meter.listening()
        refused(ferraris(*fast, 1), state, "in use", meter.process.pid, "--state")
        assert meter.read()[SERIAL] == "00000001"
        assert meter.stop()[0] == 0


def test_torn_flash_file_is_refused_and_kept(state, fast):
    assert ferraris(*fast, 1).returncode == 0
    for name in ("optical", "rs485"):
        (state / name).unlink(missing_ok=True)
    with open(state / "flash.bin", "r+b") as file:
        file.truncate(100_000)
    before = content(state)
    refused(ferraris(*fast, 1), "flash.bin", "100000 bytes", "--state")
    assert content(state) == before


@pytest.mark.parametrize("filling", [b"\x00", b"other firmware's data " * 3])
def test_foreign_flash_file_is_refused_and_kept(state, fast, filling):
    state.mkdir()
    (state / "flash.bin").write_bytes((filling * (FLASH_SIZE // len(filling) + 1))[:FLASH_SIZE])
    before = content(state)
    refused(ferraris(*fast, 1), state, "not this meter's", "--state")
    assert content(state) == before


def test_foreign_directory_is_refused_and_kept(state, fast):
    state.mkdir()
    (state / "thesis.txt").write_text("my only copy")
    refused(ferraris(*fast, 1), state, "thesis.txt", "--state")
    assert [file.name for file in state.iterdir()] == ["thesis.txt"]


def test_file_in_place_of_the_state_directory_is_refused_and_kept(state, fast):
    state.write_text("a file")
    refused(ferraris(*fast, 1), state, "not a directory", "--state")
    assert state.read_text() == "a file"


@pytest.mark.parametrize(
    "text, words",
    [
        ('{"service": {"colour": "red"}}', ["service.colour: unknown setting"]),
        ('{"service": {"frequency": 55}}', ["service.frequency: must be one of 50, 60, not 55"]),
        ('{"service": {"frequency": "60"}}', ["service.frequency: must be one of 50, 60, not '60'"]),
        ('{"ports": {"optical": {"enabled": 1}}}', ["ports.optical.enabled: must be true or false, not 1"]),
        ('{"ports": {"iec62056_21_tcp": {"port": 70000}}}', ["from 0 to 65535, not 70000"]),
        ('{"load_profile": {"channels": ["Wh"]}}', ["load_profile.channels: must hold"]),
        ('{"simulator": 3, "meter": {"name": 1}}', ["simulator: must be a section", "meter.name: unknown"]),
        ('{"service": {"frequency": 60},}', ["c.json:1:31: expected a name"]),
        ("[]", ["the document: must be a section"]),
        ("", [":1:1: the text ends too early"]),
    ],
)
def test_configuration_at_fault_is_refused_with_a_line_for_each_problem(tmp_path, state, text, words):
    config = tmp_path / "c.json"
    config.write_text(text)
    result = ferraris("run", "--config", config, "--state", state)
    assert (result.returncode, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert len(lines) == len(words)
    for line, word in zip(lines, words):
        assert line.startswith(f"ferraris: {config}:") and word in line
    assert not state.exists()


def test_missing_configuration_is_refused(tmp_path, state):
    refused(
        ferraris("run", "--config", tmp_path / "none.json", "--state", state), "none.json", "No such file"
    )
    assert not state.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--speed", "fast"),
        ("--speed", "0"),
        ("--start", "noon"),
        ("--duration", "-1"),
        ("--source", "none.npz"),
        ("--seed", "-1"),
        ("--start", "2106-02-07"),
    ],
)
def test_option_at_fault_is_refused(capsys, state, arguments):
    result = called(capsys, "run", "--state", state, *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert arguments[1] in result.stderr.splitlines()[-1]
    assert not state.exists()


# The terminal


def test_live_status_fits_a_terminal_of_80_columns_and_ends_with_the_meter(config, state):
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.set_blocking(master, False)
    variables = {name: value for name, value in environment().items() if name != "COLUMNS"}
    process = subprocess.Popen(
        [*COMMAND, "run", "--config", config, "--state", state, "--speed", "10"],
        env=variables,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    shown = b""

    def until(word):
        nonlocal shown
        try:
            shown += os.read(master, 65536)
        except BlockingIOError:
            pass
        except OSError:
            return True  # the other end has been closed
        return word in shown

    try:
        poll(lambda: until(b"Ctrl-C stops"), "the live status")
        process.send_signal(signal.SIGINT)
        poll(lambda: until(b"Wh delivered"), "the last line")
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(master)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode()).replace("\r", "\n")
    assert "warning: user admin has the factory's password" in text
    assert "in step with the signal" in text and "Active power" in text
    assert max(map(len, text.split("\n"))) <= 80 or str(state) in max(text.split("\n"), key=len)
