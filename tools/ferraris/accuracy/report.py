"""Results for people: the worst of each section, every row if wanted; and as JSON."""

import json
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table

from ferraris.accuracy.runner import Result

NAMES = {"current_class": "class", "dtype": "float"}  # of fields, in JSON
VARIANTS = (("ideal", "float64"), ("ideal", "float32"), ("model", "float64"), ("model", "float32"))
NOTES = """ideal: a converter that only rounds, not calibrated. model: noise, gain, offset,
delay, drift, crosstalk, clock and current transformers with errors; calibrated by
the meter's own procedure. 64, 32 bit: double and single precision.
"""


def to_json(results: Iterable[Result]) -> str:
    """Return a JSON list, one result a line."""
    return "[\n" + ",\n".join(json.dumps(_plain(result)) for result in results) + "\n]"


def _plain(result: Result) -> dict[str, object]:
    return {NAMES.get(name, name): value for name, value in result._asdict().items()}


def worst_by_section(results: Iterable[Result]) -> dict[str, dict[tuple[str, str], Result]]:
    """Return for each section and (front end, float) the result with the largest ratio."""
    worst: dict[str, dict[tuple[str, str], Result]] = {}
    for result in results:
        variants = worst.setdefault(result.section, {})
        variant = result.front_end, result.dtype
        if variant not in variants or not result.ratio <= variants[variant].ratio:
            variants[variant] = result
    return worst


def print_summary(results: list[Result], seconds: float) -> None:
    """Print the worst ratios and the worst values, and how many are outside their limits."""
    console = Console()
    worst = worst_by_section(results)
    console.print(_ratios(results, worst))
    console.print(NOTES, highlight=False, soft_wrap=True)
    console.print("[bold]The worst value of each section[/bold]")
    for variants in worst.values():
        console.print(_worst_point(variants), highlight=False, soft_wrap=True, markup=False)
    outside = sum(result.outside for result in results)
    verdict = f"{outside} outside" if outside else "all inside"
    console.print(
        f"{len(results)} values in {seconds:.0f} s, tested against the limits named: {verdict}",
        highlight=False,
        style="bold red" if outside else "bold",
    )


def _ratios(results: list[Result], worst: dict[str, dict[tuple[str, str], Result]]) -> Table:
    table = Table(
        title="Worst error over limit, by section", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1)
    )
    table.add_column("Tested against the limits of", no_wrap=True)
    table.add_column("Values", justify="right")
    for front_end, dtype in VARIANTS:
        table.add_column(f"{front_end}\n{dtype[-2:]} bit", justify="right", no_wrap=True)
    counts: dict[str, int] = {}
    for result in results:
        counts[result.section] = counts.get(result.section, 0) + 1
    for section, variants in worst.items():
        cells = [_ratio(variants.get(variant)) for variant in VARIANTS]
        table.add_row(section, str(counts[section]), *cells)
    return table


def _ratio(result: Result | None) -> str:
    if result is None:
        return ""
    text = f"{result.ratio:.4f}"
    return f"[red]{text}[/red]" if result.outside else text


def _worst_point(variants: dict[tuple[str, str], Result]) -> str:
    worst = max(variants.values(), key=lambda result: result.ratio)
    return (
        f"  {worst.section}: {worst.quantity}.{worst.phase} at {worst.condition}, class {worst.current_class}, "
        f"{worst.frequency} Hz: {worst.error_percent:+.5f} of {worst.limit_percent:.4g} %"
    )


def print_all(results: list[Result]) -> None:
    """Print every row as a line of fixed columns."""
    print(
        f"{'section':34} {'quantity':11} {'condition':44} cl Hz {'float':7} {'front':5} {'error %':>10} limit %  ratio"
    )
    for r in results:
        print(
            f"{r.section:34} {r.quantity + '.' + r.phase:11} {r.condition:44} {r.current_class:2d} {r.frequency} "
            f"{r.dtype:7} {r.front_end:5} {r.error_percent:+10.5f} {r.limit_percent:7.4g} {r.ratio:6.4f}"
        )
