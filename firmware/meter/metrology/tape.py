"""A tape: arithmetic that was written down once, to be run again and again without Python.

Booking a half cycle is some 800 operations with floats, always the same ones: an interpreter takes 100,000 cycles and
10 KB of garbage for them. So the lines that book (see booking) are run once with Unknowns in place of floats, which
write down what would be done with them; tape_thumb does it then in a fiftieth of the time.

Numbers are in registers, an array of single floats. An operation is one word:

    | 3 bits operation | 9 bits result | 9 bits b | 9 bits a |      a, b and result: numbers of registers
"""

from array import array
from math import sqrt

from meter.compat import const
from meter.xnp import Unknown

ADD = const(0)  # a + b
SUB = const(1)  # a - b
MUL = const(2)  # a * b
LARGER = const(3)  # the larger of a and b
STEP = const(4)  # 1 where a is 0 or more, else 0
ROOT = const(5)  # the square root of a

REGISTERS = const(512)  # as many as the words have room for
_NUMBERS = const(2048)  # before: inputs, then results from there on, and constants from the end down
_NEVER = const(0xFFFF)  # behind the last operation; or no register


class _Number(Unknown):
    """A number that will be known when the tape runs: number `place` of the recorder's."""

    def __init__(self, recorder, place):
        self._recorder = recorder
        self.place = place

    def __add__(self, other):
        return self._recorder.write(ADD, self, other)

    __radd__ = __add__

    def __sub__(self, other):
        return self._recorder.write(SUB, self, other)

    def __rsub__(self, other):
        return self._recorder.write(SUB, other, self)

    def __mul__(self, other):
        return self._recorder.write(MUL, self, other)

    __rmul__ = __mul__

    def larger(self, other):
        return self._recorder.write(LARGER, self, other)

    def step(self):
        return self._recorder.write(STEP, self, self)

    def root(self):
        return self._recorder.write(ROOT, self, self)


class _Recorder:
    """Writes operations down, each with a result of its own.

    inputs      how many there are
    read        those that are read
    words       of each operation: operation << 22 | b << 11 | a, numbers
    constants   number by value
    """

    def __init__(self, inputs):
        self.inputs = inputs
        self.read = set()
        self.words = array("I")
        self.constants = {}

    def input(self, register):
        self.read.add(register)
        return _Number(self, register)

    def write(self, operation, a, b):
        """Write an operation down. a, b: _Numbers or floats. Return the result, a _Number."""
        words = self.words
        words.append(operation << 22 | self.place(b) << 11 | self.place(a))
        return _Number(self, self.inputs + len(words) - 1)

    def place(self, number):
        """Return which one a number is, a _Number or a float."""
        if type(number) is _Number:
            return number.place
        if number not in self.constants:
            self.constants[number] = _NUMBERS - 1 - len(self.constants)
        return self.constants[number]


def record(lines, inputs):
    """Write down what lines() computes. Return (words, constants, registers).

    lines(number)   number(register): what is in a register, to compute with, a float in all but value. Returns a list
                    of (register, value): the results. One that goes to a register which is read as well is put there
                    when all is computed.
    inputs          registers for what is read and for results; those above are for constants and what is between
    constants       list of (register, value)
    registers       how many there are. MemoryError if the words have no room for so many.
    """
    recorder = _Recorder(inputs)
    results = [(register, recorder.place(value)) for register, value in lines(recorder.input)]
    numbers = inputs + len(recorder.words) + len(recorder.constants)
    if numbers > _NUMBERS:
        raise MemoryError("%d numbers" % numbers)
    words, registers, count = _assigned(recorder, *_needed(recorder, results))
    for register, number in results:
        place = registers[number]
        if place != register:
            words.append(LARGER << 27 | register << 18 | place << 9 | place)
    if count > REGISTERS:
        raise MemoryError("%d registers" % count)
    return words, [(registers[number], value) for value, number in recorder.constants.items()], count


def _needed(recorder, results):
    """Return (last, homes): by number, the last operation that needs it, 0 if none; and the register it belongs to."""
    last, homes = array("H", [0] * _NUMBERS), array("H", [_NEVER] * _NUMBERS)
    for count, word in enumerate(recorder.words):
        last[word & 2047] = last[word >> 11 & 2047] = count
    stop = recorder.inputs + len(recorder.words)
    for register, number in results:
        if recorder.inputs <= number < stop:
            last[number] = _NEVER
            if homes[number] == _NEVER and register not in recorder.read:
                homes[number] = register
    return last, homes


def _assigned(recorder, last, homes):
    """Return (words, registers, count): the tape with registers in place of numbers, and the register of each number.

    A number that nobody needs any more gives its register to the next one.
    """
    first, top = recorder.inputs, recorder.inputs
    stop, free = first + len(recorder.words), []
    registers, words = array("H", range(_NUMBERS)), array("I")
    for number in recorder.constants.values():
        registers[number] = top
        top += 1
    for count, word in enumerate(recorder.words):
        a, b, number = word & 2047, word >> 11 & 2047, first + count
        if last[a] == count and first <= a < stop:
            free.append(registers[a])
        if last[b] == count and first <= b < stop and a != b:
            free.append(registers[b])
        if not last[number]:
            continue
        if homes[number] != _NEVER:
            registers[number] = homes[number]
        elif free:
            registers[number] = free.pop()
        else:
            registers[number] = top
            top += 1
        words.append(word >> 22 << 27 | registers[number] << 18 | registers[b] << 9 | registers[a])
    return words, registers, top


def run_plain(words, registers):
    """Do what a tape says: what tape_thumb.run() does, to hold it against."""
    for word in words:
        a, b = registers[word & 511], registers[word >> 9 & 511]
        operation = word >> 27
        if operation == ADD:
            value = a + b
        elif operation == SUB:
            value = a - b
        elif operation == MUL:
            value = a * b
        elif operation == LARGER:
            value = max(a, b)
        elif operation == STEP:
            value = 1.0 if a >= 0 else 0.0
        else:
            value = sqrt(a)
        registers[word >> 18 & 511] = value
