"""docs/dlms-objects.md from the catalogue of a meter: `dlms_doc.py` writes it anew, `dlms_doc.py --check` says whether
it is up to date.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from meter.access.commands import read_right
from meter.access.visitor import Visitor
from meter.app import App
from meter.config.schema import validate
from meter.protocols.dlms.association import Association
from meter.protocols.dlms.objects.base import FREE, KEYED, CosemObject
from meter.protocols.dlms.objects.names import text
from meter.registers import event_kinds
from meter.serving import device

from boards.sim.board import Board, nominal_full_scale, synthesizer

PATH = Path(__file__).parents[1] / "docs" / "dlms-objects.md"
HEAD = """\
# The objects of DLMS, and who may do what

<!-- Written by tools/dlms_doc.py from the catalogue. Edit firmware/meter/protocols/dlms/objects, not this page. -->

Every object of a meter with the factory's registers, both load profiles and a demand register of each kind. Objects of
the same class and rights share a row. The object list of an association says the same to its client, for it is made of
the same rights; a test walks it as each client.

- **all**: whoever has an association. **keys**: only who has proved to have the keys (client 1).
- **read ...**: the right that a user needs to read it; the public client has what needs no login
  ([access.md](access.md)). Who has the keys may read everything.
- A setting or a command needs its user's right too. A reader sets the clock and does a few commands
  (access.md, Clients of DLMS); all else that changes the meter needs the keys.
- Attribute 1, the logical name, is for all.

| class | logical names | read | set | methods |
|---|---|---|---|---|
"""
SETTINGS = {
    "load_profile_2": {"channels": ["V.A", "status.system"]},
    "registers": {
        "alternate": [
            {"id": 100, "kind": "peak demand", "quantity": "W.del.P"},
            {"id": 101, "kind": "present demand", "quantity": "W.del.P"},
            {"id": 102, "kind": "past demand", "quantity": "W.del.P"},
        ]
    },
}
CLASSES = {
    1: "Data", 3: "Register", 4: "Extended register", 5: "Demand register", 7: "Profile generic", 8: "Clock",
    9: "Script table", 11: "Special days", 15: "Association LN", 17: "SAP assignment", 18: "Image transfer",
    20: "Activity calendar", 22: "Single action schedule", 23: "HDLC setup", 40: "Push setup", 41: "TCP-UDP setup",
    42: "IPv4 setup", 64: "Security setup", 70: "Disconnect control",
}  # fmt: skip
SHOWN = 3  # names of a row, before they are counted


class _Uptime:
    def ms(self) -> int:
        return 0


def _objects() -> Iterator[CosemObject]:
    """Yield every object of a meter in memory."""
    settings = validate(SETTINGS)
    board = Board(settings, synthesizer(settings), nominal_full_scale(settings), start=1_700_000_000)
    app = App(board, settings)
    visitor = Visitor(app.access, event_kinds.TCP, app._visits, _Uptime())
    visitor.login_by_key(True)
    shared = device(app, board)
    association = Association(visitor, shared)
    association.may = lambda right: right is not None  # type: ignore[method-assign]
    yield from shared.catalogue.all(association.context)


def document() -> str:
    """Return the whole page."""
    rows: dict[tuple, list[str]] = {}
    for one in _objects():
        key: tuple = (one.class_id, one.version, tuple(one.attributes), tuple(one.methods))
        rows.setdefault(key, []).append(text(one.ln))
    page = HEAD
    for (class_id, version, attributes, methods), names in sorted(rows.items(), key=lambda row: row[0][:2]):
        read = _grouped([(number, right) for number, right, _ in attributes])
        write = _grouped([(number, right) for number, _, right in attributes])
        called = _grouped(list(methods))
        title = f"{class_id} {CLASSES[class_id]}, version {version}"
        page += f"| {title} | {_shown(names)} | {read} | {write} | {called} |\n"
    return page


def _grouped(pairs: list[tuple[int, str | None]]) -> str:
    """Return '2, 3: read registers; 4: keys' of numbers with their rights."""
    found: dict[str, list[str]] = {}
    for number, right in pairs:
        if right is not None:
            found.setdefault(_right(right), []).append(str(number))
    return "; ".join(f"{', '.join(numbers)}: {right}" for right, numbers in found.items()) or "-"


def _right(right: str) -> str:
    kind, _, what = right.partition(":")
    if kind == "read":
        return read_right(what)
    return {FREE: "all", KEYED: "keys", "command": f"*{what}*", "set": f"`{what}`"}[kind]


def _shown(names: list[str]) -> str:
    if len(names) <= SHOWN + 1:
        return ", ".join(names)
    return f"{', '.join(names[:SHOWN])} ... {names[-1]} ({len(names)})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 if it is out of date"
    )
    if not parser.parse_args().check:
        PATH.write_text(document(), encoding="utf-8")
    elif not PATH.exists() or PATH.read_text(encoding="utf-8") != document():
        print(f"{PATH}: out of date; run tools/dlms_doc.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
