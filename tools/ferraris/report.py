"""Measured values as tables for people."""

from typing import Any

from rich.console import Console
from rich.table import Table

PHASES = ("A", "B", "C", "P")
# what is shown, text key without phase, unit, decimals
ROWS = (
    ("Voltage", "V", "V", 2),
    ("Current", "A", "A", 3),
    ("Active power", "W.bi", "W", 2),
    ("Reactive power", "VAR.bi", "var", 2),
    ("Apparent power", "VA.abs", "VA", 2),
    ("Power factor", "PF.bi", "", 4),
)
ENERGIES = (
    ("Active, delivered", "Wh.del", "Wh"),
    ("Active, received", "Wh.rec", "Wh"),
    ("Reactive, delivered", "VARh.del", "varh"),
    ("Reactive, received", "VARh.rec", "varh"),
    ("Apparent, delivered", "VAh.del", "VAh"),
)


def values_table(values: dict[str, float], title: str | None = None) -> Table:
    """Return the instantaneous values as a table. values: by text key; what is missing is left blank."""
    table = Table(title=title, title_justify="left", min_width=64)
    table.add_column("Quantity")
    for phase in PHASES:
        table.add_column("Total" if phase == "P" else phase, justify="right", min_width=9)
    table.add_column("Unit")
    for name, key, unit, decimals in ROWS:
        cells = [_number(values.get(f"{key}.{phase}"), decimals) for phase in PHASES]
        if key in ("V", "A"):
            cells[-1] = ""  # the root of the sum of squares says little to a person
        table.add_row(name, *cells, unit)
    table.add_row("Frequency", "", "", "", _number(values.get("Hz.A"), 3), "Hz")
    return table


def energy_table(energy: dict[str, float], decimals: int = 3) -> Table:
    """Return the energies as a table. energy: by text key, Wh, varh, VAh."""
    table = Table(min_width=64)
    table.add_column("Energy")
    for phase in PHASES:
        table.add_column("Total" if phase == "P" else phase, justify="right", min_width=9)
    table.add_column("Unit")
    for name, key, unit in ENERGIES:
        table.add_row(name, *[_number(energy.get(f"{key}.{phase}"), decimals) for phase in PHASES], unit)
    return table


def _number(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"


def print_report(result: dict[str, Any]) -> None:
    """Print what a replay found."""
    console = Console()
    recording = result["recording"]
    names = ", ".join(f"{ours} = {theirs}" for ours, theirs in recording["channels"].items())
    console.print(
        f"{recording['file']} ({recording['format']}): {recording['duration']:.4g} s "
        f"at {recording['rate']:.7g} samples/s",
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"channels: {names}", highlight=False, soft_wrap=True)
    console.print(
        f"metered {result['measured_s']:.6g} s in {result['elapsed_s']:.3g} s "
        f"({result['times_real_time']:.3g} times real time)",
        highlight=False,
    )
    console.print(values_table(result["quantities"]))
    console.print(energy_table(result["energy"], 6))
