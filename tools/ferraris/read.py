"""`ferraris read`: a meter's registers over one of its protocols, or what a stopped meter has kept."""

import json
from argparse import Namespace
from urllib.parse import urlsplit

from ferraris import read_state
from ferraris.dlms import command as dlms
from ferraris.dlms import url as dlms_url
from ferraris.errors import UsageError
from ferraris.iec62056_21 import read_meter
from ferraris.tables import print_values

SCHEMES = ("iec62056-21+tcp", "iec62056-21+serial")
_OPTIONS = {"last_days": "last-days", "start": "from"}


def command(options: Namespace) -> int:
    """Read a meter and print its values."""
    if options.url.startswith(read_state.SCHEME):
        return read_state.command(options)
    if options.url.startswith(dlms.PREFIX):
        return dlms.command(options)
    _check(options.url)
    for name in ("config", "keys", "csv", "parquet", "plot", "last_days", "start", "to"):
        if getattr(options, name) is not None:
            raise UsageError(
                f"--{_OPTIONS.get(name, name)} is for dlms+... and for a stopped meter: state:DIR"
            )
    readout = read_meter(options.url, timeout=options.timeout)
    rows = [row for row in readout.values if options.what in (None, row[0], row[0].rpartition(":")[2])]
    if not rows:
        raise UsageError(f"{options.what}: not among the {len(readout.values)} values that this meter sends")
    who = readout.identification
    if options.json:
        values = [{"obis": obis, "value": value, "unit": unit} for obis, value, unit in rows]
        meter = {"manufacturer": who.manufacturer, "model": who.model, "baud": who.baud}
        print(json.dumps({"meter": meter, "values": values}, indent=1))
        return 0
    print_values(f"{who.manufacturer} {who.model}", ("OBIS", "Value", "Unit"), rows)
    return 0


def _check(url: str) -> None:
    """Raise UsageError for a URL that cannot be a meter's."""
    if url.partition(":")[0] not in SCHEMES:
        known = ", ".join(f"{scheme}:" for scheme in (*SCHEMES, *dlms_url.SCHEMES, "state"))
        raise UsageError(f"{url}: unknown protocol; known: {known}")
    try:
        parts = urlsplit(url)
        complete = bool(parts.path if parts.scheme.endswith("serial") else parts.hostname and parts.port != 0)
    except ValueError:
        complete = False
    if not complete:
        raise UsageError(f"{url}: expected {SCHEMES[0]}://HOST:PORT or {SCHEMES[1]}:/PATH")
