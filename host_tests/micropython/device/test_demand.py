"""Demand, peaks and thermal demand on the device's interpreter: totals beyond 31 bits, states, live heap."""

from meter.metrology.span import Span
from meter.quantities import START, index
from meter.registers.demand import Demand
from meter.registers.demand_window import rows
from meter.registers.energy import Energy
from meter.registers.thermal import Thermal

HOUR = 1700002800
ROW = START["W"] + 3
KEYS = (
    "W.del.P", "W.rec.P", "VAR.q1.P", "VAR.q2.P", "VAR.q3.P", "VAR.q4.P", "VA.del.P", "A.A", "A.B", "A.N",
)  # fmt: skip


def test_a_sliding_window_and_its_peak_with_large_totals():
    energy = Energy()
    energy.totals[ROW] = 1 << 50
    demand = Demand(energy)
    window, peak = demand.window(index("W.del.P")), demand.peak(index("W.del.P"))
    demand.begin(HOUR)
    for number, quanta in enumerate((1 << 40, (1 << 40) + 1, 5, 1, 1)):
        energy.totals[ROW] += quanta
        assert demand.next_boundary(HOUR + 300 * number) == HOUR + 300 * number + 300
        assert demand.close(HOUR + 300 * number + 300)
        peak.offer()
    assert window.past() == 7
    assert (peak.value, peak.time) == ((1 << 41) + 6, HOUR + 900)


def test_state_goes_on_with_outage_pulse_and_power_factor():
    def made():
        energy = Energy(rows(index("PF.bi.P")))
        demand = Demand(energy, subintervals=1, sync=True)
        return energy, demand, demand.peak(index("W.del.P"), 1, (index("PF.bi.P"), index("A.N")))

    energy, demand, peak = made()
    demand.begin(HOUR)
    assert demand.resynchronise(HOUR + 10)
    span = Span()
    for row, watts in (
        (ROW, 300.0),
        (START["VA"] + 3, 500.0),
        (START["VAR"] + 15, 400.0),
        (START["N2"], 4.0),
    ):
        span.sums[row] = watts * 450.0
    span.seconds, span.half_cycles = 450.0, 54000
    energy.add(span, 1)
    demand.take(span, 1)

    other, second, peak_of_second = made()
    other.restore(energy.state())
    second.restore(demand.state())
    peak_of_second.restore(peak.state())
    for each, its_peak in ((demand, peak), (second, peak_of_second)):
        assert each.jumped(HOUR + 460, HOUR + 2000, True)
        its_peak.offer()
        # 300 W and 2 A for half of 15 minutes; 300 W, 400 var in quadrant IV, 500 VA: 0.6 leading.
        assert abs(its_peak.value - 37500000) <= 2
        assert its_peak.time == HOUR + 460
        assert its_peak.coincident[0] == -600000
        assert abs(its_peak.coincident[1] - 250000) <= 1
    assert demand.state() == second.state()
    assert demand.next_boundary(HOUR + 2000) == HOUR + 10 + 2700


def test_thermal_demand_reaches_ninety_percent():
    thermal = Thermal(index("W.bi.P"), 1)
    span = Span()
    span.sums[ROW] = 1000.0
    span.seconds, span.half_cycles, span.end = 1.0, 120, HOUR
    for _ in range(60):
        thermal.take(span)
    assert abs(thermal.value - 900.0) < 0.01
    other = Thermal(index("W.bi.P"), 1)
    other.restore(thermal.state())
    assert (other.value, other.peak, other.time) == (thermal.value, thermal.peak, HOUR)


def heap_of_ten_sliding_demands_with_peaks():
    """Return ten windows of three subintervals and a peak of each, after an hour of large totals."""
    demand = Demand(Energy())
    peaks = [demand.peak(index(key)) for key in KEYS]
    demand.begin(HOUR)
    for now in range(HOUR + 300, HOUR + 3900, 300):
        for row in range(len(demand.energy.totals)):
            demand.energy.totals[row] += 1 << 40
        demand.close(now)
        for peak in peaks:
            peak.offer()
    demand.energy = None  # it is measured elsewhere
    return demand, peaks
