"""Every write of a Fifo and of its recovery is torn once. Nothing stored is lost, no number used twice."""

import pytest
from meter.hal.sim.flash import Flash, PowerCut
from meter.storage.errors import Damaged

from host_tests import power_cuts
from host_tests.storage.fifo_life import SECTOR, Life, payload_of

START = 1_700_000_000
SECTORS = 4
LENGTHS = (20, 33, 5, 64, 20, 20, 2, 41)


def steps(appends=42):
    """Yield the steps of a life that goes round the ring more than twice: a payload, or None for idle."""
    for number in range(appends):
        yield payload_of(number, LENGTHS[number % len(LENGTHS)])
        if number % 3 == 0:
            yield None


def do(life, step):
    if step is None:
        life.idle()
    else:
        life.append(step, START + len(life.attempts))


def live(cuts, seed):
    """Run all steps, the power cut after each count of operations in `cuts`; return (life, cuts made)."""
    flash = Flash(SECTORS * SECTOR, SECTOR, seed=seed)
    life = Life(flash)
    cuts = list(cuts)
    came = 0
    flash.cut_after = cuts.pop(0)
    for step in steps():
        done = False
        while not done:
            try:
                do(life, step)
                done = True
            except PowerCut:
                came += 1
                flash.restore_power()
                life.mount()  # writes nothing, so it cannot be cut
                life.check()
                flash.cut_after = cuts.pop(0) if cuts else None
                done = step is not None and life.was_stored_anyway()
    life.mount()
    life.check()
    return life, came


def test_the_life_goes_round_the_ring_more_than_twice():
    life, came = live([None], seed=0)
    assert came == 0
    assert min(life.flash.wear) >= 2
    assert life.fifo.first > 1


@pytest.mark.parametrize("seed", range(8))
def test_the_power_may_fail_in_any_operation(seed):
    survived = 0
    after = 1
    while True:
        life, came = live([after], seed=seed * 1000 + after)
        if not came:
            break
        survived += came
        after += 1
    assert survived == life.flash.programs + life.flash.erases
    power_cuts.survived("fifo, one in each life", survived)


def test_the_power_may_fail_again_in_any_later_operation():
    survived = 0
    after = 1
    came = 1
    while came:
        again = 1
        came = 2
        while came == 2:
            life, came = live([after, again], seed=after * 1000 + again)
            survived += came
            again += 1
        after += 1
    power_cuts.survived("fifo, two in each life", survived)
    assert survived > 4000


def test_the_power_may_fail_every_few_operations_for_ever():
    survived = 0
    for seed in range(13):
        for every in range(2, 10):
            _, came = live([every] * 1000, seed=100 * seed + every)
            survived += came
    power_cuts.survived("fifo, many in each life", survived)
    assert survived > 14000


def test_a_brown_out_that_lets_no_write_finish_costs_nothing_stored():
    flash = Flash(SECTORS * SECTOR, SECTOR, seed=9)
    life = Life(flash)
    for number in range(25):
        life.append(payload_of(number, 20), START)
    before = life.check()
    for number in range(100, 300):
        flash.cut_after = 1 + number % 3
        try:
            life.append(payload_of(number, life.fifo.largest), START)
        except PowerCut:
            pass
        flash.restore_power()
        life.mount()
        life.check()
    newest = max(life.known)  # some were whole when the power failed; the ring has gone on with those
    assert newest >= max(before)
    assert life.fifo.read(newest) == life.known[newest]


class HalfFlash(Flash):
    """A flash whose torn programs never get further than half."""

    def _tear_program(self, old, data):
        half = len(data) // 2
        return bytes(data[:half]) + bytes(old[half:])


@pytest.mark.parametrize("length", (20, 188))
def test_a_hundred_cuts_in_a_row_cost_one_sector_at_most(length):
    flash = HalfFlash(SECTORS * SECTOR, SECTOR)
    life = Life(flash)
    for number in range(25):
        life.append(payload_of(number, 20), START)
    before = life.check()
    for number in range(100, 200):
        flash.cut_after = 1 + number % 3
        with pytest.raises(PowerCut):
            for again in range(3):
                life.append(payload_of(number + 1000 * again, length), START)
        flash.restore_power()
        life.mount()
        if length == life.fifo.largest:  # an erase, a header, a record: it never gets through
            assert set(sorted(before)[6:]) <= life.check().keys()
    life.check()


def torn_last(seed):
    flash = Flash(SECTORS * SECTOR, SECTOR, seed=seed)
    life = Life(flash)
    life.append(b"first", START)
    life.append(b"second", START)
    flash.cut_after = 1
    with pytest.raises(PowerCut):
        life.append(b"third, which is torn", START)
    flash.restore_power()
    life.mount()
    return life


def test_a_torn_last_record_is_dropped_and_counted():
    seen = set()
    for seed in range(60):
        life = torn_last(seed)
        readable = life.check()
        seen.add((len(readable), life.fifo.torn))
        if life.fifo.torn:
            assert sorted(readable) == [1, 2] and len(life.fifo) == 2
            with pytest.raises(Damaged):
                life.fifo.read(3)
    assert seen == {(2, 1), (2, 0), (3, 0)}  # torn; nothing was written; all was written


def test_a_number_that_was_torn_is_not_used_again():
    for seed in range(20):
        life = torn_last(seed)
        if life.fifo.torn:
            life.append(b"fourth", START)
            assert sorted(life.check()) == [1, 2, 4]
            life.mount()
            assert (life.fifo.torn, life.fifo.damaged, len(life.fifo)) == (0, 0, 3)


def test_torn_records_are_not_counted_as_damaged_when_read():
    for seed in range(20):
        life = torn_last(seed)
        life.append(b"fourth", START)
        life.mount()
        list(life.fifo.records())
        assert life.fifo.damaged == 0


def test_the_same_object_goes_on_after_a_failed_write():
    flash = Flash(SECTORS * SECTOR, SECTOR, seed=3)
    life = Life(flash)
    for number in range(60):
        flash.cut_after = 1 + number % 5
        try:
            life.append(payload_of(number, 20), START)
        except PowerCut:
            flash.restore_power()  # and no mount: the next append does it
        flash.cut_after = None
        life.append(payload_of(1000 + number, 20), START)
        life.check()
