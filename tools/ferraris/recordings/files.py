"""Opening files and text with errors that name the file; partner files in any letter case."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ferraris.recordings.errors import InputError

ENCODINGS = ("utf-8-sig", "cp1251", "latin-1")


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes. InputError: no such file, a directory, not readable, empty."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _cannot_read(path, error) from None
    if not content:
        raise InputError(f"{path}: the file is empty")
    return content


def map_bytes(path: Path) -> NDArray[np.uint8]:
    """Return the file's bytes as an array that is mapped, not read. InputError as read_bytes()."""
    try:
        if path.stat().st_size == 0:
            raise InputError(f"{path}: the file is empty")
        return np.memmap(path, dtype=np.uint8, mode="r")
    except OSError as error:
        raise _cannot_read(path, error) from None


def _cannot_read(path: Path, error: OSError) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"{path}: no such file")
    return InputError(f"{path}: cannot be read: {error.strerror or error}")


def decode(content: bytes) -> str:
    """Return the text of old vendors' files: UTF-8, else cp1251, else latin-1. Never fails."""
    for encoding in ENCODINGS[:-1]:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode(ENCODINGS[-1])


def find_partner(path: Path, extension: str) -> Path | None:
    """Return the file beside `path`, of the same stem with `extension` (".dat"), any letter case, or None."""
    exact = path.with_suffix(extension)
    try:
        candidates = [other for other in path.parent.iterdir() if other.name.lower() == exact.name.lower()]
    except OSError:
        return None
    # the same stem letter by letter comes first, when a folder has several
    return min(candidates, key=lambda other: (other.stem != path.stem, other.name), default=None)
