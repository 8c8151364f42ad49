"""docs/access.md says what the tables of access say."""

import access_doc
from meter.access.commands import COMMANDS


def test_page_is_up_to_date():
    assert access_doc.PATH.read_text(encoding="utf-8") == access_doc.document(), "run tools/access_doc.py"


def test_every_command_has_one_row():
    page = access_doc.document().partition("## Commands")[2].partition("\n## ")[0]
    assert all(page.count(f"\n| {row[0]} | ") == 1 for row in COMMANDS)
