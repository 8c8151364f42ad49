"""The contract of hal Flash (meter/hal/__init__.py). A backend that passes this can carry the storage.

To test another backend, add a row to BACKENDS: (directory) -> an erased Flash of four sectors or more.
"""

import pytest
from meter.hal.sim.flash import Flash

from host_tests.hal import linux_backends, rp2_devices

BACKENDS = {
    "sim in memory": lambda directory: Flash(4 * 4096),
    "sim in a file": lambda directory: Flash(4 * 4096, path=str(directory / "flash")),
    "sim with small sectors": lambda directory: Flash(8 * 256, erase_size=256),
    "rp2": rp2_devices.flash,
    **linux_backends.FLASHES,
}


@pytest.fixture(params=BACKENDS)
def flash(request, tmp_path):
    device = BACKENDS[request.param](tmp_path)
    yield device
    device.close()


def content(flash, address, length):
    buffer = bytearray(length)
    flash.read(address, buffer)
    return bytes(buffer)


def test_the_size_is_whole_sectors(flash):
    assert flash.size % flash.erase_size == 0
    assert flash.size // flash.erase_size >= 4


def test_erased_flash_reads_all_ones(flash):
    flash.erase(flash.erase_size)
    assert content(flash, flash.erase_size, flash.erase_size) == b"\xff" * flash.erase_size


def test_programmed_bytes_read_back_and_their_neighbours_stay(flash):
    flash.program(13, b"hello")
    assert content(flash, 12, 7) == b"\xffhello\xff"


def test_a_program_may_cross_sectors(flash):
    data = bytes(range(100))
    flash.program(flash.erase_size - 50, data)
    assert content(flash, flash.erase_size - 50, 100) == data


def test_programming_twice_clears_the_bits_of_both(flash):
    flash.program(0, b"\xf0")
    flash.program(0, b"\x30")
    assert content(flash, 0, 1) == b"\x30"


def test_programming_the_same_again_changes_nothing(flash):
    flash.program(5, b"abc")
    flash.program(5, b"abc")
    assert content(flash, 5, 3) == b"abc"


def test_an_erase_sets_its_sector_only(flash):
    flash.program(flash.erase_size - 1, b"\0\0")
    flash.program(2 * flash.erase_size - 1, b"\0\0")
    flash.erase(flash.erase_size)
    assert content(flash, flash.erase_size - 1, 2) == b"\0\xff"
    assert content(flash, 2 * flash.erase_size - 1, 2) == b"\xff\0"


def test_reads_fill_any_writable_buffer(flash):
    flash.program(0, b"abcd")
    buffer = bytearray(6)
    flash.read(1, memoryview(buffer)[2:4])
    assert bytes(buffer) == b"\0\0bc\0\0"


def test_programs_take_any_bytes_like(flash):
    flash.program(0, memoryview(b"xabcx")[1:4])
    flash.program(3, bytearray(b"d"))
    assert content(flash, 0, 4) == b"abcd"


def test_empty_reads_and_programs_are_allowed(flash):
    flash.program(flash.size, b"")
    flash.read(flash.size, bytearray())


@pytest.mark.parametrize("address", (-1, "size", "size - 1"))
def test_outside_the_flash_is_a_value_error_and_changes_nothing(flash, address):
    place = {"size": flash.size, "size - 1": flash.size - 1}.get(address, address)
    with pytest.raises(ValueError):
        flash.read(place, bytearray(2))
    with pytest.raises(ValueError):
        flash.program(place, b"\0\0")
    with pytest.raises(ValueError):
        flash.erase(place)
    assert content(flash, 0, flash.size) == b"\xff" * flash.size


def test_erasing_elsewhere_than_at_a_sector_start_is_a_value_error(flash):
    with pytest.raises(ValueError):
        flash.erase(1)


def test_sync_returns_with_the_content_unchanged(flash):
    flash.program(7, b"kept")
    flash.sync()
    assert content(flash, 7, 4) == b"kept"
