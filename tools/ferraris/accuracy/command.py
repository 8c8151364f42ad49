"""`ferraris accuracy`: every test point against its limit."""

import sys
from argparse import Namespace
from time import perf_counter

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ferraris.accuracy import chart, report, runner
from ferraris.accuracy.points import meters
from ferraris.errors import UsageError


def command(options: Namespace) -> int:
    """Run the points, print what was found. Returns 1 if any is outside its limit."""
    _check(options.section)
    started = perf_counter()
    with _progress() as progress:
        bar = progress.add_task("measuring", total=None)
        results = list(
            runner.run(
                options.quick,
                options.section,
                progress=lambda done, total: progress.update(bar, completed=done, total=total),
            )
        )
    if options.json:
        print(report.to_json(results))
    else:
        if options.all:
            report.print_all(results)
        report.print_summary(results, perf_counter() - started)
    if options.plot:
        chart.draw(options.plot)
    return int(any(result.outside for result in results))


def _check(section: str | None) -> None:
    names = list(dict.fromkeys(row.section for row in runner.chosen_rows(meters(True)[0], None)))
    if section is not None and not any(section.lower() in name.lower() for name in names):
        raise UsageError(f"--section {section}: none of {'; '.join(names)}")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
