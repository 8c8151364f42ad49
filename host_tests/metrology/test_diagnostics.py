"""The diagnostic state: each bit comes for its cause, alone, and goes away with it; and no fault makes energy.

Everything goes through the converter's counts, the tracker and the half cycles, as in a meter.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.app import App
from meter.config import schema
from meter.metrology import builder
from meter.metrology.diagnostics import FREQUENCY, MISSING, PHASE_SEQUENCE, TEXTS, Diagnostics, texts
from meter.metrology.frame import CLIPPED, GAP, STUCK, UNLOCKED
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.span import Span
from meter.metrology.tracking import CHANNELS, Tracker
from meter.quantities import START, index
from meter.registers.energy import Energy

from boards.sim.board import Board
from host_tests.harness import FULL_SCALE, RATE, SCALES, THRESHOLD, blocks, noise, sine, three_phase, times

PIECE = 30  # half cycles to a span here: a quarter of a second


class Watch:
    """A run of blocks: the state after each span, and what was booked.

    states      list
    energy      Energy
    stretches   list of (first, stop): samples that were metered
    """

    def __init__(self, chunks, nominal=60, half_cycles=2, dtype=np.float64, elements=(0, 1, 2), rate=RATE):
        tracker = Tracker(CHANNELS, SCALES, rate, nominal, half_cycles, THRESHOLD, dtype=dtype)
        self.diagnostics = Diagnostics(elements, nominal)
        self.metrology = HalfCycles(dtype=dtype)
        self.energy, self.span = Energy(), Span(dtype)
        self.states, self.stretches, self.seconds = [], [], 0.0
        self.rate = rate
        for block in chunks:
            self._take(tracker.feed(*block))
        self._take(tracker.flush())
        self.energy.add(self.span)

    def _take(self, frames):
        for frame in frames:
            start = frame.ends[0] - int(round(float(frame.seconds[0]) * self.rate))
            if self.stretches and not frame.flags & GAP:
                self.stretches[-1][1] = frame.ends[-1]
            else:
                self.stretches.append([max(0, start), frame.ends[-1]])
            rows = self.metrology.process(frame)
            self.span.add(rows, frame.seconds, frame.flags, 0, frame.n)
            self.seconds += float(np.sum(frame.seconds, dtype=np.float64))
            if self.span.half_cycles >= PIECE:
                self.diagnostics.take(self.span)
                self.states.append(self.diagnostics.state)
                before = list(self.energy.totals)
                self.energy.add(self.span)
                assert all(now >= then for now, then in zip(self.energy.totals, before))
                self.span.clear()


def watch(samples, size=3072, **options):
    return Watch(blocks(samples, size), **options)


def states_after_start(samples, **options):
    """The different states after the first span, which has the flag of the beginning."""
    return set(watch(samples, **options).states[1:])


T = times(1.8)
LOUD = noise((6, len(T)), 1.0) * np.array([[0.01]] * 3 + [[0.001]] * 3)


@pytest.mark.parametrize("hz", (60.0, 57.3, 55.1, 64.9))
@pytest.mark.parametrize("half_cycles", (1, 2, 30))
def test_a_good_signal_has_no_bit(hz, half_cycles, dtype):
    samples = three_phase(T * hz, harmonics=((5, 0.05),)) + LOUD
    assert states_after_start(samples, half_cycles=half_cycles, dtype=dtype) == {0}


def fault(samples, kind):
    """Put a fault on a copy of a signal from 0.6 s to 1.2 s. Return the blocks."""
    samples = samples.copy()
    during = (T >= 0.6) & (T < 1.2)
    if kind == "clipped":
        samples[4, during] *= 30
    elif kind == "stuck":
        samples[4, during] = 3.25
    elif kind == "no signal":
        samples[:3, during] = 0.0
    elif kind == "one voltage":
        samples[1, during] = 0.0
    elif kind == "swap":
        samples[[1, 2]] = np.where(during, samples[[2, 1]], samples[[1, 2]])
    elif kind == "gap":
        first = list(blocks(samples[:, :20000], 3072))
        return first + list(blocks(samples[:, 23000:], 3072, first=23000))
    return blocks(samples, 3072)


CAUSES = (("clipped", CLIPPED), ("stuck", STUCK), ("no signal", UNLOCKED), ("one voltage", MISSING),
          ("swap", PHASE_SEQUENCE), ("gap", GAP))  # fmt: skip


@pytest.mark.parametrize("kind, bit", CAUSES)
def test_each_bit_comes_for_its_cause_and_goes_away(kind, bit, dtype):
    found = Watch(fault(three_phase(T * 60), kind), dtype=dtype)
    clean = bit | MISSING if bit == UNLOCKED else bit  # while voltages come and go, one may be seen first
    during = found.states[1:-1]
    assert any(state & bit for state in during)
    assert all(state & ~clean == 0 for state in during)
    assert found.states[-1] == 0 and found.states[1] in (0, bit)
    assert found.diagnostics.counts[bit] == 1
    assert texts(bit) == [dict(TEXTS)[bit]]


@pytest.mark.parametrize("hz", (59.3, 60.02))
def test_a_stuck_channel_is_seen_off_the_nominal_frequency_too(hz, dtype):
    assert any(state & STUCK for state in Watch(fault(three_phase(T * hz), "stuck"), dtype=dtype).states)


def test_an_open_input_at_zero_is_not_stuck():
    assert states_after_start(three_phase(T * 60, amps=(5, 0, 0))) == {0}


@pytest.mark.parametrize(
    "nominal, hz, out",
    [
        (60, 54.8, True),
        (60, 55.2, False),
        (60, 64.8, False),
        (60, 65.2, True),
        (60, 50.0, True),
        (50, 44.8, True),
        (50, 45.2, False),
        (50, 54.8, False),
        (50, 55.2, True),
        (50, 60.0, True),
        (60, 71.0, True),
        (50, 41.0, True),
    ],
)
def test_a_frequency_out_of_the_range_of_the_service_is_flagged(nominal, hz, out, dtype):
    rate = nominal * 512.0
    found = watch(three_phase(times(1.5, rate) * hz), nominal=nominal, rate=rate, dtype=dtype)
    assert set(found.states[1:]) == {FREQUENCY if out else 0}


def test_a_frequency_that_leaves_and_returns_sets_and_clears_the_bit():
    t = times(4.0)
    turns = 60 * t + np.where(t < 1, 0, np.where(t < 3, 8 * (t - 1), 16.0))
    found = watch(three_phase(turns))
    assert found.states[1] == found.states[-1] == 0 and FREQUENCY in found.states
    assert found.diagnostics.counts[FREQUENCY] == 1


@pytest.mark.parametrize(
    "volts", ((120, 0, 0), (0, 120, 0), (0, 0, 120), (120, 120, 0), (0, 120, 120), (120, 0, 120))
)
def test_missing_voltages_are_no_swap_whatever_the_noise(volts, dtype):
    samples = three_phase(T * 59.7, volts=volts) + LOUD
    assert states_after_start(samples, dtype=dtype) == {MISSING}


@pytest.mark.parametrize("volts", ((120, 120, 120), (120, 120, 0), (100, 120, 140)))
def test_two_phases_swapped_are_seen_with_a_voltage_missing_too(volts):
    samples = three_phase(T * 59.7, volts=volts, angles=(0, 120, -120)) + LOUD
    assert states_after_start(samples) == {PHASE_SEQUENCE | (MISSING if 0 in volts else 0)}


def test_one_source_on_all_three_inputs_has_no_sequence_at_all():
    assert states_after_start(three_phase(T * 59.7, angles=(0, 0, 0)) + LOUD) == {0}


def test_a_four_wire_delta_is_in_order():
    samples = three_phase(T * 59.7, volts=(120, 207.8, 120), angles=(0, -90, 180)) + LOUD
    assert states_after_start(samples) == {0}


def two_elements(angle):
    """What a form 5 meter sees: AB and CB, 60 degrees apart. angle: 60 in the right order, -60 swapped."""
    samples = np.zeros((6, len(T)))
    for row, rms, degrees in ((0, 208, 0), (2, 208, angle), (3, 5, -30), (5, 5, angle + 30)):
        samples[row] = sine(T * 59.7, rms, degrees)
    return samples


def test_two_elements_need_no_third_voltage():
    assert states_after_start(two_elements(60) + LOUD, elements=(0, 2)) == {0}
    assert states_after_start(two_elements(-60) + LOUD, elements=(0, 2)) == {PHASE_SEQUENCE}
    lost = two_elements(60) + LOUD
    lost[2] = 0
    assert states_after_start(lost, elements=(0, 2)) == {MISSING}


@pytest.mark.parametrize("connection, wanted", (("3-wire delta", 0), ("4-wire wye", MISSING)))
def test_the_meter_looks_at_the_voltages_that_its_connection_has(connection, wanted):
    config = schema.validate({"service": {"connection": connection, "nominal_voltage": 208.0}})

    class Source:
        channels, rate, length = CHANNELS, RATE, None

        def read(self, first, count):
            at = (first + np.arange(count)) / RATE * 59.7
            out = np.zeros((6, count))
            for row, rms, degrees in ((0, 208, 0), (2, 208, 60), (3, 5, -30), (5, 5, 90)):
                out[row] = sine(at, rms, degrees)
            return out

    app = App(Board(config, Source(), (400.0, 20.0), start=1_700_000_100, half_cycles=60), config)
    samples = Source().read(0, int(RATE * 3.2))
    for block in blocks(samples, 3072, app._board.adc.scales):
        for frame in app.tracker.feed(*block):
            app.meter.step(frame)
    assert app.meter.diagnostics.state == wanted
    assert app.access.read("error_code") == (wanted, 0, "")


def test_the_frequency_of_the_service_reaches_the_diagnostics():
    for hz in (50, 60):
        found = builder.diagnostics(schema.validate({"service": {"frequency": hz}}))
        span = Span()
        span.half_cycles, span.seconds = 120, 60 / 57.0
        span.sums[START["V2"] : START["V2"] + 3] = 14400
        found.take(span)
        assert found.state == (FREQUENCY if hz == 50 else 0)


def test_counts_are_of_appearances_not_of_spans():
    found, span = Diagnostics(), Span()
    for flags in (CLIPPED, CLIPPED, 0, CLIPPED | GAP, GAP):
        span.flags = flags
        found.take(span)
    assert (found.counts[CLIPPED], found.counts[GAP], found.counts[STUCK]) == (2, 1, 0)
    assert found.state == GAP


def test_bits_have_a_text_each_and_no_two_are_the_same():
    bits = [bit for bit, _ in TEXTS]
    assert bits == [1 << k for k in range(7)]
    assert texts(127) == [text for _, text in TEXTS] and texts(0) == []


def joules(samples, found, p):
    """What flowed in phase p in the samples that were metered: (net, gross, mean square volt seconds)."""
    net = gross = square = 0.0
    for first, stop in found.stretches:
        v, i = samples[p, first:stop], samples[3 + p, first:stop]
        net += float(np.sum(v * i)) / RATE
        gross += float(np.sum(np.abs(v * i))) / RATE
        square += float(np.sum(v * v)) / RATE
    return net, gross, square


def check_energy(samples, found):
    """Nothing negative, nothing invented, nothing lost beyond a few samples and what interpolation makes of steps."""
    duration = sum(stop - first for first, stop in found.stretches) / RATE
    assert found.seconds == pytest.approx(duration, abs=2 / RATE * len(found.stretches))
    assert all(total >= 0 for total in found.energy.totals)
    for p, phase in enumerate("ABC"):
        net, gross, square = joules(samples, found, p)
        peak = float(np.max(np.abs(samples[p])) * np.max(np.abs(samples[3 + p])))
        near = 2e-3 * gross + 8 * peak / RATE
        booked = {
            d: found.energy.exact(index(f"Wh.{d}.{phase}")) * 3600 for d in ("net", "del", "rec", "abs")
        }
        assert booked["net"] == pytest.approx(net, abs=near)
        assert booked["abs"] <= gross + near
        assert booked["del"] - booked["rec"] == pytest.approx(booked["net"], abs=near)
        found_square = found.energy.exact(index("V2h." + phase)) * 3600
        assert found_square == pytest.approx(square, rel=2e-3, abs=8 * np.max(samples[p] ** 2) / RATE + 1e-6)
        apparent = found.energy.exact(index("VAh.abs." + phase)) * 3600
        assert apparent >= abs(booked["net"]) - near


@pytest.mark.parametrize("kind", [kind for kind, _ in CAUSES])
@pytest.mark.parametrize("hz", (60.0, 59.3))
def test_no_fault_invents_or_loses_energy(kind, hz, dtype):
    samples = three_phase(T * hz, lag=(30, 150, 250))
    chunks = [(first, count, bytes(data)) for first, count, data in fault(samples, kind)]
    seen = np.zeros((6, len(T)))
    for first, count, data in chunks:
        counts = np.frombuffer(data, dtype="<i4").reshape((count, 6)).T
        seen[:, first : first + count] = counts * np.array(SCALES).reshape((6, 1))
    check_energy(seen, Watch(iter(chunks), dtype=dtype))


KINDS = ("zero", "stuck", "full scale", "reversed", "half")
FAULTS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 5), st.integers(0, 17000), st.integers(1, 6000)),
    max_size=5,
)
GAPS = st.lists(st.tuples(st.integers(2000, 16000), st.integers(1, 3000)), max_size=2)


@settings(max_examples=50)
@given(FAULTS, GAPS, st.sampled_from((60.0, 58.3, 61.7)), st.sampled_from((1, 2, 40)), st.integers(100, 5000))
def test_no_random_faults_invent_or_lose_energy(faults, gaps, hz, half_cycles, size):
    t = np.arange(18432) / RATE
    samples = three_phase(t * hz, lag=(20, 110, 200))
    for kind, row, start, length in faults:
        part = samples[row, start : start + length]
        if kind == "zero":
            part[:] = 0.0
        elif kind == "stuck":
            part[:] = part[0]
        elif kind == "full scale":
            part[:] = FULL_SCALE * SCALES[row]
        else:
            part *= -1.0 if kind == "reversed" else 0.5
    chunks, first = [], 0
    for start, length in sorted(gaps):
        if start > first:
            chunks += list(blocks(samples[:, first:start], size, first=first))
            first = start + length
    if first < 18432:
        chunks += list(blocks(samples[:, first:], size, first=first))
    check_energy(samples, Watch(iter(chunks), half_cycles=half_cycles))


@pytest.mark.parametrize("half_cycles", (1, 2))
def test_frames_of_a_converter_in_step_join_without_repeating_or_skipping_a_sample(half_cycles):
    samples = three_phase(T * 60) + LOUD
    # A ramp no converter gives, to know each sample by: what is interpolated is not looked at.
    samples[5] = np.arange(len(T)) * SCALES[5]
    tracker = Tracker(CHANNELS, SCALES, RATE, 60, half_cycles, THRESHOLD)
    starts = []
    for block in blocks(samples, 3072):
        for frame in tracker.feed(*block):
            starts.append(float(frame.samples[5, 128]) / SCALES[5])
    lengths = np.diff(starts[4:])
    assert np.max(np.abs(lengths - 256 * half_cycles)) < 0.5
