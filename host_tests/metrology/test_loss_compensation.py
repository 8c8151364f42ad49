"""Loss compensation: the five laws, each direction with its own coefficients, beside the uncompensated quantities."""

from math import cos, radians, sin, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.config import schema
from meter.metrology import builder
from meter.metrology.calibration import Calibration
from meter.metrology.connection import Connection
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.loss_compensation import COEFFICIENTS, NONE, LossCompensation
from meter.quantities import FLOWS, START, index, keys
from meter.registers.energy import Energy

from host_tests.metrology.test_values import load, metered, three_wire, value

VOLTS, AMPS = 120.0, 5.0
FULL = VOLTS * AMPS  # watts of an element


def one(name, percent):
    return tuple(percent if name == which else 0.0 for which in COEFFICIENTS)


def compensated(tones, delivered=NONE, received=NONE, dtype=np.float64, starting=0.0):
    loss = LossCompensation(VOLTS, AMPS, delivered, received)
    return metered(tones, dtype=dtype, half_cycles=HalfCycles(loss=loss, starting_a=starting, dtype=dtype))


def lost(volts, amps, percent):
    """Watts and vars lost in one element, as the laws say: written out."""
    line, copper_w, copper_var, iron_w, iron_var = percent
    i, v = amps / AMPS, volts / VOLTS
    watts = FULL / 100 * ((line + copper_w) * i**2 + iron_w * v**2)
    return watts, FULL / 100 * (copper_var * i**2 + iron_var * v**4)


LAWS = (("line_watts", 2, 0, "W"), ("copper_watts", 2, 0, "W"), ("copper_vars", 2, 0, "VAR"),
        ("iron_watts", 0, 2, "W"), ("iron_vars", 0, 4, "VAR"))  # fmt: skip


@pytest.mark.parametrize("name, by_current, by_voltage, what", LAWS)
@pytest.mark.parametrize("volts, amps", ((120, 5), (120, 2.5), (120, 20), (60, 5), (132, 7)))
@pytest.mark.parametrize("percent", (1.5, -0.8))
@pytest.mark.feature("TLC-01")
def test_each_loss_follows_its_law(name, by_current, by_voltage, what, volts, amps, percent, dtype):
    span = compensated(three_wire((volts,) * 3, (amps,) * 3, (30,) * 3), one(name, percent), dtype=dtype)
    law = (amps / AMPS) ** by_current * (volts / VOLTS) ** by_voltage
    for phase, factor in (("A", 1), ("B", 1), ("C", 1), ("P", 3)):
        for quantity in ("W", "VAR"):
            wanted = FULL * percent / 100 * law * factor if quantity == what else 0.0
            found = value(span, f"{quantity}c.bi.{phase}") - value(span, f"{quantity}.bi.{phase}")
            assert found == pytest.approx(wanted, rel=1e-3, abs=2e-3)


@pytest.mark.feature("TLC-01")
def test_delivered_and_received_power_have_their_own_coefficients(dtype):
    forth, back = (0.5, 1.0, 2.0, 0.7, 1.3), (0.1, 0.2, 0.4, 0.3, 0.6)
    # A and C deliver, B receives: each element by its own direction.
    span = compensated(three_wire(lag=(30, 200, -50)), forth, back, dtype)
    for phase, lag, percent in (("A", 30, forth), ("B", 200, back), ("C", -50, forth)):
        watts, vars_ = lost(VOLTS, AMPS, percent)
        w, var = FULL * cos(radians(lag)) + watts, FULL * sin(radians(lag)) + vars_
        assert value(span, "Wc.bi." + phase) == pytest.approx(w, rel=1e-5)
        assert value(span, "VARc.bi." + phase) == pytest.approx(var, rel=1e-5, abs=1e-3)


@pytest.mark.parametrize("only", ("delivered", "received"))
def test_coefficients_of_one_direction_leave_the_other_alone(only):
    settings = {only: (0.5, 1.0, 2.0, 0.7, 1.3)}
    for lag, direction in ((30, "delivered"), (210, "received")):
        span = compensated(three_wire(lag=(lag,) * 3), **settings)
        differs = value(span, "Wc.bi.P") != pytest.approx(value(span, "W.bi.P"))
        assert differs == (direction == only)


PERCENT = st.tuples(*(st.floats(-3, 3),) * 5)
LOADS = st.lists(st.tuples(st.floats(80, 140), st.floats(0.5, 10), st.floats(0, 360)), min_size=3, max_size=3)


@given(PERCENT, PERCENT, LOADS)
def test_every_compensated_power_follows_from_watts_and_vars_and_the_uncompensated_stay(forth, back, loads):
    volts, amps, lag = zip(*loads)
    tones = three_wire(volts, amps, lag)
    span, plain = compensated(tones, forth, back), metered(tones)
    total = [0.0, 0.0, 0.0]
    for p, phase in enumerate("ABC"):
        w, var = (volts[p] * amps[p] * f(radians(lag[p])) for f in (cos, sin))
        watts, vars_ = lost(volts[p], amps[p], forth if w >= 0 else back)
        if abs(w) < 1e-6:
            return  # the direction is rounding's
        vector = sqrt((w + watts) ** 2 + (var + vars_) ** 2)
        total = [total[0] + w + watts, total[1] + var + vars_, total[2] + vector]
        _check(span, phase, w + watts, var + vars_, vector, vector)
    _check(span, "P", total[0], total[1], sqrt(total[0] ** 2 + total[1] ** 2), total[2])
    for name in ("W", "VAR", "VA", "VAv", "Q"):
        for phase in "ABCP":
            key = f"{name}.bi.{phase}"
            assert value(span, key) == pytest.approx(value(plain, key), rel=1e-12, abs=1e-12)


def _check(span, phase, w, var, vector, arithmetic):
    near = {"rel": 1e-7, "abs": 1e-5}
    assert value(span, "Wc.bi." + phase) == pytest.approx(w, **near)
    assert value(span, "VARc.bi." + phase) == pytest.approx(var, **near)
    assert value(span, "Qc.bi." + phase) == pytest.approx(w / 2 + var * sqrt(3) / 2, **near)
    assert value(span, "VAvc.abs." + phase) == pytest.approx(vector, **near)
    assert value(span, "VAc.abs." + phase) == pytest.approx(arithmetic, **near)
    for name, below in (("PFc", arithmetic), ("PFvc", vector)):
        if below > 1:
            assert value(span, f"{name}.abs.{phase}") == pytest.approx(abs(w) / below, **near)


def test_harmonic_volt_amperes_stay_in_the_compensated_ones():
    tones = load(VA=(120, 0), IA=((1, 5.0, 0.0), (5, 2.5, 0.0)))
    span = compensated(tones, (0, 10.0, 10.0, 0, 0))
    copper = 60 * 1.25  # of the RMS current squared
    vector = sqrt((600 + copper) ** 2 + copper**2)
    assert value(span, "VAvc.del.A") == pytest.approx(vector, rel=1e-9)
    # 300 VA of distortion, as before.
    assert value(span, "VAc.del.A") == pytest.approx(sqrt(vector**2 + 300**2), rel=1e-9)


def test_without_coefficients_the_compensated_quantities_are_the_uncompensated_to_the_last_bit(dtype):
    tones = three_wire(amps=(1, 2, 3), lag=(10, 130, 250))
    span = compensated(tones, dtype=dtype)
    assert not LossCompensation(VOLTS, AMPS).active
    size = START["Wc"]
    assert np.array_equal(span.sums[:size], span.sums[size : 2 * size])
    energy = Energy()
    energy.add(span)
    for key in keys():
        name, _, rest = key.partition(".")
        if name in ("Wc", "VARc", "VAc", "VAvc", "Qc", "PFc", "PFvc"):
            assert value(span, key) == value(span, f"{name[:-1]}.{rest}")
        elif name in ("Wch", "VARch", "VAch", "VAvch", "Qch"):
            assert energy.value(index(key)) == energy.value(index(f"{name[:-2]}h.{rest}"))


def test_compensated_and_uncompensated_totals_are_kept_at_the_same_time(dtype):
    percent = (0.5, 1.0, 2.0, 0.7, 1.3)
    span = compensated(three_wire(lag=(30,) * 3), percent, dtype=dtype)
    energy = Energy()
    energy.add(span)
    watts, vars_ = lost(VOLTS, AMPS, percent)
    hours = span.seconds / 3600
    for key, power in (
        ("Wh.del.P", 3 * FULL * cos(radians(30))),
        ("Wch.del.P", 3 * (FULL * cos(radians(30)) + watts)),
        ("VARh.q1.P", 3 * FULL * sin(radians(30))),
        ("VARch.q1.P", 3 * (FULL * sin(radians(30)) + vars_)),
        ("VAh.del.P", 3 * FULL),
    ):
        assert energy.exact(index(key)) == pytest.approx(power * hours, rel=1e-5)


def test_iron_losses_go_on_without_a_load_and_without_creeping_elsewhere():
    # A transformer under voltage loses iron watts whether there is a load or not. Nothing uncompensated moves.
    span = compensated(three_wire(amps=(1e-4,) * 3), (1.0, 1.0, 1.0, 0.7, 1.3), starting=1e-3)
    assert value(span, "Wc.del.P") == pytest.approx(3 * FULL * 0.007, rel=1e-9)
    assert value(span, "VARc.q1.P") == pytest.approx(3 * FULL * 0.013, rel=1e-9)
    for name, _ in FLOWS[:5]:
        assert value(span, f"{name}.abs.P") == 0.0


def test_losses_can_turn_a_small_power_around():
    # 6 W are received at the meter, 12 W are lost before the billing point: 6 W were delivered there.
    span = compensated(three_wire(amps=(0.05,) * 3, lag=(180,) * 3), received=(0, 0, 0, 2.0, 0))
    assert value(span, "W.rec.A") == pytest.approx(6, rel=1e-9)
    assert value(span, "Wc.del.A") == pytest.approx(6, rel=1e-6)
    assert value(span, "Wc.rec.A") == 0.0


@pytest.mark.feature("TLC-01")
def test_settings_reach_the_elements():
    settings = schema.validate({"loss": {"delivered": [0.5, 1.0, 2.0, 0.7, 1.3], "received": [0.0] * 5}})
    span = metered(three_wire(), half_cycles=builder.half_cycles(settings, Calibration()))
    watts, vars_ = lost(VOLTS, AMPS, (0.5, 1.0, 2.0, 0.7, 1.3))
    assert value(span, "Wc.del.P") == pytest.approx(3 * (FULL + watts), rel=1e-9)
    assert value(span, "VARc.q1.P") == pytest.approx(3 * vars_, rel=1e-6)


def test_losses_of_two_elements_are_of_their_line_to_line_voltages():
    # Percent of an element's full scale: with two elements the nominal voltage is that between lines.
    line = VOLTS * sqrt(3)
    loss = LossCompensation(line, AMPS, (0, 0.5, 0, 1.0, 2.0))
    tones = load(VA=(line, 30), VC=(line, 90), IA=(5, 0), IC=(5, 120))
    span = metered(tones, half_cycles=HalfCycles(Connection("3-wire delta"), loss=loss))
    full = 2 * line * AMPS
    assert value(span, "Wc.bi.P") - value(span, "W.bi.P") == pytest.approx(full * 0.015, rel=1e-9)
    assert value(span, "VARc.bi.P") - value(span, "VAR.bi.P") == pytest.approx(full * 0.02, rel=1e-9)
