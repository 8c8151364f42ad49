"""docs/configuration.md says what the table of settings says."""

import json
import re

import config_doc
import pytest
from meter.config.document import settings_of
from meter.config.schema import FIELDS


@pytest.mark.parametrize("path, text", config_doc.pages(), ids=["page", "schema"])
def test_what_is_made_from_the_table_is_up_to_date(path, text):
    assert path.read_text(encoding="utf-8") == text, "run tools/config_doc.py"


def test_every_setting_has_one_row_with_its_default():
    rows = re.findall(r"^\| `([a-z0-9_.]+)` \| `(.*?)`", config_doc.document(), re.MULTILINE)
    assert [path for path, _ in rows] == [field[0] for field in FIELDS]
    for (_, text), field in zip(rows, FIELDS):
        default = list(field[2]) if isinstance(field[2], tuple) else field[2]
        assert text == "the factory's list" if field[1] == "registers" else json.loads(text) == default


def test_example_of_the_page_is_a_valid_configuration():
    example = re.search(r"```json\n(.*?)```", config_doc.document(), re.DOTALL)[1]
    assert settings_of(json.loads(example))["service.nominal_voltage"] == 230
