"""The Fifo against a plain model (fifo_life), in random lives of appends, idling, remounts and power cuts."""

from hypothesis import given, settings
from hypothesis import strategies as st
from meter.hal.sim.flash import Flash, PowerCut

from host_tests.storage.fifo_life import SECTOR, Life, payload_of

SMALL = st.tuples(st.just("append"), st.integers(2, 30), st.integers(0, 60))
ANY = st.tuples(st.just("append"), st.integers(2, 188), st.integers(-500, 1000))  # the clock may be set back
OTHER = st.tuples(st.sampled_from(("idle", "mount", "check")))
CUT = st.tuples(st.just("cut"), st.integers(1, 6))
QUIET_LIVES = st.lists(st.one_of(SMALL, SMALL, ANY, OTHER), min_size=20, max_size=100)
HARD_LIVES = st.lists(st.one_of(SMALL, SMALL, ANY, OTHER, CUT), min_size=20, max_size=100)


def live(sectors, seed, actions):
    """Do all actions; whatever a power cut hits is given up, and the fifo is mounted and checked again."""
    life = Life(Flash(sectors * SECTOR, SECTOR, seed=seed))
    time = 1_700_000_000
    for number, (action, *values) in enumerate(actions):
        try:
            if action == "append":
                time += values[1]
                life.append(payload_of(number, values[0]), time)
            elif action == "cut":
                life.flash.cut_after = values[0]
            else:
                getattr(life, action)()
        except PowerCut:
            life.flash.restore_power()
            life.mount()
            life.check()
    life.flash.restore_power()
    life.mount()
    readable = life.check()
    life.check_times([time for time, _ in readable.values()] + [0, time, time + 1])
    for entry, value in readable.items():
        assert life.fifo.read(entry) == value
    return life


@settings(derandomize=True, deadline=None, max_examples=150)
@given(sectors=st.integers(2, 6), actions=QUIET_LIVES)
def test_without_power_cuts_nothing_is_torn_damaged_or_skipped(sectors, actions):
    life = live(sectors, 1, actions)
    fifo = life.fifo
    assert (fifo.torn, fifo.damaged) == (0, 0)
    assert sorted(life.known) == list(range(1, fifo.next))
    assert len(fifo) == fifo.next - fifo.first


@settings(derandomize=True, deadline=None, max_examples=300)
@given(sectors=st.integers(2, 6), seed=st.integers(0, 1000), actions=HARD_LIVES)
def test_with_power_cuts_every_promise_is_kept(sectors, seed, actions):
    live(sectors, seed, actions)
