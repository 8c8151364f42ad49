"""Documents: versions, limits, and what is written and read back."""

import json
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from meter.config import document
from meter.config.schema import ConfigError, defaults

from host_tests.config.documents import valid_documents


def problems(text):
    with pytest.raises(ConfigError) as caught:
        document.read(text if isinstance(text, bytes) else json.dumps(text).encode())
    return caught.value.problems


@pytest.mark.feature("HST-01")
def test_a_document_of_version_1_had_ratios():
    found = document.read(b'{"service": {"pt_ratio": 120.5, "ct_ratio": 60, "nominal_voltage": 69}}')
    assert [found["service.pt_" + end] for end in ("primary", "secondary")] == [120.5, 1.0]
    assert [found["service.ct_" + end] for end in ("primary", "secondary")] == [60, 1.0]
    assert found["service.nominal_voltage"] == 69
    expected = {
        **defaults(),
        "service.pt_primary": 120.5,
        "service.ct_primary": 60,
        "service.nominal_voltage": 69,
    }
    assert found == expected, "what it does not say has its default"


def test_a_mistake_in_an_old_document_is_told_in_the_new_words():
    (problem,) = problems({"version": 1, "service": {"pt_ratio": "120"}})
    assert problem == "service.pt_primary: must be a number from 0.001 to 1e+06, not '120'"


def test_old_and_new_ratios_together_contradict():
    (problem,) = problems({"service": {"ct_ratio": 2, "ct_secondary": 5}})
    assert problem == "service.ct_ratio: there are ct_primary and ct_secondary instead"


def test_ratios_are_unknown_in_version_2():
    (problem,) = problems({"version": 2, "service": {"pt_ratio": 120}})
    assert problem.startswith("service.pt_ratio: unknown setting")


@pytest.mark.feature("HST-01")
@pytest.mark.parametrize("version", (3, 99, 10**30))
def test_a_later_version_is_refused_whatever_is_in_it(version):
    (problem,) = problems({"version": version, "what": {"nobody": "knows"}})
    assert problem.startswith("version: the document has version ")
    assert problem.endswith("this firmware knows 1 to 2")


@pytest.mark.parametrize("version", (0, -1, "2", 2.0, True, None, [], {}))
def test_a_version_is_a_whole_number(version):
    assert problems({"version": version})[0] == "version: must be a whole number from 1 to 2"


def test_ten_megabytes_are_refused_before_anything_is_read():
    text = b'{"a":' + b" " * 10_000_000 + b"1}"
    tracemalloc.start()
    try:
        assert problems(text) == ["the document: 10000007 bytes; the largest has 65536"]
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_the_densest_text_takes_bounded_memory():
    text = b"[" + b"[]," * ((document.LARGEST - 4) // 3) + b"1]"
    tracemalloc.start()
    try:
        assert len(problems(text)) == 1
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_all_that_is_wrong_is_in_one_list():
    text = b"""{"version": 2, "service": {"frequency": 55, "frequency": 56, "nominal_voltage": NaN}, "colour": 1,
     "demand": {"interval": 15, "subinterval": 10}, "load_profile": {"channels": ["Wh.del.P"], "km": [1, 2]},
     "registers": {"normal": [{"id": 0, "kind": "consumption", "quantity": "no"}]},
     "tou": {"days": [["9", "Mon", "A"]]}}"""
    found = problems(text)
    for start in ('1:45: "frequency" is there twice', "service.frequency: must be one of 50, 60",
                  "service.nominal_voltage: must be a number", "colour: unknown setting", "demand.subinterval: ",
                  "load_profile.km: must be one for each", "registers.normal: register 0: quantity: no quantity no",
                  "tou.days: must be rows"):  # fmt: skip
        assert [line for line in found if line.startswith(start)], (start, found)
    assert len(found) == 8


@pytest.mark.feature("HST-01")
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(valid_documents())
def test_a_valid_document_is_read_as_it_was_written(node):
    found = document.settings_of(node)
    again = document.read(document.text(found))
    assert document.is_same(found, again)
    assert document.text(again) == document.text(found)


def test_the_whole_document_says_everything():
    whole = document.document_of(defaults())
    assert whole["version"] == document.VERSION
    assert document.is_same(document.settings_of(whole), defaults())
