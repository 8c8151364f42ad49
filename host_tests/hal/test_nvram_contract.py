"""The contract of hal Nvram (meter/hal/__init__.py), and what the simulated one does beyond it.

To test another backend, add a row to BACKENDS: (directory) -> an Nvram of 256 bytes or more.
"""

import pytest
from meter.hal.sim.flash import PowerCut, WrongFileSize
from meter.hal.sim.nvram import Nvram

from host_tests.hal import linux_backends, rp2_devices

BACKENDS = {
    "sim in memory": lambda directory: Nvram(1024),
    "sim in a file": lambda directory: Nvram(1024, str(directory / "nvram")),
    "rp2": rp2_devices.nvram,
    **linux_backends.NVRAMS,
}


@pytest.fixture(params=BACKENDS)
def nvram(request, tmp_path):
    device = BACKENDS[request.param](tmp_path)
    yield device
    device.close()


def content(nvram, address=0, length=None):
    buffer = bytearray(nvram.size if length is None else length)
    nvram.read(address, buffer)
    return bytes(buffer)


def test_bytes_read_back_and_their_neighbours_stay(nvram):
    before = content(nvram)
    nvram.write(13, b"hello")
    assert content(nvram) == before[:13] + b"hello" + before[18:]


def test_bits_may_be_set_and_cleared_without_an_erase(nvram):
    for data in (b"\x00\xff", b"\xff\x00", b"\x5a\xa5"):
        nvram.write(100, data)
        assert content(nvram, 100, 2) == data


def test_reads_fill_any_writable_buffer_and_writes_take_any_bytes_like(nvram):
    nvram.write(0, memoryview(b"xabcx")[1:4])
    nvram.write(3, bytearray(b"d"))
    buffer = bytearray(6)
    nvram.read(1, memoryview(buffer)[2:4])
    assert content(nvram, 0, 4) == b"abcd" and bytes(buffer) == b"\0\0bc\0\0"


def test_the_whole_memory_and_nothing_at_all_may_be_written(nvram):
    whole = bytes(at * 7 & 0xFF for at in range(nvram.size))
    nvram.write(0, whole)
    nvram.write(nvram.size, b"")
    nvram.read(nvram.size, bytearray())
    assert content(nvram) == whole


@pytest.mark.parametrize("from_end", (-1, 0, "before the start"))
def test_outside_the_memory_is_a_value_error_and_changes_nothing(nvram, from_end):
    place = -1 if from_end == "before the start" else nvram.size + from_end
    before = content(nvram)
    with pytest.raises(ValueError):
        nvram.read(place, bytearray(2))
    with pytest.raises(ValueError):
        nvram.write(place, b"\1\1")
    assert content(nvram) == before


# The simulated one


def test_a_file_keeps_its_content_without_a_close(tmp_path):
    path = tmp_path / "nvram"
    nvram = Nvram(64, str(path))
    nvram.write(5, b"kept")
    assert path.read_bytes() == bytes(5) + b"kept" + bytes(55)
    nvram.close()
    again = Nvram(64, str(path))
    assert content(again, 5, 4) == b"kept"
    again.close()
    assert [file.name for file in tmp_path.iterdir()] == ["nvram"]


def test_a_file_of_another_size_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "nvram"
    path.write_bytes(b"a" * 63)
    with pytest.raises(WrongFileSize, match="63 bytes, not 64"):
        Nvram(64, str(path))
    assert path.read_bytes() == b"a" * 63


def test_no_memory_is_refused():
    with pytest.raises(ValueError):
        Nvram(0)


def test_the_chosen_write_is_torn_and_all_later_operations_fail():
    nvram = Nvram(64)
    nvram.cut_after = 2
    nvram.write(0, b"a")
    with pytest.raises(PowerCut):
        nvram.write(1, b"b")
    for operation in (lambda: nvram.read(0, bytearray(1)), lambda: nvram.write(9, b"c")):
        with pytest.raises(PowerCut):
            operation()
    nvram.restore_power()
    nvram.write(9, b"c")
    assert content(nvram, 0, 1) == b"a" and content(nvram, 9, 1) == b"c"


def torn(seed):
    nvram = Nvram(128, seed=seed)
    nvram.write(0, b"\x33" * 128)
    nvram.cut_after = 1
    with pytest.raises(PowerCut):
        nvram.write(40, b"\xcc" * 40)
    nvram.restore_power()
    return content(nvram)


def test_a_torn_write_leaves_old_and_new_bytes_and_one_half_written_at_most():
    results = [torn(seed) for seed in range(80)]
    for result in results:
        assert result[:40] == b"\x33" * 40 and result[80:] == b"\x33" * 48
        assert len(result[40:80].strip(b"\x33\xcc")) <= 1
        assert sum(byte not in (0x33, 0xCC) for byte in result) <= 1
    assert len(set(results)) > 40
    assert any(b"\xcc" * 40 in result for result in results)
    assert b"\x33" * 128 in results
    assert results == [torn(seed) for seed in range(80)]
