"""What a converter must not give: it is flagged, and no energy is made of it."""

import sys

import numpy as np
import pytest
from meter.hal.sim.front_end import FrontEnd
from meter.metrology.frame import CLIPPED
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.span import Span
from meter.metrology.tracking import CHANNELS, Tracker
from meter.quantities import index

from host_tests.harness import RATE, SCALES, THRESHOLD, Run, blocks, three_phase, times


class Recorded:
    """A waveform source that gives an array."""

    channels, rate = CHANNELS, RATE

    def __init__(self, samples):
        self.samples, self.length = samples, samples.shape[1]

    def read(self, first, count):
        return self.samples[:, first : first + count]


def converted(samples):
    """Run samples through the converter's model, as they are in a source."""
    source, front_end = Recorded(samples), FrontEnd(SCALES)
    chunks = []
    for first in range(0, source.length, 3072):
        count, data = front_end.convert(source, first, 3072)
        chunks.append((first, count, data))
    return Run(chunks)


@pytest.mark.parametrize("channel", range(6))
@pytest.mark.parametrize("value", (np.nan, np.inf, -np.inf))
def test_what_is_no_number_is_flagged_and_makes_no_lasting_error(channel, value):
    samples = three_phase(times(2.0) * 60)
    samples[channel, 30000:30100] = value
    found = converted(samples)
    flagged = {k for k, flags in enumerate(found.flags) if flags & CLIPPED}
    assert flagged and max(flagged) - min(flagged) < 4
    watts = found.rows[3] / found.seconds
    assert np.all(np.isfinite(found.rows))
    clear = [k for k in range(len(watts)) if not min(flagged) - 2 <= k <= max(flagged) + 4]
    assert watts[clear] == pytest.approx(np.full(len(clear), 1800.0), rel=1e-5)


def test_a_missing_channel_costs_its_element_and_no_other():
    samples = three_phase(times(1.0) * 60)
    names = tuple(name for name in CHANNELS if name != "IB")
    rows = [CHANNELS.index(name) for name in names]
    scales = [SCALES[row] for row in rows]
    found = Run(list(blocks(samples[rows], 3072, scales)), channels=names, scales=scales)
    assert found.value("W.bi.B") == 0.0 and found.value("A.B") == 0.0
    assert found.value("W.bi.P") == pytest.approx(1200.0, rel=1e-6)


def test_cost_does_not_grow_faster_than_channels():
    samples, calls = three_phase(times(1.0) * 60), []
    for names in (("VA", "IA"), ("VA", "VB", "IA", "IB"), CHANNELS):
        rows = [CHANNELS.index(name) for name in names]
        scales, count = [SCALES[row] for row in rows], [0]

        def counted(frame, event, argument, count=count):
            count[0] += 1

        tracker, metrology, span = Tracker(names, scales, RATE, 60, 24, THRESHOLD), HalfCycles(), Span()
        chunks = list(blocks(samples[rows], 3072, scales))
        sys.setprofile(counted)
        for chunk in chunks:
            for frame in tracker.feed(*chunk):
                span.add(metrology.process(frame), frame.seconds, frame.flags, 0, frame.n)
        sys.setprofile(None)
        calls.append(count[0])
        assert span.value(index("W.bi.P")) == pytest.approx(600.0 * len(names) / 2, rel=1e-6)
    assert calls[2] <= 3 * calls[0] and calls[1] <= 2 * calls[0], calls
