"""The boards' READMEs: pins as board.py has them, safety, drawings as they are made, and what they must say plainly."""

import ast
import re
import xml.etree.ElementTree as ElementTree

import board_drawings
import pytest
from ferraris import front_end

BOARDS = board_drawings.BOARDS
NAMES = tuple(board_drawings.DRAWINGS)


def constants(name):
    """Return the constants of a board.py, which needs a device to be imported; those of its class Wiring too."""
    found = {}
    tree = ast.parse((BOARDS / name / "board.py").read_text(encoding="utf-8"))
    bodies = [tree.body] + [node.body for node in tree.body if isinstance(node, ast.ClassDef)]
    for node in (node for body in bodies for node in body if isinstance(node, ast.Assign)):
        names = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else node.targets[:1]
        try:
            value = ast.literal_eval(node.value)
        except ValueError:
            continue
        values = value if isinstance(node.targets[0], ast.Tuple) else (value,)
        found |= {each.id: v for each, v in zip(names, values) if isinstance(each, ast.Name)}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_pins_in_the_readme_are_those_of_the_board(name):
    text, known = (BOARDS / name / "README.md").read_text(encoding="utf-8"), constants(name)
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \| `(\w+)`[^|]*\|$", text, re.M)
    checked = 0
    for pins, constant in rows:
        numbers = tuple(int(number) for number in re.findall(r"\bGP(?:IO)?(\d+)\b", pins))
        value = known[constant]
        if isinstance(value, int) and constant != "CLOCK_HZ":
            assert numbers == (value,), constant
            checked += 1
        elif isinstance(value, tuple):
            assert numbers == value, constant
            checked += 1
    assert checked >= 3


def a_volt(known):
    """Return (mains volts, amperes) for a volt at the input, of the constants of a board.py."""
    if "VOLTS_A_VOLT" in known:
        return known["VOLTS_A_VOLT"], known["AMPERES_A_VOLT"]
    series, tap = known["DIVIDER"]
    # The adapter's ratio is written as a quotient: constants() takes literals only. test_front_end compares it.
    return front_end.ADAPTER.ratio * (series + tap) / tap, known["TURNS"] / known["BURDEN"]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_volt_at_the_input_is_follows_from_the_resistors_of_the_readme(name):
    """Of adapters and clamps that isolate, class 20: whoever builds what is drawn has a meter that is right."""
    assert set(NAMES) == set(front_end.CONVERTERS)
    converter, known = front_end.CONVERTERS[name], constants(name)
    volts, amperes = a_volt(known)
    assert volts == pytest.approx(front_end.voltage(converter).a_volt, abs=0.005)
    assert amperes == pytest.approx(front_end.current(converter, 20.0).a_volt, abs=0.005)
    text = (BOARDS / name / "README.md").read_text(encoding="utf-8")
    assert f"| {volts:.2f} V |" in text and f"| {amperes:.2f} A |" in text


@pytest.mark.parametrize("name", NAMES)
def test_it_says_plainly_that_it_was_not_run_and_what_is_dangerous(name):
    text = (BOARDS / name / "README.md").read_text(encoding="utf-8")
    assert "**This board has not been run on hardware.**" in text
    assert "**Never open the secondary of a clamp" in text
    for heading in ("Parts", "Wiring", "Burdens and dividers", "What is live", "First start", "Calibration"):
        assert re.search(f"^## {heading}", text, re.M), heading


@pytest.mark.parametrize("name", NAMES)
def test_the_drawing_is_the_one_that_is_made_and_is_sound(name):
    text = board_drawings.path(name).read_text(encoding="utf-8")
    assert text == board_drawings.draw(name), "python tools/board_drawings.py"
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "![wiring](wiring.svg)" in (BOARDS / name / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_pins_in_the_drawing_are_in_the_readme(name):
    drawn = re.findall(r"\bGP(?:IO)?\d+\b", board_drawings.path(name).read_text(encoding="utf-8"))
    text = (BOARDS / name / "README.md").read_text(encoding="utf-8")
    assert len(drawn) > 8 and [pin for pin in drawn if not re.search(rf"\b{pin}\b", text)] == []
