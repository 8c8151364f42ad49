"""What the boards that take an image are: the processor, and what an image may take. A manifest may say otherwise.

flash is what the board's slots for an image, or its ROMFS partition, hold. The heap of the modules is what MicroPython
has, less what else must be in it: docs/real-time.md tells how each is known.
"""

from typing import Any, NamedTuple


class Target(NamedTuple):
    """arch: of native code, for mpy-cross. machine: part of what MicroPython says it runs on. flash: bytes.

    heap        (what, bytes) of what MicroPython has, then of what the modules leave
    is_frozen   the firmware is frozen into the board's MicroPython
    """

    arch: str
    machine: str
    flash: int
    heap: tuple[tuple[str, int], ...]
    is_frozen: bool = False

    def values(self) -> dict[str, Any]:
        """Return what of manifest.NAMES it says."""
        (_, has), *others = self.heap
        return {
            "BUDGET": {"flash": self.flash, "heap": has - sum(size for _, size in others)},
            "ARCH": self.arch,
            "MACHINE": self.machine,
            "FROZEN": self.is_frozen,
            "HEAP": self.heap,
        }


TARGETS = {
    "pico2_ads131m08": Target(
        "armv7emsp",
        "RP2350",
        448 * 1024,
        (("MicroPython has", 451_392), ("ring", 98_304), ("what runs", 140_000), ("garbage", 32_768)),
        is_frozen=True,
    ),
    "pico_demo": Target(
        "armv6m",
        "RP2040",
        512 * 1024,
        (("MicroPython has", 233_000), ("what runs", 117_000), ("garbage", 24_000)),
    ),
}
