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
_END = const(0xFFFF)  # behind the last operation; or no register


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


class _Rehearsal:
    """Takes operations down without writing any: to see how long each result is needed.

    last    by result, the number of the last operation that needs it: its own if none does
    read    the registers of what is read
    """

    def __init__(self):
        self.last = array("H")
        self.read = set()

    def input(self, register):
        self.read.add(register)
        return _Number(self, register, -1)

    def write(self, _, a, b):
        """Take an operation down. a, b: _Numbers or floats. Return the result, a _Number."""
        last = self.last
        count = len(last)
        last.append(count)
        if type(a) is _Number and a.result >= 0:
            last[a.result] = count
        if type(b) is _Number and b.result >= 0:
            last[b.result] = count
        return _Number(self, 0, count)

    def copy(self, number, register):
        """Take down that a number, a _Number or a float, is to be copied to a register when all is done."""
        if type(number) is _Number and number.result >= 0:
            self.last[number.result] = _END


class _Recorder:
    """Writes operations down.

    inputs  registers that are taken
    last    by result, the number of the last operation that needs it
    homes   by result, the register where it shall be, or 0xFFFF
    """

    def __init__(self, inputs, last, homes):
        self.top = inputs  # the first register that was never taken
        self.words = array("I")
        self.constants = {}  # _Number by value
        self._last = last
        self._homes = homes
        self._free = []
        self._count = 0

    def input(self, register):
        return _Number(self, register, -1)

    def write(self, operation, a, b):
        """Write an operation down. a, b: _Numbers or floats. Return the result, a _Number."""
        if type(a) is not _Number:
            a = self._constant(a)
        if type(b) is not _Number:
            b = self._constant(b)
        count, last, homes = self._count, self._last, self._homes
        self._count = count + 1
        if a.result >= 0 and last[a.result] == count:
            self._free.append(a.register)
        if b.result >= 0 and last[b.result] == count and b.result != a.result:
            self._free.append(b.register)
        register = homes[count]
        if register == _END:
            if last[count] == count:
                return a  # nobody needs it
            register = self._free.pop() if self._free else self._register()
        self.words.append(operation << 27 | register << 18 | b.register << 9 | a.register)
        return _Number(self, register, count)

    def copy(self, number, register):
        """Write down that a number, a _Number or a float, is copied to a register."""
        if type(number) is not _Number:
            number = self._constant(number)
        if register != number.register:
            place = number.register
            self.words.append(LARGER << 27 | register << 18 | place << 9 | place)

    def _constant(self, value):
        if value not in self.constants:
            self.constants[value] = _Number(self, self._register(), -1)
        return self.constants[value]

    def _register(self):
        self.top += 1
        return self.top - 1


def record(lines, inputs):
    """Write down what lines() computes. Return (words, constants, registers).

    lines(number)   number(register): what is in a register, to compute with, a float in all but value. Returns
                    (register, value) of each result. One that goes to a register which is read as well is put there
                    when all is computed.
    inputs          registers for what is read and for results; those above are for constants and what is between
    constants       list of (register, value)
    registers       how many there are. MemoryError if the words have no room for so many.
    """
    first = _Rehearsal()
    found = _run(lines, first)
    homes = array("H", [_END] * len(first.last))
    for register, value in found:
        if type(value) is _Number and value.result >= 0 and register not in first.read:
            if homes[value.result] == _END:
                homes[value.result] = register
    found = None  # some thousand bytes that the second time needs
    second = _Recorder(inputs, first.last, homes)
    _run(lines, second)
    if second.top > REGISTERS:
        raise MemoryError("%d registers" % second.top)
    constants = [(number.register, value) for value, number in second.constants.items()]
    return second.words, constants, second.top


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
