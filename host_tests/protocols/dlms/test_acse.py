"""Associations' own APDUs, beside the examples of the Green Book (DLMS UA 1000-2, Encoding examples: AARQ and AARE)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.protocols.dlms import acse, initiate
from meter.protocols.dlms.axdr import BadData

pytestmark = pytest.mark.feature("DLM-03")

# The examples of the Green Book with logical names: no security; low-level, password 12345678; high-level security.
LOWEST = "601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0"
LOW = (
    "6036A1090607608574050801018A0207808B0760857405080201AC0A80083132333435363738"
    "BE10040E01000000065F1F0400007E1F04B0"
)
HIGH = (
    "6036A1090607608574050801018A0207808B0760857405080205AC0A80084B35366956616759"
    "BE10040E01000000065F1F0400007E1F04B0"
)
INITIATE = "01000000065F1F0400007E1F04B0"
# Its AARE: accepted, conformance 0000501F, largest APDU 01F4.
AARE = "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000501F01F40007"
# And refused: the application context name is not supported. Without the 8B mechanism it answers without security.
REFUSED = "6117A109060760857405080101A203020101A305A103020102"


@pytest.mark.parametrize(
    ("apdu", "mechanism", "secret"),
    [(LOWEST, acse.LOWEST, None), (LOW, acse.LOW, b"12345678"), (HIGH, acse.HIGH_GMAC, b"K56iVagY")],
)
def test_the_green_books_requests_are_read(apdu, mechanism, secret):
    found = acse.request(bytes.fromhex(apdu))
    assert found == acse.Request(acse.LN, mechanism, None, None, secret, bytes.fromhex(INITIATE))
    assert initiate.request(found.information) == initiate.Initiate(None, 6, 0x007E1F, 0x04B0)


def test_the_green_books_answers_are_written():
    information = initiate.response(0x00501F, 0x01F4)
    assert acse.response(acse.LN, acse.ACCEPTED, 0, information) == bytes.fromhex(AARE)
    assert acse.response(acse.LN, acse.REJECTED, acse.CONTEXT_NOT_SUPPORTED) == bytes.fromhex(REFUSED)


def test_titles_users_and_dedicated_keys_are_read():
    body = bytes.fromhex(
        "A109060760857405080103" + "A60A04084752583132333435" + "A903020107" + "8B0760857405080205"
    )
    body += b"\xac\x0a\x80\x08challeng"
    wanted = b"\x01\x01\x10" + bytes(range(16)) + b"\x00\x00\x06\x5f\x1f\x04\x00\x00\x00\x19\x04\x00"
    body += b"\xbe" + bytes((len(wanted) + 2, 4, len(wanted))) + wanted
    found = acse.request(b"\x60" + bytes((len(body),)) + body)
    assert (found.context, found.title, found.user, found.secret) == (3, b"GRX12345", 7, b"challeng")
    assert initiate.request(found.information) == initiate.Initiate(bytes(range(16)), 6, 0x19, 0x400)


def test_an_answer_to_high_level_security_has_title_mechanism_and_challenge():
    found = acse.fields(acse.response(3, 0, acse.AUTHENTICATION_REQUIRED, b"\x08", b"FRS00001", 5, b"c" * 16))
    assert list(found) == [0xA1, 0xA2, 0xA3, 0xA4, 0x88, 0x89, 0xAA, 0xBE]
    assert found[0xA3] == bytes.fromhex("A10302010E")
    assert found[0xA4] == b"\x04\x08FRS00001"
    assert found[0x89] == bytes.fromhex("60857405080205")
    assert found[0xAA] == b"\x80\x10" + b"c" * 16


@pytest.mark.parametrize("apdu", [LOWEST, LOW, HIGH])
def test_a_request_that_is_cut_off_or_longer_is_refused(apdu):
    whole = bytes.fromhex(apdu)
    for size in range(1, len(whole)):
        with pytest.raises(BadData):
            acse.request(whole[:size])
    with pytest.raises(BadData):
        acse.request(whole + b"\x00")


def test_an_initiate_request_that_is_cut_off_or_longer_is_refused():
    whole = bytes.fromhex(INITIATE)
    for size in range(len(whole)):
        with pytest.raises(BadData):
            initiate.request(whole[:size])
    with pytest.raises(BadData):
        initiate.request(whole + b"\x00")


@given(st.binary(max_size=120))
def test_any_bytes_are_a_request_or_refused(data):
    for read in (acse.request, acse.release_information, initiate.request):
        for prefix in (b"\x60", b"\x62", b"\x01"):
            try:
                read(prefix + data)
            except BadData:
                pass


def test_a_release_is_answered():
    assert acse.release_information(bytes.fromhex("6203800100")) is None
    assert acse.released() == bytes.fromhex("6303800100")
