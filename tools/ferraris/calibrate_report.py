"""What `ferraris calibrate` found: the reference, constants and errors before and after, as JSON and as tables."""

import math
from typing import Any, NamedTuple

from meter.metrology.calibration import Calibration
from meter.metrology.tracking import CHANNELS
from meter.quantities import index
from rich import box
from rich.console import Console
from rich.table import Table

from ferraris.constants import PHASES, Reading, lag_of, turn

Values = tuple[float, ...]  # of A, B, C


class Reference(NamedTuple):
    """What is applied to A, B, C: V, A, degrees by which the current lags; and for how long each round."""

    voltage: Values
    current: Values
    angle: Values
    seconds: float

    def told(self) -> dict[str, Any]:
        """Return it for --json: one number where it is the same on each phase."""
        found: dict[str, Any] = {}
        for name, value in self._asdict().items():
            is_same = isinstance(value, float) or len(set(value)) == 1
            found[name] = value if isinstance(value, float) else value[0] if is_same else list(value)
        return found


def result_of(
    reference: Reference, before: tuple[Calibration, Reading], after: tuple[Calibration, Reading]
) -> dict[str, Any]:
    """Return what --json prints."""
    found = {
        name: {**_constants(calibration), "error": _errors(reading, reference)}
        for name, (calibration, reading) in (("before", before), ("after", after))
    }
    return {"reference": reference.told(), **found}


def _constants(calibration: Calibration) -> dict[str, dict[str, float]]:
    """Return gain and offset by channel, and the angle by phase."""
    return {
        "gain": dict(zip(CHANNELS, calibration.gains, strict=True)),
        "offset": dict(zip(CHANNELS, calibration.offsets, strict=True)),
        "angle": dict(zip("ABC", calibration.angles, strict=True)),
    }


def _errors(reading: Reading, reference: Reference) -> dict[str, float]:
    """Return by channel the error in percent, and by element that of W in percent of VA and the angle's in degrees."""
    found = {}
    for k, name in enumerate(CHANNELS):
        applied = (*reference.voltage, *reference.current)[k]
        found[name] = 100 * (reading.value(index(f"{name[0].replace('I', 'A')}.{name[1]}")) / applied - 1)
    for p, phase in enumerate(PHASES):
        apparent, lag = reference.voltage[p] * reference.current[p], reference.angle[p]
        true = apparent * math.cos(math.radians(lag))
        found[f"W{phase}"] = 100 * (reading.value(index(f"W.bi.{phase}")) - true) / apparent
        found[f"angle{phase}"] = turn(lag_of(reading, phase) - lag)
    return found


def show(result: dict[str, Any]) -> None:
    """Print it."""
    console = Console()
    volts, amps, lag = [_text(result["reference"][name]) for name in ("voltage", "current", "angle")]
    console.print(
        f"applied to each phase: {volts} V, {amps} A, lagging by {lag} degrees",
        highlight=False,
    )
    before, after = result["before"], result["after"]
    channels = _table("Channel", ("Gain", "Offset", "Error %"))
    for name in CHANNELS:
        rows = [
            (f"{s['gain'][name]:.6f}", f"{s['offset'][name]:.1f}", f"{s['error'][name]:+.4f}")
            for s in (before, after)
        ]
        channels.add_row(name, *rows[0], *rows[1])
    elements = _table("Element", ("Angle", "Error", "W error %"))
    for phase in "ABC":
        rows = [
            (
                f"{s['angle'][phase]:+.5f}",
                f"{s['error']['angle' + phase]:+.5f}",
                f"{s['error']['W' + phase]:+.4f}",
            )
            for s in (before, after)
        ]
        elements.add_row(phase, *rows[0], *rows[1])
    console.print(channels)
    console.print(elements)
    console.print(
        "offsets in counts, angles in degrees, W error of the volt-amperes; stored", highlight=False
    )


def _text(value: Any) -> str:
    return ", ".join(f"{one:g}" for one in (value if isinstance(value, list) else (value,)))


def _table(what: str, columns: tuple[str, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1))
    table.add_column(what, no_wrap=True)
    for time in ("before", "after"):
        for column in columns:
            table.add_column(f"{column}\n{time}", justify="right", no_wrap=True)
    return table
