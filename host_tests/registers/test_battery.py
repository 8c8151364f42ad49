"""The battery: its colour by its age, and for how long it has been in use."""

import pytest
from meter.registers.battery import GREEN, RED, YELLOW, Battery

DAY = 86400
NEW = 1_700_000_000
YEAR = 31_557_600

pytestmark = pytest.mark.feature("PWR-04")


def new():
    battery = Battery()
    battery.changed(NEW)
    return battery


def test_the_colour_goes_by_the_age():
    battery = new()
    colours = [battery.colour(NEW + age) for age in (0, 8 * YEAR - 1, 8 * YEAR, 10 * YEAR - 1, 10 * YEAR)]
    assert colours == [GREEN, GREEN, YELLOW, YELLOW, RED]


def test_a_lost_clock_is_a_failure_until_it_is_changed():
    battery = new()
    battery.failed()
    assert battery.colour(NEW) == RED
    battery.changed(NEW + 5)
    assert (battery.colour(NEW + 5), battery.days()) == (GREEN, 0)


def test_outages_add_up_to_whole_days():
    battery = new()
    for seconds in (DAY - 1, -5, 2, DAY - 2):
        battery.outage(seconds)
    assert (battery.days(), battery.used_s) == (1, 2 * DAY - 1)


def test_its_age_stays_when_the_clock_is_set():
    battery = new()
    battery.moved(NEW + 5, NEW + 5 + 9 * YEAR)
    assert battery.colour(NEW + 5 + 9 * YEAR) == GREEN
    battery.moved(NEW + 9 * YEAR, 0)
    assert battery.since == 0


def test_all_is_kept():
    battery, other = new(), Battery()
    battery.outage(3 * DAY)
    battery.failed()
    other.restore(battery.state())
    assert (other.since, other.days(), other.colour(NEW)) == (NEW, 3, RED)
