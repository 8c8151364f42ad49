"""A Span of steady waves with known faults, for what looks at instantaneous values."""

import numpy as np
from meter.metrology.connection import Connection
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.span import Span

from host_tests.harness import HALF, QUARTER, Frame, three_phase

SPAN_CYCLES = 4


def span_of(
    volts=(120.0,) * 3, amps=(5.0,) * 3, angles=(0.0, -120.0, 120.0), lag=(0.0,) * 3, connection=None
):
    """Return the Span of steady waves of 60 Hz."""
    n = 2 * SPAN_CYCLES
    k = np.arange(-QUARTER, n * HALF) / (2.0 * HALF)
    samples = np.array(three_phase(k, volts, amps, lag, angles=angles))
    seconds = np.full(n, 1 / 120)
    frame = Frame(n, samples, seconds, [(i + 1) * 256 for i in range(n)], 0)
    connection = connection or Connection()
    span = Span(np.float64, connection)
    span.add(HalfCycles(connection, dtype=np.float64).process(frame), seconds, 0, 0, n)
    return span
