"""Bits that flip by themselves: each one is detected, and everything around it stays readable."""

import random

import pytest
from meter.hal.sim.flash import Flash
from meter.storage.errors import Damaged
from meter.storage.fifo import Fifo

from host_tests.storage.fifo_life import KIND, SECTOR, payload_of

START = 1_700_000_000
SECTORS = 4
RECORD = 12 + 20


def image():
    """Return the bytes of a ring that has wrapped, and what it holds, entry -> (time, payload)."""
    flash = Flash(SECTORS * SECTOR, SECTOR)
    fifo = mounted(flash)
    for number in range(40):
        fifo.append(payload_of(number, 20), START + number)
    data = bytearray(flash.size)
    flash.read(0, data)
    return data, {entry: (time, payload) for entry, time, payload in fifo.records()}


def mounted(flash):
    fifo = Fifo(flash, 0, flash.size, KIND)
    fifo.mount()
    return fifo


def with_bytes(data):
    flash = Flash(len(data), SECTOR)
    flash.program(0, data)
    return flash


def flipped(data, bit):
    copy = bytearray(data)
    copy[bit // 8] ^= 1 << bit % 8
    return with_bytes(copy)


def used_bits(data):
    """Return the bits that carry something: headers and records, not the blank ends of sectors."""
    bits = []
    for start in range(0, len(data), SECTOR):
        used = len(data[start : start + SECTOR].rstrip(b"\xff"))
        bits += range(start * 8, (start + used) * 8)
    return bits


def test_any_flipped_bit_is_detected_and_costs_its_own_record_at_most():
    data, stored = image()
    generator = random.Random(1)
    bits = generator.sample(used_bits(data), 800)
    for bit in bits:
        fifo = mounted(flipped(data, bit))
        found = {entry: (time, payload) for entry, time, payload in fifo.records()}
        assert found.items() <= stored.items()
        assert fifo.torn + fifo.damaged == 1
        in_header = bit // 8 % SECTOR < 56
        assert len(stored) - len(found) == (0 if in_header else 1)
        for entry in stored.keys() - found.keys():
            with pytest.raises(Damaged):
                fifo.read(entry)


def test_a_flipped_bit_in_a_blank_end_does_no_harm():
    data, stored = image()
    used = set(used_bits(data))
    for bit in random.Random(2).sample(sorted(set(range(len(data) * 8)) - used), 60):
        fifo = mounted(flipped(data, bit))
        assert {entry: (time, payload) for entry, time, payload in fifo.records()} == stored
        fifo.append(b"goes on", START)
        assert fifo.read(fifo.next - 1) == (START, b"goes on")


def test_a_number_whose_record_rotted_is_not_given_to_another():
    data, stored = image()
    for bit in random.Random(3).sample(used_bits(data), 150):
        flash = flipped(data, bit)
        fifo = mounted(flash)
        entry = fifo.append(b"new", START)
        assert entry not in stored
        assert mounted(flash).read(entry) == (START, b"new")


@pytest.mark.parametrize("seed", range(30))
def test_a_burst_of_noise_costs_the_records_it_touches_and_no_more(seed):
    data, stored = image()
    generator = random.Random(seed)
    sector = generator.randrange(SECTORS)
    start = generator.randrange(56, 200)
    length = generator.randrange(1, 80)
    copy = bytearray(data)
    for at in range(start, min(start + length, SECTOR)):
        copy[sector * SECTOR + at] = generator.randrange(256)
    fifo = mounted(with_bytes(copy))
    found = {entry: (time, payload) for entry, time, payload in fifo.records()}
    assert found.items() <= stored.items()
    assert len(stored) - len(found) <= length // RECORD + 2


def test_a_sector_with_both_headers_gone_is_passed_over_and_the_rest_is_readable():
    data, stored = image()
    for sector in range(SECTORS):
        copy = bytearray(data)
        copy[sector * SECTOR + 5] ^= 1
        copy[sector * SECTOR + 33] ^= 1
        fifo = mounted(with_bytes(copy))
        found = {entry: (time, payload) for entry, time, payload in fifo.records()}
        assert found.items() <= stored.items()
        assert 24 - 6 <= len(found) + 6 and len(stored) - len(found) <= 6
        for entry in found:
            assert fifo.read(entry) == stored[entry]
            assert fifo.find_time(stored[entry][0]) == entry


def test_a_record_in_the_place_of_another_is_not_taken_for_it():
    data, stored = image()
    copy = bytearray(data)
    copy[56 : 56 + RECORD], copy[56 + RECORD : 56 + 2 * RECORD] = (
        data[56 + RECORD : 56 + 2 * RECORD],
        data[56 : 56 + RECORD],
    )
    fifo = mounted(with_bytes(copy))
    found = {entry: (time, payload) for entry, time, payload in fifo.records()}
    assert found.items() <= stored.items()
    assert fifo.damaged >= 1
