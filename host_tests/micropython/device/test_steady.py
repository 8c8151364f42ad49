"""Booking of a steady load from the kernel's rows, against the value of the load; in both precisions."""

from math import sqrt

from meter.metrology import kernel as k
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.span import Span
from meter.quantities import index
from meter.xnp import FLOAT, np

NEAR = 1e-4


def test_rows_of_a_sinusoid_book_as_its_power():
    now = np.zeros((k.ROWS, 2), dtype=FLOAT)
    for p in range(3):
        # Two loads: 120 V and 5 A in phase, and 60 degrees behind it.
        now[k.V2 + p] = np.array([14400.0, 14400.0])
        now[k.I2 + p] = np.array([25.0, 25.0])
        now[k.W + p] = np.array([600.0, 300.0])
        now[k.VAR + p] = np.array([0.0, 300.0 * sqrt(3.0)])
        now[k.PHASORS + 3 + p] = np.array([-120.0, -120.0]) * (1.0 if p == 0 else -0.5)
    rows = HalfCycles().steady(now, np.array([1.0, 2.0]))
    span = Span()
    span.add(rows, np.array([1.0, 2.0]), 0, 0, 2)
    assert abs(span.value(index("W.del.P")) / 1200.0 - 1) < NEAR
    assert abs(span.value(index("VAR.q1.A")) / (200.0 * sqrt(3.0)) - 1) < NEAR
    assert abs(span.value(index("VA.del.B")) / 600.0 - 1) < NEAR
    assert abs(span.value(index("A.C")) - 5.0) < NEAR
    assert span.value(index("THDVh.A")) == 0.0
