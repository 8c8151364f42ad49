"""Ciphered APDUs, by the example of the standard, by every way to spoil one, and against the client dlms-cosem."""

import pytest
from dlms_cosem import security as peer
from dlms_cosem.connection import DlmsConnection
from dlms_cosem.protocol import xdlms
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from meter.access import key_store
from meter.access.key_store import AUTHENTICATION, FACTORY, MASTER, UNICAST, KeyStore
from meter.key_wrap import wrap
from meter.protocols.dlms import axdr, security
from meter.protocols.dlms.security import (
    BOTH,
    DECIPHERING,
    INVOCATION_COUNTER,
    NOT_ALLOWED,
    Ciphering,
    SecurityError,
)

EK, AK = FACTORY[0], FACTORY[2]
CLIENT = b"CLI\x00\x00\x00\x00\x01"
GET = bytes.fromhex("c0010000080000010000ff0200")  # the clock's time
ANSWER = bytes.fromhex("c401000009 0c 07d20c04030a060b00ff8800".replace(" ", ""))
INITIATE = bytes.fromhex("01000000065f1f0400007e1f04b0")
DEDICATED = b"one session only"
EXCEPTION = b"\xd8\x01\x02"


def sealed(plain, counter, control=BOTH, title=CLIENT, key=EK, auth=AK):
    """Return SC, IC and contents as the independent library makes them."""
    field = peer.SecurityControlField(0, bool(control & 0x10), bool(control & 0x20))
    if control & BOTH == BOTH:
        body = peer.encrypt(field, title, counter, key, plain, auth)
    elif control & 0x10:
        body = plain + peer.gmac(field, title, counter, key, auth, plain)
    else:  # it cannot do this: its enciphered bytes without their tag
        body = peer.encrypt(peer.SecurityControlField(0, True, True), title, counter, key, plain, auth)[:-12]
    return bytes((control,)) + counter.to_bytes(4, "big") + body


def specific(tag, contents):
    return bytes((tag,)) + axdr.length(len(contents)) + contents


def general(tag, contents, title=CLIENT):
    return bytes((tag, len(title))) + title + axdr.length(len(contents)) + contents


def opened(answer, title, key=EK, auth=AK):
    """Return (tag, title or None, SC, IC, plain) of an answer, by the independent library."""
    at, named = 1, None
    if answer[0] in (0xDB, 0xDC):
        named = answer[2 : 2 + answer[1]]
        at = 2 + answer[1]
    size, at = axdr.read_length(answer, at)
    contents = answer[at:]
    assert len(contents) == size
    control, counter = contents[0], int.from_bytes(contents[1:5], "big")
    field = peer.SecurityControlField.from_bytes(contents[:1])
    if control & BOTH == BOTH:
        plain = peer.decrypt(field, title, counter, key, contents[5:], auth)
    elif control & 0x10:
        plain = contents[5:-12]
        assert peer.gmac(field, title, counter, key, auth, plain) == contents[-12:]
    else:
        both = peer.SecurityControlField(0, True, True)
        plain = peer.encrypt(both, title, counter, key, contents[5:], auth)[:-12]
    return answer[0], named, control, counter, plain


@pytest.fixture
def keys():
    return KeyStore(serial="815")


@pytest.fixture
def one(keys):
    ciphering = Ciphering(keys)
    ciphering.client_title = CLIENT
    return ciphering


def refusal(one, apdu):
    """Return (kind, counter) of the SecurityError that an APDU gives."""
    with pytest.raises(SecurityError) as error:
        one.unprotect(apdu)
    assert one.protect(EXCEPTION) == EXCEPTION  # nothing is left to answer with
    return error.value.kind, error.value.counter


def with_dedicated(one, counter=0):
    one.unprotect(specific(0x21, sealed(INITIATE, counter)))
    one.dedicated = DEDICATED
    return one


def test_the_example_of_the_standard(keys):
    """IEC 62056-5-3, protection of a get-request in suite 0: title 4D4D4D0000BC614E, number 01234567."""
    one = Ciphering(keys)
    one.client_title = bytes.fromhex("4d4d4d0000bc614e")
    apdu = bytes.fromhex("c81e3001234567411312ff935a47566827c467bc7d825c3be4a77c3fcc056b6b")
    assert one.unprotect(apdu) == GET
    assert keys.received == 0x01234567


# Each form, its key and its protection, there and back.

FORMS = (
    # plain tag, request's tag, answer's tag
    (0xC0, 0xC8, 0xC4, 0xCC),
    (0xC1, 0xC9, 0xC5, 0xCD),
    (0xC3, 0xCB, 0xC7, 0xCF),
    (0x01, 0x21, 0x08, 0x28),
    (0x01, 0x21, 0x0E, 0x2E),
    (0xC0, 0xDB, 0xC4, 0xDB),
    (0x01, 0xDB, 0x08, 0xDB),
    (0xC0, 0xDB, 0xD8, 0xDB),  # in the general form an exception is ciphered too
)
DEDICATED_FORMS = (
    (0xC0, 0xD0, 0xC4, 0xD4),
    (0xC1, 0xD1, 0xC5, 0xD5),
    (0xC3, 0xD3, 0xC7, 0xD7),
    (0xC0, 0xD0, 0x0E, 0x4E),
    (0xC0, 0xDC, 0xC4, 0xDC),
)


def exchange(one, keys, form, control, key, counter):
    asked, tag, replied, answer_tag = form
    request, reply = bytes((asked,)) + b"request", bytes((replied,)) + b"reply" * 40
    contents = sealed(request, counter, control, key=key)
    apdu = general(tag, contents) if tag in (0xDB, 0xDC) else specific(tag, contents)
    assert one.unprotect(apdu) == request
    spare = one.overhead
    answer = one.protect(reply)
    assert len(answer) <= len(reply) + spare
    found, named, used, _, plain = opened(answer, keys.system_title, key)
    assert (found, used, plain) == (answer_tag, control, reply)
    assert named == (keys.system_title if found in (0xDB, 0xDC) else None)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form[1]:02x}-{form[3]:02x}")
@pytest.mark.parametrize("control", [0x10, 0x20, 0x30])
def test_a_request_is_understood_and_answered_as_it_was_asked(keys, one, form, control):
    one.minimum = 0
    exchange(one, keys, form, control, EK, 7)


@pytest.mark.parametrize("form", DEDICATED_FORMS, ids=lambda form: f"{form[1]:02x}-{form[3]:02x}")
@pytest.mark.parametrize("control", [0x10, 0x20, 0x30])
def test_the_same_under_the_key_of_the_association(keys, one, form, control):
    with_dedicated(one)
    one.minimum = 0
    exchange(one, keys, form, control, DEDICATED, 7)


def test_a_service_specific_exception_is_not_ciphered(one):
    one.unprotect(specific(0xC8, sealed(GET, 1)))
    assert one.protect(EXCEPTION) == EXCEPTION


def test_a_general_request_without_a_title_is_the_known_clients(one):
    assert one.unprotect(general(0xDB, sealed(GET, 1), b"")) == GET


def test_a_general_request_tells_whose_it_is_if_nobody_is_known_and_only_if_it_is_genuine(keys):
    one = Ciphering(keys)
    assert refusal(one, general(0xDB, sealed(GET, 1, key=AK))) == (DECIPHERING, None)
    assert one.client_title is None
    assert one.unprotect(general(0xDB, sealed(GET, 1))) == GET
    assert one.client_title == CLIENT


def test_plain_requests_are_only_taken_where_nothing_is_the_minimum(one):
    assert refusal(one, GET) == (NOT_ALLOWED, None)
    assert refusal(one, b"") == (NOT_ALLOWED, None)
    one.minimum = 0
    assert one.unprotect(GET) == GET and one.protect(ANSWER) == ANSWER and one.overhead == 0


# What is refused.


@pytest.mark.parametrize("control", [0x00, 0x10, 0x20, 0x31, 0x32, 0x70, 0xB0, 0xF0, 0x3F])
def test_less_than_the_minimum_other_suites_the_broadcast_key_and_compression_are_refused(one, keys, control):
    contents = bytes((control,)) + sealed(GET, 1, control & BOTH or BOTH)[1:]
    assert refusal(one, specific(0xC8, contents)) == (NOT_ALLOWED, None)
    assert refusal(one, general(0xDB, contents)) == (NOT_ALLOWED, None)
    assert keys.received == 0


def test_any_bit_that_is_wrong_is_refused_and_moves_no_number(one, keys):
    for apdu in (specific(0xC8, sealed(GET, 5)), general(0xDB, sealed(GET, 5))):
        for bit in range(len(apdu) * 8):
            wrong = bytearray(apdu)
            wrong[bit // 8] ^= 1 << bit % 8
            with pytest.raises(SecurityError):
                one.unprotect(bytes(wrong))
    assert keys.expected == 0
    assert one.unprotect(specific(0xC8, sealed(GET, 5))) == GET


def test_what_is_cut_off_or_too_long_is_refused(one, keys):
    for apdu in (specific(0xC8, sealed(GET, 5)), general(0xDB, sealed(GET, 5))):
        for size in range(len(apdu)):
            with pytest.raises(SecurityError):
                one.unprotect(apdu[:size])
        assert refusal(one, apdu + b"\x00") == (DECIPHERING, None)
    for size in range(18):
        with pytest.raises(SecurityError):
            one.unprotect(specific(0xC8, sealed(GET, 5)[:size]))
    assert refusal(one, b"\xc8\x84\xff\xff\xff\xff") == (DECIPHERING, None)
    assert keys.expected == 0


def test_a_wrong_key_and_a_wrong_title_are_refused(one):
    assert refusal(one, specific(0xC8, sealed(GET, 1, key=AK))) == (DECIPHERING, None)
    assert refusal(one, specific(0xC8, sealed(GET, 1, auth=EK))) == (DECIPHERING, None)
    assert refusal(one, specific(0xC8, sealed(GET, 1, title=b"OTHERONE"))) == (DECIPHERING, None)
    assert refusal(one, general(0xDB, sealed(GET, 1, title=b"OTHERONE"), b"OTHERONE")) == (NOT_ALLOWED, None)
    assert refusal(one, general(0xDB, sealed(GET, 1), CLIENT[:7])) == (NOT_ALLOWED, None)


def test_contents_that_are_not_what_the_tag_says_are_refused(one, keys):
    assert refusal(one, specific(0xC9, sealed(GET, 1))) == (DECIPHERING, None)
    assert refusal(one, specific(0xC8, sealed(b"", 2))) == (DECIPHERING, None)
    twice = general(0xDB, sealed(specific(0xC8, sealed(GET, 9)), 3))
    assert refusal(one, twice) == (DECIPHERING, None)
    assert keys.expected == 0


def test_without_a_title_or_a_dedicated_key_nothing_is_deciphered(keys, one):
    assert refusal(Ciphering(keys), specific(0xC8, sealed(GET, 1))) == (NOT_ALLOWED, None)
    assert refusal(one, specific(0xD0, sealed(GET, 1, key=DEDICATED))) == (NOT_ALLOWED, None)


@pytest.mark.parametrize("title", [b"", b"1234567", b"123456789", key_store.system_title("815")])
def test_a_title_that_is_none_or_ours_is_refused(one, title):
    """Under ours our own numbers would be used a second time, and our own frames come back to us."""
    with pytest.raises(SecurityError):
        one.client_title = title
    assert one.client_title == CLIENT
    if title:
        assert (
            refusal(Ciphering(one._keys), general(0xDB, sealed(GET, 1, title=CLIENT), title))[0]
            == NOT_ALLOWED
        )


@pytest.mark.parametrize("key", [b"", b"15 bytes of one", b"17 bytes of a key"])
def test_a_dedicated_key_of_another_length_is_refused(one, key):
    one.unprotect(specific(0x21, sealed(INITIATE, 0)))
    with pytest.raises(SecurityError):
        one.dedicated = key
    assert one.dedicated is None


def test_a_dedicated_key_that_anybody_could_have_read_or_sent_is_refused(one):
    with pytest.raises(SecurityError):
        one.dedicated = DEDICATED
    one.minimum = 0x10
    one.unprotect(specific(0x21, sealed(INITIATE, 0, 0x10)))
    with pytest.raises(SecurityError):
        one.dedicated = DEDICATED
    assert with_dedicated(one, 1).dedicated == DEDICATED


# Numbers


def test_a_frame_that_comes_again_is_refused_with_the_number_that_is_due(one, keys):
    first, later = (specific(0xC8, sealed(GET, number)) for number in (5, 1000))
    assert one.unprotect(first) == GET
    assert refusal(one, first) == (INVOCATION_COUNTER, 6)
    assert one.unprotect(later) == GET and keys.received == 1000
    assert refusal(one, first) == (INVOCATION_COUNTER, 1001)
    other = Ciphering(keys)  # another association of the same meter
    other.client_title = CLIENT
    assert refusal(other, later) == (INVOCATION_COUNTER, 1001)
    assert refusal(other, specific(0xC8, sealed(GET, 0xFFFFFFFF))) == (INVOCATION_COUNTER, 1001)


def test_the_numbers_of_the_dedicated_key_are_its_own(one, keys):
    with_dedicated(one, 100)
    one.unprotect(specific(0xD0, sealed(GET, 3, key=DEDICATED)))
    assert refusal(one, specific(0xD0, sealed(GET, 3, key=DEDICATED))) == (INVOCATION_COUNTER, 4)
    one.unprotect(specific(0xD0, sealed(GET, 4, key=DEDICATED)))
    assert keys.received == 100
    one.unprotect(specific(0xC8, sealed(GET, 101)))


def test_a_number_that_is_not_authenticated_moves_only_this_association_s(one, keys):
    one.minimum = 0
    one.unprotect(specific(0xC8, sealed(GET, 0xFFFFFF00, 0x20)))
    assert refusal(one, specific(0xC8, sealed(GET, 0xFFFFFF00, 0x20))) == (INVOCATION_COUNTER, 0xFFFFFF01)
    assert keys.expected == 0
    one.unprotect(specific(0xC8, sealed(GET, 1)))


def test_our_numbers_grow_whatever_is_answered_and_proved(one, keys):
    numbers = []
    with_dedicated(one)
    for counter in range(1, 6):
        one.unprotect(specific(0xC8, sealed(GET, counter)))
        numbers += [opened(one.protect(ANSWER), keys.system_title)[3] for _ in range(2)]
        numbers.append(int.from_bytes(one.gmac(b"challenge")[1:5], "big"))
        one.unprotect(specific(0xD0, sealed(GET, counter, key=DEDICATED)))
        numbers.append(opened(one.protect(ANSWER), keys.system_title, DEDICATED)[3])
    assert len(set(numbers)) == len(numbers) == 20


def test_without_numbers_of_our_own_nothing_is_done(one, keys):
    keys._sent = keys._sent_limit = 0xFFFFFFFE
    assert one.unprotect(specific(0xC8, sealed(GET, 1))) == GET
    assert opened(one.protect(ANSWER), keys.system_title)[3] == 0xFFFFFFFE
    assert refusal(one, specific(0xC8, sealed(GET, 2))) == (NOT_ALLOWED, None)
    with pytest.raises(SecurityError):
        one.gmac(b"challenge")


def test_keys_that_cannot_be_read_open_nothing(keys, one):
    reply = own_gmac(b"challenge")
    assert one.check_gmac(reply, b"challenge")
    keys.problem = "the stored keys cannot be read"
    assert refusal(one, specific(0xC8, sealed(GET, 1))) == (NOT_ALLOWED, None)
    assert not one.check_gmac(reply, b"challenge")
    with pytest.raises(SecurityError):
        one.gmac(b"challenge")


def test_the_answer_to_a_key_transfer_has_the_old_key_and_what_follows_the_new_one(one, keys):
    new = b"a new unicastkey"
    one.unprotect(specific(0xCB, sealed(b"\xc3 transfer", 50)))
    keys.transfer(((0, wrap(keys.key(MASTER), new)),))
    assert opened(one.protect(b"\xc7 done"), keys.system_title)[4] == b"\xc7 done"
    assert refusal(one, specific(0xC8, sealed(GET, 51))) == (DECIPHERING, None)
    one.unprotect(specific(0xC8, sealed(GET, 0, key=new)))
    assert opened(one.protect(ANSWER), keys.system_title, new)[4] == ANSWER


# HLS mechanism 5


def own_gmac(challenge, title=CLIENT, counter=3, control=0x10):
    field = peer.SecurityControlField(0, True)
    tag = peer.gmac(field, title, counter, EK, AK, challenge)
    return bytes((control,)) + counter.to_bytes(4, "big") + tag


def test_what_we_prove_a_client_can_check(one, keys):
    for challenge in (b"8 bytes.", b"c" * 64):
        proof = one.gmac(challenge)
        assert len(proof) == 17 and proof[0] == 0x10
        number = int.from_bytes(proof[1:5], "big")
        assert proof == own_gmac(challenge, keys.system_title, number)


def test_only_the_clients_own_proof_on_our_challenge_is_genuine(one, keys):
    good = own_gmac(b"challenge")
    assert one.check_gmac(good, b"challenge") and one.check_gmac(bytearray(good), bytearray(b"challenge"))
    assert not one.check_gmac(good, b"Challenge")
    assert not one.check_gmac(own_gmac(b"challenge", b"OTHERONE"), b"challenge")
    assert not one.check_gmac(one.gmac(b"challenge"), b"challenge")  # ours sent back
    assert not one.check_gmac(own_gmac(b"challenge", control=0x30), b"challenge")
    for bad in (b"", good[:-1], good + b"\x00", bytes(17)):
        assert not one.check_gmac(bad, b"challenge")
    for bit in range(len(good) * 8):
        wrong = bytearray(good)
        wrong[bit // 8] ^= 1 << bit % 8
        assert not one.check_gmac(bytes(wrong), b"challenge")
    assert not Ciphering(keys).check_gmac(good, b"challenge")


# The whole association of an independent client, APDU by APDU.


def test_an_association_of_dlms_cosem_is_understood_and_understands(keys):
    """Its own connection ciphers: the initiate-request, the reply to our challenge, a get; and reads our answers."""
    client = DlmsConnection(
        client_system_title=CLIENT,
        client_invocation_counter=10,
        meter_invocation_counter=-1,
        global_encryption_key=EK,
        global_authentication_key=AK,
        security_suite=0,
        authentication=peer.HighLevelSecurityGmacAuthentication(challenge_length=16),
    )
    request = client.get_aarq()
    client.send(request)
    information = protected_initiate(client)
    meter = Ciphering(keys)
    meter.client_title = CLIENT
    assert meter.unprotect(information)[:1] == b"\x01"
    answer = meter.protect(bytes.fromhex("0800065f1f040000501f01f40007"))
    found = xdlms.GlobalCipherInitiateResponse.from_bytes(answer)
    client.meter_system_title = keys.system_title
    client.update_meter_invocation_counter(found.invocation_counter)
    plain = client.decrypt(found.ciphered_text)
    assert xdlms.InitiateResponse.from_bytes(plain).server_max_receive_pdu_size == 500
    # HLS: our challenge, its reply, its challenge, our reply
    client.meter_to_client_challenge = b"a challenge of us"
    reply = client.authentication.hls_generate_reply_data(client)
    assert meter.check_gmac(reply, b"a challenge of us")
    challenge = client.authentication.get_calling_authentication_value()
    assert client.authentication.hls_meter_data_is_valid(meter.gmac(challenge), client)
    # A get, in its general form
    text, counter = client.encrypt(GET)
    apdu = xdlms.GeneralGlobalCipher(
        system_title=CLIENT, security_control=client.security_control, invocation_counter=counter,
        ciphered_text=text,
    ).to_bytes()  # fmt: skip
    assert meter.unprotect(apdu) == GET
    found = xdlms.GeneralGlobalCipher.from_bytes(meter.protect(ANSWER))
    assert found.system_title == keys.system_title
    client.update_meter_invocation_counter(found.invocation_counter)
    assert client.decrypt(found.ciphered_text) == ANSWER


def protected_initiate(client):
    aarq = client.protect(client.get_aarq())
    return aarq.user_information.content.to_bytes()


# Anything


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from((0xC8, 0xD0, 0xDB, 0xDC, 0x21, 0x28, 0x4E, 0xC0)), st.binary(max_size=60), st.booleans()
)
def test_no_bytes_raise_anything_else_or_open_anything(one, tag, rest, is_framed):
    apdu = specific(tag, rest) if is_framed else bytes((tag,)) + rest
    with pytest.raises(SecurityError):
        one.unprotect(apdu)


def test_the_names_of_the_keys_are_those_of_the_store():
    assert {UNICAST, AUTHENTICATION} <= {security.UNICAST, security.AUTHENTICATION}
