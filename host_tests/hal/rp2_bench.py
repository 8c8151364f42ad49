"""An ADS131M08 wired to an RP2350, and the driver on top of it: what the tests of hal/rp2/adc share."""

import asyncio
from contextlib import contextmanager
from math import pi, sin

from host_tests.hal.fake_machine import new_world
from host_tests.hal.models.ads131m08 import Ads131m08

CLKIN, SCK, MOSI, MISO, DRDY, CS, RESET = PINS = (21, 18, 19, 16, 17, 20, 22)
INPUTS = ("VA", "VB", "VC", "IA", "IB", "IC", None, None)
GAINS = (1, 1, 1, 4, 4, 4, 1, 1)
RATIOS = (500.0,) * 3 + (20.0,) * 5
RATE = 150e6 / 19 / 256


def waves(number):
    """Eight input voltages: sines of 60 Hz, of a phase and size of their own."""
    turn = 2 * pi * 60 * number / RATE
    return [0.2 * (1 + k) / 8 * sin(turn - k) for k in range(8)]


@contextmanager
def bench(source=waves, rate=30720.0, **options):
    """(World, chip, Adc): the driver over the chip's model."""
    with new_world(**options) as world:
        from meter.hal.rp2.adc import Adc

        chip = Ads131m08(world, PINS, source)
        yield world, chip, Adc(PINS, INPUTS, GAINS, RATIOS, rate)


def read_blocks(adc, most):
    """Return the next `most` blocks, copied."""

    async def collect():
        found = []
        while len(found) < most:
            first, count, data = await adc.read()
            found.append((first, count, bytes(data)))
        return found

    return asyncio.run(collect())
