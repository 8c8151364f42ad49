"""docs/dlms-objects.md says what the catalogue says."""

import dlms_doc
import pytest


@pytest.mark.feature("SEC-01")
def test_page_is_up_to_date():
    assert dlms_doc.PATH.read_text(encoding="utf-8") == dlms_doc.document(), "run tools/dlms_doc.py"


def test_every_class_of_the_catalogue_has_its_name():
    assert {one.class_id for one in dlms_doc._objects()} == set(dlms_doc.CLASSES)
