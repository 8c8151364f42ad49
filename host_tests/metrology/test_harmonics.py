"""Harmonic distortion by orders, against the parts that the signal was made of."""

from math import sqrt

import numpy as np
import pytest
from meter.metrology.frame import GAP, HALF, QUARTER, Frame
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.harmonics import ROWS, Harmonics
from meter.metrology.span import Span
from meter.quantities import index

from host_tests.harness import run, three_phase, times

# order, part of the fundamental: some odd, some even, one beyond TDD's 63 and one beyond THD's 128
PARTS = ((2, 0.03), (3, 0.1), (40, 0.02), (63, 0.01), (65, 0.04), (127, 0.02), (129, 0.3))


def root(condition, last):
    return 100 * sqrt(sum(part**2 for order, part in PARTS if order <= last and condition(order)))


def frames(n, halves, start=0, volts=120.0, amps=5.0, flags=0):
    """Frames of exactly 512 samples a cycle, made of PARTS."""
    for first in range(start, start + halves, n):
        cycles = (np.arange(-QUARTER, n * HALF) + first * HALF) / 512.0
        samples = three_phase(cycles, (volts,) * 3, (amps,) * 3, harmonics=PARTS)
        yield Frame(n, samples, np.full(n, 1 / 120), [0] * n, flags if first == start else 0)


def measured(n, halves=48, **options):
    metrology, span, seen = HalfCycles(harmonics=options.pop("harmonics", None)), Span(), 0
    for frame in frames(n, halves, **options):
        rows = metrology.process(frame)
        # The first cycle has no past: its fundamental is a guess.
        span.add(rows, frame.seconds, frame.flags, min(frame.n, max(0, 2 - seen)), frame.n)
        seen += frame.n
    return span


@pytest.mark.parametrize("n", (1, 2, 3, 24, 48))
@pytest.mark.feature("MET-13")
def test_thd_is_the_root_of_the_squares_of_orders_2_to_128(n):
    span = measured(n)
    for kind in "VA":
        for phase in "ABC":
            for suffix, condition in (
                ("h", lambda h: True),
                ("o", lambda h: h % 2),
                ("e", lambda h: h % 2 == 0),
            ):
                found = span.value(index(f"THD{kind}{suffix}.{phase}"))
                assert found == pytest.approx(root(condition, 128), rel=1e-9), (kind, suffix, phase)


@pytest.mark.parametrize("n", (1, 24))
@pytest.mark.feature("MET-17")
def test_tdd_is_the_root_of_orders_2_to_63_over_the_demand_current(n):
    span = measured(n, amps=2.0, harmonics=Harmonics(60, demand_a=10.0))
    for phase in "ABC":
        assert span.value(index("TDD." + phase)) == pytest.approx(0.2 * root(lambda h: True, 63), rel=1e-9)
        assert span.value(index("TDDo." + phase)) == pytest.approx(0.2 * root(lambda h: h % 2, 63), rel=1e-9)
        assert span.value(index("TDDe." + phase)) == pytest.approx(
            0.2 * root(lambda h: h % 2 == 0, 63), rel=1e-9
        )


@pytest.mark.feature("MET-13")
def test_thd_of_the_fundamental_counts_every_order():
    assert measured(24).value(index("THDV.A")) == pytest.approx(root(lambda h: True, 255), rel=1e-6)


@pytest.mark.parametrize("nominal, window", ((50, 20), (60, 24)))
def test_a_window_is_ten_cycles_at_50_hertz_and_twelve_at_60(nominal, window):
    harmonics, done = Harmonics(nominal), []
    for k, frame in enumerate(frames(1, 60)):
        harmonics.add(frame)
        if harmonics.pieces[-1][2] and not done:
            done.append(k + 1)
    assert done == [window]


def test_before_the_first_window_nothing_is_claimed():
    assert measured(1, halves=20).value(index("THDVh.A")) == 0.0
    # Half of the time known gives the same value as all of it.
    assert measured(1, halves=30).value(index("THDVh.A")) == pytest.approx(
        root(lambda h: True, 128), rel=1e-9
    )


def test_a_gap_begins_a_new_window():
    harmonics = Harmonics(60)
    for frame in frames(1, 23):
        harmonics.add(frame)
    for frame in frames(1, 23, start=8, flags=GAP):
        harmonics.add(frame)
    assert harmonics.pieces == [(0, [0.0] * ROWS, 0.0)]


def test_an_open_circuit_has_no_harmonics():
    metrology, span = HalfCycles(starting_a=0.001), Span()
    for frame in frames(24, 48, amps=1e-5):
        span.add(metrology.process(frame), frame.seconds, 0, 0, frame.n)
    for key in ("THDAh.A", "TDD.A", "TDDo.B"):
        assert span.value(index(key)) == 0.0


@pytest.mark.parametrize("hz", (59.3, 60.02))
def test_tracked_and_interpolated_samples_give_the_same(hz, dtype):
    harmonics = ((3, 0.1), (4, 0.02), (50, 0.01))
    found = run(three_phase(hz * times(1.0), harmonics=harmonics), 3072, half_cycles=1, dtype=dtype)
    wanted = 100 * sqrt(sum(part**2 for _, part in harmonics))
    assert found.value("THDVh.A") == pytest.approx(wanted, rel=2e-4)
    assert found.value("TDD.C") == pytest.approx(wanted, rel=2e-4)
