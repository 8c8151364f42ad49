"""Frames to samples: against a model of one's own, with every kind of damage, and the native code's lines."""

from array import array
from binascii import crc_hqx

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.hal import ads131m08
from meter.hal.rp2 import frames

from host_tests.hal.thumb import Thumb

TABLE = ads131m08.crc_table()
COLUMNS = bytes((3, 9, 24))
COLUMNS_BUFFER = bytearray(COLUMNS)
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


# The processor's own instructions


@pytest.fixture(scope="module", params=["armv7emsp", "armv6m"])
def thumb(request, tmp_path_factory):
    """unpack(r0) of frames_thumb, assembled for a processor, in an emulator of it."""
    return Thumb("meter.hal.rp2.frames_thumb", request.param, tmp_path_factory.mktemp("thumb"))


BLOCKS = st.lists(
    st.tuples(st.lists(SAMPLE, min_size=8, max_size=8), st.integers(-1, 239)), min_size=1, max_size=4
)


@given(BLOCKS, st.integers(0, 0xFFFF), st.integers(0, 40))
def test_the_processors_instructions_do_what_the_lines_of_python_do(thumb, blocks, number, other):
    """Whatever the samples; damaged in any bit, the count's too; and with another frame in the place of one."""
    ring = bytearray()
    for k, (samples, damage) in enumerate(blocks):
        made = bytearray(frame(samples, number + k + (other == k), status=GOOD ^ (1 << damage % 16)))
        if damage >= 0:
            made[damage // 8] ^= 1 << damage % 8
        ring += made
    before, count = [7, -8, 9], len(blocks)
    out = array("i", before + [0x55] * (3 * count))
    wanted = frames.unpack_plain(ring, 0, count, -number, TABLE, COLUMNS, 3, out)
    with thumb.installed():
        got = array("i", before + [0x55] * (3 * count))
        assert frames.Unpacker(ring, COLUMNS_BUFFER, got).run(0, count, -number) == wanted
    if wanted >= 0:
        assert got == out


def test_a_half_cycle_takes_a_thirteenth_of_its_instructions(thumb):
    """A half cycle has 1.25 million cycles at 150 MHz; docs/real-time.md says what that means."""
    ring = bytearray().join(frame([k, -k, 5, 4, 3, 2, 1, 0], k) for k in range(256))
    six = bytearray((3, 6, 9, 12, 15, 18))
    with thumb.installed():
        unpacker = frames.Unpacker(ring, six, array("i", [0] * (6 * 257)))
        assert unpacker.run(0, 256, 0) == 0x0100 << 9
    assert 90_000 < thumb.instructions < 100_000


def test_an_interpreter_without_an_assembler_does_it_in_python():
    unpacker = frames.Unpacker(bytearray(frame([1] * 8, 0)), COLUMNS, array("i", [0] * 6))
    assert unpacker._native is None and unpacker.run(0, 1, 0) == 0x0100 << 9
