"""`ferraris read` and `ferraris program` over DLMS, against a whole served meter."""

import csv
import json
import os
import re
import socket
import stat
from contextlib import nullcontext

import pytest
from ferraris.dlms import program
from ferraris.errors import ClientError
from meter.config import document
from meter.config.schema import defaults
from meter.storage.image import build

from host_tests.protocols.dlms.dlms_served import served
from host_tests.tools.cli_process import called, ferraris, refused

ROWS = 300
KEYS = {
    "encryption_key": "000102030405060708090A0B0C0D0E0F",
    "authentication_key": "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF",
    "master_key": "00112233445566778899AABBCCDDEEFF",
}

pytestmark = pytest.mark.feature("DLM-02")


@pytest.fixture(scope="module")
def meter():
    with served(ROWS) as running:
        yield running


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    path.write_text(json.dumps(KEYS))
    return path


@pytest.fixture
def run(capsys, monkeypatch, keys):
    """Call the command in this process. Returns a CompletedProcess."""
    monkeypatch.setenv("FERRARIS_PASSWORD", "admin")
    monkeypatch.setenv("FERRARIS_KEYS", str(keys))

    def call(*arguments):
        return called(capsys, *arguments, "--timeout", "20")

    return call


@pytest.fixture
def public(meter):
    return f"dlms+tcp://{meter.address}"


@pytest.fixture
def admin(meter):
    return f"dlms+tcp://admin@{meter.address}"


@pytest.fixture
def management(meter):
    return f"dlms+tcp://{meter.address}?client=1"


def records(result):
    assert (result.returncode, result.stderr) == (0, ""), result
    return json.loads(result.stdout)


def failed(result, *words):
    assert (result.returncode, result.stdout) == (1, ""), result
    assert result.stderr.count("\n") == 1 and result.stderr.startswith("ferraris: "), result.stderr
    for word in words:
        assert word in result.stderr


# Reading.


def test_registers_are_a_table_with_their_quantities_and_units(run, public):
    result = run("read", public)
    assert (result.returncode, result.stderr) == (0, "")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0][0].startswith("FRS")
    row = next(line for line in lines if line and line[0] == "1-0:1.8.0")
    assert row[1] == "Wh.del.P" and re.fullmatch(r"\d+\.\d{3}", row[2]) and row[3] == "Wh"


@pytest.mark.parametrize("what", ["Wh.del.P", "1-0:1.8.0", "1.8.0", "1.0.1.8.0.255"])
def test_one_register_by_its_quantity_or_any_form_of_its_code(run, public, what):
    found = records(run("read", public, what, "--json"))
    assert found["meter"]["device"].startswith("FRS")
    assert [(one["obis"], one["quantity"], one["unit"]) for one in found["values"]] == [
        ("1-0:1.8.0", "Wh.del.P", "Wh")
    ]


def test_every_transport_gives_the_same(meter, run):
    urls = [
        f"dlms+hdlc://{meter.address}",
        f"dlms+serial:{meter.rs485}",
        f"dlms+optical:{meter.optical}",
        f"dlms+hdlc://{meter.address}?address=1",
    ]
    for url in urls:
        assert records(run("read", url, "0-0:96.1.0", "--json")) == [
            {"attribute": 1, "value": "0.0.96.1.0.255"},
            {"attribute": 2, "value": "00000001"},
        ]


def test_a_load_profile_by_time_and_by_days(run, admin):
    day = records(run("read", admin, "load_profile", "--from", "2025-01-02", "--to", "2025-01-03", "--json"))
    assert len(day) == 96
    assert day[0]["time"] == "2025-01-02T00:15:00Z" and day[-1]["time"] == "2025-01-03T00:00:00Z"
    assert list(day[0]) == ["time", "status", "Wh.del.P", "Wh.rec.P", "VARh.del.P", "VARh.rec.P"]
    assert (day[0]["status"], day[0]["Wh.del.P"]) == ("", 96.0)
    last = records(run("read", admin, "load_profile", "--last-days", "1", "--json"))
    assert last[0]["time"] == "2025-01-03T00:15:00Z" and len(last) >= ROWS - 2 * 96


def test_a_load_profile_as_csv_parquet_and_plot(run, admin, tmp_path):
    paths = [tmp_path / name for name in ("p.csv", "p.parquet", "p.png")]
    arguments = [
        word for option, path in zip(("--csv", "--parquet", "--plot"), paths) for word in (option, path)
    ]
    result = run("read", admin, "load_profile", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    rows = list(csv.DictReader(paths[0].open()))
    assert rows[97]["time"] == "2025-01-02T00:30:00Z" and float(rows[97]["Wh.del.P"]) == 0.0
    assert f"{len(rows)} records written" in result.stdout
    assert paths[1].stat().st_size > 1000 and paths[2].read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    "what", ["events", "security", "alarms", "diagnostics", "sags", "self_reads", "connections"]
)
def test_every_log_is_read(run, management, what):
    found = records(run("read", management, what, "--json"))
    assert all("time" in one for one in found)
    if what == "events":
        assert found[0]["name"] == "first start"
    if what == "security":
        assert any(one["name"] == "logon" and one["origin"] == "tcp" for one in found)


def test_the_clock_and_how_far_it_is_from_ours(run, public):
    (clock,) = records(run("read", public, "clock", "--json"))
    assert (
        clock["time"].startswith("2025-01-0")
        and clock["ahead_s"] < -86400
        and clock["daylight_saving"] is False
    )


def test_the_object_list_says_what_each_client_may(run, public, management):
    seen = {}
    for url in (public, management):
        rows = records(run("read", url, "objects", "--json"))
        seen[url] = {one["obis"]: one for one in rows}
    assert seen[public]["0-0:1.0.0"]["attributes"].startswith("1r 2r 3r")
    assert seen[management]["0-0:1.0.0"]["attributes"].startswith("1r 2rw 3r")
    assert len(seen[management]) > len(seen[public]) > 200


@pytest.mark.parametrize("what", ["load_profile", "security"])
def test_what_a_client_may_not_is_refused(run, public, what):
    failed(run("read", public, what), "not allowed for this client")


def test_a_wrong_password_is_refused(meter, run):
    failed(run("read", f"dlms+tcp://admin:wrong@{meter.address}"), "refuses the association", "password")


def test_wrong_keys_are_refused(meter, run, tmp_path):
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps({**KEYS, "encryption_key": "00" * 16}))
    failed(run("read", f"dlms+tcp://{meter.address}?client=1", "--keys", path), "refuse")


def test_nobody_listens(run):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    for scheme in ("dlms+tcp", "dlms+hdlc"):
        failed(run("read", f"{scheme}://{address}"), address, "refused")


@pytest.mark.parametrize("scheme", ["dlms+tcp", "dlms+hdlc"])
def test_a_server_that_says_nothing(capsys, scheme):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"{scheme}://127.0.0.1:{server.getsockname()[1]}"
        failed(called(capsys, "read", url, "--timeout", "0.1"), "no answer", "0.1 s")


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("dlms+tcp:", "expected dlms+tcp://"),
        ("dlms+tcp://h:99999", "expected dlms+tcp://"),
        ("dlms+serial:", "dlms+serial:/PATH"),
        ("dlms+udp://h", "expected"),
        ("dlms+tcp://h?client=7", "16 (public), 32 (reader), 1 (management)"),
        ("dlms+tcp://h?client=x", "client=x"),
        ("dlms+tcp://h?baud=300", "?baud: unknown for dlms+tcp"),
        ("dlms+tcp://h?client=32", "USER@"),
        ("dlms+tcp://u@h?client=16", "no users"),
    ],
)
def test_a_url_at_fault_is_refused_with_what_is_expected(capsys, url, word):
    refused(called(capsys, "read", url), word)


def test_a_password_is_in_no_message(capsys):
    result = called(capsys, "read", "dlms+tcp://admin:sesame@h:99999")
    assert result.returncode == 2 and "sesame" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("nonsense",), "not an OBIS code"),
        (("clock", "--last-days", "1"), "of one moment"),
        (("events", "--plot", "x.png"), "--plot draws"),
        (("registers", "--config", "c.json"), "--config is for a stopped meter"),
        (("registers", "--keys", "k.json"), "--keys are for the management client"),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_meter_is_called(capsys, arguments, word):
    refused(called(capsys, "read", "dlms+tcp://127.0.0.1:1", *arguments), word)


def test_a_code_that_the_meter_has_not(run, public):
    refused(run("read", public, "9.9.9"), "1-0:9.9.9", "objects")


@pytest.mark.parametrize(
    ("text", "word"),
    [("{", "not JSON"), ("[]", "not an object"), ("{}", "encryption_key"), ('{"key": ""}', "key: unknown")],
)
def test_a_key_file_at_fault_is_refused(capsys, tmp_path, text, word):
    path = tmp_path / "k.json"
    path.write_text(text)
    refused(called(capsys, "read", "dlms+tcp://127.0.0.1:1?client=1", "--keys", path), word)


def test_no_counter_is_used_twice_and_a_run_that_is_killed_loses_some_only(run, management, keys):
    counters = []
    for _ in range(2):
        records(run("read", management, "0-0:42.0.0", "--json"))
        counters.append(int((keys.parent / "keys.json.counter").read_text()))
    assert counters[1] > counters[0]
    assert stat.S_IMODE(os.stat(keys.parent / "keys.json.counter").st_mode) == 0o600


# Programming.


def test_a_configuration_is_compared_written_and_read_back(meter, run, management, tmp_path):
    settings = dict(meter.app.settings)
    path = tmp_path / "c.json"
    path.write_bytes(document.text({**settings, "meter.id": "Feeder 7"}))
    shown = run("program", management, path, "--dry-run")
    assert (shown.returncode, shown.stdout) == (
        0,
        'meter.id: "" -> "Feeder 7"\n',
    ) or "Feeder 7" in shown.stdout
    assert meter.app.settings["meter.id"] == settings["meter.id"]
    result = run("program", management, path)
    assert result.returncode == 0 and "the meter has it" in result.stdout, result
    assert meter.app.settings["meter.id"] == "Feeder 7"
    assert "nothing is written" in run("program", management, path).stdout


@pytest.mark.parametrize("is_back", (True, False))
def test_a_board_that_starts_again_with_its_configuration_is_asked_until_it_is_back(monkeypatch, is_back):
    """In a time of its own: nobody waits."""
    now, answers = [0.0], [ClientError("cut off"), ClientError("refused")]

    def connected(options):
        if answers or not is_back:
            raise answers.pop(0) if answers else ClientError("gone for good")
        return nullcontext("the settings")

    monkeypatch.setattr(program, "connected", connected)
    monkeypatch.setattr(program, "_settings", lambda meter: meter)
    monkeypatch.setattr(program.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(program.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    if is_back:
        assert program._read_back(None) == "the settings" and now == [2.0]
    else:
        with pytest.raises(ClientError, match="gone for good"):
            program._read_back(None)
        assert program.RESTART_S < now[0] < program.RESTART_S + 2


def test_a_configuration_with_faults_is_refused_before_the_meter_is_called(capsys, tmp_path):
    path = tmp_path / "c.json"
    path.write_text('{"meter": {"colour": "red"}}')
    refused(called(capsys, "program", "dlms+tcp://127.0.0.1:1", path), "meter.colour")


def test_a_configuration_is_not_for_everybody(meter, run, public, tmp_path):
    path = tmp_path / "c.json"
    path.write_bytes(document.text({**defaults(), "meter.id": "x"}))
    failed(run("program", public, path), "not allowed for this client")


def test_the_time_is_set(meter, run, admin, public):
    wanted = "2025-02-01T12:00:00"
    result = run("program", admin, "set-time", wanted + "Z")
    assert result.returncode == 0 and "-> 2025-02-01 12:00:0" in result.stdout, result
    (clock,) = records(run("read", public, "clock", "--json"))
    assert clock["time"].startswith("2025-02-01T12:00")
    failed(run("program", public, "set-time", "now"), "not allowed")


def test_the_billing_period_is_reset_and_the_registers_are_frozen(meter, run, management):
    for what in ("freeze", "reset"):
        assert run("program", management, what).stdout == f"{what}: done\n"
    names = [one["name"] for one in records(run("read", management, "events", "--json"))]
    assert "register freeze" in names and "billing period reset" in names


def test_a_reader_whose_numbers_are_behind_goes_on_with_what_the_meter_takes(run, management, keys):
    counter = keys.parent / "keys.json.counter"
    assert run("read", management, "clock").returncode == 0
    counter.write_text("1")  # as after a power cut of the meter, or with the files of before
    assert run("read", management, "clock").returncode == 0
    assert int(counter.read_text()) > 256


@pytest.mark.parametrize("name", ["encryption", "authentication"])
def test_a_key_is_changed_and_kept_and_the_old_one_is_refused(run, management, keys, name, tmp_path):
    old = tmp_path / "old.json"
    old.write_text(keys.read_text())
    (tmp_path / "old.json.counter").write_text("100000\n")
    before = json.loads(keys.read_text())
    result = run("program", management, "key", name)
    assert result.returncode == 0, result
    after = json.loads(keys.read_text())
    assert {k for k in after if after[k].upper() != before.get(k, "").upper()} - {"system_title"} == {
        f"{name}_key"
    }
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert not (keys.parent / "keys.json.new").exists()
    failed(run("read", management, "clock", "--keys", old), "refuse")
    assert run("read", management, "clock").returncode == 0


def test_firmware_is_sent_checked_and_put_in_force(tmp_path, keys, run):
    path = tmp_path / "new.img"
    path.write_bytes(build(bytes(range(256)) * 40, "sim", "9.9.9"))
    with served() as other:
        result = run(
            "program", f"dlms+tcp://{other.address}?client=1", "image", path, "--keys", _fresh(tmp_path)
        )
        assert result.returncode == 0 and "9.9.9 for sim" in result.stdout, result
        assert other.app.restarts


def _fresh(tmp_path):
    path = tmp_path / "factory.json"
    path.write_text(json.dumps(KEYS))
    return path


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("image",), "wants a file"),
        (("image", "/nowhere"), "No such file"),
        (("key", "master"), "encryption, authentication"),
        (("set-time", "soon"), "not a time"),
        (("freeze", "now"), "takes no argument"),
        (("nonsense",), "nonsense"),
    ],
)
def test_what_cannot_be_programmed_is_refused(capsys, arguments, word):
    refused(called(capsys, "program", "dlms+tcp://127.0.0.1:1?client=1", *arguments), word)


def test_a_file_that_is_no_image_is_refused(capsys, tmp_path):
    path = tmp_path / "x.img"
    path.write_bytes(b"not an image" * 40)
    refused(
        called(capsys, "program", "dlms+tcp://127.0.0.1:1?client=1", "image", path), "not a firmware image"
    )


def test_a_real_process_reads_too(meter):
    result = ferraris("read", f"dlms+tcp://{meter.address}", "V.A", "--json")
    assert result.returncode == 0 and 100 < json.loads(result.stdout)["values"][0]["value"] < 140, result
