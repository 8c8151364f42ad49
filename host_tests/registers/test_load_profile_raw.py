"""Records as they are on the flash: the same as records() takes apart."""

import struct

from hypothesis import given, settings
from hypothesis import strategies as st
from meter.hal.sim.flash import Flash
from meter.registers.energy import Energy
from meter.registers.load_profile import LoadProfile
from meter.registers.load_profile_record import ENDED, NORMAL, Description
from meter.storage.fifo import Fifo

START = 1_700_000_100
KEYS = (("Wh.del.P",), ("V.A", "Wh.rec.P"), ("Wh.del.P", "VARh.q1.A", "A.N"))


def profile_of(flash):
    fifo = Fifo(flash, 0, flash.size, 0x4C)
    fifo.mount()
    profile = LoadProfile(fifo, Energy())
    profile.begin(START)
    return profile


def taken_apart(profile, start=None):
    found = []
    for entry, end, payload, description in profile.raw(start):
        _, status, begin, *values = struct.unpack_from(description.layout, payload)
        found.append((entry, end, status & ~ENDED, tuple(values), begin, description))
    return found


def as_records(profile, start=None):
    return [
        (one.entry, one.end, one.status, one.values, one.start, one.description)
        for one in profile.records(start)
    ]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(0, 30)), max_size=12), st.integers(0, 60)
)
def test_raw_records_are_the_records_from_any_entry_on(runs, start):
    profile = profile_of(Flash(4 * 512, 512))
    for number, (keys, counts, length) in enumerate(runs):
        keys = KEYS[keys]
        description = Description(100 + number, keys, (1,) * len(keys), 15, counts)
        profile.fifo.append(description.pack(START), START)
        for k in range(length):
            until = START if k % 5 == 4 else None
            values = [k if counts else float(k)] * len(keys)
            profile.fifo.append(description.record(NORMAL, START, values, until), START + k)
    assert taken_apart(profile) == as_records(profile)
    assert taken_apart(profile, start) == as_records(profile, start)


def test_nothing_from_before_an_erasure_is_given():
    profile = profile_of(Flash(4 * 512, 512))
    profile.close(START + 900)
    assert len(taken_apart(profile)) == 1
    profile.erase(START + 900)
    profile.close(START + 1800)
    assert [one[1] for one in taken_apart(profile)] == [START + 1800]


def test_the_capacity_is_what_the_ring_keeps():
    profile = profile_of(Flash(4 * 4096, 4096))
    for k in range(1, 2000):
        profile.close(START + k * 900)
    kept = len(taken_apart(profile))
    assert 0 <= kept - profile.capacity <= 4096 // 36
