"""What MicroPython's rp2 port gives to drivers: modules machine, rp2, network, uctypes, framebuf.

They behave as the port does as far as the drivers of hal/rp2 use them, and refuse what the port refuses. Behind
them is a World: a virtual time, pins, and chips on buses (see ../models). Drivers import these modules once; each
test gets a World of its own by `new_world()`.
"""

import asyncio
import os
import sys
import time
from contextlib import contextmanager

from meter import compat

from host_tests.hal.fake_machine import framebuf, machine, network, rp2, uctypes, world

MODULES = {"machine": machine, "rp2": rp2, "network": network, "uctypes": uctypes, "framebuf": framebuf}
sys.modules.update(MODULES)
time.sleep_ms = lambda ms: world.current().advance(ms * 1000)
TURN_US = 20  # of a turn of the loop in which nobody waits
REAL_TICKS = compat.ticks_ms
REAL_STATVFS = os.statvfs


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in the World's time: whoever sleeps lets the World go on."""

    def __init__(self):
        super().__init__()
        real = self._selector.select

        def select(timeout):
            assert timeout is not None, "everybody waits, and nothing will happen"
            world.current().advance(max(timeout * 1e6, TURN_US))
            return real(0)

        self._selector.select = select

    def time(self):
        return world.current().now / 1e6


class VirtualPolicy(asyncio.DefaultEventLoopPolicy):
    """asyncio.run() takes a VirtualLoop."""

    def new_event_loop(self):
        return VirtualLoop()


@contextmanager
def new_world(is_virtual=True, **options):
    """A World (see world.World) in whose time asyncio and the firmware's clocks go, if it is virtual."""
    made = world.World(**options)
    before = asyncio.get_event_loop_policy()
    world.set_current(made)
    uctypes.forget()
    # As MicroPython's: sizes of a block twice, blocks, free blocks twice, and what is 0 there.
    os.statvfs = lambda path: (4096, 4096, made.files // 4096, 8, 8, 0, 0, 0, 0, 255)
    if is_virtual:
        asyncio.set_event_loop_policy(VirtualPolicy())
        compat.ticks_ms = lambda: int(made.now // 1000)
    try:
        yield made
    finally:
        compat.ticks_ms = REAL_TICKS
        os.statvfs = REAL_STATVFS
        asyncio.set_event_loop_policy(before)
        world.set_current(None)
