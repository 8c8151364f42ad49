"""The CRC that storage and protocols share: against published check values and against zlib."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.crc import crc32, crc32_bitwise

FUNCTIONS = pytest.mark.parametrize("function", (crc32, crc32_bitwise))


@FUNCTIONS
def test_the_published_check_value_comes_out(function):
    assert function(b"123456789") == 0xCBF43926  # the "check" of CRC-32/ISO-HDLC


@FUNCTIONS
def test_nothing_has_crc_zero(function):
    assert function(b"") == 0


@FUNCTIONS
@settings(derandomize=True, deadline=None, max_examples=50)
@given(data=st.binary(max_size=80), cut=st.integers(0, 80))
def test_data_in_two_parts_gives_the_same_as_in_one(function, data, cut):
    assert function(data[cut:], function(data[:cut])) == zlib.crc32(data)
