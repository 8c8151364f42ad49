"""What the boards that take an image are: the processor, and what an image may take. A manifest may say otherwise.

Budgets. flash: what the board's file system or its ROMFS partition holds. heap: the modules' share of MicroPython's
heap (docs: some 450 KB on an RP2350, 190 KB on an RP2040), the rest is for registers, frames, buffers and garbage.
"""

from typing import NamedTuple


class Target(NamedTuple):
    """arch: of native code, for mpy-cross. machine: part of what MicroPython says it runs on. budget: bytes by kind."""

    arch: str
    machine: str
    budget: dict[str, int]


TARGETS = {
    "pico2_ads131m08": Target("armv7emsp", "RP2350", {"flash": 1024 * 1024, "heap": 300 * 1024}),
    "pico_demo": Target("armv6m", "RP2040", {"flash": 512 * 1024, "heap": 110 * 1024}),
}
