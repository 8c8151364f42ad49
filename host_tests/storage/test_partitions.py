"""The superblock: formatted once, verified ever after, and never over somebody else's data."""

import struct
import zlib

import pytest
from meter.hal.sim.flash import Flash, PowerCut
from meter.storage.errors import StorageError
from meter.storage.partitions import Partitions

SECTOR = 256
TABLE = (("state", 3), ("profile", 8), ("events", 2))


def make(seed=1, erase_size=SECTOR):
    return Flash(16 * erase_size, erase_size, seed=seed)


def content(flash):
    data = bytearray(flash.size)
    flash.read(0, data)
    return bytes(data)


def copies(flash):
    data = content(flash)
    return data[:SECTOR], data[SECTOR : 2 * SECTOR]


def test_a_blank_flash_is_formatted_and_its_areas_follow_each_other():
    parts = Partitions.open(make(), TABLE)
    assert parts.area("state") == (2 * SECTOR, 3 * SECTOR)
    assert parts.area("profile") == (5 * SECTOR, 8 * SECTOR)
    assert parts.area("events") == (13 * SECTOR, 2 * SECTOR)


def test_an_unknown_area_is_a_key_error():
    with pytest.raises(KeyError, match="load"):
        Partitions.open(make(), TABLE).area("load")


def test_both_copies_are_alike_and_as_described():
    flash = make()
    Partitions.open(flash, TABLE)
    first, second = copies(flash)
    assert first == second
    assert first[:20] == b"FERRARIS" + struct.pack("<HHII", 1, 3, SECTOR, 16 * SECTOR)
    assert first[20:36] == b"state".ljust(12, b"\0") + struct.pack("<HH", 2, 3)
    assert first[68:72] == struct.pack("<I", zlib.crc32(first[:68]))
    assert first[72:] == b"\xff" * (SECTOR - 72)


def test_opening_again_writes_nothing():
    flash = make()
    Partitions.open(flash, TABLE)
    before = flash.programs, flash.erases
    assert Partitions.open(flash, TABLE).area("events") == (13 * SECTOR, 2 * SECTOR)
    assert (flash.programs, flash.erases) == before


def test_formatting_erases_nothing():
    flash = make()
    Partitions.open(flash, TABLE)
    assert flash.erases == 0


@pytest.mark.parametrize("place", (0, 100, SECTOR, 2 * SECTOR - 1, 5 * SECTOR + 3, 16 * SECTOR - 1))
def test_a_foreign_flash_is_refused_and_not_touched(place):
    flash = make()
    flash.program(place, b"\x7f")
    if place == 0:
        flash.program(0, b"PK\3\4")
    before = content(flash)
    with pytest.raises(StorageError) as refusal:
        Partitions.open(flash, TABLE)
    assert content(flash) == before
    assert "\n" not in str(refusal.value) and "not blank" in str(refusal.value)


@pytest.mark.parametrize(
    "other",
    (TABLE[:2], TABLE + (("more", 1),), (("state", 4), ("profile", 7), ("events", 2)), TABLE[::-1]),
)
def test_another_layout_is_refused_with_both_layouts_named(other):
    flash = make()
    Partitions.open(flash, TABLE)
    before = content(flash)
    with pytest.raises(StorageError) as refusal:
        Partitions.open(flash, other)
    assert content(flash) == before
    message = str(refusal.value)
    assert "4096 bytes in sectors of 256: state:3 profile:8 events:2, expected" in message
    assert message.endswith(" ".join(f"{name}:{sectors}" for name, sectors in other))
    assert "\n" not in message


def test_another_flash_size_is_refused():
    flash = make()
    Partitions.open(flash, TABLE)
    larger = Flash(32 * SECTOR, SECTOR)
    larger.program(0, content(flash))
    with pytest.raises(StorageError, match="4096 bytes in sectors of 256.*8192 bytes"):
        Partitions.open(larger, TABLE)


def test_another_format_version_is_refused_by_name():
    flash = make()
    block = b"FERRARIS" + struct.pack("<HHII", 2, 0, SECTOR, flash.size)
    flash.program(0, block + struct.pack("<I", zlib.crc32(block)))
    with pytest.raises(StorageError, match="superblock format 2, expected 1"):
        Partitions.open(flash, TABLE)


@pytest.mark.parametrize(
    "table",
    (
        (("a", 15),),
        (("a", 1), ("a", 1)),
        (("", 1),),
        (("thirteen-long", 1),),
        (("a", 0),),
        tuple((chr(65 + number), 1) for number in range(15)),
    ),
)
def test_a_table_that_cannot_be_is_a_value_error(table):
    with pytest.raises(ValueError):
        Partitions.open(make(), table)


@pytest.mark.parametrize("seed", range(40))
def test_a_power_cut_while_formatting_does_not_make_it_foreign(seed):
    after, cut = 0, True
    while cut:
        after += 1
        flash = make(seed)
        cut = False
        for again in (after, 1, 1, None):  # and cut again while it is being completed
            flash.cut_after = again
            try:
                Partitions.open(flash, TABLE)
                break
            except PowerCut:
                cut = True
                flash.restore_power()
        flash.restore_power()
        Partitions.open(flash, TABLE)
        assert copies(flash)[0] == copies(flash)[1]
    assert after == 3


def test_a_rotten_copy_is_repaired_from_the_other_even_with_a_cut_meanwhile():
    for copy in range(2):
        for seed in range(30):
            for after in (1, 2, None):
                flash = make(seed)
                Partitions.open(flash, TABLE)
                good = content(flash)
                flash.program(copy * SECTOR + 3, b"\0")
                flash.program(5 * SECTOR, b"precious")
                flash.cut_after = after
                try:
                    Partitions.open(flash, TABLE)
                except PowerCut:
                    flash.restore_power()
                    Partitions.open(flash, TABLE)
                assert [block[:72] for block in copies(flash)] == [good[:72]] * 2
                assert content(flash)[5 * SECTOR :].startswith(b"precious")


def test_four_kilobyte_sectors_work():
    assert Partitions.open(make(erase_size=4096), TABLE).area("events") == (13 * 4096, 2 * 4096)
