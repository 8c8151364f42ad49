"""Reading a configuration document for the commands."""

import json
from pathlib import Path
from typing import Any

from meter.config.schema import ConfigError, defaults, validate

from ferraris.errors import UsageError

Settings = dict[str, Any]
LARGEST = 1_000_000  # bytes; the largest sensible document has some thousand


def load_settings(path: str | None) -> Settings:
    """Return the validated settings of a JSON document over the factory defaults; the defaults for None.

    Raises UsageError: not readable, not JSON, or with settings that are unknown or not allowed (all named).
    """
    if path is None:
        return defaults()
    try:
        if Path(path).stat().st_size > LARGEST:
            raise UsageError(f"{path}: larger than {LARGEST} bytes: not a configuration")
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
    except ValueError as error:  # a number of thousands of digits
        raise UsageError(f"{path}: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: nested too deeply") from error
    try:
        return validate(document)
    except ConfigError as error:
        raise UsageError("\n".join(f"{path}: {problem}" for problem in error.problems)) from error
