"""The short form of `make fuzz`: 20,000 mutated messages, and that the checks can fail."""

import random

import pytest
from meter.protocols.dlms.conversation import Conversation

from host_tests.protocols.dlms import fuzzing

MESSAGES = 20_000 // len(fuzzing.TARGETS)

pytestmark = pytest.mark.feature("DLM-01")


@pytest.fixture(scope="module")
def corpora():
    return fuzzing.corpora()


@pytest.mark.parametrize("name", fuzzing.TARGETS)
def test_mutated_messages_do_no_harm_and_a_good_client_is_served_after_them(corpora, name):
    fuzzing.batch(name, corpora[name], MESSAGES, seed=1)


def test_the_same_seed_makes_the_same_messages(corpora):
    one, other = ([fuzzing.mutated(random.Random(7), corpora["none"])] for _ in range(2))
    assert one == other


def test_an_exception_is_a_failure_that_says_how_to_repeat_it(corpora, monkeypatch):
    def fall(*_):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(Conversation, "receive", fall)
    with pytest.raises(
        fuzzing.Failure, match=r"target none, 10 messages, seed 3, message [0-9a-f]*: ZeroDivision"
    ):
        fuzzing.batch("none", corpora["none"], 10, seed=3)


def test_a_conversation_that_never_answers_is_a_failure(corpora, monkeypatch):
    monkeypatch.setattr(fuzzing, "SLICES", 100)
    monkeypatch.setattr(Conversation, "receive", lambda *_: None)
    monkeypatch.setattr(Conversation, "work", lambda *_: None)
    with pytest.raises(fuzzing.Failure, match="no answer in 100 slices"):
        fuzzing.batch("none", corpora["none"], 10, seed=3)


def test_memory_that_grows_is_a_failure(corpora, monkeypatch):
    kept, receive = [], Conversation.receive

    def leak(self, client, server, apdu, now):
        kept.append([bytes(apdu), str(now)])
        return receive(self, client, server, apdu, now)

    monkeypatch.setattr(Conversation, "receive", leak)
    with pytest.raises(fuzzing.Failure, match="blocks of memory more"):
        fuzzing.batch("none", corpora["none"], 5000, seed=1)


@pytest.mark.parametrize("name", fuzzing.TARGETS)
def test_a_good_client_that_is_not_answered_is_a_failure(corpora, monkeypatch, name):
    monkeypatch.setattr(Conversation, "receive", lambda *_: b"\xd8\x01\x01")
    monkeypatch.setattr("meter.protocols.iec62056_21.session.Iec6205621Session.receive", lambda *_: None)
    with pytest.raises(fuzzing.Failure):
        fuzzing.batch(name, corpora["none"], 10, seed=3)
