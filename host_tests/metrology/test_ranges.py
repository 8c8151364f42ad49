"""The ranges of voltage and current: inside them the values hold, beyond them nothing is spoilt."""

import numpy as np
import pytest
from meter.hal.sim.front_end import FrontEnd, scale
from meter.hal.sim.synthesizer import CHANNELS, Event, Synthesizer, three_phase
from meter.metrology.frame import CLIPPED
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.span import Span
from meter.metrology.tracking import Tracker
from meter.quantities import index

RATE = 30720.0
SCALES = [scale(300.0)] * 3 + [scale(20.0)] * 3  # a class 20 meter


def seconds_of(source, seconds):
    """Return a Span for each second, and its flags."""
    front_end, tracker, metrology = (
        FrontEnd(SCALES),
        Tracker(CHANNELS, SCALES, RATE, 60, 2, 2.4),
        HalfCycles(),
    )
    spans = [Span() for _ in range(seconds)]
    for second in range(seconds):
        count, data = front_end.convert(source, second * 30720, 30720)
        for frame in tracker.feed(second * 30720, count, data):
            rows = metrology.process(frame)
            spans[min(seconds - 1, frame.ends[-1] // 30720)].add(rows, frame.seconds, frame.flags, 0, frame.n)
    return spans


@pytest.mark.parametrize("volts", (45.0, 120.0, 300.0, 317.5))
@pytest.mark.parametrize("amps", (0.002, 20.0, 22.0))
@pytest.mark.feature("MET-04")
def test_voltage_and_current_hold_over_the_whole_range(volts, amps):
    # 317.5 V is 550 V line to line; 22 A is 1.1 times the class.
    source = Synthesizer(RATE, 60.0, three_phase((volts,) * 3, (amps,) * 3, (60.0,) * 3))
    span = seconds_of(source, 2)[1]
    assert not span.flags & CLIPPED
    assert span.value(index("V.A")) == pytest.approx(volts, rel=1e-5)
    assert span.value(index("VLL.A")) == pytest.approx(volts * np.sqrt(3), rel=1e-5)
    assert span.value(index("A.C")) == pytest.approx(amps, rel=1e-4)
    assert span.value(index("W.bi.P")) == pytest.approx(1.5 * volts * amps, rel=1e-4)


@pytest.mark.feature("MET-04")
def test_twenty_times_the_class_current_for_a_second_is_flagged_and_leaves_registration_unchanged():
    events = [Event("I" + phase, 1.0, 1.0, 80.0) for phase in "ABC"]  # 400 A
    spans = seconds_of(Synthesizer(RATE, 60.0, three_phase((120.0,) * 3, (5.0,) * 3, (0.0,) * 3), events), 5)
    assert [bool(span.flags & CLIPPED) for span in (spans[0], spans[1], spans[3], spans[4])] == [0, 1, 0, 0]
    assert spans[0].value(index("W.del.P")) == pytest.approx(1800.0, rel=1e-5)
    # What is beyond the converter is not metered, and not invented.
    assert 1800.0 < spans[1].value(index("W.del.P")) < 80 * 1800.0
    for span in spans[3:]:
        assert span.value(index("W.del.P")) == pytest.approx(1800.0, rel=1e-5)
