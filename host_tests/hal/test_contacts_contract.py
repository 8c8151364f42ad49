"""The contract of hal Contacts (meter/hal/__init__.py).

To test other backends, add rows to BACKENDS: (clock) -> (contacts, apply), where apply(channel, state) puts a voltage
on an input, and seen() tells which outputs are closed.
"""

import pytest
from meter.hal.sim.contacts import Contacts

from host_tests.hal import linux_contacts


def sim(clock):
    contacts = Contacts(clock)
    return contacts, contacts.apply, lambda: contacts.states


BACKENDS = {"sim": sim, "linux": linux_contacts.backend}


class Clock:
    now = 0

    def __call__(self):
        return self.now


@pytest.fixture(params=BACKENDS)
def backend(request):
    clock = Clock()
    return (clock, *BACKENDS[request.param](clock))


def test_all_outputs_are_open_after_a_start(backend):
    _, contacts, _, seen = backend
    assert 1 <= contacts.outputs <= contacts.channels
    assert seen() == (False,) * contacts.outputs


def test_an_output_stays_as_it_was_driven_and_leaves_the_others_alone(backend):
    _, contacts, _, seen = backend
    for channel in range(1, contacts.outputs + 1):
        contacts.output(channel, True)
        contacts.output(channel, True)
    contacts.output(2, False)
    assert seen() == tuple(channel != 2 for channel in range(1, contacts.outputs + 1))


@pytest.mark.parametrize("channel", (-1, 0, 99))
def test_an_output_that_is_not_there_is_refused(backend, channel):
    with pytest.raises(ValueError):
        backend[1].output(channel, True)
    assert not any(backend[3]())


def test_inputs_are_a_mask_with_the_time_of_each_last_edge(backend):
    clock, contacts, apply, _ = backend
    assert contacts.inputs() == (0, (0,) * contacts.channels)
    clock.now = 1234
    apply(3, True)
    clock.now = 2000
    apply(3, True)
    apply(1, True)
    mask, edges = contacts.inputs()
    assert mask == 0b101 and edges[:3] == (2000, 0, 1234)
    clock.now = 5000
    apply(3, False)
    mask, edges = contacts.inputs()
    assert mask == 0b001 and edges[:3] == (2000, 0, 5000)


def test_edges_that_were_read_are_not_changed_by_later_ones(backend):
    clock, contacts, apply, _ = backend
    before = contacts.inputs()
    clock.now = 7
    apply(1, True)
    assert before == (0, (0,) * contacts.channels)
