"""Associations with keys on a whole meter: what is refused, what stays secret, what the log tells."""

import pytest
from meter.protocols.dlms import axdr

from host_tests.protocols.dlms.dlms_life import MANAGEMENT, DlmsLife
from host_tests.protocols.dlms.raw_client import AUTHENTICATION, UNICAST, RawClient, Refused

pytestmark = [pytest.mark.feature("DLM-07"), pytest.mark.feature("SEC-01")]

CLOCK = "0.0.1.0.0.255"


@pytest.fixture
def life():
    return DlmsLife()


def refusals(life):
    return [
        event.fields[0] for event in life.app.logs.log("security").records() if event.name == "access denied"
    ]


def test_a_client_with_the_keys_is_management_and_may_read_the_configuration(life):
    client = life.management()
    document = client.value(1, "0.128.96.0.0.255").value
    assert document.startswith(b'{"version"')
    user = client.value(15, "0.0.40.0.0.255", 11).value
    assert user[1].value == b"management"


def test_a_dedicated_key_is_used_for_its_association(life):
    client = life.client(MANAGEMENT, counter=1).open_with_keys(dedicated=b"d" * 16)
    plain = b"\xc0\x01\xc1\x00\x08\x00\x00\x01\x00\x00\xff\x02\x00"
    client.unicast = b"d" * 16
    answer = client.send(client.cipher(0xD0, plain, counter=1))
    assert answer[0] == 0xD4 and client.decipher(answer)[:4] == b"\xc4\x01\xc1\x00"


@pytest.mark.parametrize("which", [0, 1])
def test_a_client_with_a_wrong_key_gets_no_association_and_the_log_tells(life, which):
    keys = [UNICAST, AUTHENTICATION]
    keys[which] = bytes(16)
    with pytest.raises(Refused) as refused:
        life.client(MANAGEMENT, counter=1, keys=tuple(keys)).open_with_keys()
    assert refused.value.args[0].endswith(bytes.fromhex("a203020101a305a10302010d"))
    assert refusals(life) == ["DLMS frame: deciphering"]


def test_a_frame_that_was_recorded_is_refused_in_its_association_and_in_every_other(life):
    recorded = []
    client = life.management()
    send = client.send

    def record(apdu):
        recorded.append(apdu)
        return send(apdu)

    client.send = record
    assert client.get(8, CLOCK, 2)[0] == 0
    expected = client.counter
    answer = send(recorded[0])
    assert answer[:3] == b"\xd8\x01\x06" and int.from_bytes(answer[3:], "big") == expected
    life.talk.release(0)
    with pytest.raises(Refused):
        life.client(MANAGEMENT, counter=1).open_with_keys()  # the numbers of before
    life.management()
    assert send(recorded[0])[:3] == b"\xd8\x01\x06"
    assert refusals(life)[0] == "DLMS frame: invocation counter"


def test_a_challenge_that_is_answered_wrongly_ends_the_association_and_counts_in_the_lockout(life):
    for _ in range(4):
        client = life.client(MANAGEMENT, counter=life.access.keys.received + 1)
        client._gmac = lambda *_: bytes(12)
        with pytest.raises(AssertionError):
            client.open_with_keys()
        assert not life.talk.is_associated
    client = life.client(MANAGEMENT, counter=life.access.keys.received + 1)
    with pytest.raises(AssertionError):
        client.open_with_keys()  # right, but it has to wait
    life.now += 900_000
    life.management()


def test_nothing_plain_is_served_to_who_has_keys_and_nothing_before_the_challenge_is_answered(life):
    client = life.client(MANAGEMENT, counter=1)
    get = b"\xc0\x01\xc1\x00\x08\x00\x00\x01\x00\x00\xff\x02\x00"
    act = client.act
    seen = []

    def before(*arguments):
        seen.append(client.ask(get))
        return act(*arguments)

    client.act = before
    client.open_with_keys()
    assert seen == [
        b"\xc4\x01\xc1\x01\x03"
    ]  # ciphered as it should be, but the association does not stand yet
    assert client.send(get)[:1] == b"\xd8"
    assert client.ask(get)[:4] == b"\xc4\x01\xc1\x00"


def test_a_frame_that_is_only_authenticated_or_only_enciphered_is_not_taken(life):
    client = life.management()
    get = b"\xc0\x01\xc1\x00\x08\x00\x00\x01\x00\x00\xff\x02\x00"
    for control in (0x10, 0x20):
        assert client.send(client.cipher(0xC8, get, control=control))[:1] == b"\xd8"
    assert client.get(8, CLOCK, 2)[0] == 0


def test_the_public_client_learns_the_last_number_and_no_key(life):
    life.management()
    life.talk.release(0)
    public = life.public()
    assert public.value(1, "0.0.43.1.0.255").value == life.access.keys.received
    for attribute in range(1, 6):
        result, data = public.get(64, "0.0.43.0.0.255", attribute)
        assert result == 0
        for key in (UNICAST, AUTHENTICATION):
            assert key not in data


def test_keys_are_replaced_under_the_master_key_and_the_old_ones_are_worth_nothing(life):
    from cryptography.hazmat.primitives.keywrap import aes_key_wrap

    master = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    new = bytes(range(100, 116))
    client = life.management()
    wrapped = axdr.array([axdr.structure(axdr.enum(0), axdr.octets(aes_key_wrap(master, new)))])
    assert client.act(64, "0.0.43.0.0.255", 2, wrapped)[0] == 0
    life.talk.release(0)
    with pytest.raises(Refused):
        life.client(MANAGEMENT, counter=1).open_with_keys()
    life.client(MANAGEMENT, counter=1, keys=(new, AUTHENTICATION)).open_with_keys()
    assert all(new not in event.raw for event in life.app.logs.log("security").records())


def test_two_conversations_have_an_association_each(life):
    first, second = life.conversation(), life.conversation(peer="10.0.0.8:1")
    one = life.client(32, first).open(b"admin:admin")
    two = life.client(16, second).open()
    assert one.get(7, "1.0.99.1.0.255", 2)[0] == 0
    assert two.get(7, "1.0.99.1.0.255", 2)[0] == 3
    assert isinstance(two, RawClient)
