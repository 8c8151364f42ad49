"""The clock: UTC from sample numbers, half seconds that end in a frame, and no drift in integers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.clock import TICKS, Clock

START = 1_700_000_100


def cuts_of(clock, *frames):
    """The (stop, time) pairs of each frame, for frames given as the sample numbers at which half cycles end.

    time: seconds after START, in ticks of half a second.
    """
    return [[(stop, tick / TICKS - START) for stop, tick in clock.cuts(ends)] for ends in frames]


def seconds_of(clock, *frames):
    """The same of whole seconds alone."""
    return [[(stop, time) for stop, time in cuts if time == int(time)] for cuts in cuts_of(clock, *frames)]


def test_a_tick_is_half_a_second():
    assert TICKS == 2
    clock = Clock(1000.0, START)
    assert clock.tick == 2 * START
    assert list(clock.cuts([500])) == [(1, 2 * START + 1)] and clock.tick == 2 * START + 1
    assert list(clock.cuts([999])) == []
    assert list(clock.cuts([1000])) == [(1, 2 * START + 2)] and clock.tick == 2 * START + 2


def test_a_second_ends_in_the_half_cycle_in_which_it_passes():
    clock = Clock(1000.0, START)
    assert cuts_of(clock, [300, 600, 900, 1200, 1500], [1800, 2000]) == [
        [(2, 0.5), (4, 1), (5, 1.5)],
        [(2, 2)],
    ]


def test_a_half_cycle_that_ends_on_the_second_belongs_to_the_second_before():
    assert cuts_of(Clock(1000.0, START), [500, 1000, 1500]) == [[(1, 0.5), (2, 1), (3, 1.5)]]
    assert cuts_of(Clock(1000.0, START), [499, 999, 1499]) == [[(2, 0.5), (3, 1)]]


def test_a_frame_of_several_seconds_is_cut_at_each():
    ends = [500 * k for k in range(1, 8)]
    assert seconds_of(Clock(1000.0, START), ends) == [[(2, 1), (4, 2), (6, 3)]]
    assert cuts_of(Clock(1000.0, START), ends) == [[(k, k / 2) for k in range(1, 8)]]


def test_seconds_that_pass_in_a_gap_are_all_counted_in_the_half_cycle_that_ends_it():
    clock = Clock(1000.0, START)
    assert cuts_of(clock, [500], [3700]) == [[(1, 0.5)], [(1, k / 2) for k in range(2, 8)]]
    assert clock.second == START + 3 and clock.tick == 2 * START + 7


def test_second_is_the_last_that_has_passed():
    clock = Clock(1000.0, START)
    assert clock.second == START
    cuts_of(clock, [999])
    assert clock.second == START
    cuts_of(clock, [1000])
    assert clock.second == START + 1
    cuts_of(clock, [1999])
    assert clock.second == START + 1


def test_utc_has_microseconds():
    clock = Clock(1000.0, START)
    assert clock.utc(0) == (START, 0)
    assert clock.utc(1234) == (START + 1, 234000)
    assert clock.utc(-1) == (START - 1, 999000)


def test_setting_the_clock_moves_what_follows():
    clock = Clock(1000.0, START)
    seconds_of(clock, [700])
    clock.set(START + 3600, 700)
    assert clock.second == START + 3600 and clock.utc(700) == (START + 3600, 0)
    assert cuts_of(clock, [1199], [1200], [1699], [1700]) == [[], [(1, 3600.5)], [], [(1, 3601)]]


def test_the_clock_may_be_set_back():
    clock = Clock(1000.0, START)
    seconds_of(clock, [5000])
    clock.set(START - 100, 5000)
    assert cuts_of(clock, [6000]) == [[(1, -99.5), (1, -99)]]


@pytest.mark.feature("CLK-01")
@pytest.mark.parametrize("rate", (25600.0, 30720.0, 30517.578125, 32000.0, 7680.0, 25088.333))
def test_a_year_of_samples_is_a_year_of_seconds_to_the_millihertz_of_the_rate(rate):
    clock = Clock(rate, START)
    seconds = 365 * 86400
    sample = int(seconds * rate)
    elapsed = clock.utc(sample)[0] - START
    # The rate counts to a millihertz: a part in 10**7 is 1.6 s in a year here, and 0.5 s a day is 5.8e-6.
    assert abs(elapsed - seconds) <= 1 + seconds * 0.0005 / rate


@given(st.integers(1_000_000, 200_000_000), st.integers(0, 1 << 40))
def test_utc_is_exact_for_any_sample(millihertz, sample):
    clock = Clock(millihertz / 1000.0, START)
    second, micro = clock.utc(sample)
    exact = Fraction(sample * 1000, millihertz)
    assert 0 <= micro < 1_000_000
    assert 0 <= exact - (second - START) - Fraction(micro, 1_000_000) < Fraction(1, 1_000_000)


@given(st.lists(st.integers(1, 2500), min_size=1, max_size=60), st.integers(1, 7))
def test_every_tick_is_cut_once_and_in_order(lengths, n):
    clock, ends, at = Clock(1000.4, START), [], 0
    for length in lengths:
        at += length
        ends.append(at)
    found = [cut for k in range(0, len(ends), n) for cut in clock.cuts(ends[k : k + n])]
    assert [tick for _, tick in found] == list(range(TICKS * START + 1, clock.tick + 1))
    # It may be part of a sample early.
    assert clock.second in (clock.utc(at)[0], clock.utc(at + 1)[0])
    assert clock.tick in [second * TICKS + micro * TICKS // 1_000_000
                          for second, micro in (clock.utc(at), clock.utc(at + 1))]  # fmt: skip
    assert all(1 <= stop <= n for stop, _ in found)
