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


def test_a_sweep_finds_and_counts_what_records_finds():
    data, _ = image()
    for bit in random.Random(4).sample(used_bits(data), 400):
        listed, swept = mounted(flipped(data, bit)), mounted(flipped(data, bit))
        found = list(listed.records(13))
        assert [(entry, time, bytes(payload)) for entry, time, payload in swept.sweep(13)] == found
        assert swept.damaged == listed.damaged


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
        assert len(stored) - len(found) <= 6
        for entry in found:
            assert fifo.read(entry) == stored[entry]
            assert fifo.find_time(stored[entry][0]) == entry


def test_empty_records_behind_damage_are_found_up_to_the_end_of_the_sector():
    flash = Flash(SECTORS * SECTOR, SECTOR)
    fifo = mounted(flash)
    fifo.append(b"12345678", START)
    for number in range(15):
        fifo.append(b"", START + number)
    data = bytearray(flash.size)
    flash.read(0, data)
    assert data[SECTOR - 12 : SECTOR] != b"\xff" * 12 and data[SECTOR] == 0xFF
    for entry in range(2, 16):
        fifo = mounted(flipped(data, (76 + (entry - 2) * 12) * 8))
        assert [number for number, _, _ in fifo.records()] == [n for n in range(1, 17) if n != entry]


def test_several_sectors_without_headers_do_not_hide_the_others():
    flash = Flash(16 * SECTOR, SECTOR)
    fifo = mounted(flash)
    for number in range(16 * 6):
        fifo.append(payload_of(number, 20), START + number)
    data = bytearray(flash.size)
    flash.read(0, data)
    for gone in ((8, 9, 10), (1, 2, 3, 4, 5, 6, 7), (7, 8, 12, 13), (9, 11, 13), (0, 1, 14)):
        copy = bytearray(data)
        for sector in gone:
            copy[sector * SECTOR + 5] ^= 1
            copy[sector * SECTOR + 33] ^= 1
        fifo = mounted(with_bytes(copy))
        kept = [entry for entry in range(1, 97) if (entry - 1) // 6 not in gone]
        assert [entry for entry, _, _ in fifo.records()] == kept
        for entry in range(fifo.first, 97):
            time = START + entry - 1
            if entry in kept:
                assert fifo.read(entry) == (time, payload_of(entry - 1, 20))
            else:
                with pytest.raises(Damaged):
                    fifo.read(entry)
            assert fifo.find_time(time) == min(other for other in kept if other >= entry)


def test_a_record_of_65536_entries_ago_is_not_taken_for_the_present_one():
    images = []
    for first in (5, 5 + 0x10000):
        flash = Flash(SECTORS * SECTOR, SECTOR)
        fifo = mounted(flash)
        fifo.next = first
        fifo.append(b"same", START)
        image = bytearray(flash.size)
        flash.read(0, image)
        images.append(image)
    old, new = images
    record = slice(56, 56 + 12 + 4)
    assert old[record] != new[record]
    new[record] = old[record]
    assert list(mounted(with_bytes(new)).records()) == []


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
