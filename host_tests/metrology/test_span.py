"""A Span's averages, and that it adds up."""

import numpy as np
import pytest
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.span import Span
from meter.quantities import CATALOGUE, INTEGRATED, ROWS, index, keys

from host_tests.harness import frame_of

INSTANTANEOUS = [key for key in keys() if key.split(".")[0] not in INTEGRATED]


def metered(*frames, dtype=np.float64):
    half_cycles, span = HalfCycles(dtype=dtype), Span(dtype)
    for frame in frames:
        span.add(half_cycles.process(frame), frame.seconds, frame.flags, 0, frame.n)
    return span


@pytest.mark.parametrize("key", INSTANTANEOUS)
def test_every_instantaneous_quantity_has_a_value(key):
    found = metered(frame_of(2, lag=(30,) * 3)).value(index(key))
    assert isinstance(found, float) and np.isfinite(found)


@pytest.mark.parametrize("key", INSTANTANEOUS)
def test_an_empty_span_has_no_values(key):
    assert Span().value(index(key)) is None


@pytest.mark.parametrize("name", INTEGRATED)
def test_integrated_quantities_are_refused(name):
    key = [key for key in keys() if key.split(".")[0] == name][0]
    with pytest.raises(ValueError, match=name):
        metered(frame_of(2)).value(index(key))


@pytest.mark.feature("MET-07")
def test_rms_values_of_phases_and_of_all_three():
    span = metered(frame_of(2, volts=(120, 60, 40), amps=(1, 2, 2)))
    assert [span.value(index("V." + p)) for p in "ABC"] == pytest.approx((120, 60, 40))
    assert [span.value(index("A." + p)) for p in "ABC"] == pytest.approx((1, 2, 2))
    assert span.value(index("V.P")) == pytest.approx(140.0)
    assert span.value(index("A.P")) == pytest.approx(3.0)


def test_averages_are_weighted_by_time():
    span = metered(frame_of(2, amps=(1,) * 3, seconds=0.5), frame_of(2, amps=(4,) * 3, seconds=1.5))
    assert span.seconds == pytest.approx(4.0) and span.half_cycles == 4
    assert span.value(index("W.del.A")) == pytest.approx((120 * 1.0 + 480 * 3.0) / 4)
    assert span.value(index("A.A")) == pytest.approx(((1 * 1.0 + 16 * 3.0) / 4) ** 0.5)


def test_frequency_is_half_cycles_over_time():
    assert metered(frame_of(5, seconds=0.011)).value(index("Hz.A")) == pytest.approx(1 / 0.022)


def test_power_factor_stays_within_one_in_single_precision():
    for lag in (0.0, 0.01, 180.0, 359.99):
        span = metered(frame_of(2, lag=(lag,) * 3, dtype=np.float32), dtype=np.float32)
        for phase in "ABCP":
            assert 0.9999 < abs(span.value(index("PF.bi." + phase))) <= 1.0


def test_only_the_given_half_cycles_are_added():
    frame = frame_of(4)
    rows = HalfCycles().process(frame)
    span = Span()
    span.add(rows, np.array((1.0, 2.0, 4.0, 8.0)), 1, 1, 3)
    assert span.half_cycles == 2 and span.seconds == 6.0 and span.flags == 1
    assert span.sums == pytest.approx(rows[:, 1] + rows[:, 2])


def test_no_half_cycles_add_nothing_not_even_flags():
    span = Span()
    span.add(np.ones((ROWS, 2)), np.ones(2), 7, 1, 1)
    assert span.half_cycles == 0 and span.flags == 0 and not np.any(span.sums)


def test_flags_of_all_frames_are_kept_together():
    assert metered(frame_of(1, flags=2), frame_of(1, flags=4), frame_of(1)).flags == 6


def test_merged_spans_are_the_span_of_all():
    frames = (frame_of(2, lag=(30,) * 3), frame_of(2, amps=(1,) * 3), frame_of(1, lag=(200,) * 3, flags=4))
    whole, merged = metered(*frames), Span()
    half_cycles = HalfCycles()
    for second, frame in enumerate(frames):
        part = Span()
        part.add(half_cycles.process(frame), frame.seconds, frame.flags, 0, frame.n)
        part.end = second
        merged.merge(part)
    assert merged.sums == pytest.approx(whole.sums, rel=1e-12)
    assert (merged.half_cycles, merged.flags, merged.end) == (5, 4, 2)
    assert merged.seconds == pytest.approx(whole.seconds)


def test_a_cleared_span_is_as_new():
    span = metered(frame_of(2, flags=4))
    span.end = 7
    span.clear()
    assert (span.half_cycles, span.seconds, span.flags, span.end) == (0, 0.0, 0, 0)
    assert not np.any(span.sums)


def test_all_rows_of_the_catalogue_are_either_instantaneous_or_integrated():
    assert {row[0] for row in CATALOGUE} == {key.split(".")[0] for key in INSTANTANEOUS} | set(INTEGRATED)
