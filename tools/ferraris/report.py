"""Measured values as tables for people."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

PHASES = ("A", "B", "C", "P")
CELL = 10  # characters of a number: with these the tables fit into 80 columns
PREFIXES = ("", "k", "M", "G")
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
    table = _table("Quantity", title)
    for name, key, unit, decimals in ROWS:
        # the root of the sum of the squares of three voltages or currents says little to a person
        phases = PHASES[:3] if key in ("V", "A") else PHASES
        cells, unit = _cells([values.get(f"{key}.{phase}") for phase in phases], unit, decimals)
        table.add_row(name, *cells, *[""] * (len(PHASES) - len(cells)), unit)
    cells, unit = _cells([values.get("Hz.A")], "Hz", 3)
    table.add_row("Frequency", "", "", "", *cells, unit)
    return table


def energy_table(energy: dict[str, float], decimals: int = 3) -> Table:
    """Return the energies as a table. energy: by text key, Wh, varh, VAh."""
    table = _table("Energy", None)
    for name, key, unit in ENERGIES:
        cells, unit = _cells([energy.get(f"{key}.{phase}") for phase in PHASES], unit, decimals)
        table.add_row(name, *cells, unit)
    return table


def events_table(events: list[dict[str, Any]]) -> Table:
    """Return the events of a recording as a table."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column("Event", min_width=19, no_wrap=True)
    for name in ("Phase", "Start, s", "End, s", "Magnitude, V"):
        table.add_column(name, justify="right", min_width=CELL, no_wrap=True)
    for event in events:
        times = [f"{event[name]:.4f}" for name in ("start", "end")]
        table.add_row(event["kind"], event["phase"], *times, f"{event['magnitude']:.6g}")
    return table


def _table(what: str, title: str | None) -> Table:
    """Return an empty table of name, phases, total and unit; all tables have columns of the same width."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column(what, min_width=19, no_wrap=True)
    for phase in PHASES:
        table.add_column(
            "Total" if phase == "P" else phase, justify="right", min_width=CELL, no_wrap=True, style="bold"
        )
    table.add_column("Unit", min_width=5, no_wrap=True)
    return table


def _cells(values: list[float | None], unit: str, decimals: int) -> tuple[list[str], str]:
    """Return the numbers of a row and their unit, with one prefix and as many decimals as fit for all."""
    largest = max([abs(value) for value in values if value is not None], default=0.0)
    step = 0
    while unit and largest >= 99999.5 and step < len(PREFIXES) - 1:
        largest, step, decimals = largest / 1000, step + 1, decimals + 3
    decimals = max(0, min(decimals, CELL - 2 - len(f"{largest:.0f}")))
    scale = 1000.0**step
    return [_number(value, scale, decimals) for value in values], PREFIXES[step] + unit


def _number(value: float | None, scale: float, decimals: int) -> str:
    return "" if value is None else f"{value / scale:.{decimals}f}"


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
    if result["events"]:
        console.print(events_table(result["events"]))
