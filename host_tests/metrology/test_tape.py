"""Tapes: what is written down computes what the lines would, by the plain interpreter and by the native one."""

from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.metrology import tape
from meter.xnp import larger, root, step

from host_tests.hal.thumb import Thumb
from host_tests.hal.thumb import uctypes as memory

INPUTS, RESULTS = 4, 6  # registers: results behind inputs


@pytest.fixture(scope="module")
def thumb(tmp_path_factory):
    return Thumb("meter.metrology.tape_thumb", "armv7emsp", tmp_path_factory.mktemp("thumb"))


STEPS = {
    "add": lambda a, b, x: a + b,
    "sub": lambda a, b, x: a - b,
    "mul": lambda a, b, x: a * b,
    "larger": lambda a, b, x: larger(a, b),
    "step": lambda a, b, x: step(a),
    "root": lambda a, b, x: root(a * a),
    "add number": lambda a, b, x: a + x,
    "number less": lambda a, b, x: x - a,
    "times number": lambda a, b, x: x * a,
}
PLACES, NUMBERS = st.integers(0, 30), st.sampled_from((0.5, -1.0, 3.0))
PROGRAMS = st.lists(st.tuples(st.sampled_from(sorted(STEPS)), PLACES, PLACES, NUMBERS), max_size=40)
VALUES = st.lists(st.floats(-100, 100, width=32), min_size=INPUTS, max_size=INPUTS)


def lines_of(program):
    """The function that a program stands for: the results are its last values; the first input becomes the last."""

    def lines(number):
        values = [number(k) for k in range(INPUTS)]
        for name, a, b, x in program:
            values.append(STEPS[name](values[-1 - a % len(values)], values[-1 - b % len(values)], x))
        results = [(INPUTS + k, value) for k, value in enumerate(values[-RESULTS:])]
        return results + [(0, values[-1])]

    return lines


def directly(program, values):
    """The results in single precision."""
    with np.errstate(all="ignore"):
        found = lines_of(program)(lambda register: np.float32(values[register]))
    return {register: np.float32(value) for register, value in found}


def registers_of(recorded, values):
    _, constants, count = recorded
    registers = array("f", [0.0] * count)
    registers[:INPUTS] = array("f", values)
    for register, value in constants:
        registers[register] = value
    return registers


@given(PROGRAMS, VALUES)
def test_a_tape_does_what_the_lines_do(program, values):
    recorded = tape.record(lines_of(program), INPUTS + RESULTS)
    registers = np.array(registers_of(recorded, values), dtype=np.float32)
    with np.errstate(all="ignore"):
        tape.run_plain(recorded[0], registers)
    wanted = directly(program, values)
    for register, value in wanted.items():
        assert np.array_equal(registers[register], value, equal_nan=True)


@given(PROGRAMS, VALUES)
def test_the_processors_instructions_do_the_same_to_the_last_bit(thumb, program, values):
    recorded = tape.record(lines_of(program), INPUTS + RESULTS)
    registers = registers_of(recorded, values)
    wanted = np.array(registers, dtype=np.float32)
    with np.errstate(all="ignore"):
        tape.run_plain(recorded[0], wanted)
    with thumb.installed():
        words = recorded[0]
        place = memory.addressof(words) if words else 0
        thumb.run(array("I", [place, place + 4 * len(words), memory.addressof(registers)]))
    assert np.array_equal(np.array(registers, dtype=np.float32), wanted, equal_nan=True)


@pytest.mark.parametrize("a", (-np.inf, -1.0, -0.0, 0.0, 2.0, np.inf, np.nan))
@pytest.mark.parametrize("b", (-np.inf, 0.0, 3.0, np.nan))
def test_what_is_no_number_goes_the_same_way(thumb, a, b):
    program = [("step", 0, 0, 0.5), ("larger", 2, 1, 0.5), ("larger", 2, 3, 0.5), ("add", 4, 3, 0.5)]
    test_the_processors_instructions_do_the_same_to_the_last_bit.hypothesis.inner_test(
        thumb, program, [a, b, a, b]
    )


def test_registers_are_used_again():
    def lines(number):
        value = number(0)
        for _ in range(100):
            value = value * 0.5 + number(1)
        return [(2, value)]

    words, constants, count = tape.record(lines, 3)
    assert len(words) == 200 and count <= 6 and constants == [(3, 0.5)]


def test_what_nobody_needs_is_not_done():
    def lines(number):
        number(0) * 2.0
        return [(1, number(0) + 1.0)]

    assert len(tape.record(lines, 2)[0]) == 1


def test_a_result_in_two_places_is_copied():
    def lines(number):
        double = number(0) + number(0)
        return [(1, double), (2, double), (0, double)]

    words, _, _ = tape.record(lines, 3)
    registers = [4.0, 0.0, 0.0]
    tape.run_plain(words, registers)
    assert registers == [8.0, 8.0, 8.0] and len(words) == 3


@pytest.mark.parametrize("inputs, count", ((3, 1200), (40, 480)))
def test_more_than_the_words_have_room_for_is_refused(inputs, count):
    """Of numbers while it is written down, and of registers."""

    def lines(number):
        values = [number(0) + number(1) for _ in range(count)]
        total = number(0)
        for value in values:
            total = total * value
        return [(2, total)]

    with pytest.raises(MemoryError):
        tape.record(lines, inputs)
