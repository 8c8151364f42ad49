"""The JSON reader against Python's own, and every kind of text that is none."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.config.json_reader import DEEPEST, JsonError, read

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**38), 10**38) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda x: st.lists(x, max_size=4) | st.dictionaries(st.text(), x, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(VALUES, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_what_python_writes_is_read_as_it_was(value, is_ascii, indent):
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)
    try:
        text = text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return
    try:
        found, problems = read(text)
    except JsonError as error:
        assert "half a character" in str(error) or "nested deeper" in str(error)
        return
    assert found == value and problems == []


@given(st.text(alphabet='{}[]",:0123456789.eE+-truefalsn \\u\n', max_size=25) | st.text(max_size=10))
def test_what_python_refuses_is_refused(text):
    try:
        expected = json.loads(text)
    except (ValueError, RecursionError):
        with pytest.raises(JsonError):
            read(text.encode())
        return
    try:
        found, problems = read(text.encode())
    except JsonError as error:
        assert "half a character" in str(error)
        return
    assert problems or found == expected or repr(found) == repr(expected)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(text):
    try:
        read(text)
    except JsonError as error:
        assert str(error).split(":")[0].isdigit()


BAD = (
    (b"", "1:1: the text ends too early"),
    (b"{", "1:2: the text ends too early"),
    (b'{"a"', "1:5: the text ends too early"),
    (b'{"a": 1\n "b": 2}', "2:2: expected a comma or }"),
    (b"{a: 1}", '1:2: expected a name in "quotes"'),
    (b'{"a": }', "1:7: expected a value"),
    (b"[1, 2,]", "1:7: expected a value"),
    (b"[1 2]", "1:4: expected a comma or ]"),
    (b"{} {}", "1:4: something follows the document"),
    (b'"abc', "1:1: a text without its end"),
    (b'"a\nb"', "1:3: a control character in a text"),
    (b'"\\x"', "1:2: no such escape"),
    (b'"\\ud800x"', "1:2: half a character"),
    (b'"\\u12"', "1:4: an escape without four digits"),
    (b'"\xff"', "1:2: not UTF-8 text"),
    (b'"\xed\xa0\x80"', "1:2: not UTF-8 text"),
    (b"\xef\xbb\xbf{}", "1:1: begins with a byte order mark: save it as UTF-8 without one"),
    (b"[01]", "1:2: 01 is no number"),
    (b"[1.]", "1:2: 1. is no number"),
    (b"[-]", "1:2: - is no number"),
    (b"[.5]", "1:2: expected a value"),
    (b"[" + b"9" * 5000 + b"]", "1:2: a number of 5000 digits"),
    (b"[" * 10_000, "1:17: nested deeper than 16"),
    (b'{"a":' * 10_000, "1:81: nested deeper than 16"),
)


@pytest.mark.parametrize("text, problem", BAD)
def test_what_is_wrong_is_told_with_its_line_and_column(text, problem):
    with pytest.raises(JsonError) as caught:
        read(text)
    assert str(caught.value) == problem


def test_the_deepest_is_read():
    assert read(b"[" * DEEPEST + b"]" * DEEPEST)[1] == []


def test_names_that_are_there_twice_are_all_told():
    found, problems = read(b'{"a": 1, "b": {"c": 1,\n "c": 2}, "a": 3}')
    assert problems == ['2:2: "c" is there twice', '2:11: "a" is there twice']
    assert found == {"a": 3, "b": {"c": 2}}


def test_what_is_no_number_is_left_to_the_check_of_values():
    found = read(b"[NaN, Infinity, -Infinity, 1e999]")[0]
    assert math.isnan(found[0]) and found[1:] == [math.inf, -math.inf, math.inf]
