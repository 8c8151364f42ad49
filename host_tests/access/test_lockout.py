"""The lockout: longer after more failures, never for good, whatever is tried and whenever the meter restarts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.access.lockout import COUNTS, LOWERING_MS, ORIGIN, USER, Lockout, wait_s
from meter.registers.event_kinds import OPTICAL, TCP

pytestmark = pytest.mark.feature("SEC-01")
LONGEST_MS = 900_000


def test_three_failures_are_free_then_each_one_doubles_the_wait_up_to_a_quarter_of_an_hour():
    assert [wait_s(n, USER) for n in range(15)] == [0] * 4 + [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert [wait_s(n, ORIGIN) for n in (10, 11, 12, 16, 17, 255)] == [0, 2, 4, 60, 60, 60]


def test_a_user_locked_at_one_origin_is_free_at_another():
    lockout = Lockout(None, 0)
    for _ in range(5):
        lockout.failed(0, TCP, 0)
    assert lockout.left_s(0, TCP, 0) == 4
    assert lockout.left_s(0, OPTICAL, 0) == lockout.left_s(1, TCP, 0) == 0


def test_many_users_tried_at_one_origin_lock_the_origin():
    lockout = Lockout(None, 0)
    for k in range(11):
        lockout.failed(k, TCP, 0)
    assert [lockout.left_s(k, TCP, 0) for k in range(11)] == [2] * 11
    assert lockout.left_s(0, OPTICAL, 0) == 0


def test_after_a_restart_the_wait_begins_anew():
    lockout = Lockout(None, 0)
    for _ in range(6):
        lockout.failed(3, TCP, 1000)
    again = Lockout(lockout.counts, 5_000_000)
    assert again.left_s(3, TCP, 5_000_000) == 8
    assert again.left_s(3, TCP, 5_008_000) == 0


def test_a_right_password_ends_it_and_is_worth_a_record_once_an_hour():
    lockout = Lockout(None, 0)
    lowered = 0
    for k in range(100):
        for _ in range(5):
            lockout.failed(0, TCP, k * 10_000)
        lowered += lockout.passed(0, TCP, k * 10_000)
        assert lockout.left_s(0, TCP, k * 10_000) == 0
    assert lowered == 1 + 100 * 10_000 // LOWERING_MS


def test_somebody_who_guesses_for_years_wears_the_flash_by_a_few_hundred_records():
    lockout = Lockout(None, 0)
    stored = 0
    now = 0
    for k in range(20_000):
        stored += lockout.failed(k % 11, k % 6, now)
        now += LONGEST_MS
    assert stored <= (COUNTS - 6) * 14 + 6 * 17
    assert not lockout.failed(0, TCP, now)


STEPS = st.lists(
    st.tuples(st.sampled_from(("fail", "pass", "wait", "restart")), st.integers(0, 10), st.integers(0, 5),
              st.integers(0, 2_000_000)), max_size=60)  # fmt: skip


@given(STEPS)
def test_more_failures_never_wait_less_and_nobody_waits_longer_than_the_longest(steps):
    lockout, now = Lockout(None, 0), 0
    for what, slot, origin, ms in steps:
        before = lockout.left_s(slot, origin, now)
        if what == "fail":
            lockout.failed(slot, origin, now)
            assert lockout.left_s(slot, origin, now) >= min(before, 900)
        elif what == "pass":
            lockout.passed(slot, origin, now)
            assert lockout.left_s(slot, origin, now) == 0
        elif what == "wait":
            now += ms
            assert lockout.left_s(slot, origin, now) <= before
        else:
            lockout = Lockout(lockout.counts, now)
            assert lockout.left_s(slot, origin, now) >= before
        assert lockout.left_s(slot, origin, now) <= 900
        assert lockout.left_s(slot, origin, now + LONGEST_MS) == 0
