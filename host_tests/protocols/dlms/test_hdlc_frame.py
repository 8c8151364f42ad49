"""HDLC frames by their bytes, and the receiver with everything that a line can do to them.

Vectors marked "forum" are from a conformance test's log at gurux.fi/forum/15618, those marked "public" stand in several
public C and C++ projects; neither was made with this code.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter import crc
from meter.protocols.dlms import hdlc_frame
from meter.protocols.dlms.hdlc_frame import Frame, Receiver, encode, numbers

from host_tests.protocols.dlms import hdlc_model as model

# bytes, Frame
VECTORS = (
    # public: SNRM to logical device 1, physical 17, from client 120
    ("7EA00A00020023F193232E7E", Frame(b"\x00\x02\x00\x23", b"\xf1", 0x93, False, b"")),
    # public: SNRM with parameters, client 1
    (
        "7EA0210002002303939A74818012050180060180070400000001080400000007655E7E",
        Frame(
            b"\x00\x02\x00\x23",
            b"\x03",
            0x93,
            False,
            bytes.fromhex("818012050180060180070400000001080400000007"),
        ),
    ),
    # forum: DISC and DM with addresses of one byte
    ("7EA00703215303C77E", Frame(b"\x03", b"\x21", 0x53, False, b"")),
    ("7EA00721031F6BE97E", Frame(b"\x21", b"\x03", 0x1F, False, b"")),
    # an issue of GuruxDLMS.c: UA of a meter with an address of two bytes
    (
        "7EA0210502217380BC8180140502010006020100070400000001080400000001696D7E",
        Frame(
            b"\x05",
            b"\x02\x21",
            0x73,
            False,
            bytes.fromhex("8180140502010006020100070400000001080400000001"),
        ),
    ),
)
# forum: the header's check sequence is that of another control field
WRONG_HCS = bytes.fromhex("7EA01E0321 93 724F 818012050180060180070400000001080400000001 533B7E")

frames = st.builds(
    model.frame,
    st.integers(0, 255),
    st.binary(max_size=140),
    st.sampled_from((b"\x03", b"\x02\x03", b"\x00\x02\x00\x23")),
    st.sampled_from((b"\x21", b"\x02\x21", b"\x7e\x7e\x7e\x7f")),
    st.booleans(),
)


def found(*pieces, max_info=150):
    """What a new receiver finds, and how often it saw damage."""
    receiver = Receiver(max_info)
    return [frame for piece in pieces for frame in receiver.feed(piece)], receiver.bad


def bytewise(data):
    return [data[i : i + 1] for i in range(len(data))]


def test_crc_is_that_of_the_catalogue():
    """The check value of CRC-16/IBM-SDLC, alias CRC-16/X-25, in the CRC catalogue (reveng.sourceforge.io)."""
    assert crc.crc16_x25(b"123456789") == 0x906E
    assert crc.crc16_x25_nibbles(b"123456789") == 0x906E


@given(st.binary(max_size=300), st.integers(0, 300))
def test_both_crcs_are_the_bitwise_one_and_go_on_where_they_stopped(data, cut):
    expected = int.from_bytes(model.crc(data), "little")
    for function in (crc.crc16_x25, crc.crc16_x25_nibbles):
        assert function(data) == function(data[cut:], function(data[:cut])) == expected
        assert function(data + model.crc(data)) == crc.X25_GOOD


@pytest.mark.feature("DLM-01")
@pytest.mark.parametrize("text, frame", VECTORS)
def test_known_frames_are_read_and_written(text, frame):
    data = bytes.fromhex(text)
    assert found(data) == ([frame], 0)
    assert encode(*frame[:3], frame.info, frame.segmented) == data


@pytest.mark.parametrize(
    "address, expected",
    [
        ("03", (1, None)),
        ("FF", (0x7F, None)),
        ("0223", (1, 17)),
        ("FEFF", (0x7F, 0x7F)),
        ("00020023", (1, 17)),
        ("00027E9F", (1, 0x1FCF)),
        ("FEFEFEFF", (0x3FFF, 0x3FFF)),
        ("0002FEFD", (1, 0x3FFE)),
    ],
)
@pytest.mark.feature("DLM-02")
def test_address_numbers_of_one_two_and_four_bytes(address, expected):
    assert numbers(bytes.fromhex(address)) == expected


def test_address_of_three_bytes_or_of_more_than_four_is_damage():
    for destination in (b"\x02\x02\x03", b"\x02\x02\x02\x02\x03"):
        assert found(model.frame(0x93, b"", destination)) == ([], 1)
        assert found(model.frame(0x93, bytes(20), destination)) == ([], 1)


@given(frames)
def test_any_frame_is_read_whole_and_byte_by_byte_and_written_the_same(data):
    whole, bad = found(data)
    assert (len(whole), bad) == (1, 0)
    assert found(*bytewise(data)) == (whole, 0)
    assert encode(*whole[0][:3], whole[0].info, whole[0].segmented) == data


@given(st.lists(frames, min_size=1, max_size=5), st.lists(st.integers(1, 400)), st.booleans())
def test_frames_in_any_pieces_with_a_flag_each_or_one_between(data, cuts, shared):
    stream = data[0] + b"".join(frame[1:] if shared else frame for frame in data[1:])
    edges = [0, *sorted(cuts), len(stream)]
    pieces = [stream[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    assert found(*pieces) == ([found(frame)[0][0] for frame in data], 0)


@given(frames, frames, st.data())
def test_frame_behind_a_damaged_one_is_found(broken, good, data):
    spot = data.draw(st.integers(0, len(broken) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    damaged = broken[:spot] + bytes((broken[spot] ^ bit,)) + broken[spot + 1 :]
    receiver = Receiver(150)
    answer = receiver.feed(damaged + good) + receiver.drop()
    assert answer[-1:] == found(good)[0]
    # Only damage to the opening flag of a frame behind another would leave that one's flag to serve.
    assert receiver.bad == 1


@given(frames, frames, st.data())
def test_frame_behind_a_truncated_one_is_found(broken, good, data):
    cut = data.draw(st.integers(1, len(broken) - 2))
    receiver = Receiver(150)
    answer = receiver.feed(broken[:cut] + good) + receiver.drop()
    assert answer[-1:] == found(good)[0]
    assert receiver.bad <= 1


@given(frames, st.binary(min_size=1, max_size=60), frames)
def test_frame_behind_garbage_is_found(first, garbage, second):
    receiver = Receiver(150)
    answer = receiver.feed(first) + receiver.feed(garbage) + receiver.drop() + receiver.feed(second)
    answer += receiver.drop()
    assert answer[0] == found(first)[0][0]
    assert answer[-1] == found(second)[0][0]
    assert not receiver.partial()


@given(st.binary(max_size=600), st.integers(1, 50))
def test_nothing_on_the_line_raises_and_a_good_frame_still_comes_through(noise, size):
    receiver = Receiver(128)
    for i in range(0, len(noise), size):
        receiver.feed(noise[i : i + size])
    receiver.drop()
    assert receiver.feed(model.frame(0x93)) == found(model.frame(0x93))[0]


def test_wrong_check_sequence_that_looks_like_a_flag_is_dropped_and_the_next_frame_read():
    good = model.frame(0x10, b"abcdef")
    for i in (-3, -2):
        bad = bytearray(good)
        bad[i] = 0x7E
        assert found(bytes(bad) + good) == (found(good)[0], 1)
        assert found(*bytewise(bytes(bad) + good)) == (found(good)[0], 1)


def test_right_check_sequence_that_looks_like_a_flag_is_no_end():
    candidates = (model.frame(0x93, i.to_bytes(3, "big")) for i in range(1, 5000))
    for at in (-3, -2):
        data = next(frame for frame in candidates if frame[at] == 0x7E)
        assert found(data) == found(*bytewise(data))
        assert found(data)[1] == 0 and len(found(data)[0]) == 1


def test_wrong_header_check_sequence_is_noticed_before_the_information_comes():
    assert found(WRONG_HCS) == ([], 1)
    damaged = WRONG_HCS[:20]  # what its length promises never comes
    good = model.frame(0x93)
    assert found(damaged + good) == (found(good)[0], 1)


def test_stretch_of_damage_is_counted_once_however_it_is_cut():
    noise = b"\x7e\xa0\x7e\x7e\x01\x7e\xa0\x09\x02\x03\x21\x93" + b"\x7e" * 5 + b"\x00\x55\x7e\x7e\xff"
    good = model.frame(0x93)
    for pieces in ([noise + good], bytewise(noise + good)):
        assert found(*pieces) == (found(good)[0], 1)
    assert found(noise, good, noise, good)[1] == 2


def test_flags_between_frames_are_no_damage():
    good = model.frame(0x93)
    assert found(b"\x7e" * 9 + good + b"\x7e" * 9 + good + b"\x7e") == (found(good)[0] * 2, 0)


@pytest.mark.parametrize("head", ["90", "B0", "20", "F8"])
def test_other_format_type_is_damage(head):
    data = bytes.fromhex(head) + bytes.fromhex("08020321") + b"\x93"
    assert found(model.FLAG + data + model.crc(data) + model.FLAG) == ([], 1)


@pytest.mark.parametrize("length", [0, 1, 2, 6])
def test_length_too_short_for_a_frame_is_damage(length):
    assert found(bytes((0x7E, 0xA0, length)) + bytes(length) + b"\x7e")[1] == 1


@pytest.mark.parametrize("pieces", [lambda data: [data], bytewise])
def test_frame_too_long_to_hold_shows_its_header_and_the_next_is_read(pieces):
    long, good = model.frame(0x10, bytes(2000)), model.frame(0x93)
    assert len(long) > 2010
    answer, bad = found(*pieces(long + good), max_info=128)
    assert answer == [Frame(model.SERVER, model.CLIENT, 0x10, False, None), *found(good)[0]]
    assert bad == 0


def test_frame_too_long_to_hold_with_a_wrong_check_sequence_is_dropped():
    long, good = bytearray(model.frame(0x10, bytes(2000))), model.frame(0x93)
    long[1000] ^= 1
    assert found(bytes(long) + good, max_info=128) == (found(good)[0], 1)


def test_frame_too_long_that_breaks_off_is_dropped_in_its_time():
    receiver = Receiver(128)
    receiver.feed(model.frame(0x10, bytes(2000))[:700])
    assert receiver.partial()
    assert receiver.drop() == []
    assert not receiver.partial()
    assert len(receiver.feed(model.frame(0x93))) == 1


def test_longest_information_is_2030_bytes():
    data = model.frame(0x10, bytes(range(203)) * 10, b"\x00\x02\x00\x23")
    assert found(data, max_info=hdlc_frame.LONGEST_INFO)[0][0].info == bytes(range(203)) * 10


def test_receiver_never_holds_more_than_one_frame():
    receiver = Receiver(128)
    for _ in range(50):
        receiver.feed(b"\x7e\xa0\x7f" + b"\x02" * 500)
    assert len(receiver._buffer) == 128 + hdlc_frame.AROUND
