"""The tables of limits laid out: every row is one value of one measurement against one limit."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from ferraris.accuracy import limits
from ferraris.accuracy.bench import AMPS, FRAME, VOLTS, Test
from ferraris.accuracy.signals import Signal, Three

PHASES = ("A", "B", "C", "P")
CLASSES = (20, 10, 2)
FREQUENCIES = (60, 50)


class Row(NamedTuple):
    """One value against one limit.

    limit       percent of the reference value, or of `base` where that is not None
    reference   the measurement whose error is taken off: the limit is for the change; None: for the error itself
    """

    section: str
    key: str
    condition: str
    test: Test
    limit: float
    base: float | None = None
    reference: Test | None = None


class Load(NamedTuple):
    """A power factor of the manual's tables. column: 0 or 1; None: not tested. directions: W and VA, VAR, Q."""

    name: str
    lag: float
    directions: tuple[str, str, str]
    columns: tuple[int | None, int | None, int | None]  # for W, for VAR, for VA and Q


LOADS = (
    Load("PF 1", 0.0, ("del", "", "del"), (0, None, 0)),
    Load("PF 0", 90.0, ("", "del", ""), (None, 0, None)),
    Load("PF 0.5 lag", 60.0, ("del", "q1", "del"), (1, 1, 1)),
    Load("PF 0.5 lead", -60.0, ("del", "q4", "rec"), (1, 1, 1)),
    Load("PF 0.8 lead", -36.8698976, ("del", "q4", ""), (1, None, None)),
    Load("PF 0.25 lag", 75.5224878, ("del", "q1", ""), (1, 1, None)),
    Load("PF 1 received", 180.0, ("rec", "", "rec"), (0, None, 0)),
    Load("PF 0.5 lag received", 240.0, ("rec", "q3", "rec"), (1, 1, 1)),
)
LAG = {load.name: load.lag for load in LOADS} | {"sin 1": 90.0, "sin 0.5": 30.0, "sin 0.25": 14.4775122}
KINDS = {"W": 0, "VAR": 1, "VA": 2, "VAv": 2, "Q": 2}
CURRENTS = {
    20: (22.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.3, 0.2, 0.1, 0.05),
    10: (11.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.3, 0.2, 0.1, 0.05),
    2: (2.2, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.03, 0.025, 0.015, 0.01),
}
QUICK_CURRENTS = {20: (22.0, 10.0, 0.5, 0.1, 0.05), 10: (10.0, 0.5, 0.1), 2: (2.2, 1.0, 0.1, 0.05, 0.015)}
VOLTAGES = (45.0, 69.0, 120.0, 230.0, 277.0, 300.0)


class Meter(NamedTuple):
    """Which meter is tested: its class and nominal frequency, and the currents of the manual's tables."""

    current_class: int
    frequency: int
    currents: tuple[float, ...]

    @property
    def rated(self) -> float:
        """The nominal current In."""
        return AMPS[self.current_class]

    def test(self, amps: float, lag: float = 0.0, /, **changes: Any) -> Test:
        """Return the measurement of a balanced load. changes: fields of Signal or Test that differ."""
        signal = Signal(float(self.frequency), (VOLTS,) * 3, (amps,) * 3, (lag,) * 3)
        of_signal = {name: value for name, value in changes.items() if name in Signal._fields}
        of_test = {name: value for name, value in changes.items() if name in Test._fields}
        signal = signal._replace(**of_signal)
        return Test(self.current_class, self.frequency, signal)._replace(**of_test)


def meters(quick: bool) -> list[Meter]:
    """Return the meters of a run."""
    if quick:
        return [Meter(c, frequency, QUICK_CURRENTS[c]) for c, frequency in ((20, 60), (10, 50), (2, 50))]
    return [Meter(c, frequency, CURRENTS[c]) for c in CLASSES for frequency in FREQUENCIES]


def bands(meter: Meter, table: tuple[limits.Bands, limits.Bands]) -> limits.Bands:
    """Return the bands of the meter's class. table: for class 10 and 20, for class 2."""
    return table[meter.current_class == 2]


def manual_powers(meter: Meter) -> Iterator[Row]:
    """MET-18 to MET-21: energies and powers by power factor."""
    for section, tables in (("energy", limits.MANUAL_ENERGY), ("power", limits.MANUAL_INSTANTANEOUS)):
        for names, *table in tables:
            for name in names:
                for load in LOADS:
                    yield from _power_rows(meter, section, name, load, bands(meter, (table[0], table[1])))


def _power_rows(meter: Meter, section: str, name: str, load: Load, table: limits.Bands) -> Iterator[Row]:
    what = name.removesuffix("h")
    column = load.columns[KINDS[what]]
    direction = load.directions[{"VAR": 1, "Q": 2}.get(what, 0)]
    if column is None:
        return
    extra = limits.BELOW_HALF * 0.25 if "0.25" in load.name else 0.0
    for amps in meter.currents:
        limit = limits.limit_at(amps, table, column)
        if limit is not None:
            yield from _phases(
                f"manual, {what}{'h' if section == 'energy' else ''}",
                f"{name}.{direction}",
                f"{amps:g} A, {load.name}",
                meter.test(amps, load.lag),
                limit + extra,
            )


def _phases(
    section: str, key: str, condition: str, test: Test, limit: float, phases: str = "ABCP"
) -> Iterator[Row]:
    for phase in phases:
        yield Row(section, f"{key}.{phase}", condition, test, limit)


def manual_currents(meter: Meter) -> Iterator[Row]:
    """MET-19, MET-20: amperes, their squares and hours."""
    for names, *table in limits.MANUAL_CURRENTS:
        for name in names:
            for amps in (*meter.currents, 0.0):
                limit = limits.limit_at(amps, bands(meter, (table[0], table[1])), 0)
                if limit is not None:
                    yield from _phases(f"manual, {name}", name, f"{amps:g} A", meter.test(amps), limit)
    for amps in meter.currents:
        limit = limits.AMPS_READING + limits.AMPS_CLASS * meter.current_class / amps
        yield from _phases("manual, A", "A", f"{amps:g} A, reading and class", meter.test(amps), limit)
    for row in _phases("manual, A", "A", "0 A, of class", meter.test(0.0), limits.AMPS_CLASS):
        yield row._replace(base=float(meter.current_class))


def manual_voltages(meter: Meter) -> Iterator[Row]:
    """MET-20: volts and their squares over the operating range, frequency over its range."""
    for volts in VOLTAGES:
        test = meter.test(meter.rated, volts=(volts,) * 3)
        yield from _phases("manual, V", "V", f"{volts:g} V", test, limits.VOLTS)
        yield from _phases("manual, V2", "V2", f"{volts:g} V", test, limits.VOLTS_SQUARED, "ABC")
        yield from _phases("manual, V2h", "V2h", f"{volts:g} V", test, 0.1)
    for step in (-5.0, -1.0, 0.0, 1.0, 5.0):
        hz = meter.frequency + step
        # Averaged for 1.5 s of the nominal frequency, as the meter's instantaneous registers are.
        test = meter.test(meter.rated, hz=hz, frames=2, skipped=2 * FRAME - 3 * meter.frequency)
        yield Row("manual, Hz", "Hz.A", f"{hz:g} Hz", test, 100 * limits.HERTZ / hz)


def manual_power_factor(meter: Meter) -> Iterator[Row]:
    """MET-20: power factor, percent of 1."""
    full = meter.current_class * VOLTS
    for amps in meter.currents:
        for load in LOADS[:1] + LOADS[2:5]:
            # its sign is that of the vars, which are nothing at power factor 1
            key = "PF.abs" if load.name == "PF 1" else "PF.bi"
            limit = limits.POWER_FACTOR * full / (VOLTS * amps)
            # of the system: 3 FS over the volt-amperes of the system, which is the same number
            for row in _phases(
                "manual, PF", key, f"{amps:g} A, {load.name}", meter.test(amps, load.lag), limit
            ):
                yield row._replace(base=1.0)


def manual_distortion(meter: Meter) -> Iterator[Row]:
    """MET-20: THD of volts and amperes."""
    for shape, text in (("distorted", "3.6 % and 23 %"), ("faint", "1 % and 5 %")):
        for amps in (float(meter.current_class), meter.rated, meter.rated * 0.2):
            test = meter.test(amps, 30.0, shape=shape)
            for key in ("THDV", "THDA"):
                yield from _phases("manual, THD", key, f"{amps:g} A, {text}", test, limits.THD)


def manual_compensated(meter: Meter) -> Iterator[Row]:
    """MET-22: the compensated twins, without losses set and with."""
    low, high_allowance, low_allowance = limits.COMPENSATED[meter.current_class]
    tables = [
        (names, bands(meter, (a, b))) for names, a, b in limits.MANUAL_ENERGY + limits.MANUAL_INSTANTANEOUS
    ]
    for amps in meter.currents:
        allowance = high_allowance if amps >= low else low_allowance
        for names, table in tables:
            limit = limits.limit_at(amps, table, 1)
            for setup in ("wye", "losses"):
                for name in names if limit else ():
                    key = (name[:-1] + "ch" if name.endswith("h") else name + "c") + ".del"
                    test = meter.test(amps, 60.0, setup=setup)
                    condition = f"{amps:g} A, PF 0.5 lag, {'losses' if setup == 'losses' else 'no losses'}"
                    yield from _phases("manual, compensated", key, condition, test, (limit or 0) + allowance)


def delta(meter: Meter, amps: float, lag: float) -> Test:
    """Return the measurement of a balanced load on a three-wire delta: the inputs see AB and CB."""
    # A leads the phase voltage by 30 degrees; C's current, at 120 - lag, is that of an input at 90.
    return meter.test(
        amps, volts=(VOLTS, 0.0, VOLTS), amps=(amps, 0.0, amps), angles=(30.0, 0.0, 90.0),
        lag=(30.0 + lag, 0.0, lag - 30.0), setup="delta",
    )  # fmt: skip


def manual_form_5(meter: Meter) -> Iterator[Row]:
    """MET-18 to MET-21 for two elements on line-to-line voltages: the whole."""
    full = 2 * meter.current_class * VOLTS
    for names, *table in limits.MANUAL_ENERGY + limits.MANUAL_INSTANTANEOUS:
        for name in names:
            for amps in meter.currents:
                for lag, column in ((0.0, 0), (60.0, 1)):
                    limit = limits.limit_at(amps, bands(meter, (table[0], table[1])), column)
                    if limit is not None and (lag or not name.startswith("VAR")):
                        condition = f"{amps:g} A, PF {'0.5 lag' if lag else '1'}"
                        yield Row(
                            "manual, form 5", name + ".del.P", condition, delta(meter, amps, lag), limit
                        )
    for amps in meter.currents:
        limit = limits.POWER_FACTOR * full / (3**0.5 * VOLTS * amps)
        yield Row(
            "manual, form 5", "PF.bi.P", f"{amps:g} A, PF 0.5 lag", delta(meter, amps, 60.0), limit, 1.0
        )


def lost(phases: str) -> Three:
    """Return the voltages when these phases are lost."""
    a, b, c = (0.0 if phase in phases else VOLTS for phase in "ABC")
    return a, b, c
