"""`ferraris config`: makes, checks, compares and shows configurations."""

import json
from argparse import Namespace
from importlib import resources
from typing import Any

from meter.config import apply, document
from meter.config.schema import FIELDS, defaults

from ferraris.errors import UsageError
from ferraris.settings import Settings, load_settings
from ferraris.stored import stored

STATE, EXAMPLE, FACTORY = "state:", "example:", "factory"
WIDTH = 100
EFFECTS = (
    (apply.REGISTERS, "all registers and self-reads are set to zero"),
    (apply.PROFILE_1, "load profile 1 is erased"),
    (apply.PROFILE_2, "load profile 2 is erased"),
)


def examples() -> list[str]:
    """Return the names of the examples."""
    files = resources.files("ferraris.examples").iterdir()
    return sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json"))


def example(name: str) -> bytes:
    """Return an example, JSON. UsageError if there is none of this name."""
    if name not in examples():
        raise UsageError(f"{name}: there are the examples {', '.join(examples())}")
    return resources.files("ferraris.examples").joinpath(name + ".json").read_bytes()


def settings_of(what: str) -> Settings:
    """Return the settings that an argument names: a file, state:DIR, example:NAME or factory."""
    if what == FACTORY:
        return defaults()
    if what.startswith(EXAMPLE):
        return dict(document.read(example(what.removeprefix(EXAMPLE))))
    if what.startswith(STATE):
        with stored(what.removeprefix(STATE)) as meter:
            return meter.settings()
    return load_settings(what)


def new(options: Namespace) -> int:
    """Print a document: an example as it stands, or the factory's with every setting."""
    if options.example:
        print(example(options.example).decode(), end="")
    else:
        print(written(document.document_of(defaults())))
    return 0


def check(options: Namespace) -> int:
    """Say that a document is valid. What is wrong is raised as a UsageError."""
    found = load_settings(options.document)
    count = sum(1 for path, value in defaults().items() if not _is_same(found[path], value))
    print(f"{options.document}: valid; {count} settings are not as the factory has them")
    return 0


def diff(options: Namespace) -> int:
    """Print what differs by path, and what the meter re-initialises when it goes from the one to the other."""
    old, new = settings_of(options.old), settings_of(options.new)
    lines = differences(old, new)
    for line in lines:
        print(line)
    if not lines:
        print("no setting differs")
        return 0
    sections, what = apply.changed(old, new)
    effects = [text for bit, text in EFFECTS if what & bit]
    print(f"{', '.join(sections)}: {'; '.join(effects)}" if sections else "nothing is re-initialised")
    return 0


def differences(old: Settings, new: Settings) -> list[str]:
    """Return a line for each setting that differs."""
    return [line for field in FIELDS for line in _differences(field, old[field[0]], new[field[0]])]


def _differences(field: Any, old: Any, new: Any) -> list[str]:
    path, kind, _, _, unit, _ = field
    if _is_same(old, new):
        return []
    if kind != "registers":
        end = f" {unit}" if unit else ""
        return [f"{path}: {_text(old)}{end} -> {_text(new)}{end}"]
    before, after = ({one["id"]: one for one in entries} for entries in (old, new))
    lines = []
    for number in sorted(before.keys() | after.keys()):
        was, now = before.get(number), after.get(number)
        name = f"{path}: register {number}"
        if was is None or now is None:
            lines.append(f"{name} ({_register(was or now)}) {'comes new' if was is None else 'goes'}")
        elif not _is_same(was, now):
            words = [
                f"{column} {_text(was.get(column))} -> {_text(now.get(column))}"
                for column in dict.fromkeys([*was, *now])
                if was.get(column) != now.get(column)
            ]
            lines.append(f"{name}: {', '.join(words)}")
    return lines or [f"{path}: another order"]


def _register(one: Any) -> str:
    return " ".join(str(one[name]) for name in ("kind", "quantity", "rate", "storage") if name in one)


def show(options: Namespace) -> int:
    """Print a configuration as a table: path, value, meaning; what is not the factory's has an asterisk."""
    found = settings_of(options.document)
    for path, kind, default, _, unit, text in FIELDS:
        is_changed = not _is_same(found[path], default)
        if options.changed and not is_changed:
            continue
        value = f"{len(found[path])} registers" if kind == "registers" else _text(found[path])
        mark = "*" if is_changed else " "
        print(f"{mark} {path:32} {f'{value} {unit}'.strip():36} {text}")
        for one in found[path] if kind == "registers" else ():
            print(f"    {one['id']:>3}  {_register(one)}")
    return 0


def _is_same(a: Any, b: Any) -> bool:
    return bool(_text(a) == _text(b))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def written(value: Any, indent: int = 0) -> str:
    """Return JSON for people: sections indented, lists on one line where they fit."""
    line = _text(value)
    if not value or not isinstance(value, dict | list) or _fits(value, line, indent):
        return line
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{pad}{_text(name)}: {written(part, indent + 2)}" for name, part in value.items()]
        return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(pad + written(part, indent + 2) for part in value) + "\n" + " " * indent + "]"


def _fits(value: Any, line: str, indent: int) -> bool:
    # Sections are always opened; of a list its members are.
    is_leaf = isinstance(value, list) and not any(isinstance(part, dict) for part in value)
    is_register = isinstance(value, dict) and "id" in value and "kind" in value
    return (is_leaf and len(line) + indent <= WIDTH) or is_register
