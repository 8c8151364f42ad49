"""The JSON Schema and the meter's own validation agree, as far as a schema can tell."""

import copy
import json

import config_doc
import jsonschema
import pytest
from ferraris.config import example, examples
from ferraris.config_schema import schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from meter.config.document import document_of, settings_of
from meter.config.schema import FIELDS, ConfigError, defaults

from host_tests.config.documents import valid_documents
from host_tests.config.test_config_schema import ANYTHING, BAD, nested

VALIDATOR = jsonschema.Draft202012Validator(schema())
# What a schema cannot say: that 200.0 is no whole number, what is within texts, and that first numbers rise.
UNSAID = (
    "integer",
    "zone",
    "seasons",
    "days",
    "holidays",
    "points",
    "registers",
    "triggers",
    "attributes",
    "windows",
)
KINDS = {field[0]: field[1] for field in FIELDS}


def test_it_is_a_schema_and_the_one_in_docs():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert json.loads(config_doc.SCHEMA.read_text(encoding="utf-8")) == schema()


@pytest.mark.parametrize("name", examples())
def test_it_takes_the_examples(name):
    VALIDATOR.validate(json.loads(example(name)))


def test_it_takes_the_defaults_and_knows_every_setting():
    whole = json.loads(json.dumps(document_of(defaults())))
    VALIDATOR.validate(whole)
    VALIDATOR.validate({"$schema": "configuration.schema.json"})
    for field in FIELDS:
        node = schema()
        for name in field[0].split("."):
            node = node["properties"][name]
        assert "description" in node


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(valid_documents())
def test_it_takes_what_the_meter_takes(document):
    settings_of(copy.deepcopy(document))
    VALIDATOR.validate(document)


def _is_taken(document):
    try:
        settings_of(document)
    except ConfigError:
        return False
    return True


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=300)
@given(st.sampled_from([field[0] for field in FIELDS]), ANYTHING)
def test_both_judge_any_value_of_a_setting_alike(path, value):
    document = nested(path, value)
    by_schema = VALIDATOR.is_valid(document)
    if _is_taken(document):
        assert by_schema
    elif KINDS[path] not in UNSAID and "interval" not in path and not _is_nan(value):
        assert (
            not by_schema
            or path.endswith((".km", ".channels", "rs485.baud", "rs485_2.baud"))
            or path.startswith("service.")
        )


def _is_nan(value):
    values = value if isinstance(value, list) else [value]
    return any(isinstance(each, float) and each != each for each in values)


@pytest.mark.parametrize("path", sorted({path for path, _ in BAD}))
def test_it_refuses_bad_values(path):
    for value in dict(BAD)[path]:
        try:
            json.dumps(value)
        except (TypeError, ValueError):
            continue
        if _is_nan(value) or KINDS[path] == "points" or isinstance(value, float) and KINDS[path] == "integer":
            continue
        assert not VALIDATOR.is_valid(nested(path, value)), value


@pytest.mark.parametrize(
    "document", [[], "x", {"colour": 1}, {"version": 3}, {"service": {"a": 1}}, {"tou": 5}]
)
def test_it_refuses_what_is_no_document(document):
    assert not VALIDATOR.is_valid(document)
