"""`ferraris read`: a meter's registers over one of its protocols."""

import json
from argparse import Namespace

from rich.console import Console
from rich.table import Table

from ferraris.errors import UsageError
from ferraris.iec62056_21 import read_meter

SCHEMES = ("iec62056-21+tcp", "iec62056-21+serial")


def command(options: Namespace) -> int:
    """Read a meter and print its values."""
    if options.url.partition(":")[0] not in SCHEMES:
        raise UsageError(f"{options.url}: unknown protocol; known: {', '.join(f'{s}:' for s in SCHEMES)}")
    readout = read_meter(options.url, options.what, options.timeout)
    if options.what and not readout.values:
        raise UsageError(f"{options.what}: not among what this meter sends")
    who = readout.identification
    if options.json:
        values = [{"obis": obis, "value": value, "unit": unit} for obis, value, unit in readout.values]
        meter = {"manufacturer": who.manufacturer, "model": who.model, "baud": who.baud}
        print(json.dumps({"meter": meter, "values": values}, indent=1))
        return 0
    table = Table(title=f"{who.manufacturer} {who.model}", title_justify="left")
    table.add_column("OBIS")
    table.add_column("Value", justify="right")
    table.add_column("Unit")
    for row in readout.values:
        table.add_row(*row)
    Console().print(table)
    return 0
