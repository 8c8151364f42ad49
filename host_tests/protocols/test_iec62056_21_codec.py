"""The messages and the numbers of IEC 62056-21."""

from functools import reduce
from operator import xor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.protocols.iec62056_21 import codec, objects
from meter.protocols.iec62056_21.numbers import measured_text, register_text, shift_for
from meter.protocols.iec62056_21.readout import data_lines
from meter.protocols.iec62056_21.receiver import COMMAND, OPTION_SELECT, REPEAT, REQUEST, Receiver

from host_tests.protocols.iec62056_21_meter import BLOCK, HeldValues

repeatable = settings(derandomize=True, deadline=None, max_examples=200)


def received(data, receiver=None):
    receiver = receiver or Receiver()
    return [message for message in map(receiver.feed, data) if message is not None]


def test_break_is_the_message_of_the_standard():
    assert codec.BREAK == b"\x01B0\x03q"


def test_block_check_covers_what_follows_the_start_character_up_to_etx():
    block = codec.framed(codec.STX, b"1.8.0(1)\r\n!\r\n")
    assert block[-1] == reduce(xor, block[1:-1])


def test_block_check_ignores_parity_bits():
    assert codec.bcc(b"\xb1") == codec.bcc(b"1")


@pytest.mark.parametrize(
    "message, address",
    [
        (b"/?!\r\n", ""),
        (b"/?12345678!\r\n", "12345678"),
        (b"/?" + b"A" * 32 + b"!\r\n", "A" * 32),
        (b"/?" + b"A" * 33 + b"!\r\n", None),
        (b"/FRS5FERRARIS\r\n", None),
        (b"/?12\x80!\r\n", None),
        (b"/?1!2!\r\n", None),
        (b"/?\r\n", None),
        (b"/\r\n", None),
    ],
)
def test_request_has_an_address_or_is_none(message, address):
    assert codec.parse_request(message) == address


@pytest.mark.parametrize(
    "asked, own, same",
    [
        ("", "0012345678", True),
        ("12345678", "0012345678", True),
        ("000012345678", "12345678", True),
        ("12345679", "12345678", False),
        ("0", "12345678", False),
        ("00", "0", True),
    ],
)
def test_leading_zeros_of_an_address_do_not_count(asked, own, same):
    assert codec.same_address(asked, own) is same


@pytest.mark.parametrize(
    "message, option",
    [
        (b"\x06050\r\n", ("0", "5", "0")),
        (b"\x06050\n", ("0", "5", "0")),
        (b"\x0605\r\n", None),
        (b"\x06\r\n", None),
        (b"\x060A0\r\n", None),
    ],
)
def test_option_select_has_three_digits_or_is_malformed(message, option):
    assert codec.parse_option_select(message) == option


def test_identification_leaves_out_what_would_break_the_message():
    assert codec.identification("FRS", "5", "A/B!\\(\r\nC") == b"/FRS5ABC\r\n"
    assert codec.identification("FRS", "0", "x" * 40) == b"/FRS0" + b"x" * 16 + b"\r\n"


def test_data_block_ends_with_exclamation_mark_and_etx():
    assert codec.data_block(["1.8.0(1*kWh)"])[:-1] == b"\x021.8.0(1*kWh)\r\n!\r\n\x03"


@pytest.mark.parametrize(
    "value, scaler, text",
    [
        (0, -6, "00000000.000"),
        (1, 0, "00000000.001"),
        (999_999, -6, "00000000.000"),
        (1_000_000, -6, "00000000.001"),
        (10**11 - 1, 0, "99999999.999"),
        (10**11, 0, "00000000.000"),
        (10**11 + 1, 0, "00000000.001"),
        (-1_500, 0, "-00000001.500"),
        (5, 3, "00000005.000"),
        (1234.0, 0, "00000001.234"),
        (float("nan"), 0, None),
    ],
)
def test_register_shows_whole_watt_hours_and_rolls_over(value, scaler, text):
    assert register_text(value, shift_for(scaler, "kWh", 3), 3) == text


@repeatable
@given(st.integers(0, 10**30), st.integers(-9, 3))
def test_register_is_exact_for_any_integer(value, scaler):
    watt_hours = value * 10**scaler if scaler >= 0 else value // 10**-scaler
    text = register_text(value, shift_for(scaler, "kWh", 3), 3)
    assert int(text.replace(".", "")) == watt_hours % 10**11
    assert len(text) == 12


@pytest.mark.parametrize(
    "value, scaler, unit, decimals, text",
    [
        (230.127, 0, "V", 2, "230.13"),
        (1035.56, 0, "kW", 4, "1.0356"),
        (-0.0001, 0, "A", 3, "0.000"),
        (-0.5, 0, "", 3, "-0.500"),
        (23012, -2, "V", 2, "230.12"),
        (23017, -3, "V", 2, "23.02"),
        (-7, -3, "A", 3, "-0.007"),
        (5, 3, "kW", 4, "5.0000"),
        (7, 0, "", 0, "7"),
        (float("inf"), 0, "V", 2, None),
    ],
)
def test_measured_value_is_rounded_to_its_decimals(value, scaler, unit, decimals, text):
    assert measured_text(value, shift_for(scaler, unit, decimals), decimals) == text


def test_readout_has_the_lines_of_the_values_there_are():
    assert codec.data_block(data_lines(HeldValues()))[:-1] == BLOCK


def test_readout_leaves_out_what_has_no_value():
    lines = data_lines(HeldValues({"V.A": (None, 0, "V"), "A.A": (float("nan"), 0, "A")}))
    assert lines == ["0-0:96.1.0(0012345678)", "0-0:1.0.0(250131123456)"]


def test_every_object_has_a_line_and_no_line_is_longer_than_the_standard_allows():
    values = {key: (10**13, -6, "") for _, key, _, _ in objects.OBJECTS}
    lines = data_lines(HeldValues(values))
    assert [line.partition("(")[0] for line in lines[2:]] == [row[0] for row in objects.OBJECTS]
    assert max(map(len, lines)) <= 76


def test_obis_codes_are_unique():
    codes = [row[0] for row in objects.OBJECTS]
    assert len(set(codes)) == len(codes) == 29


def test_receiver_finds_each_kind_of_message():
    data = b"/?!\r\n\x06050\r\n\x15" + codec.BREAK
    assert received(data) == [
        (REQUEST, b"/?!\r\n"),
        (OPTION_SELECT, b"\x06050\r\n"),
        (REPEAT, b"\x15"),
        (COMMAND, codec.BREAK),
    ]


def test_receiver_takes_characters_with_parity_bits():
    assert received(bytes(byte | 0x80 for byte in b"/?!\r\n")) == [(REQUEST, b"/?!\r\n")]


def test_receiver_counts_a_stretch_of_noise_once():
    receiver = Receiver()
    assert received(b"noise and more\x02", receiver) == []
    assert received(b"/?!\r\n", receiver) == [(REQUEST, b"/?!\r\n")]
    assert receiver.bad == 1


def test_wake_up_characters_are_not_noise():
    receiver = Receiver()
    assert received(b"\0\0\0\r\n/?!\r\n", receiver) == [(REQUEST, b"/?!\r\n")]
    assert receiver.bad == 0


@pytest.mark.parametrize(
    "damage", [b"/?123", b"\x0605", b"\x01B0\x03", b"\x01P1\x02(1)", b"\x01B0\x03x", b"/" + b"9" * 500]
)
def test_receiver_finds_the_sign_on_after_damage(damage):
    receiver = Receiver()
    assert received(damage + b"/?!\r\n", receiver) == [(REQUEST, b"/?!\r\n")]
    assert receiver.bad >= 1


def test_a_lone_acknowledgement_is_not_damage():
    receiver = Receiver()
    received(b"\x06/?!\r\n", receiver)
    assert receiver.bad == 0


@repeatable
@given(st.binary(max_size=400))
def test_receiver_is_bounded_and_recovers_from_anything(data):
    receiver = Receiver()
    received(data, receiver)
    assert len(receiver._message) <= codec.COMMAND_LIMIT
    assert received(b"/?!\r\n", receiver)[-1] == (REQUEST, b"/?!\r\n")
