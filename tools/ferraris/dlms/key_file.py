"""The keys of the management client, in a file, and the counter of what was ciphered with them, in a file beside it.

    {"encryption_key": "32 hex digits", "authentication_key": "32 hex digits", "system_title": "16 hex digits"}

There may be a master_key, under which new keys are sent. system_title is ours, of eight bytes; without it there is a
usual one. A meter takes each counter once and only
upwards, and two messages with the same counter would betray the key. So the counter is on the disk before it is used:
a stretch of them is taken at a time, and what a run leaves of it is never used. NAME.counter holds the next one.
"""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

from ferraris.errors import UsageError

VARIABLE = "FERRARIS_KEYS"
TITLE = "46525331484f5354"  # FRS1HOST
STRETCH = 256
LAST = 0xFFFFFFFF
_SIZES = {"encryption_key": 16, "authentication_key": 16, "system_title": 8, "master_key": 16}
_DEFAULTS = {"system_title": TITLE}


@dataclass
class KeyFile:
    """path: of the file. The rest: bytes. master_key: None if the file has none."""

    path: Path
    encryption_key: bytes
    authentication_key: bytes
    system_title: bytes
    master_key: bytes | None = None
    _next: int = 0
    _end: int = 0

    def counter(self) -> int:
        """Return a counter that was never used. UsageError if the disk does not keep it."""
        if self._next >= self._end:
            self._next, self._end = self._taken(0)
        self._next += 1
        return self._next - 1

    def raise_to(self, counter: int) -> None:
        """Use no counter below this any more: the meter has told what it expects."""
        if counter > self._next:
            self._next, self._end = self._taken(counter)

    def _taken(self, least: int) -> tuple[int, int]:
        """Take a stretch from `least` on, and return it: (first, behind the last)."""
        path = self.path.with_name(self.path.name + ".counter")
        try:
            with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="ascii") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                text = file.read().strip() or "1"
                first = max(int(text), least)
                end = first + STRETCH
                if end > LAST:
                    raise UsageError(f"{path}: the counters are used up: these keys must be changed")
                file.seek(0)
                file.write(f"{end}\n")
                file.truncate()
                file.flush()
                os.fsync(file.fileno())
                return first, end
        except ValueError as error:
            raise UsageError(f"{path}: not a counter: {text!r}") from error
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror or error}") from error

    def prepare(self, **keys: bytes) -> None:
        """Write the file with other keys beside it, as NAME.new: they are not used yet."""
        document = {name: keys.get(name, getattr(self, name)) for name in _SIZES}
        _write(self._beside, {name: key.hex() for name, key in document.items() if key is not None})

    def replace(self, **keys: bytes) -> None:
        """The keys of prepare() are in force: the file has them now, the old ones are kept nowhere."""
        for name, key in keys.items():
            setattr(self, name, key)
        try:
            os.replace(self._beside, self.path)
        except OSError as error:
            raise UsageError(
                f"{self.path}: {error.strerror or error}; {self._beside} has the keys"
            ) from error

    @property
    def _beside(self) -> Path:
        return self.path.with_name(self.path.name + ".new")


def load(path: str | None) -> KeyFile:
    """Return the keys of a file, without a path that of the environment. UsageError."""
    path = path or os.environ.get(VARIABLE)
    if not path:
        raise UsageError(f"the management client needs keys: --keys FILE, or {VARIABLE}=FILE")
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"{path}: not JSON: {error}") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path}: not an object with {', '.join(_SIZES)}")
    unknown = ", ".join(str(name) for name in document if name not in _SIZES)
    if unknown:
        raise UsageError(f"{path}: {unknown}: unknown; known: {', '.join(_SIZES)}")
    encryption, authentication, title, master = (
        None if name == "master_key" and name not in document else _key(path, document, name, size)
        for name, size in _SIZES.items()
    )
    assert encryption and authentication and title
    return KeyFile(Path(path), encryption, authentication, title, master)


def _key(path: str, document: dict[str, object], name: str, size: int) -> bytes:
    text = document.get(name, _DEFAULTS.get(name, ""))
    try:
        key = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        key = b""
    if len(key) != size:  # the text itself is not told: it may be most of a key
        raise UsageError(f"{path}: {name}: {2 * size} hexadecimal digits are due")
    return key


def _write(path: Path, document: dict[str, str]) -> None:
    """Write a file that only its owner can read, to the disk."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            json.dump(document, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
