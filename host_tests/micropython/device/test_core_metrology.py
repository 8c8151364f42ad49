"""From samples to a second's averages, a half cycle a frame as on a Pico."""

import struct
from math import pi, sin, sqrt

from meter.metrology.frame import CLIPPED, GAP, HALF, QUARTER, UNLOCKED, Frame
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.span import Span
from meter.metrology.tracking import CHANNELS, Tracker
from meter.quantities import ROWS, index
from meter.xnp import FLOAT, np

RATE = 7680.0  # 128 a cycle at 60 Hz, as the Pico's own converter has it
VOLT, AMPERE = 1e-4, 1e-5  # of one count
THIRD = 2 * pi / 3


def close(found, expected, part=1e-4):
    assert abs(found - expected) <= part * max(1.0, abs(expected)), (found, expected)


def frame_of(lag, seconds=0.5, flags=0, number=0):
    """A Frame of one half cycle: 120 V and 5 A on each phase, the current behind by `lag` radians."""
    samples = np.zeros((6, QUARTER + HALF), dtype=FLOAT)
    sign = -1.0 if number % 2 else 1.0
    angles = np.arange(QUARTER + HALF) * (pi / HALF)
    for p in range(3):
        shift = (0.0, -THIRD, THIRD)[p] - pi / 2
        samples[p] = np.sin(angles + shift) * (sign * 120.0 * sqrt(2))
        samples[3 + p] = np.sin(angles + (shift - lag)) * (sign * 5.0 * sqrt(2))
    return Frame(1, samples, np.array([seconds], dtype=FLOAT), [0], flags)


def span_of(frames):
    half_cycles, span = HalfCycles(), Span()
    for frame in frames:
        span.add(half_cycles.process(frame), frame.seconds, frame.flags, 0, 1)
    return span


def value(span, key):
    return span.value(index(key))


def block(first, count, hz=60.0, volts=120.0, amps=5.0):
    """Interleaved int32 of six channels from the sample `first` on."""
    out = bytearray()
    for n in range(first, first + count):
        angle = 2 * pi * hz * n / RATE
        row = [volts * sqrt(2) / VOLT * sin(angle + shift) for shift in (0.0, -THIRD, THIRD)]
        row += [amps * sqrt(2) / AMPERE * sin(angle + shift - pi / 6) for shift in (0.0, -THIRD, THIRD)]
        out += struct.pack("<6i", *[int(round(x)) for x in row])
    return out


def tracked(blocks, hz=60):
    """Run (first, data) blocks; return the span and the (end, flags) of each half cycle."""
    tracker = Tracker(CHANNELS, (VOLT,) * 3 + (AMPERE,) * 3, RATE, hz, 1, 2.4)
    half_cycles, span, seen = HalfCycles(), Span(), []
    for first, data in blocks:
        for frame in tracker.feed(first, len(data) // 24, data):
            span.add(half_cycles.process(frame), frame.seconds, frame.flags, 0, frame.n)
            seen.append((frame.ends[0], frame.flags))
    return span, seen


def test_each_quadrant_has_its_own_buckets():
    for lag, quadrant, watts in ((0.7, "q1", 1), (2.4, "q2", -1), (3.8, "q3", -1), (5.6, "q4", 1)):
        span = span_of([frame_of(lag), frame_of(lag, number=1)])
        for name in ("q1", "q2", "q3", "q4"):
            close(value(span, "VAR.%s.P" % name), abs(1800 * sin(lag)) if name == quadrant else 0.0)
        close(value(span, "W.bi.P"), 1800 * sin(lag + pi / 2))
        assert (value(span, "W.del.A") > 0) is (watts > 0)
        assert (value(span, "W.rec.A") > 0) is (watts < 0)


def test_values_of_a_span():
    span = span_of([frame_of(pi / 3, number=number) for number in range(4)])
    for key, expected in (
        ("V.A", 120.0),
        ("V.P", 120.0 * sqrt(3)),
        ("A.C", 5.0),
        ("VA.del.P", 1800.0),
        ("VAv.del.B", 600.0),
        ("PF.bi.P", 0.5),
        ("Hz.A", 1.0),
        ("V.avg", 120.0),
        ("VLL.A", 120.0 * sqrt(3)),
        ("Q.del.P", 1800.0),
        ("VARf.q1.C", 300.0 * sqrt(3)),
        ("Wc.del.P", 900.0),
        ("VF.B", 120.0),
        ("ANGA.A", -60.0),
        ("ANGV.C", 120.0),
        ("V1.P", 120.0),
        ("UV2.P", 0.0),
        ("CFA.A", sqrt(2)),
    ):
        close(value(span, key), expected)


def test_long_frames_give_what_single_half_cycles_give():
    first, second = frame_of(0.7).samples, frame_of(0.7, number=1).samples
    samples = np.zeros((6, QUARTER + 2 * HALF), dtype=FLOAT)
    samples[:, : QUARTER + HALF] = first
    samples[:, QUARTER + HALF :] = second[:, QUARTER:]
    seconds = np.array([0.5, 0.5], dtype=FLOAT)
    rows = HalfCycles().process(Frame(2, samples, seconds, [0, 0]))
    half_cycles = HalfCycles()
    for k in range(2):
        one = half_cycles.process(frame_of(0.7, number=k))
        for row in range(ROWS):
            found, expected = float(rows[row, k]), float(one[row, 0])
            # Single precision; a line-to-line voltage is the difference of squares twice as large.
            assert abs(found - expected) <= 2e-6 * max(abs(expected), 1800.0), (row, k, found, expected)


def test_no_neutral_current_is_found_where_there_is_none():
    # The difference of squares in single precision: a thousandth of what flows in the phases.
    span = span_of([frame_of(pi / 3, number=number) for number in range(4)])
    assert value(span, "A.N") < 0.005


def test_samples_in_blocks_become_half_cycles_with_the_right_values():
    # The stand-in for ulab takes half a second for each half cycle: a few must do.
    span, seen = tracked([(first, block(first, 100, 58.5)) for first in range(0, 700, 100)])
    assert len(seen) >= 5
    for (end, _), (following, _) in zip(seen, seen[1:]):
        assert 64 <= following - end <= 67
    assert not any(flags for _, flags in seen)
    close(value(span, "Hz.A"), 58.5, 1e-3)
    close(value(span, "V.B"), 120.0, 1e-3)
    close(value(span, "W.del.P"), 1800 * sqrt(3) / 2, 1e-3)
    close(value(span, "VAR.q1.P"), 900.0, 2e-3)


def test_a_clipped_sample_a_gap_and_a_lost_signal_are_flagged():
    clipped = block(0, 450)
    struct.pack_into("<i", clipped, 230 * 24, 0x7FFFFF)
    _, seen = tracked([(0, clipped), (2048, block(2048, 450, volts=0.0))])
    assert [flags & GAP for _, flags in seen].count(GAP) == 1
    flagged = [end for end, flags in seen if flags & CLIPPED]
    assert flagged and min(flagged) - 256 < 230 < max(flagged) + 256
    for end, flags in seen:
        assert bool(flags & UNLOCKED) is (end > 2048)
