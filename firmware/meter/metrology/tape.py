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


class _Number(Unknown):
    """A number in a register, or the result of an operation, counted from 0."""

    def __init__(self, recorder, register, result):
        self._recorder = recorder
        self.register = register
        self.result = result  # -1 of what is no result

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
    """Writes operations down. The first time only to see how long each result is needed, the second time for good.

    inputs  registers that are taken
    last    by result, the number of the last operation that needs it; None the first time
    homes   result -> the register where it shall be
    """

    def __init__(self, inputs, last=None, homes=()):
        self.top = inputs  # the first register that was never taken
        self.last = array("H") if last is None else last
        self.is_first = last is None
        self.words = array("I")
        self.constants = {}  # number -> register
        self.read = set()  # the inputs that are read
        self._homes = homes
        self._free = []
        self._count = 0

    def input(self, register):
        self.read.add(register)
        return _Number(self, register, -1)

    def write(self, operation, a, b):
        """Write an operation down. a, b: _Numbers or floats. Return the result, a _Number."""
        a, b, count = self._number(a), self._number(b), self._count
        self._count = count + 1
        if self.is_first:
            self.last.append(count)
            for number in (a, b):
                if number.result >= 0:
                    self.last[number.result] = count
            return _Number(self, 0, count)
        self._give_back(a, count)
        if b.result != a.result:
            self._give_back(b, count)
        if self.last[count] == count and count not in self._homes:
            return _Number(self, 0, count)  # nobody needs it
        result = _Number(self, self._homes[count] if count in self._homes else self._register(), count)
        self._word(operation, result.register, a, b)
        return result

    def copy(self, number, register):
        """Write down that a number, a _Number or a float, is copied to a register."""
        number = self._number(number)
        if self.is_first and number.result >= 0:
            self.last[number.result] = 0xFFFF
        if not self.is_first and register != number.register:
            self._word(LARGER, register, number, number)

    def _number(self, number):
        if isinstance(number, _Number):
            return number
        if number not in self.constants:
            self.constants[number] = self.top
            self.top += 1
        return _Number(self, self.constants[number], -1)

    def _register(self):
        if self._free:
            return self._free.pop()
        self.top += 1
        return self.top - 1

    def _give_back(self, number, count):
        if number.result >= 0 and self.last[number.result] == count and number.result not in self._homes:
            self._free.append(number.register)

    def _word(self, operation, register, a, b):
        self.words.append(operation << 27 | register << 18 | b.register << 9 | a.register)


def record(lines, inputs):
    """Write down what lines() computes. Return (words, constants, registers): constants: register by value.

    lines(number)   number(register): what is in a register, to compute with, a float in all but value. Returns
                    (register, value) of each result. One that goes to a register which is read as well is put there
                    when all is computed.
    inputs          registers for what is read and for results; those above are for constants and what is between
    registers       how many there are. MemoryError if the words have no room for so many.
    """
    first = _Recorder(inputs)
    homes = {}
    for register, value in _run(lines, first):
        if isinstance(value, _Number) and value.result >= 0 and register not in first.read:
            homes.setdefault(value.result, register)
    second = _Recorder(inputs, first.last, homes)
    _run(lines, second)
    if second.top > REGISTERS:
        raise MemoryError("%d registers" % second.top)
    return second.words, second.constants, second.top


def _run(lines, recorder):
    found = lines(recorder.input)
    for register, value in found:
        recorder.copy(value, register)
    return found


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
