"""Rows from the standards' tables: error limits, single-phase loads, start, no load, influences."""

from collections.abc import Iterator
from typing import Any

from ferraris.accuracy import limits, points
from ferraris.accuracy.bench import VOLTS, Test
from ferraris.accuracy.points import LAG, Meter, Row, lost
from ferraris.accuracy.signals import REVERSED

PARTS = (0.01, 0.02, 0.05, 0.1, 0.5, 1.0)  # of In; and the largest current
INFLUENCE, TEMPERATURE = "influence, class 0.2S", "temperature"
KELVIN = (-30.0, 20.0)


def error_limits(meter: Meter) -> Iterator[Row]:
    """IEC 62053-22, IEC 62053-24 and MID: balanced loads."""
    currents = (*(part * meter.rated for part in PARTS), float(meter.current_class))
    for section in dict.fromkeys(band.section for band in limits.STANDARDS):
        for load in LAG:
            table = [b for b in limits.STANDARDS if b.section == section and load in b.loads]
            for amps in currents if table else ():
                fitting = [b for b in table if amps >= b.low * meter.rated * (1 - 1e-9)]
                if fitting:
                    band = max(fitting, key=lambda b: b.low)
                    condition = f"{amps:g} A, {load}"
                    yield Row(section, band.key + ".P", condition, meter.test(amps, LAG[load]), band.limit)


def single_phase(meter: Meter) -> Iterator[Row]:
    """IEC 62053-22 class 0.2S: one phase carries current, all have voltage."""
    section = limits.S02 + ", single-phase"
    for place, phase in enumerate("ABC"):
        for load, low, limit in limits.SINGLE_PHASE:
            for part in (low, 1.0, meter.current_class / meter.rated):
                test = _single(meter, part * meter.rated, LAG[load], place)
                condition = f"{part * meter.rated:g} A in {phase}, {load}"
                yield Row(section, "Wh.del.P", condition, test, limit)
        test = _single(meter, meter.rated, 0.0, place)
        condition = f"{phase} alone against balanced, In, PF 1"
        balanced = meter.test(meter.rated)
        limit = limits.SINGLE_AGAINST_BALANCED
        yield Row(section, "Wh.del.P", condition, test, limit, None, balanced)


def _single(meter: Meter, amps: float, lag: float, place: int) -> Test:
    return meter.test(amps, lag, amps=tuple(amps if p == place else 0.0 for p in range(3)))


def start_and_no_load(meter: Meter) -> Iterator[Row]:
    """MET-02, MET-03 and IEC 62053-22: what must register, and what must not."""
    manual, standard = limits.STARTING[meter.current_class], limits.STARTING_IN * meter.rated
    for amps, text in ((manual, "manual"), (standard, "0.001 In")):
        test = meter.test(amps, frames=3)
        for phase in points.PHASES:
            condition = f"{amps * 1000:g} mA, {text}"
            yield Row("starting current", f"Wh.del.{phase}", condition, test, limits.STARTING_LIMIT)
    test = meter.test(0.0, volts=(1.15 * VOLTS,) * 3, frames=10)
    for key in ("Wh.abs", "VARh.abs", "VAh.abs", "VAvh.abs", "Qh.abs", "VARfh.abs", "Ah", "A2h"):
        for phase in points.PHASES:
            # percent of what the starting current would register
            base = {"Ah": manual, "A2h": manual**2}.get(key, manual * VOLTS)
            yield Row("no load", f"{key}.{phase}", "open circuit, 115 % Un", test, 0.0, base)


# condition, changes of the signal (with hz as a factor, volts of 120), times In, load, limit in percent
INFLUENCES: tuple[tuple[str, dict[str, Any], float, str, float], ...] = (
    ("voltage -10 %", {"volts": (108.0,) * 3}, 1.0, "PF 1", 0.1),
    ("voltage +10 %", {"volts": (132.0,) * 3}, 1.0, "PF 1", 0.1),
    ("voltage -10 %", {"volts": (108.0,) * 3}, 1.0, "PF 0.5 lag", 0.2),
    ("voltage +10 %", {"volts": (132.0,) * 3}, 1.0, "PF 0.5 lag", 0.2),
    ("voltage -10 %", {"volts": (108.0,) * 3}, 0.05, "PF 1", 0.1),
    ("voltage +10 %", {"volts": (132.0,) * 3}, 0.1, "PF 0.5 lag", 0.2),
    ("frequency -2 %", {"hz": 0.98}, 1.0, "PF 1", 0.1),
    ("frequency +2 %", {"hz": 1.02}, 1.0, "PF 1", 0.1),
    ("frequency -2 %", {"hz": 0.98}, 1.0, "PF 0.5 lag", 0.1),
    ("frequency +2 %", {"hz": 1.02}, 1.0, "PF 0.5 lag", 0.1),
    ("frequency -2 %", {"hz": 0.98}, 0.05, "PF 1", 0.1),
    ("frequency +2 %", {"hz": 1.02}, 0.1, "PF 0.5 lag", 0.1),
    ("reversed phase sequence", {"angles": REVERSED}, 0.1, "PF 1", 0.05),
    ("phase A lost", {"volts": lost("A")}, 1.0, "PF 1", 0.5),
    ("phase B lost", {"volts": lost("B")}, 1.0, "PF 1", 0.5),
    ("phase C lost", {"volts": lost("C")}, 1.0, "PF 1", 0.5),
    ("phases A and B lost", {"volts": lost("AB")}, 1.0, "PF 1", 0.5),
    ("phases A and C lost", {"volts": lost("AC")}, 1.0, "PF 1", 0.5),
    ("phases B and C lost", {"volts": lost("BC")}, 1.0, "PF 1", 0.5),
    ("5th harmonic, 0.5 Imax", {"shape": "fifth"}, 0.0, "PF 1", 0.4),
    ("sub-harmonics, bursts", {"shape": "burst"}, 0.5, "PF 1", 0.6),
    ("odd harmonics, phase-fired (1)", {"shape": "phase fired"}, 0.5, "PF 1", 0.6),
    ("half-wave rectified (2)", {"shape": "half wave"}, -1.0, "PF 1", 3.0),
    ("quadriform waveform (3)", {"shape": "quadriform"}, 1.0, "PF 1", 0.2),
    ("peaked waveform (3)", {"shape": "peaked"}, 1.0, "PF 1", 0.2),
)
HALF_MAX, RECTIFIED = 0.0, -1.0  # in place of times In: half of Imax, Imax / sqrt(2)
# Shapes that let half of the energy through: twice the energy is put in, so that the load is that of the reference.
HALVING = {"burst": 2.0, "phase fired": 2.0}


def influences(meter: Meter) -> Iterator[Row]:
    """IEC 62053-22 class 0.2S: changes of error against the reference conditions."""
    special = {HALF_MAX: meter.current_class / 2, RECTIFIED: meter.current_class / 2**0.5}
    for condition, change, part, load, limit in INFLUENCES:
        amps = special.get(part, part * meter.rated)
        factor = HALVING.get(str(change.get("shape")), 1.0)
        changed = dict(change)
        if "hz" in changed:
            changed["hz"] = meter.frequency * changed["hz"]
        test = meter.test(amps * factor, LAG[load], **changed)
        reference = meter.test(amps, LAG[load])
        text = f"{condition}, {amps:.3g} A, {load}"
        yield Row(INFLUENCE, "Wh.del.P", text, test, limit, None, reference)


def reactive_harmonics(meter: Meter) -> Iterator[Row]:
    """IEC 62053-24: reactive energy is that of the fundamental, whatever the harmonics."""
    for shape in ("fifth", "distorted", "quadriform", "peaked"):
        test = meter.test(meter.rated, 90.0, shape=shape)
        yield Row(limits.REACTIVE, "VARfh.del.P", f"{meter.rated:g} A, sin 1, {shape}", test, 0.5)


def temperatures(meter: Meter) -> Iterator[Row]:
    """Change of error with temperature: the manual's 50 ppm/K, IEC 62053-22's 0.01 and 0.02 %/K."""
    for kelvin in KELVIN:
        for load, standard in (("PF 1", 0.01), ("PF 0.5 lag", 0.02)):
            test = meter.test(meter.rated, LAG[load], kelvin=kelvin)
            reference = meter.test(meter.rated, LAG[load])
            for text, limit in (("manual", limits.PER_KELVIN), ("0.2S", standard)):
                condition = f"{kelvin:+g} K, {load}, {text}"
                yield Row(TEMPERATURE, "Wh.del.P", condition, test, limit * abs(kelvin), None, reference)


TABLES = (
    points.manual_powers,
    points.manual_currents,
    points.manual_voltages,
    points.manual_power_factor,
    points.manual_distortion,
    points.manual_compensated,
    points.manual_form_5,
    error_limits,
    reactive_harmonics,
    single_phase,
    start_and_no_load,
    influences,
    temperatures,
)


def rows(meter: Meter) -> Iterator[Row]:
    """Yield every row for a meter."""
    for table in TABLES:
        yield from table(meter)
