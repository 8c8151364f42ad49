"""docs/configuration.md says what the table of settings says."""

import json
import re

import config_doc
from meter.config.schema import FIELDS, validate


def test_page_is_up_to_date():
    assert config_doc.PATH.read_text(encoding="utf-8") == config_doc.document(), "run tools/config_doc.py"


def test_every_setting_has_one_row_with_its_default():
    rows = re.findall(r"^\| `([a-z0-9_.]+)` \| `(.*?)`", config_doc.document(), re.MULTILINE)
    assert [path for path, _ in rows] == [field[0] for field in FIELDS]
    for (_, text), field in zip(rows, FIELDS):
        default = list(field[2]) if isinstance(field[2], tuple) else field[2]
        assert text == "the factory's list" if field[1] == "registers" else json.loads(text) == default


def test_example_of_the_page_is_a_valid_configuration():
    example = re.search(r"```json\n(.*?)```", config_doc.document(), re.DOTALL)[1]
    assert validate(json.loads(example))["service.nominal_voltage"] == 230
