"""The state directory of a simulated meter: who may use it, and what must be in it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from ferraris.errors import UsageError

FLASH = "flash.bin"
NVRAM = "nvram.bin"
LOCK = "lock"
# All that a meter which was killed as it made its state leaves, or one whose flash file was moved away.
UNFINISHED = {LOCK, FLASH + ".new", NVRAM, NVRAM + ".new"}


@contextlib.contextmanager
def state_directory(path: str) -> Iterator[str]:
    """Make or take a state directory for one meter, and hold it while the block runs. Yields its path.

    Raises UsageError, and changes nothing, if it is not a meter's or another meter has it.
    """
    directory = Path(path)
    _check(directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = open(directory / LOCK, "a+", encoding="ascii")
    except OSError as error:
        raise UsageError(
            f"{error.filename or path}: {error.strerror}; choose another with --state"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise UsageError(
                f"{path}: in use by another meter (process {owner}); stop it or choose another with --state"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield str(directory)


def _check(directory: Path) -> None:
    if not directory.exists():
        return
    if not directory.is_dir():
        raise UsageError(f"{directory}: not a directory; choose another with --state")
    content = sorted(entry.name for entry in directory.iterdir())
    if FLASH not in content and not set(content) <= UNFINISHED:
        raise UsageError(
            f"{directory}: not a meter's state: it has no {FLASH} but {', '.join(content[:5])}; "
            "choose another with --state"
        )


def refuse(path: str, reason: Exception) -> UsageError:
    """Return the error for a flash file that is torn or foreign: what is wrong, and the way out."""
    return UsageError(f"{path}: {reason}. Nothing was changed. Move it away, or choose another with --state")
