"""A-XDR by hand-written bytes, and every value there and back."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.protocols.dlms import axdr
from meter.protocols.dlms.axdr import BadData, Data, read, read_whole

pytestmark = pytest.mark.feature("DLM-03")

# Written by hand from the types' table of IEC 62056-6-2, 4.1.5.
VECTORS = (
    (axdr.null(), "00", Data(axdr.NULL, None)),
    (axdr.boolean(True), "03 01", Data(axdr.BOOLEAN, 1)),
    (axdr.bits(24, 0x00501F), "04 18 00 50 1F", Data(axdr.BIT_STRING, (24, b"\x00\x50\x1f"))),
    (axdr.bits(3, 0b101), "04 03 A0", Data(axdr.BIT_STRING, (3, b"\xa0"))),
    (axdr.number(axdr.DOUBLE_LONG, -2), "05 FF FF FF FE", Data(axdr.DOUBLE_LONG, -2)),
    (axdr.number(axdr.DOUBLE_LONG_UNSIGNED, 1000), "06 00 00 03 E8", Data(axdr.DOUBLE_LONG_UNSIGNED, 1000)),
    (axdr.octets(b"\x01\x02"), "09 02 01 02", Data(axdr.OCTET_STRING, b"\x01\x02")),
    (axdr.visible("A\u00e9"), "0A 02 41 3F", Data(axdr.VISIBLE_STRING, b"A?")),
    (axdr.utf8("\u00e9"), "0C 02 C3 A9", Data(axdr.UTF8_STRING, b"\xc3\xa9")),
    (axdr.number(axdr.INTEGER, -3), "0F FD", Data(axdr.INTEGER, -3)),
    (axdr.number(axdr.LONG, -300), "10 FE D4", Data(axdr.LONG, -300)),
    (axdr.number(axdr.UNSIGNED, 200), "11 C8", Data(axdr.UNSIGNED, 200)),
    (axdr.number(axdr.LONG_UNSIGNED, 756), "12 02 F4", Data(axdr.LONG_UNSIGNED, 756)),
    (axdr.number(axdr.LONG64, -1), "14" + " FF" * 8, Data(axdr.LONG64, -1)),
    (axdr.number(axdr.LONG64_UNSIGNED, 1 << 63), "15 80" + " 00" * 7, Data(axdr.LONG64_UNSIGNED, 1 << 63)),
    (axdr.enum(27), "16 1B", Data(axdr.ENUM, 27)),
    (axdr.number(axdr.FLOAT32, 1.0), "17 3F 80 00 00", Data(axdr.FLOAT32, 1.0)),
    (axdr.number(axdr.FLOAT64, 1.0), "18 3F F0" + " 00" * 6, Data(axdr.FLOAT64, 1.0)),
    (
        axdr.structure(axdr.enum(1), axdr.array([axdr.null()])),
        "02 02 16 01 01 01 00",
        Data(axdr.STRUCTURE, [Data(axdr.ENUM, 1), Data(axdr.ARRAY, [Data(axdr.NULL, None)])]),
    ),
)


@pytest.mark.parametrize(("written", "expected", "value"), VECTORS)
def test_values_are_written_and_read_as_the_standard_has_them(written, expected, value):
    assert written == bytes.fromhex(expected)
    assert read_whole(written) == value


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "00"), (127, "7F"), (128, "81 80"), (255, "81 FF"), (256, "82 01 00"), (65536, "84 00 01 00 00")],
)
def test_lengths_have_one_byte_up_to_127_and_then_a_count_of_bytes(count, expected):
    data = axdr.length(count)
    assert data == bytes.fromhex(expected)
    assert axdr.read_length(data, 0) == (count, len(data))


@pytest.mark.parametrize("written", [vector[0] for vector in VECTORS])
def test_every_value_that_is_cut_off_is_refused(written):
    for size in range(len(written)):
        with pytest.raises(BadData):
            read_whole(written[:size])


@pytest.mark.parametrize("written", [vector[0] for vector in VECTORS])
def test_bytes_behind_a_value_are_refused_and_left(written):
    with pytest.raises(BadData, match="1 bytes follow"):
        read_whole(written + b"\x00")
    assert read(written + b"\x16\x05")[1] == len(written)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("63", "byte 0 has the unknown tag 99"),
        ("09 80", "begins no length"),
        ("09 85 00 00 00 00 01", "begins no length"),
        ("09 84 FF FF FF FF", "more are due"),
        ("01 84 FF FF FF FF 00", "more are due"),
        ("04 84 FF FF FF FF 00", "more are due"),
        ("02 01" * 9 + "00", "nested deeper than 8"),
    ],
)
def test_what_is_no_value_is_refused_with_its_place(data, problem):
    with pytest.raises(BadData, match=problem):
        read_whole(bytes.fromhex(data))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_value_or_refused(data):
    try:
        read_whole(data)
    except BadData:
        pass


@given(
    st.recursive(
        st.integers(-(2**31), 2**31 - 1) | st.binary(max_size=200),
        lambda inner: st.lists(inner, max_size=5),
        max_leaves=30,
    )
)
def test_structures_come_back_as_they_were_written(value):
    def written(one, depth=0):
        if isinstance(one, int):
            return axdr.number(axdr.DOUBLE_LONG, one)
        if isinstance(one, bytes):
            return axdr.octets(one)
        return axdr.structure(*[written(part, depth + 1) for part in one])

    def deep(one):
        return 1 + max([deep(part) for part in one], default=0) if isinstance(one, list) else 0

    def plain(data):
        return [plain(part) for part in data.value] if data.tag == axdr.STRUCTURE else data.value

    if deep(value) > axdr.DEEPEST:
        with pytest.raises(BadData):
            read_whole(written(value))
    else:
        assert plain(read_whole(written(value))) == value


def test_a_number_that_does_not_fit_is_our_bug():
    with pytest.raises(struct.error):
        axdr.number(axdr.UNSIGNED, 256)
