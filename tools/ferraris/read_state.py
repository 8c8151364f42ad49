"""`ferraris read state:DIR`: what a stopped meter has kept, on the terminal, as a file, or drawn."""

import sys
from argparse import Namespace
from datetime import UTC, datetime
from typing import Any

from meter.registers.event_kinds import LOGS, origin_name

from ferraris.errors import UsageError
from ferraris.profile_plot import plot
from ferraris.records import Record, check_window, has_window, put_out, window
from ferraris.stored import Stored, settings_for, stored
from ferraris.stored_profile import Row, erased_before, rows
from ferraris.stored_registers import TABLE, StoppedMeter
from ferraris.stored_text import PROFILES, plain

SCHEME = "state:"
REGISTERS = ("registers", "self_reads")
WHAT = (*PROFILES, *REGISTERS, *LOGS)


def command(options: Namespace) -> int:
    """Read, and print or write."""
    _check(options)
    settings = settings_for(options.config, options.url.removeprefix(SCHEME))
    with stored(options.url.removeprefix(SCHEME), settings) as meter:
        if options.what in REGISTERS:
            records, lost = _registers(meter, options, settings)
        elif options.what in PROFILES:
            records, lost = _profile(meter, options)
        else:
            records, lost = _log(meter, options)
    if lost:
        print(f"ferraris: {lost} damaged records are missing here: see ferraris flash check", file=sys.stderr)
    put_out(records, options, TABLE if options.what == "registers" else None)
    return 0


def _check(options: Namespace) -> None:
    if options.what not in WHAT:
        raise UsageError(f"{options.what or 'nothing named'}: a stopped meter has {', '.join(WHAT)}")
    if options.plot and options.what not in PROFILES:
        raise UsageError(f"--plot draws {' and '.join(PROFILES)} only")
    if options.config and options.what not in REGISTERS:
        raise UsageError(f"--config is for {' and '.join(REGISTERS)}: {options.what} says all about itself")
    check_window(options)
    if options.what == "registers" and has_window(options):
        raise UsageError("registers are of one moment: no --last-days, --from or --to")


def _profile(meter: Stored, options: Namespace) -> tuple[list[Record], int]:
    profile = meter.load_profile(options.what)
    found = list(rows(profile, erased_before(meter.fifo(options.what))))
    start, stop = window(options, found[-1].end - 1 if found else 0)
    found = [row for row in found if row.end > start and row.end <= stop]
    if options.plot:
        plot(options.plot, found)
    names = list(dict.fromkeys(name for row in found for name in row.values))
    return [_profile_record(row, names) for row in found], profile.fifo.damaged


def _profile_record(row: Row, names: list[str]) -> Record:
    head = {"entry": row.entry, "start": _utc(row.start), "end": _utc(row.end), "seconds": row.seconds}
    return {**head, "status": row.status, **{name: row.values.get(name) for name in names}}


def _log(meter: Stored, options: Namespace) -> tuple[list[Record], int]:
    log = meter.log(options.what)
    found = list(log.records())
    start, stop = window(options, found[-1].time if found else 0)
    return [_event_record(event) for event in found if start <= event.time < stop], log.fifo.damaged


def _event_record(event: Any) -> Record:
    return {
        "entry": event.entry,
        "time": _utc(event.time),
        "ms": event.ms,
        "start": None if event.start is None else _utc(event.start),
        "kind": event.kind,
        "name": event.name,
        "origin": origin_name(event.origin),
        "user": event.user,
        "peer": event.peer,
        "fields": "; ".join(f"{name}={plain(name, value)}" for name, value in event.named()),
        "problem": event.problem or "",
    }


def _registers(meter: Stored, options: Namespace, settings: dict[str, Any]) -> tuple[list[Record], int]:
    stopped = StoppedMeter(meter, settings)
    if stopped.problem:
        print(f"ferraris: {stopped.problem}", file=sys.stderr)
    if options.what == "registers":
        return list(stopped.registers()), 0
    found = list(stopped.self_reads())
    start, stop = window(options, int(found[-1]["time"].timestamp()) if found else 0)
    return [one for one in found if start <= one["time"].timestamp() < stop], meter.fifo("self_reads").damaged


def _utc(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
