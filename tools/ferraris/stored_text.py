"""What the records on a meter's flash say, as a line of text for each."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from meter.metrology.calibration import CalibrationError, unpack
from meter.registers.event_kinds import LOGS, live_text, origin_name
from meter.registers.event_log import Event
from meter.registers.load_profile_record import Description, is_description, is_erasure

from ferraris import stored_state
from ferraris.stored import Stored
from ferraris.stored_profile import rows

PROFILES = ("load_profile", "profile_2")
Records = list[tuple[int, int, bytes]]


def when(utc: int | None) -> str:
    """Return a UTC second as text."""
    return "unknown" if utc is None else datetime.fromtimestamp(utc, UTC).strftime("%Y-%m-%d %H:%M:%S")


def describe(meter: Stored, area: str, records: Records) -> Iterator[tuple[int, str]]:
    """Yield (entry, text) for the records of an area."""
    if area in LOGS:
        for record in records:
            yield record[0], event_text(Event(*record))
    elif area in PROFILES:
        yield from _profile(meter, area, records)
    else:
        known = list(meter.fifo(area).records())
        for entry, text, state in stored_state.texts(records, known):
            is_calibration = area == "calibration" and state is not None
            yield entry, f"{text}: {_calibration(state)}" if is_calibration and state else text


def _profile(meter: Stored, area: str, records: Records) -> Iterator[tuple[int, str]]:
    for entry, _, payload in records:
        if is_description(payload):
            yield entry, _channels(payload)
    for row in rows(meter.load_profile(area), records[0][0]) if records else ():
        texts = {key: value if isinstance(value, str) else f"{value:g}" for key, value in row.values.items()}
        values = " ".join(f"{key}={text}" for key, text in texts.items())
        yield row.entry, f"{row.seconds} s  {values}  {row.status}".rstrip()


def _channels(payload: bytes) -> str:
    found = Description.unpack(payload)
    form = "counts" if found.counts else "values"
    text = f"from here on {form} of {' '.join(found.keys)}"
    return text + ("; everything before is erased" if is_erasure(payload) else "")


def event_text(event: Event) -> str:
    """Return what an event says, but for its time."""
    words = [event.name]
    if event.start is not None:
        words.append(f"since {when(event.start)}")
    if event.origin:
        words.append(f"by {origin_name(event.origin)}")
    words += [text for text in (event.user, event.peer) if text]
    words += [f"{name}={plain(name, value)}" for name, value in event.named()]
    if event.problem:
        words.append(f"({event.problem}: {event.raw.hex()})")
    return "  ".join(words)


def plain(name: str, value: Any) -> str:
    """Return the value of a field as text, in words where its name says what it is."""
    if name == "live inputs":
        return live_text(value)
    if name in ("configuration", "before", "after") and isinstance(value, int):
        return f"{value & 0xFFFFFFFF:08x}"
    return "unknown" if value is None else str(value)


def _calibration(payload: bytes) -> str:
    try:
        found = unpack(payload)
    except CalibrationError as error:
        return str(error)
    return "gains " + " ".join(f"{gain:.6f}" for gain in found.gains)
