"""`ferraris flash`: what a stopped meter's flash holds, what is damaged on it, and that looking changes nothing."""

import json
import random
import re
import shutil
import struct

import pytest
from meter.hal.sim.flash import Flash
from meter.hal.sim.nvram import Nvram
from meter.registers.event_log import FIFO_KINDS, pack
from meter.storage.fifo import Fifo
from meter.storage.journal import KIND, Journal
from meter.storage.partitions import Partitions

from boards.sim.board import FLASH_SIZE, NVRAM_SIZE, PARTITIONS
from host_tests.tools.cli_process import RunningMeter, called, configuration, ferraris, refused

RECORDS, OVERHEAD = 56, 12  # storage/SPEC.md

AREAS = [name for name, _ in PARTITIONS if name != "image"]  # areas of records: an image is none


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """The state of a meter with an interval of a minute that has run twice, some minutes and ten seconds."""
    directory = tmp_path_factory.mktemp("lived")
    config = configuration(directory / "meter.json", load_profile={"interval": 1})
    for start, duration in (("2026-01-01T00:14:50Z", 190.5), ("2026-01-02T06:00:00Z", 10)):
        result = ferraris(
            *("run", "--config", config, "--state", directory / "state", "--speed", "max"),
            *("--start", start, "--duration", duration),
        )
        assert result.returncode == 0, result
    return directory / "state"


@pytest.fixture
def state(lived, tmp_path):
    return shutil.copytree(lived, tmp_path / "state", ignore=shutil.ignore_patterns("optical", "rs485"))


def content(state):
    return {file.name: file.read_bytes() for file in state.iterdir()}


def base_of(area):
    return Partitions.open(Flash(FLASH_SIZE), PARTITIONS).area(area)[0]


def damage(state, area, number):
    """Set a byte of the payload of the record at this place in the first sector of an area to another value."""
    with open(state / "flash.bin", "r+b") as file:
        at = base_of(area) + RECORDS
        for _ in range(number):
            file.seek(at)
            at += OVERHEAD + struct.unpack("<H", file.read(2))[0]
        file.seek(at + 8)
        byte = file.read(1)[0]
        file.seek(at + 8)
        file.write(bytes((byte ^ 0x55,)))


def add_to(state, area, payload, time):
    flash = Flash(FLASH_SIZE, path=str(state / "flash.bin"))
    fifo = Fifo(flash, *Partitions.open(flash, PARTITIONS).area(area), dict(FIFO_KINDS)[area])
    fifo.append(payload, time)
    flash.close()


# Sound


def test_a_sound_state_is_called_sound_with_exit_code_0_and_not_changed(capsys, state):
    before = content(state)
    result = called(capsys, "flash", "check", state)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[-1] == "sound" and len(lines) == len(AREAS) + 2
    assert re.fullmatch(
        r"registers: as of 2026-01-02 06:00:09, \d+ bytes, from the newest whole checkpoint on the flash",
        lines[-2],
    )
    assert all(re.match(rf"{name}: sound, ", line) for name, line in zip(AREAS, lines))
    assert re.match(
        r"load_profile: sound, \d records, 2026-01-01 00:1\d:\d\d to .*, 1 of \d+ sectors used", lines[2]
    )
    assert content(state) == before


def test_a_dump_lists_the_areas_and_every_record_with_time_kind_and_fields(capsys, state):
    before = content(state)
    result = called(capsys, "flash", "dump", state)
    assert (result.returncode, result.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[0] == f"flash of {FLASH_SIZE} bytes in sectors of 4096"
    first = base_of("events") // 4096
    assert f"events sectors {first} to {first + 7}" in lines
    assert lines.count("security: empty") == 1
    events = [line for line in lines if "power" in line or "first start" in line]
    assert re.fullmatch(r"1 2026-01-01 00:14:50 first start configuration=[0-9a-f]{8}", events[0])
    assert re.fullmatch(r"2 2026-01-01 00:1[78]:\d\d power down live inputs=A B C", events[1])
    assert re.search(
        r"3 2026-01-02 06:00:00 power outage since 2026-01-01 00:1[78]:\d\d live inputs=A B C", events[2]
    )
    assert any(re.match(r"\d 2026-01-01 00:16:00 60 s Wh.del.P=2\d", line) for line in lines)
    assert content(state) == before


def test_a_dump_can_be_of_one_area_and_of_the_newest_records(capsys, state):
    result = called(capsys, "flash", "dump", state, "--area", "load_profile", "--last", "1")
    tail = result.stdout.split("\n\n")[1].splitlines()
    assert len(tail) == 3 and re.fullmatch(r"  \.\.\. \d older", tail[1]) and "Wh.del.P=" in tail[2]
    assert "events:" not in result.stdout


def test_a_copy_without_a_lock_file_is_read(capsys, state):
    (state / "lock").unlink()
    assert called(capsys, "flash", "check", state).returncode == 0


def test_a_kind_from_newer_firmware_is_listed_by_number_and_is_no_damage(capsys, state):
    add_to(state, "events", pack(4321, fields=("news",)), 1767400000)
    add_to(state, "events", b"\x02" + pack(10)[1:], 1767400001)
    add_to(state, "events", b"\x01\x02", 1767400002)
    assert called(capsys, "flash", "check", state).returncode == 0
    text = called(capsys, "flash", "dump", state, "--area", "events").stdout
    assert "event 4321  field 1=news" in text
    assert "the record has version 2, known is 1" in text
    assert "event 0  (the record ends in its head: 0102)" in text


def test_pages_and_commits_are_told_in_plain_words(capsys, state):
    text = called(capsys, "flash", "dump", state, "--area", "journal").stdout
    assert re.search(r"\n +1 2026-01-01 00:1[45]:\d\d  page 0 of a state, 512 bytes\n", text)
    assert re.search(
        r"\n +\d .*  commit: the state of \d+ bytes is whole with pages in entries 1 to \d\n", text
    )
    assert "registers: as of 2026-01-02 06:00:09" in text


def test_a_newer_second_in_the_nvram_is_what_a_start_takes(capsys, state):
    flash = Flash(FLASH_SIZE, path=str(state / "flash.bin"))
    nvram = Nvram(NVRAM_SIZE, path=str(state / "nvram.bin"))
    journal = Journal(flash, *Partitions.open(flash, PARTITIONS).area("journal"), nvram=nvram)
    time, kept = journal.load()
    journal.save_second(kept, time + 7)
    flash.close()
    nvram.close()
    before = content(state)
    text = called(capsys, "flash", "check", state).stdout
    assert re.search(
        r"registers: as of 2026-01-02 06:00:16, \d+ bytes, from nvram.bin, 7 s after the newest whole", text
    )
    rows = json.loads(called(capsys, "read", f"state:{state}", "registers", "--json").stdout)
    assert {(row["time"], row["source"]) for row in rows} == {("2026-01-02T06:00:16Z", "nvram")}
    assert content(state) == before


# Damage


@pytest.mark.parametrize("area, number", [("load_profile", 1), ("events", 0), ("journal", 0)])
def test_a_damaged_record_is_told_with_what_was_lost_and_exit_code_1(capsys, state, area, number):
    damage(state, area, number)
    before = content(state)
    result = called(capsys, "flash", "check", state)
    assert result.returncode == 1 and result.stdout.splitlines()[-1] == "damaged"
    told = [line for line in result.stdout.splitlines() if line.startswith(area)]
    assert (
        told[0].startswith(f"{area}: 1 damaged record") and f"lost: 1 record, entry {number + 1}, " in told[1]
    )
    assert content(state) == before


def test_the_newest_checkpoint_that_is_damaged_is_told_and_the_one_before_it_counts(capsys, state):
    (state / "nvram.bin").unlink()
    flash = Flash(FLASH_SIZE, path=str(state / "flash.bin"))
    base, size = Partitions.open(flash, PARTITIONS).area("journal")
    fifo = Fifo(flash, base, size, KIND)
    fifo.mount()
    sequence, end = fifo.end
    flash.program(base + sequence * 4096 + end - 8, b"\x00")
    flash.close()
    text = called(capsys, "flash", "check", state).stdout
    assert re.search(r"registers: as of .* on the flash; 1 newer records are not usable", text)
    damage(state, "journal", 0)
    text = called(capsys, "flash", "dump", state, "--area", "journal").stdout
    assert re.search(r"\n +5 .* whole with pages in entries 1 to 4; not usable, lost: page 0\n", text)


def test_a_loss_is_told_with_the_times_around_it(capsys, state):
    damage(state, "load_profile", 1)
    text = called(capsys, "flash", "check", state).stdout
    assert re.search(r"entry 2, after 2026-01-01 00:1\d:\d\d and not after 2026-01-01 00:1[67]:00", text)
    dumped = called(capsys, "flash", "dump", state).stdout
    assert "lost: 1 record, entry 2" in dumped and "       3 2026-01-01 00:1" in dumped


def test_a_write_cut_by_a_power_failure_is_told_and_is_no_damage(capsys, state):
    damage(state, "events", 3)  # the last: nobody can tell it from one that was cut
    result = called(capsys, "flash", "check", state)
    assert result.returncode == 0
    assert re.search(r"events: sound, 3 records, .*, 1 write cut off by power failures", result.stdout)


def test_an_area_with_somebody_elses_records_is_damage(capsys, state):
    with open(state / "flash.bin", "r+b") as file:
        file.seek(base_of("load_profile"))
        sector = file.read(4096)
        file.seek(base_of("alarms"))
        file.write(sector)
    result = called(capsys, "flash", "check", state)
    assert result.returncode == 1
    assert "alarms: the sector at" in result.stdout and "nothing in this area can be read" in result.stdout


def test_a_damaged_copy_of_the_superblock_is_told(capsys, state):
    with open(state / "flash.bin", "r+b") as file:
        file.write(b"\0" * 16)
    before = content(state)
    result = called(capsys, "flash", "check", state)
    assert result.returncode == 1 and result.stdout.startswith("superblock: one of its two copies is damaged")
    assert content(state) == before


@pytest.mark.parametrize("seed", range(6))
def test_bits_that_flip_anywhere_are_damage_with_a_name_and_the_rest_is_listed(capsys, state, seed):
    chance = random.Random(seed)
    (state / "nvram.bin").unlink()
    held = bytearray((state / "flash.bin").read_bytes())
    areas = Partitions.open(Flash(FLASH_SIZE), PARTITIONS)
    hit = set()
    for name in ("superblock", "journal", "load_profile", "events"):
        base = 0 if name == "superblock" else areas.area(name)[0] + RECORDS
        used = [at for at in range(base, base + 4096 - RECORDS) if held[at] != 0xFF]
        # Never the last record: nobody can tell that from a write that was cut off. Nor the description of all others.
        used = used[110:] if name == "load_profile" else used
        at = chance.choice(used[: len(used) // 2])
        held[at] ^= 1 << chance.randrange(8)
        hit.add(name)
    (state / "flash.bin").write_bytes(held)
    result = called(capsys, "flash", "check", state)
    assert (result.returncode, result.stderr) == (1, "")
    for name in hit:
        assert re.search(rf"^{name}: (\d+ damaged|one of its two copies is damaged)", result.stdout, re.M), (
            name
        )
    assert called(capsys, "flash", "dump", state).returncode == 0
    for what in ("load_profile", "events", "registers"):
        read = called(capsys, "read", f"state:{state}", what, "--json")
        assert read.returncode == 0 and json.loads(read.stdout)


# Refused


@pytest.mark.parametrize("command", ["check", "dump"])
def test_the_state_of_a_running_meter_is_refused(tmp_path, command):
    state = tmp_path / "state"
    with RunningMeter("--config", configuration(tmp_path / "c.json"), "--state", state) as meter:
        meter.listening()
        refused(ferraris("flash", command, state), state, "in use", meter.process.pid)
        assert meter.stop()[0] == 0


@pytest.mark.parametrize("command", ["check", "dump"])
def test_what_is_no_state_is_refused(capsys, tmp_path, command):
    refused(called(capsys, "flash", command, tmp_path / "nothing"), "nothing", "not a meter's state")
    assert not (tmp_path / "nothing").exists()
    refused(called(capsys, "flash", command, tmp_path), tmp_path, "no flash.bin")


def test_a_torn_a_foreign_and_a_blank_flash_are_refused_and_kept(capsys, state):
    flash = state / "flash.bin"
    for filling, words in (
        (b"\xff" * 100000, ("flash.bin", "100000 bytes", "torn")),
        (b"\x00" * FLASH_SIZE, (state, "not this meter's")),
        (b"\xff" * FLASH_SIZE, (state, "blank")),
    ):
        flash.write_bytes(filling)
        refused(called(capsys, "flash", "check", state), *words)
        assert flash.read_bytes() == filling
