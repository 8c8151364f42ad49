"""Runs the rows of the tables: each measurement once for each front end and float, each row against its limit."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ferraris.accuracy import bench, front_ends
from ferraris.accuracy.analytic import System, Values
from ferraris.accuracy.bench import Reading, Test
from ferraris.accuracy.points import Meter, Row, meters
from ferraris.accuracy.standards import rows

NEVER = 999.0  # the ratio where the limit is nothing and there is something


class Result(NamedTuple):
    """One value against its limit. Of an integrated quantity, value and reference are its growth in an hour.

    error_percent of the reference, or as the row's base has it; where the limit is for a change, the change
    """

    section: str
    quantity: str
    phase: str
    condition: str
    current_class: int
    frequency: int
    dtype: str
    front_end: str
    value: float
    reference: float
    error_percent: float
    limit_percent: float
    ratio: float

    @property
    def outside(self) -> bool:
        """True if the error is beyond its limit, or is no number."""
        return not self.ratio <= 1.0


def chosen_rows(meter: Meter, section: str | None) -> list[Row]:
    """Return the rows of a meter whose section contains a text; all for None."""
    return [row for row in rows(meter) if section is None or section.lower() in row.section.lower()]


def run(
    quick: bool = False,
    section: str | None = None,
    names: Iterable[str] = front_ends.NAMES,
    floats: Iterable[str] = tuple(bench.FLOATS),
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Result]:
    """Yield every result. progress: called with (measurements done, of how many)."""
    plan = [(meter, name, chosen_rows(meter, section)) for meter in meters(quick) for name in names]
    work = [(meter, name, table, _tests(table)) for meter, name, table in plan]
    total, done = sum(len(tests) for _, _, _, tests in work), 0
    for meter, name, table, tests in work:
        readings: dict[tuple[Test, str], Reading] = {}
        for test in tests:
            readings.update({(test, dtype): reading for dtype, reading in measure(test, name, floats)})
            done += 1
            if progress:
                progress(done, total)
        yield from _evaluate(meter, name, table, readings, floats)


def _tests(table: list[Row]) -> list[Test]:
    """Return the measurements that the rows need, each once, in their order."""
    wanted = (test for row in table for test in (row.reference, row.test) if test is not None)
    return list(dict.fromkeys(wanted))


def measure(test: Test, name: str, floats: Iterable[str]) -> Iterator[tuple[str, Reading]]:
    """Yield (float, reading): the same samples, metered in each float type."""
    data, config = bench.convert(test, name), bench.settings(test, name)
    for dtype in floats:
        calibration = bench.calibrated(name, test.current_class, test.frequency, dtype)
        yield dtype, bench.meter(data, test, name, dtype, calibration, config)


def _evaluate(
    meter: Meter,
    name: str,
    table: list[Row],
    readings: dict[tuple[Test, str], Reading],
    floats: Iterable[str],
) -> Iterator[Result]:
    true = {test: Values(test.signal, system(test)) for test, _ in readings}
    for dtype in floats:
        for row in table:
            found, reference, error = _error(row, row.test, true, readings, dtype)
            if row.reference is not None:
                error -= _error(row, row.reference, true, readings, dtype)[2]
            quantity, phase = row.key.rsplit(".", 1)
            yield Result(
                row.section, quantity, phase, row.condition, meter.current_class, meter.frequency, dtype, name,
                found, reference, error, row.limit, ratio(error, row.limit),
            )  # fmt: skip


def _error(
    row: Row, test: Test, true: dict[Test, Values], readings: dict[tuple[Test, str], Reading], dtype: str
) -> tuple[float, float, float]:
    """Return (value, reference, error in percent)."""
    found = readings[test, dtype].value(*bench.number(row.key))
    reference = true[test].value(row.key)
    return found, reference, 100 * (found - reference) / (row.base if row.base is not None else reference)


def ratio(error: float, limit: float) -> float:
    """Return error over limit, unsigned. A limit of nothing allows nothing."""
    if limit:
        return abs(error) / limit
    return 0.0 if error == 0 else NEVER


def system(test: Test) -> System:
    """Return what the true values must know of the meter's settings."""
    config = bench.SETUPS[test.setup]
    return System(
        line_to_line=config.get("service.connection") == "3-wire delta",
        loss=config.get("loss.delivered", (0.0,) * 5),
        volts=bench.VOLTS,
        amps=bench.AMPS[test.current_class],
    )
