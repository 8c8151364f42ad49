"""`ferraris read state:DIR`: what a stopped meter has kept, the same on the terminal, in files and in a picture."""

import csv
import json
import sys

import pyarrow.parquet
import pytest
from matplotlib import image
from meter.app import LOAD_PROFILE_2_KIND, LOAD_PROFILE_KIND
from meter.hal.sim.flash import Flash
from meter.quantities import START as ROW_OF
from meter.registers import event_kinds
from meter.registers.energy import Energy
from meter.registers.event_log import EventLogs
from meter.registers.load_profile import DEFAULT_CHANNELS, LoadProfile
from meter.registers.status_word import CONFIGURATION, StatusWord
from meter.storage.fifo import Fifo
from meter.storage.partitions import Partitions

from boards.sim.board import FLASH_SIZE, PARTITIONS
from host_tests.tools.cli_process import RunningMeter, called, configuration, ferraris, refused

MIDNIGHT = 1767225600  # 2026-01-01 00:00:00 UTC
QUARTERS = 3 * 96
LATE = 300  # the first interval begins so many seconds late


def store(flash_file):
    """Make the flash of a meter that has consumed 100, 101, 102 ... Wh in the quarters of three days."""
    flash = Flash(FLASH_SIZE)  # in memory: a file is synchronised at each record
    areas = Partitions.open(flash, PARTITIONS)
    fifo = Fifo(flash, *areas.area("load_profile"), LOAD_PROFILE_KIND)
    fifo.mount()
    energy = Energy()
    profile = LoadProfile(fifo, energy)
    profile.begin(MIDNIGHT + LATE)
    for k in range(QUARTERS):
        energy.totals[ROW_OF["W"] + 3] += (100 + k) * 1000000
        profile.close(MIDNIGHT + 900 * (k + 1))
    logs = EventLogs(flash, areas)
    logs.add(event_kinds.FIRST_START, MIDNIGHT, fields=(0xABCD,))
    logs.add(event_kinds.POWER_OUTAGE, MIDNIGHT + 90000, start=MIDNIGHT + 89000, fields=(5, 0xABCD))
    unknown = {"origin": event_kinds.FRONT_PANEL, "fields": (1.5,)}
    logs.log("events").add(777, MIDNIGHT + 200000, **unknown)
    logs.add(event_kinds.LOGON, MIDNIGHT, origin=event_kinds.TCP, peer="10.0.0.7:4000", fields=(0,))
    logs.add(event_kinds.ALARM, MIDNIGHT, ms=250, fields=(3, 'sag, "deep"', 40.5))
    content = bytearray(flash.size)
    flash.read(0, content)
    flash_file.write_bytes(content)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    directory = tmp_path_factory.mktemp("kept")
    store(directory / "flash.bin")
    return directory


@pytest.fixture
def read(capsys, kept):
    def read(*arguments):
        return called(capsys, "read", f"state:{kept}", *arguments)

    return read


def records(read, *arguments):
    result = read(*arguments, "--json")
    assert (result.returncode, result.stderr) == (0, "")
    return json.loads(result.stdout)


# Load profile


def test_a_load_profile_is_read_with_times_status_and_named_channels(read):
    first, second, *rest = records(read, "load_profile")
    assert (first["start"], first["end"], first["seconds"]) == (
        "2026-01-01T00:05:00Z",
        "2026-01-01T00:15:00Z",
        600,
    )
    assert "short" in first["status"] and "short" not in second["status"]
    assert [record["Wh.del.P"] for record in (first, second, *rest)] == [100 + k for k in range(QUARTERS)]
    assert set(DEFAULT_CHANNELS) < set(first)


@pytest.mark.parametrize(
    "arguments, first, number",
    [
        (("--last-days", "0"), "2026-01-03T00:00:00Z", 96),
        (("--last-days", "1"), "2026-01-02T00:00:00Z", 192),
        (("--last-days", "60"), "2026-01-01T00:05:00Z", QUARTERS),
        (("--from", "2026-01-03T12:00:00Z"), "2026-01-03T12:00:00Z", 48),
        (("--from", "2026-01-01T12:00:00Z", "--to", "2026-01-01T13:00:00Z"), "2026-01-01T12:00:00Z", 4),
        (("--to", "2026-01-01T01:00:00Z"), "2026-01-01T00:05:00Z", 4),
    ],
)
def test_a_stretch_of_time_is_read_oldest_first(read, arguments, first, number):
    found = records(read, "load_profile", *arguments)
    assert (found[0]["start"], len(found)) == (first, number)
    assert found == sorted(found, key=lambda record: record["entry"])


@pytest.fixture
def words(tmp_path):
    """The state of a meter that records nothing but the status word, as counts."""
    flash = Flash(FLASH_SIZE)
    areas = Partitions.open(flash, PARTITIONS)
    fifo = Fifo(flash, *areas.area("load_profile"), LOAD_PROFILE_KIND)
    fifo.mount()
    status = StatusWord()
    profile = LoadProfile(fifo, Energy(), ("status.system", "status.trigger"), km=(1.0, 1.0), status=status)
    profile.begin(MIDNIGHT)
    status.note(CONFIGURATION, MIDNIGHT)
    status.trigger.set(0x8070, MIDNIGHT)
    profile.close(MIDNIGHT + 900)
    content = bytearray(flash.size)
    flash.read(0, content)
    (tmp_path / "flash.bin").write_bytes(content)
    return tmp_path


@pytest.mark.feature("STW-01")
def test_words_of_the_status_are_hex_and_are_not_drawn(capsys, words):
    found = called(capsys, "read", f"state:{words}", "load_profile", "--json")
    (record,) = json.loads(found.stdout)
    assert (record["status.system"], record["status.trigger"]) == ("0x0400", "0x8070")
    found = called(capsys, "flash", "dump", words, "--area", "load_profile")
    assert "status.system=0x0400 status.trigger=0x8070" in found.stdout
    plotted = called(capsys, "read", f"state:{words}", "load_profile", "--plot", words / "p.png")
    refused(plotted, "no channel can be drawn")


def test_on_the_terminal_it_is_a_table(read):
    result = read("load_profile", "--to", "2026-01-01T00:30:00Z")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0][:5] == ["entry", "start", "end", "seconds", "status"]
    assert lines[2][1:6] == ["2026-01-01", "00:15:00", "2026-01-01", "00:30:00", "900"] and len(lines) == 3
    assert read("load_profile", "--from", "2030-01-01").stdout == "no records\n"


def test_csv_and_parquet_have_what_json_has(read, tmp_path):
    wanted = records(read, "load_profile")
    result = read("load_profile", "--csv", tmp_path / "p.csv", "--parquet", tmp_path / "p.parquet")
    assert (result.returncode, result.stdout) == (0, f"{QUARTERS} records written\n")
    with open(tmp_path / "p.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [{name: str(value) for name, value in record.items()} for record in wanted]
    table = pyarrow.parquet.read_table(tmp_path / "p.parquet")
    assert "tz=UTC" in str(table.schema.field("end").type)
    assert table.column("Wh.del.P").to_pylist() == [record["Wh.del.P"] for record in wanted]
    assert [f"{end:%Y-%m-%dT%H:%M:%SZ}" for end in table.column("end").to_pylist()] == [
        r["end"] for r in wanted
    ]


def test_a_plot_has_bars_and_flagged_ones_in_red(read, tmp_path):
    def has(picture, colour):
        return bool(((picture[:, :, :3] * 255 - colour) ** 2).sum(axis=2).min() < 30)

    for arguments, flagged in ((("--to", "2026-01-01T03:00:00Z"), True), (("--last-days", "0"), False)):
        assert read("load_profile", "--plot", tmp_path / "p.png", *arguments).returncode == 0
        picture = image.imread(tmp_path / "p.png")
        assert picture.shape[1] > 1000 and has(picture, (0x3B, 0x6E, 0xA5))
        assert has(picture, (0xC0, 0x39, 0x2B)) == flagged


def test_damaged_records_are_said_to_be_missing(capsys, kept, tmp_path):
    content = bytearray((kept / "flash.bin").read_bytes())
    at = Partitions.open(Flash(FLASH_SIZE), PARTITIONS).area("load_profile")[0] + 1000
    content[at : at + 2] = bytes((content[at] ^ 0xFF, content[at + 1] ^ 0xFF))
    (tmp_path / "flash.bin").write_bytes(content)
    result = called(capsys, "read", f"state:{tmp_path}", "load_profile", "--json")
    assert result.returncode == 0 and len(json.loads(result.stdout)) == QUARTERS - 1
    assert "1 damaged records are missing here" in result.stderr


# Logs and registers


def test_events_have_kind_start_origin_and_fields_and_unknown_kinds_their_number(read):
    start, outage, unknown = records(read, "events")
    assert (start["name"], start["start"], start["fields"]) == ("first start", None, "configuration=0000abcd")
    assert (outage["time"], outage["start"]) == ("2026-01-02T01:00:00Z", "2026-01-02T00:43:20Z")
    assert outage["fields"] == "live inputs=A C; configuration=0000abcd"
    assert (unknown["name"], unknown["origin"], unknown["fields"]) == (
        "event 777",
        "front panel",
        "field 1=1.5",
    )
    assert [record["kind"] for record in records(read, "events", "--last-days", "1")] == [2, 777]


def test_security_and_alarms_are_read_and_an_empty_log_is_said_to_be_empty(read, tmp_path):
    (logon,) = records(read, "security")
    assert (logon["name"], logon["origin"], logon["peer"]) == ("logon", "tcp", "10.0.0.7:4000")
    assert read("alarms", "--csv", tmp_path / "a.csv").returncode == 0
    (row,) = csv.DictReader(open(tmp_path / "a.csv", newline=""))
    assert (row["ms"], row["fields"]) == ("250", 'trigger=3; description=sag, "deep"; value=40.5')
    assert read("diagnostics").stdout == "no records\n"
    for option in ("--csv", "--parquet"):
        assert read("diagnostics", option, tmp_path / "none").stdout == "0 records written\n"


def test_registers_are_those_of_the_last_stop_and_reading_changes_nothing(capsys, tmp_path):
    state = tmp_path / "state"
    ran = ferraris(
        *("run", "--config", configuration(tmp_path / "c.json"), "--state", state, "--speed", "max"),
        *("--start", "2026-01-01T00:00:00Z", "--duration", "5"),
    )
    before = {file.name: file.read_bytes() for file in state.iterdir() if file.is_file()}
    for _ in range(2):
        result = called(capsys, "read", f"state:{state}", "registers", "--json")
        assert result.returncode == 0
        values = {record["number"]: record for record in json.loads(result.stdout)}
        assert f"{int(values[2]['value'] * 1000) / 1000:.3f} Wh delivered" in ran.stdout
        assert values[2]["time"] == values[1]["value"] == "2026-01-01T00:00:04Z"
    assert {file.name: file.read_bytes() for file in state.iterdir() if file.is_file()} == before


@pytest.fixture
def changed(tmp_path):
    """A second group in counts whose channels change, with and without an erasure before the last record."""

    def changed(is_erased):
        flash = Flash(FLASH_SIZE)
        fifo = Fifo(flash, *Partitions.open(flash, PARTITIONS).area("profile_2"), LOAD_PROFILE_2_KIND)
        fifo.mount()
        energy = Energy()
        for turn, channels in enumerate((("Wh.del.P", "V.A"), ("V.A", "VARh.del.P"))):
            profile = LoadProfile(fifo, energy, channels, km=(0.5, 0.5))
            profile.begin(MIDNIGHT + 900 * turn)
            energy.totals[ROW_OF["W"] + 3] += 78_600_000
            profile.close(MIDNIGHT + 900 * (turn + 1))
        if is_erased:
            profile.erase(MIDNIGHT + 1800)
            profile.close(MIDNIGHT + 2700)
        content = bytearray(flash.size)
        flash.read(0, content)
        (tmp_path / "flash.bin").write_bytes(content)
        return f"state:{tmp_path}"

    return changed


def test_of_channels_that_changed_each_has_its_column_and_counts_are_what_they_are_worth(
    capsys, changed, tmp_path
):
    state = changed(False)
    rows = json.loads(called(capsys, "read", state, "profile_2", "--json").stdout)
    assert list(rows[0])[-3:] == ["Wh.del.P", "V.A", "VARh.del.P"]
    assert [row["Wh.del.P"] for row in rows] == [78.5, None] and rows[1]["VARh.del.P"] == 0
    files = [tmp_path / name for name in ("out.csv", "out.parquet", "out.png")]
    options = zip(("--csv", "--parquet", "--plot"), files, strict=True)
    assert (
        called(capsys, "read", state, "profile_2", *[str(x) for pair in options for x in pair]).returncode
        == 0
    )
    assert all(file.stat().st_size > 100 for file in files)
    assert files[0].read_text().splitlines()[2].split(",")[5] == ""


def test_what_was_erased_is_not_given_out(capsys, changed):
    (row,) = json.loads(called(capsys, "read", changed(True), "profile_2", "--json").stdout)
    assert row["end"] == "2026-01-01T00:45:00Z" and "Wh.del.P" not in row


# Refused


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((), ("load_profile, profile_2, registers, self_reads, events",)),
        (("gossip",), ("gossip", "load_profile")),
        (("events", "--plot", "x.png"), ("--plot",)),
        (("registers", "--last-days", "3"), ("registers are of one moment",)),
        (("events", "--config", "c.json"), ("--config is for registers and self_reads",)),
        (("registers", "--config", "c.json"), ("c.json", "No such file")),
        (("load_profile", "--last-days", "3", "--from", "2026-01-01"), ("one of them",)),
        (("load_profile", "--from", "2026-01-02", "--to", "2026-01-01"), ("--from must be before --to",)),
        (("load_profile", "--csv", "no/such/place.csv"), ("no/such/place.csv", "No such file")),
        (("load_profile", "--parquet", "no/such/place"), ("no/such/place",)),
        (("load_profile", "--plot", "x.poem"), ("poem",)),
        (("load_profile", "--plot", "x.png", "--from", "2030-01-01"), ("no records to draw",)),
    ],
)
def test_what_cannot_be_is_refused_with_one_line(read, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    refused(read(*arguments), *words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("days", ["-1", "61", "many"])
def test_days_out_of_range_are_refused(read, days):
    result = read("load_profile", f"--last-days={days}")
    assert result.returncode == 2 and "from 0 to 60" in result.stderr


def test_options_of_a_stopped_meter_are_refused_for_a_running_one(capsys):
    refused(
        called(capsys, "read", "iec62056-21+tcp://127.0.0.1:1", "--last-days", "3"),
        "--last-days",
        "state:DIR",
    )


@pytest.mark.parametrize(
    "option, module, extra", [("--parquet", "pyarrow", "export"), ("--plot", "matplotlib", "plot")]
)
def test_a_missing_library_is_named_with_the_extra_that_brings_it(
    read, tmp_path, monkeypatch, option, module, extra
):
    monkeypatch.setitem(sys.modules, module, None)
    refused(read("load_profile", option, tmp_path / "x.png"), module, f"ferraris[{extra}]")


def test_no_state_and_a_foreign_state_are_refused(capsys, tmp_path):
    refused(called(capsys, "read", f"state:{tmp_path}", "events"), "no flash.bin")
    (tmp_path / "flash.bin").write_bytes(b"\x00" * FLASH_SIZE)
    refused(called(capsys, "read", f"state:{tmp_path}", "events"), "not this meter's")


def test_the_state_of_a_running_meter_is_refused(tmp_path):
    state = tmp_path / "state"
    with RunningMeter("--config", configuration(tmp_path / "c.json"), "--state", state) as meter:
        meter.listening()
        refused(ferraris("read", f"state:{state}", "events"), "in use", meter.process.pid)
        assert meter.stop()[0] == 0
