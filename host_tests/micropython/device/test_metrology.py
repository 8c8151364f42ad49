"""The metering core on synthetic frames of one half cycle, against the values of the sines; in both precisions."""

from math import cos, pi, radians, sin, sqrt

from meter.metrology.connection import Connection
from meter.metrology.correction import Correction
from meter.metrology.diagnostics import Diagnostics
from meter.metrology.frame import HALF, QUARTER, Frame
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.loss_compensation import LossCompensation
from meter.metrology.span import Span
from meter.quantities import INTEGRATED, index, keys
from meter.registers.energy import Energy
from meter.xnp import FLOAT, np

SECONDS = 1 / 120
ANGLES = (0.0, -120.0, 120.0)


def _precision():
    """The relative error of a value in the arrays' precision."""
    found = np.ones(1, dtype=FLOAT)
    found += 1e-9
    return 1e-10 if float(found[0]) != 1.0 else 2e-5


NEAR = _precision()


def frame(start, volts, amps, lag, harmonic=0.0, n=1, angles=ANGLES):
    """A frame of n half cycles. harmonic: part of a fifth in the currents."""
    length = QUARTER + n * HALF
    turns = (np.arange(length) + (start * HALF - QUARTER)) * (pi / HALF)
    samples = np.zeros((6, length), dtype=FLOAT)
    root = sqrt(2.0)
    for p in range(3):
        samples[p] = np.sin(turns + radians(angles[p])) * (volts[p] * root)
        angle = radians(angles[p] - lag[p])
        samples[3 + p] = np.sin(turns + angle) * (amps[p] * root)
        if harmonic:
            samples[3 + p] += np.sin(turns * 5.0 + angle * 5.0) * (amps[p] * root * harmonic)
    seconds = np.ones(n, dtype=FLOAT) * SECONDS
    return Frame(n, samples, seconds, [(start + k + 1) * HALF for k in range(n)])


def span_of(half_cycles, halves=3, n=1, **load):
    """A span over some frames; the very first half cycle, which has no past, is left out."""
    span = Span()
    for start in range(0, halves, n):
        found = frame(start, n=n, **load)
        rows = half_cycles.process(found)
        span.add(rows, found.seconds, 0, 0 if start else 1, n)
    return span


def near(span, key, wanted, absolute=1e-3):
    found = span.value(index(key))
    assert abs(found - wanted) <= NEAR * abs(wanted) + absolute * min(1.0, NEAR * 1e5), (key, found, wanted)


LOAD = {"volts": (120.0, 118.0, 122.0), "amps": (5.0, 3.0, 1.0), "lag": (30.0, 140.0, 300.0)}


def test_powers_of_a_half_cycle_are_those_of_the_sines():
    span = span_of(HalfCycles(), **LOAD)
    watts = vars_ = 0.0
    for p, phase in enumerate("ABC"):
        va, lag = LOAD["volts"][p] * LOAD["amps"][p], radians(LOAD["lag"][p])
        w, var = va * cos(lag), va * sin(lag)
        watts, vars_ = watts + w, vars_ + var
        near(span, "W.bi." + phase, w)
        near(span, "W.del." + phase, max(0.0, w))
        near(span, "W.rec." + phase, max(0.0, -w))
        near(span, "VAR.bi." + phase, var)
        near(span, "VARf.bi." + phase, var)
        near(span, "VA.abs." + phase, va)
        near(span, "VAv.abs." + phase, va)
        near(span, "Q.bi." + phase, w / 2 + var * sqrt(3) / 2)
        near(span, "V." + phase, LOAD["volts"][p])
        near(span, "A." + phase, LOAD["amps"][p])
        near(span, "PF.bi." + phase, abs(cos(lag)) * (1 if w * var > 0 else -1))
    near(span, "W.bi.P", watts)
    near(span, "VAR.bi.P", vars_)
    near(span, "VAv.abs.P", sqrt(watts * watts + vars_ * vars_))


def test_quadrants_are_told_apart():
    span = span_of(HalfCycles(), **LOAD)
    for phase, quadrant in (("A", "q1"), ("B", "q2"), ("C", "q4")):
        for name in ("q1", "q2", "q3", "q4"):
            found = span.value(index("VAR.%s.%s" % (name, phase)))
            assert (abs(found) > 1.0) == (name == quadrant), (phase, name, found)


def test_harmonics_distort_and_carry_no_power():
    load = {"volts": (120.0,) * 3, "amps": (5.0,) * 3, "lag": (30.0,) * 3}
    span = span_of(HalfCycles(), harmonic=0.3, **load)
    near(span, "W.bi.A", 600 * cos(radians(30)))
    near(span, "AF.A", 5.0)
    near(span, "A.A", 5.0 * sqrt(1.09))
    near(span, "THDA.A", 30.0, 0.05)
    near(span, "VA.del.A", 600 * sqrt(1.09))
    near(span, "VAv.del.A", 600.0)


def test_sequence_angles_and_lines():
    span = span_of(HalfCycles(), volts=(120.0,) * 3, amps=(5.0,) * 3, lag=(30.0,) * 3)
    near(span, "V1.P", 120.0)
    near(span, "V2s.P", 0.0, 1e-2)
    near(span, "A0.P", 0.0, 1e-2)
    near(span, "ANGA1.P", -30.0, 1e-2)
    near(span, "ANGV.B", -120.0, 1e-2)
    near(span, "VLL.A", 120.0 * sqrt(3))
    near(span, "CFV.A", sqrt(2))
    near(span, "Hz.A", 60.0)


def test_long_frames_give_the_same_as_single_half_cycles():
    single, long = span_of(HalfCycles(), 6, 1, **LOAD), span_of(HalfCycles(), 6, 6, **LOAD)
    for key in ("W.bi.P", "VAR.q1.A", "VA.abs.P", "A.N", "VLL.C", "V1.P", "THDV.A"):
        near(single, key, long.value(index(key)), 0.05)


def test_every_instantaneous_quantity_has_a_value():
    span = span_of(HalfCycles(), **LOAD)
    for key in keys():
        if key.split(".")[0] not in INTEGRATED:
            found = span.value(index(key))
            assert found == found and abs(found) < 1e6, key


def test_two_elements_measure_three_wires():
    # A balanced load of 5 A at 120 V to the star point: inputs see AB and CB.
    half_cycles, line = HalfCycles(Connection("3-wire delta")), 120.0 * sqrt(3)
    span = span_of(
        half_cycles,
        volts=(line, 0.0, line),
        amps=(5.0, 0.0, 5.0),
        angles=(30.0, 0.0, 90.0),
        lag=(30.0 + 20.0, 0.0, -30.0 + 20.0),
    )
    near(span, "W.del.P", 1800 * cos(radians(20)))
    near(span, "VAR.bi.P", 1800 * sin(radians(20)))
    near(span, "VA.del.P", 1800.0)
    near(span, "VLL.B", line)
    near(span, "VLL.C", line, 0.02)


def test_corrections_and_losses():
    correction = Correction((0.5, 0.0, 0.0), ((1.0, 2.0, 0.2), (9.0, 1.0, 0.0)), 1.001, 0.999)
    loss = LossCompensation(120.0, 5.0, (0.5, 1.0, 2.0, 0.7, 1.3), (0.0,) * 5)
    half_cycles = HalfCycles(correction=correction, loss=loss)
    # 5 A measured: 1.5 % too much, 0.1 degrees ahead, and half a degree on A.
    span = span_of(half_cycles, volts=(120.0,) * 3, amps=(5.0 * 1.015,) * 3, lag=(60.0,) * 3)
    percent, lead = 2.0 - 4.075 / 8, 0.2 - 0.2 * 4.075 / 8
    amps = 5.0 * 1.015 / (1 + percent / 100)
    w = 120 * amps * cos(radians(60 + lead + 0.5)) * 1.001
    near(span, "W.bi.A", w)
    near(span, "A.A", amps)
    near(span, "Wc.bi.A", w + 9.0 * (amps / 5) ** 2 + 4.2)


def test_an_open_circuit_registers_nothing():
    half_cycles, energy = HalfCycles(starting_a=0.001), Energy()
    span = span_of(half_cycles, volts=(138.0,) * 3, amps=(0.0009,) * 3, lag=(0.0,) * 3)
    energy.add(span)
    for key in (
        "Wh.abs.P",
        "VARh.abs.P",
        "VAh.abs.P",
        "VAvh.abs.A",
        "Qh.abs.P",
        "Ah.P",
        "A2h.P",
        "Wch.abs.P",
    ):
        assert energy.value(index(key)) == 0, key
    assert energy.value(index("V2h.A")) > 0


def test_energy_is_power_times_time():
    energy = Energy()
    span = span_of(HalfCycles(), 3, volts=(120.0,) * 3, amps=(5.0,) * 3, lag=(0.0,) * 3)
    for _ in range(10):
        energy.add(span)
    found = energy.exact(index("Wh.del.P"))
    assert abs(found - 1800 * 10 * span.seconds / 3600) < 1e-4 * found


def test_diagnostics_of_a_good_signal_and_of_a_missing_voltage():
    found = Diagnostics()
    found.take(span_of(HalfCycles(), **LOAD))
    assert found.state == 0, found.state
    found.take(span_of(HalfCycles(), volts=(120.0, 0.0, 120.0), amps=(5.0,) * 3, lag=(0.0,) * 3))
    assert found.state == 64, found.state


def heap_of_half_cycles_span_and_energy():
    half_cycles = HalfCycles(Connection(), Correction(), None, 0.001)
    half_cycles.process(frame(0, (120.0,) * 3, (5.0,) * 3, (0.0,) * 3))
    return half_cycles, Span(), Span(), Energy()
