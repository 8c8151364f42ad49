"""hal/linux's Contacts over a model of a GPIO chip, for the contract suite: its clock is the test's."""

from meter.hal.linux.contacts import Contacts

from host_tests.hal.models import gpio

LINES = (5, 6, 13, 19)
DRIVERS = (16, 26, 20)


def backend(clock):
    """Return (contacts, apply, seen): see test_contacts_contract."""
    chip = gpio.Chip()
    chip.levels = [offset not in DRIVERS for offset in range(32)]  # outputs are low at first
    contacts = Contacts(
        "/dev/gpiochip0", LINES, DRIVERS, clock, system=chip, monotonic=lambda: clock() * 1_000_000
    )

    def apply(channel, state):
        offset = LINES[channel - 1]
        if chip.levels[offset] == bool(state):  # a voltage pulls the line low
            chip.drive(offset, not state, clock() * 1_000_000)

    return contacts, apply, lambda: tuple(chip.levels[offset] for offset in DRIVERS)
