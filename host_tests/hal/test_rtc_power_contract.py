"""The contracts of hal Rtc and Power (meter/hal/__init__.py).

To test other backends, add rows to CLOCKS and SUPPLIES: () -> a device.
"""

import asyncio
from time import time

import pytest
from meter.hal.sim.power import Power
from meter.hal.sim.rtc import Rtc

from host_tests.hal import linux_clocks, rp2_devices

CLOCKS = {
    "sim": Rtc,
    "sim at a given time": lambda: Rtc(1_700_000_000),
    "rp2": rp2_devices.rtc,
    **linux_clocks.CLOCKS,
}
SUPPLIES = {"sim": Power, "rp2": rp2_devices.power, **linux_clocks.SUPPLIES}


@pytest.fixture(params=CLOCKS)
def rtc(request):
    return CLOCKS[request.param]()


@pytest.fixture(params=SUPPLIES)
def power(request):
    return SUPPLIES[request.param]()


def test_a_clock_reads_whole_seconds_that_do_not_go_back(rtc):
    first, second = rtc.read(), rtc.read()
    assert type(first) is int and first > 1_500_000_000
    assert second in (first, first + 1)


@pytest.mark.parametrize("seconds", (946_684_800, 1_900_000_000, 4_102_444_799))
def test_a_clock_that_was_set_reads_that_time(rtc, seconds):
    rtc.set(seconds)
    assert rtc.read() in (seconds, seconds + 1)


def test_setting_the_clock_ends_a_loss_of_power(rtc):
    rtc.power_lost = True
    rtc.set(1_800_000_000)
    assert rtc.power_lost is False


def test_a_clock_that_ran_has_not_lost_its_power(rtc):
    assert rtc.power_lost is False


def test_a_clock_without_a_start_is_the_hosts():
    assert abs(Rtc().read() - time()) < 2


def test_mains_are_present_and_nothing_fails_by_itself(power):
    assert power.mains is True
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(asyncio.wait_for(power.failing(), 0.01))


def test_a_failure_wakes_everyone_who_waits_for_it(power):
    async def wait():
        waiting = [asyncio.create_task(power.failing()) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        power.fail()
        await asyncio.wait_for(asyncio.gather(*waiting), 1)

    asyncio.run(wait())
    assert power.mains is False


def test_a_failure_that_came_before_is_still_seen(power):
    power.fail()
    asyncio.run(asyncio.wait_for(power.failing(), 1))
