"""Every quantity of the catalogue against what follows on paper from the sines that are applied.

A load is a table of sines; what is expected of it is computed here with complex numbers and sums over harmonics, never
from samples (only a peak is: it has no formula). A key of the catalogue without an expectation fails.
The other tests of this folder take their loads and spans from here.
"""

from cmath import phase as argument
from cmath import rect
from functools import cache
from math import pi, radians, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.metrology.frame import HALF, QUARTER, Frame
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.span import Span
from meter.quantities import CATALOGUE, INTEGRATED, index, keys
from meter.registers.energy import SCALER, Energy

INPUTS = ("VA", "VB", "VC", "IA", "IB", "IC")
SECONDS = 1 / 120


def load(**inputs):
    """Return a load: six lists of (order, RMS, degrees), in the order of INPUTS.

    An input is one of those triples, several, or the RMS and degrees of its fundamental.
    """
    out = []
    for name in INPUTS:
        tones = inputs.get(name, ())
        if len(tones) == 2 and not isinstance(tones[0], tuple):
            tones = ((1, *tones),)
        out.append(tuple(tones))
    return tuple(out)


def three_wire(volts=(120.0,) * 3, amps=(5.0,) * 3, lag=(0.0,) * 3, angles=(0.0, -120.0, 120.0)):
    """Return a load of fundamentals only. lag: degrees by which each current lags its voltage."""
    inputs = {}
    for p, letter in enumerate("ABC"):
        inputs["V" + letter] = (volts[p], angles[p])
        inputs["I" + letter] = (amps[p], angles[p] - lag[p])
    return load(**inputs)


def wave(tones, half_cycle, n, past=QUARTER):
    """Return (6, past + n * HALF) samples of a load from the given half cycle on."""
    turns = (np.arange(-past, n * HALF) + half_cycle * HALF) * (pi / HALF)
    out = np.zeros((6, len(turns)))
    for row, sines in zip(out, tones):
        for order, rms, degrees in sines:
            row += rms * sqrt(2) * np.sin(order * turns + radians(degrees))
    return out


def frames(tones, halves=8, n=2, dtype=np.float64, seconds=SECONDS, first=0, flags=0):
    """Yield Frames of a steady load."""
    for start in range(first, first + halves, n):
        samples = wave(tones, start, n).astype(dtype)
        ends = [int((start + k + 1) * seconds * 30720) for k in range(n)]
        yield Frame(n, samples, np.full(n, seconds, dtype=dtype), ends, flags)


def metered(tones, halves=8, n=2, dtype=np.float64, half_cycles=None, seconds=SECONDS):
    """Return the Span of a steady load, from its second cycle on: the first has no past."""
    half_cycles = half_cycles or HalfCycles(dtype=dtype)
    span = Span(dtype, half_cycles.connection)
    for frame in frames(tones, halves + 2, n, dtype, seconds):
        rows = half_cycles.process(frame)
        skip = max(0, 2 - round(frame.ends[0] / seconds / 30720) + 1)
        span.add(rows, frame.seconds, frame.flags, min(skip, n), n)
    return span


def value(span, key):
    return span.value(index(key))


def expected(tones):
    """Return {key: value} for the whole catalogue; None for an angle that is not defined. Totals: per hour."""
    out = {}
    volts, amps = tones[:3], tones[3:]
    v2, a2 = [_square(t) for t in volts], [_square(t) for t in amps]
    lines = [_square(_difference(volts[p], volts[(p + 1) % 3])) for p in range(3)]
    v1, a1 = [_phasor(t) for t in volts], [_phasor(t) for t in amps]
    for name, squares in (("V", v2), ("VLL", lines), ("A", a2)):
        for letter, square in zip("ABC", squares):
            out[f"{name}.{letter}"] = sqrt(square)
            out[f"{name}2.{letter}"] = square
        out[f"{name}.P"] = sqrt(sum(squares))
        out[f"{name}.avg"] = sum(sqrt(square) for square in squares) / 3
        out[f"{name}2.P"] = sum(squares)
        out[f"{name}2.avg"] = sum(squares) / 3
    out["A.N"] = sqrt(_square(_sum(_sum(amps[0], amps[1]), amps[2])))
    out["Hz.A"] = 60.0
    for letter, tone in zip("ABC", amps):
        for suffix, condition in (("", 1), ("o", 3), ("e", 2)):
            orders = [rms for order, rms, _ in tone if _is_one_of(order, condition, 63)]
            out[f"TDD{suffix}.{letter}"] = _percent(sqrt(sum(r * r for r in orders)), 5.0)
    for kind, squares, sines in (("V", v2, volts), ("A", a2, amps)):
        fundamentals = [abs(_phasor(t)) for t in sines]
        for letter, square, fundamental, tone in zip("ABC", squares, fundamentals, sines):
            out[f"THD{kind}.{letter}"] = _percent(sqrt(max(0, square - fundamental**2)), fundamental)
            for suffix, condition in (("h", 1), ("o", 3), ("e", 2)):
                orders = [rms for order, rms, _ in tone if _is_one_of(order, condition, 128)]
                out[f"THD{kind}{suffix}.{letter}"] = _percent(sqrt(sum(r * r for r in orders)), fundamental)
            out[f"{kind}F.{letter}"] = fundamental
            out[f"CF{kind}.{letter}"] = _peak(tone) / sqrt(square) if square else 0.0
            angle = argument(_phasor(tone)) - argument(v1[0])
            out[f"ANG{kind}.{letter}"] = angle * 180 / pi if fundamental else 0.0
        total = sum(f * f for f in fundamentals)
        out[f"THD{kind}.P"] = _percent(sqrt(max(0, sum(squares) - total)), sqrt(total))
        rms = [sqrt(square) for square in squares]
        average = sum(rms) / 3
        out[f"UNB{kind}.P"] = _percent(max(abs(r - average) for r in rms), average)
    for kind, phasors in (("V", v1), ("A", a1)):
        components = symmetrical(phasors)
        for order, name in enumerate((f"{kind}0", f"{kind}1", f"{kind}2s")):
            size = abs(components[order])
            out[name + ".P"] = size
            defined = size > 1e-9
            out[f"ANG{name}.P"] = (
                (argument(components[order]) - argument(v1[0])) * 180 / pi if defined else None
            )
        for order, name in ((2, f"U{kind}2.P"), (0, f"U{kind}0.P")):
            out[name] = _percent(abs(components[order]), abs(components[1]))
    _powers(out, volts, amps, v1, a1)
    return out


def _is_one_of(order, condition, last):
    """Is it a harmonic up to `last`, of all (1), the even (2) or the odd ones (3)?"""
    return 2 <= order <= last and (condition == 1 or order % 2 == condition % 2)


def symmetrical(phasors):
    """Return (zero, positive, negative) sequence of three phasors (the manual, Sequence Components)."""
    a = rect(1, radians(120))
    x, y, z = phasors
    return (x + y + z) / 3, (x + a * y + a * a * z) / 3, (x + a * a * y + a * z) / 3


def _powers(out, volts, amps, v1, a1):
    w = [_product(volts[p], amps[p], 0) for p in range(3)]
    var = [_product(volts[p], amps[p], 90) for p in range(3)]
    va = [sqrt(_square(volts[p]) * _square(amps[p])) for p in range(3)]
    varf = [(v1[p] * a1[p].conjugate()).imag for p in range(3)]
    for flow in (w, var, va, varf):
        flow.append(sum(flow))
    for place, letter in enumerate("ABCP"):
        watts, vars_, apparent = w[place], var[place], va[place]
        q = watts / 2 + vars_ * sqrt(3) / 2
        vector = sqrt(watts**2 + vars_**2)
        for suffix in ("", "c"):
            _directed(out, "W" + suffix, letter, abs(watts), watts >= 0)
            _directed(out, "VA" + suffix, letter, apparent, watts >= 0)
            _directed(out, "VAv" + suffix, letter, vector, watts >= 0)
            _directed(out, "Q" + suffix, letter, abs(q), q >= 0)
            _quadrants(out, "VAR" + suffix, letter, vars_, watts >= 0)
            for name, below in (("PF" + suffix, apparent), ("PFv" + suffix, vector)):
                ratio = abs(watts) / below if below else 0.0
                signed = ratio if watts * vars_ >= 0 else -ratio
                for direction, there in (("del", watts >= 0), ("rec", watts < 0), ("bi", True)):
                    out[f"{name}.{direction}.{letter}"] = signed if there else 0.0
                out[f"{name}.abs.{letter}"] = ratio
        _quadrants(out, "VARf", letter, varf[place], watts >= 0)
    for name in ("A", "V2", "A2"):
        for letter in ("A", "B", "C"):
            out[f"{name}h.{letter}"] = out[f"{name}.{letter}"]
        total = sum(out[f"{name}.{letter}"] for letter in "ABC")
        out[f"{name}h.P"], out[f"{name}h.avg"] = total, total / 3


def _directed(out, name, letter, size, delivered):
    for direction, number in (("del", size * delivered), ("rec", size * (not delivered)), ("abs", size)):
        out[f"{name}.{direction}.{letter}"] = out[f"{name}h.{direction}.{letter}"] = number
    signed = size if delivered else -size
    out[f"{name}.bi.{letter}"] = out[f"{name}h.net.{letter}"] = signed


def _quadrants(out, name, letter, vars_, delivered):
    mine = {(True, True): "q1", (False, True): "q2", (False, False): "q3", (True, False): "q4"}
    for quadrant in ("q1", "q2", "q3", "q4"):
        size = abs(vars_) if mine[delivered, vars_ >= 0] == quadrant else 0.0
        out[f"{name}.{quadrant}.{letter}"] = out[f"{name}h.{quadrant}.{letter}"] = size
    _directed(out, name, letter, abs(vars_), vars_ >= 0)


def _square(tone):
    return sum(rms * rms for _, rms, _ in tone)


def _phasor(tone):
    return sum((rect(rms, radians(degrees)) for order, rms, degrees in tone if order == 1), 0j)


def _product(volts, amps, delay):
    """Mean of the product of the voltage, late by `delay` degrees of the fundamental, and the current."""
    total = 0.0
    for order, v, a in volts:
        for other, i, b in amps:
            if order == other:
                total += v * i * np.cos(radians(a - b - order * delay))
    return float(total)


def _sum(one, other, sign=1):
    total = {}
    for tone, factor in ((one, 1), (other, sign)):
        for order, rms, degrees in tone:
            total[order] = total.get(order, 0j) + rect(rms, radians(degrees)) * factor
    return [(order, abs(z), argument(z) * 180 / pi) for order, z in total.items()]


def _difference(one, other):
    return _sum(one, other, -1)


def _percent(part, whole):
    return 100 * part / whole if whole else 0.0


def _peak(tone):
    turns = np.arange(20000) * (2 * pi / 20000)
    total = sum((r * sqrt(2) * np.sin(h * turns + radians(d)) for h, r, d in tone), np.zeros(20000))
    return float(np.max(np.abs(total)))


LOADS = {
    "balanced lag": three_wire(lag=(30, 30, 30)),
    "unbalanced with harmonics": load(
        VA=((1, 120.0, 3.0), (3, 2.4, 50.0), (5, 6.0, 20.0), (40, 1.0, -70.0)),
        VB=((1, 116.0, -122.0), (2, 1.0, 10.0), (5, 5.0, -80.0), (7, 2.0, 100.0)),
        VC=((1, 124.0, 119.0), (5, 4.0, 140.0), (11, 1.5, 33.0)),
        IA=((1, 5.0, -27.0), (3, 1.0, 15.0), (5, 0.8, -30.0), (40, 0.02, 10.0)),
        IB=((1, 3.0, -143.0), (2, 0.3, 60.0), (5, 0.4, 90.0), (7, 0.5, 45.0)),
        IC=((1, 7.5, 108.0), (3, 1.0, 140.0), (11, 0.4, -20.0)),
    ),
    "received power lead": three_wire((121, 119, 120), (4, 5, 6), (150, 165, 140)),
    "single phase": three_wire((120, 0, 0), (5, 0, 0), (60, 0, 0)),
    "each phase in another quadrant": three_wire((120, 118, 122), (9, 3, 2), (35, 130, 310)),
}
NAMES = tuple(row[0] for row in CATALOGUE)


@cache
def _span(name, dtype):
    return metered(LOADS[name], 30, dtype=dtype)  # harmonics are known after 24 half cycles


@cache
def _energy(name, dtype):
    energy = Energy()
    for _ in range(5):
        energy.add(_span(name, dtype))
    return energy


@cache
def _expected(name):
    return expected(LOADS[name])


def close(found, wanted, key, dtype):
    """Is a value what it should be, within what its float type and the grid of 512 samples leave?"""
    if wanted is None:
        return np.isfinite(found)
    single = dtype == np.float32
    if key.startswith("ANG"):
        return abs((found - wanted + 180) % 360 - 180) < (2e-3 if single else 1e-9)
    if key.startswith("CF"):
        return abs(found - wanted) < 1e-3
    if key.startswith("THD"):  # the root of a difference of squares
        return abs(found - wanted) < (0.1 if single else 1e-5)
    if key == "A.N" and wanted < 1e-9:  # likewise: rounding of 75 A2 is all there is
        return found < (5e-3 if single else 1e-6)
    if key[0] == "U":
        return abs(found - wanted) < (1e-4 if single else 1e-9)
    relative, absolute = (1e-5, 2e-4) if single else (1e-11, 1e-9)
    return abs(found - wanted) <= relative * abs(wanted) + absolute


def test_every_key_of_the_catalogue_has_an_expectation():
    for name in LOADS:
        assert set(_expected(name)) == set(keys())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", LOADS)
@pytest.mark.feature("MET-10", "MET-11", "MET-12", "MET-14", "MET-15", "MET-16")
def test_every_quantity_is_what_the_sines_say(case, name, dtype):
    span, energy = _span(case, dtype), _energy(case, dtype)
    wrong = {}
    for key in keys():
        if key.split(".")[0] != name:
            continue
        wanted = _expected(case)[key]
        if name in INTEGRATED:
            hours = 5 * span.seconds / 3600
            found = energy.exact(index(key)) / hours
            assert (
                abs(energy.value(index(key)) * 10.0**SCALER - wanted * hours)
                < 4e-6 + 1e-5 * abs(wanted) * hours
            )
        else:
            found = value(span, key)
        if not close(found, wanted, key, dtype):
            wrong[key] = found, wanted
    assert not wrong


@pytest.mark.parametrize("n", (1, 2, 3, 7, 16))
def test_the_length_of_frames_changes_no_value(n):
    case = LOADS["unbalanced with harmonics"]
    halves = 48 if n in (3, 7) else 32
    span = metered(case, halves - halves % n, n)
    for key, wanted in _expected("unbalanced with harmonics").items():
        # Over an odd number of half cycles even harmonics do not cancel.
        if key.split(".")[0] not in INTEGRATED and span.half_cycles % 2 == 0:
            assert close(value(span, key), wanted, key, np.float64), key


QUADRANTS = ((40, "q1", 1, 1), (140, "q2", -1, -1), (220, "q3", -1, 1), (320, "q4", 1, -1))


@pytest.mark.parametrize("lag, quadrant, watts, sign", QUADRANTS)
@pytest.mark.parametrize("name", ("PF", "PFv", "PFc", "PFvc"))
@pytest.mark.feature("MET-12")
def test_power_factor_is_positive_in_quadrants_one_and_three_and_negative_in_two_and_four(
    lag, quadrant, watts, sign, name, dtype
):
    span = metered(three_wire(lag=(lag,) * 3), dtype=dtype)
    ratio = abs(np.cos(radians(lag)))
    for phase in "ABCP":
        assert value(span, f"{name}.bi.{phase}") == pytest.approx(sign * ratio, rel=1e-5)
        assert value(span, f"{name}.abs.{phase}") == pytest.approx(ratio, rel=1e-5)
        here, there = ("del", "rec") if watts > 0 else ("rec", "del")
        assert value(span, f"{name}.{here}.{phase}") == pytest.approx(sign * ratio, rel=1e-5)
        assert value(span, f"{name}.{there}.{phase}") == 0.0


def test_delivered_and_received_power_factor_of_a_load_that_turned_around_are_their_own():
    half_cycles, span = HalfCycles(), Span()
    for lag, halves in ((30, 4), (220, 8)):
        for frame in frames(three_wire(lag=(lag,) * 3), halves + 2):
            rows = half_cycles.process(frame)
            if frame.ends[0] > 300:
                span.add(rows, frame.seconds, 0, 0, 2)
    # The cycle on the border is mixed: it is less than the rest.
    assert value(span, "PF.del.P") == pytest.approx(np.cos(radians(30)), abs=0.02)
    assert value(span, "PF.rec.P") == pytest.approx(abs(np.cos(radians(220))), abs=0.02)


@pytest.mark.parametrize("order", range(2, 41))
@pytest.mark.parametrize("kind", "VA")
def test_distortion_is_that_of_the_harmonic_up_to_the_40th(kind, order):
    inputs = {"VA": ((1, 120.0, 10.0),), "IA": ((1, 5.0, -20.0),)}
    name = "VA" if kind == "V" else "IA"
    rms = inputs[name][0][1]
    inputs[name] += ((order, rms * 0.08, 77.0),)
    span = metered(load(**inputs))
    assert value(span, f"THD{kind}.A") == pytest.approx(8.0, rel=1e-9)
    assert value(span, f"{kind}F.A") == pytest.approx(rms, rel=1e-9)
    other = "A" if kind == "V" else "V"
    assert value(span, f"THD{other}.A") == pytest.approx(0.0, abs=1e-5)


def test_distortion_of_many_harmonics_is_the_root_of_their_squares(dtype):
    parts = tuple((h, 120.0 * 0.3 / h, 37.0 * h) for h in range(2, 41))
    span = metered(load(VA=((1, 120.0, 0.0), *parts)), dtype=dtype)
    wanted = 100 * sqrt(sum((0.3 / h) ** 2 for h in range(2, 41)))
    assert value(span, "THDV.A") == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(
    "tones, crest",
    [
        (((1, 5.0, 0.0),), sqrt(2)),
        (((1, 5.0, 0.0), (3, 1.0, 180.0)), 6 * sqrt(2) / sqrt(26)),  # peaks of both coincide
        (((1, 5.0, 90.0), (3, 1.0, 90.0)), 6 * sqrt(2) / sqrt(26)),
        (((1, 3.0, 90.0), (2, 1.0, 90.0)), 4 * sqrt(2) / sqrt(10)),  # one peak is higher than the other
        (((1, 3.0, -90.0), (2, 1.0, -90.0)), 4 * sqrt(2) / sqrt(10)),
    ],
)
@pytest.mark.parametrize("n", (1, 2, 8))
def test_crest_factor_is_peak_over_rms_of_a_cycle(tones, crest, n, dtype):
    span = metered(load(VA=(120.0, 0.0), IA=tones), dtype=dtype, n=n)
    assert value(span, "CFA.A") == pytest.approx(crest, rel=1e-5)
    assert value(span, "CFV.A") == pytest.approx(sqrt(2), rel=1e-5)
    assert value(span, "CFA.B") == 0.0


@pytest.mark.parametrize(
    "amps, angles, neutral",
    [
        ((5, 5, 5), (0, -120, 120), 0.0),
        ((5, 0, 0), (0, -120, 120), 5.0),
        ((5, 5, 0), (0, -120, 120), 5.0),
        ((6, 4, 2), (0, -120, 120), sqrt(12)),
        ((5, 5, 5), (0, 0, 0), 15.0),
        ((3, 4, 0), (0, 90, 0), 5.0),
    ],
)
@pytest.mark.feature("MET-16")
def test_neutral_current_is_the_sum_of_the_three(amps, angles, neutral, dtype):
    inputs = {"I" + letter: (amps[p], angles[p]) for p, letter in enumerate("ABC")}
    span = metered(load(VA=(120, 0), **inputs), dtype=dtype)
    # In single precision squares of amperes cancel to 1e-7 of themselves.
    assert value(span, "A.N") == pytest.approx(neutral, abs=5e-3 if dtype == np.float32 else 1e-6)


def test_third_harmonics_add_up_in_the_neutral():
    inputs = {f"I{x}": ((1, 5.0, a), (3, 1.0, 0.0)) for x, a in zip("ABC", (0, -120, 120))}
    span = metered(load(VA=(120, 0), **inputs))
    assert value(span, "A.N") == pytest.approx(3.0, rel=1e-9)


@pytest.mark.parametrize(
    "volts, percent",
    [((120, 120, 120), 0.0), ((110, 120, 130), 100 / 12), ((90, 120, 120), 200 / 11), ((120, 0, 0), 200.0)],
)
@pytest.mark.feature("MET-14")
def test_unbalance_is_the_largest_deviation_over_the_average(volts, percent, dtype):
    span = metered(three_wire(volts, tuple(v / 24 for v in volts)), dtype=dtype)
    assert value(span, "UNBV.P") == pytest.approx(percent, abs=1e-4)
    assert value(span, "UNBA.P") == pytest.approx(percent, abs=1e-4)


RMS, ANGLE = st.floats(1.0, 20.0), st.floats(-180.0, 180.0)
TONES = st.lists(st.tuples(st.integers(1, 19), st.floats(0.0, 8.0), ANGLE), max_size=4)


@given(st.lists(st.tuples(RMS, ANGLE, TONES), min_size=6, max_size=6))
@pytest.mark.feature("MET-10")
def test_arithmetic_volt_amperes_are_never_less_than_vectorial_ones_nor_than_watts(inputs):
    tones = [((1, rms, angle), *((2 * k + 1, *part) for k, *part in parts)) for rms, angle, parts in inputs]
    span = metered(tones, 2)
    for phase in "ABCP":
        arithmetic = value(span, f"VA.abs.{phase}")
        assert arithmetic >= value(span, f"W.abs.{phase}") * (1 - 1e-9)
        assert arithmetic >= value(span, f"VAv.abs.{phase}") * (1 - 1e-9)


@pytest.mark.parametrize("order", (2, 4, 6))
def test_an_even_harmonic_of_voltage_and_current_takes_part_in_the_vars(order):
    # What the manual's formula gives: a quarter of a cycle is a half or a whole cycle of an even harmonic, whose watts
    # then count as vars. Its remark that arithmetic volt-amperes are never the smaller ones leaves this out.
    span = metered(load(VA=((1, 120.0, 0.0), (order, 12.0, 0.0)), IA=((1, 5.0, 0.0), (order, 1.0, 0.0))))
    assert value(span, "W.bi.A") == pytest.approx(612.0, rel=1e-9)
    assert value(span, "VAR.bi.A") == pytest.approx(12.0 * (-1) ** (order // 2), rel=1e-9)
    assert value(span, "VARf.bi.A") == pytest.approx(0.0, abs=1e-9)


def test_an_empty_span_has_no_instantaneous_value():
    for key in keys():
        if key.split(".")[0] not in INTEGRATED:
            assert value(Span(), key) is None


def test_an_integrated_quantity_is_no_business_of_a_span():
    with pytest.raises(ValueError, match="Wh"):
        value(metered(LOADS["balanced lag"]), "Wh.del.P")
