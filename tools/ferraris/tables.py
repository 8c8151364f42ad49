"""A table of values on the terminal, as all readers print it."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

_NUMBERS = "Value"  # the column whose cells stand at the right


def print_values(title: str, names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows of texts below their names."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for name in names:
        table.add_column(name, justify="right" if name == _NUMBERS else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
