"""The sample clock in native code: each function against the lines it replaces, its frames against those of History.

The functions run as assembled, in an emulator of the RP2350's processor (see host_tests.hal.thumb).
"""

import sys
from array import array
from contextlib import contextmanager
from math import pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.metrology import history
from meter.metrology.frame import BEFORE, CLIPPED, GAP, HALF, QUARTER, UNLOCKED
from meter.metrology.history import History
from meter.metrology.phase import PhaseDetector, reference
from meter.metrology.resampler import Resampler
from meter.metrology.tracking import CHANNELS, Tracker

from host_tests.hal.fake_machine import uctypes
from host_tests.hal.thumb import Thumb
from host_tests.harness import RATE, SCALES, THRESHOLD, blocks, noise, three_phase, times

MODULE = "meter.metrology.ring"
F32 = np.float32
PEAKS = np.array([[170.0]] * 3 + [[7.1]] * 3)


@pytest.fixture(scope="module")
def thumb(tmp_path_factory):
    """The functions of resampler_thumb, assembled."""
    return Thumb("meter.metrology.resampler_thumb", "armv7emsp", tmp_path_factory.mktemp("thumb"))


@contextmanager
def native(thumb, counts=False):
    """As if the interpreter had an assembler: a Tracker of one half cycle to a frame takes a Ring."""
    thumb.counts = counts
    try:
        with thumb.installed():
            yield
    finally:
        sys.modules.pop(MODULE, None)
        thumb.counts = True


def ring_of(**options):
    """Return a Tracker with a Ring, within native()."""
    tracker = tracker_of(**options)
    assert type(tracker._samples).__module__ == MODULE
    return tracker


def tracker_of(channels=CHANNELS, scales=SCALES, rate=RATE, nominal=60, offsets=None):
    return Tracker(channels, scales, rate, nominal, 1, THRESHOLD, offsets=offsets, dtype=F32)


# The functions


@given(st.data())
@settings(max_examples=30)
def test_counts_are_scaled_into_the_ring_and_their_largest_is_told(thumb, data):
    width = data.draw(st.integers(1, 8))
    rows = data.draw(st.permutations(range(6)))[:width]
    count = data.draw(st.integers(1, 9))
    counts = data.draw(
        st.lists(st.integers(-(1 << 23), (1 << 23) - 1), min_size=8 * count, max_size=8 * count)
    )
    factors = np.random.default_rng(count).standard_normal(12).astype(F32)
    missing = sorted(set(range(6)) - set(rows))
    factors[missing] = factors[[6 + row for row in missing]] = 0
    raw = np.array(counts, dtype="<i4")[: count * len(rows)].reshape((count, len(rows)))
    places = [4 * rows.index(row) if row in rows else 0 for row in range(6)]
    with native(thumb):
        block, out = bytearray(raw.tobytes()), np.full((count + 1, 6), 7, dtype=F32)
        words = [uctypes.addressof(block), uctypes.addressof(out), count, 4 * len(rows), *places]
        largest = thumb.take(array("I", [*words, uctypes.addressof(factors)]))
    expected = np.zeros((count, 6), dtype=F32)
    for column, row in enumerate(rows):
        expected[:, row] = raw[:, column].astype(F32) * factors[row] - factors[6 + row]
    assert np.array_equal(out[:count], expected) and np.all(out[count] == 7)
    assert largest == np.max(np.abs(raw.astype(np.int64)))


def test_counts_of_all_32_bits_do_no_harm(thumb):
    with native(thumb):
        block, out = array("i", [-(1 << 31), (1 << 31) - 1] * 3), np.zeros((1, 6), dtype=F32)
        factors = array("f", [1.0] * 6 + [0.0] * 6)
        words = [uctypes.addressof(block), uctypes.addressof(out), 1, 24, *range(0, 24, 4)]
        assert thumb.take(array("I", [*words, uctypes.addressof(factors)])) == (1 << 31) - 1
    assert np.array_equal(np.abs(out[0]), np.full(6, 2.0**31, dtype=F32))


@pytest.mark.parametrize("decimation", (1, 3, 16))
def test_voltages_are_added_up(thumb, decimation):
    with native(thumb):
        samples = np.random.default_rng(1).standard_normal((8 * decimation, 6)).astype(F32)
        out = np.full(25, 7, dtype=F32)
        thumb.add_up(array("I", [uctypes.addressof(samples), uctypes.addressof(out), 8, decimation]))
    expected = samples[:, :3].reshape((8, decimation, 3)).sum(axis=1)
    assert out[:24].reshape((8, 3)) == pytest.approx(expected, abs=1e-5) and out[24] == 7


VOLTS = [(120, 120, 120), (0, 120, 120), (120, 0, 120), (120, 120, 0), (120, 0, 0), (0, 0, 120), (0, 0, 0)]
ANGLES = [(0, -120, 120), (0, 120, -120), (0, 0, 0), (0, 0, 180), (0, 180, 0), (0, 60, -60), (17, 90, 200)]


@pytest.mark.parametrize("volts", VOLTS)
@pytest.mark.parametrize("angles", ANGLES)
def test_the_reference_is_that_of_the_detector(thumb, volts, angles):
    samples = three_phase(times(0.1) * 58.6 + 0.137, volts=volts, angles=angles)[:3]
    sums = np.ascontiguousarray(samples[:, : 16 * 96].reshape((3, 96, 16)).sum(axis=2), dtype=F32)
    plain = PhaseDetector(RATE, 60, F32)
    wanted, magnitude = plain.phases(sums, 3)
    with native(thumb):
        from meter.metrology.ring import WindowDetector

        detector, turned = WindowDetector(RATE, 60, F32), np.ascontiguousarray(sums.T)
        phases, largest = detector.phases(uctypes.addressof(turned), 3)
    assert largest == pytest.approx(magnitude, rel=1e-6, abs=1e-6)
    if any(volts):
        away = np.array(phases) - wanted
        assert away - 2 * pi * np.round(away / (2 * pi)) == pytest.approx(np.zeros(3), abs=2e-6)


def test_which_components_make_the_reference_is_decided_as_in_python(thumb):
    """Near the bounds at which one takes another's place, on either side."""
    dice = np.random.default_rng(3)
    checked = 0
    with native(thumb):
        out = array("f", [0.0] * 3)
        weights = np.array([[1, 0], [0, 1]], dtype=F32)
        sums = np.zeros((2, 3), dtype=F32)  # the real parts, and the imaginary ones
        words = array("I", [uctypes.addressof(sums), uctypes.addressof(weights), 2, uctypes.addressof(out)])
        for _ in range(300):
            a, b = dice.standard_normal(2) + 1j * dice.standard_normal(2)
            c = -a - b if dice.integers(2) else 2 * a - b  # no sum; no alpha component
            c += dice.uniform(0, 0.6) * np.exp(2j * pi * dice.uniform()) * (abs(a) + abs(b) + abs(c)) / 6
            sums[:] = np.array([[a.real, b.real, c.real], [a.imag, b.imag, c.imag]], dtype=F32)
            thumb.phasor(words)
            parts = [float(x) for x in sums.T.reshape((6,))]
            bound = 0.1 * sum(abs(complex(*parts[k : k + 2])) for k in (0, 2, 4))
            margins = [abs(abs(z) - bound) for z in (a + b + c, a - (b + c) / 2)]
            if min(margins) > 1e-5:
                angle, largest = reference(*parts)
                got = np.angle(complex(out[0], out[1])) + pi / 2
                assert abs(np.exp(1j * got) - np.exp(1j * angle)) < 1e-5 and out[2] == pytest.approx(largest)
                checked += 1
    assert checked > 250


def cut(thumb, ring, size, start, step, out=None):
    """Resample from a ring of `size` samples, laid out as Ring does. ring: (size, 6)."""
    whole = int(step)
    memory = np.ascontiguousarray(np.concatenate([ring, ring[:5]]), dtype=F32)
    out = np.zeros((6, QUARTER + HALF), dtype=F32) if out is None else out
    fractions = array("f", [start - int(start), step - whole, 1 / 120, 1 / 24, 1 / 12, 1.0, 2.0, 3.0])
    at, to = uctypes.addressof(memory), uctypes.addressof(out)
    first = at + 24 * ((int(start) - BEFORE) % size)
    row = 4 * (QUARTER + HALF)
    words = [first, at + 24 * size, 24 * size, to, HALF, row, uctypes.addressof(fractions), 24 * whole]
    thumb.resample(array("I", [*words, to + 4 * QUARTER]))
    return out


def interpolated(ring, size, start, step):
    """The same by the Resampler, in double precision."""
    unrolled = np.concatenate([ring] * 4).T.astype(np.float64)
    out = np.zeros((6, HALF))
    made = Resampler(HALF, 6, np.float64)
    made.prepare(start + size + step * np.arange(HALF))
    made.run(unrolled, out)
    return out


@given(
    st.floats(0, 1151.99), st.floats(0.8, 1.25) | st.sampled_from([1.0, 0.2, 1.9999, 2.0]), st.integers(0, 99)
)
@settings(max_examples=60)
def test_samples_are_interpolated_as_the_resampler_does_around_the_end_of_the_ring_too(
    thumb, start, step, seed
):
    ring = np.random.default_rng(seed).uniform(-1, 1, (1152, 6)).astype(F32)
    start, step = float(F32(start)), float(F32(step))
    with native(thumb):
        out = cut(thumb, ring, 1152, start, step)
    assert out[:, QUARTER:] == pytest.approx(interpolated(ring, 1152, start, step), abs=2e-5)  # white noise


@pytest.mark.parametrize("start", (2.0, 700.3, 1100.7))
@pytest.mark.parametrize("step", (0.8, 0.99973, 1.0, 1.0007, 1.25))
def test_waves_are_interpolated_to_a_millionth_of_full_scale(thumb, start, step):
    k = np.arange(1152)
    ring = np.array([np.sin(2 * pi * h * k / 1152 + h) for h in (2, 3, 6, 18, 36, 90)]).T.astype(F32)
    start, step = float(F32(start)), float(F32(step))
    with native(thumb):
        out = cut(thumb, ring, 1152, start, step)
    assert out[:, QUARTER:] == pytest.approx(interpolated(ring, 1152, start, step), abs=1e-6)


def test_a_position_at_a_sample_takes_that_sample_alone(thumb):
    ring = np.random.default_rng(5).standard_normal((1152, 6)).astype(F32)
    with native(thumb):
        out = cut(thumb, ring, 1152, 1000.0, 1.0)
    assert np.array_equal(out[:, QUARTER:], np.take(ring, np.arange(1000, 1256), axis=0, mode="wrap").T)


def test_the_last_quarter_of_each_row_comes_to_its_beginning(thumb):
    with native(thumb):
        before = np.random.default_rng(6).standard_normal((6, QUARTER + HALF)).astype(F32)
        out = cut(thumb, np.zeros((1152, 6)), 1152, 10.5, 1.0, before.copy())
    assert np.array_equal(out[:, :QUARTER], before[:, HALF:]) and np.all(out[:, QUARTER:] == 0)


def test_a_half_cycle_takes_a_fortieth_of_its_instructions(thumb):
    """A half cycle has 1.25 million cycles at 150 MHz; docs/real-time.md says what that means."""
    total = {}
    with native(thumb, counts=True):
        tracker = ring_of()
        samples = tracker._samples
        detector = tracker._detector
        block = bytearray(next(blocks(three_phase(times(0.1) * 60.02)))[2])
        for first in range(0, 2048, 128):
            for _ in tracker.feed(first, 128, block):
                pass
        thumb.take(samples._taking)
        total["take"] = 2 * thumb.instructions
        thumb.add_up(samples._summing)
        total["add_up"] = 2 * thumb.instructions
        thumb.phasor(detector._words)
        total["phasor"] = 2 * thumb.instructions
        thumb.resample(samples._cutting)
        total["resample"] = thumb.instructions
    assert total["take"] < 12_000 and total["add_up"] < 2_000 and total["phasor"] < 2_000
    assert 20_000 < total["resample"] < 23_000
    assert sum(total.values()) < 38_000


# What chooses


def test_one_half_cycle_to_a_frame_in_single_precision_takes_the_ring(thumb):
    with native(thumb):
        ring_of()
        for half_cycles, dtype in ((1, np.float64), (2, F32), (30, F32)):
            made = Tracker(CHANNELS, SCALES, RATE, 60, half_cycles, THRESHOLD, dtype=dtype)
            assert type(made._samples) is History and type(made._detector) is PhaseDetector


def test_without_an_assembler_it_is_arrays():
    assert type(tracker_of()._samples) is History


def test_the_buffers_of_a_pico_2_are_small(thumb):
    with native(thumb):
        ring_of()
        sizes = [size for _, size, _, _ in uctypes._ranges]
    assert max(sizes) == 24 * (9 * 128 + 5)
    assert sum(sizes) < 41_000


# Frames


def frames_of(tracker, chunks, flush=True):
    """Return (samples, seconds, end, flags) of each frame."""
    found = []
    memory = bytearray(256 * 24)

    def take(frames):
        for frame in frames:
            found.append((frame.samples.copy(), float(frame.seconds[0]), frame.ends[0], frame.flags))

    for first, count, data in chunks:
        memory[: len(data)] = data  # the converter's: always the same
        take(tracker.feed(first, count, memory if count <= 256 else data))
    if flush:
        take(tracker.flush())
    return found


def compared(thumb, monkeypatch, pieces, size=128, lost=3, tolerance=2e-6, **options):
    """Run pieces, (first, samples), through a Ring and through a History; return the Ring's frames.

    Each frame of the Ring must be one of the History's. lost: frames the Ring may lack after each lock.
    """
    monkeypatch.setattr(history, "_IN_STEP", -1.0)  # samples as they are may be a fiftieth of one away
    scales = options.get("scales", SCALES)
    with native(thumb):
        chunks = [chunk for first, part in pieces for chunk in blocks(part, size, scales, first)]
        found = frames_of(ring_of(**options), chunks)
    tracker = tracker_of(**options)
    quarter = tracker._samples._block  # the Ring takes its samples so, whatever comes in
    chunks = [chunk for first, part in pieces for chunk in blocks(part, quarter, scales, first)]
    wanted = frames_of(tracker, chunks)
    ends = np.array([frame[2] for frame in wanted])
    others = 0
    for samples, seconds, end, flags in found:
        k = int(np.argmin(np.abs(ends - end)))
        assert abs(int(ends[k]) - end) <= 1
        others += ends[k] != end
        assert seconds == pytest.approx(wanted[k][1], abs=1e-8)
        away = np.abs(samples[:, QUARTER:] - wanted[k][0][:, QUARTER:])
        assert np.max(away / PEAKS) < tolerance, (end, np.max(away / PEAKS, axis=1))
        assert flags & ~GAP == wanted[k][3] & ~GAP
    assert others <= 1 + len(found) // 50
    assert len(wanted) - lost * len(pieces) <= len(found) <= len(wanted)
    return found


@pytest.mark.parametrize("size", (128, 256, 100, 61))
@pytest.mark.parametrize("hz", (48.5, 57.03, 60.0, 60.02, 66.0, 71.8))
def test_the_ring_gives_the_frames_that_arrays_give(thumb, monkeypatch, hz, size):
    samples = three_phase(times(0.4) * hz, lag=(30.0,) * 3, harmonics=((3, 0.1), (7, 0.05)))
    samples += noise(samples.shape, 1.0) * PEAKS * 1e-3
    # The carrier's tuning may fall on the other side of its bound by a rounding.
    found = compared(thumb, monkeypatch, [(0, samples)], size, tolerance=2e-4)
    assert len(found) >= 0.8 * hz - 13
    assert {flags for *_, flags in found} == {0}


@pytest.mark.parametrize("turns", (0.25, -0.25, 0.5, 0.1))
def test_after_a_phase_jump_too(thumb, monkeypatch, turns):
    t = times(0.5)
    samples = three_phase(58.6 * t + np.where(t > 0.25, turns, 0.0))
    # Where the half before the jump and the half after it cancel, there is little to tell the phase by.
    assert len(compared(thumb, monkeypatch, [(0, samples)], 256, tolerance=2e-4)) > 50


@pytest.mark.parametrize("slope", (1.0, -10.0, 10.0))
def test_on_a_ramp_too(thumb, monkeypatch, slope):
    t = times(0.6)
    assert (
        len(compared(thumb, monkeypatch, [(0, three_phase(60 * t + slope / 2 * t * t))], 256, tolerance=2e-4))
        > 55
    )


@pytest.mark.parametrize("gap", (1, 1000, 40000))
@pytest.mark.parametrize("stop", (300, 1400, 2000, 6003))
def test_after_a_gap_too(thumb, monkeypatch, stop, gap):
    samples = three_phase(times(2.0) * 59.3)
    pieces = [(0, samples[:, :stop]), (stop + gap, samples[:, stop + gap : stop + gap + 5000])]
    found = compared(thumb, monkeypatch, pieces, 256, tolerance=2e-5)
    gaps = [end for *_, end, flags in found if flags & GAP]
    assert len(gaps) == 1 and gaps[0] > stop + gap
    # What comes in first after it is two cycles and a half old when the clock has locked.
    assert gaps[0] - (stop + gap) < 4 * 256 + 2 * 260


@pytest.mark.parametrize("tail", range(0, 1000, 97))
def test_a_recording_of_any_length_ends_alike(thumb, monkeypatch, tail):
    assert compared(thumb, monkeypatch, [(0, three_phase(times(0.2) * 52.1)[:, : 2000 + tail])], 256)


@pytest.mark.parametrize("count", (1279, 1280, 1300, 1500, 1791))
def test_less_than_it_takes_to_lock_gives_the_last_of_it(thumb, monkeypatch, count):
    samples = three_phase(times(0.2) * 60.5)[:, :count]
    assert bool(compared(thumb, monkeypatch, [(0, samples)], 256)) is (count >= 1280)


def test_without_voltage_and_when_it_comes_back(thumb, monkeypatch):
    t = times(1.0)
    samples = three_phase(59.5 * t)
    samples[:3, (t > 0.3) & (t < 0.6)] = 0.0
    found = compared(thumb, monkeypatch, [(0, samples)], 256, tolerance=2e-5)
    flagged = [end for *_, end, flags in found if flags & UNLOCKED]
    assert 30 < len(flagged) < 45
    assert len(compared(thumb, monkeypatch, [(0, samples * 0)], 256)) > 100


@pytest.mark.parametrize("size", (256, 100, 7))
@pytest.mark.parametrize("place", (2304, 2303, 3001, 4096 + 255))
def test_a_clipped_sample_flags_the_same_frames(thumb, monkeypatch, size, place):
    samples = three_phase(times(0.2) * 60.4)
    samples[4, place] = -1e4
    found = compared(thumb, monkeypatch, [(0, samples)], size, tolerance=1e-2)
    assert 1 <= len([1 for *_, flags in found if flags & CLIPPED]) <= 2


def test_a_sample_just_below_the_limit_is_not_clipped(thumb):
    for counts, expected in ((0x7FFFFE, 0), (0x7FFFFF, CLIPPED), (-0x7FFFFE, 0), (-0x7FFFFF, CLIPPED)):
        samples = three_phase(times(0.15) * 60)
        samples[4, 3000] = counts * SCALES[4]
        with native(thumb):
            found = frames_of(ring_of(), blocks(samples, 256))
        seen = 0
        for *_, flags in found:
            seen |= flags
        assert seen == expected


@pytest.mark.parametrize(
    "channels", [("VA", "IA"), ("IA", "VA"), ("VC", "IC"), ("IC", "VB", "IB", "VC"), ("VA", "VB", "VC")]
)
def test_fewer_channels_in_any_order_with_offsets(thumb, monkeypatch, channels):
    rows = [CHANNELS.index(name) for name in channels]
    options = {
        "channels": channels,
        "scales": [SCALES[row] for row in rows],
        "offsets": [1000.0 * k - 700 for k in range(len(rows))],
    }
    samples = three_phase(times(0.25) * 59.2)[rows]
    found = compared(thumb, monkeypatch, [(0, samples)], 256, tolerance=2e-5, **options)
    for row in set(range(6)) - set(rows):
        assert not any(np.any(frame[0][row]) for frame in found)


@pytest.mark.parametrize("per_cycle", (100, 128, 192, 501.7, 514, 1024))
def test_converters_of_other_rates(thumb, monkeypatch, per_cycle):
    """At each the slowest half cycle must be in the ring whole."""
    rate = per_cycle * 50.0
    t = times(0.7, rate)
    samples = three_phase(
        50 * t - 9.0 * np.maximum(t - 0.2, 0)
    )  # down to 41 Hz, at the end of what it follows
    assert compared(thumb, monkeypatch, [(0, samples)], 100, tolerance=5e-4, rate=rate, nominal=50)


def test_frames_join_on_to_each_other_and_are_one_and_the_same_array(thumb):
    """The next frame's quarter is the end of the last one."""
    samples = three_phase(times(0.3) * 58.9)
    with native(thumb):
        tracker, seen, before = ring_of(), [], None
        memory = bytearray(256 * 24)
        for first, count, data in blocks(samples, 256):
            memory[: len(data)] = data
            for frame in tracker.feed(first, count, memory):
                if before is not None:
                    assert np.array_equal(frame.samples[:, :QUARTER], before[:, HALF:])
                before = frame.samples.copy()
                seen.append((id(frame.samples), frame.samples.ctypes.data))
        assert len(set(seen)) == 1 and len(seen) > 20
        assert frame.samples.flags["C_CONTIGUOUS"] and frame.samples.shape == (6, QUARTER + HALF)


def test_hours_on_the_numbers_stay_right(thumb):
    """Positions are counted from a base that moves on: they do not grow."""
    samples = three_phase(times(4.0) * 61.7)
    first = 1 << 31
    with native(thumb):
        tracker = ring_of()
        found = frames_of(tracker, blocks(samples, 256, first=first))
        assert max(tracker._grid.positions or [0]) < 2048
    ends = np.array([end - first for *_, end, _ in found])
    half_turns = ends / RATE * 61.7 * 2
    assert np.max(np.abs(half_turns - np.round(half_turns))[:-6]) < 0.006
    assert np.all(np.diff(ends) > 240) and len(ends) > 4 * 123 - 12
