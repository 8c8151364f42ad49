"""Get, set and action by their bytes, as IEC 62056-5-3 has them: whole, with list, in blocks both ways, and wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.protocols.dlms import axdr

from host_tests.protocols.dlms.small_meter import (
    AARQ_PUBLIC,
    LONG,
    STREAM,
    TEMPORARY_FAILURE,
    VALUE,
    aarq,
    conversation,
)

pytestmark = pytest.mark.feature("DLM-03")

PUBLIC, READER, MANAGEMENT = 16, 32, 1
NO_SUCH = b"\x00\x00\x60\x63\x00\xff"


def opened(size=0, secret=b"user1:user1", **options):
    talk, meter = conversation(**options)
    client = PUBLIC if secret is None else READER
    answer = talk.receive(client, 1, aarq(secret, size), 0)
    assert b"\xa2\x03\x02\x01\x00" in answer, answer.hex()
    return Asked(talk, client), meter


class Asked:
    """A client of a conversation."""

    def __init__(self, talk, client):
        self.talk, self.client = talk, client

    def __call__(self, apdu, slices=1000):
        answer = self.talk.receive(self.client, 1, bytes.fromhex(apdu) if isinstance(apdu, str) else apdu, 0)
        while answer is None and slices:
            answer = self.talk.work(0)
            slices -= 1
        assert answer is not None
        return answer


def at(ln, attribute=2):
    return b"\x00\x01" + ln + bytes((attribute,))


def get(ln, attribute=2):
    return b"\xc0\x01\xc1" + at(ln, attribute) + b"\x00"


# Get


def test_an_attribute_is_got():
    ask, _ = opened()
    assert ask(get(VALUE)).hex(" ") == "c4 01 c1 00 16 05"


def test_attribute_1_is_the_logical_name():
    ask, _ = opened(secret=None)
    assert ask(get(VALUE, 1)) == bytes.fromhex("c401c100 0906") + VALUE


@pytest.mark.parametrize(
    ("apdu", "result"),
    [
        (get(NO_SUCH), 4),
        (get(VALUE, 9), 4),
        (get(VALUE, 3), 3),  # only with the keys
        (b"\xc0\x01\xc1\x00\x08" + VALUE + b"\x02\x00", 4),  # another class
    ],
)
def test_what_is_not_there_or_not_allowed_is_refused(apdu, result):
    ask, _ = opened()
    assert ask(apdu) == bytes((0xC4, 1, 0xC1, 1, result))


def test_the_public_client_may_not_read_what_needs_a_right():
    ask, _ = opened(secret=None)
    assert ask(get(VALUE, 4)).hex() == "c401c10103"
    ask, _ = opened()
    assert ask(get(VALUE, 4)).hex() == "c401c1001605"


def test_selective_access_is_handed_on():
    ask, _ = opened()
    assert (
        ask(get(VALUE)[:-1] + bytes.fromhex("01 02 05 00 00 00 09")).hex()
        == "c401c1000202160205" + "00000009"
    )


def test_the_invoke_id_is_given_back_and_none_is_answered_that_wants_no_answer():
    ask, meter = opened()
    assert ask(b"\xc0\x01\x4f" + get(VALUE)[3:])[2] == 0x4F
    assert ask(b"\xc0\x01\x0f" + get(VALUE)[3:]) == b""
    assert ask(b"\xc3\x01\x01" + at(VALUE, 1) + b"\x00") == b""
    assert meter.invoked  # an unconfirmed request is done all the same


def test_several_attributes_are_got_with_a_list():
    ask, _ = opened()
    wanted = [(VALUE, 2), (VALUE, 3), (NO_SUCH, 2), (VALUE, 1)]
    apdu = b"\xc0\x03\xc1\x04" + b"".join(at(*one) + b"\x00" for one in wanted)
    assert ask(apdu) == bytes.fromhex("c403c1 04 00 1605 01 03 01 04 00 0906") + VALUE


def test_a_list_that_is_too_long_is_refused_whole():
    ask, _ = opened(max_pdu=65535)
    assert ask(b"\xc0\x03\xc1\x41" + (at(VALUE) + b"\x00") * 65)[0] == 0xD8


def blocks(ask, apdu, most=1000):
    """Return (the raw data, the sizes of the answers)."""
    data, sizes, number = b"", [], 0
    answer = ask(apdu)
    while True:
        sizes.append(len(answer))
        assert answer[:3].hex() == "c402c1", answer.hex()
        number += 1
        assert int.from_bytes(answer[4:8], "big") == number
        assert answer[8] == 0, answer.hex()
        length, start = axdr.read_length(answer, 9)
        assert len(answer) == start + length
        data += answer[start:]
        if answer[3]:
            return data, sizes
        assert number < most
        answer = ask(b"\xc0\x02\xc1" + number.to_bytes(4, "big"))


@pytest.mark.parametrize("size", [32, 64, 128, 199])
def test_what_is_longer_than_an_apdu_is_got_in_blocks_that_fit(size):
    ask, _ = opened(size)
    data, sizes = blocks(ask, get(LONG))
    assert data == axdr.octets(bytes(range(200)))
    assert max(sizes) <= size


def test_what_fits_is_not_cut_into_blocks():
    ask, _ = opened(4 + 203)
    assert ask(get(LONG))[:2] == b"\xc4\x01"
    ask, _ = opened(4 + 202)
    assert ask(get(LONG))[:2] == b"\xc4\x02"


def test_a_list_is_got_in_blocks_too():
    ask, _ = opened(64)
    apdu = b"\xc0\x03\xc1\x03" + b"".join(at(*one) + b"\x00" for one in [(LONG, 2), (NO_SUCH, 2), (VALUE, 2)])
    data, sizes = blocks(ask, apdu)
    assert data == b"\x03\x00" + axdr.octets(bytes(range(200))) + b"\x01\x04\x00\x16\x05"
    assert max(sizes) <= 64


def test_a_stream_is_worked_at_in_slices_and_never_built():
    ask, meter = opened(64)
    made = []

    def pieces():
        yield axdr.octets(b"")[:1] + axdr.length(30000)
        for number in range(3000):
            made.append(number)
            if number % 7 == 0:
                yield None
            yield b"0123456789"

    meter.pieces = pieces()
    assert ask.talk.receive(READER, 1, get(STREAM), 0) is None  # at work
    assert len(made) == 1
    first = None
    while first is None:
        first = ask.talk.work(0)
    assert len(made) < 12
    data = first[10:]
    number = 1
    while True:
        answer = ask(b"\xc0\x02\xc1" + number.to_bytes(4, "big"))
        number += 1
        data += answer[axdr.read_length(answer, 9)[1] :]
        assert len(made) * 10 < len(data) + 100
        if answer[3]:
            break
    assert data == axdr.octets(b"0123456789" * 3000)


def test_a_stream_that_breaks_off_says_so():
    ask, meter = opened(64)
    meter.pieces = [b"x" * 100, TEMPORARY_FAILURE]
    assert ask(get(STREAM))[:4].hex() == "c402c100"
    assert ask("c002c100000001").hex() == "c402c1000000000200"[:6] + "01" + "00000002" + "01" + "02"
    assert ask("c002c100000002").hex() == "c402c101" + "00000002" + "01" + "10"
    meter.pieces = [TEMPORARY_FAILURE]
    assert ask(get(STREAM)).hex() == "c401c10102"


def test_a_block_that_was_not_the_last_one_ends_the_transfer():
    ask, _ = opened(64)
    ask(get(LONG))
    assert ask("c002c100000002").hex() == "c402c101" + "00000002" + "01" + "0f"
    assert ask("c002c100000001").hex() == "c402c101" + "00000001" + "01" + "10"


def test_the_next_block_of_nothing_is_refused():
    ask, _ = opened()
    assert ask("c002c100000001").hex() == "c402c101" + "00000001" + "01" + "10"


# Set


def set_to(ln, data, attribute=2):
    return b"\xc1\x01\xc1" + at(ln, attribute) + b"\x00" + data


def test_an_attribute_is_set():
    ask, meter = opened()
    assert ask(set_to(VALUE, axdr.octets(b"new"))).hex() == "c501c100"
    assert meter.values[VALUE] == axdr.octets(b"new")


@pytest.mark.parametrize(
    ("apdu", "result"),
    [
        (set_to(VALUE, axdr.octets(b"denied")), 3),
        (set_to(VALUE, axdr.octets(b"refused")), 250),
        (set_to(VALUE, axdr.octets(b"x"), 3), 3),
        (set_to(VALUE, axdr.octets(b"x"), 1), 3),
        (set_to(NO_SUCH, axdr.octets(b"x")), 4),
        (b"\xc1\x01\xc1" + at(VALUE) + b"\x01\x01\x00" + axdr.octets(b"x"), 13),
    ],
)
def test_a_set_that_is_not_done_says_why_and_changes_nothing(apdu, result):
    ask, meter = opened()
    before = dict(meter.values)
    assert ask(apdu) == bytes((0xC5, 1, 0xC1, result))
    assert meter.values == before


def test_the_public_client_sets_nothing():
    ask, meter = opened(secret=None)
    assert ask(set_to(VALUE, axdr.octets(b"new"))).hex() == "c501c103"


def test_several_attributes_are_set_with_a_list():
    ask, meter = opened()
    apdu = b"\xc1\x04\xc1\x02" + at(VALUE) + b"\x00" + at(NO_SUCH) + b"\x00"
    assert ask(apdu + b"\x02" + axdr.octets(b"a") + axdr.octets(b"b")).hex() == "c505c1020004"
    assert meter.values[VALUE] == axdr.octets(b"a")


def block(last, number, data):
    return bytes((last,)) + number.to_bytes(4, "big") + axdr.length(len(data)) + data


def test_an_attribute_is_set_in_blocks():
    ask, meter = opened()
    data = axdr.octets(bytes(300))
    assert ask(b"\xc1\x02\xc1" + at(VALUE) + b"\x00" + block(0, 1, data[:100])).hex() == "c502c100000001"
    assert ask(b"\xc1\x03\xc1" + block(0, 2, data[100:200])).hex() == "c502c100000002"
    assert meter.values[VALUE] == axdr.enum(5)
    assert ask(b"\xc1\x03\xc1" + block(1, 3, data[200:])).hex() == "c503c100" + "00000003"
    assert meter.values[VALUE] == data


def test_a_list_is_set_in_blocks():
    ask, meter = opened()
    data = b"\x02" + axdr.octets(bytes(300)) + axdr.octets(b"b")
    first = b"\xc1\x05\xc1\x02" + at(VALUE) + b"\x00" + at(NO_SUCH) + b"\x00"
    assert ask(first + block(0, 1, data[:150])).hex() == "c502c100000001"
    assert ask(b"\xc1\x03\xc1" + block(1, 2, data[150:])).hex() == "c504c1020004" + "00000002"
    assert meter.values[VALUE] == axdr.octets(bytes(300))


def test_blocks_out_of_order_too_many_or_of_nothing_end_the_transfer():
    ask, meter = opened()
    start = b"\xc1\x02\xc1" + at(VALUE) + b"\x00"
    ask(start + block(0, 1, b"\x09\x05"))
    assert ask(b"\xc1\x03\xc1" + block(0, 3, b"x")).hex() == "c503c113" + "00000003"
    assert ask(b"\xc1\x03\xc1" + block(0, 2, b"x")).hex() == "c503c112" + "00000002"
    ask(start + block(0, 1, bytes(600)))
    assert ask(b"\xc1\x03\xc1" + block(0, 2, bytes(600))).hex() == "c503c111" + "00000002"
    assert meter.values[VALUE] == axdr.enum(5)


def test_blocks_that_are_no_value_together_are_refused():
    ask, meter = opened()
    assert (
        ask(b"\xc1\x02\xc1" + at(VALUE) + b"\x00" + block(1, 1, b"\x09\x05abc")).hex()
        == "c503c10c" + "00000001"
    )
    assert meter.values[VALUE] == axdr.enum(5)


# Action


def test_a_method_is_invoked_with_and_without_parameters():
    ask, meter = opened()
    assert ask(b"\xc3\x01\xc1" + at(VALUE, 1) + b"\x00").hex() == "c701c10000"
    assert ask(b"\xc3\x01\xc1" + at(VALUE, 2) + b"\x01" + axdr.enum(3)).hex() == "c701c100" + "0100" + "1607"
    assert meter.invoked == [(1, axdr.Data(0, None)), (2, axdr.Data(22, 3))]


def test_a_method_that_is_not_there_or_not_allowed_is_refused():
    ask, meter = opened(secret=None)
    assert ask(b"\xc3\x01\xc1" + at(VALUE, 1) + b"\x00").hex() == "c701c10300"
    assert ask(b"\xc3\x01\xc1" + at(VALUE, 9) + b"\x00").hex() == "c701c10400"
    assert ask(b"\xc3\x01\xc1" + at(NO_SUCH, 1) + b"\x00").hex() == "c701c10400"
    assert meter.invoked == []


def test_methods_are_invoked_with_a_list_and_in_blocks():
    ask, meter = opened()
    methods = b"\x02" + at(VALUE, 2) + at(NO_SUCH, 1)
    values = b"\x02" + axdr.enum(1) + axdr.null()
    assert ask(b"\xc3\x03\xc1" + methods + values).hex() == "c703c102" + "0001001607" + "0400"
    data = axdr.octets(bytes(250))
    assert ask(b"\xc3\x04\xc1" + at(VALUE, 2) + block(0, 1, data[:200])).hex() == "c704c100000001"
    assert ask(b"\xc3\x06\xc1" + block(1, 2, data[200:])).hex() == "c701c10001001607"
    assert meter.invoked[-1] == (2, axdr.Data(9, bytes(250)))
    assert ask(b"\xc3\x05\xc1" + methods + block(0, 1, values[:3])).hex() == "c704c100000001"
    assert ask(b"\xc3\x06\xc1" + block(1, 2, values[3:])).hex() == "c703c102" + "0001001607" + "0400"
    assert ask(b"\xc3\x06\xc1" + block(1, 3, values)).hex() == "c701c11200"


# Associations


def test_without_an_association_nothing_is_served():
    talk, meter = conversation()
    assert talk.receive(PUBLIC, 1, get(VALUE), 0).hex() == "d80101"
    assert meter.visits == []


def test_another_client_has_to_open_an_association_of_its_own():
    ask, meter = opened()
    assert ask.talk.receive(PUBLIC, 1, get(VALUE), 0).hex() == "d80101"
    assert ask(get(VALUE))[0] == 0xC4
    ask.talk.receive(PUBLIC, 1, AARQ_PUBLIC, 0)
    assert meter.visits == ["on 10.0.0.7:4000", "off", "on 10.0.0.7:4000"]
    assert ask(get(VALUE)).hex() == "d80101"


def test_a_release_ends_the_association():
    ask, meter = opened()
    assert ask("6203800100").hex() == "6303800100"
    assert ask(get(VALUE)).hex() == "d80101"
    assert meter.visits[-1] == "off"


def test_a_link_that_goes_ends_the_association_and_its_transfers():
    ask, meter = opened(64)
    ask(get(LONG))
    ask.talk.release(0)
    assert meter.visits[-1] == "off"
    assert b"\xa2\x03\x02\x01\x00" in ask(aarq(b"user1:user1", 64))
    assert ask("c002c100000001").hex() == "c402c101" + "00000001" + "01" + "10"


@pytest.mark.parametrize(
    ("client", "secret", "diagnostic"),
    [
        (READER, None, 12),
        (READER, b"user1:wrong", 13),
        (READER, b"user1", 13),
        (READER, b"\xff\xfe", 13),
        (PUBLIC, b"user1:user1", 11),
        (77, None, 1),
        (MANAGEMENT, None, 2),
    ],
)
def test_an_association_that_is_refused_says_why(client, secret, diagnostic):
    talk, meter = conversation()
    answer = talk.receive(client, 1, aarq(secret), 0)
    assert answer.hex().endswith(f"a203020101a305a1030201{diagnostic:02x}")
    assert not talk.is_associated
    assert meter.user == ""


def test_a_user_can_be_named_by_its_slot():
    talk, meter = conversation()
    body = bytes.fromhex("A109060760857405080101A9030201028A0207808B0760857405080201AC078005") + b"user1"
    body += bytes.fromhex("BE10040E01000000065F1F0400FFFFFF0000")
    assert b"\xa2\x03\x02\x01\x00" in talk.receive(READER, 1, b"\x60" + bytes((len(body),)) + body, 0)
    assert meter.user == "user1"


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("01000000055F1F0400FFFFFF0000", 1),  # version 5
        ("01000000065F1F04000000000000", 2),  # nothing in common
        ("01000000065F1F0400FFFFFF000B", 3),  # 11 bytes
    ],
)
def test_an_initiate_that_cannot_be_is_refused_with_its_reason(wanted, reason):
    talk, _ = conversation()
    body = bytes.fromhex("A109060760857405080101BE10040E" + wanted)
    answer = talk.receive(PUBLIC, 1, b"\x60" + bytes((len(body),)) + body, 0)
    assert answer.hex().endswith(f"be0604040e0106{reason:02x}")
    assert not talk.is_associated


def test_what_is_no_apdu_is_answered_with_an_exception_and_counted():
    ask, _ = opened()
    for apdu in (b"", b"\x99", b"\xc0", b"\xc0\x07\xc1", get(VALUE)[:8], get(VALUE) + b"\x00", bytes(2000)):
        assert ask(apdu)[:1] == b"\xd8"
    assert ask.talk.bad_apdus == 7
    assert ask(get(VALUE)).hex() == "c401c1001605"


def test_a_damaged_aarq_leaves_the_association_as_it_was():
    ask, _ = opened()
    assert ask(aarq(b"user1:user1")[:-1])[:1] == b"\xd8"
    assert ask(get(VALUE)).hex() == "c401c1001605"


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.sampled_from([0xC0, 0xC1, 0xC3, 0x60, 0x62, 0xC8, 0xDB]), st.binary(max_size=60)),
        max_size=8,
    )
)
def test_any_bytes_are_answered_and_the_next_good_client_is_served(apdus):
    ask, _ = opened()
    for tag, rest in apdus:
        assert isinstance(ask(bytes((tag,)) + rest), bytes)
    assert b"\xa2\x03\x02\x01\x00" in ask(aarq(b"user1:user1"))
    assert ask(get(VALUE, 1))[:4].hex() == "c401c100"
