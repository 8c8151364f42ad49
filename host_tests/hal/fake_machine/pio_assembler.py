"""The assembler of PIO programs that are written as Python functions, as MicroPython's rp2.asm_pio takes them.

Encodings: RP2350 data sheet, 11.4. Only a side-set on every instruction, or none, is known here.
"""


class PIO:
    """The constants that programs are made with."""

    JOIN_NONE, JOIN_TX, JOIN_RX = 0, 1, 2
    SHIFT_LEFT, SHIFT_RIGHT = 0, 1
    IN_LOW, IN_HIGH, OUT_LOW, OUT_HIGH = 0, 1, 2, 3


class Program:
    """An assembled program.

    opcodes     16 bits each
    wrap_target, wrap_top   addresses within the program
    """

    def __init__(self, options):
        self.set_init = options.get("set_init")
        self.sideset_init = options.get("sideset_init")
        self.side_bits = 0 if self.sideset_init is None else 1
        self.shifts_left = options.get("in_shiftdir", PIO.SHIFT_LEFT) == PIO.SHIFT_LEFT
        self.autopush = options.get("autopush", False)
        self.push_threshold = options.get("push_thresh", 32)
        self.opcodes, self.labels = [], {}
        self.wrap_target, self.wrap_top = 0, None


class Instruction:
    """One instruction while it is written down: .side() and [delay] add to it."""

    def __init__(self, program, opcode, label=None):
        self._program, self._at = program, len(program.opcodes)
        program.opcodes.append((opcode, label))

    def _add(self, bits):
        opcode, label = self._program.opcodes[self._at]
        self._program.opcodes[self._at] = (opcode | bits << 8, label)
        return self

    def side(self, value):
        assert self._program.side_bits and value in (0, 1)
        return self._add(value << 4)

    def __getitem__(self, delay):
        assert 0 <= delay < 32 >> self._program.side_bits, "delay too large"
        return self._add(delay)


PLACES = {"pins": 0, "x": 1, "y": 2, "null": 3, "pindirs": 4, "isr": 6, "osr": 7}
CONDITIONS = {"not_x": 1, "x_dec": 2, "not_y": 3, "y_dec": 4, "x_not_y": 5, "pin": 6, "not_osre": 7}
WAITS = {"gpio": 0, "pin": 1, "irq": 2}


class Word(str):
    """A name in a program: what it stands for depends on the instruction."""


def _instructions(program):
    def plain(opcode, label=None):
        return Instruction(program, opcode, label)

    def jmp(condition, label=None):
        if label is None:
            return plain(0, str(condition))
        return plain(CONDITIONS[condition] << 5, str(label))

    def wait(polarity, what, number):
        return plain(0x2000 | polarity << 7 | WAITS[what] << 5 | number)

    def wrap():
        program.wrap_top = len(program.opcodes) - 1

    def wrap_target():
        program.wrap_target = len(program.opcodes)

    def label(name):
        program.labels[name] = len(program.opcodes)

    return {
        "jmp": jmp,
        "wait": wait,
        "in_": lambda source, bits: plain(0x4000 | PLACES[source] << 5 | bits & 31),
        "out": lambda target, bits: plain(0x6000 | PLACES[target] << 5 | bits & 31),
        "push": lambda: plain(0x8020),
        "pull": lambda: plain(0x80A0),
        "mov": lambda target, source: plain(0xA000 | PLACES[target] << 5 | PLACES[source]),
        "set": lambda target, value: plain(0xE000 | PLACES[target] << 5 | value),
        "nop": lambda: plain(0xA042),
        "wrap": wrap,
        "wrap_target": wrap_target,
        "label": label,
    }


def asm_pio(**options):
    """Return a decorator that turns a function into a Program."""

    def assemble(function):
        program = Program(options)
        names = {name: Word(name) for name in (*PLACES, *CONDITIONS, *WAITS)}
        names.update(_instructions(program))
        exec(function.__code__, names)  # its names are those of the assembler
        if program.wrap_top is None:
            program.wrap_top = len(program.opcodes) - 1
        program.opcodes = [opcode | program.labels.get(label, 0) for opcode, label in program.opcodes]
        assert len(program.opcodes) <= 32
        return program

    return assemble
