"""Which state a stopped meter would start with, and what pages and commits in a journal say, in plain words."""

from collections.abc import Iterator
from typing import NamedTuple

from meter.storage.errors import StorageError
from meter.storage.journal import COMMIT, PAGE, Journal, entries_of

from ferraris.stored import Stored

Records = list[tuple[int, int, bytes]]
HEAD = 3  # of a page, before its bytes


class Newest(NamedTuple):
    """The state a start takes. checkpoint: UTC second of the one on flash, or None. passed: as in Journal."""

    time: int
    state: bytes
    is_second: bool
    checkpoint: int | None
    passed: int

    def origin(self) -> str:
        """Return where it comes from."""
        if not self.is_second:
            return "the newest whole checkpoint on the flash"
        if self.checkpoint is None:
            return "nvram.bin; there is no checkpoint on the flash"
        later = self.time - self.checkpoint
        return f"nvram.bin, {later} s after the newest whole checkpoint on the flash"


def newest(meter: Stored) -> Newest | None:
    """Return the newest state, of flash or Nvram, or None if there is none."""
    base, size = meter.areas.area("journal")
    on_flash = Journal(meter.board.flash, base, size).load()
    journal = Journal(meter.board.flash, base, size, nvram=meter.board.nvram)
    found = journal.load()
    if found is None:
        return None
    checkpoint = on_flash[0] if on_flash else None
    return Newest(found[0], found[1], found != on_flash, checkpoint, journal.passed)


def texts(records: Records, known: Records) -> Iterator[tuple[int, str, bytes | None]]:
    """Yield (entry, text, the state or None) for records of a journal. known: all that are readable in it."""
    payloads = {entry: payload for entry, _, payload in known}
    for entry, _, payload in records:
        if payload[:1] == PAGE and len(payload) >= HEAD:
            place = int.from_bytes(payload[1:HEAD], "little")
            yield entry, f"page {place} of a state, {len(payload) - HEAD} bytes", None
        else:
            yield entry, *_commit(payload, payloads)


def _commit(payload: bytes, payloads: dict[int, bytes]) -> tuple[str, bytes | None]:
    try:
        pages, length, _ = entries_of(payload)
    except StorageError:
        return "neither a page nor a commit that this version knows", None
    named = f"commit: the state of {length} bytes is whole with pages in {_entries(pages)}"
    missing = [place for place, page in enumerate(pages) if payloads.get(page, COMMIT)[:1] != PAGE]
    if missing:
        return f"{named}; not usable, lost: page {', '.join(map(str, missing))}", None
    return named, b"".join(payloads[page][HEAD:] for page in pages)


def _entries(pages: tuple[int, ...]) -> str:
    """Return entry numbers as text, with runs of them joined: 'entries 3, 7 to 9'."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    words = [str(first) if first == last else f"{first} to {last}" for first, last in runs]
    return ("entry " if len(pages) == 1 else "entries ") + ", ".join(words) if pages else "no entry"
