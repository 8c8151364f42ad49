"""Numbers, settings and times as texts of data sets, and answers in pieces."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.access.errors import Denied
from meter.calendar import utc
from meter.protocols.iec62056_21 import codec, times, values
from meter.protocols.iec62056_21.blocks import Blocks
from meter.zone import Zone

CET = Zone("CET-1CEST,M3.5.0,M10.5.0/3")
repeatable = settings(derandomize=True, deadline=None, max_examples=300)

# Numbers


@pytest.mark.parametrize(
    "value, scaler, text",
    [
        (0, -6, "0"), (1, -6, "0.000001"), (1_500_000, -6, "1.5"), (-1_500_000, -6, "-1.5"),
        (10**24, -6, "1" + "0" * 18),
        (120, 0, "120"), (1.5, 0, "1.5"), (2.5, -6, "2.5e-06"), (119.87654321, 0, "119.8765"),
    ],
)  # fmt: skip
def test_numbers_show_every_digit_that_counts(value, scaler, text):
    assert values.number_text(value, scaler) == text


@repeatable
@given(st.integers(-(10**20), 10**20))
def test_a_counted_number_is_the_one_that_was_shown(value):
    assert values.counted(values.number_text(value, -6)) == value


@repeatable
@given(st.text(max_size=50))
def test_what_is_no_number_is_a_value_error(text):
    try:
        values.counted(text)
    except ValueError:
        return
    assert round(float(text) * 1e6) == pytest.approx(values.counted(text), rel=1e-9)


# Settings

plain = st.one_of(
    st.booleans(), st.integers(-(10**17), 10**17), st.floats(-1e9, 1e9), st.text(max_size=30),
    st.lists(st.one_of(st.text(max_size=9), st.integers(-9, 9), st.lists(st.floats(-9, 9), max_size=3)), max_size=5),
)  # fmt: skip


@repeatable
@given(plain)
def test_a_setting_is_among_the_meanings_of_its_text(value):
    text = values.setting_text(value)
    assert not set(text) & set(codec.RESERVED) and all(" " <= c <= "~" for c in text)
    found = values.meanings(text)
    assert any(type(one) is type(value) and one == value for one in found), (text, found)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("15", [15, "15"]), ("-1.5e3", [-1500.0, "-1.5e3"]), ("015", ["015"]), ("true", [True, "true"]),
        ("Feeder 7", ["Feeder 7"]),
        ('"15"', ["15"]), ("[1, [2]]", [[1, [2]]]), ("", [""]), ("-", ["-"]), ("1.", ["1."]), ("1e5", [1e5, "1e5"]),
        ("9" * 41, ["9" * 41]), ("1.2.3", ["1.2.3"]), ("00:15", ["00:15"]), ('"M3.5.0\\u002f3"', ["M3.5.0/3"]),
    ],
)  # fmt: skip
def test_a_text_means_a_number_or_a_name(text, expected):
    assert values.meanings(text) == expected


@pytest.mark.parametrize("text", ["[", '"', "{", "[1,]", "[" * 9 + "]" * 9, '{"a":}', "[1] 2"])
def test_what_begins_as_json_and_is_none_is_a_value_error(text):
    with pytest.raises(ValueError):
        values.meanings(text)


@repeatable
@given(st.text(max_size=60))
def test_any_text_has_a_meaning_or_is_a_value_error(text):
    try:
        assert values.meanings(text)
    except ValueError:
        assert text[0] in '"[{'


def test_json_in_a_setting_is_that_of_everybody():
    value = [["all", "Mon-Fri", "00:00 A"], ["1", "Sat", "08:30 B"]]
    assert json.loads(values.setting_text(value)) == value


# Times


@repeatable
@given(st.integers(utc(2000, 1, 2), utc(2099, 12, 30)))
def test_a_stamp_is_the_second_it_was_made_of(second):
    text = times.stamp(second, CET)
    assert len(text) == 13
    assert times.second_of(text, CET) == second
    assert times.second_of(text[:-2], CET) == second - second % 60
    assert times.second_of("2" + times.stamp(second, Zone())[1:], CET) == second


@pytest.mark.parametrize(
    "text, second",
    [
        ("0240131123000", utc(2024, 1, 31, 11, 30)), ("240131123000", utc(2024, 1, 31, 11, 30)),
        ("2401311230", utc(2024, 1, 31, 11, 30)), ("02401311230", utc(2024, 1, 31, 11, 30)),
        ("2240131123000", utc(2024, 1, 31, 12, 30)), ("240229000000", utc(2024, 2, 28, 23)),
        ("1240731120000", utc(2024, 7, 31, 10)), ("240731120000", utc(2024, 7, 31, 10)),
        ("231029023000", utc(2023, 10, 29, 0, 30)), ("0231029023000", utc(2023, 10, 29, 1, 30)),
        ("240331023000", utc(2024, 3, 31, 1)),  # in the gap: when it was passed over
    ],
)  # fmt: skip
def test_times_may_leave_out_the_season_and_the_seconds(text, second):
    assert times.second_of(text, CET) == second


@pytest.mark.parametrize(
    "text",
    ["", "2401", "24013112300", "240131243000"[:9], "230229000000", "241301000000", "240100000000", "240132000000",
     "240131240000", "240131236000", "240131235960", "3240131123000", "x240131123000", "24013112300x", "²40131123000"],
)  # fmt: skip
def test_what_is_no_time_is_a_value_error(text):
    with pytest.raises(ValueError):
        times.second_of(text if len(text) != 11 else "9" + text[1:], CET)


# Answers in pieces


def taken(blocks):
    pieces = [blocks.take()]
    while not blocks.is_last:
        pieces.append(blocks.take())
    return pieces


@repeatable
@given(st.lists(st.integers(0, 700).map(lambda n: "x" * n + "()"), min_size=1, max_size=12))
def test_pieces_and_blocks_are_the_lines(lines):
    whole = codec.framed(codec.STX, "\r\n".join(lines).encode())
    pieces = taken(Blocks(iter(lines)))
    assert b"".join(pieces) == whole
    blocks = taken(Blocks(iter(lines), partial=True))
    assert all(codec.bcc(block[1:-1]) == block[-1] and block[0] == codec.STX for block in blocks)
    assert [block[-2] for block in blocks] == [codec.EOT] * (len(blocks) - 1) + [codec.ETX]
    assert b"".join(block[1:-2] for block in blocks) == whole[1:-2]
    assert max(map(len, pieces + blocks)) <= 512 + 702 + 4


def test_no_line_at_all_is_empty():
    assert Blocks(iter(())).is_empty


@pytest.mark.parametrize(
    "failure, said", [(OSError(5), "(ER07 storage failed)"), (Denied("x"), "(ER05 logged off)")]
)
@pytest.mark.parametrize("partial", [True, False])
def test_an_answer_that_cannot_be_finished_says_so_and_ends(failure, said, partial):
    def lines():
        yield "P.01(1)"
        yield "P.01(2)"
        raise failure

    got = b"".join(taken(Blocks(lines(), partial)))
    assert got == codec.framed(codec.STX, f"P.01(1)\r\nP.01(2)\r\n{said}".encode())


def test_what_the_first_line_raises_goes_on():
    def lines():
        raise Denied("no")
        yield

    with pytest.raises(Denied):
        Blocks(lines())


# Messages


@pytest.mark.parametrize(
    "data, found",
    [
        (b"1.8.0()", ("1.8.0", "")), (b"1.8.0", ("1.8.0", None)), (b"(x)", ("", "x")), (b"a(b)(c)", ("a", "b)(c")),
        (b"a(b*kWh)", ("a", "b*kWh")), (b"", None), (b"a(b", None), (b"a)", None), (b"a\x00()", None),
        (b"\xff()", None),
        (b"()", ("", "")), (b"a()b", None),
    ],
)  # fmt: skip
def test_a_data_set_has_an_address_and_a_value_or_is_none(data, found):
    assert codec.parse_data_set(data) == found


@pytest.mark.parametrize(
    "body, end, found",
    [
        (b"R1\x021.8.0()", codec.ETX, ("R", "1", b"1.8.0()", True)), (b"W3\x02x", codec.EOT, ("W", "3", b"x", False)),
        (b"B0", codec.ETX, ("B", "0", None, True)), (b"R1x", codec.ETX, None), (b"R", codec.ETX, None),
        (b"", codec.ETX, None), (b"11", codec.ETX, None), (b"RR", codec.ETX, None),
    ],
)  # fmt: skip
def test_a_command_has_a_letter_a_type_and_data_or_is_none(body, end, found):
    assert codec.parse_command(codec.framed(codec.SOH, body, end)) == found


@pytest.mark.parametrize(
    "rate, mode, character", [(300, "A", "Z"), (9600, "A", "Z"), (600, "B", "A"), (19200, "B", "F"), (300, "C", "0"),
                              (19200, "E", "6")]
)  # fmt: skip
def test_a_rate_is_offered_by_the_character_of_its_mode(rate, mode, character):
    assert codec.baud_character(rate, mode) == character
    assert codec.offered(character) == (mode.replace("E", "C"), 300 if mode == "A" else rate)


def test_the_escape_counts_as_part_of_the_identification():
    assert codec.identification("FRS", "5", "x" * 40, codec.HDLC_ESCAPE) == b"/FRS5\\2" + b"x" * 14 + b"\r\n"
