"""The contract of hal Contacts (meter/hal/__init__.py).

To test other backends, add rows to BACKENDS: (clock) -> (contacts, apply, seen), where apply(channel, state) puts a
voltage on an input, and seen() tells which outputs are closed; and two channels that see voltages.
"""

import pytest
from meter.hal.sim.contacts import Contacts

from host_tests.hal import linux_contacts, rp2_devices


def sim(clock):
    contacts = Contacts(clock)
    return contacts, contacts.apply, lambda: contacts.states


BACKENDS = {
    "sim": (sim, (1, 3)),
    "linux": (linux_contacts.backend, (1, 3)),
    "rp2": (rp2_devices.contacts, (4, 5)),  # its outputs are relays and see no voltage
}


class Clock:
    now = 0

    def __call__(self):
        return self.now


@pytest.fixture(params=BACKENDS)
def backend(request):
    clock = Clock()
    make, channels = BACKENDS[request.param]
    return (clock, *make(clock), channels)


def test_all_outputs_are_open_after_a_start(backend):
    _, contacts, _, seen, _ = backend
    assert 1 <= contacts.outputs <= contacts.channels
    assert seen() == (False,) * contacts.outputs


def test_an_output_stays_as_it_was_driven_and_leaves_the_others_alone(backend):
    _, contacts, _, seen, _ = backend
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
    clock, contacts, apply, _, (one, other) = backend
    assert contacts.inputs() == (0, (0,) * contacts.channels)
    clock.now = 1234
    apply(other, True)
    clock.now = 2000
    apply(other, True)
    apply(one, True)
    mask, edges = contacts.inputs()
    assert mask == 1 << one - 1 | 1 << other - 1
    assert [edges[channel - 1] for channel in (one, other)] == [2000, 1234] and edges.count(0) == len(
        edges
    ) - 2
    clock.now = 5000
    apply(other, False)
    mask, edges = contacts.inputs()
    assert mask == 1 << one - 1 and [edges[channel - 1] for channel in (one, other)] == [2000, 5000]


def test_edges_that_were_read_are_not_changed_by_later_ones(backend):
    clock, contacts, apply, _, (one, _) = backend
    before = contacts.inputs()
    clock.now = 7
    apply(one, True)
    assert before == (0, (0,) * contacts.channels)
