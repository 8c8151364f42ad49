"""Readers that hold their place while the ring comes round: they are told exactly what they missed."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.hal.sim.flash import Flash, PowerCut
from meter.storage.errors import Unwritten
from meter.storage.fifo import Fifo
from meter.storage.reader import Reader

SECTOR = 256
KIND = 7
LENGTH = 20


def ring(sectors=4, records=0):
    fifo = Fifo(Flash(sectors * SECTOR, SECTOR), 0, sectors * SECTOR, KIND)
    fifo.mount()
    append(fifo, records)
    return fifo


def append(fifo, count):
    for _ in range(count):
        fifo.append(fifo.next.to_bytes(4, "little") * (LENGTH // 4), fifo.next)


def entries(reader, most=None):
    return [entry for entry, _, _ in islice(reader.records(), most)]


def test_it_goes_on_where_it_was_and_gets_everything_once():
    fifo = ring(records=10)
    reader = Reader(fifo)
    assert entries(reader, 4) == [1, 2, 3, 4]
    assert entries(reader) == [5, 6, 7, 8, 9, 10]
    assert entries(reader) == []
    append(fifo, 2)
    assert entries(reader) == [11, 12]
    assert (reader.position, reader.lost, reader.damaged) == (13, 0, 0)


def test_a_place_is_a_number_that_can_be_taken_up_again():
    fifo = ring(records=10)
    first = Reader(fifo)
    entries(first, 6)
    assert entries(Reader(fifo, first.position)) == [7, 8, 9, 10]


def test_a_place_behind_the_end_is_of_another_fifo():
    with pytest.raises(Unwritten):
        Reader(ring(records=3), 5)
    assert entries(Reader(ring(records=3), 4)) == []


def test_a_reader_that_stood_still_while_the_ring_came_round_is_told_what_it_lost():
    fifo = ring(records=5)
    reader = Reader(fifo)
    assert entries(reader, 3) == [1, 2, 3]
    append(fifo, 1000)
    got = entries(reader)
    assert got == list(range(fifo.first, fifo.next))
    assert reader.lost == fifo.first - 4 and reader.damaged == 0
    assert 3 + reader.lost + len(got) == 1005


def test_a_ring_that_overtakes_a_reader_in_the_middle_of_reading_is_counted_too():
    fifo = ring(records=20)
    reader = Reader(fifo)
    got = 0
    for entry, _, payload in reader.records():
        assert payload[:4] == entry.to_bytes(4, "little")
        got += 1
        if got < 60:
            append(fifo, 7)
    assert reader.position == fifo.next == got + reader.lost + 1
    assert reader.lost > 100 and reader.damaged == 0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60)), max_size=60))
def test_every_entry_is_got_once_or_counted_once_whatever_each_reader_does(steps):
    fifo = ring()
    readers = [Reader(fifo), Reader(fifo, 1)]
    got = [[], []]
    for who, number in steps:
        if who == 2:
            append(fifo, number)
        else:
            got[who] += entries(readers[who], number)
    for reader, seen in zip(readers, got):
        seen += entries(reader)
        assert seen == sorted(set(seen))
        assert len(seen) + reader.lost == fifo.next - 1
        assert (reader.position, reader.damaged) == (fifo.next, 0)


def test_a_torn_entry_is_counted_as_damaged():
    for seed in range(20):
        flash = Flash(4 * SECTOR, SECTOR, seed=seed)
        fifo = Fifo(flash, 0, flash.size, KIND)
        fifo.mount()
        append(fifo, 3)
        reader = Reader(fifo)
        flash.cut_after = 1
        with pytest.raises(PowerCut):
            append(fifo, 1)
        flash.restore_power()
        fifo.mount()
        append(fifo, 1)
        got = entries(reader)
        assert reader.lost == 0 and len(got) + reader.damaged == fifo.next - 1
        assert reader.damaged == fifo.next - 1 - len(fifo)
