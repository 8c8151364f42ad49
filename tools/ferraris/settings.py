"""Reading a configuration document for the commands."""

from pathlib import Path
from typing import Any

from meter.config import document
from meter.config.schema import ConfigError, defaults

from ferraris.errors import UsageError

Settings = dict[str, Any]


def load_settings(path: str | None) -> Settings:
    """Return the validated settings of a JSON document over the factory defaults; the defaults for None.

    Raises UsageError: not readable, not JSON, or with settings that are unknown or not allowed (all named).
    """
    if path is None:
        return defaults()
    try:
        with Path(path).open("rb") as file:
            text = file.read(document.LARGEST + 1)
            size = Path(path).stat().st_size
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    try:
        if size > document.LARGEST:
            raise UsageError(f"{path}: {size} bytes; the largest configuration has {document.LARGEST}")
        return dict(document.read(text))
    except ConfigError as error:
        raise UsageError("\n".join(_line(path, problem) for problem in error.problems)) from error


def _line(path: str, problem: str) -> str:
    """Return a problem with its file; places in a file are written as compilers do: file:line:column."""
    return f"{path}:{problem}" if problem[:1].isdigit() else f"{path}: {problem}"
