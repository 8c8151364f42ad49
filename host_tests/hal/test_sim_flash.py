"""What the simulated flash does beyond the contract: its file, its strictness, its wear, its power cuts."""

import pytest
from meter.hal.sim.flash import Flash, NorViolation, PowerCut, WrongFileSize

SECTOR = 256


def content(flash, address=0, length=None):
    buffer = bytearray(flash.size if length is None else length)
    flash.read(address, buffer)
    return bytes(buffer)


def cleared(after, before):
    """True if `after` differs from `before` only by cleared bits."""
    return all(new & ~old == 0 for new, old in zip(after, before))


def test_setting_a_bit_without_an_erase_is_refused_and_changes_nothing():
    flash = Flash(4 * SECTOR, SECTOR)
    flash.program(0, b"\x0f\x0f")
    with pytest.raises(NorViolation):
        flash.program(0, b"\x0f\x1f")
    assert content(flash, 0, 2) == b"\x0f\x0f"


def test_a_size_of_no_whole_sectors_is_refused():
    with pytest.raises(ValueError):
        Flash(1000, SECTOR)


def test_wear_and_operations_are_counted():
    flash = Flash(4 * SECTOR, SECTOR)
    for _ in range(3):
        flash.erase(SECTOR)
    flash.program(0, b"x")
    assert flash.wear == [0, 3, 0, 0]
    assert (flash.erases, flash.programs) == (3, 1)


def test_a_file_is_created_blank_and_keeps_its_content(tmp_path):
    path = str(tmp_path / "flash")
    flash = Flash(4 * SECTOR, SECTOR, path)
    assert content(flash) == b"\xff" * 4 * SECTOR
    flash.program(300, b"kept")
    flash.close()
    again = Flash(4 * SECTOR, SECTOR, path)
    assert content(again, 300, 4) == b"kept"
    again.close()


def test_what_was_programmed_is_in_the_file_without_a_close(tmp_path):
    path = tmp_path / "flash"
    flash = Flash(4 * SECTOR, SECTOR, str(path))
    flash.program(1, b"here")
    flash.sync()
    assert path.read_bytes()[:6] == b"\xffhere\xff"
    flash.close()


def test_nothing_but_the_flash_file_is_left_behind(tmp_path):
    Flash(4 * SECTOR, SECTOR, str(tmp_path / "flash")).close()
    assert [file.name for file in tmp_path.iterdir()] == ["flash"]


@pytest.mark.parametrize("size", (0, 10, 4 * SECTOR - 1, 8 * SECTOR))
def test_a_file_of_another_size_is_refused_and_left_as_it_is(tmp_path, size):
    path = tmp_path / "flash"
    path.write_bytes(b"a" * size)
    with pytest.raises(WrongFileSize) as refusal:
        Flash(4 * SECTOR, SECTOR, str(path))
    for word in (str(path), str(size), str(4 * SECTOR)):
        assert word in str(refusal.value)
    assert path.read_bytes() == b"a" * size


def test_the_chosen_operation_is_torn_and_all_later_ones_fail():
    flash = Flash(4 * SECTOR, SECTOR)
    flash.cut_after = 3
    flash.program(0, b"a")
    flash.erase(SECTOR)
    with pytest.raises(PowerCut):
        flash.program(1, b"b")
    for operation in (
        lambda: flash.read(0, bytearray(1)),
        lambda: flash.program(9, b"c"),
        lambda: flash.erase(0),
        flash.sync,
    ):
        with pytest.raises(PowerCut):
            operation()
    flash.restore_power()
    assert content(flash, 0, 1) == b"a"
    flash.program(9, b"c")
    assert content(flash, 9, 1) == b"c"


def test_a_bug_in_the_firmware_is_not_hidden_by_a_power_cut():
    flash = Flash(4 * SECTOR, SECTOR)
    flash.program(0, b"\0")
    flash.cut_after = 1
    with pytest.raises(NorViolation):
        flash.program(0, b"\1")


def torn_program(seed):
    flash = Flash(4 * SECTOR, SECTOR, seed=seed)
    flash.program(100, b"\xf3" * 40)
    before = content(flash)
    flash.cut_after = 1
    with pytest.raises(PowerCut):
        flash.program(100, b"\x12" * 40)
    flash.restore_power()
    return before, content(flash)


def torn_erase(seed):
    flash = Flash(4 * SECTOR, SECTOR, seed=seed)
    flash.program(0, b"0123456789abcdef" * (2 * SECTOR // 16))
    before = content(flash)
    flash.cut_after = 1
    with pytest.raises(PowerCut):
        flash.erase(SECTOR)
    flash.restore_power()
    return before, content(flash)


def test_a_torn_program_leaves_some_of_its_bits_and_nothing_else():
    results = set()
    for seed in range(60):
        before, after = torn_program(seed)
        assert after[:100] == before[:100] and after[140:] == before[140:]
        assert cleared(after, before) and cleared(b"\x12" * 40, after[100:140])
        results.add(after)
    assert len(results) > 40
    assert any(b"\x12" * 40 in result for result in results)
    assert any(b"\xf3" * 40 in result for result in results)


def test_a_torn_erase_leaves_anything_in_its_sector_and_nothing_elsewhere():
    results = set()
    for seed in range(60):
        before, after = torn_erase(seed)
        assert after[:SECTOR] == before[:SECTOR] and after[2 * SECTOR :] == before[2 * SECTOR :]
        results.add(after[SECTOR : 2 * SECTOR])
    assert len(results) > 30
    assert b"\xff" * SECTOR in results
    assert before[SECTOR : 2 * SECTOR] in results


def test_the_same_seed_gives_the_same_damage():
    assert torn_program(5) == torn_program(5)
    assert torn_erase(5) == torn_erase(5)
