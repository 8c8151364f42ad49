"""`ferraris flash dump` and `ferraris flash check`: what is on a stopped meter's flash, and whether it is sound."""

from argparse import Namespace
from typing import Any, NamedTuple

from meter.storage.errors import StorageError
from meter.storage.sectors import Sectors

from ferraris.stored import KINDS, Stored, stored
from ferraris.stored_state import newest
from ferraris.stored_text import PROFILES, describe, when

ENDURANCE = 100_000  # erases that NOR parts are specified for


class Area(NamedTuple):
    """What was found in one area.

    problem     why it cannot be read at all, or None
    records     (entry, time, payload), oldest first
    gaps        (first, last) entry numbers without a readable record, with the times around them
    torn        writes cut off by a power failure at the very end
    damaged     records and sector headers that were whole once
    """

    name: str
    sectors: int
    used: int
    erased: int
    problem: str | None
    records: list[tuple[int, int, bytes]]
    gaps: list[tuple[int, int, int | None, int | None]]
    torn: int
    damaged: int


def areas(meter: Stored) -> list[str]:
    """Return the names of the areas that hold records."""
    return [name for name, _ in meter.board.partitions if name in KINDS]


def survey(meter: Stored, name: str) -> Area:
    """Return what is in one area."""
    flash = meter.board.flash
    base, size = meter.areas.area(name)
    sectors = Sectors(flash, base, size, KINDS[name])
    try:
        found = [sectors.inspect(index) for index in range(sectors.count)]
        fifo = meter.fifo(name)
    except StorageError as error:
        return Area(name, sectors.count, 0, 0, str(error), [], [], 0, 0)
    sequences = [head[0] for head in found if head]
    erased = max(sequences, default=-1) // sectors.count + 1
    records = list(fifo.records())
    gaps = _gaps(records, fifo.first, fifo.next)
    return Area(name, sectors.count, len(sequences), erased, None, records, gaps, fifo.torn, fifo.damaged)


def _gaps(records: list[tuple[int, int, bytes]], first: int, stop: int) -> list[Any]:
    """Return the runs of entry numbers from first up to stop that have no record."""
    gaps: list[Any] = []
    expected, before = first, None
    for entry, time, _ in records:
        if entry > expected:
            gaps.append((expected, entry - 1, before, time))
        expected, before = entry + 1, time
    if stop > expected:
        gaps.append((expected, stop - 1, before, None))
    return gaps


def check(options: Namespace) -> int:
    """Say what is damaged and what was lost. Exit code 1 if anything is, 0 if all is sound."""
    with stored(options.state) as meter:
        problems = 0
        if meter.repaired:
            problems += 1
            print("superblock: one of its two copies is damaged; the meter mends it at its next start")
        for name in areas(meter):
            area = survey(meter, name)
            lines = _damage(area)
            problems += len(lines)
            for line in lines:
                print(f"{name}: {line}")
            if not lines:
                print(f"{name}: sound, {_summary(area)}")
        print(_state(meter))
    print("damaged" if problems else "sound")
    return 1 if problems else 0


def _state(meter: Stored) -> str:
    """Return which registers a start would take."""
    try:
        found = newest(meter)
    except StorageError as error:
        return f"registers: none can be read: {error}"
    if found is None:
        return "registers: none are stored"
    text = f"registers: as of {when(found.time)}, {len(found.state)} bytes, from {found.origin()}"
    return text + (f"; {found.passed} newer records are not usable" if found.passed else "")


def _damage(area: Area) -> list[str]:
    """Return a line for everything that is wrong in an area."""
    if area.problem:
        return [f"{area.problem}: nothing in this area can be read"]
    if not area.damaged:
        return []
    lines = [f"{area.damaged} damaged record{_s(area.damaged)} or sector headers"]
    for first, last, before, after in area.gaps:
        number = last - first + 1
        lines.append(
            f"lost: {number} record{_s(number)}, entry {_range(first, last)}, {_between(before, after)}"
        )
    if not area.gaps:
        lines[0] += "; no record is lost"
    return lines


def _summary(area: Area) -> str:
    if not area.records:
        return "empty"
    words = [f"{len(area.records)} record{_s(len(area.records))}"]
    words.append(f"{when(area.records[0][1])} to {when(area.records[-1][1])}")
    words.append(f"{area.used} of {area.sectors} sectors used")
    words.append(f"each erased {area.erased} time{_s(area.erased)} at most (parts endure {ENDURANCE})")
    if area.gaps:
        cut = sum(last - first + 1 for first, last, _, _ in area.gaps)
        words.append(f"{cut} write{_s(cut)} cut off by power failures")
    return ", ".join(words)


def dump(options: Namespace) -> int:
    """List the areas, and the records in them."""
    with stored(options.state) as meter:
        flash = meter.board.flash
        names = areas(meter)
        print(f"flash of {flash.size} bytes in sectors of {flash.erase_size}")
        for name in names:
            base, size = meter.areas.area(name)
            print(
                f"  {name:14} sectors {base // flash.erase_size} to {(base + size) // flash.erase_size - 1}"
            )
        print(_state(meter))
        for name in names if options.area is None else [options.area]:
            _dump_area(meter, name, options.last)
    return 0


def _dump_area(meter: Stored, name: str, last: int | None) -> None:
    area = survey(meter, name)
    print()
    print(f"{name}: {area.problem or _summary(area)}")
    for line in _damage(area):
        print(f"  {line}")
    shown = area.records if last is None else area.records[max(0, len(area.records) - last) :]
    if len(shown) < len(area.records):
        print(f"  ... {len(area.records) - len(shown)} older")
    if shown and name in PROFILES:
        texts = dict(describe(meter, name, shown))
        for entry, time, _ in shown:
            print(f"  {entry:6} {when(time)}  {texts.get(entry, 'not readable by this version')}")
        return
    for (entry, time, _), (_, text) in zip(shown, describe(meter, name, shown), strict=True):
        print(f"  {entry:6} {when(time)}  {text}")


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _between(before: int | None, after: int | None) -> str:
    if before is None and after is None:
        return "at an unknown time"
    if before is None:
        return f"before {when(after)}"
    return f"after {when(before)}" + ("" if after is None else f" and not after {when(after)}")
